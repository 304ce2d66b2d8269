//! One bandwidth and its water level: who stays below it at a speed of their own, and who has to share the rest.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};

use super::clock::FRACTIONS;
use crate::ledger::Traffic;
use crate::units::{Span, Time};

/// Microseconds in a second.
const MICROS: u128 = 1_000_000;

/// The number of a group of jobs with one clock.
pub type Slot = u32;

/// How much a group asks for, in fractions of a byte per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    /// For each weight, at the speed that it would have alone.
    pub cap: u64,
    /// The weights of its jobs.
    pub weight: u64,
}

impl Ask {
    fn total(self) -> u128 {
        u128::from(self.cap) * u128::from(self.weight)
    }
}

/// A bandwidth shared max-min: `rate = min(cap, level)` for each weight.
#[derive(Debug)]
pub(super) struct Channel {
    /// None: there is enough for everybody.
    capacity: Option<u128>,
    /// Groups that get all they ask for, and their sum.
    content: BTreeSet<(u64, Slot)>,
    content_total: u128,
    /// Groups that get the level, and their weights.
    limited: BTreeSet<(u64, Slot)>,
    limited_weight: u128,
    /// What the limited groups ask for.
    limited_total: u128,
    /// What was asked for and given until `at`, in fractions of a byte per second x microseconds.
    asked: u128,
    given: u128,
    /// What a weight of the limited groups gets; 0 where there are none.
    level: u128,
    /// The level integrated up to `at`.
    clock: u128,
    at: Time,
    past: VecDeque<(Time, u128, u128)>,
    /// When the next job of each content group is due.
    pub due_at: BTreeSet<(Time, Slot)>,
    /// Where the level clock is when the next job of each limited group is due.
    pub due_level: BTreeSet<(u128, Slot)>,
    /// What [`Channel::next`] found since anything changed: it is asked several times at every instant.
    next: Cell<Option<Option<(Time, Slot)>>>,
}

/// A group that crosses the water level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crossing {
    pub slot: Slot,
    pub limited: bool,
}

impl Channel {
    /// A bandwidth in bytes per second.
    pub fn new(capacity: Option<u64>) -> Self {
        Channel {
            capacity: capacity.map(|bytes| u128::from(bytes) * u128::from(FRACTIONS)),
            content: BTreeSet::new(),
            content_total: 0,
            limited: BTreeSet::new(),
            limited_weight: 0,
            limited_total: 0,
            asked: 0,
            given: 0,
            level: 0,
            clock: 0,
            at: Time::ZERO,
            past: VecDeque::new(),
            due_at: BTreeSet::new(),
            due_level: BTreeSet::new(),
            next: Cell::new(None),
        }
    }

    /// The level, or what is due, has changed.
    pub fn forget_next(&mut self) {
        self.next.set(None);
    }

    /// The level clock at `at`, no earlier than the last change.
    pub fn clock(&self, at: Time) -> u128 {
        self.clock + self.level * u128::from(at.since(self.at).micros())
    }

    /// The level clock at `at`, no longer ago than it is kept.
    pub fn clock_back(&self, at: Time) -> u128 {
        if at >= self.at {
            return self.clock(at);
        }
        let next = self.past.partition_point(|&(since, ..)| since <= at);
        let before = next.checked_sub(1).and_then(|i| self.past.get(i));
        before.map_or(0, |&(since, clock, level)| clock + level * u128::from(at.since(since).micros()))
    }

    /// Takes the clock to `now`, before anything changes.
    pub fn advance(&mut self, now: Time, keep: Span) {
        if now == self.at {
            return;
        }
        if keep > Span::ZERO {
            self.past.push_back((self.at, self.clock, self.level));
            while self.past.get(1).is_some_and(|&(second, ..)| second.after(keep) < now) {
                self.past.pop_front();
            }
        }
        (self.asked, self.given) = self.flown(now);
        self.clock = self.clock(now);
        self.at = now;
    }

