//! What `[physics.spares]` may contain.

use super::{Table, U32};
use crate::units::keys::{Key, Kind};

/// The spares of one pool.
pub static SPARES: Table = Table {
    doc: "Nodes of a pool that are held back until others fail, by chance or in an outage of kind `failed`. While they wait \
          their GPUs are `maintenance`, and they fail like all others.",
    keys: &[
        Key {
            name: "nodes",
            kind: Kind::Count { min: 0, max: U32 },
            default: "required",
            doc: "How many of the pool's nodes, the last ones at first; a failed node that was replaced waits as a spare when \
                  it is repaired. Operators hold back as many as fail at once in 99 of 100 cases: 4 in 1,024 (ByteRobust, \
                  SOSP 2025), 5 % for 99.9 % availability (NCSA Delta, SC'25), 12 of 136 (OPT-175B).",
        },
        Key {
            name: "swap",
            kind: Kind::Duration,
            default: "0s",
            doc: "From a failure until a spare is in the place of the failed node, which stays where it is if it is back \
                  before.",
        },
    ],
    required: &["nodes"],
    tables: &[],
};
