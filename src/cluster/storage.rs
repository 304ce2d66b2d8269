//! Storage systems, and how nodes get at them.

use super::network::Network;

/// A storage system that many nodes read from and write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSpec {
    /// Its name, unique in the cluster.
    pub name: String,
    /// Bytes per second that all readers get together; `None`: as many as they ask for.
    pub read: Option<u64>,
    /// Bytes per second that all writers get together; `None`: as many as they ask for.
    pub write: Option<u64>,
    /// The most bytes per second that one node reads or writes; `None`: no limit of its own.
    pub client: Option<u64>,
    /// Who gets equal shares.
    pub share: Share,
}

/// Among whom a bandwidth is divided evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// The nodes: a job of two nodes gets twice what a job of one gets.
    #[default]
    Node,
    /// The jobs.
    Job,
}

/// How a node reaches its data and other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NodeIo {
    /// Index into [`super::ClusterSpec::storage`]; `None`: data are there without reading any.
    pub storage: Option<u16>,
    /// Bytes per second of its network card to storage; `None`: no limit.
    pub nic: Option<u64>,
    /// Memory or drives that keep what was read.
    pub cache: Option<Cache>,
    /// How its GPUs reach each other.
    pub network: Network,
}

/// The cache of each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cache {
    /// Bytes of each node; a job has as much of them as of the node's GPUs.
    pub bytes: u64,
    /// What it keeps when a dataset is larger.
    pub policy: CachePolicy,
    /// Whether the nodes of a job read from each other's caches, each of which then keeps other data.
    pub shared: bool,
}

/// What a cache keeps of a dataset that is larger than it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CachePolicy {
    /// What came first, for good.
    Pinned,
    /// What chance leaves, as an operating system's page cache nearly does.
    #[default]
    PageCache,
    /// What was read last.
    Lru,
}

impl CachePolicy {
    /// All, by their words.
    pub const WORDS: [(&'static str, CachePolicy); 3] =
        [("pinned", CachePolicy::Pinned), ("page-cache", CachePolicy::PageCache), ("lru", CachePolicy::Lru)];
}

impl NodeIo {
    /// The most bytes per second between one node and a storage system.
    #[must_use]
    pub fn node_limit(&self, storage: &StorageSpec) -> Option<u64> {
        [self.nic, storage.client].into_iter().flatten().min()
    }
}
