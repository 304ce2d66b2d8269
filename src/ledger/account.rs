//! The books: how many nano-GPU are in each leaf now, and how many milli-GPU microseconds have been.
//!
//! A rate that changes by d at instant t adds -d*t to its sum; at the end T each sum is closed with rate*T. That is
//! the integral, exactly, and an update costs one multiplication however long the rate had stood. It does not matter in
//! which order changes come, so a stretch of the past can be moved from one leaf to another.
//!
//! Rates are finer than the entries: a GPU that steps at 0.7 of its speed is in two leaves at once. What does not make
//! a whole milli-GPU microsecond goes to `useful`, so that the entries of a payer still add up to what it held.

use std::collections::VecDeque;

use super::flows::{Flow, Flows, Readings, settle, settle_costs};
use super::leaf::{LEAVES, Leaf};
use super::priced::Priced;
use crate::sched::TenantId;
use crate::units::gpus::NANO_PER_MILLI;
use crate::units::{Cost, GpuTime, Span, Time};

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

/// A rate in nano-GPU and its open integral.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    rate: i64,
    sum: i128,
}

impl Cell {
    pub(super) fn change(&mut self, delta: i64, at: Time) {
        self.change_at(delta, i128::from(at.micros()));
    }

    /// The integral up to `at`.
    pub(super) fn until(&self, at: Time) -> i128 {
        self.until_position(i128::from(at.micros()))
    }

    fn change_at(&mut self, delta: i64, position: i128) {
        self.rate += delta;
        self.sum -= i128::from(delta) * position;
    }

    fn until_position(&self, position: i128) -> i128 {
        self.sum + i128::from(self.rate) * position
    }
}

/// One change, kept back while the cool-down may still cut it off.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: Time,
    row: u32,
    what: What,
    delta: i64,
}

/// What changes: how much is in a leaf, or flows to one.
#[derive(Debug, Clone, Copy)]
enum What {
    Leaf(Leaf),
    Flow { flow: Flow, early: bool },
}

/// GPU-time by payer, pool and leaf, within the measured window.
#[derive(Debug)]
pub struct Account {
    pools: usize,
    /// By payer and pool; most tenants use few pools.
    rows: Vec<Option<Box<[Cell; LEAVES]>>>,
    flows: Flows,
    opens: Time,
    is_open: bool,
    cooldown: Span,
    kept_back: VecDeque<Change>,
    /// Counts by what a GPU has cost so far instead of by time.
    priced: Option<Box<Priced>>,
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
    /// What it cost, at the prices of its pool while it was spent.
    pub cost: Cost,
}

impl Account {
    /// Empty books for so many tenants and pools; nothing counts before `opens`, nor in the last `cooldown`.
    #[must_use]
    pub fn new(tenants: usize, pools: usize, opens: Time, cooldown: Span) -> Self {
        let mut rows = Vec::new();
        rows.resize_with((tenants + 1) * pools, || None);
        let flows = Flows::default();
        Account { pools, rows, flows, opens, is_open: false, cooldown, kept_back: VecDeque::new(), priced: None }
    }

    /// The same, by what a GPU costs instead of by time: an entry's raw time is its raw cost.
    #[must_use]
    pub(super) fn by(self, priced: Priced) -> Self {
        Account { priced: Some(Box::new(priced)), ..self }
    }

    /// The clock goes on to `now`, before anything changes there.
    pub fn advance(&mut self, now: Time, readings: &dyn Readings) {
        if let Some(priced) = &mut self.priced {
            priced.advance(now, readings);
        }
        if !self.is_open && now >= self.opens {
            self.is_open = true;
            self.flows.open(self.readings(self.opens, readings));
        }
    }

    /// What the clocks of the flows read at an instant.
    fn readings(&self, at: Time, readings: &dyn Readings) -> Vec<u128> {
        match &self.priced {
            None => readings.all(at),
            Some(priced) => priced.all(at, readings),
        }
    }

    /// From `at` on, `delta` nano-GPU more (or, negative, less) are in a leaf.
    pub fn change(&mut self, payer: Payer, pool: u16, leaf: Leaf, delta: i64, at: Time) {
        let (row, at) = (self.row(payer, pool), at.max(self.opens));
        if self.cooldown == Span::ZERO {
            self.book(row, leaf, delta, at);
        } else {
            self.keep_back(Change { at, row, what: What::Leaf(leaf), delta });
        }
    }

    /// From `at` on, `delta` nano-GPU more (or, negative, less) of those that wait for data make progress by a clock.
    pub fn flow(&mut self, payer: Payer, pool: u16, flow: Flow, delta: i64, at: Time) {
        let flow = match &self.priced {
            None => flow,
            Some(priced) => Flow {
                clock: priced.number(pool, flow.clock),
                reading: priced.reading(pool, flow.clock, flow.reading),
                ..flow
            },
        };
        let what = What::Flow { flow, early: at < self.opens };
        let change = Change { at: at.max(self.opens), row: self.row(payer, pool), what, delta };
        if self.cooldown == Span::ZERO { self.post(change) } else { self.keep_back(change) }
    }

    fn row(&self, payer: Payer, pool: u16) -> u32 {
        payer.0 * self.pools as u32 + u32::from(pool)
    }

