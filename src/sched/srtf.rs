//! Shortest remaining time first: a shorter job stops longer ones.

use super::list::Blocking;
use super::preempt::{MIN_RUNTIME, Preemptive, Urgency};
use super::registry::{PLACEMENT, PolicyEntry};
use crate::units::Span;

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "srtf",
    summary: "Shortest remaining estimated run time first, preemptive; what does not fit is passed over.",
    keys: &[PLACEMENT, MIN_RUNTIME],
    uses_estimates: true,
    backfills: false,
    build: |params, placer| {
        let min_runtime = params.span_or(MIN_RUNTIME.name, Span::ZERO);
        Box::new(Preemptive::new(Urgency::Remaining, Blocking::Skip, min_runtime, placer))
    },
};
