//! In which order jobs wait.

use crate::trace::{JobId, JobTable};
use crate::units::Span;

/// The sort key of waiting jobs; (submit, row) breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// By submission.
    Arrival,
    /// The shortest run-time estimate first.
    Estimate,
    /// The highest priority first.
    Priority,
}

/// How a policy wants the waiting jobs kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The order within a line.
    pub key: Key,
    /// Whether all queues form one line.
    pub one_line: bool,
    /// Whether the policy searches a line by class, to pass over what does not fit.
    pub by_class: bool,
}

impl Order {
    /// Strict order of arrival, heads only.
    pub const ARRIVAL: Order = Order { key: Key::Arrival, one_line: false, by_class: false };

    /// By `key`, heads only.
    #[must_use]
    pub const fn by(key: Key) -> Self {
        Order { key, ..Order::ARRIVAL }
    }

    /// The same, searched by class.
    #[must_use]
    pub const fn searched(self) -> Self {
        Order { by_class: true, ..self }
    }

    /// All jobs in the order of the key; `None` where that is the order of submission.
    #[must_use]
    pub fn ranked(&self, jobs: &JobTable, estimate: impl Fn(JobId) -> Span) -> Option<Vec<JobId>> {
        let mut ranked: Vec<JobId> = jobs.ids().collect();
        match self.key {
            Key::Arrival => return None,
            Key::Estimate => ranked.sort_by_cached_key(|&j| (estimate(j), j)),
            Key::Priority => ranked.sort_by_key(|&j| (std::cmp::Reverse(jobs.spec(j).priority), j)),
        }
        Some(ranked)
    }
}
