//! Tidy tables of runs: leading columns, then the figures; a row a run.

use std::path::Path;

use crate::input::Problem;
use crate::output::AtomicFile;
use crate::results::Figures;
use crate::results::figures::join_columns;

/// The columns of figures, collected over all rows before the first is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(Vec<String>);

impl Columns {
    /// Makes room for the figures of a row.
    pub fn join(&mut self, figures: &Figures) {
        join_columns(&mut self.0, figures.iter().map(|(name, _)| name));
    }
}

/// A table on its way into a file, which is there whole or not at all.
#[derive(Debug)]
pub struct Table<'c> {
    csv: csv::Writer<AtomicFile>,
    to: &'c Path,
    columns: &'c Columns,
}

impl<'c> Table<'c> {
    /// Begins the file `to`: leading columns, then those of the figures.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(to: &'c Path, lead: &[&str], columns: &'c Columns) -> Result<Self, Problem> {
        let csv = csv::Writer::from_writer(AtomicFile::create(to)?);
        let mut table = Table { csv, to, columns };
        table.record(lead.iter().copied().chain(columns.0.iter().map(String::as_str)))?;
        Ok(table)
    }

    /// Adds a row; a figure that it does not have is an empty cell.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, lead: &[String], figures: &Figures) -> Result<(), Problem> {
        let figures: Vec<(&str, &str)> = figures.iter().collect();
        // Most rows have all columns in the same order, so that a look-up ends at once.
        let mut next = 0;
        let values = self.columns.0.iter().map(|column| {
            let ahead = figures[next..].iter().position(|(name, _)| name == column).map(|at| next + at);
            let at = ahead.or_else(|| figures.iter().position(|(name, _)| name == column));
            at.map_or("", |at| {
                next = at + 1;
                figures[at].1
            })
        });
        self.record(lead.iter().map(String::as_str).chain(values))
    }

    fn record<'t>(&mut self, cells: impl IntoIterator<Item = &'t str>) -> Result<(), Problem> {
        self.csv.write_record(cells).map_err(|error| cannot_write(self.to, &error))
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn finish(self) -> Result<(), Problem> {
        let to = self.to;
        let mut file = self.csv.into_inner().map_err(|error| cannot_write(to, error.error()))?;
        file.settle()?;
        file.finish()
    }
}

fn cannot_write(to: &Path, error: &dyn std::fmt::Display) -> Problem {
    Problem::of_file(to, format!("cannot be written: {error}"))
}
