//! Rows and columns of a dataset's file, every problem with its place.

use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::member::Member;
use super::row::{PIPE, Row};
use crate::input::{Problem, Problems};
use crate::trace::source::CHUNK;
use crate::units::suggest;

/// What stands in the first row.
#[derive(Debug, Clone, Copy)]
pub enum Header {
    /// The names of the columns.
    First,
    /// Values already; the columns are called so.
    Named(&'static [&'static str]),
}

/// A file of rows, plain or compressed.
#[derive(Debug)]
pub struct Sheet {
    path: PathBuf,
    reader: Reader<Member>,
    names: Vec<String>,
    record: StringRecord,
    rows: u64,
    delimiter: u8,
}

/// A column of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(pub(super) usize);

impl Sheet {
    /// Opens a file with a header and commas.
    ///
    /// # Errors
    /// The file cannot be read or is empty.
    pub fn open(path: &Path) -> Result<Sheet, Problem> {
        Self::open_as(path, b',', Header::First)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// As [`Sheet::open`].
    pub fn open_as(path: &Path, delimiter: u8, header: Header) -> Result<Sheet, Problem> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(delimiter)
            .quoting(delimiter != PIPE)
            .buffer_capacity(CHUNK)
            .from_reader(Member::open(path)?);
        let mut sheet =
            Sheet { path: path.to_owned(), reader, names: Vec::new(), record: StringRecord::new(), rows: 0, delimiter };
        match header {
            Header::First => {
                if !sheet.read()? {
                    return Err(Problem::of_file(path, "is empty; expected a header row"));
                }
                let names = sheet.record.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned());
                sheet.names = names.collect();
            }
            Header::Named(names) => sheet.names = names.iter().map(|&name| name.to_owned()).collect(),
        }
        Ok(sheet)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name without the folders.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is a column of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The column of this name, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Column> {
        self.names.iter().position(|known| known == name).map(Column)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// There is none; the nearest.
    pub fn column(&self, name: &str) -> Result<Column, Problem> {
        self.find(name).ok_or_else(|| {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let hint = match suggest::nearest(name, names.iter().copied()) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => format!("; the file has {}", names.join(",")),
            };
            Problem::at(&self.path, 1, 1, format!("column `{name}` is missing{hint}"))
        })
    }

    /// The columns of these names.
    ///
    /// # Errors
    /// Those that the file does not have.
    pub fn columns<const N: usize>(&self, names: [&str; N]) -> Result<[Column; N], Problems> {
        let mut problems = Problems::new();
        let columns = names.map(|name| {
            self.column(name).unwrap_or_else(|problem| {
                problems.push(problem);
                Column(0)
            })
        });
        problems.or(columns)
    }

    /// Rows read so far, without the header.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The file is damaged, or the row has too few or too many fields.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, Problem> {
        if !self.read()? {
            return Ok(None);
        }
        self.rows += 1;
        let row = Row { path: &self.path, names: &self.names, record: &self.record, delimiter: self.delimiter };
        let (found, expected) = (row.record.len(), row.names.len());
        if found != expected {
            return Err(Problem::at(
                row.path,
                row.line(),
                1,
                format!("the row has {found} fields, expected {expected}"),
            ));
        }
        Ok(Some(row))
    }

    fn read(&mut self) -> Result<bool, Problem> {
        self.reader.read_record(&mut self.record).map_err(|error| {
            let line = error.position().map_or_else(|| self.reader.position().line(), csv::Position::line);
            let message = match error.kind() {
                csv::ErrorKind::Io(error) => self.reader.get_ref().explain(error),
                csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("the row has {len} fields, expected {expected_len}")
                }
                _ => format!("cannot be read: {error}"),
            };
            Problem::at(&self.path, line, 1, message)
        })
    }
}
