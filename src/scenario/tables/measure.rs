//! What `[measure]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// Which part of the run counts.
pub static MEASURE: Table = Table {
    doc: "Which part of the run counts.",
    keys: &[
        Key {
            name: "until",
            kind: Kind::Duration,
            default: "the end of the last job",
            doc: "The run ends so long after the start of the trace at the latest.",
        },
        Key {
            name: "warmup",
            kind: Kind::Duration,
            default: "0s",
            doc: "So much at the start of the horizon does not count.",
        },
        Key {
            name: "cooldown",
            kind: Kind::Duration,
            default: "0s",
            doc: "So much at the end of the horizon does not count.",
        },
    ],
    required: &[],
    tables: &[],
};
