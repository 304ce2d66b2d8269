//! A set of small integers that finds the next member in a few steps, however many there are.

/// A set of integers below a fixed bound: a tree of 64-bit words, each bit saying whether a word below has any bit.
///
/// All operations take O(log64 n) steps: four for ten million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitTree {
    /// The levels one behind the other: first the members, then level by level one bit a word of the level before.
    words: Vec<u64>,
    /// Where each level begins, and where the last one ends.
    starts: [u32; MOST_LEVELS + 1],
    depth: usize,
    len: usize,
}

/// Enough for every 32-bit number.
const MOST_LEVELS: usize = 6;

impl BitTree {
    /// An empty set of integers below `bound`, which is at most 2^32.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        let mut starts = [0; MOST_LEVELS + 1];
        let mut width = bound.div_ceil(64).max(1);
        let mut depth = 0;
        loop {
            starts[depth + 1] = starts[depth] + u32::try_from(width).expect("a set is over 32-bit numbers");
            depth += 1;
            if width == 1 {
                return BitTree { words: vec![0; starts[depth] as usize], starts, depth, len: 0 };
            }
            width = width.div_ceil(64);
        }
    }

    /// The set of all integers below `bound`.
    #[must_use]
    pub fn full(bound: usize) -> Self {
        let mut set = BitTree::new(bound);
        for i in 0..bound {
            set.insert(i);
        }
        set
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `i` is a member.
    #[must_use]
    pub fn contains(&self, i: usize) -> bool {
        self.words[i / 64] >> (i % 64) & 1 == 1
    }

    /// Adds `i`; does nothing when it is there.
    #[inline]
    pub fn insert(&mut self, i: usize) {
        let (word, bit) = (&mut self.words[i / 64], 1 << (i % 64));
        if *word & bit != 0 {
            return;
        }
        self.len += 1;
        let before = *word;
        *word |= bit;
        // Mostly others of its word are there, and nothing changes above.
        if before == 0 {
            self.raise(i / 64);
        }
    }

    /// Word `i` of the members has a bit now.
    fn raise(&mut self, mut i: usize) {
        for &start in &self.starts[1..self.depth] {
            let word = &mut self.words[start as usize + i / 64];
            let before = *word;
            *word |= 1 << (i % 64);
            if before != 0 {
                return;
            }
            i /= 64;
        }
    }

    /// Removes `i`; does nothing when it is not there.
    #[inline]
    pub fn remove(&mut self, i: usize) {
        let (word, bit) = (&mut self.words[i / 64], 1 << (i % 64));
        if *word & bit == 0 {
            return;
        }
        self.len -= 1;
        *word &= !bit;
        if *word == 0 {
            self.lower(i / 64);
        }
    }

    /// Word `i` of the members has no bit any more.
    fn lower(&mut self, mut i: usize) {
        for &start in &self.starts[1..self.depth] {
            let word = &mut self.words[start as usize + i / 64];
            *word &= !(1 << (i % 64));
            if *word != 0 {
                return;
            }
            i /= 64;
        }
    }

    /// The smallest member.
    #[must_use]
    pub fn first(&self) -> Option<usize> {
        if self.len == 0 { None } else { Some(self.descend(self.depth, 0)) }
    }

    /// The smallest member that is at least `from`.
    #[must_use]
    #[inline]
    pub fn next(&self, from: usize) -> Option<usize> {
        let at = from / 64;
        if self.len == 0 || at >= self.starts[1] as usize {
            return None;
        }
        // Mostly it is in the same word.
        let rest = self.words[at] >> (from % 64);
        if rest != 0 { Some(from + rest.trailing_zeros() as usize) } else { self.next_by_levels(at + 1) }
    }

    /// The smallest member that is in word `i` or a later one.
    fn next_by_levels(&self, mut i: usize) -> Option<usize> {
        for depth in 1..self.depth {
            let at = self.starts[depth] as usize + i / 64;
            if at >= self.starts[depth + 1] as usize {
                return None;
            }
            let rest = self.words[at] >> (i % 64);
            if rest != 0 {
                return Some(self.descend(depth, i + rest.trailing_zeros() as usize));
            }
            i = i / 64 + 1;
        }
        None
    }

    /// The first member below bit `i` of level `depth`.
    fn descend(&self, depth: usize, mut i: usize) -> usize {
        for &start in self.starts[..depth].iter().rev() {
            i = i * 64 + self.words[start as usize + i].trailing_zeros() as usize;
        }
        i
    }

    /// The member with exactly `rank` smaller members.
    #[must_use]
    pub fn nth(&self, rank: usize) -> Option<usize> {
        let mut left = rank;
        for (at, &word) in self.words[..self.starts[1] as usize].iter().enumerate() {
            let here = word.count_ones() as usize;
            if left < here {
                let mut word = word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(at * 64 + word.trailing_zeros() as usize);
            }
            left -= here;
        }
        None
    }

    /// The members of `range`, ascending.
    pub fn range(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let end = range.end;
        std::iter::successors(self.next(range.start), |&i| self.next(i + 1)).take_while(move |&i| i < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn agrees_with_an_ordered_set(bound in 1usize..9000, steps in proptest::collection::vec((any::<bool>(), any::<u32>()), 1..300)) {
            let mut tree = BitTree::new(bound);
            let mut plain = BTreeSet::new();
            for (add, value) in steps {
                let i = value as usize % bound;
                if add { tree.insert(i); plain.insert(i); } else { tree.remove(i); plain.remove(&i); }
                prop_assert_eq!(tree.len(), plain.len());
                prop_assert_eq!(tree.next(i), plain.range(i..).next().copied());
                prop_assert_eq!(tree.first(), plain.first().copied());
                prop_assert_eq!(tree.nth(plain.len() / 2), plain.iter().nth(plain.len() / 2).copied());
            }
            prop_assert_eq!(tree.range(0..bound).collect::<Vec<_>>(), plain.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn full_holds_everything_below_the_bound_and_nothing_else() {
        let set = BitTree::full(130);
        assert_eq!(set.len(), 130);
        assert_eq!(set.next(129), Some(129));
        assert_eq!(set.next(130), None);
    }
}
