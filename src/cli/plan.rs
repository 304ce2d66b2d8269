//! `plan`: the smallest or cheapest setting that meets targets.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::Output;
use super::failure::Failure;
use super::format::{count, dollars, percent, plural};
use super::many::{self, ManyArgs};
use super::progress::pace;
use super::table::{finished, plain, right};
use crate::experiments::interval::Interval;
use crate::experiments::plan::target::{Reading, Target};
use crate::experiments::plan::{Plan, Planned, Request, files};
use crate::ledger::Leaf;
use crate::output::make_folder;
use crate::report;
use crate::results::Unit;
use crate::results::format::HOURS_A_YEAR;

/// What `plan` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example: fleetsim plan scenarios/quickstart.toml --vary cluster.pools.h100.nodes=12..32 \
                        --slo 'wait_s.p95<=2h' --slo 'utilization.productive>=60%' --replicates 10\n\n\
                        Settings are in the order of what their GPUs cost an hour (rented ones at most), then of their GPUs, then of the values \
                        as given. More of a range is expected to be better, for shares of the capacity and costs less of \
                        one that costs: a setting that misses a target rules out those that are no better, one that \
                        meets all rules out those that are dearer, and the one is tried that rules out the most in the \
                        worst case, which is halving where there is one range. Of a list \
                        nothing is expected. The rest of the budget tries what is cheaper than the best. Metrics are the flattened \
                        keys of summary.json, as wait_s_by_gpus.5-8.p95 or wait_s_by_tenant.NAME.p95. That no job is \
                        rejected or left unfinished, by the trace or in any of generated workloads, is a target \
                        unless --slo says otherwise. Exit code 1: no setting \
                        meets the targets.")]
pub struct PlanArgs {
    /// The scenario, a TOML file.
    pub scenario: PathBuf,
    /// A key with the values that it may take: LO..HI, LO..HI..STEP or a list; may be repeated.
    #[arg(long, value_name = "KEY=LO..HI", required = true)]
    pub vary: Vec<String>,
    /// A target, METRIC<=VALUE or METRIC>=VALUE; may be repeated.
    #[arg(long, value_name = "METRIC<=VALUE", required = true)]
    pub slo: Vec<String>,
    /// How many settings are tried at most.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = value_parser!(u32).range(1..=10_000))]
    pub budget: u32,
    /// Count a target as met only where its whole 95 % interval meets it; takes --replicates.
    #[arg(long)]
    pub sure: bool,
    /// Replicates and changes.
    #[command(flatten)]
    pub many: ManyArgs,
    /// The folder for plan.csv, plan.json and the chart; reports/NAME-plan without.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Draw no chart.
    #[arg(long)]
    pub no_report: bool,
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the input, files that cannot be written, or that no setting meets the targets.
pub fn run(args: &PlanArgs, output: &mut Output) -> Result<(), Failure> {
    let plan = Plan::prepare(&Request {
        file: &args.scenario,
        overrides: args.many.overrides(),
        vary: &args.vary,
        slo: &args.slo,
        replicates: args.many.replicates(),
        budget: args.budget as usize,
        only_sure: args.sure,
    })?;
    let (notices, most) = (plan.notices.clone(), plan.most_runs());
    let name = plan.settings.first().map_or("", |setting| &setting.scenario.name);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(format!("{name}-plan")));
    make_folder(&folder)?;
    let planned = many::make(&notices, most, output, |observer| plan.search(observer))?;
    report::clear(&folder)?;
    files::write(&folder, &planned)?;
    if !args.no_report {
        report::write_plan(&planned, &folder)?;
    }
    output.text(&text(&planned));
    output.text(&format!("\nwritten to {}\n", folder.display()));
    output.notice(&pace(&planned.pace));
    match planned.found.best {
        Some(_) => Ok(()),
        None => Err(Failure::Check("no setting that was tried meets the targets".to_owned())),
    }
}

fn text(planned: &Planned) -> String {
    let shown = match planned.found.best {
        Some(best) => [planned.next_smaller(best), Some(best)],
        None => [None, planned.nearest()],
    };
    let shown: Vec<usize> = shown.into_iter().flatten().collect();
    let parts = [Some(answer(planned)), Some(targets(planned, &shown)), ledgers(planned, &shown), frontier(planned)];
    parts.into_iter().flatten().chain([certainty(planned)]).collect::<Vec<_>>().join("\n")
}

