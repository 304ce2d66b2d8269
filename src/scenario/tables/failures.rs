//! What `[physics.failures]` may contain.

use super::{ONE_OR_MORE, Table, U32};
use crate::units::keys::{Key, Kind};

/// The failures of one pool.
pub static FAILURES: Table = Table {
    doc: "How the nodes of a pool fail, each for itself; the gang that runs on a failed node stops.",
    keys: &[
        Key {
            name: "mtbf",
            kind: Kind::Duration,
            default: "required",
            doc: "Mean up time of a node. Fleets of eight-GPU nodes report 154 days (Meta RSC-1) to 427 (RSC-2), HPCA 2025.",
        },
        Key {
            name: "shape",
            kind: Kind::Number { min: 0.1, max: 10.0 },
            default: "1",
            doc: "Weibull shape of the up time: 1 is exponential, below 1 failures come early.",
        },
        Key {
            name: "repair",
            kind: Kind::Duration,
            default: "required",
            doc: "Median of the lognormal time until a node is back: 20 min for a reboot, 8 h for a swap.",
        },
        Key {
            name: "repair_sigma",
            kind: Kind::Number { min: 0.0, max: 5.0 },
            default: "0",
            doc: "Deviation of its natural logarithm; 0: always the median.",
        },
    ],
    required: &["mtbf", "repair"],
    tables: &[],
    reserved: &[],
};

/// An outage that is known beforehand.
pub static OUTAGES: Table = Table {
    doc: "A recorded failure or a planned maintenance: some nodes of a pool are down for a while, and what runs there \
          stops, as when a node fails by chance. Outages may overlap; a node is back when the last one is over.",
    keys: &[
        Key { name: "pool", kind: Kind::Text, default: "required", doc: "The pool." },
        Key {
            name: "node",
            kind: Kind::Count { min: 0, max: U32 },
            default: "0",
            doc: "The number of the first node, counted from 0.",
        },
        Key {
            name: "nodes",
            kind: ONE_OR_MORE,
            default: "1",
            doc: "How many nodes, one after the other; a rack's are nodes_per_rack from a multiple of it.",
        },
        Key {
            name: "from",
            kind: Kind::Duration,
            default: "required",
            doc: "When they go down, after the start of the trace.",
        },
        Key { name: "lasts", kind: Kind::Duration, default: "required", doc: "How long they are down." },
        Key {
            name: "kind",
            kind: Kind::Choice(&["failed", "maintenance"]),
            default: "failed",
            doc: "The leaf of the ledger that gets their GPUs; `failed` where both are going on.",
        },
    ],
    required: &["pool", "from", "lasts"],
    tables: &[],
    reserved: &[],
};
