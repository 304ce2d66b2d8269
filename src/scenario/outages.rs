//! `[physics.outages.NAME]`: outages that are known beforehand.

use std::collections::BTreeMap;

use super::section::Section;
use super::tables::OUTAGES;
use super::tree::Entry;
use crate::cluster::{ClusterSpec, PoolSpec};
use crate::input::Problems;
use crate::physics::{Cause, OutageWindow};
use crate::units::{Span, suggest};

/// Reads all outages; their nodes are those of the cluster's pools.
pub fn read(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, OutageWindow> {
    let entries = entry.node.table().unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.clone(), window(entry, cluster, problems)?))).collect()
}

fn window(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> Option<OutageWindow> {
    let title = format!("physics.outages.{}", entry.key);
    let keys = Section::read(&entry.node, &entry.place, OUTAGES.keys, OUTAGES.required, &title, problems);
    if keys.span("lasts") == Some(Span::ZERO) {
        problems.push(keys.place("lasts").problem("`lasts`: expected a time above 0"));
    }
    let cause = if keys.text("kind") == Some("maintenance") { Cause::Maintenance } else { Cause::Failed };
    if keys.has("drain") && cause == Cause::Failed && (keys.text("kind").is_some() || keys.misses("kind")) {
        problems.push(
            keys.place("drain").problem("`drain`: failures come without notice; it goes with kind = \"maintenance\""),
        );
    }
    let (first, count) = (keys.count32("node").unwrap_or(0), keys.count32("nodes").unwrap_or(1));
    let pool = pool(&keys, cluster, problems)?;
    let end = u64::from(first) + u64::from(count);
    if end > u64::from(pool.nodes) {
        let key = if keys.has("nodes") { "nodes" } else { "node" };
        let last = pool.nodes - 1;
        let message = format!("`{key}`: pool `{}` has nodes 0 to {last}, the outage goes up to {}", pool.name, end - 1);
        problems.push(keys.place(key).problem(message));
        return None;
    }
    Some(OutageWindow {
        pool: pool.name.clone(),
        nodes: first..end as u32,
        from: keys.span("from")?,
        lasts: keys.span("lasts")?,
        drain: keys.span("drain").unwrap_or_default(),
        cause,
    })
}

/// The pool that the outage names; reports one that is not there, where pools are known at all.
fn pool<'c>(keys: &Section<'_>, cluster: &'c ClusterSpec, problems: &mut Problems) -> Option<&'c PoolSpec> {
    let name = keys.text("pool")?;
    let found = cluster.pools.iter().find(|pool| pool.name == name);
    if found.is_none() && !cluster.pools.is_empty() {
        let pools: Vec<&str> = cluster.pools.iter().map(|pool| pool.name.as_str()).collect();
        let message = format!("`pool`: there is no pool `{name}`{}", suggest::hint(name, &pools));
        problems.push(keys.place("pool").problem(message));
    }
    found
}
