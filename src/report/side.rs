//! Pages of several runs: a comparison side by side, and a sweep.

use super::shell;
use super::table::{Cell, table};
use crate::chart::markup::Markup;
use crate::chart::{Drawn, words};
use crate::experiments::design::{Origin, Rows};
use crate::experiments::stored::{StoredComparison, StoredSweep};
use crate::ledger::Leaf;
use crate::results::format::{dollars, duration, is_zero, percent, plural, points as in_points};

/// How many rows a table of a sweep lists.
const MOST_POINTS: usize = 500;

/// A figure in a table: its heading, its name, how a value is written.
type Figure = (&'static str, &'static str, fn(f64) -> String);

/// The figures of the tables, as the terminal shows them.
const FIGURES: [Figure; 9] = [
    ("allocated", "utilization.allocated", percent),
    ("occupied", "utilization.occupied", percent),
    ("productive", "utilization.productive", percent),
    ("MFU", "utilization.mfu", percent),
    ("mean queue time", "wait_s.mean", duration),
    ("p50", "wait_s.p50", duration),
    ("p95", "wait_s.p95", duration),
    ("slowdown", "bounded_slowdown.mean", ratio),
    ("idle a year", "cost.idle_usd_per_year", dollars),
];

fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

/// The page of a comparison; the first chart's title is the answer.
#[must_use]
pub fn comparison(of: &StoredComparison, drawn: &[Drawn]) -> Markup {
    let mut out = Markup::new();
    let first = &of.contenders[0].name;
    answer(&mut out, drawn);
    out.raw("<dl class=\"tiles\">\n");
    let useful = best(of, "utilization.productive", |share| -share);
    tile(&mut out, "most productive", useful, percent, "of the capacity");
    tile(&mut out, "shortest mean queue time", best(of, "wait_s.mean", |wait| wait), duration, "");
    out.raw("</dl>\n");
    shell::charts(&mut out, drawn);
    shell::tables(&mut out, [&figures(of), &differences(of), &leaves(of)]);
    let about = format!(
        "{} compared, {} each; differences are to {first}",
        plural(of.contenders.len() as u64, "scenario"),
        plural(of.replicates() as u64, "replicate")
    );
    shell::page(&of.name, &about, &out)
}

/// The page of a sweep.
#[must_use]
pub fn sweep(of: &StoredSweep, drawn: &[Drawn]) -> Markup {
    let mut out = Markup::new();
    answer(&mut out, drawn);
    shell::charts(&mut out, drawn);
    shell::tables(&mut out, [&points(of)]);
    let axes = of.design.axes.iter().map(|a| format!("{} = {}", a.key, a.values.join(", ")));
    let axes: Vec<String> = of.design.rows.iter().map(rows).chain(axes).collect();
    let replicates = plural(u64::from(of.replicates), "replicate");
    let over = if axes.is_empty() { "no axis".to_owned() } else { axes.join("; ") };
    let about = format!("Sweep of {over}; {}, {replicates} each", plural(of.points.len() as u64, "point"));
    shell::page(&of.name, &about, &out)
}

/// What the first chart finds.
fn answer(out: &mut Markup, drawn: &[Drawn]) {
    if let Some((_, scene)) = drawn.first() {
        out.raw("<section aria-label=\"The answer\">\n<p class=\"answer\">")
            .text(&scene.title)
            .raw(".</p>\n</section>\n");
    }
}

/// The contender whose figure is best, which is where `rank` is least, if any has it.
fn best<'c>(of: &'c StoredComparison, figure: &str, rank: fn(f64) -> f64) -> Option<(&'c str, f64)> {
    let known = of.contenders.iter().enumerate().filter_map(|(at, c)| Some((c.name.as_str(), of.value(at, figure)?)));
    known.min_by(|a, b| rank(a.1).total_cmp(&rank(b.1)))
}

fn tile(out: &mut Markup, name: &'static str, best: Option<(&str, f64)>, shown: fn(f64) -> String, unit: &str) {
    let Some((contender, value)) = best else { return };
    out.raw("<div class=\"tile\"><dt>").raw(name).raw("</dt><dd class=\"number\">").text(contender);
    out.raw("</dd><dd class=\"why\">").text(format!("{} {unit}", shown(value))).raw("</dd></div>\n");
}

fn is_priced(of: &StoredComparison) -> bool {
    (0..of.contenders.len()).any(|at| of.value(at, "cost.total_usd").is_some_and(|usd| usd > 0.0))
}

/// The figures that say anything: dollars do not where nothing has a price.
fn told(is_priced: bool) -> Vec<Figure> {
    FIGURES.into_iter().filter(|(_, figure, _)| is_priced || !figure.starts_with("cost.")).collect()
}

