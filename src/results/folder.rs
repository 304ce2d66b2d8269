//! The run folder: every file of a run, each whole or not at all.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::metrics::Metrics;
use super::{remedies, summary, tables};
use crate::engine::Outcome;
use crate::input::Problem;
use crate::output::{remove_file, write_text};
use crate::scenario::Scenario;
use crate::scenario::resolved::{Plain, resolved};
use crate::trace::JobTable;

/// The version of the manifest's shape.
pub const SCHEMA: &str = "fleetsim.manifest/1";

/// A file that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Its path as the scenario or the command gives it.
    pub path: String,
    /// XXH64 of its bytes, in hexadecimal.
    pub xxh64: String,
}

/// All that goes into a run folder.
#[derive(Debug, Clone, Copy)]
pub struct RunFolder<'a> {
    /// What was simulated.
    pub scenario: &'a Scenario,
    /// Its jobs.
    pub jobs: &'a JobTable,
    /// How it went.
    pub outcome: &'a Outcome,
    /// Its figures.
    pub metrics: &'a Metrics,
    /// The files that it read.
    pub inputs: &'a [InputFile],
}

#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    fleetsim: &'static str,
    seed: u64,
    inputs: &'a [InputFile],
    scenario: Plain,
}

impl RunFolder<'_> {
    /// Writes all files into `folder`, which is made if need be. The summary comes last: where it is, all are.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Problem> {
        fs::create_dir_all(folder).map_err(|e| Problem::of_file(folder, format!("cannot be made: {e}")))?;
        let summary = folder.join("summary.json");
        // What remedies would do was said of another run.
        remove_file(&summary)?;
        remove_file(&folder.join(remedies::FILE))?;
        let cluster = &self.scenario.cluster;
        tables::write_jobs(&folder.join("jobs.csv"), self.outcome, self.jobs, cluster)?;
        tables::write_ledger(&folder.join("ledger.csv"), self.outcome, cluster)?;
        tables::write_ledger_tenants(&folder.join("ledger_tenants.csv"), self.outcome, cluster)?;
        tables::write_series(&folder.join("series.csv"), self.outcome)?;
        self.write_storage(&folder.join("storage.csv"))?;
        self.write_placements(&folder.join("placements.csv"))?;
        write_text(&folder.join("manifest.json"), &self.manifest())?;
        write_text(&summary, &self.summary())
    }

    /// What storage systems were asked for, if there are any.
    fn write_storage(&self, to: &Path) -> Result<(), Problem> {
        let cluster = &self.scenario.cluster;
        if cluster.storage.is_empty() { remove_file(to) } else { tables::write_storage(to, self.outcome, cluster) }
    }

    /// Where jobs ran, if that was recorded.
    fn write_placements(&self, to: &Path) -> Result<(), Problem> {
        match &self.outcome.places {
            Some(places) => tables::write_placements(to, places, self.jobs, &self.scenario.cluster),
            None => remove_file(to),
        }
    }

    /// The text of `summary.json`.
    #[must_use]
    pub fn summary(&self) -> String {
        let title = summary::Title {
            name: &self.scenario.name,
            policy: self.scenario.policy.entry.name,
            seed: self.scenario.seed,
        };
        summary::json(title, self.metrics, self.outcome.deadlock.as_ref(), &self.scenario.cluster)
    }

    fn manifest(&self) -> String {
        let manifest = Manifest {
            schema: SCHEMA,
            fleetsim: env!("CARGO_PKG_VERSION"),
            seed: self.scenario.seed,
            inputs: self.inputs,
            scenario: resolved(self.scenario),
        };
        let mut text = serde_json::to_string_pretty(&manifest).expect("a manifest is JSON");
        text.push('\n');
        text
    }
}
