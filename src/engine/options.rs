//! What a run needs beside the cluster, the jobs and the policy.

use crate::physics::Physics;
use crate::sched::{PPM, RunTimes};
use crate::trace::RecordedState;
use crate::units::{Span, Time};

/// How a run treats its jobs and which part of it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The root of the random streams.
    pub seed: u64,
    /// Run times and their estimates.
    pub times: RunTimes,
    /// Recorded states whose jobs' GPU-time is `discarded`.
    pub discard: Vec<RecordedState>,
    /// MFU of jobs that have none of their own, in millionths.
    pub mfu_ppm: Option<u32>,
    /// What slows, pauses and stops jobs.
    pub physics: Physics,
    /// The run ends at this instant at the latest.
    pub until: Option<Time>,
    /// So much at the start of the horizon does not count.
    pub warmup: Span,
    /// So much at its end does not count.
    pub cooldown: Span,
    /// Whether it is recorded on which nodes jobs held their GPUs.
    pub places: bool,
}

impl Options {
    /// Whether the measured window is less than the whole run.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.warmup > Span::ZERO || self.cooldown > Span::ZERO
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 0,
            times: RunTimes { enforce_walltime: false, estimate_ppm: PPM },
            discard: vec![RecordedState::Failed],
            mfu_ppm: None,
            physics: Physics::default(),
            until: None,
            warmup: Span::ZERO,
            cooldown: Span::ZERO,
            places: false,
        }
    }
}
