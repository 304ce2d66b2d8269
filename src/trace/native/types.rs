//! Where a trace names GPU types that nobody knows: what a type is, the scenario says, so the file is read once more.

use std::collections::BTreeMap;
use std::path::Path;

use csv::ByteRecord;

use super::columns::{Column, Layout};
use super::findings::{Findings, Spot};
use super::read::csv_reader;
use crate::input::{Problem, Problems};
use crate::trace::source::Source;

/// The problem of each of these GPU types, with what is wrong with it, at the first row that names it; of the whole file
/// where none does any more.
#[must_use]
pub fn type_problems(path: &Path, wrong: &BTreeMap<&str, String>) -> Problems {
    let mut problems = Problems::new();
    match first_rows(path, wrong) {
        Some(findings) => findings.locate(path, &mut problems),
        None => wrong.values().for_each(|message| problems.push(Problem::of_file(path, message))),
    }
    problems
}

/// `None` when the file cannot be read a second time, or is another one now.
fn first_rows(path: &Path, wrong: &BTreeMap<&str, String>) -> Option<Findings> {
    let mut reader = csv_reader(Source::open(path).ok()?);
    let mut record = ByteRecord::new();
    let mut findings = Findings::default();
    reader.read_byte_record(&mut record).ok()?;
    let layout = Layout::of_header(&record, Spot::of(record.position()?), &mut findings);
    let field = layout.field(Column::GpuType)?;
    let mut left = wrong.clone();
    while !left.is_empty() && reader.read_byte_record(&mut record).ok()? {
        let types = std::str::from_utf8(record.get(field)?).ok()?;
        for message in types.split('|').filter_map(|name| left.remove(name.trim())) {
            findings.push(Spot::of(record.position()?).field(field), message);
        }
    }
    left.is_empty().then_some(findings)
}
