//! That no job id occurs twice, at no cost for the usual trace.
//!
//! Ids that grow, shorter before longer and then by bytes, cannot repeat; numbers in order do so. From the first id
//! that does not grow on, all rows are kept in a hash set of eight bytes a row, and an id is compared with those that
//! share its hash.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::trace::table::JobTable;

/// The ids so far.
#[derive(Debug, Default)]
pub(super) struct UniqueIds {
    /// `None` while ids grow.
    seen: Option<RowSet>,
}

impl UniqueIds {
    /// The earlier row that holds `id`, if one does; `id` must be added to `table` next if none does.
    #[inline]
    pub fn earlier(&mut self, table: &JobTable, id: &[u8]) -> Option<u32> {
        let rows = table.len();
        if self.seen.is_none() {
            if rows == 0 || grows(table.id_of_row(rows - 1), id) {
                return None;
            }
            let mut seen = RowSet::with_slots(((rows + 1) * 2).next_power_of_two());
            for row in 0..rows {
                seen.find_or_insert(table, table.id_of_row(row), row as u32);
            }
            self.seen = Some(seen);
        }
        self.seen.as_mut()?.find_or_insert(table, id, rows as u32)
    }
}

fn grows(last: &[u8], id: &[u8]) -> bool {
    id.len() > last.len() || (id.len() == last.len() && id > last)
}

/// The hash of an id, and the row that has it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    row: u32,
}

const EMPTY: Slot = Slot { hash: 0, row: u32::MAX };

/// Rows by the hash of their ids: open addressing, linear probing, at most half full.
///
/// The upper bits of the hash choose the slot, so that growing moves slots in order and looks at no id.
#[derive(Debug)]
struct RowSet {
    slots: Vec<Slot>,
    len: usize,
}

impl RowSet {
    /// `slots` is a power of two.
    fn with_slots(slots: usize) -> Self {
        RowSet { slots: vec![EMPTY; slots], len: 0 }
    }

    fn find_or_insert(&mut self, table: &JobTable, id: &[u8], row: u32) -> Option<u32> {
        if (self.len + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let hash = hash_of(id);
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            if slot.row == EMPTY.row {
                self.slots[at] = Slot { hash, row };
                self.len += 1;
                return None;
            }
            if slot.hash == hash && table.id_of_row(slot.row as usize) == id {
                return Some(slot.row);
            }
            at = self.next(at);
        }
    }

    fn home(&self, hash: u32) -> usize {
        ((u128::from(hash) * self.slots.len() as u128) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        let mut larger = RowSet::with_slots(self.slots.len() * 2);
        for &slot in self.slots.iter().filter(|s| s.row != EMPTY.row) {
            let mut at = larger.home(slot.hash);
            while larger.slots[at].row != EMPTY.row {
                at = larger.next(at);
            }
            larger.slots[at] = slot;
        }
        larger.len = self.len;
        *self = larger;
    }
}

fn hash_of(id: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(id);
    let hash = hasher.finish();
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{JobTable, JobTimes, SpecId};
    use crate::units::{Span, Time};

    fn add(ids: &mut UniqueIds, table: &mut JobTable, id: &str) -> Option<u32> {
        let earlier = ids.earlier(table, id.as_bytes());
        if earlier.is_none() {
            let times = JobTimes {
                submit: Time::ZERO,
                duration: Span::ZERO,
                walltime: None,
                recorded_start: None,
                recorded_end: None,
            };
            table.push(id.as_bytes(), times, SpecId(0));
        }
        earlier
    }

    #[test]
    fn growing_ids_need_no_set_and_repeats_are_found_after_any_order() {
        let (mut ids, mut table) = (UniqueIds::default(), JobTable::default());
        for id in 0..1000 {
            assert_eq!(add(&mut ids, &mut table, &format!("job-{id}")), None);
        }
        assert!(ids.seen.is_none());
        assert_eq!(add(&mut ids, &mut table, "7"), None);
        for id in (0..1000).rev() {
            assert_eq!(add(&mut ids, &mut table, &format!("job-{id}")), Some(id));
            assert_eq!(add(&mut ids, &mut table, &format!("other-{id}")), None);
        }
        assert_eq!(add(&mut ids, &mut table, "7"), Some(1000));
    }
}
