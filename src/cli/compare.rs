//! `compare`: variants or policies side by side.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use super::failure::Failure;
use super::format::{clipped, count, is_zero, points};
use super::many::{self, ManyArgs};
use super::table::{finished, plain, right};
use crate::experiments::compare::{Compared, Comparison, Request};
use crate::experiments::compare_files;
use crate::experiments::interval::{Draws, Interval};
use crate::experiments::stored::StoredComparison;
use crate::experiments::studentized::FEWEST;
use crate::output::make_folder;
use crate::report;
use crate::results::{Figures, Unit};

/// What `compare` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example: fleetsim compare scenarios/quickstart.toml --policies fifo,easy-backfill \
                        --replicates 20\n\n\
                        Without --policies, the scenario and its [[variant]]s are compared. Replicate 0 is the trace \
                        itself; the others draw its days anew, in blocks (--bootstrap weeks: its weeks; a generated workload: another seed), the \
                        same for all that is compared. Differences to the first, with 95 % intervals, need 3 \
                        replicates of a trace, 2 of a generated workload.")]
pub struct CompareArgs {
    /// The scenario, a TOML file.
    pub scenario: PathBuf,
    /// These policies instead of the scenario's variants.
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',')]
    pub policies: Vec<String>,
    /// Replicates and changes.
    #[command(flatten)]
    pub many: ManyArgs,
    /// The folder for compare.csv, compare.json, charts and report; reports/NAME-compare without.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write no charts and no HTML report.
    #[arg(long)]
    pub no_report: bool,
}

/// The letters of a name that the table has room for.
const NAME: usize = 32;

/// The columns of the table: heading and figure.
const COLUMNS: [(&str, &str); 9] = [
    ("allocated", "utilization.allocated"),
    ("occupied", "utilization.occupied"),
    ("productive", "utilization.productive"),
    ("MFU", "utilization.mfu"),
    ("wait mean", "wait_s.mean"),
    ("p50", "wait_s.p50"),
    ("p95", "wait_s.p95"),
    ("slowdown", "bounded_slowdown.mean"),
    ("idle a year", "cost.idle_usd_per_year"),
];

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the scenario or its trace, or files that cannot be written.
pub fn run(args: &CompareArgs, output: &mut Output) -> Result<(), Failure> {
    let overrides = args.many.overrides();
    let policies: Vec<String> = args.policies.iter().map(|name| name.trim().to_owned()).collect();
    let request = Request { file: &args.scenario, overrides, policies: &policies, replicates: args.many.replicates() };
    let comparison = Comparison::plan(&request)?;
    let (notices, runs) = (comparison.notices.clone(), comparison.runs() as u64);
    let name = format!("{}-compare", comparison.contenders[0].scenario.name);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(name));
    make_folder(&folder)?;
    let (compared, pace) = many::make(&notices, runs, output, |observer| comparison.run(observer))?;
    report::clear(&folder)?;
    compare_files::write(&folder, &compared)?;
    if !args.no_report {
        report::write_comparison(&StoredComparison::read(&folder)?, &folder)?;
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

/// The columns that say anything: dollars do not where nothing has a price.
fn columns(compared: &Compared) -> Vec<(&'static str, &'static str)> {
    let is_priced =
        compared.cells.iter().any(|cells| cells[0].figures.number("cost.total_usd").is_some_and(|usd| usd > 0.0));
    COLUMNS.into_iter().filter(|(_, figure)| is_priced || !figure.starts_with("cost.")).collect()
}

fn table_of(columns: &[(&'static str, &'static str)]) -> comfy_table::Table {
    plain(&std::iter::once("").chain(columns.iter().map(|column| column.0)).collect::<Vec<_>>())
}

fn numbers_to_the_right(table: &mut comfy_table::Table, columns: usize) {
    right(table, &(1..=columns).collect::<Vec<_>>());
}

fn figures(compared: &Compared) -> String {
    let columns = columns(compared);
    let mut table = table_of(&columns);
    for (contender, cells) in compared.contenders.iter().zip(&compared.cells) {
        let cell = |figures: &Figures, name: &str| {
            figures.number(name).map_or_else(|| "n/a".to_owned(), |value| shown(value, name))
        };
        let values = columns.iter().map(|(_, name)| cell(&cells[0].figures, name));
        table.add_row(std::iter::once(clipped(&contender.name, NAME)).chain(values).collect::<Vec<_>>());
    }
    numbers_to_the_right(&mut table, columns.len());
    finished(&table)
}

fn differences(compared: &Compared) -> String {
    let columns = columns(compared);
    let mut table = table_of(&columns);
    let mut any = false;
    for (at, contender) in compared.contenders.iter().enumerate().skip(1) {
        let values = columns.iter().map(|(_, name)| match compared.difference(at, name) {
            Some(interval) => {
                any = true;
                difference(interval, name)
            }
            None => "n/a".to_owned(),
        });
        table.add_row(std::iter::once(clipped(&contender.name, NAME)).chain(values).collect::<Vec<_>>());
    }
    numbers_to_the_right(&mut table, columns.len());
    let first = &compared.contenders[0].name;
    let drawn_from = compared.draws.iter().find_map(|draws| match draws {
        Draws::Bootstrap { of, .. } => Some(of),
        Draws::Independent => None,
    });
    if !any {
        return "too few replicates for intervals: a trace takes 3, a generated workload 2\n".to_owned();
    }
    let how = match drawn_from {
        Some(period) => format!("the trace's own differences; intervals by bootstrap of its {period}"),
        None if compared.replicates() >= FEWEST => {
            "means over the replicates; intervals by Student's t, of quantiles by bootstrap-t".to_owned()
        }
        None => "means over the replicates; intervals by Student's t".to_owned(),
    };
    format!("differences to {first}, 95 % confidence, * significant ({how})\n{}", finished(&table))
}

fn shown(value: f64, figure: &str) -> String {
    match Unit::of(figure) {
        Unit::Number => format!("{value:.2}"),
        unit => unit.shown(value),
    }
}

/// `+1.2 ±0.4 *`, or `+1.2 [0.9, 2.1] *` where the interval leans; shares in percentage points.
fn difference(interval: Interval, figure: &str) -> String {
    let size = |value: f64| match Unit::of(figure) {
        Unit::Share => points(value),
        _ => shown(value, figure),
    };
    let sign = match interval.difference {
        d if is_zero(&size(d.abs())) => "",
        d if d > 0.0 => "+",
        _ => "-",
    };
    let mark = if interval.is_significant() { " *" } else { "  " };
    format!("{sign}{} {}{mark}", size(interval.difference.abs()), interval.ends(size))
}
