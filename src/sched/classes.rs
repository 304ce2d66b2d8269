//! The distinct kinds of jobs of a run, found once before it starts.
//!
//! Jobs differ in their ids and times; what they ask for comes in few kinds. A *class* is what decides where a job can
//! lie; a *shape* is a class of one line and one tenant, the unit in which the ledger's claims are walked.

use std::collections::BTreeMap;

use crate::cluster::{ClusterSpec, PoolSpec, PoolState, Request, Slice, placement};
use crate::trace::table::SpecId;
use crate::trace::{JobId, JobSpec, JobTable};

/// Declares the number of a thing in its table.
macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index_type! {
    /// The number of a [`Class`].
    ClassId
}
index_type! {
    /// The number of a [`Shape`].
    ShapeId
}
index_type! {
    /// The number of a line: a value of the `queue` column.
    LineId
}
index_type! {
    /// The number of a tenant.
    TenantId
}

/// Why a pool is closed to a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bar {
    /// It has none of the GPU types that the job accepts.
    Type,
    /// It does not admit the job's line.
    Queue,
}

/// Jobs that ask for the same and may use the same pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// What each of them asks for.
    pub request: Request,
    /// The pools that they may use, in file order.
    pub pools: Vec<u16>,
    /// The other pools with GPUs, in file order.
    pub barred: Vec<(u16, Bar)>,
    /// Whether any of them can ever run.
    pub usable: bool,
    /// With fewer free GPUs in a pool, none of them gets anything there.
    pub fewest_gpus: u64,
    /// The fewest units with which any of them starts.
    pub fewest_units: u32,
}

impl Class {
    /// Whether all of them start with all their units or not at all.
    #[must_use]
    pub fn is_rigid(&self) -> bool {
        self.fewest_units == self.request.units
    }
}

/// A class of one line and one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// What its jobs ask for.
    pub class: ClassId,
    /// Where they wait.
    pub line: LineId,
    /// Who pays.
    pub tenant: TenantId,
}

/// All kinds of jobs of a run.
#[derive(Debug, Clone)]
pub struct Classes {
    classes: Vec<Class>,
    shapes: Vec<Shape>,
    lines: Vec<String>,
    tenants: Vec<String>,
    shape_of_spec: Vec<ShapeId>,
    homes: Vec<Vec<u16>>,
    rejections: Vec<Option<String>>,
}

/// Which jobs may start with less than they ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elasticity {
    /// None: all units at once.
    Rigid,
    /// Those with `min_tasks`, which then run for as long as the trace says.
    StartEarly,
    /// Those with `min_tasks`, which then progress in proportion to the members running.
    Proportional,
}

/// What the GPUs are given out in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Slices, in pools that share their GPUs.
    Slices,
    /// Whole GPUs, whatever a job asks for of them.
    WholeGpus,
}

/// The fewest units with which a job starts.
#[must_use]
pub fn least_units(spec: &JobSpec, request: &Request, elasticity: Elasticity) -> u32 {
    match (elasticity, spec.min_tasks) {
        (Elasticity::Rigid, _) | (_, None) => request.units,
        (_, Some(least)) => least.get().min(request.units),
    }
}

impl Classes {
    /// Sorts the jobs of a table into classes and shapes for a cluster.
    #[must_use]
    pub fn new(cluster: &ClusterSpec, jobs: &JobTable, elasticity: Elasticity, grain: Grain) -> Self {
        let empty: Vec<PoolState> = cluster.pools.iter().map(PoolState::new).collect();
        let mut builder =
            Builder { cluster, grain, empty: &empty, classes: Vec::new(), class_numbers: BTreeMap::new() };
        let mut lines = Names::default();
        let mut tenants = Names::default();
        let mut shapes = Vec::new();
        let mut shape_numbers = BTreeMap::new();
        let mut homes = Vec::new();
        let mut rejections = Vec::new();
        let shape_of_spec = jobs
            .specs()
            .iter()
            .map(|spec| {
                let class = builder.class_of(spec);
                let (home, rejection) = builder.admit(class, spec, elasticity);
                homes.push(home);
                rejections.push(rejection);
                let line = LineId(lines.number(&spec.queue));
                let tenant = TenantId(tenants.number(&spec.tenant));
                *shape_numbers.entry((class, line, tenant)).or_insert_with(|| {
                    shapes.push(Shape { class, line, tenant });
                    ShapeId(shapes.len() as u32 - 1)
                })
            })
            .collect();
        Classes {
            classes: builder.classes,
            shapes,
            lines: lines.list,
            tenants: tenants.list,
            shape_of_spec,
            homes,
            rejections,
        }
    }

