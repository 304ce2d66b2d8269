//! Where two schedules of the same jobs part first, from the `jobs.csv` of two run folders.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{Reader, StringRecord};

use crate::input::Problem;
use crate::units::Time;
use crate::units::decimal::scaled;

/// The columns that are looked at.
const COLUMNS: [&str; 7] = ["job_id", "submit_s", "gpus", "start_s", "end_s", "state", "pool"];

/// What `jobs.csv` says of a job, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// When it started, in seconds of the trace; empty where it never did.
    pub start: String,
    /// When it ended; likewise.
    pub end: String,
    /// What became of it.
    pub state: String,
    /// Where it ran.
    pub pool: String,
}

/// The job at which two schedules part first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// The earliest instant that differs.
    pub at: Time,
    /// The job's id.
    pub job: String,
    /// When it was submitted, in seconds of the trace.
    pub submit: String,
    /// Its GPUs.
    pub gpus: String,
    /// Its fate in the one run.
    pub one: Fate,
    /// Its fate in the other.
    pub other: Fate,
}

impl Parting {
    /// In which of the two the job waits at that instant: it starts later there, or never.
    #[must_use]
    pub fn waits(&self) -> (bool, bool) {
        let at = self.at.to_string();
        let waits = |fate: &Fate, other: &Fate| other.start == at && fate.start != at;
        (waits(&self.one, &self.other), waits(&self.other, &self.one))
    }
}

/// How two schedules differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Divergence {
    /// Jobs in both.
    pub jobs: u64,
    /// Those of them whose fates differ.
    pub differing: u64,
    /// The first of them, in simulated time; of several at one instant the one submitted first.
    pub first: Option<Parting>,
    /// The row, counted from 1, from which on the runs have other jobs; what comes after it was not compared.
    pub other_jobs_from: Option<u64>,
}

impl Divergence {
    /// Compares two run folders job by job, in one pass over both.
    ///
    /// # Errors
    /// When a `jobs.csv` is missing or damaged.
    pub fn of(one: &Path, other: &Path) -> Result<Self, Problem> {
        Divergence::between(Jobs::open(one)?, Jobs::open(other)?)
    }

    /// Compares two schedules.
    ///
    /// # Errors
    /// When one is damaged.
    pub(super) fn between<R: Read>(mut one: Jobs<R>, mut other: Jobs<R>) -> Result<Self, Problem> {
        let mut found = Divergence::default();
        loop {
            let (a, b) = (one.next()?, other.next()?);
            let (a, b) = match (a, b) {
                (None, None) => return Ok(found),
                (Some(a), Some(b)) if a[..3] == b[..3] => (a, b),
                _ => {
                    found.other_jobs_from = Some(found.jobs + 1);
                    return Ok(found);
                }
            };
            found.jobs += 1;
            if a != b {
                found.differing += 1;
                let parting = one.parting(a, b)?;
                if found.first.as_ref().is_none_or(|first| parting.at < first.at) {
                    found.first = Some(parting);
                }
            }
        }
    }
}

/// A schedule on its way through: the columns of `jobs.csv`.
pub(super) struct Jobs<R> {
    reader: Reader<R>,
    path: std::path::PathBuf,
    columns: [usize; COLUMNS.len()],
    record: StringRecord,
}

/// The looked-at columns of a row.
pub(super) type Cells = [String; COLUMNS.len()];

impl Jobs<File> {
    fn open(folder: &Path) -> Result<Self, Problem> {
        let path = folder.join("jobs.csv");
        let missing = "is missing: a folder that `fleetsim run` wrote is expected";
        let file = File::open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Problem::of_file(&path, missing),
            _ => Problem::of_file(&path, format!("cannot be read: {error}")),
        })?;
        Jobs::of(file, &path)
    }
}

impl<R: Read> Jobs<R> {
    /// Reads the text of one; `path` names it in messages.
    pub(super) fn of(text: R, path: &Path) -> Result<Self, Problem> {
        let mut reader = Reader::from_reader(text);
        let headers = reader.headers().map_err(|error| damaged(path, &error))?.clone();
        let mut columns = [0; COLUMNS.len()];
        for (place, name) in columns.iter_mut().zip(COLUMNS) {
            let at = headers.iter().position(|header| header == name);
            *place = at.ok_or_else(|| damaged(path, &format!("it has no column `{name}`")))?;
        }
        Ok(Jobs { reader, path: path.to_owned(), columns, record: StringRecord::new() })
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Cells>, Problem> {
        if !self.reader.read_record(&mut self.record).map_err(|error| damaged(&self.path, &error))? {
            return Ok(None);
        }
        Ok(Some(self.columns.map(|at| self.record.get(at).unwrap_or_default().to_owned())))
    }

    fn parting(&self, a: Cells, b: Cells) -> Result<Parting, Problem> {
        let [job, submit, gpus, ..] = a.clone();
        let (one, other) = (Fate::of(a), Fate::of(b));
        // The first thing of a job's life that differs. What never happened comes later than all else; where neither run
        // has anything, the submission stands in.
        let pair = if one.start != other.start || one.pool != other.pool {
            [&one.start, &other.start]
        } else {
            [&one.end, &other.end]
        };
        let told: Vec<&str> = pair.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let told = if told.is_empty() { vec![submit.as_str()] } else { told };
        let time = |text: &str| match scaled(text.as_bytes(), 6) {
            Ok(micros) => Ok(Time::from_micros(micros)),
            Err(error) => Err(damaged(&self.path, &format!("the time \"{text}\" {error}"))),
        };
        let times: Vec<Time> = told.into_iter().map(time).collect::<Result<_, Problem>>()?;
        let at = times.into_iter().min().unwrap_or(Time::ZERO);
        Ok(Parting { at, job, submit, gpus, one, other })
    }
}

impl Fate {
    fn of(cells: Cells) -> Self {
        let [_, _, _, start, end, state, pool] = cells;
        Fate { start, end, state, pool }
    }
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Problem {
    Problem::of_file(path, format!("is damaged: {why}"))
}
