//! The running jobs by their expected ends, with running sums of what they will free.

use crate::trace::JobId;
use crate::units::Time;

/// Entries of a block; insertion moves at most so many.
const BLOCK: usize = 512;

/// A running job and when its estimate says that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// By its estimate.
    pub end: Time,
    /// The job.
    pub job: JobId,
    /// The GPUs that it will free.
    pub gpus: u64,
}

#[derive(Debug, Clone, Default)]
struct Block {
    entries: Vec<Expected>,
    gpus: u64,
}

/// Expected ends in ascending order, in blocks that know their sums: inserting costs a search and a short move, and
/// "when are so many GPUs free" skips whole blocks.
#[derive(Debug, Clone, Default)]
pub struct ExpectedEnds {
    blocks: Vec<Block>,
}

impl ExpectedEnds {
    /// Adds a running job.
    pub fn insert(&mut self, entry: Expected) {
        let at = self.blocks.partition_point(|b| b.entries.last().is_some_and(|last| *last < entry));
        if at == self.blocks.len() {
            match self.blocks.last_mut() {
                Some(last) if last.entries.len() < BLOCK => last.add(entry),
                _ => {
                    let mut block = Block::default();
                    block.add(entry);
                    self.blocks.push(block);
                }
            }
            return;
        }
        self.blocks[at].add(entry);
        if self.blocks[at].entries.len() > BLOCK {
            let upper = self.blocks[at].split();
            self.blocks.insert(at + 1, upper);
        }
    }

    /// Takes a job out.
    pub fn remove(&mut self, entry: Expected) {
        let at = self.blocks.partition_point(|b| b.entries.last().is_some_and(|last| *last < entry));
        let Some(block) = self.blocks.get_mut(at) else { return };
        if let Ok(found) = block.entries.binary_search(&entry) {
            block.entries.remove(found);
            block.gpus -= entry.gpus;
            if block.entries.is_empty() {
                self.blocks.remove(at);
            }
        }
    }

    /// All entries, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &Expected> {
        self.blocks.iter().flat_map(|b| &b.entries)
    }

    /// When `needed` GPUs will have been freed, and how many will have been by then (at that very instant included).
    /// Jobs that have outlived their estimates count as ending at `now`. `None` when all of them free fewer.
    #[must_use]
    pub fn freed(&self, needed: u64, now: Time) -> Option<(Time, u64)> {
        let mut freed = 0;
        let mut blocks = self.blocks.iter();
        let (block, at) = loop {
            let block = blocks.next()?;
            if freed + block.gpus < needed {
                freed += block.gpus;
                continue;
            }
            let mut sum = freed;
            let at = block.entries.iter().position(|e| {
                sum += e.gpus;
                sum >= needed
            })?;
            freed = sum;
            break (block, at);
        };
        let when = block.entries[at].end.max(now);
        let rest = block.entries[at + 1..].iter().chain(blocks.flat_map(|b| &b.entries));
        freed += rest.take_while(|e| e.end <= when).map(|e| e.gpus).sum::<u64>();
        Some((when, freed))
    }
}

impl Block {
    fn add(&mut self, entry: Expected) {
        let at = self.entries.partition_point(|e| *e < entry);
        self.entries.insert(at, entry);
        self.gpus += entry.gpus;
    }

    fn split(&mut self) -> Block {
        let entries = self.entries.split_off(self.entries.len() / 2);
        let gpus = entries.iter().map(|e| e.gpus).sum();
        self.gpus -= gpus;
        Block { entries, gpus }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_list(ends in proptest::collection::vec((0u64..400, 1u64..9), 1..1500), now in 0u64..300, needed in 1u64..3000) {
            let mut blocks = ExpectedEnds::default();
            let mut plain = Vec::new();
            for (job, &(end, gpus)) in ends.iter().enumerate() {
                let entry = Expected { end: Time::from_micros(end), job: JobId(job as u32), gpus };
                blocks.insert(entry);
                plain.push(entry);
            }
            for job in (0..ends.len()).step_by(3).rev() {
                blocks.remove(plain.remove(job));
            }
            plain.sort_unstable();
            prop_assert_eq!(blocks.iter().copied().collect::<Vec<_>>(), plain.clone());
            let now = Time::from_micros(now);
            let by = |t: Time| plain.iter().filter(|e| e.end.max(now) <= t).map(|e| e.gpus).sum::<u64>();
            let expected = plain.iter().map(|e| e.end.max(now)).find(|&t| by(t) >= needed).map(|t| (t, by(t)));
            prop_assert_eq!(blocks.freed(needed, now), expected);
        }
    }
}
