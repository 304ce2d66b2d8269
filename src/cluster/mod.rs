//! The modelled hardware: pools, racks, nodes, islands, GPUs, and where among them a job can lie.

pub mod catalog;
pub mod owned;
pub mod spec;

pub use spec::{ClusterSpec, GpuType, Island, NodeGpus, PoolSpec};
