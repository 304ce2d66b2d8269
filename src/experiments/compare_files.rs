//! `compare.csv`, a row a run, `waits.csv`, queue times of replicate 0, `differences.csv`, and `compare.json`, which has
//! the differences too.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::bootstrap::Period;
use super::compare::{Compared, wait_shares};
use super::interval::{CONFIDENCE, Draws, Interval};
use super::table::{Columns, Table};
use crate::input::Problem;
use crate::output::write_text;
use crate::results::Figures;
use crate::results::rows::Rows;

/// The version of `compare.json`'s shape.
pub const SCHEMA: &str = "fleetsim.compare/1";

/// What replicates are that are drawn from a trace's days or weeks.
#[must_use]
pub fn drawn_from(period: Period) -> String {
    format!("bootstrap of the trace's {period}; replicate 0 is the trace")
}

#[derive(Serialize)]
struct File<'a> {
    schema: &'static str,
    fleetsim: &'static str,
    name: &'a str,
    replicates: usize,
    confidence: f64,
    variants: Vec<Variant<'a>>,
}

#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    policy: &'static str,
    /// Of replicate 0, as `summary.json` has them.
    seed: u64,
    figures: Named<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Differences<'a>>,
}

#[derive(Serialize)]
struct Differences<'a> {
    to: &'a str,
    replicates_are: String,
    /// Into how many blocks they fall in the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<u32>,
    figures: Named<Value>,
}

/// A map in the order of its making.
struct Named<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Writes all files into `folder`, which is made if need be.
///
/// # Errors
/// When one cannot be written.
pub fn write(folder: &Path, compared: &Compared) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|e| Problem::of_file(folder, format!("cannot be made: {e}")))?;
    let mut columns = Columns::default();
    compared.cells.iter().flatten().for_each(|cell| columns.join(&cell.figures));
    let to = folder.join("compare.csv");
    let mut table = Table::create(&to, &["variant", "replicate", "seed"], &columns)?;
    for (contender, cells) in compared.contenders.iter().zip(&compared.cells) {
        for (replicate, cell) in cells.iter().enumerate() {
            table.row(&[contender.name.clone(), replicate.to_string(), cell.seed.to_string()], &cell.figures)?;
        }
    }
    table.finish()?;
    write_text(&folder.join("waits.csv"), &waits(compared))?;
    let differences = Differing::of(compared);
    write_text(&folder.join("differences.csv"), &differences_text(compared, &differences))?;
    write_text(&folder.join("compare.json"), &json_text(compared, &differences))
}

/// By contender, the first one's empty: all figures, with their differences to the first where there are any.
struct Differing<'c>(Vec<Vec<(&'c str, Option<Interval>)>>);

impl<'c> Differing<'c> {
    fn of(compared: &'c Compared) -> Self {
        let of = |at: usize| {
            let names = compared.cells[at][0].figures.iter().map(|(name, _)| name).filter(|_| at > 0);
            names.map(|name| (name, compared.difference(at, name))).collect()
        };
        Differing((0..compared.contenders.len()).map(of).collect())
    }
}

/// The queue time that a share of the jobs does not exceed, by contender.
fn waits(compared: &Compared) -> String {
    let mut rows = Rows::with_header("variant,share,wait_s");
    for (contender, waits) in compared.contenders.iter().zip(&compared.waits) {
        for (share, wait) in wait_shares().zip(waits) {
            rows.text(&contender.name);
            rows.plain((f64::from(share) / 1e6).to_string().as_bytes());
            rows.plain(wait.to_string().as_bytes());
            rows.end();
        }
    }
    String::from_utf8_lossy(rows.bytes()).into_owned()
}

/// The differences to the first contender, a row a contender and figure; only the header where replicates are too few.
fn differences_text(compared: &Compared, differences: &Differing<'_>) -> String {
    let mut rows = Rows::with_header("variant,figure,difference,low,high,significant,method");
    for (contender, figures) in compared.contenders.iter().zip(&differences.0) {
        for &(figure, interval) in figures {
            let Some(interval) = interval else { continue };
            rows.text(&contender.name);
            rows.text(figure);
            for number in [interval.difference, interval.low(), interval.high()] {
                rows.plain(number.to_string().as_bytes());
            }
            rows.plain(interval.is_significant().to_string().as_bytes());
            rows.plain(interval.method.name().as_bytes());
            rows.end();
        }
    }
    String::from_utf8_lossy(rows.bytes()).into_owned()
}

fn json_text(compared: &Compared, all: &Differing<'_>) -> String {
    let variant = |at: usize| Variant {
        name: &compared.contenders[at].name,
        policy: compared.contenders[at].scenario.policy.entry.name,
        seed: compared.cells[at][0].seed,
        figures: exact(&compared.cells[at][0].figures),
        differences: (at > 0 && compared.replicates() > 1).then(|| differences(compared, at, &all.0[at])),
    };
    let file = File {
        schema: SCHEMA,
        fleetsim: env!("CARGO_PKG_VERSION"),
        name: &compared.contenders[0].scenario.name,
        replicates: compared.replicates(),
        confidence: CONFIDENCE,
        variants: (0..compared.contenders.len()).map(variant).collect(),
    };
    let mut text = serde_json::to_string_pretty(&file).expect("a comparison is JSON");
    text.push('\n');
    text
}

fn exact(figures: &Figures) -> Named<Box<RawValue>> {
    let value = |text: &str| {
        let text = if text.is_empty() { "null" } else { text };
        RawValue::from_string(text.to_owned()).expect("a figure is JSON")
    };
    Named(figures.iter().map(|(name, text)| (name.to_owned(), value(text))).collect())
}

fn differences<'c>(compared: &'c Compared, at: usize, figures: &[(&str, Option<Interval>)]) -> Differences<'c> {
    let value = |interval: Option<Interval>| {
        let Some(interval) = interval else { return Value::Null };
        let mut fields = Map::new();
        fields.insert("difference".to_owned(), json!(interval.difference));
        fields.insert("low".to_owned(), json!(interval.low()));
        fields.insert("high".to_owned(), json!(interval.high()));
        fields.insert("significant".to_owned(), json!(interval.is_significant()));
        fields.insert("method".to_owned(), json!(interval.method.name()));
        Value::Object(fields)
    };
    let (replicates_are, blocks) = match compared.draws[at] {
        Draws::Independent => ("independent".to_owned(), None),
        Draws::Bootstrap { of, blocks } => (drawn_from(of), Some(blocks)),
    };
    Differences {
        to: &compared.contenders[0].name,
        replicates_are,
        blocks,
        figures: Named(figures.iter().map(|&(name, interval)| (name.to_owned(), value(interval))).collect()),
    }
}
