//! What a run leaves behind: the fate of each job, the ledger, the series.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::places::Stay;
use crate::ledger::{Bucket, Entry};
use crate::physics::Stalls;
use crate::sched::{Classes, Stage};
use crate::trace::JobId;
use crate::units::{Cost, GpuTime, Span, Time};

/// No instant.
const NEVER: Time = Time::MAX;

/// When and where jobs ran.
#[derive(Debug, Clone)]
pub struct Fates {
    stages: Vec<Stage>,
    starts: Vec<Time>,
    ends: Vec<Time>,
    pools: Vec<u16>,
    nodes: Vec<u32>,
    stops: BTreeMap<JobId, u32>,
    /// Of jobs that have waited for data, where any may.
    stalls: Option<FxHashMap<JobId, Stalls>>,
}

/// Partial holders that blocked each other for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// When it was complete.
    pub at: Time,
    /// Jobs that hold something and can never start.
    pub holders: u64,
    /// GPUs that they hold, by pool.
    pub gpus: Vec<u64>,
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What became of each job.
    pub fates: Fates,
    /// The kinds of jobs, with the names of lines and tenants.
    pub classes: Classes,
    /// The first submission of a job that was not rejected.
    pub origin: Time,
    /// Where the horizon ends.
    pub end: Time,
    /// Where the measured window opens.
    pub window_opens: Time,
    /// How long it is.
    pub window: Span,
    /// GPU-time by payer, pool and leaf, within the window.
    pub ledger: Vec<Entry>,
    /// The part of the ledger that the job had that was set apart ([`crate::trace::JobTable::set_apart`]).
    pub apart: Vec<Entry>,
    /// `useful` GPU-time x MFU by pool, within the window; `None` where no job has an MFU.
    pub mfu_weighted: Option<Vec<GpuTime>>,
    /// Time and cost of what was not rented of each pool, within the window: it is no capacity. Empty where all was there
    /// all the time.
    pub absent: Vec<(GpuTime, Cost)>,
    /// The run over time.
    pub series: Vec<Bucket>,
    /// Waiting jobs x microseconds, within the window.
    pub queued: u128,
    /// On which nodes jobs held their GPUs, where [`super::Options::places`] asks for it.
    pub places: Option<Vec<Stay>>,
    /// How it got stuck, if it did.
    pub deadlock: Option<Deadlock>,
    /// Instants at which anything happened.
    pub instants: u64,
    /// Scheduling passes.
    pub passes: u64,
}

impl Fates {
    /// Nothing has become of any of `jobs` jobs; `may_stall`: they may have to wait for data.
    #[must_use]
    pub fn new(jobs: usize, may_stall: bool) -> Self {
        Fates {
            stages: Vec::new(),
            starts: vec![NEVER; jobs],
            ends: vec![NEVER; jobs],
            pools: vec![0; jobs],
            nodes: vec![0; jobs],
            stops: BTreeMap::new(),
            stalls: may_stall.then(FxHashMap::default),
        }
    }

    pub(super) fn settle(&mut self, stages: Vec<Stage>) {
        self.stages = stages;
    }

    pub(super) fn started(&mut self, job: JobId, at: Time, pool: u16, nodes: usize) {
        if self.starts[job.index()] == NEVER {
            self.starts[job.index()] = at;
        }
        self.pools[job.index()] = pool;
        self.nodes[job.index()] = nodes as u32;
    }

    pub(super) fn resized(&mut self, job: JobId, nodes: usize) {
        self.nodes[job.index()] = nodes as u32;
    }

    pub(super) fn stopped(&mut self, job: JobId) {
        *self.stops.entry(job).or_insert(0) += 1;
    }

    pub(super) fn stalled(&mut self, job: JobId, more: &Stalls) {
        if let Some(stalls) = &mut self.stalls
            && more.total() > 0
        {
            stalls.entry(job).or_default().extend(more);
        }
    }

    pub(super) fn ended(&mut self, job: JobId, at: Time) {
        self.ends[job.index()] = at;
    }

    /// Where the job was in its life when the run ended.
    #[must_use]
    pub fn stage(&self, job: JobId) -> Stage {
        self.stages[job.index()]
    }

    /// When it started for the first time.
    #[must_use]
    pub fn start(&self, job: JobId) -> Option<Time> {
        Some(self.starts[job.index()]).filter(|&t| t != NEVER)
    }

    /// How often it was stopped by a failure or for another job, and waited again.
    #[must_use]
    pub fn stops(&self, job: JobId) -> u32 {
        self.stops.get(&job).copied().unwrap_or(0)
    }

    /// Whether jobs may have to wait for data at all.
    #[must_use]
    pub fn may_stall(&self) -> bool {
        self.stalls.is_some()
    }

    /// How long it waited for data, and what held it back.
    #[must_use]
    pub fn stalls(&self, job: JobId) -> Stalls {
        self.stalls.as_ref().and_then(|stalls| stalls.get(&job)).copied().unwrap_or_default()
    }

    /// When it ended.
    #[must_use]
    pub fn end(&self, job: JobId) -> Option<Time> {
        Some(self.ends[job.index()]).filter(|&t| t != NEVER)
    }

    /// The pool in which it ran.
    #[must_use]
    pub fn pool(&self, job: JobId) -> Option<u16> {
        self.start(job).map(|_| self.pools[job.index()])
    }

    /// On how many nodes it ran.
    #[must_use]
    pub fn nodes(&self, job: JobId) -> Option<u32> {
        self.start(job).map(|_| self.nodes[job.index()])
    }
}

impl Outcome {
    /// The whole horizon.
    #[must_use]
    pub fn horizon(&self) -> Span {
        self.end.since_or_zero(self.origin)
    }

    /// Whether jobs submitted then are measured: in the window, or at any time where it is the whole horizon.
    #[must_use]
    pub fn measures(&self, submit: Time) -> bool {
        let closes = self.window_opens.after(self.window);
        self.window == self.horizon() || (submit >= self.window_opens && submit < closes)
    }

    /// Time and cost of what was not rented of a pool.
    #[must_use]
    pub fn absent_from(&self, pool: usize) -> (GpuTime, Cost) {
        self.absent.get(pool).copied().unwrap_or_default()
    }

    /// GPU-time of a leaf over all pools and payers.
    #[must_use]
    pub fn leaf(&self, leaf: crate::ledger::Leaf) -> GpuTime {
        self.ledger.iter().filter(|e| e.leaf == leaf).map(|e| e.time).sum()
    }
}
