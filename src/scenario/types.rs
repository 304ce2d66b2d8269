//! A resolved scenario: what the file says, checked, with every default filled in.

use std::path::PathBuf;

use crate::cluster::ClusterSpec;
use crate::sched::PolicyChoice;
use crate::units::{Span, Time};

/// Everything that one simulation needs, apart from the jobs themselves.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The name in reports.
    pub name: String,
    /// The root of all random streams.
    pub seed: u64,
    /// The hardware.
    pub cluster: ClusterSpec,
    /// The jobs and how they are treated.
    pub workload: Workload,
    /// Who decides.
    pub policy: PolicyChoice,
    /// Which part of the run counts.
    pub measure: Measure,
    /// What the reader should know: defaults taken, keys dropped.
    pub notices: Vec<String>,
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
    /// The run-time estimate is the walltime times this; > 0.
    pub estimate_factor: f64,
    /// Whether the GPU-time of jobs recorded as failed counts as `discarded`.
    pub discard_failed: bool,
    /// Whether that of jobs recorded as cancelled does too.
    pub discard_cancelled: bool,
    /// MFU of jobs that have none of their own, in millionths.
    pub mfu_ppm: Option<u32>,
    /// Whether recorded queue times are held against the simulated ones.
    pub recorded: bool,
}

/// Where the jobs come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A native trace; the path is as the current folder sees it.
    Trace(PathBuf),
    /// Made on the spot.
    Generate(crate::trace::generate::Generator),
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
