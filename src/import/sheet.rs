//! Rows and columns of a dataset's file, every problem with its place.

use std::path::{Path, PathBuf};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::moment::{Moment, TimeUnit};
use crate::input::Problem;
use crate::trace::source::{CHUNK, Source};
use crate::units::{Span, suggest};

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
    reader: Reader<Source>,
    names: Vec<String>,
    record: StringRecord,
    rows: u64,
}

/// A column of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(usize);

/// The present row of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    path: &'a Path,
    names: &'a [String],
    record: &'a StringRecord,
}

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
        Self::of_source(path, Source::open(path)?, delimiter, header)
    }

    fn of_source(path: &Path, source: Source, delimiter: u8, header: Header) -> Result<Sheet, Problem> {
        let reader =
            ReaderBuilder::new().has_headers(false).delimiter(delimiter).buffer_capacity(CHUNK).from_reader(source);
        let mut sheet =
            Sheet { path: path.to_owned(), reader, names: Vec::new(), record: StringRecord::new(), rows: 0 };
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
        let row = Row { path: &self.path, names: &self.names, record: &self.record };
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

impl<'a> Row<'a> {
    /// The line that it starts on.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    /// A field without the blanks around it.
    #[must_use]
    pub fn text(&self, column: Column) -> &'a str {
        self.record.get(column.0).unwrap_or_default().trim()
    }

    /// A field, unless it is empty.
    #[must_use]
    pub fn filled(&self, column: Column) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// Reads a field; `read` says what it expected.
    ///
    /// # Errors
    /// The field is not as expected.
    pub fn read<T>(&self, column: Column, read: impl FnOnce(&'a str) -> Result<T, String>) -> Result<T, Problem> {
        read(self.text(column)).map_err(|expected| self.wrong(column, &expected))
    }

    /// Reads a field, unless it is empty.
    ///
    /// # Errors
    /// As [`Row::read`].
    pub fn read_filled<T>(
        &self,
        column: Column,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        self.filled(column).map(|_| self.read(column, read)).transpose()
    }

    /// A whole number.
    ///
    /// # Errors
    /// The field is none.
    pub fn count(&self, column: Column) -> Result<u32, Problem> {
        self.read(column, count)
    }

    /// Decimal seconds as a span.
    ///
    /// # Errors
    /// The field is no number >= 0.
    pub fn span(&self, column: Column) -> Result<Span, Problem> {
        self.read(column, |text| TimeUnit::Seconds.span(text))
    }

    /// Decimal seconds as an instant.
    ///
    /// # Errors
    /// The field is no number.
    pub fn moment(&self, column: Column) -> Result<Moment, Problem> {
        self.read(column, |text| Moment::of_decimal(text, TimeUnit::Seconds))
    }

    /// A date and time.
    ///
    /// # Errors
    /// The field is none.
    pub fn date(&self, column: Column) -> Result<Moment, Problem> {
        self.read(column, Moment::of_date)
    }

    /// The problem of a field: what was expected instead.
    #[must_use]
    pub fn wrong(&self, column: Column, expected: &str) -> Problem {
        let before: usize = self.record.iter().take(column.0).map(|field| quoted_len(field) + 1).sum();
        let shown: String = self.text(column).chars().take(40).collect();
        let name = self.names.get(column.0).map_or("", String::as_str);
        Problem::at(self.path, self.line(), before as u64 + 1, format!("`{name}` is {shown:?}; {expected}"))
    }
}

/// Bytes of a field as it stands in the file, where only what needs quotes has them.
fn quoted_len(field: &str) -> usize {
    let quotes = if field.contains([',', '"', '\n']) { 2 + field.matches('"').count() } else { 0 };
    field.len() + quotes
}

/// Reads a whole number, also one written as `8.0`.
///
/// # Errors
/// What was expected.
pub fn count(text: &str) -> Result<u32, String> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().map_err(|_| "expected a whole number >= 0".to_owned())
}
