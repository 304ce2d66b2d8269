//! `sweep.json`: what a sweep is, so that only what belongs together is put together.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::axes::{self, Axis};
use super::bootstrap::Period;
use super::design::{Design, Origin, Rows};
use super::interval::Draws;
use crate::input::{Problem, Problems};
use crate::output::write_settled;
use crate::results::format::plural;
use crate::units::hash::Fingerprint;

/// Its name in the folder of a sweep.
pub const FILE: &str = "sweep.json";

/// The version of its shape.
pub const SCHEMA: &str = "fleetsim.sweep/1";

/// What a sweep is. Nothing in it depends on where it lies or on which machine it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the file's shape.
    pub schema: String,
    /// The version of the program.
    pub fleetsim: String,
    /// XXH64 of its sources: a version is built many times while somebody works on a scheduler.
    pub build: String,
    /// XXH64 of all that decides over the figures of a run, in hexadecimal; each file of a run repeats it.
    pub fingerprint: String,
    /// How many replicates each point has. More of them do not change those that are there.
    pub replicates: u32,
    /// The rows of a list or a sample, each of which meets the whole grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    /// The axes, in their order.
    pub axes: Vec<AxisEntry>,
    /// XXH64 of the traces, in the order of the points that name them first.
    pub traces: Vec<String>,
    /// What is drawn of the traces for replicates; nothing where all workloads are generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Period>,
    /// Into how many blocks these fall in the trace that has the fewest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u32>,
    /// The resolved scenario of the first point, its trace by its fingerprint.
    pub scenario: Value,
    /// XXH64 of the resolved scenarios of all points.
    pub points: String,
}

/// An axis in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisEntry {
    /// The dotted key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

impl Manifest {
    /// Describes a sweep: its points, the resolved scenarios of its points as JSON, its traces' fingerprints, what its
    /// replicates are to each other.
    ///
    /// # Panics
    /// When a scenario is not JSON.
    #[must_use]
    pub fn new(design: &Design, replicates: u32, scenarios: &[String], traces: Vec<String>, draws: Draws) -> Self {
        let mut points = Fingerprint::new(0);
        for scenario in scenarios {
            points.update(scenario.as_bytes());
            points.update(b"\n");
        }
        let first = scenarios.first().map_or("null", String::as_str);
        let (bootstrap, blocks) = match draws {
            Draws::Independent => (None, None),
            Draws::Bootstrap { of, blocks } => (Some(of), Some(blocks)),
        };
        let mut manifest = Manifest {
            schema: SCHEMA.to_owned(),
            fleetsim: env!("CARGO_PKG_VERSION").to_owned(),
            build: env!("FLEETSIM_BUILD").to_owned(),
            fingerprint: String::new(),
            replicates,
            rows: design.rows.clone(),
            axes: design.axes.iter().map(|a| AxisEntry { key: a.key.clone(), values: a.values.clone() }).collect(),
            traces,
            bootstrap,
            blocks,
            scenario: serde_json::from_str(first).expect("a resolved scenario is JSON"),
            points: hexadecimal(points.value()),
        };
        let identity = (
            (&manifest.schema, &manifest.fleetsim, &manifest.build),
            &manifest.axes,
            &manifest.traces,
            &manifest.points,
            &manifest.bootstrap,
        );
        let mut identity = serde_json::to_string(&identity).expect("texts are JSON");
        if let Some(rows) = &manifest.rows {
            identity.push_str(&serde_json::to_string(rows).expect("texts are JSON"));
        }
        manifest.fingerprint = hexadecimal(Fingerprint::of(0, identity.as_bytes()).value());
        manifest
    }

