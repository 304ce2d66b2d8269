//! Where two schedules of the same jobs part first, from the `jobs.csv` of two run folders.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{Reader, StringRecord};

use super::first_nodes::FirstNodes;
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
    /// On which nodes it started, as a hash; empty where that is not known.
    pub nodes: String,
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

    /// What more there is to say where the job started at the same time in the same pool; empty where it did not.
    #[must_use]
    pub fn elsewhere(&self) -> &'static str {
        let same = self.one.start == self.other.start && self.one.pool == self.other.pool;
        if same && !self.one.same_nodes(&self.other) { ", on other nodes" } else { "" }
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
        let nodes = FirstNodes::read(one)?.zip(FirstNodes::read(other)?);
        let (a, b) = nodes.map_or((None, None), |(a, b)| (Some(a), Some(b)));
        Divergence::between(Jobs::open(one, a)?, Jobs::open(other, b)?)
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
            if !alike(&a, &b) {
                found.differing += 1;
                let parting = one.parting(a, b)?;
                if found.first.as_ref().is_none_or(|first| parting.at < first.at) {
                    found.first = Some(parting);
                }
            }
        }
    }
}

/// Whether the rows of a job say the same, as far as its nodes are known of both.
fn alike(a: &Cells, b: &Cells) -> bool {
    let known = !a[NODES].is_empty() && !b[NODES].is_empty();
    a[..NODES] == b[..NODES] && (!known || a[NODES] == b[NODES])
}

/// A schedule on its way through: the columns of `jobs.csv`.
pub(super) struct Jobs<R> {
    reader: Reader<R>,
    path: std::path::PathBuf,
    columns: [usize; COLUMNS.len()],
    nodes: Nodes,
    record: StringRecord,
}

/// From where it is known on which nodes a job started.
enum Nodes {
    /// A column.
    Column(usize),
    /// Another file.
    Beside(FirstNodes),
    /// Nowhere.
    Unknown,
}

/// The looked-at columns of a row, and the nodes.
pub(super) type Cells = [String; NODES + 1];

/// The last of them.
const NODES: usize = COLUMNS.len();

/// The column of a recorded schedule that has the nodes, which older ones lack.
pub(super) const NODES_COLUMN: &str = "first_nodes";

impl Jobs<File> {
    fn open(folder: &Path, nodes: Option<FirstNodes>) -> Result<Self, Problem> {
        let path = folder.join("jobs.csv");
        let missing = "is missing: a folder that `fleetsim run` wrote is expected";
        let file = File::open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Problem::of_file(&path, missing),
            _ => Problem::of_file(&path, format!("cannot be read: {error}")),
        })?;
        let jobs = Jobs::of(file, &path)?;
        Ok(Jobs { nodes: nodes.map_or(Nodes::Unknown, Nodes::Beside), ..jobs })
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
        let nodes = headers.iter().position(|header| header == NODES_COLUMN).map_or(Nodes::Unknown, Nodes::Column);
        Ok(Jobs { reader, path: path.to_owned(), columns, nodes, record: StringRecord::new() })
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Cells>, Problem> {
        if !self.reader.read_record(&mut self.record).map_err(|error| damaged(&self.path, &error))? {
            return Ok(None);
        }
        let cell = |at: usize| self.record.get(at).unwrap_or_default().to_owned();
        let [job, submit, gpus, start, end, state, pool] = self.columns.map(cell);
        let nodes = match &self.nodes {
            Nodes::Column(at) => cell(*at),
            Nodes::Beside(nodes) => nodes.of_job(&job),
            Nodes::Unknown => String::new(),
        };
        Ok(Some([job, submit, gpus, start, end, state, pool, nodes]))
    }

    fn parting(&self, a: Cells, b: Cells) -> Result<Parting, Problem> {
        let [job, submit, gpus, ..] = a.clone();
        let (one, other) = (Fate::of(a), Fate::of(b));
        // The first thing of a job's life that differs. What never happened comes later than all else; where neither run
        // has anything, the submission stands in.
        let pair = if one.start != other.start || one.pool != other.pool || !one.same_nodes(&other) {
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
        let [_, _, _, start, end, state, pool, nodes] = cells;
        Fate { start, end, state, pool, nodes }
    }

    /// Whether a job started on the same nodes, as far as that is known of both.
    #[must_use]
    pub fn same_nodes(&self, other: &Fate) -> bool {
        self.nodes.is_empty() || other.nodes.is_empty() || self.nodes == other.nodes
    }
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Problem {
    Problem::of_file(path, format!("is damaged: {why}"))
}
