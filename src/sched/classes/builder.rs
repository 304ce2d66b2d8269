//! Sorting jobs into classes, and saying why some can never run.

use std::collections::BTreeMap;

use super::{Bar, Class, ClassId, Elasticity, Grain, least_units};
use crate::cluster::{ClusterSpec, PoolSpec, PoolState, Request, Slice, placement};
use crate::trace::JobSpec;

pub(super) struct Builder<'a> {
    pub(super) cluster: &'a ClusterSpec,
    pub(super) grain: Grain,
    pub(super) empty: &'a [PoolState],
    pub(super) classes: Vec<Class>,
    pub(super) class_numbers: BTreeMap<ClassKey, ClassId>,
}

/// What makes two jobs the same class.
type ClassKey = (u32, u32, Slice, u64, u64, crate::trace::Topology, bool, Vec<u16>, Vec<(u16, Bar)>);

impl Builder<'_> {
    pub(super) fn class_of(&mut self, spec: &JobSpec) -> ClassId {
        let mut request = Request::of(spec);
        let (pools, barred) = self.pools_of(spec);
        // Where no pool gives slices, a share asks for whole GPUs like any other job.
        let sliced = |&pool: &u16| self.empty[pool as usize].cut(&request).is_some();
        if self.grain == Grain::WholeGpus || !pools.iter().any(sliced) {
            request = request.whole();
        }
        let key: ClassKey = (
            request.units,
            request.gpus,
            request.slice,
            request.cpu,
            request.mem,
            request.topology,
            request.tasks,
            pools.clone(),
            barred.clone(),
        );
        if let Some(&class) = self.class_numbers.get(&key) {
            return class;
        }
        self.classes.push(Class {
            request,
            pools,
            barred,
            usable: false,
            fewest_gpus: u64::MAX,
            fewest_units: u32::MAX,
        });
        let class = ClassId(self.classes.len() as u32 - 1);
        self.class_numbers.insert(key, class);
        class
    }

    fn pools_of(&self, spec: &JobSpec) -> (Vec<u16>, Vec<(u16, Bar)>) {
        let mut open = Vec::new();
        let mut barred = Vec::new();
        for (number, pool) in self.cluster.pools.iter().enumerate() {
            let number = number as u16;
            let gpu = self.cluster.gpu_id(pool);
            let type_fits = spec.gpus == 0 || (self.has_type(spec, pool) && self.can_serve(spec, pool));
            if !pool.admits(&spec.queue) {
                if gpu.is_some() {
                    barred.push((number, Bar::Queue));
                }
            } else if type_fits {
                open.push(number);
            } else if gpu.is_some() {
                barred.push((number, Bar::Type));
            }
        }
        (open, barred)
    }

    /// Whether a pool has GPUs of a type that a job accepts.
    fn has_type(&self, spec: &JobSpec, pool: &PoolSpec) -> bool {
        let accepts = |id: &str| spec.gpu_types.is_empty() || spec.gpu_types.iter().any(|t| t == id);
        self.cluster.gpu_id(pool).is_some_and(accepts)
    }

    /// Whether a GPU of a pool has the MIG profile and the memory that a job asks for.
    fn can_serve(&self, spec: &JobSpec, pool: &PoolSpec) -> bool {
        let Some(gpu) = pool.gpus.map(|gpus| &self.cluster.gpu_types[gpus.gpu_type]) else { return false };
        let memory = match (spec.mig, gpu.mig) {
            (None, _) => gpu.memory_bytes.unwrap_or(u64::MAX),
            (Some(name), Some(names)) => match names.find(name) {
                Some(profile) => u64::from(names.memory_mb(profile)) * 1_000_000,
                None => return false,
            },
            (Some(_), None) => return false,
        };
        spec.gpu_mem_bytes.is_none_or(|need| need <= memory)
    }

    /// Where the jobs of a spec could start, and why they never can if that is nowhere.
    pub(super) fn admit(
        &mut self,
        class: ClassId,
        spec: &JobSpec,
        elasticity: Elasticity,
    ) -> (Vec<u16>, Option<String>) {
        let Class { request, pools, .. } = &self.classes[class.index()];
        let least = request.with_units(least_units(spec, request, elasticity));
        let fits = |&&pool: &&u16| placement::fits(&self.empty[pool as usize], &least);
        let homes: Vec<u16> = pools.iter().filter(fits).copied().collect();
        let rejection = homes.is_empty().then(|| self.rejection(spec, &least, pools));
        let units = least.units;
        let at_once = if elasticity == Elasticity::StartEarly { 1 } else { least.units };
        let fewest = request.with_units(at_once).least_gpus();
        let class = &mut self.classes[class.index()];
        class.usable |= rejection.is_none();
        class.fewest_gpus = class.fewest_gpus.min(fewest);
        class.fewest_units = class.fewest_units.min(units);
        (homes, rejection)
    }

    fn rejection(&self, spec: &JobSpec, request: &Request, pools: &[u16]) -> String {
        let mut of_type = self.cluster.pools.iter().filter(|pool| self.has_type(spec, pool)).peekable();
        if spec.gpus > 0 && of_type.peek().is_none() {
            return format!("no pool has GPU type {}", spec.gpu_types.join("|"));
        }
        if spec.gpus > 0 && !of_type.any(|pool| self.can_serve(spec, pool)) {
            return self.no_such_gpu(spec);
        }
        if pools.is_empty() {
            return match spec.queue.is_empty() {
                true => "no pool for it admits jobs that name no queue".to_owned(),
                false => format!("no pool for it admits queue `{}`", spec.queue),
            };
        }
        let most = pools.iter().map(|&p| self.cluster.pools[p as usize].gpus_in_use()).max().unwrap_or(0);
        if request.total_gpus() > most {
            return format!("asks for {} GPUs, its largest pool has {most}", request.total_gpus());
        }
        let without_limits = request.gpus_only();
        if pools.iter().any(|&p| placement::fits(&self.empty[p as usize], &without_limits)) {
            return "asks for more CPU or memory than the nodes have".to_owned();
        }
        format!("does not fit into one {}", domain(request))
    }

    /// What the GPUs of the types that a job accepts lack.
    fn no_such_gpu(&self, spec: &JobSpec) -> String {
        let without_memory = JobSpec { gpu_mem_bytes: None, ..spec.clone() };
        let mut of_type = self.cluster.pools.iter().filter(|pool| self.has_type(spec, pool));
        match (spec.mig, spec.gpu_mem_bytes) {
            (Some(mig), None) => format!("no GPU that it may use has the MIG profile {mig}"),
            (Some(mig), _) if !of_type.any(|pool| self.can_serve(&without_memory, pool)) => {
                format!("no GPU that it may use has the MIG profile {mig}")
            }
            (_, need) => {
                let gigabytes = need.unwrap_or(0) as f64 / 1e9;
                format!("asks for {gigabytes} GB of GPU memory, more than what it may use has")
            }
        }
    }
}

fn domain(request: &Request) -> &'static str {
    match request.widest() {
        crate::trace::Level::Island => "NVLink island",
        crate::trace::Level::Node => "node",
        crate::trace::Level::Rack => "rack",
        crate::trace::Level::Any => "pool: its tasks are larger than a node",
    }
}