    /// Reads the manifest of a folder; `None` where it has none.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, Problem> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(Problem::of_file(&path, format!("cannot be read: {error}"))),
        };
        let read: Result<Manifest, _> = serde_json::from_str(&text);
        let none = |why: String| Problem::of_file(&path, format!("is no manifest of a sweep: {why}"));
        let manifest = read.map_err(|error| none(error.to_string()))?;
        if manifest.schema != SCHEMA {
            return Err(none(format!("expected \"{SCHEMA}\", found \"{}\"", manifest.schema)));
        }
        if manifest.runs().is_none() {
            return Err(none("its grid is too large".to_owned()));
        }
        Ok(Some(manifest))
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// # Panics
    /// Never: it is JSON.
    pub fn write(&self, folder: &Path) -> Result<(), Problem> {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is JSON");
        text.push('\n');
        write_settled(&folder.join(FILE), &text)
    }

    /// The points.
    #[must_use]
    pub fn design(&self) -> Design {
        let axes = self.axes.iter().map(|a| Axis { key: a.key.clone(), values: a.values.clone() }).collect();
        Design { rows: self.rows.clone(), axes }
    }

    /// How many runs the sweep has.
    #[must_use]
    pub fn runs(&self) -> Option<u64> {
        self.design().points()?.checked_mul(u64::from(self.replicates)).filter(|&runs| runs <= axes::MOST_RUNS)
    }

    /// What its replicates are to each other.
    #[must_use]
    pub fn draws(&self) -> Draws {
        match self.blocks {
            Some(blocks) => Draws::Bootstrap { of: self.bootstrap.unwrap_or_default(), blocks },
            None => Draws::Independent,
        }
    }

    /// What differs from another sweep so that their runs do not belong together; empty where nothing does.
    #[must_use]
    pub fn differences(&self, other: &Manifest) -> Vec<String> {
        let mut found = Vec::new();
        if self.fingerprint == other.fingerprint {
            return found;
        }
        if self.fleetsim != other.fleetsim {
            found.push(format!("fleetsim {} made it, this is {}", self.fleetsim, other.fleetsim));
        }
        if self.fleetsim == other.fleetsim && self.build != other.build {
            found.push(format!("fleetsim {} made it from other sources", self.fleetsim));
        }
        if self.axes != other.axes {
            let shown = |axes: &[AxisEntry]| {
                axes.iter().map(|a| format!("{}={}", a.key, a.values.join(","))).collect::<Vec<_>>().join(" ")
            };
            found.push(format!("its axes are {}, now they are {}", shown(&self.axes), shown(&other.axes)));
        }
        if let Some(difference) = differing_rows(self.rows.as_ref(), other.rows.as_ref()) {
            found.push(difference);
        }
        if self.traces != other.traces {
            found.push("the trace has changed".to_owned());
        }
        if let (Some(before), Some(now)) = (self.bootstrap, other.bootstrap)
            && before != now
        {
            found.push(format!("its replicates are drawn from {before}, now from {now}"));
        }
        differing_keys(&self.scenario, &other.scenario, "", &mut found);
        if found.is_empty() {
            found.push("the scenario has changed at some point of the grid".to_owned());
        }
        found
    }
}

/// What differs between the rows of two sweeps.
fn differing_rows(old: Option<&Rows>, new: Option<&Rows>) -> Option<String> {
    let shown = |rows: Option<&Rows>| match rows {
        None => "none".to_owned(),
        Some(rows) => {
            let what = match rows.from {
                Origin::List => "a list",
                Origin::LatinHypercube => "a Latin hypercube",
            };
            format!("{what} of {} over {}", plural(rows.rows.len() as u64, "point"), rows.keys.join(", "))
        }
    };
    if old == new {
        return None;
    }
    let (before, now) = (shown(old), shown(new));
    Some(match before == now {
        true => format!("it has other points in {now}"),
        false => format!("its points are {before}, now they are {now}"),
    })
}

/// An error that says that `folder` holds something else.
#[must_use]
pub fn mismatch(folder: &Path, differences: &[String], advice: &str) -> Problems {
    let message = format!("belongs to another sweep: {}; {advice}", differences.join("; "));
    Problem::of_file(&folder.join(FILE), message).into()
}

/// Keys of two scenarios whose values differ; the trace's are told by themselves.
fn differing_keys(old: &Value, new: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        if old != new && path != "workload.trace" {
            found.push(format!("`{path}` was {old}, now it is {new}"));
        }
        return;
    };
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let of = |table: &serde_json::Map<String, Value>| table.get(key).cloned().unwrap_or(Value::Null);
        differing_keys(&of(before), &of(after), &path, found);
    }
}

fn hexadecimal(value: u64) -> String {
    format!("{value:016x}")
}
