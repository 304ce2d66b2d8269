//! `[physics.stragglers.POOL]`: slow nodes, and steps that take longer on one than on another.

use std::collections::BTreeMap;

use super::physics::check_pool;
use super::section::Section;
use super::tables::STRAGGLERS;
use super::tree::Entry;
use crate::cluster::ClusterSpec;
use crate::input::Problems;
use crate::physics::{Speed, Stragglers};

/// The default speed of a slow node: jobs took 1.34 times as long.
const SLOW: f64 = 0.75;

/// Reads the pools that are named.
pub fn read(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, Stragglers> {
    let mut pools = BTreeMap::new();
    for pool in entry.node.table().unwrap_or_default() {
        check_pool(pool, cluster, problems);
        let title = format!("physics.stragglers.{}", pool.key);
        let keys = Section::read(&pool.node, &pool.place, STRAGGLERS.keys, STRAGGLERS.required, &title, problems);
        if keys.has("speed") && keys.misses("share") {
            problems
                .push(keys.place("speed").problem("`speed`: says nothing without `share`, the nodes that are slow"));
        }
        if keys.is_table() && keys.misses("share") && keys.misses("jitter") {
            let message = format!("[{title}] says nothing without `share` or `jitter`");
            problems.push(pool.place.problem(message));
        }
        let ppm = |key: &str| (keys.number(key).unwrap_or(0.0) * 1e6).round() as u32;
        let speed = Speed::of_share(keys.number("speed").unwrap_or(SLOW));
        let one = Stragglers { share_ppm: ppm("share"), speed, jitter_ppm: ppm("jitter") };
        pools.insert(pool.key.clone(), one);
    }
    pools
}
