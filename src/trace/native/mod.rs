//! The native trace: CSV with a header, plain or compressed with gzip or zstd.
//!
//! [`read`] streams a file into a [`JobTable`]: per-job columns are parsed row by row, all other columns of a row are
//! looked up as one key and parsed once per distinct combination. [`write()`] is its inverse: what it writes reads back
//! as the same rows. Nothing here knows of clusters; whether a GPU type exists is for the scenario to say.

mod columns;
mod fields;
mod findings;
mod read;
mod spec;
mod types;
mod unique;
mod write;

use super::table::JobTable;

pub use columns::{Column, ColumnSet};
pub use fields::SpecReader;
pub use read::read;
pub use spec::MOST_MICROS;
pub use types::type_problems;
pub use write::{write, write_table};

/// How a trace is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// The most jobs that are accepted, at most `u32::MAX`.
    pub most_jobs: u32,
    /// The most bytes that all ids together may have, at most `u32::MAX`.
    pub most_id_bytes: u32,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { most_jobs: u32::MAX, most_id_bytes: u32::MAX }
    }
}

/// A trace that was read.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The jobs in submission order.
    pub table: JobTable,
    /// What the reader of the results should know: `rows were not sorted by submit_s; sorted`.
    pub notices: Vec<String>,
    /// XXH64 (seed 0) of the file as it is stored, as `xxhsum -H64` prints it.
    pub fingerprint: u64,
    /// The columns that the file has.
    pub columns: ColumnSet,
    /// Its columns that begin with `x_`: the owner's, of which nothing is kept but the names.
    pub foreign: Vec<String>,
}
