//! `[physics.communication.CLASS]`: how jobs are slowed by where their GPUs lie.

use std::collections::BTreeMap;

use super::section::Section;
use super::tables::COMMUNICATION;
use super::tree::Entry;
use crate::cluster::ClusterSpec;
use crate::input::Problems;
use crate::physics::allreduce::OVERLAP;
use crate::physics::{AllReduce, Communication, Slowdown, Speed};
use crate::units::Span;

/// The keys of the short form, a table of speeds.
const SPEEDS: [&str; 3] = ["node", "rack", "racks"];

/// The keys of the long form, an all-reduce.
const REDUCE: [&str; 3] = ["gradients", "step", "overlap"];

/// Reads all classes.
pub fn read(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, Communication> {
    let mut classes = BTreeMap::new();
    for class in entry.node.table().unwrap_or_default() {
        let title = format!("physics.communication.{}", class.key);
        let keys =
            Section::read(&class.node, &class.place, COMMUNICATION.keys, COMMUNICATION.required, &title, problems);
        let long = REDUCE.into_iter().find(|key| keys.has(key));
        let short = SPEEDS.into_iter().find(|key| keys.has(key));
        if let (Some(long), Some(short)) = (long, short) {
            let message = format!(
                "both `{long}` ({}) and `{short}` are given; a class takes an all-reduce or a table of speeds",
                keys.place(long).brief()
            );
            problems.push(keys.place(short).problem(message));
        } else if let Some(key) = long {
            let reduce = all_reduce(key, &keys, cluster, problems);
            classes.extend(reduce.map(|reduce| (class.key.clone(), Communication::AllReduce(reduce))));
        } else {
            classes.insert(class.key.clone(), Communication::Relative(speeds(&keys)));
        }
    }
    classes
}

fn speeds(keys: &Section<'_>) -> Slowdown {
    let node = keys.number("node").unwrap_or(1.0);
    let rack = keys.number("rack").unwrap_or(node);
    let racks = keys.number("racks").unwrap_or(rack);
    let [node, rack, racks] = [node, rack, racks].map(Speed::of_share);
    Slowdown { node, rack, racks }
}

fn all_reduce(given: &str, keys: &Section<'_>, cluster: &ClusterSpec, problems: &mut Problems) -> Option<AllReduce> {
    for key in ["gradients", "step"].into_iter().filter(|key| keys.misses(key)) {
        problems.push(keys.place(given).problem(format!("`{given}`: says nothing without `{key}`")));
    }
    if keys.span("step") == Some(Span::ZERO) {
        problems.push(keys.place("step").problem("`step`: expected a time above 0"));
    }
    let beyond_nodes = cluster.pools.iter().any(|pool| pool.nodes > 1 && pool.gpus.is_some());
    if beyond_nodes && !cluster.pools.iter().any(|pool| pool.io.network.fabric.is_some()) {
        let message =
            format!("`{given}`: no pool says how fast its nodes reach each other, as cluster.pools.NAME.fabric");
        problems.push(keys.place(given).problem(message));
    }
    let step = keys.span("step").filter(|&step| step > Span::ZERO)?;
    Some(AllReduce { gradients: keys.bytes("gradients")?, step, overlap: keys.number("overlap").unwrap_or(OVERLAP) })
}