    /// What was asked for and given until `at`, no earlier than the last change. Nothing that is asked for is kept back:
    /// where it is more than there is, all of it is given.
    fn flown(&self, at: Time) -> (u128, u128) {
        let asked = self.content_total.saturating_add(self.limited_total);
        let given = self.capacity.map_or(asked, |capacity| capacity.min(asked));
        let more = |rate: u128| rate.saturating_mul(u128::from(at.since_or_zero(self.at).micros()));
        (self.asked.saturating_add(more(asked)), self.given.saturating_add(more(given)))
    }

    /// Bytes that were asked for and given until `at`, no earlier than the last change.
    pub fn traffic(&self, at: Time) -> Traffic {
        let (asked, given) = self.flown(at);
        let bytes = |flown: u128| flown / u128::from(FRACTIONS) / MICROS;
        Traffic { asked: bytes(asked), given: bytes(given) }
    }

    /// A group comes, as one that is limited until [`Channel::next_crossing`] says otherwise.
    pub fn add(&mut self, slot: Slot, ask: Ask) {
        self.limited.insert((ask.cap, slot));
        self.limited_weight += u128::from(ask.weight);
        self.limited_total += ask.total();
    }

    /// A group goes.
    pub fn remove(&mut self, slot: Slot, ask: Ask) {
        if self.limited.remove(&(ask.cap, slot)) {
            self.limited_weight -= u128::from(ask.weight);
            self.limited_total -= ask.total();
        } else if self.content.remove(&(ask.cap, slot)) {
            self.content_total -= ask.total();
        }
    }

    /// A group's weight changes.
    pub fn reweigh(&mut self, limited: bool, before: Ask, after: Ask) {
        if limited {
            self.limited_weight = self.limited_weight - u128::from(before.weight) + u128::from(after.weight);
            self.limited_total = self.limited_total - before.total() + after.total();
        } else {
            self.content_total = self.content_total - before.total() + after.total();
        }
    }

    /// Works out the level; a group that is on the wrong side of it, if any, nearest to it first.
    ///
    /// A group that crosses moves the level towards its own cap and never past it, so that none crosses back, and each
    /// change costs one step of O(log n) for each group that it makes cross.
    pub fn next_crossing(&mut self) -> Option<Crossing> {
        let least = |set: &BTreeSet<(u64, Slot)>| set.first().copied();
        let most = |set: &BTreeSet<(u64, Slot)>| set.last().copied();
        let Some(capacity) = self.capacity else {
            return least(&self.limited).map(|(_, slot)| Crossing { slot, limited: false });
        };
        self.forget_next();
        if self.limited_weight == 0 {
            self.level = 0;
            let over = self.content_total > capacity;
            return most(&self.content).filter(|_| over).map(|(_, slot)| Crossing { slot, limited: true });
        }
        self.level = (capacity.saturating_sub(self.content_total) / self.limited_weight).max(1);
        let below = least(&self.limited).filter(|&(cap, _)| u128::from(cap) <= self.level);
        let above = || most(&self.content).filter(|&(cap, _)| u128::from(cap) > self.level);
        below
            .map(|(_, slot)| Crossing { slot, limited: false })
            .or_else(|| above().map(|(_, slot)| Crossing { slot, limited: true }))
    }

    /// A group crosses.
    pub fn cross(&mut self, crossing: Crossing, ask: Ask) {
        self.remove(crossing.slot, ask);
        if crossing.limited {
            self.add(crossing.slot, ask);
        } else {
            self.content.insert((ask.cap, crossing.slot));
            self.content_total += ask.total();
        }
    }

    /// When the next job is due, and of which group it is. Time that passes changes nothing of it.
    pub fn next(&self) -> Option<(Time, Slot)> {
        if let Some(known) = self.next.get() {
            return known;
        }
        let next = self.find_next();
        self.next.set(Some(next));
        next
    }

    fn find_next(&self) -> Option<(Time, Slot)> {
        let content = self.due_at.first().copied();
        let limited = self.due_level.first().map(|&(level, slot)| {
            let micros = level.saturating_sub(self.clock).div_ceil(self.level.max(1));
            (self.at.after(Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))), slot)
        });
        [content, limited].into_iter().flatten().min()
    }
}
