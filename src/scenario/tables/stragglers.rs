//! What `[physics.stragglers]` may contain.

use super::{RELATIVE, Table};
use crate::units::keys::{Key, Kind};

/// How the nodes of one pool differ.
pub static STRAGGLERS: Table = Table {
    doc: "How the nodes of a pool differ. A job that works in step (`physics.classes.CLASS.in_step`) goes at the pace of the \
          slowest; the loss is `communication`. ByteDance found 10.4 % of its GPU-hours lost to stragglers (OSDI 2025).",
    keys: &[
        Key {
            name: "share",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            default: "0",
            doc: "Share of the nodes that are slow for good, drawn for each. Machines that compute slowly met less than 2 % of \
                  jobs (GREYHOUND, ATC 2025).",
        },
        Key {
            name: "speed",
            kind: RELATIVE,
            default: "0.75",
            doc: "The speed of a slow node. The default is that of the large jobs that met one, which took 1.34 times as long \
                  (GREYHOUND, ATC 2025).",
        },
        Key {
            name: "jitter",
            kind: Kind::Number { min: 0.0, max: 100.0 },
            default: "0",
            doc: "By how much a step takes longer on a node: an exponential time of this mean, relative to the step, anew each \
                  time. Of n nodes the slowest takes longer by this times 1 + 1/2 + ... + 1/n. The recorded duration is that \
                  on one node.",
        },
    ],
    required: &[],
    tables: &[],
};
