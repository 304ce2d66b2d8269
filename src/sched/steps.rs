//! A value over time that changes in steps.

use crate::units::Time;

/// A value from an instant on, until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<V> {
    /// The instant.
    pub from: Time,
    /// The value.
    pub value: V,
}

/// A step function of time, for ever from its first step on. Neighbouring steps differ.
#[derive(Debug, Clone)]
pub struct Steps<V>(Vec<Step<V>>);

impl<V: Copy + PartialEq> Steps<V> {
    /// `value` for ever.
    #[must_use]
    pub fn new(value: V) -> Self {
        Steps(vec![Step { from: Time::ZERO, value }])
    }

    /// Forgets what lies before `now`.
    pub fn advance(&mut self, now: Time) {
        let first = self.index_at(now);
        if first > 0 {
            self.0.drain(..first);
        }
    }

    /// The steps from the one on in which `at` lies.
    #[must_use]
    pub fn from(&self, at: Time) -> &[Step<V>] {
        &self.0[self.index_at(at)..]
    }

    /// The step in which `at` lies.
    fn index_at(&self, at: Time) -> usize {
        self.0.partition_point(|s| s.from <= at).saturating_sub(1)
    }

    /// Makes `at` the start of a step and gives its index.
    fn cut(&mut self, at: Time) -> usize {
        let index = self.index_at(at);
        if self.0[index].from >= at {
            return index;
        }
        let value = self.0[index].value;
        self.0.insert(index + 1, Step { from: at, value });
        index + 1
    }

    /// Alters the value in `[from, to)`; `alter` gets each step within and must keep different values different.
    pub fn alter(&mut self, from: Time, to: Time, mut alter: impl FnMut(&mut Step<V>)) {
        if from >= to {
            return;
        }
        let first = self.cut(from);
        let last = if to == Time::MAX { self.0.len() } else { self.cut(to) };
        self.0[first..last].iter_mut().for_each(&mut alter);
        // Neighbours that have become equal are one step; inside the range nothing became equal that was not.
        for edge in [last, first] {
            if edge > 0 && edge < self.0.len() && self.0[edge - 1].value == self.0[edge].value {
                self.0.remove(edge);
            }
        }
    }
}
