//! What `[cluster.pools]` and `[cluster.gpus]` may contain.

use super::{CACHE, Form, KINDS, ONE_OR_MORE, RENT, Sub, Table, U32};
use crate::cluster::owned;
use crate::units::keys::{Key, Kind};

/// A pool of identical nodes.
pub static POOL: Table = Table {
    doc: "A pool of identical nodes; without `gpu` they have CPUs only. Jobs try pools in file order.",
    keys: &[
        Key {
            name: "gpu",
            kind: Kind::Text,
            default: "none: nodes without GPUs",
            doc: "GPU type: an id of the catalog, or one defined under [cluster.gpus.NAME].",
        },
        Key { name: "nodes", kind: ONE_OR_MORE, default: "required", doc: "Number of nodes." },
        Key { name: "gpus_per_node", kind: ONE_OR_MORE, default: "required with gpu", doc: "GPUs of one node." },
        Key {
            name: "island",
            kind: Kind::CountOr { min: 1, max: U32, word: "rack" },
            default: "gpus_per_node",
            doc: "GPUs per NVLink island; it divides gpus_per_node. \"rack\": all GPUs of a rack, as in an NVL72.",
        },
        Key { name: "nodes_per_rack", kind: ONE_OR_MORE, default: "all nodes: one rack", doc: "Nodes of one rack." },
        Key { name: "cpus_per_node", kind: ONE_OR_MORE, default: "unlimited", doc: "CPU cores of one node." },
        Key { name: "mem_per_node", kind: Kind::Bytes, default: "unlimited", doc: "Memory of one node." },
        Key {
            name: "kind",
            kind: Kind::Choice(KINDS),
            default: "owned with [cluster.pools.NAME.owned], else reserved",
            doc: "How the nodes are had. owned, reserved: they are there, and paid for, all the time. on-demand, spot: only \
                  while they are rented, as [cluster.pools.NAME.rent] says. A term of one year costs some 25-40 % less than \
                  what is rented on demand, three years 45-60 %, spot 50-70 % (clouds' price lists, as remembered).",
        },
        Key {
            name: "price",
            kind: Kind::Price,
            default: "the rental price of the GPU type",
            doc: "What a GPU-hour costs; instead, [cluster.pools.NAME.owned] derives it from a purchase.",
        },
        Key {
            name: "queues",
            kind: Kind::Texts,
            default: "every line",
            doc: "The lines (values of the trace's queue column) that may use the pool.",
        },
        Key {
            name: "storage",
            kind: Kind::Text,
            default: "none: data are there without reading any",
            doc: "The storage system, of [cluster.storage.NAME], that its jobs read from and write checkpoints to.",
        },
        Key {
            name: "nic",
            kind: Kind::Bandwidth,
            default: "no limit",
            doc: "Bandwidth of a node's network card to storage.",
        },
        Key {
            name: "fabric",
            kind: Kind::Bandwidth,
            default: "no limit",
            doc: "Bandwidth of a node to other nodes, all its cards together, in one direction; for the gradients of \
                  [physics.communication.CLASS]. Nothing is derated: large messages reach some 74 % of the line rate \
                  (ML Engineering, network benchmarks), 296GB/s of eight cards of 400 Gb/s.",
        },
        Key {
            name: "fabric_cards",
            kind: ONE_OR_MORE,
            default: "1",
            doc: "Cards that `fabric` is divided over; a job reaches as many of them as it has GPUs on the node.",
        },
        Key {
            name: "fabric_latency",
            kind: Kind::Duration,
            default: "10us",
            doc: "From node to node; tens of microseconds across a fabric (ML Engineering, network benchmarks).",
        },
        Key {
            name: "oversubscription",
            kind: Kind::Number { min: 1.0, max: 1000.0 },
            default: "1",
            doc: "What the nodes of a rack can send together over what its uplink carries; Llama 3 met 1:7 (section 3.3.1), as 7.",
        },
        Key {
            name: "bridge",
            kind: Kind::Bandwidth,
            default: "as the link within an island",
            doc: "Bandwidth of one GPU to those of other islands on its node, in one direction; PCIe 4 x16: 31GB/s.",
        },
    ],
    required: &["nodes"],
    tables: &[
        Sub { name: "owned", form: Form::One(&OWNED) },
        Sub { name: "rent", form: Form::One(&RENT) },
        Sub { name: "cache", form: Form::One(&CACHE) },
    ],
};

/// Purchase and running of owned GPUs.
pub static OWNED: Table = Table {
    doc: "Price of a GPU-hour from purchase, power and operation.",
    keys: owned::KEYS,
    required: &["capex", "power_kw"],
    tables: &[],
};

/// A GPU type, or changes to one of the catalog.
pub static GPU: Table = Table {
    doc: "A GPU type of the scenario's own, or other properties for one of the catalog.",
    keys: &[
        Key {
            name: "arch",
            kind: Kind::Text,
            default: "the catalog's, or unknown",
            doc: "Architecture and year of release.",
        },
        Key { name: "memory", kind: Kind::Bytes, default: "the catalog's, or unknown", doc: "Memory of one GPU." },
        Key {
            name: "bandwidth",
            kind: Kind::Bandwidth,
            default: "the catalog's, or unknown",
            doc: "Memory bandwidth of one GPU.",
        },
        Key {
            name: "tflops",
            kind: Kind::Number { min: 0.001, max: 1e9 },
            default: "the catalog's, or unknown",
            doc: "Dense BF16 (or FP16) peak in TFLOPS.",
        },
        Key {
            name: "fp8_tflops",
            kind: Kind::Number { min: 0.001, max: 1e9 },
            default: "the catalog's, or unknown",
            doc: "Dense FP8 peak in TFLOPS.",
        },
        Key {
            name: "power_w",
            kind: ONE_OR_MORE,
            default: "the catalog's, or unknown",
            doc: "Maximum power in watts.",
        },
        Key {
            name: "mig_instances",
            kind: Kind::Count { min: 1, max: 64 },
            default: "the catalog's, or 1",
            doc: "The most MIG instances of one GPU; 1 without MIG.",
        },
        Key {
            name: "link",
            kind: Kind::Bandwidth,
            default: "the catalog's, or unknown",
            doc: "Bandwidth of one GPU to the others of its island, in one direction.",
        },
        Key {
            name: "price",
            kind: Kind::Price,
            default: "the catalog's, or $0",
            doc: "What a GPU-hour rents for in pools that give no price.",
        },
    ],
    required: &[],
    tables: &[],
};
