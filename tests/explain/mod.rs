//! What the tests of explanations have in common.

use std::path::Path;

use fleetsim::engine::{Options, Outcome, Setup, simulate_watched};
use fleetsim::experiments::explain::Story;
use fleetsim::scenario::{Overrides, Scenario, of_bytes};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::{JobId, JobRow, JobSpec, JobTable};
use fleetsim::units::keys::Value;
use fleetsim::units::{Span, Time};

/// A scenario of some pools and sections; its policy and jobs are to be replaced.
fn scenario(text: &str) -> Scenario {
    let text = format!("seed = 3\n{text}\n[workload]\ntrace = \"none.csv\"\n[policy.fifo]\n");
    of_bytes(text.as_bytes(), Path::new("test.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// A job by its times in seconds and its GPUs.
fn job(submit: u64, gpus: u32, run: u64) -> JobRow {
    JobRow {
        submit: Time::from_micros(submit * 1_000_000),
        duration: Span::from_seconds(run),
        walltime: Some(Span::from_seconds(run)),
        spec: JobSpec { gpus, ..JobSpec::default() },
        ..JobRow::default()
    }
}

/// Jobs with ids J1, J2, ...
fn table(rows: impl IntoIterator<Item = JobRow>) -> JobTable {
    rows.into_iter().enumerate().map(|(at, row)| JobRow { job_id: format!("J{}", at + 1), ..row }).collect()
}

/// A policy, with a switch set where one is named.
fn policy(name: &str, switch: Option<&'static str>) -> PolicyChoice {
    let mut choice = PolicyChoice::named(name).unwrap();
    if let Some(switch) = switch {
        choice.params.set(switch, Value::Bool(true));
    }
    choice
}

/// Watches a job of a run.
fn watch(scenario: &Scenario, jobs: &JobTable, policy: &PolicyChoice, job: JobId) -> (Outcome, Story) {
    let mut jobs = jobs.clone();
    jobs.set_apart(job);
    let options = Options { seed: scenario.seed, physics: scenario.physics.clone(), ..Options::default() };
    let setup = Setup { cluster: &scenario.cluster, jobs: &jobs, policy, options: &options };
    let mut story = Story::of(job);
    let outcome = simulate_watched(setup, &mut story).unwrap_or_else(|e| panic!("{e}"));
    (outcome, story)
}

mod program;
mod random;
mod tables;
