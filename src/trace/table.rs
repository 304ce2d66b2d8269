//! All jobs of a run, in columns: memory is linear in the jobs with a small constant.

use rustc_hash::FxHashMap;

use super::row::JobRow;
use super::spec::JobSpec;
use crate::units::{Span, Time};

/// A job's place in submission order: by (submit, row).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// The number of a [`JobSpec`] in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecId(pub u32);

impl JobId {
    /// As an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl SpecId {
    /// As an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The times of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobTimes {
    /// When it was submitted.
    pub submit: Time,
    /// Its ideal duration.
    pub duration: Span,
    /// Its requested run time.
    pub walltime: Option<Span>,
    /// Its recorded start.
    pub recorded_start: Option<Time>,
    /// Its recorded end.
    pub recorded_end: Option<Time>,
}

/// An optional column: nothing is stored until the first value comes.
#[derive(Debug, Clone, Default)]
struct SparseColumn(Vec<u64>);

/// No value; no real instant or span of a trace is this long.
const ABSENT: u64 = u64::MAX;

impl SparseColumn {
    /// Adds the value of row `row`, all rows before it being there.
    fn push(&mut self, row: usize, value: Option<u64>) {
        match value {
            Some(value) => {
                self.0.resize(row, ABSENT);
                self.0.push(value);
            }
            None if self.0.is_empty() => {}
            None => self.0.push(ABSENT),
        }
    }

    fn value(&self, row: usize) -> Option<u64> {
        self.0.get(row).copied().filter(|&v| v != ABSENT)
    }

    fn reorder(&mut self, rows: usize, order: &[u32]) {
        if !self.0.is_empty() {
            self.0.resize(rows, ABSENT);
            self.0 = order.iter().map(|&row| self.0[row as usize]).collect();
        }
    }
}

/// The jobs of a trace in submission order, after [`JobTable::sort`].
#[derive(Debug, Clone, Default)]
pub struct JobTable {
    id_text: Vec<u8>,
    id_ends: Vec<u32>,
    submit: Vec<Time>,
    duration: Vec<Span>,
    walltime: SparseColumn,
    recorded_start: SparseColumn,
    recorded_end: SparseColumn,
    spec: Vec<SpecId>,
    specs: Vec<JobSpec>,
    /// The row of each job in the file, where that is not its place here.
    rows: Option<Vec<u32>>,
    apart: Option<JobId>,
}

