//! The reader: one pass over the rows, one reused record.

use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};
use rustc_hash::FxHashMap;

use super::columns::{Column, Layout};
use super::findings::{Findings, Spot, shown};
use super::spec::{self, bad_seconds, micros};
use super::unique::UniqueIds;
use super::{ReadOptions, Trace};
use crate::input::{Problem, Problems};
use crate::trace::JobId;
use crate::trace::source::{CHUNK, Source};
use crate::trace::table::{JobTable, JobTimes, SpecId};
use crate::units::{Span, Time};

/// Reads a native trace.
///
/// # Errors
/// Every problem of the file with its line and column, the first [`crate::input::MOST_PROBLEMS`] in words.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Trace, Problems> {
    let mut reader = csv_reader(Source::open(path)?);
    let mut record = ByteRecord::new();
    let mut findings = Findings::default();
    if !next_record(&mut reader, &mut record, path)? {
        let names = Column::REQUIRED.map(Column::name).join(",");
        return Err(Problem::of_file(path, format!("is empty; expected a header with at least `{names}`")).into());
    }
    let layout = Layout::of_header(&record, spot(&record), &mut findings);
    if !findings.is_empty() {
        let mut problems = Problems::new();
        findings.locate(path, &mut problems);
        return Err(problems);
    }
    let columns = layout.columns();
    let foreign =
        record.iter().filter(|name| name.starts_with(b"x_")).map(|name| String::from_utf8_lossy(name).into_owned());
    let foreign: Vec<String> = foreign.collect();
    let mut rows = Rows::new(layout, *options, findings);
    let mut stopped = None;
    loop {
        match next_record(&mut reader, &mut record, path) {
            Ok(true) => {
                if !rows.take(&record) {
                    break;
                }
            }
            Ok(false) => break,
            Err(problem) => {
                stopped = Some(problem);
                break;
            }
        }
    }
    let fingerprint = reader.into_inner().fingerprint();
    let (mut table, notices) = rows.finish(path, stopped)?;
    let fingerprint = fingerprint.map_err(|e| Problem::of_file(path, format!("cannot be read: {e}")))?;
    table.shrink_to_fit();
    Ok(Trace { table, notices, fingerprint, columns, foreign })
}

/// The CSV rules of all traces; rows of a wrong length are the caller's to tell.
pub(super) fn csv_reader(source: Source) -> Reader<Source> {
    ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(CHUNK).from_reader(source)
}

/// The next record; `false` at the end.
fn next_record(reader: &mut Reader<Source>, record: &mut ByteRecord, path: &Path) -> Result<bool, Problem> {
    reader.read_byte_record(record).map_err(|error| {
        let line = reader.position().line();
        let message = match error.kind() {
            csv::ErrorKind::Io(error) => reader.get_ref().explain(error),
            _ => format!("cannot be read: {error}"),
        };
        Problem::at(path, line, 0, message)
    })
}

fn spot(record: &ByteRecord) -> Spot {
    Spot::of(record.position().unwrap_or(&csv::Position::new()))
}

/// The rows read so far. A bad row is added too, so that row n of the table is record n + 1 of the file; with anything
/// found, the table is never handed out.
struct Rows {
    layout: Layout,
    fields: PerJob,
    options: ReadOptions,
    table: JobTable,
    ids: UniqueIds,
    specs: SpecCache,
    findings: Findings,
}

/// The fields of what differs from job to job.
struct PerJob {
    id: usize,
    submit: usize,
    duration: usize,
    walltime: Option<usize>,
    recorded_start: Option<usize>,
    recorded_end: Option<usize>,
}

impl PerJob {
    /// The layout has all required columns.
    fn of(layout: &Layout) -> Self {
        let required = |column| layout.field(column).unwrap_or(0);
        PerJob {
            id: required(Column::JobId),
            submit: required(Column::Submit),
            duration: required(Column::Duration),
            walltime: layout.field(Column::Walltime),
            recorded_start: layout.field(Column::RecordedStart),
            recorded_end: layout.field(Column::RecordedEnd),
        }
    }
}

impl Rows {
    fn new(layout: Layout, options: ReadOptions, findings: Findings) -> Self {
        Rows {
            fields: PerJob::of(&layout),
            layout,
            options,
            table: JobTable::default(),
            ids: UniqueIds::default(),
            specs: SpecCache::default(),
            findings,
        }
    }

    /// Takes in a row; `false` when the table can hold no more.
    fn take(&mut self, record: &ByteRecord) -> bool {
        let id = record.get(self.fields.id).unwrap_or_default();
        if self.table.len() >= self.options.most_jobs as usize {
            self.findings.push(spot(record), format!("more than {} jobs", self.options.most_jobs));
            return false;
        }
        if self.table.id_bytes() + id.len() > self.options.most_id_bytes as usize {
            let message = format!("the ids of the jobs up to here have more than {} bytes", self.options.most_id_bytes);
            self.findings.push(spot(record), message);
            return false;
        }
        let (times, spec) = if record.len() == self.layout.width {
            self.check_id(record, id);
            (self.times(record), self.spec(record))
        } else {
            self.ids.earlier(&self.table, id);
            self.ragged(record);
            (NO_TIMES, SpecId(0))
        };
        self.table.push(id, times, spec);
        true
    }

    #[inline]
    fn check_id(&mut self, record: &ByteRecord, id: &[u8]) {
        let earlier = self.ids.earlier(&self.table, id);
        let at = || spot(record).field(self.fields.id);
        if id.is_empty() {
            self.findings.push(at(), "`job_id` is empty; every job needs an id of its own");
        } else if std::str::from_utf8(id).is_err() {
            self.findings.push(at(), format!("`job_id` {} is not UTF-8", shown(id)));
        } else if let Some(row) = earlier {
            let message = || format!("job id {} is taken already, by the job on", shown(id));
            self.findings.add(at(), Some(u64::from(row) + 1), message);
        }
    }

