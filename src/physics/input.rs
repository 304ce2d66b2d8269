//! How fast a job gets its data: cores that prepare them, caches that keep them, clients and cards that fetch them.
//!
//! The model is that of DS-Analyzer (Mohan et al., "Analyzing and Mitigating Data Stalls in DNN Training", VLDB 2021,
//! section 4): fetching, preparing and computing overlap, so the slowest sets the pace, `min(G, P, F)`, where cores
//! prepare P and storage of bandwidth S with a share h of hits in the cache fetches `F = S / (1 - h)`.

use libm::{expm1, log1p};

use super::bottleneck::Bottleneck;
use super::plan::{FULL_SPEED, Intake, Speed, Supply, Write};
use crate::cluster::storage::Share;
use crate::cluster::{CachePolicy, ClusterSpec, Request};

/// Bandwidths of a storage system: it reads on one channel and writes on another.
const DIRECTIONS: u16 = 2;

/// The bandwidths of all storage systems in bytes per second, by channel; `None`: enough for everybody.
pub fn channels(cluster: &ClusterSpec) -> impl Iterator<Item = Option<u64>> {
    cluster.storage.iter().flat_map(|storage| [storage.read, storage.write])
}

/// The share of reads that a cache answers which holds `share` of the dataset, once it has been read, in billionths.
///
/// Each epoch reads every item once, in a new random order. Pinned, what is cached is hit ("MinIO", CoorDL section 5).
/// Strict LRU hits `x + (1 - x) ln(1 - x)`: between two uses of an item lie `1 - u (1 - v)` others for u, v even in
/// (0, 1). Under random eviction an item survives a gap g with `exp(-(1 - h) g / x)`, which makes h the fixed point of
/// `h = ((1 - exp(-a)) / a)^2`, `a = (1 - h) / x`; measured for the Linux page cache at x = 0.35: 0.15 (CoorDL).
#[must_use]
pub fn hit_share(policy: CachePolicy, share: f64) -> u64 {
    let x = share.clamp(0.0, 1.0);
    let hits = match policy {
        _ if x <= 0.0 || x >= 1.0 => x,
        CachePolicy::Pinned => x,
        CachePolicy::Lru => x + (1.0 - x) * log1p(-x),
        CachePolicy::PageCache => random_eviction(x),
    };
    (hits * FULL_SPEED as f64).round().clamp(0.0, FULL_SPEED as f64) as u64
}

/// The fixed point below 1 of random eviction, by bisection: the map lies above h at 0 and below h just under 1.
fn random_eviction(x: f64) -> f64 {
    let next = |h: f64| {
        let a = (1.0 - h) / x;
        let kept = if a < 1e-9 { 1.0 } else { -expm1(-a) / a };
        kept * kept
    };
    let (mut low, mut high) = (0.0, 1.0 - 1e-9);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if next(middle) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Units of a job in a pool, and what they read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The hardware.
    pub cluster: &'a ClusterSpec,
    /// In which pool it runs.
    pub pool: u16,
    /// What one unit asks for; `units` is how many it holds.
    pub request: Request,
    /// On how many nodes.
    pub nodes: u32,
    /// Bytes per second that one GPU reads at full speed.
    pub per_gpu: u64,
}

