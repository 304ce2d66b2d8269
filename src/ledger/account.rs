//! The books: how many milli-GPU are in each leaf now, and how many milli-GPU microseconds have been.
//!
//! A rate that changes by d at instant t adds -d*t to its sum; at the end T each sum is closed with rate*T. That is
//! the integral, exactly, and an update costs one multiplication however long the rate had stood.

use std::collections::VecDeque;

use super::leaf::{LEAVES, Leaf};
use crate::sched::TenantId;
use crate::units::{GpuTime, Span, Time};

/// Whose time it is: a tenant's, or nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payer(u32);

impl Payer {
    /// Nobody: idle time that no job claimed.
    pub const NOBODY: Payer = Payer(0);

    /// A tenant.
    #[must_use]
    pub fn tenant(tenant: TenantId) -> Self {
        Payer(tenant.0 + 1)
    }

    /// The tenant, if it is one.
    #[must_use]
    pub fn as_tenant(self) -> Option<TenantId> {
        self.0.checked_sub(1).map(TenantId)
    }
}

/// A rate and its open integral.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    rate: i64,
    sum: i128,
}

impl Cell {
    pub(super) fn change(&mut self, delta: i64, at: Time) {
        self.rate += delta;
        self.sum -= i128::from(delta) * i128::from(at.micros());
    }

    /// The integral up to `at`.
    pub(super) fn until(&self, at: Time) -> i128 {
        self.sum + i128::from(self.rate) * i128::from(at.micros())
    }
}

/// One change, kept back while the cool-down may still cut it off.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: Time,
    row: u32,
    leaf: Leaf,
    delta: i64,
}

/// GPU-time by payer, pool and leaf, within the measured window.
#[derive(Debug)]
pub struct Account {
    pools: usize,
    /// By payer and pool; most tenants use few pools.
    rows: Vec<Option<Box<[Cell; LEAVES]>>>,
    opens: Time,
    cooldown: Span,
    kept_back: VecDeque<Change>,
}

/// GPU-time of one payer in one pool and leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub payer: Payer,
    /// Where.
    pub pool: u16,
    /// What became of it.
    pub leaf: Leaf,
    /// How much.
    pub time: GpuTime,
}

impl Account {
    /// Empty books for so many tenants and pools; nothing counts before `opens`, nor in the last `cooldown`.
    #[must_use]
    pub fn new(tenants: usize, pools: usize, opens: Time, cooldown: Span) -> Self {
        let mut rows = Vec::new();
        rows.resize_with((tenants + 1) * pools, || None);
        Account { pools, rows, opens, cooldown, kept_back: VecDeque::new() }
    }

    /// From `at` on, `delta` milli-GPU more (or, negative, less) are in a leaf.
    pub fn change(&mut self, payer: Payer, pool: u16, leaf: Leaf, delta: i64, at: Time) {
        let row = payer.0 as usize * self.pools + pool as usize;
        let at = at.max(self.opens);
        if self.cooldown == Span::ZERO {
            self.post(row, leaf, delta, at);
            return;
        }
        self.kept_back.push_back(Change { at, row: row as u32, leaf, delta });
        // The run lasts until now at least, so what is older than the cool-down is certain to count.
        while let Some(first) = self.kept_back.front().copied().filter(|c| c.at.after(self.cooldown) <= at) {
            self.kept_back.pop_front();
            self.post(first.row as usize, first.leaf, first.delta, first.at);
        }
    }

    fn post(&mut self, row: usize, leaf: Leaf, delta: i64, at: Time) {
        let row = self.rows[row].get_or_insert_with(|| Box::new([Cell::default(); LEAVES]));
        row[leaf as usize].change(delta, at);
    }

    /// Closes the books of a run that ended at `end`: the window, and every entry that is not zero, by payer, pool and
    /// leaf.
    #[must_use]
    pub fn close(mut self, end: Time) -> (Span, Vec<Entry>) {
        let closes = Time::from_micros(end.since_or_zero(Time::ZERO).micros().saturating_sub(self.cooldown.micros()));
        let closes = closes.max(self.opens);
        for change in std::mem::take(&mut self.kept_back) {
            if change.at < closes {
                self.post(change.row as usize, change.leaf, change.delta, change.at);
            }
        }
        let mut entries = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let Some(row) = row else { continue };
            for leaf in Leaf::ALL {
                let raw = row[leaf as usize].until(closes);
                assert!(raw >= 0, "less than no time was spent in {}", leaf.name());
                if raw > 0 {
                    entries.push(Entry {
                        payer: Payer((number / self.pools) as u32),
                        pool: (number % self.pools) as u16,
                        leaf,
                        time: GpuTime::from_raw(raw.unsigned_abs()),
                    });
                }
            }
        }
        (closes.since(self.opens), entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    fn total(entries: &[Entry], leaf: Leaf) -> u128 {
        entries.iter().filter(|e| e.leaf == leaf).map(|e| e.time.raw()).sum()
    }

    /// 3 in [0, 10), 5 in [10, 30), 0 afterwards, over windows that cut it at both ends.
    #[test]
    fn integrals_are_exact_within_the_window() {
        for (opens, cooldown, expected, window) in
            [(0, 0, 30 + 100, 40), (4, 0, 18 + 100, 36), (12, 0, 90, 28), (0, 15, 30 + 75, 25), (5, 28, 15 + 10, 7)]
        {
            let mut account = Account::new(1, 1, at(opens), Span::from_micros(cooldown));
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, 3, at(0));
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, 2, at(10));
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, -5, at(30));
            let (span, entries) = account.close(at(40));
            assert_eq!((total(&entries, Leaf::NoDemand), span.micros()), (expected, window), "{opens} {cooldown}");
        }
    }
}
