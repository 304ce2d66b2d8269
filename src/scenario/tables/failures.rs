//! What `[physics.failures]` may contain.

use super::{Form, ONE_OR_MORE, Sub, Table, U32};
use crate::units::keys::{Key, Kind};

/// The failures of one pool.
pub static FAILURES: Table = Table {
    doc: "How the nodes of a pool fail, each for itself; the gang that runs on a failed node stops. All keys and tables are \
          optional, but one of mtbf (with repair), gpu and rack must be there.",
    keys: &[
        Key {
            name: "mtbf",
            kind: Kind::Duration,
            default: "nodes fail with their GPUs or racks only",
            doc: "Mean up time of a node. Fleets of eight-GPU nodes report 154 days (Meta RSC-1) to 427 (RSC-2), HPCA 2025.",
        },
        SHAPE,
        Key {
            name: "repair",
            kind: Kind::Duration,
            default: "required with mtbf",
            doc: "Median of the lognormal time until a node is back: 20 min for a reboot, 8 h for a swap.",
        },
        REPAIR_SIGMA,
    ],
    required: &[],
    tables: &[
        Sub { name: "gpu", form: Form::One(&GPU_FAILURES) },
        Sub { name: "rack", form: Form::One(&RACK_FAILURES) },
    ],
};

/// The failures of the GPUs of one pool.
pub static GPU_FAILURES: Table = Table {
    doc: "How the GPUs of a pool fail, each for itself. A failed GPU takes its node down: what runs there stops, and all its \
          GPUs are `failed` until it is repaired.",
    keys: &[
        Key {
            name: "mtbf",
            kind: Kind::Duration,
            default: "required",
            doc: "Mean up time of a GPU. Uncorrectable memory errors alone: one in 283,000 h (A100) or 88,800 h (H100) at \
                  NCSA Delta, SC'25; all interruptions of Llama 3: one in 50,700 GPU-hours.",
        },
        SHAPE,
        REPAIR,
        REPAIR_SIGMA,
    ],
    required: &["mtbf", "repair"],
    tables: &[],
};

/// The failures of the racks of one pool.
pub static RACK_FAILURES: Table = Table {
    doc: "How the racks of a pool (nodes_per_rack) fail, each for itself, by their switch, power or cooling: all their nodes \
          go down at once and come back at once, and every gang with a part there stops.",
    keys: &[
        Key {
            name: "mtbf",
            kind: Kind::Duration,
            default: "required",
            doc: "Mean up time of a rack. Switches and cables were 8 % of the interruptions of Llama 3, one in 37 h of 2,048 nodes.",
        },
        SHAPE,
        REPAIR,
        REPAIR_SIGMA,
    ],
    required: &["mtbf", "repair"],
    tables: &[],
};

const SHAPE: Key = Key {
    name: "shape",
    kind: Kind::Number { min: 0.1, max: 10.0 },
    default: "1",
    doc: "Weibull shape of the up time: 1 is exponential, below 1 failures come early.",
};

const REPAIR: Key = Key {
    name: "repair",
    kind: Kind::Duration,
    default: "required",
    doc: "Median of the lognormal time until it is repaired: 20 min for a reboot, 8 h for a swap.",
};

const REPAIR_SIGMA: Key = Key {
    name: "repair_sigma",
    kind: Kind::Number { min: 0.0, max: 5.0 },
    default: "0",
    doc: "Deviation of its natural logarithm; 0: always the median.",
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
        Key {
            name: "drain",
            kind: Kind::Duration,
            default: "0s",
            doc: "For how long before a maintenance its nodes take no new jobs, as after `kubectl cordon` or `scontrol update \
                  state=drain`: those that run there go on, and are stopped if they run still when it begins. What is free \
                  meanwhile is `maintenance` already.",
        },
    ],
    required: &["pool", "from", "lasts"],
    tables: &[],
};
