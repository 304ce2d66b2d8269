//! The fields of a row, read as what they should be.

use std::path::Path;

use csv::StringRecord;

use super::moment::{Moment, TimeUnit};
use super::sheet::Column;
use crate::input::Problem;
use crate::trace::RecordedState;
use crate::units::decimal::scaled;
use crate::units::{Span, suggest};

/// The delimiter of programs that quote nothing.
pub(super) const PIPE: u8 = b'|';

/// What datasets write where they have no value.
const MISSING: &[&str] = &["None", "null", "NULL", "NaN", "nan", "Unknown", "N/A", "NaT"];

/// The present row of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub(super) path: &'a Path,
    pub(super) names: &'a [String],
    pub(super) record: &'a StringRecord,
    pub(super) delimiter: u8,
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

    /// A field, unless it is empty or one of the words for a missing value.
    #[must_use]
    pub fn known(&self, column: Column) -> Option<&'a str> {
        self.filled(column).filter(|text| !MISSING.contains(text))
    }

    /// Reads a field; `read` says what it expected.
    ///
    /// # Errors
    /// The field is not as expected.
    pub fn read<T>(&self, column: Column, read: impl FnOnce(&'a str) -> Result<T, String>) -> Result<T, Problem> {
        read(self.text(column)).map_err(|expected| self.wrong(column, &expected))
    }

    /// Reads a field, unless it is empty or one of the words for a missing value.
    ///
    /// # Errors
    /// As [`Row::read`].
    pub fn read_filled<T>(
        &self,
        column: Column,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        self.known(column).map(|_| self.read(column, read)).transpose()
    }

    /// A whole number.
    ///
    /// # Errors
    /// The field is none.
    pub fn count(&self, column: Column) -> Result<u32, Problem> {
        self.read(column, count)
    }

    /// Decimal seconds as a span, if there are any.
    ///
    /// # Errors
    /// The field is no number >= 0.
    pub fn span(&self, column: Column) -> Result<Option<Span>, Problem> {
        self.read_filled(column, |text| TimeUnit::Seconds.span(text))
    }

    /// Decimal seconds as an instant, if there are any.
    ///
    /// # Errors
    /// The field is no number.
    pub fn moment(&self, column: Column) -> Result<Option<Moment>, Problem> {
        self.read_filled(column, |text| Moment::of_decimal(text, TimeUnit::Seconds))
    }

    /// A decimal number >= 0 with three places, in thousandths; 0 where there is none.
    ///
    /// # Errors
    /// The field is no such number.
    pub fn milli(&self, column: Column) -> Result<u64, Problem> {
        let read = |text: &str| scaled(text.as_bytes(), 3).map_err(|_| "expected a number >= 0".to_owned());
        Ok(self.read_filled(column, read)?.unwrap_or(0))
    }

    /// A date and time, if there is one.
    ///
    /// # Errors
    /// The field is something else.
    pub fn date(&self, column: Column) -> Result<Option<Moment>, Problem> {
        self.read_filled(column, Moment::of_date)
    }

    /// How the job ended, by the usual words, if the field has one.
    ///
    /// # Errors
    /// The word is not known.
    pub fn state(&self, column: Column) -> Result<Option<RecordedState>, Problem> {
        self.read_filled(column, state)
    }

    /// The problem of a field: what was expected instead.
    #[must_use]
    pub fn wrong(&self, column: Column, expected: &str) -> Problem {
        let before: usize = self.record.iter().take(column.0).map(|field| self.length(field) + 1).sum();
        let shown: String = self.text(column).chars().take(40).collect();
        let name = self.names.get(column.0).map_or("", String::as_str);
        Problem::at(self.path, self.line(), before as u64 + 1, format!("`{name}` is {shown:?}; {expected}"))
    }

    /// Bytes of a field as it stands in the file, where only what needs quotes has them.
    fn length(&self, field: &str) -> usize {
        let needs_quotes = self.delimiter != PIPE && field.contains([char::from(self.delimiter), '"', '\n']);
        field.len() + if needs_quotes { 2 + field.matches('"').count() } else { 0 }
    }
}

/// Reads a word for how a job ended.
///
/// # Errors
/// What was expected.
pub fn state(text: &str) -> Result<RecordedState, String> {
    RecordedState::parse(text).ok_or_else(|| {
        let words = [
            "completed",
            "failed",
            "cancelled",
            "timeout",
            "running",
            "pending",
            "node_fail",
            "preempted",
            "pass",
            "killed",
            "succeeded",
            "terminated",
            "waiting",
        ];
        format!("no known state{}", suggest::hint(text, &words))
    })
}

/// Reads a whole number, also one written as `8.0`.
///
/// # Errors
/// What was expected.
pub fn count(text: &str) -> Result<u32, String> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().map_err(|_| "expected a whole number >= 0".to_owned())
}
