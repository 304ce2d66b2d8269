//! Shortest job first, by the run-time estimate.

use super::list::{Blocking, ListPolicy};
use super::order::{Key, Order};
use super::registry::{PLACEMENT, PolicyEntry, SKIP};

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "sjf",
    summary: "Shortest estimated run time first; the head blocks unless `skip` is set.",
    keys: &[PLACEMENT, SKIP],
    uses_estimates: true,
    backfills: false,
    build: |params, placer| Box::new(ListPolicy::new(Order::by(Key::Estimate), Blocking::from_skip(params), placer)),
};
