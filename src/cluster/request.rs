//! What a job asks of the cluster, in the one form that placement understands.

use crate::trace::{JobSpec, Level, Topology};
use crate::units::MigName;
use crate::units::gpus::MILLI_PER_GPU;

/// How much of each of its GPUs a unit asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slice {
    /// All of it.
    Whole,
    /// A share.
    Share {
        /// Thousandths of the GPU, 1 to 999.
        milli: u16,
        /// Megabytes of its memory; `None`: as much of it as of the GPU.
        memory_mb: Option<u32>,
    },
    /// An instance.
    Mig(MigName),
}

/// Equal units, each on one node, all in one pool and within one domain of the topology level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    /// How many units; at least 1.
    pub units: u32,
    /// GPUs of each unit.
    pub gpus: u32,
    /// How much of each.
    pub slice: Slice,
    /// Thousandths of a core of each unit.
    pub cpu: u64,
    /// Bytes of memory of each unit.
    pub mem: u64,
    /// How close the units must lie.
    pub topology: Topology,
    /// Whether the units are tasks of the job's own making, rather than its GPUs one by one.
    pub tasks: bool,
}

impl Slice {
    /// Thousandths of a GPU.
    #[must_use]
    pub fn milli(self) -> u64 {
        match self {
            Slice::Whole => MILLI_PER_GPU,
            Slice::Share { milli, .. } => u64::from(milli),
            Slice::Mig(name) => u64::from(name.milli()),
        }
    }

    /// What a job asks for of each of its GPUs.
    fn of(spec: &JobSpec) -> Self {
        let share = spec.gpu_share.map_or(MILLI_PER_GPU, crate::units::MilliGpu::milli);
        match spec.mig {
            _ if spec.gpus == 0 => Slice::Whole,
            Some(name) => Slice::Mig(name),
            None if share >= MILLI_PER_GPU => Slice::Whole,
            None => Slice::Share {
                milli: share as u16,
                memory_mb: spec.gpu_mem_bytes.map(|bytes| u32::try_from(bytes.div_ceil(1_000_000)).unwrap_or(u32::MAX)),
            },
        }
    }
}

impl Request {
    /// The request of a job: its tasks, or one unit for each of its GPUs.
    #[must_use]
    pub fn of(spec: &JobSpec) -> Self {
        let topology = spec.topology;
        let slice = Slice::of(spec);
        match spec.tasks {
            Some(tasks) => Request {
                units: tasks.get(),
                gpus: spec.gpus / tasks.get(),
                slice,
                cpu: spec.cpu_milli,
                mem: spec.mem_bytes,
                topology,
                tasks: true,
            },
            None => {
                let units = spec.gpus.max(1);
                Request {
                    units,
                    gpus: spec.gpus.min(1),
                    slice,
                    cpu: spec.cpu_milli.div_ceil(u64::from(units)),
                    mem: spec.mem_bytes.div_ceil(u64::from(units)),
                    topology,
                    tasks: false,
                }
            }
        }
    }

    /// The same units, but so many of them.
    #[must_use]
    pub const fn with_units(self, units: u32) -> Self {
        Request { units, ..self }
    }

    /// The same units, as close as `level`, required.
    #[must_use]
    pub const fn within(self, level: Level) -> Self {
        Request { topology: Topology { level, preferred: false }, ..self }
    }

    /// The same units on whole GPUs.
    #[must_use]
    pub const fn whole(self) -> Self {
        Request { slice: Slice::Whole, ..self }
    }

    /// The same request without CPU and memory.
    #[must_use]
    pub const fn gpus_only(self) -> Self {
        Request { cpu: 0, mem: 0, ..self }
    }

    /// GPUs of all units.
    #[must_use]
    pub fn total_gpus(&self) -> u64 {
        u64::from(self.units) * u64::from(self.gpus)
    }

    /// Thousandths of GPUs that a unit asks for.
    #[must_use]
    pub fn unit_milli(&self) -> u64 {
        u64::from(self.gpus) * self.slice.milli()
    }

    /// With fewer GPUs that are free or shared, it has no place: slices may all lie on one.
    #[must_use]
    pub fn least_gpus(&self) -> u64 {
        if self.slice == Slice::Whole { self.total_gpus() } else { self.total_gpus().min(1) }
    }

    /// The widest level at which the units may lie.
    #[must_use]
    pub fn widest(&self) -> Level {
        if self.topology.preferred { Level::Any } else { self.topology.level }
    }

    /// The levels to try, closest first.
    pub fn levels(&self) -> impl Iterator<Item = Level> + use<> {
        let (level, preferred) = (self.topology.level, self.topology.preferred);
        [Level::Island, Level::Node, Level::Rack, Level::Any]
            .into_iter()
            .filter(move |&l| l == level || (preferred && l < level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_without_tasks_share_cpu_and_memory_rounded_up() {
        let spec = JobSpec { gpus: 3, cpu_milli: 10, mem_bytes: 7, ..JobSpec::default() };
        let request = Request::of(&spec);
        assert_eq!((request.units, request.gpus, request.cpu, request.mem), (3, 1, 4, 3));
        let cpu_job = Request::of(&JobSpec { cpu_milli: 10, ..JobSpec::default() });
        assert_eq!((cpu_job.units, cpu_job.gpus, cpu_job.cpu), (1, 0, 10));
    }

    #[test]
    fn a_preferred_need_widens_step_by_step() {
        let levels = |word| {
            let topology = Topology::parse(word).unwrap();
            Request::of(&JobSpec { topology, ..JobSpec::default() }).levels().collect::<Vec<_>>()
        };
        assert_eq!(levels("node?"), [Level::Node, Level::Rack, Level::Any]);
        assert_eq!(levels("node"), [Level::Node]);
        assert_eq!(levels("any"), [Level::Any]);
    }
}
