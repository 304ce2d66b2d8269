//! What `[cluster.storage]` may contain.

use super::{ONE_OR_MORE, Table};
use crate::scenario::storage;
use crate::units::keys::{Key, Kind};

/// A storage system.
pub static STORAGE: Table = Table {
    doc: "A storage system that pools read from under `physics.input` and write checkpoints to. Its bandwidth is shared \
          max-min: equal shares, but nobody gets more than he asks for.",
    keys: &[
        Key {
            name: "kind",
            kind: Kind::Choice(storage::KINDS),
            default: "none: `read` says it all",
            doc: "Presets by unit, as read / write / client in GB/s: nfs 5 / 2.5 / 1.2; ceph-hdd 0.06 / 0.02 / no limit; \
                  ceph-nvme 1.5 / 0.4 / 5; lustre 100 / 50 / 12; weka 5 / 2.5 / 30; object no limits / 5. From MLPerf \
                  Storage v1.0 and published cluster reports.",
        },
        Key {
            name: "units",
            kind: ONE_OR_MORE,
            default: "1",
            doc: "How many of the kind: filers, OSDs, appliances, servers.",
        },
        Key { name: "read", kind: Kind::Bandwidth, default: "the kind's", doc: "What all readers get together." },
        Key {
            name: "write",
            kind: Kind::Bandwidth,
            default: "the kind's, or half of read",
            doc: "What all writers get together.",
        },
        Key {
            name: "client",
            kind: Kind::Bandwidth,
            default: "the kind's, or no limit",
            doc: "The most that one node reads or writes: 4-14 GB/s in MLPerf Storage v1.0, 35 at best.",
        },
        Key {
            name: "iops",
            kind: Kind::Count { min: 1, max: 1_000_000_000_000 },
            default: "no limit",
            doc: "Reads a second of all clients together, each of a `file`: what limits small files.",
        },
        Key {
            name: "file",
            kind: Kind::Bytes,
            default: "required with iops",
            doc: "What one read fetches: 115 kB for an ImageNet image (MLPerf Storage).",
        },
        Key {
            name: "share",
            kind: Kind::Choice(&["node", "job"]),
            default: "node",
            doc: "Who gets equal shares: each node, so that a job of two gets twice as much, or each job.",
        },
    ],
    required: &[],
    tables: &[],
};

/// The cache of each node of a pool.
pub static CACHE: Table = Table {
    doc: "Memory or drives of each node that keep what was read of a dataset (dataset_gb in the trace), empty at first. A \
          job has as much of them as of the node's GPUs; jobs on a node that name the same dataset share what is cached.",
    keys: &[
        Key { name: "size", kind: Kind::Bytes, default: "required", doc: "Of each node." },
        Key {
            name: "policy",
            kind: Kind::Choice(&["pinned", "page-cache", "lru"]),
            default: "page-cache",
            doc: "What stays of a dataset that is larger: pinned, what came first, for good (MinIO of CoorDL, VLDB 2021); \
                  page-cache, what random eviction leaves, 14 % of hits where 35 % fit, as CoorDL measured of Linux; lru, \
                  7 % there.",
        },
        Key {
            name: "shared",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether the nodes of a job each keep another part and read from each other (CoorDL's partitioned cache).",
        },
    ],
    required: &["size"],
    tables: &[],
};
