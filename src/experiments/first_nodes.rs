//! On which nodes jobs started, as a short text for each: enough to see that two runs put a job elsewhere.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use csv::ReaderBuilder;
use rustc_hash::FxHashMap;

use crate::engine::Outcome;
use crate::input::Problem;
use crate::trace::JobTable;
use crate::units::hash::Fingerprint;

/// The first places of the jobs of a run.
#[derive(Debug, Clone, Default)]
pub struct FirstNodes {
    /// By the job's id: since when, and what it had from then on.
    jobs: FxHashMap<String, (String, Fingerprint)>,
}

impl FirstNodes {
    /// Of a run that kept its places.
    #[must_use]
    pub fn of(outcome: &Outcome, jobs: &JobTable) -> Self {
        let mut nodes = FirstNodes::default();
        for stay in outcome.places.iter().flatten() {
            let place = format!("{}:{};", stay.node, stay.gpus);
            nodes.add(jobs.name(stay.job), &stay.from.micros().to_string(), &place);
        }
        nodes
    }

    /// Of a run folder; `None` where it has no `placements.csv`.
    ///
    /// # Errors
    /// When that is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>, Problem> {
        let path = folder.join("placements.csv");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::of_file(&path, format!("cannot be read: {error}"))),
        };
        let damaged = |error: csv::Error| Problem::of_file(&path, format!("is damaged: {error}"));
        let mut nodes = FirstNodes::default();
        for row in ReaderBuilder::new().from_reader(file).deserialize() {
            let row: Row = row.map_err(damaged)?;
            nodes.add(&row.job_id, &row.start_s, &format!("{}:{};", row.node, row.gpus));
        }
        Ok(Some(nodes))
    }

    /// A place that a job had from an instant on; those of a job come in order.
    fn add(&mut self, job: &str, from: &str, place: &str) {
        if let Some((first, print)) = self.jobs.get_mut(job) {
            if first == from {
                print.update(place.as_bytes());
            }
            return;
        }
        self.jobs.insert(job.to_owned(), (from.to_owned(), Fingerprint::of(0, place.as_bytes())));
    }

    /// Where a job started, as half of an XXH64; empty where it never had GPUs.
    #[must_use]
    pub fn of_job(&self, job: &str) -> String {
        self.jobs.get(job).map_or_else(String::new, |(_, print)| format!("{:08x}", print.value() as u32))
    }
}

/// The looked-at columns of `placements.csv`.
#[derive(Debug, serde::Deserialize)]
struct Row {
    job_id: String,
    node: u32,
    gpus: u32,
    start_s: String,
}
