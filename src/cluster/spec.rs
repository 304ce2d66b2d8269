//! What a cluster is made of: pools of identical nodes, as a scenario describes them.

use super::rent::Tenure;
use super::storage::{NodeIo, StorageSpec};
use crate::units::mig::MigNames;
use crate::units::{Span, UsdPerGpuHour};

/// A kind of GPU, from the catalog or from the scenario. Of a scenario's own type nothing but the id need be known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GpuType {
    /// The id that scenarios and traces use: `h100-sxm`.
    pub id: String,
    /// Architecture and year of release, as text.
    pub arch: Option<String>,
    /// Bytes of memory, as marketed.
    pub memory_bytes: Option<u64>,
    /// Memory bandwidth in bytes per second.
    pub bandwidth: Option<u64>,
    /// Dense BF16 (or, where the part has none, FP16) peak in TFLOPS.
    pub tflops: Option<f64>,
    /// Dense FP8 peak in TFLOPS, where the part has it.
    pub fp8_tflops: Option<f64>,
    /// The vendor's maximum power of the module in watts.
    pub power_w: Option<u32>,
    /// The most MIG instances; 1 without MIG.
    pub mig_instances: u8,
    /// Its MIG profiles, where the catalog has them.
    pub mig: Option<&'static MigNames>,
    /// Bytes per second, in one direction, of its links to the other GPUs of its island.
    pub link: Option<u64>,
    /// What an hour of it rents for, when the pool gives no price.
    pub price: Option<UsdPerGpuHour>,
}

/// The NVLink islands of a pool: sets of GPUs with full-speed links among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Island {
    /// So many GPUs of one node each.
    Gpus(u32),
    /// All GPUs of a rack, as in an NVL72.
    Rack,
}

/// How the GPUs of a pool are shared by jobs that ask for less than a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Shares of any size side by side.
    Shares {
        /// Who runs when.
        mode: ShareMode,
        /// The most shares of one GPU, at least 1.
        most: u16,
        /// Megabytes of memory of one GPU, which its shares cannot exceed together; `None`: not known, unlimited.
        memory_mb: Option<u32>,
    },
    /// Instances of these profiles.
    Mig(&'static MigNames),
}

/// How the shares of a GPU run beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareMode {
    /// Their kernels at once, under NVIDIA's Multi-Process Service.
    Mps,
    /// One after the other.
    TimeSlicing,
}

/// The GPUs of a node and how they are linked; CPU-only nodes have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeGpus {
    /// Index into [`ClusterSpec::gpu_types`].
    pub gpu_type: usize,
    /// GPUs on each node, at least 1.
    pub per_node: u32,
    /// Islands; `Gpus(k)` divides `per_node`.
    pub island: Island,
    /// How they are shared; `None`: a share or a MIG profile takes a whole GPU.
    pub sharing: Option<Sharing>,
}

/// Nodes that are held back until others fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spares {
    /// How many at first, the last of the pool; fewer than it has nodes.
    pub nodes: u32,
    /// From a failure until a spare is in the place of what failed.
    pub swap: Span,
}

/// A pool of identical nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSpec {
    /// The pool's name, unique in the cluster.
    pub name: String,
    /// How many nodes, at least 1.
    pub nodes: u32,
    /// Their GPUs; `None` for CPU-only nodes.
    pub gpus: Option<NodeGpus>,
    /// Nodes per rack, at least 1; the last rack may be smaller. `None`: one rack.
    pub nodes_per_rack: Option<u32>,
    /// Those of its nodes that are held back.
    pub spares: Spares,
    /// Thousandths of a core per node; `None`: unlimited.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory per node; `None`: unlimited.
    pub mem_bytes: Option<u64>,
    /// How its nodes get at data.
    pub io: NodeIo,
    /// How its nodes are had.
    pub tenure: Tenure,
    /// What a GPU-hour costs.
    pub price: UsdPerGpuHour,
    /// Lines that may use the pool; `None`: every one.
    pub queues: Option<Vec<String>>,
}

/// All pools, in file order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterSpec {
    /// The GPU types that the pools use.
    pub gpu_types: Vec<GpuType>,
    /// The pools.
    pub pools: Vec<PoolSpec>,
    /// The storage systems.
    pub storage: Vec<StorageSpec>,
}

impl PoolSpec {
    /// GPUs of one node, 0 for a CPU-only pool.
    #[must_use]
    pub fn gpus_per_node(&self) -> u32 {
        self.gpus.map_or(0, |g| g.per_node)
    }

    /// GPUs of the whole pool.
    #[must_use]
    pub fn gpu_count(&self) -> u64 {
        u64::from(self.nodes) * u64::from(self.gpus_per_node())
    }

    /// Nodes of the pool that take jobs when all are whole: all but its spares.
    #[must_use]
    pub fn nodes_in_use(&self) -> u32 {
        self.nodes - self.spares.nodes
    }

    /// GPUs of these nodes.
    #[must_use]
    pub fn gpus_in_use(&self) -> u64 {
        u64::from(self.nodes_in_use()) * u64::from(self.gpus_per_node())
    }

    /// Whether jobs of line `queue` may use the pool.
    #[must_use]
    pub fn admits(&self, queue: &str) -> bool {
        self.queues.as_ref().is_none_or(|queues| queues.iter().any(|q| q == queue))
    }
}

impl ClusterSpec {
    /// GPUs of all pools.
    #[must_use]
    pub fn gpu_count(&self) -> u64 {
        self.pools.iter().map(PoolSpec::gpu_count).sum()
    }

    /// GPUs of the pools whose nodes are rented when they are needed: the most that there can be.
    #[must_use]
    pub fn rented_gpus(&self) -> u64 {
        self.pools.iter().filter(|pool| pool.tenure.rent().is_some()).map(PoolSpec::gpu_count).sum()
    }

    /// The id of a pool's GPU type.
    #[must_use]
    pub fn gpu_id(&self, pool: &PoolSpec) -> Option<&str> {
        pool.gpus.map(|g| self.gpu_types[g.gpu_type].id.as_str())
    }
}