fn headings<'h>(first: &[&'h str], figures: &[Figure]) -> Vec<(&'h str, bool)> {
    first.iter().map(|name| (*name, false)).chain(figures.iter().map(|(name, ..)| (*name, true))).collect()
}

fn figures(of: &StoredComparison) -> Markup {
    let told = told(is_priced(of));
    let row = |at: usize| {
        let contender = &of.contenders[at];
        let values = told.iter().map(|(_, figure, shown)| Cell::maybe(contender.figures.number(figure), shown));
        [Cell::text(&contender.name), Cell::text(&contender.policy)].into_iter().chain(values).collect()
    };
    let rows: Vec<Vec<Cell>> = (0..of.contenders.len()).map(row).collect();
    table("Figures of replicate 0, as summary.json has them", &headings(&["name", "policy"], &told), &rows)
}

fn differences(of: &StoredComparison) -> Markup {
    let cell = |at: usize, (_, figure, shown): &Figure| match of.difference(at, figure) {
        Some(d) => {
            let shown = |value: f64| match figure.starts_with("utilization.") {
                true => format!("{} pp", in_points(value)),
                false => shown(value),
            };
            let sign = match shown(d.difference.abs()) {
                text if is_zero(&text) => "",
                _ if d.difference < 0.0 => "-",
                _ => "+",
            };
            let mark = if d.is_significant() { " *" } else { "" };
            Cell::number(d.difference, format!("{sign}{} {}{mark}", shown(d.difference.abs()), d.ends(shown)))
        }
        None => Cell::number(0.0, "n/a".to_owned()),
    };
    let told = told(is_priced(of));
    let row = |at: usize| {
        let values = told.iter().map(|figure| cell(at, figure));
        std::iter::once(Cell::text(&of.contenders[at].name)).chain(values).collect()
    };
    let rows: Vec<Vec<Cell>> = (1..of.contenders.len()).map(row).collect();
    let caption = format!("Differences to {}, with 95 % intervals; * significant", of.contenders[0].name);
    table(&caption, &headings(&["name"], &told), &rows)
}

fn leaves(of: &StoredComparison) -> Markup {
    let share = |at: usize, leaf: Leaf| {
        let figures = &of.contenders[at].figures;
        let capacity = figures.number("capacity_gpu_s").filter(|&capacity| capacity > 0.0)?;
        Some(figures.number(&format!("ledger.{}", leaf.name()))? / capacity)
    };
    let all = 0..of.contenders.len();
    let told = |leaf: &Leaf| all.clone().any(|at| share(at, *leaf).is_some_and(|share| share > 0.0));
    let row = |leaf: Leaf| {
        let shares = all.clone().map(|at| Cell::maybe(share(at, leaf), percent));
        [Cell::text(words::leaf(leaf)), Cell::text(words::group(leaf.group()))].into_iter().chain(shares).collect()
    };
    let rows: Vec<Vec<Cell>> = Leaf::ALL.into_iter().filter(told).map(row).collect();
    let names = of.contenders.iter().map(|c| (c.name.as_str(), true));
    let columns: Vec<(&str, bool)> = [("leaf", false), ("group", false)].into_iter().chain(names).collect();
    table("The capacity by what became of it", &columns, &rows)
}

fn points(of: &StoredSweep) -> Markup {
    let keys: Vec<&str> = of.design.keys().collect();
    let cell = |point: usize, (_, figure, shown): &Figure| match of.value(point, figure) {
        Some((value, Some(interval))) => Cell::number(value, format!("{} {}", shown(value), interval.ends(shown))),
        known => Cell::maybe(known.map(|(value, _)| value), shown),
    };
    let is_priced = |point: usize| of.value(point, "cost.total_usd").is_some_and(|(usd, _)| usd > 0.0);
    let told = told((0..of.points.len()).any(is_priced));
    let row = |point: usize| {
        let values = told.iter().map(|figure| cell(point, figure));
        of.settings(point).into_iter().map(setting).chain(values).collect()
    };
    let done = (0..of.points.len()).filter(|&point| !of.points[point].is_empty());
    let rows: Vec<Vec<Cell>> = done.take(MOST_POINTS).map(row).collect();
    let caption = match of.points.len() > MOST_POINTS {
        true => format!("The first {MOST_POINTS} points; results.csv has them all"),
        false => "All points, with 95 % intervals where replicates are enough".to_owned(),
    };
    table(&caption, &headings(&keys, &told), &rows)
}

/// A list or a sample in words.
fn rows(of: &Rows) -> String {
    let how = match of.from {
        Origin::List => "listed",
        Origin::LatinHypercube => "drawn by Latin hypercube",
    };
    format!("{} of {}, {how}", plural(of.rows.len() as u64, "setting"), of.keys.join(", "))
}

/// A setting, sorted as a number where it is one.
fn setting(value: String) -> Cell {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::number(number, value),
        _ => Cell::text(value),
    }
}
