//! The table of jobs as Parquet, with types: `jobs.csv` column by column.

use std::path::Path;

use super::{Files, Format, OfRun};
use crate::input::Problems;
use crate::results::StoredRun;
use crate::results::parquet::{Kind, of_csv};

/// The format.
pub static FORMAT: Format = Format {
    name: "parquet",
    summary: "Apache Parquet: jobs.csv with typed columns, for pandas, polars, DuckDB and query engines",
    of_run: Some(OfRun::Stored(of_run)),
    of_trace: None,
};

fn of_run(_: &StoredRun, run: &Path, files: &mut Files<'_>) -> Result<(), Problems> {
    let bytes = of_csv(&run.join("jobs.csv"), kind)?;
    Ok(files.write("jobs.parquet", |out| out.write_all(&bytes))?)
}

fn kind(column: &str) -> Kind {
    match column {
        "gpus" | "nodes" | "stops" => Kind::Whole,
        times if times.ends_with("_s") => Kind::Real,
        _ => Kind::Text,
    }
}
