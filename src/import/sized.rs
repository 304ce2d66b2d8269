//! A cluster for a trace that comes without one.

use super::site::{Site, SitePool};
use crate::trace::JobTable;
use crate::units::keys::{Params, Value};

/// The offered load that the assumed cluster is made for: queues form, and do not grow without end.
const LOAD: f64 = 0.8;

/// The GPU type where nothing is said.
const DEFAULT_GPU: &str = "h100-sxm";

/// As many nodes as bring the offered load to [`LOAD`], and no fewer than the largest job needs; GPU type, GPUs per
/// node and nodes as the options say.
pub fn site(jobs: &JobTable, options: &Params) -> Site {
    let count = |key| match options.value(key) {
        Some(Value::Count(n)) => Some(*n as u32),
        _ => None,
    };
    let gpus_per_node = count("gpus_per_node").unwrap_or(8);
    let gpu = options.text_or("gpu", DEFAULT_GPU).to_owned();
    let (nodes, why) = match count("nodes") {
        Some(nodes) => (nodes, "as many nodes as --option nodes asked for".to_owned()),
        None => (
            needed_nodes(jobs, gpus_per_node),
            format!("enough nodes for the largest job and for an offered load of {LOAD}"),
        ),
    };
    let pool = SitePool { name: "main".to_owned(), gpu: Some(gpu), nodes, gpus_per_node, ..SitePool::default() };
    let about = format!("The dataset does not say what it ran on. Assumed: {why}.");
    Site { about, pools: vec![pool], own_gpus: Vec::new() }
}

fn needed_nodes(jobs: &JobTable, gpus_per_node: u32) -> u32 {
    let gpu_micros: u128 =
        jobs.ids().map(|job| u128::from(jobs.spec(job).gpus) * u128::from(jobs.duration(job).micros())).sum();
    let span = jobs.ids().map(|job| jobs.submit(job).micros()).max().unwrap_or(0).max(1);
    let for_load = (gpu_micros as f64 / span as f64 / LOAD / f64::from(gpus_per_node)).ceil();
    let largest = jobs.specs().iter().map(|spec| spec.gpus).max().unwrap_or(0).div_ceil(gpus_per_node);
    (for_load.min(f64::from(u32::MAX)) as u32).max(largest).max(1)
}
