//! `summary.json`, read back.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::LeafSums;
use crate::input::Problem;
use crate::ledger::{LEAVES, Leaf};
use crate::results::metrics::Utilization;
use crate::results::summary::SCHEMA;

/// The figures that reports show; what they do not show is passed over.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct Summary {
    schema: String,
    /// The scenario's name.
    pub name: String,
    /// The policy's.
    pub policy: String,
    /// The root seed.
    pub seed: u64,
    /// Jobs by what they came to.
    pub jobs: Counts,
    /// The whole horizon.
    pub horizon_s: f64,
    /// The measured part of it.
    pub window_s: f64,
    /// All GPUs x window.
    pub capacity_gpu_s: f64,
    /// The four utilizations.
    #[serde(deserialize_with = "utilization")]
    pub utilization: Utilization,
    /// Queue times.
    pub wait_s: Quantiles,
    /// Job completion times.
    pub jct_s: Quantiles,
    /// Bounded slowdowns.
    pub bounded_slowdown: Quantiles,
    /// Mean number of waiting jobs.
    pub queue_length_mean: f64,
    /// Queue times by job size, smallest first.
    pub wait_s_by_gpus: Ordered<SizeClass>,
    /// The pools, in file order.
    pub pools: Ordered<Pool>,
    ledger: BTreeMap<String, f64>,
    /// What it cost.
    pub cost: Cost,
    /// Where the run ended in one.
    pub deadlock: Option<Deadlock>,
}

/// Jobs by what they came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Counts {
    /// All jobs of the trace.
    pub submitted: u64,
    /// Those that ended, killed, cancelled and failed ones included.
    pub finished: u64,
    /// Those of them that ended at their walltime.
    pub killed: u64,
    /// Those that had not ended when the run did.
    pub unfinished: u64,
    /// Those that can never fit.
    pub rejected: u64,
}

/// Of a distribution; of nothing, they are not known.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Deserialize)]
#[expect(missing_docs, reason = "their names say it")]
pub struct Quantiles {
    pub mean: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

/// Queue times of one size class.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct SizeClass {
    /// Jobs that are not rejected.
    pub jobs: u64,
    /// Queue times of those that started.
    #[serde(flatten)]
    pub wait: Quantiles,
}

/// One pool.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct Pool {
    /// Its GPUs.
    pub gpus: u64,
    /// GPU-seconds that were rented, where its nodes are not there all the time.
    pub rented_gpu_s: Option<f64>,
    /// Part of them held by jobs.
    pub allocated: f64,
    /// Part of them making progress that was kept.
    pub productive: f64,
    /// Of their peak FLOPs, put to use; `None` where no MFU is known of any job.
    #[serde(default)]
    pub mfu: Option<f64>,
    /// What the idle ones cost.
    pub idle_usd: f64,
}

impl Pool {
    /// Whether none of its nodes was rented at any time.
    #[must_use]
    pub fn was_away(&self) -> bool {
        self.rented_gpu_s == Some(0.0)
    }
}

/// Dollars of the window.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct Cost {
    /// Everything.
    pub total_usd: f64,
    /// The idle leaves.
    pub idle_usd: f64,
    /// The same, per year.
    pub idle_usd_per_year: f64,
    by_leaf: BTreeMap<String, f64>,
}

/// Jobs that hold what the others lack.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct Deadlock {
    /// When it began.
    pub at_s: f64,
    /// How many jobs hold something and can never start.
    pub holders: u64,
    /// What they hold.
    pub held_gpus: u64,
    /// What that costs.
    pub usd_per_hour: f64,
}

/// A map in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

fn utilization<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Utilization, D::Error> {
    #[derive(serde::Deserialize)]
    struct Shares {
        allocated: f64,
        occupied: f64,
        productive: f64,
        mfu: Option<f64>,
    }
    let Shares { allocated, occupied, productive, mfu } = Shares::deserialize(deserializer)?;
    Ok(Utilization { allocated, occupied, productive, mfu })
}

impl Summary {
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        let text = super::read_text(path)?;
        let damaged = |e: serde_json::Error| {
            Problem::at(path, e.line() as u64, e.column() as u64, format!("is damaged: {}", without_place(&e)))
        };
        let summary: Summary = serde_json::from_str(&text).map_err(damaged)?;
        if summary.schema != SCHEMA {
            let found = &summary.schema;
            return Err(Problem::of_file(path, format!("has the schema `{found}`; `{SCHEMA}` is expected")));
        }
        Ok(summary)
    }

    pub(super) fn leaves(&self, path: &Path) -> Result<LeafSums, Problem> {
        let all = |map: &BTreeMap<String, f64>, key: &str| {
            let mut values = [0.0; LEAVES];
            for leaf in Leaf::ALL {
                let missing = || Problem::of_file(path, format!("is damaged: `{key}` has no `{}`", leaf.name()));
                values[leaf as usize] = *map.get(leaf.name()).ok_or_else(missing)?;
            }
            Ok::<_, Problem>(values)
        };
        Ok(LeafSums { gpu_seconds: all(&self.ledger, "ledger")?, usd: all(&self.cost.by_leaf, "cost.by_leaf")? })
    }
}

/// The message alone: the place is told in front of it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
