//! First in, first out: the head of a line blocks it.

use super::list::{Blocking, ListPolicy};
use super::order::Order;
use super::registry::{PLACEMENT, PolicyEntry};

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "fifo",
    summary: "In order of submission; a head that does not fit blocks its line.",
    keys: &[PLACEMENT],
    uses_estimates: false,
    backfills: false,
    build: |_, placer| Box::new(ListPolicy::new(Order::ARRIVAL, Blocking::Head, placer)),
};
