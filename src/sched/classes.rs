//! The distinct kinds of jobs of a run, found once before it starts.
//!
//! Jobs differ in their ids and times; what they ask for comes in few kinds. A *class* is what decides where a job can
//! lie; a *shape* is a class of one line and one tenant, the unit in which the ledger's claims are walked.

mod builder;

use std::collections::BTreeMap;

use crate::cluster::{ClusterSpec, PoolState, Request, Slice};
use crate::trace::table::SpecId;
use crate::trace::{JobId, JobSpec, JobTable};
use builder::Builder;

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
        let empty: Vec<PoolState> = cluster.pools.iter().map(PoolState::without_spares).collect();
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

    /// Whether every job that can run at all may use any free GPU, so that reservations need only count: where units are
    /// of one GPU, or all of them whole nodes.
    #[must_use]
    pub fn all_may_use_any_gpu(&self, cluster: &ClusterSpec) -> bool {
        let mut gpu_pools = cluster.pools.iter().filter(|p| p.gpus.is_some());
        let (Some(gpu_pool), None) = (gpu_pools.next(), gpu_pools.next()) else { return false };
        let limited = |class: &Class| {
            let mut pools = class.pools.iter().map(|&p| &cluster.pools[p as usize]);
            let (cpu, mem) = (class.request.cpu > 0, class.request.mem > 0);
            pools.any(|p| (cpu && p.cpu_milli.is_some()) || (mem && p.mem_bytes.is_some()))
        };
        let unbound =
            |class: &Class| class.request.slice == Slice::Whole && class.request.widest() == crate::trace::Level::Any;
        let usable = || self.classes.iter().filter(|c| c.usable);
        let any_node = usable().all(|c| unbound(c) && !limited(c) && c.barred.is_empty());
        let all_take = |gpus: u32| usable().all(|c| c.request.gpus == 0 || c.request.gpus == gpus);
        any_node && (all_take(1) || all_take(gpu_pool.gpus_per_node()))
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
