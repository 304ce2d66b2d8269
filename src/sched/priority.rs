//! Highest priority first.

use super::list::{Blocking, ListPolicy};
use super::order::{Key, Order};
use super::registry::{PLACEMENT, PolicyEntry, SKIP};

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "priority",
    summary: "Highest priority first; the head blocks unless `skip` is set.",
    keys: &[PLACEMENT, SKIP],
    uses_estimates: false,
    backfills: false,
    build: |params, placer| Box::new(ListPolicy::new(Order::by(Key::Priority), Blocking::from_skip(params), placer)),
};
