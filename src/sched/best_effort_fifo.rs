//! First in, first out, passing over what does not fit: no protection against starvation.

use super::list::{Blocking, ListPolicy};
use super::order::Order;
use super::registry::{PLACEMENT, PolicyEntry};

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "best-effort-fifo",
    summary: "In order of submission; what does not fit is passed over.",
    keys: &[PLACEMENT],
    uses_estimates: false,
    backfills: false,
    build: |_, placer| Box::new(ListPolicy::new(Order::ARRIVAL, Blocking::Skip, placer)),
};
