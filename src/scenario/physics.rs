//! `[physics]`: what makes a held GPU do less than it could.

use std::collections::BTreeMap;

use super::section::Section;
use super::sharing;
use super::tables::{CHECKPOINT, GRACE, JOB_FAILURES, PHYSICS, PREPARATION, Table};
use super::tree::{Entry, Node};
use super::{classes, communication, failures, outages, prices, spares, stragglers};
use crate::cluster::{ClusterSpec, PoolSpec};
use crate::input::Problems;
use crate::physics::{Checkpoints, Grace, Interval, JobFailures, Physics, Preemption, Size};
use crate::units::{Span, suggest};

/// Reads `[physics]`; the pools of the cluster are those that can fail, that have spares and whose GPUs can be shared, as
/// is noted in them.
pub fn read(root: &Node, cluster: &mut ClusterSpec, problems: &mut Problems) -> Physics {
    let Some(entry) = root.entry("physics") else { return Physics::default() };
    let keys = section(entry, &PHYSICS, "physics", problems);
    let part = |name: &str| entry.node.entry(name);
    let interference = part("sharing").map(|entry| sharing::read(entry, cluster, problems)).unwrap_or_default();
    if let Some(entry) = part("spares") {
        spares::read(entry, cluster, problems);
    }
    let input = keys.values().bool_or("input", false);
    if input && !cluster.pools.is_empty() && !cluster.pools.iter().any(reads) {
        let message = "`input`: no pool names the storage that its jobs read from, as cluster.pools.NAME.storage";
        problems.push(keys.place("input").problem(message));
    }
    Physics {
        interference,
        input,
        preparation: part("preparation").map(|entry| preparation(entry, problems)).unwrap_or_default(),
        preemption: preemption(&keys),
        grace: part("grace").and_then(|entry| grace(entry, problems)),
        start_up: part("startup")
            .map(|entry| classes::start_up(entry, "physics.startup", problems))
            .unwrap_or_default(),
        classes: part("classes").map(|entry| classes::read(entry, problems)).unwrap_or_default(),
        checkpoints: part("checkpoint").map(|at| checkpoints(at, part("failures").is_some(), cluster, problems)),
        communication: part("communication")
            .map(|entry| communication::read(entry, cluster, problems))
            .unwrap_or_default(),
        stragglers: part("stragglers").map(|entry| stragglers::read(entry, cluster, problems)).unwrap_or_default(),
        failures: part("failures").map(|entry| failures::read(entry, cluster, problems)).unwrap_or_default(),
        job_failures: part("job_failures").map(|entry| job_failures(entry, problems)).unwrap_or_default(),
        outages: part("outages").map(|entry| outages::read(entry, cluster, problems)).unwrap_or_default(),
        prices: part("prices").map(|entry| prices::read(entry, cluster, problems)).unwrap_or_default(),
    }
}

fn preemption(keys: &Section<'_>) -> Preemption {
    let said = Preemption::WORDS.into_iter().find(|(word, _)| keys.text("preemption") == Some(word));
    said.map_or_else(Preemption::default, |(_, preemption)| preemption)
}

/// No time and no checkpoint are no grace.
fn grace(entry: &Entry, problems: &mut Problems) -> Option<Grace> {
    let keys = section(entry, &GRACE, "physics.grace", problems);
    if keys.is_table() && keys.misses("time") && keys.misses("checkpoint") {
        let message = "[physics.grace] lacks `time` or `checkpoint`, one of which is required";
        problems.push(entry.place.problem(message));
    }
    let (time, checkpoint) = (keys.span("time"), keys.values().bool_or("checkpoint", false));
    if keys.has("checkpoint") && !checkpoint && keys.misses("time") {
        let message = "`checkpoint`: without one, `time` must say how long a job has";
        problems.push(keys.place("checkpoint").problem(message));
    }
    (checkpoint || time.is_some_and(|time| time > Span::ZERO)).then_some(Grace { time, checkpoint })
}

