//! Gathering a dataset's jobs: every row becomes a job or is counted under a reason.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Dataset;
use super::moment::Moment;
use super::site::Site;
use crate::trace::native::MOST_MICROS;
use crate::trace::table::JobTimes;
use crate::trace::{JobSpec, JobTable, SpecId};
use crate::units::Span;

/// A job on the dataset's own clock.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its id, unique or not.
    pub id: String,
    /// When it was submitted.
    pub submit: Moment,
    /// When the real system started it.
    pub start: Option<Moment>,
    /// When it ended there.
    pub end: Option<Moment>,
    /// How long it ran.
    pub duration: Span,
    /// The run time that it asked for.
    pub walltime: Option<Span>,
    /// Everything else.
    pub spec: JobSpec,
}

impl Record {
    /// A job of which nothing is known about its real run.
    #[must_use]
    pub fn new(id: impl Into<String>, submit: Moment, duration: Span, spec: JobSpec) -> Self {
        Record { id: id.into(), submit, start: None, end: None, duration, walltime: None, spec }
    }

    /// The same with what was recorded of its run.
    #[must_use]
    pub fn ran(self, start: Option<Moment>, end: Option<Moment>) -> Self {
        Record { start, end, ..self }
    }

    /// The same with the run time that it asked for.
    #[must_use]
    pub fn asked(self, walltime: Option<Span>) -> Self {
        Record { walltime, ..self }
    }
}

/// Rows that are no job of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Why, to be read after a number: `3 without a duration`.
    pub reason: &'static str,
    /// How many rows.
    pub rows: u64,
}

/// What was gathered so far.
#[derive(Debug, Default)]
pub struct Assembly {
    ids: Vec<Box<str>>,
    times: Vec<Times>,
    specs: Vec<JobSpec>,
    known: FxHashMap<JobSpec, SpecId>,
    skipped: Vec<Skipped>,
    notices: Vec<String>,
    id_bytes: u64,
}

/// A table counts the bytes of all ids in 32 bits.
const MOST_ID_BYTES: u64 = u32::MAX as u64;

/// Bytes that are kept free for the number of a repetition behind an id: `#4294967295`.
const REPETITION_BYTES: u64 = 11;

#[derive(Debug)]
struct Times {
    submit: Moment,
    start: Option<Moment>,
    end: Option<Moment>,
    duration: Span,
    walltime: Option<Span>,
    spec: SpecId,
}

impl Assembly {
    /// A row that is a job.
    pub fn keep(&mut self, record: Record) {
        let Record { id, submit, start, end, duration, walltime, spec } = record;
        if duration.micros() > MOST_MICROS {
            return self.skip("with a run time above 285 years");
        }
        let id_bytes = self.id_bytes + id.len() as u64 + REPETITION_BYTES;
        if id_bytes > MOST_ID_BYTES {
            return self.skip("beyond the 4 GiB that all ids may have");
        }
        self.id_bytes = id_bytes;
        let spec = match self.known.get(&spec) {
            Some(&known) => known,
            None => {
                let id = SpecId(self.specs.len() as u32);
                self.specs.push(spec.clone());
                self.known.insert(spec, id);
                id
            }
        };
        self.ids.push(id.into());
        self.times.push(Times { submit, start, end, duration, walltime, spec });
    }

    /// A row that is none, and why, to be read after a number: `without a duration`.
    pub fn skip(&mut self, reason: &'static str) {
        self.skip_rows(reason, 1);
    }

    /// Several rows that are none.
    pub fn skip_rows(&mut self, reason: &'static str, rows: u64) {
        match self.skipped.iter_mut().find(|skipped| skipped.reason == reason) {
            Some(skipped) => skipped.rows += rows,
            None if rows > 0 => self.skipped.push(Skipped { reason, rows }),
            None => {}
        }
    }

    /// Something that the reader should know.
    pub fn notice(&mut self, notice: impl Into<String>) {
        self.notices.push(notice.into());
    }

    /// A row that may be a job.
    pub fn take(&mut self, row: Result<Record, &'static str>) {
        match row {
            Ok(record) => self.keep(record),
            Err(reason) => self.skip(reason),
        }
    }

    /// Jobs kept so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no job was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The dataset of `rows` rows. The clock starts at the first submission; a repeated id gets the number of its
    /// repetition (`17#2`), which is told; a start before the submission is left out, which is told too.
    #[must_use]
    pub fn finish(mut self, rows: u64, site: Option<Site>) -> Dataset {
        self.tell_apart();
        let origin = self.times.iter().map(|times| times.submit).min().unwrap_or(Moment::from_micros(0));
        let early =
            self.times.iter_mut().filter_map(|times| times.start.take_if(|start| *start < times.submit)).count();
        if early > 0 {
            self.notices.push(format!("recorded starts before the submission: {early}; they are left out"));
        }
        let mut jobs = JobTable::default();
        for spec in self.specs {
            jobs.add_spec(spec);
        }
        for (id, times) in self.ids.iter().zip(&self.times) {
            let clock = |moment: Moment| moment.on_clock_from(origin);
            let row = JobTimes {
                submit: clock(times.submit),
                duration: times.duration,
                walltime: times.walltime,
                recorded_start: times.start.map(clock),
                recorded_end: times.end.map(clock),
            };
            jobs.push(id.as_bytes(), row, times.spec);
        }
        jobs.sort();
        let site = site.filter(|site| !site.pools.is_empty());
        Dataset { jobs, rows, skipped: self.skipped, notices: self.notices, site }
    }

    /// Gives repeated ids a suffix of their own.
    fn tell_apart(&mut self) {
        let mut seen: FxHashSet<Box<str>> = FxHashSet::default();
        let mut repeated = 0;
        for id in &mut self.ids {
            if seen.insert(id.clone()) {
                continue;
            }
            repeated += 1;
            let mut turn = 2;
            let mut other = format!("{id}#{turn}");
            while seen.contains(other.as_str()) {
                turn += 1;
                other = format!("{id}#{turn}");
            }
            *id = other.into();
            seen.insert(id.clone());
        }
        if repeated > 0 {
            self.notices.push(format!("ids that repeat an earlier one: {repeated}; they got suffixes (#2, #3, ...)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the table cannot hold is skipped and counted, and no row after it is lost.
    #[test]
    fn ids_beyond_what_a_table_holds_are_counted() {
        let mut jobs = Assembly { id_bytes: MOST_ID_BYTES - 2 * REPETITION_BYTES - 2, ..Assembly::default() };
        for id in ["a", "bcd", "e", "f"] {
            jobs.keep(Record::new(id, Moment::from_micros(0), Span::ZERO, JobSpec::default()));
        }
        let dataset = jobs.finish(4, None);
        assert_eq!((dataset.jobs.len(), dataset.skipped[0].rows), (2, 2));
    }
}
