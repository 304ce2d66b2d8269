//! A CSV file that a run wrote: columns by name, and where a bad field stands.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::input::Problem;

/// An open file, row by row.
pub struct CsvFile {
    path: PathBuf,
    reader: csv::Reader<File>,
    header: ByteRecord,
    row: ByteRecord,
}

impl CsvFile {
    /// Opens it and reads its header.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let file = File::open(path).map_err(|e| super::unreadable(path, &e))?;
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(file);
        let header = reader.byte_headers().map_err(|e| damaged(path, &e))?.clone();
        Ok(CsvFile { path: path.to_owned(), reader, header, row: ByteRecord::new() })
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Result<usize, Problem> {
        let missing = || Problem::at(&self.path, 1, 0, format!("is damaged: it has no column `{name}`"));
        self.header.iter().position(|c| c == name.as_bytes()).ok_or_else(missing)
    }

    /// The names of the columns.
    pub fn header(&self) -> Vec<String> {
        self.header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// Goes to the next row; false at the end.
    pub fn next(&mut self) -> Result<bool, Problem> {
        self.reader.read_byte_record(&mut self.row).map_err(|e| damaged(&self.path, &e))
    }

    /// The bytes of a field.
    pub fn bytes(&self, column: usize) -> &[u8] {
        self.row.get(column).unwrap_or_default()
    }

    /// A field's text.
    pub fn text(&self, column: usize) -> String {
        String::from_utf8_lossy(self.bytes(column)).into_owned()
    }

    /// A field's number; what is not one is told.
    pub fn number(&self, column: usize) -> Result<f64, Problem> {
        let text = std::str::from_utf8(self.bytes(column)).unwrap_or_default();
        text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| {
            let name = String::from_utf8_lossy(self.header.get(column).unwrap_or_default()).into_owned();
            self.problem(&format!("is damaged: `{}` in the column `{name}` is no number", self.text(column)))
        })
    }

    /// A field's number, or nothing where it is empty.
    pub fn maybe(&self, column: usize) -> Result<Option<f64>, Problem> {
        if self.bytes(column).is_empty() { Ok(None) } else { self.number(column).map(Some) }
    }

    /// What is wrong with the current row.
    pub fn problem(&self, message: &str) -> Problem {
        Problem::at(&self.path, self.row.position().map_or(1, csv::Position::line), 0, message)
    }
}

fn damaged(path: &Path, error: &csv::Error) -> Problem {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Problem::at(path, line, 0, format!("is damaged: {expected_len} fields are expected, {len} found"))
        }
        _ => Problem::at(path, line, 0, format!("is damaged: {error}")),
    }
}
