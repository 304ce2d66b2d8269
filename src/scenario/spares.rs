//! `[physics.spares.POOL]`: nodes that are held back until others fail.

use super::physics::check_pool;
use super::section::Section;
use super::tables::SPARES;
use super::tree::Entry;
use crate::cluster::{ClusterSpec, Spares};
use crate::input::Problems;

/// Notes in the pools which of their nodes are held back.
pub fn read(entry: &Entry, cluster: &mut ClusterSpec, problems: &mut Problems) {
    for pool in entry.node.table().unwrap_or_default() {
        let title = format!("physics.spares.{}", pool.key);
        let keys = Section::read(&pool.node, &pool.place, SPARES.keys, SPARES.required, &title, problems);
        check_pool(pool, cluster, problems);
        let Some(spec) = cluster.pools.iter_mut().find(|spec| spec.name == pool.key) else { continue };
        let Some(nodes) = keys.count32("nodes") else { continue };
        if spec.tenure.rent().is_some() {
            let message = format!("[{title}]: pool `{}` is rented: others are asked for when its nodes fail", pool.key);
            problems.push(pool.place.problem(message));
        } else if nodes >= spec.nodes {
            let message = format!("`nodes`: all {} nodes of pool `{}` would be held back", spec.nodes, pool.key);
            problems.push(keys.place("nodes").problem(message));
        } else {
            spec.spares = Spares { nodes, swap: keys.span("swap").unwrap_or_default() };
        }
    }
}
