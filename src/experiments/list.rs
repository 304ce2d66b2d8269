//! Points from a file: a CSV whose columns are keys of the scenario, a row a point.

use std::collections::BTreeMap;
use std::path::Path;

use super::axes::MOST_RUNS;
use super::design::{Origin, Rows};
use crate::input::{Problem, Problems};

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The points.
    pub rows: Rows,
    /// The line of the file that each stands in.
    pub lines: Vec<u64>,
}

/// Reads a list. Spaces around values are no part of them.
///
/// # Errors
/// Everything that is wrong with it as a table; whether the keys take the values is for the scenario to say.
pub fn read(file: &Path) -> Result<List, Problems> {
    let bytes = std::fs::read(file).map_err(|error| Problem::of_file(file, format!("cannot be read: {error}")))?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let broken = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Problem::at(file, line, 0, format!("is no CSV in UTF-8 here: {error}"))
    };
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    let keys = keys(&header, file)?;
    let mut list = List { rows: Rows { from: Origin::List, keys, rows: Vec::new() }, lines: Vec::new() };
    let mut problems = Problems::new();
    let mut known: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        match row(&record, line, file, &list.rows.keys) {
            Ok(row) => {
                if let Some(first) = known.insert(row.clone(), line) {
                    problems.push(Problem::at(file, line, 0, format!("is the same point as line {first}")));
                }
                list.rows.rows.push(row);
                list.lines.push(line);
            }
            Err(problem) => problems.push(problem),
        }
        if list.rows.rows.len() as u64 > MOST_RUNS {
            return Err(Problem::of_file(file, format!("has more than {MOST_RUNS} points")).into());
        }
    }
    if problems.is_empty() && list.rows.rows.is_empty() {
        return Err(Problem::of_file(file, "has no point; expected rows of values below the header").into());
    }
    problems.or(list)
}

fn keys(header: &csv::StringRecord, file: &Path) -> Result<Vec<String>, Problems> {
    let mut keys: Vec<String> = Vec::new();
    let mut problems = Problems::new();
    let mut wrong = |message: String| problems.push(Problem::at(file, 1, 0, message));
    for (number, key) in (1..).zip(header) {
        match key {
            "" => wrong(format!("column {number} has no name; expected a key such as cluster.pools.h100.nodes")),
            "seed" => wrong("the seed is no column: --replicates makes runs under other seeds".to_owned()),
            key if keys.iter().any(|known| known == key) => wrong(format!("the column `{key}` is there twice")),
            key => keys.push(key.to_owned()),
        }
    }
    if header.is_empty() {
        wrong("is empty; expected a header of keys such as cluster.pools.h100.nodes".to_owned());
    }
    problems.or(keys)
}

fn row(record: &csv::StringRecord, line: u64, file: &Path, keys: &[String]) -> Result<Vec<String>, Problem> {
    let wrong = |message: String| Problem::at(file, line, 0, message);
    if record.len() != keys.len() {
        return Err(wrong(format!("{} values are expected, one a column; {} found", keys.len(), record.len())));
    }
    if let Some(at) = record.iter().position(str::is_empty) {
        return Err(wrong(format!("`{}` has no value here", keys[at])));
    }
    Ok(record.iter().map(str::to_owned).collect())
}
