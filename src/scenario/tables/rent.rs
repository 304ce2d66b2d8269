//! What `[cluster.pools.NAME.rent]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// How the nodes of a pool are had.
pub const KINDS: &[&str] = &["owned", "reserved", "on-demand", "spot"];

/// When nodes of a pool are rented.
pub static RENT: Table = Table {
    doc: "When the nodes of a pool of kind `on-demand` or `spot` are asked for, and when they come and go. Nodes that are not \
          rented are no capacity and cost nothing. Of a pool of another kind it says nothing.",
    keys: &[
        Key {
            name: "after",
            kind: Kind::Duration,
            default: "0s",
            doc: "Queue time from which on nodes are asked for a job that could run in the pool, as many as it would fill: \
                  bursting. Each pool asks for itself: of two that a job may use, let the dearer one wait longer.",
        },
        Key {
            name: "delay",
            kind: Kind::Duration,
            default: "0s",
            doc: "From the request until the nodes are there, and paid for.",
        },
        Key {
            name: "refusal",
            kind: Kind::Number { min: 0.0, max: 0.999 },
            default: "0",
            doc: "Probability that a request is refused, each for itself, because the provider has nothing left. How often that \
                  happens differs by type, region and week: a figure of one's own is needed.",
        },
        Key {
            name: "retry_after",
            kind: Kind::Duration,
            default: "10m",
            doc: "When nodes are asked for again after a refusal. The default is an assumption.",
        },
        Key {
            name: "keep",
            kind: Kind::Duration,
            default: "0s",
            doc: "How long a node is kept that is idle and for which nobody has waited long enough.",
        },
        Key {
            name: "reclaim",
            kind: Kind::Duration,
            default: "required with kind = \"spot\"",
            doc: "Mean of the exponential time until the provider takes a spot node back, without notice; what runs there \
                  stops as when a node fails. A lower price pays for it; how often it happens needs a figure of one's own.",
        },
    ],
    required: &[],
    tables: &[],
};
