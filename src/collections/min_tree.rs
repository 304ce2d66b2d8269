//! The first position from some place on whose value does not exceed a bound.

/// Children of a node: one or two cache lines.
const FANOUT: usize = 16;

/// The value of a position that holds nothing.
pub const ABSENT: u64 = u64::MAX;

/// An array of values with minima above it, so that "the first at or behind `from` with a value <= `bound`" takes
/// O(log n) steps. Positions start [`ABSENT`].
#[derive(Debug, Clone)]
pub struct MinTree {
    levels: Vec<Vec<u64>>,
    /// The least value of all, so that a search for less costs nothing.
    least: u64,
}

impl MinTree {
    /// `len` absent positions.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let mut levels = Vec::new();
        let mut width = len.max(1);
        loop {
            levels.push(vec![ABSENT; width.next_multiple_of(FANOUT)]);
            if width <= FANOUT {
                return MinTree { levels, least: ABSENT };
            }
            width = width.div_ceil(FANOUT);
        }
    }

    /// Sets the value of a position; [`ABSENT`] empties it.
    pub fn set(&mut self, position: usize, value: u64) {
        let mut at = position;
        let mut value = value;
        for (depth, level) in self.levels.iter_mut().enumerate() {
            if depth > 0 && level[at] == value {
                return;
            }
            level[at] = value;
            let start = at / FANOUT * FANOUT;
            value = level[start..start + FANOUT].iter().copied().min().unwrap_or(ABSENT);
            at /= FANOUT;
        }
        self.least = value;
    }

    /// The value of a position.
    #[must_use]
    pub fn value(&self, position: usize) -> u64 {
        self.levels[0][position]
    }

    /// The first position at or behind `from` whose value is present and at most `bound`.
    #[must_use]
    pub fn next_within(&self, from: usize, bound: u64) -> Option<usize> {
        let bound = bound.min(ABSENT - 1);
        if self.least > bound {
            return None;
        }
        if from == 0 {
            return Some(self.descend(self.levels.len(), 0, bound));
        }
        let mut at = from;
        for depth in 0..self.levels.len() {
            let level = &self.levels[depth];
            let end = (at / FANOUT + 1) * FANOUT;
            if at >= level.len() {
                return None;
            }
            if let Some(found) = (at..end).find(|&i| level[i] <= bound) {
                return Some(self.descend(depth, found, bound));
            }
            at = at / FANOUT + 1;
        }
        None
    }

    fn descend(&self, depth: usize, mut at: usize, bound: u64) -> usize {
        for level in self.levels[..depth].iter().rev() {
            let start = at * FANOUT;
            at = (start..start + FANOUT).find(|&i| level[i] <= bound).expect("a minimum stands above its value");
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_scan(len in 1usize..2000, steps in proptest::collection::vec((any::<u32>(), 0u64..50, any::<bool>()), 1..200)) {
            let mut tree = MinTree::new(len);
            let mut plain = vec![ABSENT; len];
            for (at, value, keep) in steps {
                let at = at as usize % len;
                plain[at] = if keep { value } else { ABSENT };
                tree.set(at, plain[at]);
                for bound in [0, 10, 49, u64::MAX] {
                    let from = at / 2;
                    let expected = (from..len).find(|&i| plain[i] != ABSENT && plain[i] <= bound);
                    prop_assert_eq!(tree.next_within(from, bound), expected);
                }
            }
        }
    }
}
