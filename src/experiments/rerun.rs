//! A stored run made again: the manifest of its folder has the resolved scenario and the fingerprint of the trace, so
//! that whatever the folder does not hold can be found by simulating it once more.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::workload::{self, Jobs};
use crate::input::{Problem, Problems};
use crate::results::folder::InputFile;
use crate::scenario::tree::Node;
use crate::scenario::{Overrides, Scenario, Source, of_tree};

/// A run folder's manifest.
#[derive(Debug, Deserialize)]
struct Manifest {
    schema: String,
    fleetsim: String,
    inputs: Vec<InputFile>,
    scenario: Node,
}

/// What a stored run was made from.
#[derive(Debug)]
pub struct Rerun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its scenario.
    pub scenario: Scenario,
    /// Its jobs.
    pub jobs: Jobs,
    /// What the reader should know.
    pub notices: Vec<String>,
    manifest: PathBuf,
    tree: Node,
}

impl Rerun {
    /// Reads the manifest of a run folder, and the trace that it names.
    ///
    /// # Errors
    /// When the folder is not one of a run, or the trace is gone or not the same any more.
    pub fn read(folder: &Path) -> Result<Self, Problems> {
        let path = folder.join("manifest.json");
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Problem::of_file(&path, "is missing: a folder that `fleetsim run` wrote is expected")
            }
            _ => Problem::of_file(&path, format!("cannot be read: {error}")),
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| Problem::of_file(&path, format!("is no manifest of a run: {error}")))?;
        if manifest.schema != crate::results::folder::SCHEMA {
            let (expected, found) = (crate::results::folder::SCHEMA, &manifest.schema);
            return Err(Problem::of_file(&path, format!("has the schema `{found}`; `{expected}` is expected")).into());
        }
        let scenario = of_tree(manifest.scenario.clone(), Path::new(""), &Overrides::default())?;
        let jobs = jobs(&scenario, &path, &manifest.inputs)?;
        let mut notices = Vec::new();
        let this = env!("CARGO_PKG_VERSION");
        if manifest.fleetsim != this {
            notices.push(format!("fleetsim {} made the run, this is {this}", manifest.fleetsim));
        }
        Ok(Rerun { folder: folder.to_owned(), scenario, jobs, notices, manifest: path, tree: manifest.scenario })
    }

    /// The scenario with changes.
    ///
    /// # Errors
    /// What is wrong with the changes.
    pub fn changed(&self, overrides: &Overrides) -> Result<Scenario, Problems> {
        of_tree(self.tree.clone(), Path::new(""), overrides)
    }

    /// The jobs of a changed scenario, where they are not those of the run.
    ///
    /// # Errors
    /// What is wrong with its trace or recipe.
    pub fn other_jobs(&self, scenario: &Scenario) -> Result<Option<Jobs>, Problems> {
        if scenario.workload == self.scenario.workload {
            return Ok(None);
        }
        workload::load(scenario, &self.manifest).map(Some)
    }
}

/// The jobs of a run, from the same bytes as then.
fn jobs(scenario: &Scenario, manifest: &Path, inputs: &[InputFile]) -> Result<Jobs, Problems> {
    let jobs = workload::load(scenario, manifest).map_err(|mut problems| {
        if let Source::Trace(_) = scenario.workload.source {
            let told =
                "the run is simulated again, from the trace that it read then; start where `fleetsim run` started";
            problems.push(Problem::of_file(manifest, told));
        }
        problems
    })?;
    let Source::Trace(trace) = &scenario.workload.source else { return Ok(jobs) };
    let name = trace.display().to_string();
    let of = |inputs: &[InputFile]| inputs.iter().rfind(|input| input.path == name).map(|input| input.xxh64.clone());
    let (Some(then), Some(now)) = (of(inputs), of(&jobs.inputs)) else {
        return Err(Problem::of_file(manifest, format!("is damaged: its inputs do not have the trace {name}")).into());
    };
    if then != now {
        let message =
            format!("has changed since the run: its XXH64 was {then} and is {now}, so the run cannot be repeated");
        return Err(Problem::of_file(trace, message).into());
    }
    Ok(jobs)
}
