//! The columns of the native trace.

use csv::ByteRecord;

use super::findings::{Findings, Spot, shown};
use crate::units::suggest;

/// A column of the native trace, in the order in which the writer puts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Unique text.
    JobId,
    /// Decimal seconds from the trace's start.
    Submit,
    /// Decimal seconds.
    Duration,
    /// Whole GPUs of all tasks.
    Gpus,
    /// Tasks, a divisor of `gpus`.
    Tasks,
    /// The fewest tasks of an elastic gang.
    MinTasks,
    /// The most tasks of an elastic job.
    MaxTasks,
    /// GPU types, any of: `a|b`.
    GpuType,
    /// Thousandths of each GPU.
    GpuMilli,
    /// MIG profile.
    Mig,
    /// GB of GPU memory on each GPU.
    GpuMemGb,
    /// Cores per task.
    Cpus,
    /// GB of memory per task.
    MemGb,
    /// Who pays.
    Tenant,
    /// The line.
    Queue,
    /// Higher is more urgent.
    Priority,
    /// Requested seconds.
    Walltime,
    /// `any`, `rack`, `node`, `island`; `?` where preferred.
    Topology,
    /// GB/s that one GPU reads at full speed.
    InputGbs,
    /// The dataset's name.
    Dataset,
    /// GB of the dataset.
    DatasetGb,
    /// Communication class.
    Comm,
    /// Model-FLOPs utilization, 0 to 1.
    Mfu,
    /// Share of time with GPUs in use, 0 to 1.
    Activity,
    /// Seconds between checkpoints.
    Checkpoint,
    /// Whether it may be preempted.
    Preemptible,
    /// Recorded start in seconds.
    RecordedStart,
    /// Recorded end in seconds.
    RecordedEnd,
    /// How it ended in the recorded system.
    State,
}

impl Column {
    /// All columns in the writer's order.
    pub const ALL: [Column; 29] = [
        Column::JobId,
        Column::Submit,
        Column::Duration,
        Column::Gpus,
        Column::Tasks,
        Column::MinTasks,
        Column::MaxTasks,
        Column::GpuType,
        Column::GpuMilli,
        Column::Mig,
        Column::GpuMemGb,
        Column::Cpus,
        Column::MemGb,
        Column::Tenant,
        Column::Queue,
        Column::Priority,
        Column::Walltime,
        Column::Topology,
        Column::InputGbs,
        Column::Dataset,
        Column::DatasetGb,
        Column::Comm,
        Column::Mfu,
        Column::Activity,
        Column::Checkpoint,
        Column::Preemptible,
        Column::RecordedStart,
        Column::RecordedEnd,
        Column::State,
    ];

    /// The columns that every trace has.
    pub const REQUIRED: [Column; 4] = [Column::JobId, Column::Submit, Column::Duration, Column::Gpus];

    /// The names, in the order of [`Column::ALL`].
    pub const NAMES: [&'static str; 29] = [
        "job_id",
        "submit_s",
        "duration_s",
        "gpus",
        "tasks",
        "min_tasks",
        "max_tasks",
        "gpu_type",
        "gpu_milli",
        "mig",
        "gpu_mem_gb",
        "cpus",
        "mem_gb",
        "tenant",
        "queue",
        "priority",
        "walltime_s",
        "topology",
        "input_gbs",
        "dataset",
        "dataset_gb",
        "comm",
        "mfu",
        "activity",
        "checkpoint_s",
        "preemptible",
        "recorded_start_s",
        "recorded_end_s",
        "state",
    ];

    /// The name in the header.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The column of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Column> {
        Self::NAMES.iter().position(|&n| n == name).map(|at| Self::ALL[at])
    }

    /// Whether its values are kept job by job; all other columns make up the shared specification.
    #[must_use]
    pub fn is_per_job(self) -> bool {
        matches!(
            self,
            Column::JobId
                | Column::Submit
                | Column::Duration
                | Column::Walltime
                | Column::RecordedStart
                | Column::RecordedEnd
        )
    }
}

