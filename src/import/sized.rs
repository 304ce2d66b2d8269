//! A cluster for a trace that comes without one.

use super::site::{Site, SitePool};
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
    /// GPUs of the largest job, or of its largest task where that is more than a node has.
    largest: u32,
    task: u32,
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
        let gpus_per_node = count("gpus_per_node").unwrap_or_else(|| need.task.max(8));
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
        need.largest = need.largest.max(spec.gpus);
        need.task = need.task.max(spec.tasks.map_or(1, |tasks| spec.gpus / tasks));
    }
    needs
}

impl Need {
    /// Nodes for the load over `span` microseconds and for the largest job.
    fn nodes(&self, span: u64, gpus_per_node: u32) -> u32 {
        let for_load = (self.gpu_micros as f64 / span as f64 / LOAD / f64::from(gpus_per_node)).ceil();
        (for_load.min(f64::from(u32::MAX)) as u32).max(self.largest.div_ceil(gpus_per_node)).max(1)
    }
}
