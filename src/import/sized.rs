//! A cluster for a trace that comes without one.

use std::collections::BTreeSet;

use super::site::{Site, SitePool};
use crate::trace::spec::Level;
use crate::trace::{JobSpec, JobTable};
use crate::units::keys::Params;

/// The offered load that the assumed cluster is made for: queues form, and do not grow without end.
const LOAD: f64 = 0.8;

/// The GPU type where nothing is said.
const DEFAULT_GPU: &str = "h100-sxm";

/// What the jobs of a GPU type need.
#[derive(Debug, Default)]
struct Need {
    gpu_micros: u128,
    /// Each kind of job: how many units, and the GPUs of one, which lie on one node.
    units: BTreeSet<(u32, u32)>,
}

/// A pool for each GPU type that jobs ask for, and one for those that ask for none: as many nodes as bring the offered
/// load to [`LOAD`], and no fewer than the largest job needs; GPU type, GPUs per node and nodes as the options say.
pub fn site(jobs: &JobTable, options: &Params) -> Site {
    let count = |key| options.count(key).map(|n| n as u32);
    let gpu = options.text_or("gpu", DEFAULT_GPU);
    // Until the last job would end if none had to wait: jobs that come all at once are work for that long too.
    let span = jobs.ids().map(|job| jobs.submit(job).after(jobs.duration(job)).micros()).max().unwrap_or(0).max(1);
    let mut pools: Vec<SitePool> = Vec::new();
    for (name, need) in needs(jobs, gpu) {
        let gpus_per_node = count("gpus_per_node").unwrap_or_else(|| need.largest_unit().max(8));
        let nodes = count("nodes").unwrap_or_else(|| need.nodes(span, gpus_per_node));
        let pool_name = if name == gpu { "main".to_owned() } else { name.clone() };
        pools.push(SitePool { name: pool_name, gpu: Some(name), nodes, gpus_per_node, ..SitePool::default() });
    }
    let why = match count("nodes") {
        Some(_) => "as many nodes as --option nodes asked for".to_owned(),
        None => format!("enough nodes for the largest job and for an offered load of {LOAD}"),
    };
    Site::new(format!("The dataset does not say what it ran on. Assumed: {why}."), pools)
}

/// What is needed by GPU type, in order of appearance; jobs that may take any count towards `default`.
fn needs(jobs: &JobTable, default: &str) -> Vec<(String, Need)> {
    let mut needs: Vec<(String, Need)> = Vec::new();
    let mut place_of = |spec: &JobSpec| {
        let gpu = spec.gpu_types.first().map_or(default, String::as_str);
        needs.iter().position(|(known, _)| known == gpu).unwrap_or_else(|| {
            needs.push((gpu.to_owned(), Need::default()));
            needs.len() - 1
        })
    };
    let places: Vec<usize> = jobs.specs().iter().map(&mut place_of).collect();
    for job in jobs.ids() {
        let spec = jobs.spec(job);
        let need = &mut needs[places[jobs.spec_id(job).index()]].1;
        need.gpu_micros += u128::from(spec.gpus) * u128::from(jobs.duration(job).micros());
        need.units.insert(units(spec));
    }
    needs
}

/// How many pieces that lie on one node each a job has, and the GPUs of a piece.
fn units(spec: &JobSpec) -> (u32, u32) {
    match spec.tasks {
        _ if !spec.topology.preferred && matches!(spec.topology.level, Level::Node | Level::Island) => (1, spec.gpus),
        Some(tasks) => (tasks.get(), spec.gpus / tasks),
        None => (spec.gpus, 1),
    }
}

impl Need {
    fn largest_unit(&self) -> u32 {
        self.units.iter().map(|&(_, gpus)| gpus).max().unwrap_or(1)
    }

    /// Nodes for the load over `span` microseconds and for each of the jobs.
    fn nodes(&self, span: u64, gpus_per_node: u32) -> u32 {
        let for_load = (self.gpu_micros as f64 / span as f64 / LOAD / f64::from(gpus_per_node)).ceil();
        // Of twelve GPUs a node gives eight to a task of eight, and the rest to none.
        let for_job = |&(units, gpus): &(u32, u32)| units.div_ceil((gpus_per_node / gpus.max(1)).max(1));
        let for_jobs = self.units.iter().map(for_job).max().unwrap_or(0);
        (for_load.min(f64::from(u32::MAX)) as u32).max(for_jobs).max(1)
    }
}
