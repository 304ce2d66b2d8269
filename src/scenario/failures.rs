//! `[physics.failures.POOL]`: what fails by chance.

use std::collections::BTreeMap;

use super::physics::check_pool;
use super::section::Section;
use super::tables::{FAILURES, GPU_FAILURES, RACK_FAILURES, Table};
use super::tree::Entry;
use crate::cluster::ClusterSpec;
use crate::input::Problems;
use crate::physics::{FailureModel, Failures, Repair};
use crate::units::Span;

/// Reads the failures of all pools that are named.
pub fn read(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, Failures> {
    let mut failures = BTreeMap::new();
    for pool in entry.node.table().unwrap_or_default() {
        check_pool(pool, cluster, problems);
        let title = format!("physics.failures.{}", pool.key);
        let part = |name: &str| pool.node.entry(name);
        let own = pool.node.table().unwrap_or_default().iter().any(|entry| !matches!(&*entry.key, "gpu" | "rack"));
        let node = (own || (part("gpu").is_none() && part("rack").is_none()))
            .then(|| model(pool, &FAILURES, &title, problems))
            .flatten();
        let mut below =
            |name: &str, table| part(name).and_then(|entry| model(entry, table, &format!("{title}.{name}"), problems));
        let (gpu, rack) = (below("gpu", &GPU_FAILURES), below("rack", &RACK_FAILURES));
        let spec = cluster.pools.iter().find(|spec| spec.name == pool.key);
        if let Some(at) = part("gpu")
            && spec.is_some_and(|spec| spec.gpus_per_node() == 0)
        {
            problems.push(at.place.problem(format!("pool `{}` has no GPUs that could fail", pool.key)));
        }
        failures.insert(pool.key.clone(), Failures { node, gpu, rack });
    }
    failures
}

/// How one kind of part fails.
fn model(entry: &Entry, table: &'static Table, title: &str, problems: &mut Problems) -> Option<FailureModel> {
    let keys = Section::read(&entry.node, &entry.place, table.keys, &["mtbf", "repair"], title, problems);
    for key in ["mtbf", "repair"] {
        if keys.span(key) == Some(Span::ZERO) {
            problems.push(keys.place(key).problem(format!("`{key}`: expected a time above 0")));
        }
    }
    let repair = Repair { median: keys.span("repair")?, sigma: keys.number("repair_sigma").unwrap_or(0.0) };
    Some(FailureModel { mtbf: keys.span("mtbf")?, shape: keys.number("shape").unwrap_or(1.0), repair })
}
