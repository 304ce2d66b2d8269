//! What makes a held GPU do less than a GPU could: start-up, where a job was placed, checkpoints, failures.
//!
//! Nothing in here knows of the clock's events or of schedulers: it says how long, how fast and how often, and the
//! engine lives by it. All of it is off until a scenario names it; a bare replay reproduces recorded durations.

pub mod communication;
pub mod failures;
pub mod interference;
pub mod plan;

pub use communication::{Slowdown, Spread};
pub use failures::{FailureModel, NodeClock, Repair};
pub use interference::Interference;
pub use plan::{Checkpointing, FULL_SPEED, Pauses, Plan, Speed};

use std::collections::BTreeMap;

use crate::cluster::{Allocation, PoolState};
use crate::trace::JobSpec;
use crate::units::Span;

/// What happens to a job that is stopped for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preemption {
    /// It keeps all its progress and goes on later, after its restart.
    #[default]
    Suspend,
    /// It falls back to its last checkpoint.
    Requeue,
}

/// The physics of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Physics {
    /// Pauses before the first step.
    pub pauses: Pauses,
    /// Checkpoints of jobs that say nothing of their own, and what one costs.
    pub checkpointing: Option<Checkpointing>,
    /// Slowdowns by communication class; empty: placement does not matter.
    pub slowdowns: BTreeMap<String, Slowdown>,
    /// How shares of a GPU slow each other down, by the name of their pool.
    pub interference: BTreeMap<String, Interference>,
    /// How nodes fail, by the name of their pool.
    pub failures: BTreeMap<String, FailureModel>,
    /// What becomes of preempted jobs.
    pub preemption: Preemption,
}

/// The class of jobs that name none.
pub const DEFAULT_CLASS: &str = "default";

impl Physics {
    /// Whether any of it is on, so that jobs have a life beyond a start and an end.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self != Physics::default()
    }

    /// How a job runs in the place that it was given.
    #[must_use]
    pub fn plan(&self, spec: &JobSpec, pool: &PoolState, held: &Allocation) -> Plan {
        let class = spec.comm.as_deref().unwrap_or(DEFAULT_CLASS);
        let slowdown = self.slowdowns.get(class).or_else(|| self.slowdowns.get(DEFAULT_CLASS));
        let speed = slowdown.map_or(Speed::FULL, |slowdown| slowdown.speed(Spread::of(pool, held)));
        Plan { pauses: self.pauses, speed, checkpointing: self.checkpoints(spec) }
    }

    /// Checkpoints of a job: its own interval before the scenario's.
    fn checkpoints(&self, spec: &JobSpec) -> Option<Checkpointing> {
        let cost = self.checkpointing.map_or(Span::ZERO, |common| common.cost);
        match spec.checkpoint {
            Some(every) => Some(Checkpointing { every, cost }),
            None => self.checkpointing.filter(|common| common.every > Span::ZERO),
        }
    }
}
