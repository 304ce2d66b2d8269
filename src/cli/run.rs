//! `run`: one simulation.

use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::failure::Failure;
use super::progress::Bar;
use super::{Output, summary};
use crate::engine::{Options, Setup, simulate};
use crate::input::{Problem, Problems};
use crate::results::folder::InputFile;
use crate::results::{Metrics, RunFolder};
use crate::scenario::{self, Overrides, Scenario, Source};
use crate::sched::RunTimes;
use crate::trace::JobTable;
use crate::trace::generate::BadKey;
use crate::trace::native::{self, ReadOptions};
use crate::units::hash::Fingerprint;

/// The jobs of a scenario, and the files that they came from.
struct Jobs {
    table: JobTable,
    inputs: Vec<InputFile>,
    notices: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the scenario or the trace.
pub fn run(args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let overrides = Overrides {
        set: args.set.clone(),
        policy: args.policy.clone(),
        trace: args.trace.clone(),
        seed: args.seed,
        until: args.until.as_deref().map(with_unit),
    };
    let scenario = scenario::load(&args.scenario, &overrides)?;
    let jobs = load_jobs(&scenario, args)?;
    for notice in scenario.notices.iter().chain(&jobs.notices) {
        output.notice(notice);
    }
    let options = options(&scenario);
    let setup = Setup { cluster: &scenario.cluster, jobs: &jobs.table, policy: &scenario.policy, options: &options };
    let mut bar = Bar::over(jobs.table.len() as u64);
    let outcome = simulate(setup, &mut bar)?;
    bar.clear();
    let metrics = Metrics::of(&outcome, &jobs.table, &scenario.cluster, compares_recorded(&scenario));
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&scenario.name));
    let run_folder = RunFolder {
        scenario: &scenario,
        jobs: &jobs.table,
        outcome: &outcome,
        metrics: &metrics,
        inputs: &jobs.inputs,
    };
    run_folder.write(&folder)?;
    if !args.no_report {
        crate::report::write(&folder, &folder)?;
    }
    output.text(&summary::text(&scenario, &metrics, &outcome));
    output.text(&format!("\nwritten to {}\n", folder.display()));
    Ok(())
}

/// A bare number is in seconds.
fn with_unit(text: &str) -> String {
    if text.parse::<f64>().is_ok() { format!("{text}s") } else { text.to_owned() }
}

/// Recorded starts belong to the arrivals as they were: a denser replay has nothing to be held against.
fn compares_recorded(scenario: &Scenario) -> bool {
    scenario.workload.recorded && scenario.workload.scale.to_bits() == 1.0f64.to_bits()
}

fn options(scenario: &Scenario) -> Options {
    let workload = &scenario.workload;
    Options {
        seed: scenario.seed,
        times: RunTimes { enforce_walltime: workload.enforce_walltime, estimate_factor: workload.estimate_factor },
        discard: workload.discard.clone(),
        mfu_ppm: workload.mfu_ppm,
        physics: scenario.physics.clone(),
        until: scenario.measure.until,
        warmup: scenario.measure.warmup,
        cooldown: scenario.measure.cooldown,
    }
}

fn load_jobs(scenario: &Scenario, args: &RunArgs) -> Result<Jobs, Failure> {
    let mut inputs = Vec::new();
    if let Ok(bytes) = std::fs::read(&args.scenario) {
        inputs.push(input(&args.scenario.display().to_string(), Fingerprint::of(0, &bytes).value()));
    }
    let mut notices = Vec::new();
    let mut table = match &scenario.workload.source {
        Source::Trace(path) => {
            let trace = native::read(path, &ReadOptions::default())?;
            inputs.push(input(&path.display().to_string(), trace.fingerprint));
            notices.extend(trace.notices);
            trace.table
        }
        Source::Generate { generator, .. } => {
            generator.generate(scenario.seed).map_err(|bad| bad_recipe(&args.scenario, &bad))?
        }
    };
    if scenario.workload.scale.to_bits() != 1.0f64.to_bits() {
        table.compress_arrivals(scenario.workload.scale);
    }
    let without = table.ids().filter(|&job| table.walltime(job).is_none()).count() as u64;
    if without > 0 && uses_estimates(scenario) {
        let who = if without == table.len() as u64 {
            "no job has a walltime".to_owned()
        } else {
            format!(
                "{} of {} jobs have no walltime",
                super::format::count(without),
                super::format::count(table.len() as u64)
            )
        };
        notices.push(format!("{who}: run-time estimates are their true durations"));
    }
    Ok(Jobs { table, inputs, notices })
}

fn bad_recipe(scenario: &Path, bad: &[BadKey]) -> Problems {
    let mut problems = Problems::new();
    for key in bad {
        problems.push(Problem::of_file(scenario, format!("[workload.generate]: `{}`: {}", key.key, key.message)));
    }
    problems
}

/// Whether the policy looks at estimates at all.
fn uses_estimates(scenario: &Scenario) -> bool {
    scenario.policy.entry.uses_estimates
}

fn input(path: &str, fingerprint: u64) -> InputFile {
    InputFile { path: path.to_owned(), xxh64: format!("{fingerprint:016x}") }
}
