//! A value over time that changes in steps.

use crate::units::Time;

/// A step function of time, for ever from its first step on. Neighbouring steps differ.
///
/// Instants and values lie apart, so that a search for a value runs over little memory.
#[derive(Debug, Clone)]
pub struct Steps<V> {
    instants: Vec<Time>,
    values: Vec<V>,
}

impl<V: Copy + PartialEq> Steps<V> {
    /// `value` for ever.
    #[must_use]
    pub fn new(value: V) -> Self {
        Steps { instants: vec![Time::ZERO], values: vec![value] }
    }

    /// Forgets what lies before `now`.
    pub fn advance(&mut self, now: Time) {
        let first = self.index_at(now);
        if first > 0 {
            self.instants.drain(..first);
            self.values.drain(..first);
        }
    }

    /// The instants at which steps begin, from the one on in which `at` lies, and their values.
    #[must_use]
    pub fn from(&self, at: Time) -> (&[Time], &[V]) {
        let first = self.index_at(at);
        (&self.instants[first..], &self.values[first..])
    }

    /// The values within `[from, to)`.
    pub fn within(&self, from: Time, to: Time) -> &[V] {
        let (instants, values) = self.from(from);
        &values[..instants.partition_point(|&at| at < to)]
    }

    /// The step in which `at` lies.
    fn index_at(&self, at: Time) -> usize {
        self.instants.partition_point(|&from| from <= at).saturating_sub(1)
    }

    /// Makes `at` the start of a step and gives its index.
    fn cut(&mut self, at: Time) -> usize {
        let index = self.index_at(at);
        if self.instants[index] >= at {
            return index;
        }
        self.instants.insert(index + 1, at);
        self.values.insert(index + 1, self.values[index]);
        index + 1
    }

    /// Alters the value in `[from, to)`; `alter` gets the instant and the value of each step within and must keep
    /// different values different.
    pub fn alter(&mut self, from: Time, to: Time, mut alter: impl FnMut(Time, &mut V)) {
        if from >= to {
            return;
        }
        let first = self.cut(from);
        let last = if to == Time::MAX { self.values.len() } else { self.cut(to) };
        let instants = self.instants[first..last].iter();
        instants.zip(&mut self.values[first..last]).for_each(|(&at, value)| alter(at, value));
        // Neighbours that have become equal are one step; inside the range nothing became equal that was not.
        for edge in [last, first] {
            if edge > 0 && edge < self.values.len() && self.values[edge - 1] == self.values[edge] {
                self.instants.remove(edge);
                self.values.remove(edge);
            }
        }
    }
}
