//! The writer: only the columns that some row uses, exact decimals, and nothing half-written.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use csv::Writer;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::columns::{Column, ColumnSet};
use crate::input::Problem;
use crate::output::AtomicFile;
use crate::trace::row::JobRow;
use crate::trace::spec::{JobSpec, Level};
use crate::trace::table::{JobId, JobTable};
use crate::units::decimal::Unscaled;

/// Writes jobs as a native trace in submission order; rows of one instant keep their order. A name that ends in `.gz`
/// is compressed. The file appears whole or not at all.
///
/// # Errors
/// The file cannot be written, or its name ends in `.zst`, which is only read.
pub fn write(path: &Path, rows: impl IntoIterator<Item = JobRow>) -> Result<(), Problem> {
    write_table(path, &rows.into_iter().collect())
}

/// As [`write()`], from a table.
///
/// # Errors
/// As [`write()`].
pub fn write_table(path: &Path, table: &JobTable) -> Result<(), Problem> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    if extension == "zst" {
        return Err(Problem::of_file(path, "cannot be written: zstd is only read; expected a name in .csv or .csv.gz"));
    }
    if extension != "csv" && extension != "gz" {
        return Err(Problem::of_file(path, "cannot be written: a trace has a name in .csv or .csv.gz"));
    }
    let mut file = AtomicFile::create(path)?;
    let written = if extension == "gz" {
        let mut encoder = GzEncoder::new(&mut file, Compression::default());
        write_rows(&mut encoder, table).and_then(|()| encoder.finish().map(drop))
    } else {
        write_rows(&mut file, table)
    };
    written.map_err(|error| file.problem(&error))?;
    file.finish()
}

fn write_rows(out: &mut impl Write, table: &JobTable) -> io::Result<()> {
    let columns: Vec<Column> = used_columns(table).iter().collect();
    let mut csv = Writer::from_writer(out);
    csv.write_record(columns.iter().map(|c| c.name()))?;
    let mut field = String::new();
    for job in table.ids() {
        for &column in &columns {
            field.clear();
            put_field(&mut field, table, job, column).map_err(io::Error::other)?;
            csv.write_field(&field)?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

fn used_columns(table: &JobTable) -> ColumnSet {
    let mut used = ColumnSet::default();
    Column::REQUIRED.into_iter().for_each(|c| used.insert(c));
    for spec in table.specs() {
        Column::ALL.into_iter().filter(|&c| uses(spec, c)).for_each(|c| used.insert(c));
    }
    for (column, present) in [
        (Column::Walltime, table.has_walltimes()),
        (Column::RecordedStart, table.has_recorded_starts()),
        (Column::RecordedEnd, table.has_recorded_ends()),
    ] {
        if present {
            used.insert(column);
        }
    }
    used
}

/// Whether a shared column of this specification is anything but empty.
fn uses(spec: &JobSpec, column: Column) -> bool {
    let mut text = String::new();
    !column.is_per_job() && put_spec_field(&mut text, spec, column).is_ok() && !text.is_empty()
}

fn put_field(out: &mut String, table: &JobTable, job: JobId, column: Column) -> std::fmt::Result {
    match column {
        Column::JobId => out.write_str(table.name(job)),
        Column::Submit => write!(out, "{}", table.submit(job)),
        Column::Duration => write!(out, "{}", table.duration(job)),
        Column::Walltime => put(out, table.walltime(job)),
        Column::RecordedStart => put(out, table.recorded_start(job)),
        Column::RecordedEnd => put(out, table.recorded_end(job)),
        _ => put_spec_field(out, table.spec(job), column),
    }
}

fn put_spec_field(out: &mut String, spec: &JobSpec, column: Column) -> std::fmt::Result {
    let above_zero = |value: u64, places| (value > 0).then_some(Unscaled(value, places));
    match column {
        Column::Gpus => write!(out, "{}", spec.gpus),
        Column::Tasks => put(out, spec.tasks),
        Column::MinTasks => put(out, spec.min_tasks),
        Column::MaxTasks => put(out, spec.max_tasks),
        Column::GpuType => out.write_str(&spec.gpu_types.join("|")),
        Column::GpuMilli => put(out, spec.gpu_share.map(|share| share.milli())),
        Column::Mig => put(out, spec.mig),
        Column::GpuMemGb => put(out, spec.gpu_mem_bytes.map(|value| Unscaled(value, 9))),
        Column::Cpus => put(out, above_zero(spec.cpu_milli, 3)),
        Column::MemGb => put(out, above_zero(spec.mem_bytes, 9)),
        Column::Tenant => out.write_str(&spec.tenant),
        Column::Queue => out.write_str(&spec.queue),
        Column::Priority => put(out, (spec.priority != 0).then_some(spec.priority)),
        Column::Topology => put(out, (spec.topology.level != Level::Any).then(|| spec.topology.word())),
        Column::InputGbs => put(out, spec.input_mbs.map(|value| Unscaled(value, 3))),
        Column::Dataset => put(out, spec.dataset.as_ref()),
        Column::DatasetGb => put(out, spec.dataset_bytes.map(|value| Unscaled(value, 9))),
        Column::Comm => put(out, spec.comm.as_ref()),
        Column::Mfu => put(out, spec.mfu_ppm.map(|value| Unscaled(u64::from(value), 6))),
        Column::Activity => put(out, spec.activity_ppm.map(|value| Unscaled(u64::from(value), 6))),
        Column::Checkpoint => put(out, spec.checkpoint),
        Column::Preemptible => put(out, spec.preemptible),
        Column::State => put(out, spec.state.map(|state| state.word())),
        Column::JobId
        | Column::Submit
        | Column::Duration
        | Column::Walltime
        | Column::RecordedStart
        | Column::RecordedEnd => Ok(()),
    }
}

fn put(out: &mut String, value: Option<impl std::fmt::Display>) -> std::fmt::Result {
    value.map_or(Ok(()), |value| write!(out, "{value}"))
}
