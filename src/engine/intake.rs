//! How each running job gets its data, and writes its checkpoints, from the place that it was given.

use std::collections::{BTreeMap, BTreeSet};

use super::caches::{Caches, Dataset, Use};
use super::sharing::Sharing;
use crate::cluster::{ClusterSpec, Request};
use crate::physics::{Intake, Physics, Plan, Reader, channels};
use crate::sched::Holder;
use crate::trace::{JobId, JobSpec, JobTable};
use crate::units::Span;

/// What jobs read, and what of it lies in caches.
#[derive(Debug)]
pub struct Intakes<'a> {
    cluster: &'a ClusterSpec,
    jobs: &'a JobTable,
    physics: &'a Physics,
    caches: Caches,
    /// Numbers of the datasets, by spec of the table.
    datasets: Vec<Option<u32>>,
}

/// Bytes per second in a thousandth of a GB/s.
const PER_MBS: u64 = 1_000_000;

/// Microseconds in a second, as billionths of progress.
const PROGRESS_PER_SECOND: u128 = 1_000_000_000_000_000;

impl<'a> Intakes<'a> {
    /// Nobody reads anything.
    #[must_use]
    pub fn new(cluster: &'a ClusterSpec, jobs: &'a JobTable, physics: &'a Physics) -> Self {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut number = |spec: &'a JobSpec| {
            let next = numbers.len() as u32;
            spec.dataset.as_deref().map(|name| *numbers.entry(name).or_insert(next))
        };
        let datasets = jobs.specs().iter().map(&mut number).collect();
        Intakes { cluster, jobs, physics, caches: Caches::default(), datasets }
    }

    /// The bandwidths of the cluster, whose past is kept for `keep`.
    #[must_use]
    pub fn sharing(&self, keep: Span) -> Sharing {
        Sharing::new(channels(self.cluster), keep)
    }

    /// Whether jobs are held back by their data at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.physics.input || !self.physics.preparation.is_empty()
    }

    fn spec(&self, job: JobId) -> &'a JobSpec {
        self.jobs.spec(job)
    }

    fn reader(&self, holder: &Holder) -> Reader<'a> {
        let spec = self.spec(holder.job);
        Reader {
            cluster: self.cluster,
            pool: holder.held.pool,
            request: Request::of(spec).with_units(holder.units),
            nodes: holder.held.node_count() as u32,
            per_gpu: spec.input_mbs.unwrap_or(0).saturating_mul(PER_MBS),
        }
    }

    /// The job's use of caches, where it has any.
    fn cached(&self, holder: &Holder) -> Option<(Use, Vec<(u32, u32)>)> {
        let (job, pool) = (holder.job, &self.cluster.pools[usize::from(holder.held.pool)]);
        let cache = pool.io.cache.filter(|_| self.physics.input && pool.io.storage.is_some())?;
        let spec = self.spec(job);
        let bytes = spec.dataset_bytes.filter(|&bytes| bytes > 0)?;
        spec.input_mbs.filter(|&rate| rate > 0)?;
        let named = self.datasets[self.jobs.spec_id(job).index()];
        let dataset = named.map_or(Dataset::Own(job), Dataset::Named);
        let gpus_per_node = pool.gpus_per_node();
        let per_unit = Request::of(spec).gpus;
        let mut nodes: BTreeMap<u32, u32> = BTreeMap::new();
        for part in holder.held.parts() {
            *nodes.entry(part.node).or_default() += part.units * per_unit;
        }
        let who = Use { job, pool: holder.held.pool, dataset, bytes, cache, gpus_per_node };
        Some((who, nodes.into_iter().collect()))
    }

    /// How a job gets its data now.
    #[must_use]
    pub fn of(&self, holder: &Holder) -> Intake {
        if !self.is_on() {
            return Intake::FREE;
        }
        let hits = self.cached(holder).map_or(0, |(who, nodes)| self.caches.hits(&who, &nodes));
        let per_core = self.physics.preparation_of(self.spec(holder.job));
        self.reader(holder).intake(hits, per_core, self.physics.input)
    }

    /// A job starts or grows: the others whose data lie otherwise now.
    pub fn enter(&mut self, holder: &Holder) -> Option<BTreeSet<JobId>> {
        self.cached(holder).map(|(who, nodes)| self.caches.enter(&who, &nodes))
    }

    /// A job stops or ends: the others whose data lie otherwise now.
    pub fn leave(&mut self, holder: &Holder) -> Option<BTreeSet<JobId>> {
        self.cached(holder).map(|(who, nodes)| self.caches.leave(&who, &nodes))
    }

    /// A job has read its dataset once: all whose data lie otherwise now.
    pub fn epoch_ended(&mut self, holder: &Holder) -> Option<BTreeSet<JobId>> {
        self.cached(holder).map(|(who, nodes)| self.caches.warm(&who, &nodes))
    }

    /// How much work a job does, in the unit of [`super::life::work`], until it has read its dataset once, where any of
    /// its nodes has not.
    #[must_use]
    pub fn cold_epoch(&self, holder: &Holder) -> Option<u128> {
        let (who, nodes) = self.cached(holder)?;
        let per_unit = self.reader(holder).demand() / u64::from(holder.units.max(1));
        self.caches
            .is_cold(&who, &nodes)
            .then(|| u128::from(who.bytes) * PROGRESS_PER_SECOND / u128::from(per_unit.max(1)))
    }

    /// Fills in what depends on storage.
    pub fn complete(&self, plan: &mut Plan, holder: &Holder) {
        plan.intake = self.of(holder);
        if let Some(model) = &self.physics.checkpoints {
            let reader = self.reader(holder);
            let on_notice = self.physics.grace.is_some_and(|grace| grace.checkpoint);
            plan.checkpointing = model.plan(self.spec(holder.job), &reader, &self.physics.failures, on_notice);
        }
    }
}