fn section<'t>(entry: &'t Entry, table: &'static Table, title: &str, problems: &mut Problems) -> Section<'t> {
    Section::read(&entry.node, &entry.place, table.keys, table.required, title, problems)
}

fn reads(pool: &PoolSpec) -> bool {
    pool.io.storage.is_some()
}

fn preparation(entry: &Entry, problems: &mut Problems) -> BTreeMap<String, u64> {
    let mut rates = BTreeMap::new();
    for class in entry.node.table().unwrap_or_default() {
        let keys = section(class, &PREPARATION, &format!("physics.preparation.{}", class.key), problems);
        match keys.bytes("per_core") {
            Some(0) => problems.push(keys.place("per_core").problem("`per_core`: expected a bandwidth above 0")),
            Some(rate) => _ = rates.insert(class.key.clone(), rate),
            None => {}
        }
    }
    rates
}

fn job_failures(entry: &Entry, problems: &mut Problems) -> BTreeMap<String, JobFailures> {
    let mut classes = BTreeMap::new();
    for class in entry.node.table().unwrap_or_default() {
        let keys = section(class, &JOB_FAILURES, &format!("physics.job_failures.{}", class.key), problems);
        if let Some(share) = keys.number("share") {
            let (at, retries) = (keys.number("at").unwrap_or(0.5), keys.count32("retries").unwrap_or(0));
            classes.insert(class.key.clone(), JobFailures { share, at, retries });
        }
    }
    classes
}

fn checkpoints(entry: &Entry, fail: bool, cluster: &ClusterSpec, problems: &mut Problems) -> Checkpoints {
    let keys = section(entry, &CHECKPOINT, "physics.checkpoint", problems);
    if keys.span("every") == Some(Span::ZERO) {
        problems.push(keys.place("every").problem("`every`: a job would do nothing but write checkpoints"));
    }
    if keys.has("bytes_per_param") && keys.misses("params_per_gpu") {
        let message = "`bytes_per_param`: says nothing without `params_per_gpu`";
        problems.push(keys.place("bytes_per_param").problem(message));
    }
    let size = keys.number("params_per_gpu").map(|params_per_gpu| Size {
        params_per_gpu,
        bytes_per_param: keys.number("bytes_per_param").unwrap_or(BYTES_PER_PARAM),
    });
    if size.is_some() && !cluster.pools.is_empty() && !cluster.pools.iter().any(reads) {
        let message = "`params_per_gpu`: no pool names the storage to write to, as cluster.pools.NAME.storage";
        problems.push(keys.place("params_per_gpu").problem(message));
    }
    let interval = Interval::WORDS.into_iter().find(|(word, _)| keys.text("interval") == Some(word));
    let interval = interval.map_or(Interval::Given, |(_, interval)| interval);
    let cost = keys.span("cost").unwrap_or_default();
    if interval != Interval::Given && !fail {
        problems.push(keys.place("interval").problem("`interval`: the best one depends on [physics.failures.POOL]"));
    } else if interval != Interval::Given && cost == Span::ZERO && size.is_none() {
        let message = "`interval`: checkpoints that cost nothing have no best one; give `cost` or `params_per_gpu`";
        problems.push(keys.place("interval").problem(message));
    }
    Checkpoints { every: keys.span("every").unwrap_or_default(), interval, cost, size }
}

/// See [`Size::bytes_per_param`].
const BYTES_PER_PARAM: f64 = 13.0;

/// Reports a table of a pool that the cluster does not have.
pub(super) fn check_pool(pool: &Entry, cluster: &ClusterSpec, problems: &mut Problems) {
    let pools: Vec<&str> = cluster.pools.iter().map(|pool| pool.name.as_str()).collect();
    if !pools.is_empty() && !pools.contains(&pool.key.as_str()) {
        let message = format!("there is no pool `{}`{}", pool.key, suggest::hint(&pool.key, &pools));
        problems.push(pool.place.problem(message));
    }
}
