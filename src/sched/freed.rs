//! When something has become free that jobs with reservations have not looked at yet.
//!
//! Walks go over all reservations in queue order. A job that found no earlier start at its last look finds one now only if
//! it reaches into a stretch in which something has become free since.

use crate::units::Time;

/// What has become free, as one stretch from the first instant to the last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Freed {
    /// Before the present walk began.
    before: Option<Stretch>,
    /// Since then: news to the jobs that had their turn already, in the next walk.
    since: Option<Stretch>,
}

/// From an instant on, until another.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Time,
    to: Time,
}

impl Freed {
    /// Something is free again in `[from, to)`.
    pub fn tell(&mut self, from: Time, to: Time) {
        if from < to {
            self.since = joined(self.since, Some(Stretch { from, to }));
        }
    }

    /// Begins a walk over all reservations and says whether it could change any.
    pub fn begin_walk(&mut self, now: Time) -> bool {
        self.before = self.since.take().filter(|stretch| stretch.to > now);
        self.before.is_some()
    }

    /// Where what has become free ends: no job finds an earlier start behind it.
    #[must_use]
    pub fn end(&self) -> Option<Time> {
        joined(self.before, self.since).map(|stretch| stretch.to)
    }
}

/// The stretch from the first instant of both to their last.
fn joined(a: Option<Stretch>, b: Option<Stretch>) -> Option<Stretch> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Stretch { from: a.from.min(b.from), to: a.to.max(b.to) }),
        (one, other) => one.or(other),
    }
}
