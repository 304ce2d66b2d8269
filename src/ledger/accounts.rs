//! The account of GPU-time, and, where prices change over time, one of what it cost while it was spent.
//!
//! Where a price never changes, the cost of a leaf is its time at that price. Elsewhere a second account counts by what
//! a GPU has cost so far instead of by time: its integrals are dollars, exactly, whatever is moved in the past.

use super::account::{Account, Entry, Payer};
use super::flows::{Flow, Readings};
use super::leaf::Leaf;
use super::priced::Priced;
use crate::units::{Cost, GpuTime, PriceCurve, Span, Time, UsdPerGpuHour};

/// GPU-time and its cost by payer, pool and leaf.
#[derive(Debug)]
pub struct Accounts {
    time: Account,
    /// Of pools whose price changes; the others have nothing in it.
    cost: Option<Box<Account>>,
    /// By pool.
    curves: Vec<PriceCurve>,
}

impl Accounts {
    /// Empty books; one curve a pool. See [`Account::new`].
    #[must_use]
    pub fn new(tenants: usize, curves: Vec<PriceCurve>, opens: Time, cooldown: Span) -> Self {
        let priced = || {
            let account = Account::new(tenants, curves.len(), opens, cooldown);
            Box::new(account.by(Priced::new(&curves)))
        };
        let cost = curves.iter().any(PriceCurve::changes).then(priced);
        Accounts { time: Account::new(tenants, curves.len(), opens, cooldown), cost, curves }
    }

    /// See [`Account::advance`].
    pub fn advance(&mut self, now: Time, readings: &dyn Readings) {
        self.time.advance(now, readings);
        if let Some(cost) = &mut self.cost {
            cost.advance(now, readings);
        }
    }

    /// See [`Account::change`].
    pub fn change(&mut self, payer: Payer, pool: u16, leaf: Leaf, delta: i64, at: Time) {
        self.time.change(payer, pool, leaf, delta, at);
        if let Some(cost) = self.cost_of(pool) {
            cost.change(payer, pool, leaf, delta, at);
        }
    }

    /// See [`Account::flow`].
    pub fn flow(&mut self, payer: Payer, pool: u16, flow: Flow, delta: i64, at: Time) {
        self.time.flow(payer, pool, flow, delta, at);
        if let Some(cost) = self.cost_of(pool) {
            cost.flow(payer, pool, flow, delta, at);
        }
    }

    /// The account of costs, where the price of the pool changes.
    fn cost_of(&mut self, pool: u16) -> Option<&mut Account> {
        self.cost.as_deref_mut().filter(|_| self.curves[usize::from(pool)].changes())
    }

    /// See [`Account::close`]: the entries have their costs.
    #[must_use]
    pub fn close(self, end: Time, readings: &dyn Readings) -> (Span, Vec<Entry>) {
        let (window, mut entries) = self.time.close(end, readings);
        for entry in &mut entries {
            let curve = &self.curves[usize::from(entry.pool)];
            if !curve.changes() {
                entry.cost = flat(curve, entry.time);
            }
        }
        for cost in self.cost.into_iter().flat_map(|account| account.close(end, readings).1) {
            charge(&mut entries, &cost);
        }
        (window, entries)
    }
}

fn flat(curve: &PriceCurve, time: GpuTime) -> Cost {
    let price: UsdPerGpuHour = curve.at(Time::ZERO);
    price.exact_cost_of(time)
}

/// Adds the cost of a leaf to its entry. What cost something in less time than can be told is with what is useful, as
/// that time is.
fn charge(entries: &mut Vec<Entry>, cost: &Entry) {
    let amount = Cost::from_raw(cost.time.raw());
    let find = |entries: &[Entry], leaf| {
        let key = (cost.payer, cost.pool, leaf);
        entries.binary_search_by_key(&key, |entry| (entry.payer, entry.pool, entry.leaf))
    };
    match find(entries, cost.leaf).or_else(|_| find(entries, Leaf::Useful)) {
        Ok(at) => entries[at].cost = entries[at].cost + amount,
        Err(at) => {
            entries.insert(at, Entry { time: GpuTime::default(), leaf: Leaf::Useful, cost: amount, ..*cost });
        }
    }
}
