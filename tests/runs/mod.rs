//! Scenarios from text, jobs from three numbers, and runs of both.

use std::path::Path;

use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate};
use fleetsim::scenario::{Overrides, Scenario, of_bytes};
use fleetsim::sched::{PPM, PolicyChoice, RunTimes};
use fleetsim::trace::{JobRow, JobSpec, JobTable};
use fleetsim::units::{Span, Time};

/// A scenario; its trace is not read.
#[track_caller]
pub fn parsed(text: &str) -> Scenario {
    of_bytes(text.as_bytes(), Path::new("test.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// A job of so many GPUs, submitted and lasting so many seconds.
pub fn job(submit: u64, duration: u64, gpus: u32) -> JobRow {
    JobRow {
        job_id: format!("{submit}-{duration}-{gpus}"),
        submit: Time::from_micros(submit * 1_000_000),
        duration: Span::from_seconds(duration),
        spec: JobSpec { gpus, ..JobSpec::default() },
        ..JobRow::default()
    }
}

/// The seed and the physics of a scenario.
pub fn options(scenario: &Scenario) -> Options {
    Options {
        seed: scenario.seed,
        times: RunTimes { enforce_walltime: false, estimate_ppm: PPM },
        physics: scenario.physics.clone(),
        ..Options::default()
    }
}

/// A run on the cluster of a scenario, which breaks no rule.
#[track_caller]
pub fn simulated(scenario: &Scenario, jobs: &JobTable, policy: &PolicyChoice, options: &Options) -> Outcome {
    let setup = Setup { cluster: &scenario.cluster, jobs, policy, options };
    simulate(setup, &mut Silent).unwrap_or_else(|e| panic!("{}: {e}", policy.entry.name))
}