fn answer(planned: &Planned) -> String {
    let plan = &planned.plan;
    let cost = |number: usize| {
        let setting = &plan.settings[number];
        let (gpus, hour) = (plural(setting.gpus, "GPU"), setting.per_hour.as_dollars());
        let most = if setting.scenario.cluster.rented_gpus() > 0 { "at most " } else { "" };
        match hour > 0.0 {
            true => format!("{gpus}, {most}{} an hour, {most}{} a year", dollars(hour), dollars(hour * HOURS_A_YEAR)),
            false => gpus,
        }
    };
    let name = |number: usize| plan.name(&plan.settings[number]);
    match (planned.found.best, planned.nearest()) {
        (Some(best), _) => format!("{}: {}\n", name(best), cost(best)),
        (None, Some(nearest)) => {
            let none = match (planned.found.cheaper_untried, planned.found.undecided) {
                (0, _) => "no setting meets the targets; the nearest is",
                (_, 0) => "none of those tried meets the targets, and no other is expected to; the nearest is",
                _ => "none was found within the budget; the nearest of those tried is",
            };
            format!("{none} {}: {}\n", name(nearest), cost(nearest))
        }
        (None, None) => "no setting was tried\n".to_owned(),
    }
}

/// Settings side by side, a column each.
fn headed(planned: &Planned, first: &str, settings: &[usize]) -> comfy_table::Table {
    let names = settings.iter().map(|&number| planned.plan.settings[number].values.join(", "));
    let header: Vec<String> = std::iter::once(first.to_owned()).chain(names).collect();
    let mut table = plain(&header.iter().map(String::as_str).collect::<Vec<_>>());
    right(&mut table, &(1..=settings.len()).collect::<Vec<_>>());
    table
}

fn targets(planned: &Planned, settings: &[usize]) -> String {
    let mut table = headed(planned, "target", settings);
    let readings: Vec<Vec<Reading>> = settings.iter().map(|&number| planned.readings(number)).collect();
    for (at, target) in planned.plan.targets.iter().enumerate() {
        // What nobody asked for is told only where it is missed.
        if target.is_implied && readings.iter().all(|readings| readings[at].missed_in == 0) {
            continue;
        }
        let cells = readings.iter().map(|readings| reading(target, readings[at], planned.plan.replicates));
        table.add_row(std::iter::once(target.to_string()).chain(cells).collect::<Vec<_>>());
    }
    finished(&table)
}

fn reading(target: &Target, reading: Reading, replicates: u32) -> String {
    let unit = Unit::of(&target.figure);
    let Some(value) = reading.value else { return "not known".to_owned() };
    let interval = reading.interval.map_or_else(String::new, |i| format!(" {}", i.ends(|size| unit.shown(size))));
    match (reading.meets, target.is_implied) {
        (true, true) if reading.missed_in > 0 => {
            format!("{}, but misses in {} of {replicates}", unit.shown(value), reading.missed_in)
        }
        (true, _) => format!("{}{interval}", unit.shown(value)),
        (false, false) => format!("{}{interval}  misses", unit.shown(value)),
        // Each of the replicates must meet it, so an interval around their mean says nothing.
        (false, true) if replicates > 1 => format!("misses in {} of {replicates}", reading.missed_in),
        (false, true) => format!("{}  misses", unit.shown(value)),
    }
}

/// Where the GPU-time goes in each, as shares of the capacity, largest first: what binds.
fn ledgers(planned: &Planned, settings: &[usize]) -> Option<String> {
    let figure = |number: usize, name: &str| planned.trials.get(&number)?.first()?.figures.number(name);
    let share = |number: usize, leaf: Leaf| {
        let time = figure(number, &format!("ledger.{}", leaf.name())).unwrap_or(0.0);
        let capacity = figure(number, "capacity_gpu_s").unwrap_or(0.0);
        if capacity > 0.0 { time / capacity } else { 0.0 }
    };
    let last = *settings.last()?;
    let mut leaves: Vec<Leaf> =
        Leaf::ALL.into_iter().filter(|&leaf| settings.iter().any(|&number| share(number, leaf) >= 5e-4)).collect();
    leaves.sort_by(|&a, &b| share(last, b).total_cmp(&share(last, a)));
    let mut table = headed(planned, "ledger, of capacity", settings);
    for leaf in leaves {
        let shares = settings.iter().map(|&number| percent(share(number, leaf)));
        table.add_row(std::iter::once(leaf.name().to_owned()).chain(shares).collect::<Vec<_>>());
    }
    Some(finished(&table))
}

