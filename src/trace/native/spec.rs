//! The columns that jobs share, read into a [`JobSpec`]; once per distinct combination.

use std::num::NonZeroU32;

use csv::ByteRecord;

use super::columns::{Column, Layout};
use super::findings::shown;
use crate::trace::spec::{JobSpec, RecordedState, Topology};
use crate::units::decimal::{self, DecimalError};
use crate::units::gpus::MILLI_PER_GPU;
use crate::units::{MigName, MilliGpu, Span, suggest};

/// The longest time that a trace may hold: 2^53 microseconds, 285 years. Anything above is a mistake of units.
pub const MOST_MICROS: u64 = 1 << 53;

/// Millionths in a whole.
const PPM: u64 = 1_000_000;

const YES: [&str; 3] = ["true", "yes", "1"];
const NO: [&str; 3] = ["false", "no", "0"];

/// What is wrong with one field: its number and the message.
pub(super) type Fault = (usize, String);

/// Reads decimal seconds.
#[inline]
pub(super) fn micros(text: &[u8]) -> Result<u64, DecimalError> {
    match decimal::scaled(text, 6) {
        Ok(value) if value > MOST_MICROS => Err(DecimalError::TooLarge),
        result => result,
    }
}

/// The message for a time that cannot be read.
pub(super) fn bad_seconds(column: Column, text: &[u8], error: DecimalError) -> String {
    let expected = match error {
        DecimalError::TooLarge => "at most 9007199254 seconds (285 years)",
        _ => "decimal seconds >= 0",
    };
    bad_value(column, text, error, expected)
}

fn bad_value(column: Column, text: &[u8], error: DecimalError, expected: &str) -> String {
    match error {
        DecimalError::Empty if text.is_empty() => format!("`{}` is empty; expected {expected}", column.name()),
        _ => format!("`{}` {} {error}; expected {expected}", column.name(), shown(text)),
    }
}

/// Reads the shared columns of a row.
pub(super) fn parse(layout: &Layout, record: &ByteRecord) -> Result<JobSpec, Vec<Fault>> {
    let mut fields = Fields { layout, record, faults: Vec::new() };
    let gpus = fields.count(Column::Gpus, 0, u32::MAX, "a whole number >= 0");
    if fields.text(Column::Gpus).is_none() {
        fields.fault(Column::Gpus, "`gpus` is empty; expected a whole number >= 0".to_owned());
    }
    let spec = JobSpec {
        gpus: gpus.unwrap_or(0),
        tasks: fields.positive(Column::Tasks),
        min_tasks: fields.positive(Column::MinTasks),
        max_tasks: fields.positive(Column::MaxTasks),
        gpu_types: fields.gpu_types(),
        gpu_share: fields
            .count(Column::GpuMilli, 1, 1000, "a whole number from 1 to 1000")
            .map(|milli| MilliGpu::from_milli(u64::from(milli))),
        mig: fields.mig(),
        gpu_mem_bytes: fields.scaled(Column::GpuMemGb, 9, "a number of GB >= 0"),
        cpu_milli: fields.scaled(Column::Cpus, 3, "a number of cores >= 0").unwrap_or(0),
        mem_bytes: fields.scaled(Column::MemGb, 9, "a number of GB >= 0").unwrap_or(0),
        tenant: fields.owned(Column::Tenant).unwrap_or_default(),
        queue: fields.owned(Column::Queue).unwrap_or_default(),
        priority: fields.priority(),
        topology: fields.word(Column::Topology, &Topology::WORDS, Topology::parse).unwrap_or_default(),
        input_mbs: fields.scaled(Column::InputGbs, 3, "GB/s >= 0"),
        dataset: fields.owned(Column::Dataset),
        dataset_bytes: fields.scaled(Column::DatasetGb, 9, "a number of GB >= 0"),
        comm: fields.owned(Column::Comm),
        mfu_ppm: fields.share(Column::Mfu),
        activity_ppm: fields.share(Column::Activity),
        checkpoint: fields.interval(Column::Checkpoint),
        preemptible: fields.yes_or_no(Column::Preemptible),
        state: fields.word(Column::State, &RecordedState::WORDS, RecordedState::parse),
    };
    if fields.faults.is_empty() {
        fields.check_tasks(&spec);
        fields.check_slice(&spec);
    }
    if fields.faults.is_empty() { Ok(spec) } else { Err(fields.faults) }
}

