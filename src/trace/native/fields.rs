//! The shared columns of a job from texts of another table.

use csv::ByteRecord;

use super::columns::{Column, Layout};
use super::spec;
use crate::trace::spec::JobSpec;

/// Reads the shared columns as the native trace has them, wherever their texts come from.
#[derive(Debug)]
pub struct SpecReader(Layout);

impl SpecReader {
    /// A reader of these columns, in this order; per-job columns are ignored.
    #[must_use]
    pub fn new(columns: &[Column]) -> Self {
        SpecReader(Layout::of_columns(columns))
    }

    /// Reads one job's texts, one for each column.
    ///
    /// # Errors
    /// The first text that is wrong, by its place, and the message.
    pub fn read(&self, texts: &[&str]) -> Result<JobSpec, (usize, String)> {
        let record = ByteRecord::from(texts);
        spec::parse(&self.0, &record).map_err(|mut faults| faults.swap_remove(0))
    }
}