    fn book(&mut self, row: u32, leaf: Leaf, delta: i64, at: Time) {
        let position = self.position(row, at);
        let row = self.rows[row as usize].get_or_insert_with(|| Box::new([Cell::default(); LEAVES]));
        row[leaf as usize].change_at(delta, position);
    }

    /// Where an instant lies on the scale by which a row counts.
    fn position(&self, row: u32, at: Time) -> i128 {
        match &self.priced {
            None => i128::from(at.micros()),
            Some(priced) => priced.position((row as usize % self.pools) as u16, at),
        }
    }

    fn keep_back(&mut self, change: Change) {
        self.kept_back.push_back(change);
        // The run lasts until now at least, so what is older than the cool-down is certain to count.
        while let Some(first) = self.kept_back.front().copied().filter(|c| c.at.after(self.cooldown) <= change.at) {
            self.kept_back.pop_front();
            self.post(first);
        }
    }

    fn post(&mut self, change: Change) {
        match change.what {
            What::Leaf(leaf) => self.book(change.row, leaf, change.delta, change.at),
            What::Flow { flow, early } => self.flows.change(change.row, flow, change.delta, early),
        }
    }

    /// Closes the books of a run that ended at `end`: the window, and every entry that is not zero, by payer, pool and
    /// leaf.
    #[must_use]
    pub fn close(mut self, end: Time, readings: &dyn Readings) -> (Span, Vec<Entry>) {
        let closes = Time::from_micros(end.since_or_zero(Time::ZERO).micros().saturating_sub(self.cooldown.micros()));
        let closes = closes.max(self.opens);
        self.advance(closes, readings);
        for change in std::mem::take(&mut self.kept_back) {
            if change.at < closes {
                self.post(change);
            }
        }
        let read = self.readings(closes, readings);
        let mut flown = self.flows.until(|clock| read[clock as usize]).into_iter().peekable();
        let mut entries = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let Some(row) = row else { continue };
            let position = self.position(number as u32, closes);
            let mut nano = row.map(|cell| cell.until_position(position));
            while let Some(((_, leaf), flown)) = flown.next_if(|((owner, _), _)| *owner as usize == number) {
                match self.priced {
                    None => settle(&mut nano, leaf, flown),
                    Some(_) => settle_costs(&mut nano, leaf, flown),
                }
            }
            let whole = whole_milli(|leaf| nano[leaf as usize]);
            let (payer, pool) = (Payer((number / self.pools) as u32), (number % self.pools) as u16);
            let spent = Leaf::ALL.into_iter().filter(|&leaf| whole[leaf as usize] > 0);
            entries.extend(spent.map(|leaf| Entry {
                payer,
                pool,
                leaf,
                time: GpuTime::from_raw(whole[leaf as usize]),
                cost: Cost::default(),
            }));
        }
        (closes.since(self.opens), entries)
    }
}

/// Whole milli-GPU microseconds by leaf of nano-GPU microseconds that add up to whole ones; what is left over in the
/// leaves goes to `useful`.
pub(super) fn whole_milli(nano: impl Fn(Leaf) -> i128) -> [u128; LEAVES] {
    let mut whole = [0; LEAVES];
    let mut rest = 0;
    for leaf in Leaf::ALL {
        let nano = u128::try_from(nano(leaf)).expect("no less than no time was spent in a leaf");
        whole[leaf as usize] = nano / NANO;
        rest += nano % NANO;
    }
    whole[Leaf::Useful as usize] += rest / NANO;
    whole
}

const NANO: u128 = NANO_PER_MILLI.unsigned_abs() as u128;

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
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, 3 * NANO_PER_MILLI, at(0));
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, 2 * NANO_PER_MILLI, at(10));
            account.change(Payer::NOBODY, 0, Leaf::NoDemand, -5 * NANO_PER_MILLI, at(30));
            let (span, entries) = account.close(at(40), &());
            assert_eq!((total(&entries, Leaf::NoDemand), span.micros()), (expected, window), "{opens} {cooldown}");
        }
    }

    /// A GPU at a third of its speed for 10 us, of which 4 us are thrown away afterwards: 10 000 milli-GPU us in all.
    #[test]
    fn a_split_loses_nothing_and_the_past_can_be_moved() {
        let mut account = Account::new(1, 1, at(0), Span::ZERO);
        let payer = Payer::tenant(TenantId(0));
        let all = 1000 * NANO_PER_MILLI;
        for (leaf, rate) in [(Leaf::Useful, all / 3), (Leaf::InputStall, all - all / 3)] {
            account.change(payer, 0, leaf, rate, at(0));
            account.change(payer, 0, leaf, -rate, at(10));
        }
        for (leaf, rate) in [(Leaf::Useful, -(all / 3)), (Leaf::LostWork, all / 3)] {
            account.change(payer, 0, leaf, rate, at(6));
            account.change(payer, 0, leaf, -rate, at(10));
        }
        let (_, entries) = account.close(at(20), &());
        let times = [Leaf::Useful, Leaf::LostWork, Leaf::InputStall].map(|leaf| total(&entries, leaf));
        assert_eq!(times, [2001, 1333, 6666]);
    }
}