/// The fields of one row, and what was found wrong with them.
struct Fields<'a> {
    layout: &'a Layout,
    record: &'a ByteRecord,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The text of a column, unless it is absent or empty.
    fn text(&self, column: Column) -> Option<&'a [u8]> {
        self.layout.field(column).and_then(|field| self.record.get(field)).filter(|text| !text.is_empty())
    }

    fn fault(&mut self, column: Column, message: String) {
        self.faults.push((self.layout.field(column).unwrap_or(0), message));
    }

    fn owned(&mut self, column: Column) -> Option<String> {
        let text = self.text(column)?;
        match std::str::from_utf8(text) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                self.fault(column, format!("`{}` {} is not UTF-8", column.name(), shown(text)));
                None
            }
        }
    }

    fn scaled(&mut self, column: Column, places: u32, expected: &str) -> Option<u64> {
        let text = self.text(column)?;
        decimal::scaled(text, places).map_err(|e| self.fault(column, bad_value(column, text, e, expected))).ok()
    }

    /// A whole number within bounds; `8.0` and `1e3` are whole.
    fn count(&mut self, column: Column, min: u32, max: u32, expected: &str) -> Option<u32> {
        let milli = self.scaled(column, 3, expected)?;
        let text = self.text(column)?;
        let whole = milli / 1000;
        let wrong = if milli % 1000 != 0 || is_tiny_fraction(text, milli) {
            "is not a whole number"
        } else if whole < u64::from(min) {
            "is too small"
        } else if whole > u64::from(max) {
            "is too large"
        } else {
            return Some(whole as u32);
        };
        self.fault(column, format!("`{}` {} {wrong}; expected {expected}", column.name(), shown(text)));
        None
    }

    fn positive(&mut self, column: Column) -> Option<NonZeroU32> {
        self.count(column, 1, u32::MAX, "a whole number >= 1").and_then(NonZeroU32::new)
    }

    /// A number from 0 to 1, in millionths.
    fn share(&mut self, column: Column) -> Option<u32> {
        let expected = "a number from 0 to 1";
        let ppm = self.scaled(column, 6, expected)?;
        if ppm <= PPM {
            return Some(ppm as u32);
        }
        let text = self.text(column)?;
        self.fault(column, bad_value(column, text, DecimalError::TooLarge, expected));
        None
    }

    fn interval(&mut self, column: Column) -> Option<Span> {
        let text = self.text(column)?;
        match micros(text) {
            Ok(0) => self.fault(column, format!("`{}` {} is not above 0", column.name(), shown(text))),
            Ok(value) => return Some(Span::from_micros(value)),
            Err(error) => self.fault(column, bad_seconds(column, text, error)),
        }
        None
    }

    fn priority(&mut self) -> i64 {
        let Some(text) = self.text(Column::Priority) else { return 0 };
        let number = std::str::from_utf8(text).ok().and_then(|t| t.trim().parse::<i64>().ok());
        number.unwrap_or_else(|| {
            let message = format!("`priority` {} is not a whole number of 64 bits", shown(text));
            self.fault(Column::Priority, message);
            0
        })
    }

    fn gpu_types(&mut self) -> Vec<String> {
        let Some(list) = self.owned(Column::GpuType) else { return Vec::new() };
        let types: Vec<String> = list.split('|').map(|one| one.trim().to_owned()).collect();
        if types.iter().any(String::is_empty) {
            let message =
                format!("`gpu_type` {} has an empty name in it; expected names as in `a|b`", shown(list.as_bytes()));
            self.fault(Column::GpuType, message);
        }
        types
    }

    fn word<T>(&mut self, column: Column, words: &[&str], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(column)?;
        let shown_text = shown(text);
        let found = String::from_utf8_lossy(text);
        let value = parse(&found);
        if value.is_none() {
            let hint = suggest::hint(&found, words);
            self.fault(column, format!("`{}` {shown_text} is not known{hint}", column.name()));
        }
        value
    }

    fn mig(&mut self) -> Option<MigName> {
        let text = self.text(Column::Mig)?;
        let found = String::from_utf8_lossy(text);
        let name = MigName::parse(&found);
        if name.is_none() {
            self.fault(Column::Mig, format!("`mig` {} is no MIG profile{}", shown(text), MigName::hint(&found)));
        }
        name
    }

    fn yes_or_no(&mut self, column: Column) -> Option<bool> {
        let known = |text: &str| {
            let lower = text.to_ascii_lowercase();
            YES.contains(&lower.as_str()).then_some(true).or_else(|| NO.contains(&lower.as_str()).then_some(false))
        };
        self.word(column, &["true", "false", "yes", "no", "1", "0"], known)
    }

    /// That a job asks for a share or for a profile, not for both.
    fn check_slice(&mut self, spec: &JobSpec) {
        if let (Some(mig), Some(share)) = (spec.mig, spec.gpu_share)
            && share.milli() != MILLI_PER_GPU
        {
            let milli = share.milli();
            let message =
                format!("`gpu_milli` {milli} beside `mig` {mig}: a job asks for a share or for a MIG profile");
            self.fault(Column::GpuMilli, message);
        }
    }

    /// That the numbers of tasks and GPUs go together.
    fn check_tasks(&mut self, spec: &JobSpec) {
        if let Some(tasks) = spec.tasks
            && spec.gpus % tasks != 0
        {
            let message = format!("{} GPUs cannot be divided evenly among {tasks} tasks", spec.gpus);
            self.fault(Column::Gpus, message);
        }
        let tasks = spec.tasks.map_or(spec.gpus.max(1), NonZeroU32::get);
        let of = match (spec.tasks, tasks) {
            (Some(_), 1) => "the job's 1 task".to_owned(),
            (Some(_), _) => format!("the job's {tasks} tasks"),
            (None, 1) => "1, which it is for a job of 1 GPU or none without `tasks`".to_owned(),
            (None, _) => format!("{tasks}, one for each GPU where `tasks` is not given"),
        };
        if let Some(min) = spec.min_tasks.filter(|min| min.get() > tasks) {
            self.fault(Column::MinTasks, format!("`min_tasks` {min} is more than {of}"));
        }
        if let Some(max) = spec.max_tasks.filter(|max| max.get() < tasks) {
            self.fault(Column::MaxTasks, format!("`max_tasks` {max} is less than {of}"));
        }
    }
}

/// Whether a fraction was rounded away when `text` was read as `milli` thousandths.
fn is_tiny_fraction(text: &[u8], milli: u64) -> bool {
    text.len() > 4 && decimal::scaled(text, 9).is_ok_and(|nano| nano != milli.saturating_mul(1_000_000))
}
