//! When jobs write checkpoints, how large they are, and what they cost.

use std::collections::BTreeMap;

use super::failures::Failures;
use super::input::Reader;
use super::interval::Interval;
use super::plan::{Checkpointing, FULL_SPEED};
use crate::trace::JobSpec;
use crate::units::Span;

/// More work than any job has.
const NEVER: Span = Span::from_micros(u64::MAX);

/// Checkpoints of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Checkpoints {
    /// Work between two of them of jobs that say nothing of their own; zero: those write none.
    pub every: Span,
    /// Or the best, worked out for each job from what a checkpoint costs it and how often its nodes fail.
    pub interval: Interval,
    /// How long a job stands still for one, before it writes.
    pub cost: Span,
    /// What it writes to the storage of its pool.
    pub size: Option<Size>,
}

/// How large a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Parameters of the model for each GPU of the job.
    pub params_per_gpu: f64,
    /// Bytes of each: 13 in the checkpoints of MLPerf Storage v2 (8B: 105 GB, 70B: 912 GB, 405B: 5.29 TB).
    pub bytes_per_param: f64,
}

impl Size {
    /// Bytes that a job of so many GPUs writes.
    #[must_use]
    pub fn bytes(&self, gpus: u64) -> u64 {
        (self.params_per_gpu * self.bytes_per_param * gpus as f64).round().clamp(0.0, 1e18) as u64
    }
}

impl Checkpoints {
    /// Checkpoints of a job: its own interval before the best one before the scenario's. Where jobs write one `on_notice`, those
    /// that write no others have a plan too.
    #[must_use]
    pub fn plan(
        &self,
        spec: &JobSpec,
        reader: &Reader<'_>,
        failures: &BTreeMap<String, Failures>,
        on_notice: bool,
    ) -> Option<Checkpointing> {
        let bytes = self.size.map_or(0, |size| size.bytes(reader.request.total_gpus()));
        let write = reader.write(bytes).filter(|_| bytes > 0);
        let best = || {
            let pool = &reader.cluster.pools[usize::from(reader.pool)];
            let failures = failures.get(&pool.name)?;
            let alone = write.map_or(0, |write| write.work.div_ceil(u128::from(FULL_SPEED)) as u64);
            let whole = Span::from_micros(self.cost.micros().saturating_add(alone));
            let nodes = u64::from(reader.nodes.max(1));
            // In as few racks as hold it: where a job lies is no reason for it to change its interval.
            let racks = nodes.div_ceil(u64::from(pool.nodes_per_rack.unwrap_or(pool.nodes).max(1)));
            let mtbf = failures.mtbf(nodes, nodes * u64::from(pool.gpus_per_node()), racks)?;
            self.interval.best(whole, mtbf)
        };
        let every = spec.checkpoint.or_else(best).unwrap_or(self.every);
        let every = if on_notice && every == Span::ZERO { NEVER } else { every };
        (every > Span::ZERO).then_some(Checkpointing { every, cost: self.cost, write })
    }
}
