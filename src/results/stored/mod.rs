//! A run folder read back. Charts and reports are made from this alone, so that they come out the same whether they
//! are made with the run or years later.

pub(crate) mod csv_file;
mod jobs;
pub mod places;
mod storage;
mod summary;
mod tables;

use std::fs;
use std::path::Path;

pub use jobs::{JobRow, Jobs, MOST_JOBS, TenantWaits, find_job};
pub use places::Places;
pub use storage::{Channel, Flow};
pub use summary::{Pool, Quantiles, SizeClass, Summary};
pub use tables::{Bucket, Tenant};

use places::{Horizon, PoolNodes};

use crate::input::{Problem, Problems};
use crate::ledger::{LEAVES, Leaf, LeafGroup};
use crate::results::format::{self, count, plural};
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
    /// `placements.csv`, where the run wrote one.
    pub places: Option<Places>,
    /// `storage.csv`, where the cluster has storage systems: a read and a write channel of each.
    pub storage: Vec<Channel>,
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
        let window = jobs::Window { warmup: manifest.warmup, length: summary.window_s, all: summary.horizon_s };
        let tenants = tables::tenants(&folder.join("ledger_tenants.csv"))?;
        let series = tables::series(&folder.join("series.csv"))?;
        let mut nodes = manifest.nodes;
        let place = |name: &str| summary.pools.0.iter().position(|(pool, _)| pool == name);
        nodes.sort_by_key(|pool| place(&pool.name));
        let horizon = horizon(&series);
        let places = Places::read(&folder.join("placements.csv"), nodes, &tenants, horizon)?;
        Ok(StoredRun {
            pools: tables::pools(&folder.join("ledger.csv"))?,
            tenants,
            series,
            places,
            storage: storage::channels(&folder.join("storage.csv"))?,
            jobs: Jobs::read(&folder.join("jobs.csv"), window)?,
            remedies: Remedies::read(folder)?,
            summary,
            leaves,
            manifest: manifest.text,
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

    /// What is to be said where only some GPUs have a price, so that dollars are not of all of them.
    #[must_use]
    pub fn partly_priced(&self) -> Option<String> {
        let is_priced =
            |pool: &str| self.pools.iter().any(|(name, sums)| name == pool && sums.usd.iter().any(|&usd| usd > 0.0));
        let priced: u64 = self
            .summary
            .pools
            .0
            .iter()
            .filter(|(name, pool)| pool.was_away() || is_priced(name))
            .map(|(_, pool)| pool.gpus)
            .sum();
        let told = || format!("only {} of {} have a price", count(priced), plural(self.gpus(), "GPU"));
        (self.is_priced() && priced < self.gpus()).then(told)
    }

    /// All GPUs in words: those that are there all the time, and those that are rented at most.
    #[must_use]
    pub fn gpus_text(&self) -> String {
        let pools = self.summary.pools.0.iter().map(|(_, pool)| pool);
        format::gpus(self.gpus(), pools.filter(|pool| pool.rented_gpu_s.is_some()).map(|pool| pool.gpus).sum())
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

/// Over which time the series goes.
fn horizon(series: &[Bucket]) -> Horizon {
    let start = series.first().map_or(0.0, |first| first.start);
    Horizon { start, span: series.last().map_or(0.0, |last| last.start + last.width - start) }
}

/// What is taken from the manifest.
struct Manifest {
    /// As it is.
    text: String,
    /// In seconds.
    warmup: f64,
    /// Of pools with GPUs.
    nodes: Vec<PoolNodes>,
}

fn manifest(path: &Path) -> Result<Manifest, Problem> {
    let text = read_text(path)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Problem::of_file(path, format!("is damaged: {e}")))?;
    let Some(scenario) = value.get("scenario") else {
        return Err(Problem::of_file(path, "is damaged: it has no `scenario`"));
    };
    let warmup = scenario.pointer("/measure/warmup").and_then(serde_json::Value::as_str).unwrap_or("0s");
    let warmup = crate::units::quantity::span(warmup)
        .map_err(|e| Problem::of_file(path, format!("is damaged: scenario.measure.warmup: {e}")))?;
    let pools = scenario.pointer("/cluster/pools").and_then(serde_json::Value::as_object);
    let nodes = pools.into_iter().flatten().filter_map(|(name, pool)| pool_nodes(name, pool)).collect();
    Ok(Manifest { warmup: warmup.as_seconds(), nodes, text })
}

/// The nodes of a pool, if they have GPUs.
fn pool_nodes(name: &str, pool: &serde_json::Value) -> Option<PoolNodes> {
    let whole = |key: &str| pool.get(key)?.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|&n| n > 0);
    let is_rented = matches!(pool.get("kind").and_then(serde_json::Value::as_str), Some("on-demand" | "spot"));
    let (name, nodes, gpus_per_node) = (name.to_owned(), whole("nodes")?, whole("gpus_per_node")?);
    Some(PoolNodes { name, nodes, gpus_per_node, is_rented })
}

pub(super) fn read_text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "is missing: a folder that `fleetsim run` wrote is expected".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem::of_file(path, message)
}
