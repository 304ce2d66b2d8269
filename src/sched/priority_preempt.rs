//! Highest priority first, where a job stops running ones of lower priority.

use super::list::Blocking;
use super::preempt::{MIN_RUNTIME, Preemptive, Urgency};
use super::registry::{PLACEMENT, PolicyEntry, SKIP};
use crate::units::Span;

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "priority-preempt",
    summary: "Highest priority first, preemptive; the head blocks unless `skip` is set.",
    keys: &[PLACEMENT, SKIP, MIN_RUNTIME],
    uses_estimates: false,
    backfills: false,
    build: |params, placer| {
        let min_runtime = params.span_or(MIN_RUNTIME.name, Span::ZERO);
        Box::new(Preemptive::new(Urgency::Priority, Blocking::from_skip(params), min_runtime, placer))
    },
};
