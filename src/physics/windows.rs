//! Outages that are known beforehand: recorded failures and planned maintenance.

use std::ops::Range;

use crate::units::Span;

/// Why a node is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It failed.
    Failed,
    /// Somebody works on it.
    Maintenance,
}

/// Some nodes of a pool are down for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutageWindow {
    /// The name of the pool.
    pub pool: String,
    /// The nodes, by their numbers in the pool.
    pub nodes: Range<u32>,
    /// When they go down, after the start of the trace.
    pub from: Span,
    /// How long they are down, above 0.
    pub lasts: Span,
    /// For how long before that they take no new jobs; 0 for failures, which come without notice.
    pub drain: Span,
    /// Why.
    pub cause: Cause,
}