impl Reader<'_> {
    /// Bytes per second at full speed.
    #[must_use]
    pub fn demand(&self) -> u64 {
        let demand = u128::from(self.request.total_gpus()) * u128::from(self.per_gpu);
        u64::try_from(demand).unwrap_or(u64::MAX)
    }

    /// How it gets its data where `hits` billionths of its reads are answered by a cache and each of its cores prepares
    /// `per_core` bytes per second. Who names no cores is not held back by them.
    #[must_use]
    pub fn intake(&self, hits: u64, per_core: Option<u64>, reads_storage: bool) -> Intake {
        let demand = self.demand();
        if demand == 0 {
            return Intake::FREE;
        }
        let cores_milli = u128::from(self.request.cpu) * u128::from(self.request.units);
        let prepared = per_core.filter(|_| cores_milli > 0).map(|rate| cores_milli * u128::from(rate) / 1000);
        let bound = prepared.map_or(Speed::FULL, |prepared| speed(prepared, demand));
        let binding = (bound < Speed::FULL).then_some(Bottleneck::Cores);
        let missed = u128::from(demand) * u128::from(FULL_SPEED - hits.min(FULL_SPEED)) / u128::from(FULL_SPEED);
        let pool = &self.cluster.pools[usize::from(self.pool)];
        let (Some(number), Ok(rate @ 1..)) = (pool.io.storage.filter(|_| reads_storage), u64::try_from(missed)) else {
            return Intake { bound, binding, supply: None };
        };
        let storage = &self.cluster.storage[usize::from(number)];
        let fetched = pool.io.node_limit(storage).map(|limit| u128::from(limit) * u128::from(self.nodes));
        let fetching = fetched.map_or(Speed::FULL, |fetched| speed(fetched, rate));
        let by_card = pool.io.nic.is_some_and(|nic| storage.client.is_none_or(|client| nic < client));
        let fetches = if by_card { Bottleneck::Nic } else { Bottleneck::Client };
        Intake {
            bound: bound.min(fetching),
            binding: if fetching < bound { Some(fetches) } else { binding },
            supply: Some(Supply { channel: number * DIRECTIONS, rate, weight: self.weight(storage.share) }),
        }
    }

    fn weight(&self, share: Share) -> u32 {
        match share {
            Share::Node => self.nodes.max(1),
            Share::Job => 1,
        }
    }

    /// How it writes so many bytes to the storage of its pool, if there is any: as fast as its nodes and the storage can.
    #[must_use]
    pub fn write(&self, bytes: u64) -> Option<Write> {
        let pool = &self.cluster.pools[usize::from(self.pool)];
        let number = pool.io.storage?;
        let storage = &self.cluster.storage[usize::from(number)];
        let nodes = pool.io.node_limit(storage).map(|limit| limit.saturating_mul(u64::from(self.nodes)));
        let rate = nodes.into_iter().chain(storage.write).min()?.max(1);
        let work = u128::from(bytes) * MICROS * u128::from(FULL_SPEED) / u128::from(rate);
        let supply = Supply { channel: number * DIRECTIONS + 1, rate, weight: self.weight(storage.share) };
        Some(Write { supply, work: work.max(1) })
    }
}

/// Microseconds in a second.
const MICROS: u128 = 1_000_000;

/// The speed at which somebody goes who needs `need` for full speed and gets `got`.
fn speed(got: u128, need: u64) -> Speed {
    let billionths = got * u128::from(FULL_SPEED) / u128::from(need);
    Speed::of_billionths(u64::try_from(billionths).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of hit shares, each checked by a simulation of 20,000 items.
    #[test]
    fn caches_hit_what_their_policy_lets_them() {
        let shares = [0.25, 0.35, 0.5, 0.65, 0.8, 0.9];
        let random = [0.069, 0.138, 0.281, 0.464, 0.677, 0.833];
        let lru = [0.034, 0.070, 0.153, 0.283, 0.478, 0.670];
        for (policy, expected) in
            [(CachePolicy::Pinned, shares), (CachePolicy::PageCache, random), (CachePolicy::Lru, lru)]
        {
            for (x, h) in shares.into_iter().zip(expected) {
                let found = hit_share(policy, x) as f64 / FULL_SPEED as f64;
                assert!((found - h).abs() < 0.001, "{policy:?} {x}: {found}, not {h}");
            }
            assert_eq!(
                [hit_share(policy, 0.0), hit_share(policy, 1.0), hit_share(policy, 7.0)],
                [0, FULL_SPEED, FULL_SPEED]
            );
        }
    }
}
