//! `[physics]`: what makes a held GPU do less than it could.

use std::collections::BTreeMap;

use super::section::Section;
use super::sharing;
use super::tables::{CHECKPOINT, COMMUNICATION, FAILURES, PHYSICS, STARTUP, Table};
use super::tree::{Entry, Node};
use crate::cluster::ClusterSpec;
use crate::input::Problems;
use crate::physics::{Checkpointing, FailureModel, Pauses, Physics, Preemption, Repair, Slowdown, Speed};
use crate::units::{Span, suggest};

/// Reads `[physics]`; the pools of the cluster are those that can fail and whose GPUs can be shared, as is noted in them.
pub fn read(root: &Node, cluster: &mut ClusterSpec, problems: &mut Problems) -> Physics {
    let Some(entry) = root.entry("physics") else { return Physics::default() };
    let keys = section(entry, &PHYSICS, "physics", problems);
    let part = |name: &str| entry.node.entry(name);
    let interference = part("sharing").map(|entry| sharing::read(entry, cluster, problems)).unwrap_or_default();
    Physics {
        interference,
        preemption: match keys.text("preemption") {
            Some("requeue") => Preemption::Requeue,
            _ => Preemption::Suspend,
        },
        pauses: part("startup").map(|entry| pauses(entry, problems)).unwrap_or_default(),
        checkpointing: part("checkpoint").map(|entry| checkpointing(entry, problems)),
        slowdowns: part("communication").map(|entry| slowdowns(entry, problems)).unwrap_or_default(),
        failures: part("failures").map(|entry| failures(entry, cluster, problems)).unwrap_or_default(),
    }
}

fn section<'t>(entry: &'t Entry, table: &'static Table, title: &str, problems: &mut Problems) -> Section<'t> {
    Section::read(&entry.node, &entry.place, table.keys, table.required, title, problems)
}

fn pauses(entry: &Entry, problems: &mut Problems) -> Pauses {
    let keys = section(entry, &STARTUP, "physics.startup", problems);
    let startup = keys.span("time").unwrap_or_default();
    Pauses { startup, restart: keys.span("restart").unwrap_or(startup) }
}

fn checkpointing(entry: &Entry, problems: &mut Problems) -> Checkpointing {
    let keys = section(entry, &CHECKPOINT, "physics.checkpoint", problems);
    if keys.span("every") == Some(Span::ZERO) {
        problems.push(keys.place("every").problem("`every`: a job would do nothing but write checkpoints"));
    }
    Checkpointing { every: keys.span("every").unwrap_or_default(), cost: keys.span("cost").unwrap_or_default() }
}

fn slowdowns(entry: &Entry, problems: &mut Problems) -> BTreeMap<String, Slowdown> {
    let mut slowdowns = BTreeMap::new();
    for class in entry.node.table().unwrap_or_default() {
        let keys = section(class, &COMMUNICATION, &format!("physics.communication.{}", class.key), problems);
        let node = keys.number("node").unwrap_or(1.0);
        let rack = keys.number("rack").unwrap_or(node);
        let racks = keys.number("racks").unwrap_or(rack);
        let [node, rack, racks] = [node, rack, racks].map(Speed::of_share);
        slowdowns.insert(class.key.clone(), Slowdown { node, rack, racks });
    }
    slowdowns
}

/// Reports a table of a pool that the cluster does not have.
pub(super) fn check_pool(pool: &Entry, cluster: &ClusterSpec, problems: &mut Problems) {
    let pools: Vec<&str> = cluster.pools.iter().map(|pool| pool.name.as_str()).collect();
    if !pools.is_empty() && !pools.contains(&pool.key.as_str()) {
        let message = format!("there is no pool `{}`{}", pool.key, suggest::hint(&pool.key, &pools));
        problems.push(pool.place.problem(message));
    }
}

fn failures(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, FailureModel> {
    let mut failures = BTreeMap::new();
    for pool in entry.node.table().unwrap_or_default() {
        let keys = section(pool, &FAILURES, &format!("physics.failures.{}", pool.key), problems);
        check_pool(pool, cluster, problems);
        for key in ["mtbf", "repair"] {
            if keys.span(key) == Some(Span::ZERO) {
                problems.push(keys.place(key).problem(format!("`{key}`: expected a time above 0")));
            }
        }
        if let (Some(mtbf), Some(median)) = (keys.span("mtbf"), keys.span("repair")) {
            let repair = Repair { median, sigma: keys.number("repair_sigma").unwrap_or(0.0) };
            let model = FailureModel { mtbf, shape: keys.number("shape").unwrap_or(1.0), repair };
            failures.insert(pool.key.clone(), model);
        }
    }
    failures
}
