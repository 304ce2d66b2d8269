//! The modelled hardware: pools, racks, nodes, islands, GPUs, and where among them a job can lie.
//!
//! [`PoolState`] is the free-GPU index: nodes in buckets by their free GPUs (and islands and racks likewise), so that a
//! [`Placement`] finds its node by looking into a few buckets. Nothing here knows of time or of who waits.

pub mod allocation;
pub mod catalog;
pub mod mig;
pub mod network;
pub mod owned;
pub mod parts;
pub mod placement;
pub mod pool;
pub mod rent;
pub mod request;
pub mod share;
pub mod slices;
pub mod spec;
pub mod storage;

pub use allocation::{Allocation, Part, Seat, Take};
pub use network::Network;
pub use placement::{Placement, Placer};
pub use pool::PoolState;
pub use rent::{Rent, Tenure};
pub use request::{Request, Slice};
pub use spec::{ClusterSpec, GpuType, Island, NodeGpus, PoolSpec, ShareMode, Sharing, Spares};
pub use storage::{CachePolicy, NodeIo, StorageSpec};
