//! What `[physics.prices]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// How the price of one pool changes.
pub static PRICES: Table = Table {
    doc: "How the price of a pool's GPU-hour changes after the start of the trace, where it is what the pool says; by one of \
          the two keys. What is spent costs what is asked while it is spent.",
    keys: &[
        Key {
            name: "decline",
            kind: Kind::Number { min: 0.0, max: 0.99 },
            default: "none: see changes",
            doc: "Share by which the price falls in a year, exponentially, set anew each week. 0.25 to 0.3 for a current \
                  generation, less for older ones: H100 rents fell from about $8 in 2023 to $2-3 in 2025-26.",
        },
        Key {
            name: "changes",
            kind: Kind::Texts,
            default: "none: see decline",
            doc: "Prices by when they begin, as \"30d: $2.60/gpu-h\", the earliest first; times count from the start of the \
                  trace.",
        },
    ],
    required: &[],
    tables: &[],
};