/// A set of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnSet(u32);

impl ColumnSet {
    /// Adds a column.
    pub fn insert(&mut self, column: Column) {
        self.0 |= 1 << column as u32;
    }

    /// Whether the column is in.
    #[must_use]
    pub fn contains(self, column: Column) -> bool {
        self.0 & (1 << column as u32) != 0
    }

    /// The columns in the writer's order.
    pub fn iter(self) -> impl Iterator<Item = Column> {
        Column::ALL.into_iter().filter(move |&c| self.contains(c))
    }
}

/// Which field of a row holds which column.
#[derive(Debug)]
pub(super) struct Layout {
    /// Fields of every row.
    pub width: usize,
    /// The columns of the specification and their fields.
    pub spec: Vec<(Column, usize)>,
    fields: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    /// The field of a column.
    pub fn field(&self, column: Column) -> Option<usize> {
        self.fields[column as usize]
    }

    /// The columns present.
    pub fn columns(&self) -> ColumnSet {
        let mut set = ColumnSet::default();
        Column::ALL.into_iter().filter(|&c| self.field(c).is_some()).for_each(|c| set.insert(c));
        set
    }

    /// One field for each column, in this order.
    pub fn of_columns(columns: &[Column]) -> Layout {
        let mut layout = Layout { width: columns.len(), spec: Vec::new(), fields: [None; Column::ALL.len()] };
        for (field, &column) in columns.iter().enumerate() {
            layout.assign(column, field);
        }
        layout
    }

    fn assign(&mut self, column: Column, field: usize) {
        self.fields[column as usize] = Some(field);
        if !column.is_per_job() {
            self.spec.push((column, field));
        }
    }

    /// Reads the header; what is wrong with it goes to `findings`.
    pub fn of_header(header: &ByteRecord, at: Spot, findings: &mut Findings) -> Layout {
        let mut layout = Layout { width: header.len(), spec: Vec::new(), fields: [None; Column::ALL.len()] };
        if let Some(delimiter) = wrong_delimiter(header) {
            let message = format!("the columns are separated by {delimiter}; expected commas");
            findings.push(at.field(0), message);
            return layout;
        }
        for (field, name) in header.iter().enumerate() {
            layout.place(field, name, header, at, findings);
        }
        for column in Column::REQUIRED {
            if layout.field(column).is_none() {
                let message = format!("the required column `{}` is missing", column.name());
                findings.push(at, message);
            }
        }
        layout
    }

    fn place(&mut self, field: usize, name: &[u8], header: &ByteRecord, at: Spot, findings: &mut Findings) {
        let at = at.field(field);
        if let Some(first) = header.iter().take(field).position(|other| other == name) {
            let message = format!("column {} occurs twice, as field {} and {}", shown(name), first + 1, field + 1);
            return findings.push(at, message);
        }
        let Ok(text) = std::str::from_utf8(name) else {
            return findings.push(at, format!("the column name {} is not UTF-8", shown(name)));
        };
        if text.starts_with("x_") {
            return;
        }
        if text.is_empty() {
            return findings.push(at, "the column has no name");
        }
        let Some(column) = Column::named(text) else {
            let hint = suggest::hint(text, &Column::NAMES);
            return findings
                .push(at, format!("unknown column {}{hint} (columns of your own begin with `x_`)", shown(name)));
        };
        self.assign(column, field);
    }
}

/// A header of one field that holds another usual delimiter.
fn wrong_delimiter(header: &ByteRecord) -> Option<&'static str> {
    if header.len() != 1 {
        return None;
    }
    header[0].iter().find_map(|byte| match byte {
        b';' => Some("semicolons"),
        b'\t' => Some("tabs"),
        b'|' => Some("`|`"),
        b' ' => Some("spaces"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_columns_go_together() {
        for (at, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, at);
            assert_eq!(Column::named(column.name()), Some(column));
        }
    }
}