    /// All classes, by [`ClassId`].
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// All shapes, by [`ShapeId`].
    #[must_use]
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The names of all lines, by [`LineId`].
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The names of all tenants, by [`TenantId`].
    #[must_use]
    pub fn tenants(&self) -> &[String] {
        &self.tenants
    }

    /// The number of a job's shape.
    #[must_use]
    pub fn shape_id(&self, jobs: &JobTable, job: JobId) -> ShapeId {
        self.shape_of_spec[jobs.spec_id(job).index()]
    }

    /// A job's shape.
    #[must_use]
    pub fn shape(&self, jobs: &JobTable, job: JobId) -> Shape {
        self.shapes[self.shape_id(jobs, job).index()]
    }

    /// The class of the jobs of a specification.
    #[must_use]
    pub fn of_spec(&self, spec: SpecId) -> &Class {
        &self.classes[self.shapes[self.shape_of_spec[spec.index()].index()].class.index()]
    }

    /// A job's class.
    #[must_use]
    pub fn class(&self, jobs: &JobTable, job: JobId) -> &Class {
        &self.classes[self.shape(jobs, job).class.index()]
    }

    /// Those of its class's pools in which the job could start if they were empty, in file order.
    #[must_use]
    pub fn homes(&self, jobs: &JobTable, job: JobId) -> &[u16] {
        &self.homes[jobs.spec_id(job).index()]
    }

    /// Why a job can never run, if so.
    #[must_use]
    pub fn rejection(&self, jobs: &JobTable, job: JobId) -> Option<&str> {
        self.rejections[jobs.spec_id(job).index()].as_deref()
    }

    /// Whether every job that can run at all may use any free GPU, so that reservations need only count.
    #[must_use]
    pub fn all_may_use_any_gpu(&self, cluster: &ClusterSpec) -> bool {
        let gpu_pools = cluster.pools.iter().filter(|p| p.gpus.is_some()).count();
        let limited = |class: &Class| {
            let mut pools = class.pools.iter().map(|&p| &cluster.pools[p as usize]);
            let (cpu, mem) = (class.request.cpu > 0, class.request.mem > 0);
            pools.any(|p| (cpu && p.cpu_milli.is_some()) || (mem && p.mem_bytes.is_some()))
        };
        let unbound = |class: &Class| {
            class.request.gpus <= 1
                && class.request.slice == Slice::Whole
                && class.request.widest() == crate::trace::Level::Any
        };
        let mut usable = self.classes.iter().filter(|c| c.usable);
        gpu_pools == 1 && usable.all(|c| unbound(c) && !limited(c) && c.barred.is_empty())
    }
}

/// Names numbered in the order of their first use.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

struct Builder<'a> {
    cluster: &'a ClusterSpec,
    grain: Grain,
    empty: &'a [PoolState],
    classes: Vec<Class>,
    class_numbers: BTreeMap<ClassKey, ClassId>,
}

/// What makes two jobs the same class.
type ClassKey = (u32, u32, Slice, u64, u64, crate::trace::Topology, bool, Vec<u16>, Vec<(u16, Bar)>);

impl Builder<'_> {
    fn class_of(&mut self, spec: &JobSpec) -> ClassId {
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
    fn admit(&mut self, class: ClassId, spec: &JobSpec, elasticity: Elasticity) -> (Vec<u16>, Option<String>) {
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
            return format!("no pool for it admits queue `{}`", spec.queue);
        }
        let most = pools.iter().map(|&p| self.cluster.pools[p as usize].gpu_count()).max().unwrap_or(0);
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
