//! The schedule beside a baseline, `NAME.baseline.csv.gz`: enough to find where another one parts from it.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::engine::Outcome;
use crate::experiments::divergence::{Divergence, Jobs, NODES_COLUMN, Parting};
use crate::experiments::first_nodes::FirstNodes;
use crate::experiments::why::Why;
use crate::input::Problem;
use crate::output::{AtomicFile, settled};
use crate::results::format::plural;
use crate::results::rows::Rows;
use crate::results::tables::state_word;
use crate::scenario::Scenario;
use crate::trace::JobTable;

/// Jobs that are named on each side of a parting; more help nobody.
const MOST_NAMED: usize = 3;

/// A schedule as the text of a CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    name: PathBuf,
    csv: Vec<u8>,
}

/// What else happened where two schedules part, on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// Jobs that started at this instant here and not on the other side.
    pub starts: Vec<String>,
    /// How many more of them there are.
    pub more: usize,
    /// GPUs of the jobs that ran after this instant.
    pub busy_gpus: u64,
    /// Why the job at which the schedules part waited here, where it did.
    pub why: Option<Why>,
}

/// Where two schedules part, and what was going on there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// Jobs in both.
    pub jobs: u64,
    /// Those that went otherwise.
    pub differing: u64,
    /// The first of them.
    pub first: Parting,
    /// As recorded, then as it is now.
    pub moments: [Moment; 2],
}

impl Schedule {
    /// The schedule of a run that kept its places.
    #[must_use]
    pub fn of(outcome: &Outcome, jobs: &JobTable, scenario: &Scenario) -> Self {
        let mut rows = Rows::with_header(&format!("job_id,submit_s,gpus,start_s,end_s,state,pool,{NODES_COLUMN}"));
        let nodes = FirstNodes::of(outcome, jobs);
        for job in jobs.ids() {
            let fates = &outcome.fates;
            rows.text(jobs.name(job));
            rows.seconds(jobs.submit(job).micros());
            rows.number(u64::from(jobs.spec(job).gpus));
            rows.instant(fates.start(job));
            rows.instant(fates.end(job));
            rows.plain(state_word(fates.stage(job)).as_bytes());
            rows.text(fates.pool(job).map_or("", |pool| &scenario.cluster.pools[pool as usize].name));
            rows.plain(nodes.of_job(jobs.name(job)).as_bytes());
            rows.end();
        }
        Schedule { name: PathBuf::from("this run"), csv: rows.bytes().to_vec() }
    }

    fn path(scenario: &Path) -> PathBuf {
        scenario.with_extension("baseline.csv.gz")
    }

    /// Writes it beside a scenario; it is in its place when the file is finished.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, scenario: &Path) -> Result<AtomicFile, Problem> {
        let to = Schedule::path(scenario);
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let bytes = packed.write_all(&self.csv).and_then(|()| packed.finish());
        settled(&to, &bytes.map_err(|e| Problem::of_file(&to, format!("cannot be packed: {e}")))?)
    }

    /// Reads the one beside a scenario; `None` where there is none, so that it may be left out of a repository.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn read(scenario: &Path) -> Result<Option<Self>, Problem> {
        let name = Schedule::path(scenario);
        let bytes = match std::fs::read(&name) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::of_file(&name, format!("cannot be read: {error}"))),
        };
        let mut csv = Vec::new();
        let unpacked = GzDecoder::new(bytes.as_slice()).read_to_end(&mut csv);
        unpacked.map_err(|error| {
            Problem::of_file(&name, format!("is damaged: {error}; without it the schedule is not compared"))
        })?;
        Ok(Some(Schedule { name, csv }))
    }

    fn jobs(&self) -> Result<Jobs<&[u8]>, Problem> {
        Jobs::of(&self.csv, &self.name)
    }

    /// Where `now`, on a cluster of `gpus` GPUs, parts from this one; `None` where it does not, or where it has other jobs
    /// from the start. Why the job waits now is left open.
    ///
    /// # Errors
    /// When this one is damaged.
    pub fn parting(&self, now: &Schedule, gpus: u64) -> Result<Option<Parted>, Problem> {
        let divergence = Divergence::between(self.jobs()?, now.jobs()?)?;
        let Some(first) = divergence.first else { return Ok(None) };
        let at = first.at.to_string();
        let (before, after) = (self.around(&at)?, now.around(&at)?);
        let mut moments = [before.without(&after), after.without(&before)];
        if first.waits().0 {
            let busy_gpus = moments[0].busy_gpus;
            moments[0].why = Some(Why::Beside { free_gpus: gpus.saturating_sub(busy_gpus), gpus });
        }
        Ok(Some(Parted { jobs: divergence.jobs, differing: divergence.differing, first, moments }))
    }

    /// What starts at an instant, and what runs after it.
    fn around(&self, at: &str) -> Result<Around, Problem> {
        let mut around = Around::default();
        let seconds = |text: &str| text.parse::<f64>().ok();
        let now = seconds(at).unwrap_or(0.0);
        let mut jobs = self.jobs()?;
        while let Some([job, _, gpus, start, end, ..]) = jobs.next()? {
            if start == at {
                around.starts.push(format!("`{job}` ({})", plural(gpus.parse().unwrap_or_default(), "GPU")));
            }
            let runs = seconds(&start).is_some_and(|start| start <= now) && seconds(&end).is_none_or(|end| end > now);
            around.busy_gpus += if runs { gpus.parse().unwrap_or(0) } else { 0 };
        }
        Ok(around)
    }
}

#[derive(Default)]
struct Around {
    starts: Vec<String>,
    busy_gpus: u64,
}

impl Around {
    fn without(&self, other: &Around) -> Moment {
        let own: Vec<&String> = self.starts.iter().filter(|job| !other.starts.contains(job)).collect();
        Moment {
            starts: own.iter().take(MOST_NAMED).map(|job| (*job).clone()).collect(),
            more: own.len().saturating_sub(MOST_NAMED),
            busy_gpus: self.busy_gpus,
            why: None,
        }
    }
}
