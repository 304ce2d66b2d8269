//! A resolved scenario: what the file says, checked, with every default filled in.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::tree::Place;
use crate::cluster::owned::Owned;
use crate::cluster::{ClusterSpec, GpuType};
use crate::physics::Physics;
use crate::sched::PolicyChoice;
use crate::trace::RecordedState;
use crate::trace::generate::Generator;
use crate::units::keys::Params;
use crate::units::{Span, Time};

/// Everything that one simulation needs, apart from the jobs themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The name in reports.
    pub name: String,
    /// The root of all random streams.
    pub seed: u64,
    /// The hardware.
    pub cluster: ClusterSpec,
    /// The scenario's own GPU types that no pool has, in file order; a trace may name them all the same.
    pub spare_types: Vec<GpuType>,
    /// Where the price of each pool of the cluster comes from, in the same order.
    pub prices: Vec<PriceSource>,
    /// The jobs and how they are treated.
    pub workload: Workload,
    /// What makes a held GPU do less than it could.
    pub physics: Physics,
    /// Who decides.
    pub policy: PolicyChoice,
    /// Which part of the run counts.
    pub measure: Measure,
    /// What to compare it with, in file order; variants have none of their own.
    pub variants: Vec<Variant>,
    /// What the reader should know: defaults taken, keys dropped.
    pub notices: Vec<String>,
}

/// A scenario to compare with: the file's with some keys set otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name, unique among the variants.
    pub name: String,
    /// The whole of it.
    pub scenario: Scenario,
}

/// Where the price of a pool's GPU-hour comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum PriceSource {
    /// The scenario names it, for the pool or its GPU type.
    Given,
    /// From purchase and running costs.
    Owned(Owned),
    /// The catalog's rental price; who asks it, and when.
    Catalog(&'static str),
    /// Nobody knows: $0.
    Unknown,
    /// The pool has no GPUs.
    NoGpus,
}

/// Where the jobs come from and how they are treated.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The source of the jobs.
    pub source: Source,
    /// Arrivals this many times as dense; > 0.
    pub scale: f64,
    /// Whether a job is killed at its walltime.
    pub enforce_walltime: bool,
    /// The run-time estimate is the walltime times so many millionths; > 0.
    pub estimate_ppm: u32,
    /// Recorded states whose jobs' useful GPU-time counts as `discarded`.
    pub discard: Vec<RecordedState>,
    /// MFU of jobs that have none of their own, in millionths.
    pub mfu_ppm: Option<u32>,
    /// Whether recorded queue times are held against the simulated ones.
    pub recorded: bool,
}

/// Where the jobs come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A native trace.
    Trace(TraceFile),
    /// Made on the spot, from these keys.
    Generate {
        /// What makes it.
        generator: Box<Generator>,
        /// The keys of `[workload.generate]` that were given.
        params: Params,
    },
}

/// A trace, and where it was named; equal to others by its path alone.
#[derive(Debug, Clone)]
pub struct TraceFile {
    /// As the current folder sees it.
    pub path: PathBuf,
    /// What names it.
    pub named: Place,
}

impl Deref for TraceFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl PartialEq for TraceFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// Which part of the run counts in ledger, utilizations and quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measure {
    /// The run ends at this instant at the latest.
    pub until: Option<Time>,
    /// So much at the start of the horizon does not count.
    pub warmup: Span,
    /// So much at its end does not count.
    pub cooldown: Span,
}
