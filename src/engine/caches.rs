//! What the caches of nodes hold of the datasets that jobs read there.
//!
//! A node's cache is divided among datasets as its GPUs are among the jobs that read them; jobs that read the same
//! dataset on a node share what it keeps. It is warm when one of its readers has read all of it once, and forgotten
//! when the last of them leaves.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::cluster::storage::Cache;
use crate::physics::{FULL_SPEED, hit_share};
use crate::trace::JobId;

/// A dataset, as jobs name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dataset {
    /// One that has a name, by number: whoever names it reads the same.
    Named(u32),
    /// One without a name, which no other job reads.
    Own(JobId),
}

/// What a node keeps of a dataset.
#[derive(Debug, Default)]
struct Shelf {
    /// The jobs that read it there, and their GPUs.
    readers: Vec<(JobId, u32)>,
    warm: bool,
}

/// A job's use of the caches in one pool.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub job: JobId,
    pub pool: u16,
    pub dataset: Dataset,
    /// Bytes of the dataset.
    pub bytes: u64,
    pub cache: Cache,
    /// GPUs of each node.
    pub gpus_per_node: u32,
}

/// The shelves of all nodes.
#[derive(Debug, Default)]
pub struct Caches(FxHashMap<(u16, u32, Dataset), Shelf>);

impl Caches {
    /// A job reads on these nodes with so many GPUs each; the other jobs that have more of a dataset cached now.
    pub fn enter(&mut self, who: &Use, nodes: &[(u32, u32)]) -> BTreeSet<JobId> {
        let mut others = BTreeSet::new();
        for &(node, gpus) in nodes {
            let shelf = self.0.entry((who.pool, node, who.dataset)).or_default();
            others.extend(shelf.readers.iter().map(|&(job, _)| job));
            match shelf.readers.iter_mut().find(|(job, _)| *job == who.job) {
                Some((_, before)) => *before = gpus,
                None => shelf.readers.push((who.job, gpus)),
            }
        }
        others.remove(&who.job);
        others
    }

    /// A job leaves; the other jobs that have less of a dataset cached now.
    pub fn leave(&mut self, who: &Use, nodes: &[(u32, u32)]) -> BTreeSet<JobId> {
        let mut others = BTreeSet::new();
        for &(node, _) in nodes {
            let key = (who.pool, node, who.dataset);
            let Some(shelf) = self.0.get_mut(&key) else { continue };
            shelf.readers.retain(|&(job, _)| job != who.job);
            others.extend(shelf.readers.iter().map(|&(job, _)| job));
            if shelf.readers.is_empty() {
                self.0.remove(&key);
            }
        }
        others
    }

    /// A job has read its dataset once; all jobs that hit more in the cache now.
    pub fn warm(&mut self, who: &Use, nodes: &[(u32, u32)]) -> BTreeSet<JobId> {
        let mut readers = BTreeSet::new();
        for &(node, _) in nodes {
            let Some(shelf) = self.0.get_mut(&(who.pool, node, who.dataset)) else { continue };
            if !std::mem::replace(&mut shelf.warm, true) {
                readers.extend(shelf.readers.iter().map(|&(job, _)| job));
            }
        }
        readers
    }

    /// Whether any node of a job has not read its dataset once.
    #[must_use]
    pub fn is_cold(&self, who: &Use, nodes: &[(u32, u32)]) -> bool {
        nodes.iter().any(|&(node, _)| self.0.get(&(who.pool, node, who.dataset)).is_none_or(|shelf| !shelf.warm))
    }

    /// The share of a job's reads that caches answer, in billionths.
    #[must_use]
    pub fn hits(&self, who: &Use, nodes: &[(u32, u32)]) -> u64 {
        if who.cache.shared {
            let cached: f64 = nodes.iter().map(|&(node, _)| self.cached(who, node)).sum();
            return if self.is_cold(who, nodes) { 0 } else { self.hits_of(who, cached) };
        }
        let all: u64 = nodes.iter().map(|&(_, gpus)| u64::from(gpus)).sum();
        let hit = nodes.iter().filter(|node| !self.is_cold(who, &[**node]));
        let hits = hit.map(|&(node, gpus)| u128::from(gpus) * u128::from(self.hits_of(who, self.cached(who, node))));
        (hits.sum::<u128>() / u128::from(all.max(1))) as u64
    }

    fn hits_of(&self, who: &Use, cached: f64) -> u64 {
        hit_share(who.cache.policy, cached / who.bytes as f64).min(FULL_SPEED)
    }

    /// Bytes that a node keeps of the dataset of a job.
    fn cached(&self, who: &Use, node: u32) -> f64 {
        let shelf = self.0.get(&(who.pool, node, who.dataset));
        let gpus: u32 = shelf.map_or(0, |shelf| shelf.readers.iter().map(|&(_, gpus)| gpus).sum());
        let share = f64::from(gpus.min(who.gpus_per_node)) / f64::from(who.gpus_per_node.max(1));
        who.cache.bytes as f64 * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::CachePolicy;

    fn reader(job: u32, shared: bool) -> Use {
        Use {
            job: JobId(job),
            pool: 0,
            dataset: Dataset::Named(0),
            bytes: 1000,
            cache: Cache { bytes: 400, policy: CachePolicy::Pinned, shared },
            gpus_per_node: 8,
        }
    }

    /// 400 of 1000 bytes on a node of eight GPUs: half of them for four GPUs, all for two jobs of four.
    #[test]
    fn jobs_share_what_a_node_keeps_of_their_dataset() {
        let mut caches = Caches::default();
        let (one, two) = (reader(1, false), reader(2, false));
        assert!(caches.enter(&one, &[(0, 4)]).is_empty());
        assert_eq!((caches.hits(&one, &[(0, 4)]), caches.is_cold(&one, &[(0, 4)])), (0, true));
        assert_eq!(caches.warm(&one, &[(0, 4)]), BTreeSet::from([JobId(1)]));
        assert_eq!(caches.hits(&one, &[(0, 4)]), FULL_SPEED / 5);
        assert_eq!(caches.enter(&two, &[(0, 4)]), BTreeSet::from([JobId(1)]));
        assert_eq!(caches.hits(&two, &[(0, 4)]), FULL_SPEED * 2 / 5);
        assert_eq!(caches.leave(&one, &[(0, 4)]), BTreeSet::from([JobId(2)]));
        assert_eq!(caches.hits(&two, &[(0, 4)]), FULL_SPEED / 5);
        assert!(caches.leave(&two, &[(0, 4)]).is_empty() && caches.is_cold(&one, &[(0, 4)]));
    }

    /// On three nodes, each for itself hits 0.4; together they hold it all.
    #[test]
    fn nodes_that_share_hold_more() {
        let nodes = [(0, 8), (1, 8), (2, 8)];
        for (shared, expected) in [(false, FULL_SPEED * 2 / 5), (true, FULL_SPEED)] {
            let mut caches = Caches::default();
            let who = reader(1, shared);
            caches.enter(&who, &nodes);
            assert_eq!(caches.hits(&who, &nodes), 0);
            caches.warm(&who, &nodes);
            assert_eq!(caches.hits(&who, &nodes), expected);
        }
    }
}
