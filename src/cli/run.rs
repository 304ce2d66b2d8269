//! `run`: one simulation.

use std::path::PathBuf;

use super::args::RunArgs;
use super::failure::Failure;
use super::progress::{Bar, Runs};
use super::{Output, summary};
use crate::experiments::remedies::Trials;
use crate::experiments::run::Run;
use crate::experiments::workload::{self, Jobs};
use crate::output::make_folder;
use crate::report;
use crate::results::RunFolder;
use crate::results::remedies::Remedies;
use crate::scenario::{self, Overrides, Scenario};
use crate::units::Span;

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the scenario or the trace.
pub fn run(args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let overrides = Overrides {
        set: args.set.clone(),
        unset: args.unset.clone(),
        policy: args.policy.clone(),
        trace: args.trace.clone(),
        seed: args.seed,
        until: args.until.as_deref().map(with_unit),
        ..Overrides::default()
    };
    let scenario = scenario::load(&args.scenario, &overrides)?;
    let jobs = workload::load(&scenario, &args.scenario)?;
    for notice in scenario.notices.iter().chain(&jobs.notices) {
        output.notice(notice);
    }
    // A long run is not to be lost to a folder that cannot be written.
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(folder_name(&scenario.name)));
    make_folder(&folder)?;
    let mut bar = Bar::over(jobs.table.len() as u64);
    // Where jobs ran is of use to charts alone.
    let simulate = if args.no_report { Run::of } else { Run::with_places };
    let run = simulate(&scenario, &jobs.table, scenario.seed, &mut bar)?;
    bar.clear();
    if run.outcome.window == Span::ZERO && run.outcome.horizon() > Span::ZERO {
        output.notice("warm-up and cool-down cut off all of the run: nothing is measured");
    }
    let run_folder = RunFolder {
        scenario: &scenario,
        jobs: &jobs.table,
        outcome: &run.outcome,
        metrics: &run.metrics,
        inputs: &jobs.inputs,
    };
    report::clear(&folder)?;
    run_folder.write(&folder)?;
    let remedies = if args.remedies { Some(remedies(args, &overrides, &scenario, &jobs, &run, output)?) } else { None };
    if let Some(remedies) = &remedies {
        remedies.write(&folder)?;
    }
    if !args.no_report {
        report::write(&folder, &folder)?;
    }
    output.text(&summary::text(&scenario, &jobs.table, &run.metrics, &run.outcome));
    if let Some(remedies) = &remedies {
        output.text(&format!("\n{}", super::remedies::text(remedies)));
    }
    output.text(&format!("\nwritten to {}\n", folder.display()));
    Ok(())
}

/// Simulates all remedies that the scenario allows.
fn remedies(
    args: &RunArgs,
    overrides: &Overrides,
    scenario: &Scenario,
    jobs: &Jobs,
    run: &Run,
    output: &mut Output,
) -> Result<Remedies, Failure> {
    let trials = Trials::of(&args.scenario, overrides, scenario, &jobs.table);
    for (change, problems) in &trials.impossible {
        output.notice(&format!("remedy `{}` cannot be tried: {problems}", change.name));
    }
    let bar = Runs::over(trials.runs() as u64);
    let made = trials.run(&run.metrics, &|| bar.one_more());
    bar.clear();
    let (remedies, pace) = made?;
    output.notice(&super::progress::pace(&pace));
    Ok(remedies)
}

/// A scenario's name as that of a folder: no path, and nothing that a shell would trip over.
fn folder_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    if name.trim_matches(['.', ' ']).is_empty() { "run".to_owned() } else { name }
}

/// A bare number is in seconds.
fn with_unit(text: &str) -> String {
    if text.parse::<f64>().is_ok() { format!("{text}s") } else { text.to_owned() }
}