impl JobTable {
    /// How many jobs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.submit.len()
    }

    /// Whether there is no job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.submit.is_empty()
    }

    /// All jobs in submission order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = JobId> + DoubleEndedIterator + use<> {
        (0..self.submit.len() as u32).map(JobId)
    }

    /// The job's id in the trace.
    #[must_use]
    pub fn name(&self, job: JobId) -> &str {
        std::str::from_utf8(self.id_of_row(self.file_row(job))).expect("ids are checked when read")
    }

    /// The id of the row-th row that was added.
    pub(super) fn id_of_row(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.id_ends[row - 1] as usize };
        &self.id_text[start..self.id_ends[row] as usize]
    }

    /// The row of the file that the job stood in, the first job row being 0. Ties of instants break by it.
    #[must_use]
    pub fn file_row(&self, job: JobId) -> usize {
        self.rows.as_ref().map_or(job.index(), |rows| rows[job.index()] as usize)
    }

    /// When the job was submitted.
    #[must_use]
    pub fn submit(&self, job: JobId) -> Time {
        self.submit[job.index()]
    }

    /// The job's ideal duration.
    #[must_use]
    pub fn duration(&self, job: JobId) -> Span {
        self.duration[job.index()]
    }

    /// The job's requested run time.
    #[must_use]
    pub fn walltime(&self, job: JobId) -> Option<Span> {
        self.walltime.value(job.index()).map(Span::from_micros)
    }

    /// When the real system started the job.
    #[must_use]
    pub fn recorded_start(&self, job: JobId) -> Option<Time> {
        self.recorded_start.value(job.index()).map(Time::from_micros)
    }

    /// When the job ended in the real system.
    #[must_use]
    pub fn recorded_end(&self, job: JobId) -> Option<Time> {
        self.recorded_end.value(job.index()).map(Time::from_micros)
    }

    /// Whether any job has a requested run time.
    #[must_use]
    pub fn has_walltimes(&self) -> bool {
        !self.walltime.0.is_empty()
    }

    /// Whether any job has a recorded end.
    #[must_use]
    pub fn has_recorded_ends(&self) -> bool {
        !self.recorded_end.0.is_empty()
    }

    /// Whether any job has a recorded start.
    #[must_use]
    pub fn has_recorded_starts(&self) -> bool {
        !self.recorded_start.0.is_empty()
    }

    /// The number of the job's spec.
    #[must_use]
    pub fn spec_id(&self, job: JobId) -> SpecId {
        self.spec[job.index()]
    }

    /// What the job asks for.
    #[must_use]
    pub fn spec(&self, job: JobId) -> &JobSpec {
        &self.specs[self.spec[job.index()].index()]
    }

    /// All specs, by [`SpecId`].
    #[must_use]
    pub fn specs(&self) -> &[JobSpec] {
        &self.specs
    }

    /// The job as a row of its own.
    #[must_use]
    pub fn row(&self, job: JobId) -> JobRow {
        JobRow {
            job_id: self.name(job).to_owned(),
            submit: self.submit(job),
            duration: self.duration(job),
            walltime: self.walltime(job),
            recorded_start: self.recorded_start(job),
            recorded_end: self.recorded_end(job),
            spec: self.spec(job).clone(),
        }
    }

    /// Gives a job a specification of its own, equal to the one that it shares, so that its GPU-time is booked apart from
    /// its tenant's. Nothing that is simulated changes.
    pub fn set_apart(&mut self, job: JobId) {
        let own = self.add_spec(self.spec(job).clone());
        self.spec[job.index()] = own;
        self.apart = Some(job);
    }

    /// The job that was set apart.
    #[must_use]
    pub fn apart(&self) -> Option<JobId> {
        self.apart
    }

    /// Adds a spec and gives its number; the caller takes care not to add the same one twice.
    pub fn add_spec(&mut self, spec: JobSpec) -> SpecId {
        self.specs.push(spec);
        SpecId(self.specs.len() as u32 - 1)
    }

    /// Adds a job in file order; [`JobTable::sort`] must follow the last one.
    pub fn push(&mut self, id: &[u8], times: JobTimes, spec: SpecId) {
        let row = self.submit.len();
        self.id_text.extend_from_slice(id);
        self.id_ends.push(u32::try_from(self.id_text.len()).expect("the ids of a table are under 4 GiB"));
        self.submit.push(times.submit);
        self.duration.push(times.duration);
        self.walltime.push(row, times.walltime.map(Span::micros));
        self.recorded_start.push(row, times.recorded_start.map(Time::micros));
        self.recorded_end.push(row, times.recorded_end.map(Time::micros));
        self.spec.push(spec);
    }

    /// Gives back the memory that was set aside for further jobs.
    pub fn shrink_to_fit(&mut self) {
        self.id_text.shrink_to_fit();
        self.id_ends.shrink_to_fit();
        self.submit.shrink_to_fit();
        self.duration.shrink_to_fit();
        self.spec.shrink_to_fit();
        for column in [&mut self.walltime, &mut self.recorded_start, &mut self.recorded_end] {
            column.0.shrink_to_fit();
        }
    }

    /// Bytes of all ids so far; the reader keeps it within 32 bits.
    #[must_use]
    pub fn id_bytes(&self) -> usize {
        self.id_text.len()
    }

    /// Puts the jobs in (submit, row) order and says whether any had to move.
    pub fn sort(&mut self) -> bool {
        if self.submit.is_sorted() {
            return false;
        }
        let rows = self.len();
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.sort_by_key(|&row| self.submit[row as usize]);
        self.submit = order.iter().map(|&r| self.submit[r as usize]).collect();
        self.duration = order.iter().map(|&r| self.duration[r as usize]).collect();
        self.spec = order.iter().map(|&r| self.spec[r as usize]).collect();
        self.walltime.reorder(rows, &order);
        self.recorded_start.reorder(rows, &order);
        self.recorded_end.reorder(rows, &order);
        self.rows = Some(order);
        true
    }

    /// Divides all submission times by `factor`, so that jobs arrive that many times as densely.
    pub fn compress_arrivals(&mut self, factor: f64) {
        for submit in &mut self.submit {
            *submit = Time::from_micros((submit.micros() as f64 / factor).round() as u64);
        }
    }
}

impl FromIterator<JobRow> for JobTable {
    /// Collects rows in file order and sorts them.
    fn from_iter<I: IntoIterator<Item = JobRow>>(rows: I) -> Self {
        let mut table = JobTable::default();
        let mut known: FxHashMap<JobSpec, SpecId> = FxHashMap::default();
        for row in rows {
            let spec = match known.get(&row.spec) {
                Some(&spec) => spec,
                None => {
                    let spec = table.add_spec(row.spec.clone());
                    known.insert(row.spec, spec);
                    spec
                }
            };
            let times = JobTimes {
                submit: row.submit,
                duration: row.duration,
                walltime: row.walltime,
                recorded_start: row.recorded_start,
                recorded_end: row.recorded_end,
            };
            table.push(row.job_id.as_bytes(), times, spec);
        }
        table.sort();
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, submit: u64, walltime: Option<u64>) -> JobRow {
        JobRow {
            job_id: id.to_owned(),
            submit: Time::from_micros(submit),
            walltime: walltime.map(Span::from_micros),
            ..JobRow::default()
        }
    }

    #[test]
    fn unsorted_rows_are_sorted_stably_and_keep_their_values() {
        let table: JobTable = [row("c", 5, None), row("a", 1, Some(7)), row("b", 1, None)].into_iter().collect();
        let names: Vec<&str> = table.ids().map(|j| table.name(j)).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(table.walltime(JobId(0)), Some(Span::from_micros(7)));
        assert_eq!(table.walltime(JobId(2)), None);
        assert_eq!(table.file_row(JobId(2)), 0);
        assert_eq!(table.specs().len(), 1);
    }
}
