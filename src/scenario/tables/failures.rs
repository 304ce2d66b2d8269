//! What `[physics.failures]` may contain.

use super::Table;
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