fn frontier(planned: &Planned) -> Option<String> {
    let frontier = planned.frontier();
    let figure = planned.frontier_figure();
    let mut table = plain(&["frontier", "GPUs", "an hour", figure, "targets"]);
    for &(number, wait) in &frontier {
        let setting = &planned.plan.settings[number];
        table.add_row([
            planned.plan.name(setting),
            count(setting.gpus),
            dollars(setting.per_hour.as_dollars()),
            Unit::of(figure).shown(wait),
            if planned.found.tried[&number].meets() { "met" } else { "missed" }.to_owned(),
        ]);
    }
    right(&mut table, &[1, 2, 3]);
    (!frontier.is_empty()).then(|| finished(&table))
}

/// How far the answer can be trusted: the search, then the figures.
fn certainty(planned: &Planned) -> String {
    let (plan, found) = (&planned.plan, &planned.found);
    let mut text =
        format!("{} of {} tried", count(found.tried.len() as u64), plural(plan.settings.len() as u64, "setting"));
    let (left, cheaper) = (count(found.cheaper_untried as u64), count(found.cheaper as u64));
    text.push_str(&match (found.cheaper_untried, found.best) {
        (0, Some(_)) => "; all that are cheaper were tried, and none meets the targets\n".to_owned(),
        (0, None) => "\n".to_owned(),
        (_, Some(_)) => format!("; {left} of {cheaper} cheaper ones were not (--budget {})", plan.budget),
        (_, None) => format!("; the other {left} were not (--budget {})", plan.budget),
    });
    if found.cheaper_untried > 0 {
        text.push_str(&match found.undecided {
            0 => ": they are expected to miss the targets\n".to_owned(),
            open => format!(", and nothing is known of {}; a larger --budget tells\n", count(open as u64)),
        });
    }
    if let Some(&(cheaper, dearer)) = found.exceptions.first() {
        let name = |number: usize| plan.name(&plan.settings[number]);
        text.push_str(&format!(
            "the expectation does not always hold: {} meets the targets, {} does not{}\n",
            name(cheaper),
            name(dearer),
            if found.cheaper_untried > 0 { "; a larger --budget may find a cheaper one" } else { "" }
        ));
    }
    if let Some((setting, target, reading)) = planned.but_for_a_few() {
        let high = reading.interval.filter(|_| plan.only_sure).map(Interval::high);
        let bound = high.or(reading.value).unwrap_or_default();
        text.push_str(&format!(
            "{} misses only `{target}`, in {} of {} replicates; --slo '{}<={:.0}' would let it pass\n",
            plan.name(&plan.settings[setting]),
            reading.missed_in,
            plan.replicates,
            target.figure,
            bound.ceil(),
        ));
    }
    text.push_str(&confidence(planned));
    text
}

fn confidence(planned: &Planned) -> String {
    let plan = &planned.plan;
    let Some(best) = planned.found.best else { return String::new() };
    let readings = planned.readings(best);
    if readings.iter().all(|reading| reading.is_sure.is_none()) {
        let few = plural(u64::from(plan.replicates), "replicate");
        return format!("{few}: nothing says how far another workload would differ; --replicates 10 does\n");
    }
    let unsure: Vec<&Target> = plan
        .targets
        .iter()
        .zip(&readings)
        .filter(|(_, r)| r.is_sure == Some(false))
        .map(|(target, _)| target)
        .collect();
    let of = format!("{}, 95 % intervals", plural(u64::from(plan.replicates), "replicate"));
    match unsure.is_empty() {
        true => format!("{of}: the whole intervals meet the targets\n"),
        false => {
            let names: Vec<String> = unsure.iter().map(|target| format!("`{target}`")).collect();
            format!("{of}: not all of the interval meets {}; --sure asks for that\n", names.join(", "))
        }
    }
}
