//! `compare`: variants or policies side by side.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::Output;
use super::failure::Failure;
use super::format::{count, dollars, duration, percent};
use super::progress::Runs;
use super::table::{finished, plain, right};
use crate::experiments::compare::{Compared, Comparison, Request};
use crate::experiments::compare_files;
use crate::experiments::interval::{Draws, Interval};
use crate::experiments::stored::StoredComparison;
use crate::results::Figures;
use crate::scenario::Overrides;

/// What `compare` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example: fleetsim compare scenarios/quickstart.toml --policies fifo,easy-backfill \
                        --replicates 20\n\n\
                        Without --policies, the scenario and its [[variant]]s are compared. Replicate 0 is the trace \
                        itself; the others draw its days anew, in blocks (a generated workload: another seed), the \
                        same for all that is compared. Differences to the first, with 95 % intervals, need 3 \
                        replicates of a trace, 2 of a generated workload.")]
pub struct CompareArgs {
    /// The scenario, a TOML file.
    pub scenario: PathBuf,
    /// These policies instead of the scenario's variants.
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',')]
    pub policies: Vec<String>,
    /// How often, each time on another workload.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=100_000))]
    pub replicates: u32,
    /// Another value for a key of the scenario, such as cluster.pools.h100.nodes=24; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Another seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The folder for compare.csv, compare.json, charts and report; reports/NAME-compare without.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write no charts and no HTML report.
    #[arg(long)]
    pub no_report: bool,
}

/// How a figure is shown.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Share,
    Seconds,
    Ratio,
    Dollars,
}

/// The columns of the table: heading, figure, unit.
const COLUMNS: [(&str, &str, Unit); 9] = [
    ("allocated", "utilization.allocated", Unit::Share),
    ("occupied", "utilization.occupied", Unit::Share),
    ("productive", "utilization.productive", Unit::Share),
    ("MFU", "utilization.mfu", Unit::Share),
    ("wait mean", "wait_s.mean", Unit::Seconds),
    ("p50", "wait_s.p50", Unit::Seconds),
    ("p95", "wait_s.p95", Unit::Seconds),
    ("slowdown", "bounded_slowdown.mean", Unit::Ratio),
    ("idle a year", "cost.idle_usd_per_year", Unit::Dollars),
];

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the scenario or its trace, or files that cannot be written.
pub fn run(args: &CompareArgs, output: &mut Output) -> Result<(), Failure> {
    let overrides = Overrides { set: args.set.clone(), seed: args.seed, ..Overrides::default() };
    let policies: Vec<String> = args.policies.iter().map(|name| name.trim().to_owned()).collect();
    let request = Request { file: &args.scenario, overrides, policies: &policies, replicates: args.replicates };
    let comparison = Comparison::plan(&request)?;
    for notice in &comparison.notices {
        output.notice(notice);
    }
    let bar = Runs::over(comparison.runs() as u64);
    let made = comparison.run(&|| bar.one_more());
    bar.clear();
    let (compared, pace) = made?;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("reports").join(format!("{}-compare", compared.contenders[0].scenario.name)));
    compare_files::write(&folder, &compared)?;
    if !args.no_report {
        crate::report::write_comparison(&StoredComparison::read(&folder)?, &folder)?;
    }
    output.text(&text(&compared));
    output.text(&format!("\nwritten to {}\n", folder.display()));
    output.notice(&super::progress::pace(&pace));
    Ok(())
}

fn text(compared: &Compared) -> String {
    let first = &compared.contenders[0].scenario;
    let title = match compared.replicates() {
        1 => format!("{}, seed {}\n", first.name, first.seed),
        several => format!("{}, seed {}; replicate 0 of {}\n", first.name, first.seed, count(several as u64)),
    };
    let mut parts = vec![title, figures(compared)];
    if compared.replicates() > 1 {
        parts.push(differences(compared));
    }
    parts.join("\n")
}

fn header() -> Vec<&'static str> {
    std::iter::once("").chain(COLUMNS.iter().map(|column| column.0)).collect()
}

fn numbers_to_the_right(table: &mut comfy_table::Table) {
    right(table, &(1..=COLUMNS.len()).collect::<Vec<_>>());
}

fn figures(compared: &Compared) -> String {
    let mut table = plain(&header());
    for (contender, cells) in compared.contenders.iter().zip(&compared.cells) {
        let cell = |figures: &Figures, name: &str, unit: Unit| {
            figures.number(name).map_or_else(|| "n/a".to_owned(), |value| shown(value, unit))
        };
        let values = COLUMNS.iter().map(|(_, name, unit)| cell(&cells[0].figures, name, *unit));
        table.add_row(std::iter::once(contender.name.clone()).chain(values).collect::<Vec<_>>());
    }
    numbers_to_the_right(&mut table);
    finished(&table)
}

fn differences(compared: &Compared) -> String {
    let mut table = plain(&header());
    let mut any = false;
    for (at, contender) in compared.contenders.iter().enumerate().skip(1) {
        let values = COLUMNS.iter().map(|(_, name, unit)| match compared.difference(at, name) {
            Some(interval) => {
                any = true;
                difference(interval, *unit)
            }
            None => "n/a".to_owned(),
        });
        table.add_row(std::iter::once(contender.name.clone()).chain(values).collect::<Vec<_>>());
    }
    numbers_to_the_right(&mut table);
    let first = &compared.contenders[0].name;
    let by_bootstrap = (1..compared.contenders.len()).any(|at| compared.draws(at) == Draws::Bootstrap);
    if !any {
        return "too few replicates for intervals: a trace takes 3, a generated workload 2\n".to_owned();
    }
    let how = match by_bootstrap {
        true => "the trace's own differences; intervals by bootstrap of its days",
        false => "means over the replicates; intervals by Student's t",
    };
    format!("differences to {first}, 95 % confidence, * significant ({how})\n{}", finished(&table))
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Seconds => duration(value),
        Unit::Ratio => format!("{value:.2}"),
        Unit::Dollars => dollars(value),
    }
}

/// `+1.2 +-0.4 *`; shares in percentage points.
fn difference(interval: Interval, unit: Unit) -> String {
    let size = |value: f64| match unit {
        Unit::Share => format!("{:.1}", value * 100.0),
        other => shown(value, other),
    };
    let sign = match interval.difference {
        d if d > 0.0 => "+",
        d if d < 0.0 => "-",
        _ => "",
    };
    let mark = if interval.is_significant() { " *" } else { "  " };
    format!("{sign}{} ±{}{mark}", size(interval.difference.abs()), size(interval.margin))
}