    #[inline]
    fn times(&mut self, record: &ByteRecord) -> JobTimes {
        let PerJob { submit, duration, walltime, recorded_start, recorded_end, .. } = self.fields;
        JobTimes {
            submit: Time::from_micros(self.seconds(record, submit, Column::Submit)),
            duration: Span::from_micros(self.seconds(record, duration, Column::Duration)),
            walltime: self.seconds_if_any(record, walltime, Column::Walltime).map(Span::from_micros),
            recorded_start: self.seconds_if_any(record, recorded_start, Column::RecordedStart).map(Time::from_micros),
            recorded_end: self.seconds_if_any(record, recorded_end, Column::RecordedEnd).map(Time::from_micros),
        }
    }

    #[inline]
    fn seconds(&mut self, record: &ByteRecord, field: usize, column: Column) -> u64 {
        let text = &record[field];
        micros(text).unwrap_or_else(|error| {
            self.findings.add(spot(record).field(field), None, || bad_seconds(column, text, error));
            0
        })
    }

    #[inline]
    fn seconds_if_any(&mut self, record: &ByteRecord, field: Option<usize>, column: Column) -> Option<u64> {
        let field = field.filter(|&field| !record[field].is_empty())?;
        Some(self.seconds(record, field, column))
    }

    #[inline]
    fn spec(&mut self, record: &ByteRecord) -> SpecId {
        if let Some(known) = self.specs.find(&self.layout, record) {
            return known;
        }
        match spec::parse(&self.layout, record) {
            Ok(spec) => self.specs.insert(self.table.add_spec(spec)),
            Err(faults) => {
                for (field, message) in faults {
                    self.findings.push(spot(record).field(field), message);
                }
                SpecId(0)
            }
        }
    }

    fn ragged(&mut self, record: &ByteRecord) {
        let (found, expected) = (record.len(), self.layout.width);
        let many_lines = record.iter().any(|field| field.contains(&b'\n'));
        let why = if many_lines { "; a quoted field runs over several lines, is a quote missing?" } else { "" };
        let at = if found > expected { spot(record).field(expected) } else { spot(record) };
        let fields = if found == 1 { "1 field".to_owned() } else { format!("{found} fields") };
        self.findings.add(at, None, || format!("the row has {fields}, the header has {expected}{why}"));
    }

    /// The table in submission order and the notices.
    fn finish(mut self, path: &Path, stopped: Option<Problem>) -> Result<(JobTable, Vec<String>), Problems> {
        let mut problems = Problems::new();
        problems.extend(stopped.map(Problems::from).unwrap_or_default());
        self.findings.locate(path, &mut problems);
        if problems.is_empty() && self.table.is_empty() {
            problems.push(Problem::of_file(path, "has a header but no jobs"));
        }
        let mut notices = Vec::new();
        if problems.is_empty() && self.table.sort() {
            notices.push("rows were not sorted by submit_s; sorted".to_owned());
        }
        notices.extend(recorded_backwards(&self.table));
        problems.or((self.table, notices))
    }
}

/// Jobs whose recorded times run backwards: real logs have them, and their recorded queue time counts as none.
fn recorded_backwards(table: &JobTable) -> Option<String> {
    let backwards = |&job: &JobId| {
        let (start, end) = (table.recorded_start(job), table.recorded_end(job));
        let begin = start.map_or(table.submit(job), |start| start.max(table.submit(job)));
        start.is_some_and(|start| start < table.submit(job)) || end.is_some_and(|end| end < begin)
    };
    let recorded = table.has_recorded_starts() || table.has_recorded_ends();
    let first = recorded.then(|| table.ids().find(backwards))??;
    let count = table.ids().filter(backwards).count();
    let (jobs, was) = if count == 1 { ("job", "was") } else { ("jobs", "were") };
    let name = table.name(first);
    Some(format!(
        "{count} {jobs} {was} recorded as started before submission or ended before the start, the first `{name}`"
    ))
}

/// The times of a row that has none.
const NO_TIMES: JobTimes =
    JobTimes { submit: Time::ZERO, duration: Span::ZERO, walltime: None, recorded_start: None, recorded_end: None };

/// Specifications by the raw bytes of their fields.
#[derive(Default)]
struct SpecCache {
    key: Vec<u8>,
    last_key: Vec<u8>,
    last: Option<SpecId>,
    known: FxHashMap<Box<[u8]>, SpecId>,
}

impl SpecCache {
    /// The specification of an earlier row with the same fields; without one, [`SpecCache::insert`] may follow.
    #[inline]
    fn find(&mut self, layout: &Layout, record: &ByteRecord) -> Option<SpecId> {
        self.key.clear();
        for &(_, field) in &layout.spec {
            self.key.extend_from_slice(&record[field]);
            // Never a byte of UTF-8, so that no two valid rows have one key.
            self.key.push(0xFF);
        }
        if self.last.is_some() && self.key == self.last_key {
            return self.last;
        }
        let found = *self.known.get(self.key.as_slice())?;
        self.remember(found);
        Some(found)
    }

    /// Notes the specification of the row last looked for.
    fn insert(&mut self, spec: SpecId) -> SpecId {
        self.known.insert(self.key.as_slice().into(), spec);
        self.remember(spec);
        spec
    }

    fn remember(&mut self, spec: SpecId) {
        std::mem::swap(&mut self.key, &mut self.last_key);
        self.last = Some(spec);
    }
}
