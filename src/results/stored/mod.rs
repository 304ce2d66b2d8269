//! A run folder read back. Charts and reports are made from this alone, so that they come out the same whether they
//! are made with the run or years later.

mod csv_file;
mod jobs;
mod summary;
mod tables;

use std::fs;
use std::path::Path;

pub use jobs::{JobRow, Jobs, MOST_JOBS, TenantWaits, find_job};
pub use summary::{Pool, Quantiles, SizeClass, Summary};
pub use tables::{Bucket, Tenant};

use crate::input::{Problem, Problems};
use crate::ledger::{LEAVES, Leaf, LeafGroup};
use crate::results::remedies::Remedies;

/// GPU-seconds and dollars of each leaf, in the order of [`Leaf::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LeafSums {
    /// GPU-seconds.
    pub gpu_seconds: [f64; LEAVES],
    /// Dollars.
    pub usd: [f64; LEAVES],
}

/// What a run folder says.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    /// `summary.json`.
    pub summary: Summary,
    /// The ledger over all pools, of the summary.
    pub leaves: LeafSums,
    /// `ledger.csv`: the ledger of each pool.
    pub pools: Vec<(String, LeafSums)>,
    /// `ledger_tenants.csv`, a tenant each; the empty name has what nobody claimed.
    pub tenants: Vec<Tenant>,
    /// `series.csv`.
    pub series: Vec<Bucket>,
    /// What is taken from `jobs.csv`.
    pub jobs: Jobs,
    /// `remedies.json`, where remedies were simulated.
    pub remedies: Option<Remedies>,
    /// `manifest.json`, as it is.
    pub manifest: String,
}

impl StoredRun {
    /// Reads a run folder.
    ///
    /// # Errors
    /// When a file is missing, or is not what a run writes.
    pub fn read(folder: &Path) -> Result<Self, Problems> {
        let summary = Summary::read(&folder.join("summary.json"))?;
        let manifest = manifest(&folder.join("manifest.json"))?;
        let leaves = summary.leaves(&folder.join("summary.json"))?;
        let window = jobs::Window { warmup: manifest.1, length: summary.window_s, all: summary.horizon_s };
        Ok(StoredRun {
            pools: tables::pools(&folder.join("ledger.csv"))?,
            tenants: tables::tenants(&folder.join("ledger_tenants.csv"))?,
            series: tables::series(&folder.join("series.csv"))?,
            jobs: Jobs::read(&folder.join("jobs.csv"), window)?,
            remedies: Remedies::read(folder)?,
            summary,
            leaves,
            manifest: manifest.0,
        })
    }

    /// Whether anything has a price.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.summary.cost.total_usd > 0.0
    }

    /// An amount of the measured window, per year.
    #[must_use]
    pub fn per_year(&self, amount: f64) -> f64 {
        const YEAR_S: f64 = 8760.0 * 3600.0;
        if self.summary.window_s > 0.0 { amount * YEAR_S / self.summary.window_s } else { 0.0 }
    }

    /// The part of the capacity that is in a leaf.
    #[must_use]
    pub fn share(&self, leaf: Leaf) -> f64 {
        let capacity = self.summary.capacity_gpu_s;
        if capacity > 0.0 { self.leaves.gpu_seconds[leaf as usize] / capacity } else { 0.0 }
    }

    /// All GPUs.
    #[must_use]
    pub fn gpus(&self) -> u64 {
        self.summary.pools.0.iter().map(|(_, pool)| pool.gpus).sum()
    }

    /// Leaves without progress that are not empty, dearest first.
    #[must_use]
    pub fn losses(&self) -> Vec<Leaf> {
        let lost = |leaf: &Leaf| leaf.group() != LeafGroup::Productive;
        self.leaves_in_order(lost)
    }

    /// Leaves of a kind that are not empty, dearest first, the larger first where there is no price.
    #[must_use]
    pub fn leaves_in_order(&self, kind: impl Fn(&Leaf) -> bool) -> Vec<Leaf> {
        let LeafSums { gpu_seconds, usd } = &self.leaves;
        let mut leaves: Vec<Leaf> =
            Leaf::ALL.into_iter().filter(|l| kind(l) && gpu_seconds[*l as usize] > 0.0).collect();
        let by = |of: &[f64; LEAVES], a: Leaf, b: Leaf| of[b as usize].total_cmp(&of[a as usize]);
        leaves.sort_by(|&a, &b| by(usd, a, b).then(by(gpu_seconds, a, b)).then(a.cmp(&b)));
        leaves
    }
}

/// The manifest as it is, and the warm-up in seconds.
fn manifest(path: &Path) -> Result<(String, f64), Problem> {
    let text = read_text(path)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Problem::of_file(path, format!("is damaged: {e}")))?;
    let Some(scenario) = value.get("scenario") else {
        return Err(Problem::of_file(path, "is damaged: it has no `scenario`"));
    };
    let warmup = scenario.pointer("/measure/warmup").and_then(serde_json::Value::as_str).unwrap_or("0s");
    let warmup = crate::units::quantity::span(warmup)
        .map_err(|e| Problem::of_file(path, format!("is damaged: scenario.measure.warmup: {e}")))?;
    Ok((text, warmup.as_seconds()))
}

fn read_text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "is missing: a folder that `fleetsim run` wrote is expected".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem::of_file(path, message)
}
