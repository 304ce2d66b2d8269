//! What makes a held GPU do less than a GPU could: start-up, where a job was placed, how
//! it gets its data, checkpoints, failures.
//!
//! Nothing in here knows of the clock's events or of schedulers: it says how long, how fast and how often, and the
//! engine lives by it. All of it is off until a scenario names it; a bare replay reproduces recorded durations.

pub mod allreduce;
pub mod bottleneck;
pub mod checkpoints;
pub mod classes;
pub mod communication;
pub mod failures;
pub mod input;
pub mod interference;
pub mod interval;
pub mod job_failures;
pub mod plan;
pub mod prices;
pub mod stragglers;
pub mod windows;

pub use allreduce::{AllReduce, Links};
pub use bottleneck::{Bottleneck, Stalls};
pub use checkpoints::{Checkpoints, Size};
pub use classes::{Class, Start, StartUp};
pub use communication::{Communication, Slowdown, Spread};
pub use failures::{FailureClock, FailureModel, Failures, Part, Repair};
pub use input::{Reader, channels, hit_share};
pub use interference::Interference;
pub use interval::Interval;
pub use job_failures::{Course, JobFailures};
pub use plan::{Checkpointing, FULL_SPEED, Intake, Pauses, Plan, Speed, Supply, Write};
pub use prices::Prices;
pub use stragglers::{Gait, Stragglers};
pub use windows::{Cause, OutageWindow};

use std::collections::BTreeMap;

use crate::cluster::{Allocation, ClusterSpec, PoolSpec, PoolState};
use crate::trace::JobSpec;
use crate::units::{PriceCurve, Span};

/// What happens to a job that is stopped for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preemption {
    /// It keeps all its progress and goes on later, after its restart.
    #[default]
    Suspend,
    /// It falls back to its last checkpoint.
    Requeue,
    /// It ends for good; what it has done since its last checkpoint is lost.
    Cancel,
}

impl Preemption {
    /// As scenarios say them.
    pub const WORDS: [(&str, Preemption); 3] =
        [("suspend", Preemption::Suspend), ("requeue", Preemption::Requeue), ("cancel", Preemption::Cancel)];
}

/// What a job that is stopped for another gets before it must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// So much time at the most; `None`: as long as the checkpoint takes.
    pub time: Option<Span>,
    /// Whether it writes a checkpoint instead of going on, and goes when that is written.
    pub checkpoint: bool,
}

/// The physics of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Physics {
    /// How jobs start whose class says nothing of it.
    pub start_up: StartUp,
    /// What is said of each class of jobs.
    pub classes: BTreeMap<String, Class>,
    /// Checkpoints, where the scenario speaks of any.
    pub checkpoints: Option<Checkpoints>,
    /// Whether jobs read their data from the storage of their pool.
    pub input: bool,
    /// Bytes per second of input that a core prepares, by class; empty: cores do not matter.
    pub preparation: BTreeMap<String, u64>,
    /// What the GPUs of a job tell each other, by class; empty: placement does not matter.
    pub communication: BTreeMap<String, Communication>,
    /// How the nodes of a pool differ, by its name.
    pub stragglers: BTreeMap<String, Stragglers>,
    /// How shares of a GPU slow each other down, by the name of their pool.
    pub interference: BTreeMap<String, Interference>,
    /// How nodes, GPUs and racks fail, by the name of their pool.
    pub failures: BTreeMap<String, Failures>,
    /// How jobs fail by themselves, by class.
    pub job_failures: BTreeMap<String, JobFailures>,
    /// Recorded failures and planned maintenance, by their names.
    pub outages: BTreeMap<String, OutageWindow>,
    /// What becomes of preempted jobs.
    pub preemption: Preemption,
    /// What they get before they must go; `None`: they go at once.
    pub grace: Option<Grace>,
    /// How prices change, by the name of their pool.
    pub prices: BTreeMap<String, Prices>,
}

/// The class of jobs that name none.
pub const DEFAULT_CLASS: &str = "default";

impl Physics {
    /// Whether any of it is on, so that jobs have a life beyond a start and an end: prices do nothing to jobs, nor do
    /// classes that only say what GPUs are used for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        let idle = Physics { prices: self.prices.clone(), classes: self.classes.clone(), ..Physics::default() };
        *self != idle || self.classes.values().any(|class| class.start_up.is_some())
    }

    /// What is said of the class of a job.
    #[must_use]
    pub fn class(&self, spec: &JobSpec) -> Option<&Class> {
        of_class(&self.classes, spec)
    }

    /// The price of each pool over time.
    #[must_use]
    pub fn price_curves(&self, cluster: &ClusterSpec) -> Vec<PriceCurve> {
        let curve = |pool: &PoolSpec| match self.prices.get(&pool.name) {
            Some(prices) => prices.curve(pool.price),
            None => PriceCurve::flat(pool.price),
        };
        cluster.pools.iter().map(curve).collect()
    }

    /// How many nodes a pool must have so that those of all its outages are there.
    #[must_use]
    pub fn nodes_in_outages(&self, pool: &str) -> u32 {
        self.outages.values().filter(|window| window.pool == pool).map(|window| window.nodes.end).max().unwrap_or(0)
    }

    /// How a job that starts now runs in the place that it was given, where all its data are; see [`Reader`] for where they
    /// are not.
    #[must_use]
    pub fn plan(
        &self,
        spec: &JobSpec,
        cluster: &ClusterSpec,
        pool: &PoolState,
        held: &Allocation,
        start: Start,
    ) -> Plan {
        let start_up = self.class(spec).and_then(|class| class.start_up).unwrap_or(self.start_up);
        let pauses = start_up.pauses(u64::from(spec.gpus), start);
        let together = match of_class(&self.communication, spec) {
            None => Speed::FULL,
            Some(Communication::Relative(slowdown)) => slowdown.speed(Spread::of(pool, held)),
            Some(Communication::AllReduce(reduce)) => reduce.speed(spec, pool, &Links::of(cluster, held.pool), held),
        };
        let name = &cluster.pools[usize::from(held.pool)].name;
        let gait = self.class(spec).map_or(Gait::InStep, |class| class.gait);
        let each = |stragglers: &Stragglers| stragglers.speed(start.seed, name, held, gait);
        let speed = together.and(self.stragglers.get(name).map_or(Speed::FULL, each));
        let own = |every| Checkpointing { every, cost: Span::ZERO, write: None };
        Plan { pauses, speed, intake: Intake::FREE, checkpointing: spec.checkpoint.map(own) }
    }

    /// How a job fails by itself, if it does.
    #[must_use]
    pub fn job_failures_of(&self, spec: &JobSpec) -> Option<&JobFailures> {
        of_class(&self.job_failures, spec)
    }

    /// Bytes per second of input that each core of a job prepares.
    #[must_use]
    pub fn preparation_of(&self, spec: &JobSpec) -> Option<u64> {
        of_class(&self.preparation, spec).copied()
    }
}

/// What is said of the class of a job, or of all others.
fn of_class<'p, T>(classes: &'p BTreeMap<String, T>, spec: &JobSpec) -> Option<&'p T> {
    let class = spec.comm.as_deref().unwrap_or(DEFAULT_CLASS);
    classes.get(class).or_else(|| classes.get(DEFAULT_CLASS))
}
