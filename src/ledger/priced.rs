//! Instants and clocks by what a GPU has cost until then.

use super::flows::Readings;
use crate::units::{PriceCurve, Time};

/// Millionths of full speed in a whole: the unit of clocks.
const MILLION: u128 = 1_000_000;

/// A change of some price.
#[derive(Debug)]
struct Knot {
    at: Time,
    /// What each clock read; one that was not there yet had not begun.
    readings: Vec<u128>,
    /// What progress by each clock had cost, by clock and pool, in micro-dollars per hour x microseconds x millionths.
    paid: Vec<u128>,
}

impl Knot {
    fn reading(&self, clock: u32) -> u128 {
        self.readings.get(clock as usize).copied().unwrap_or(0)
    }

    fn paid(&self, number: u32) -> u128 {
        self.paid.get(number as usize).copied().unwrap_or(0)
    }
}

/// The prices of all pools, and what clocks read when they changed.
#[derive(Debug)]
pub(super) struct Priced {
    curves: Vec<PriceCurve>,
    /// Changes to come, the last first.
    ahead: Vec<Time>,
    /// Those that were, by time; the first is the start of the trace.
    knots: Vec<Knot>,
}

impl Priced {
    /// A curve for each pool.
    pub fn new(curves: &[PriceCurve]) -> Self {
        let mut ahead: Vec<Time> = curves.iter().flat_map(PriceCurve::change_times).collect();
        ahead.sort_unstable_by(|a, b| b.cmp(a));
        ahead.dedup();
        let start = Knot { at: Time::ZERO, readings: Vec::new(), paid: Vec::new() };
        Priced { curves: curves.to_vec(), ahead, knots: vec![start] }
    }

    /// The clock goes on to `now`: notes what the clocks read when prices changed.
    pub fn advance(&mut self, now: Time, readings: &dyn Readings) {
        while let Some(at) = self.ahead.pop_if(|at| *at <= now) {
            let read: Vec<u128> = (0..readings.clocks()).map(|clock| readings.reading(clock, at)).collect();
            let pools = 0..self.curves.len() as u16;
            let all = read
                .iter()
                .zip(0..)
                .flat_map(|(&reading, clock)| pools.clone().map(move |pool| (pool, clock, reading)));
            let paid = all.map(|(pool, clock, reading)| self.raw_paid(pool, clock, reading)).collect();
            self.knots.push(Knot { at, readings: read, paid });
        }
    }

    /// What a GPU of a pool has cost until an instant.
    pub fn position(&self, pool: u16, at: Time) -> i128 {
        self.curves[usize::from(pool)].paid_until(at) as i128
    }

    /// The number of a clock for the GPUs of one pool.
    pub fn number(&self, pool: u16, clock: u32) -> u32 {
        clock * self.curves.len() as u32 + u32::from(pool)
    }

    /// What progress in a pool until a clock read so has cost, rounded down.
    pub fn reading(&self, pool: u16, clock: u32, reading: u128) -> u128 {
        self.raw_paid(pool, clock, reading) / MILLION
    }

    fn raw_paid(&self, pool: u16, clock: u32, reading: u128) -> u128 {
        let behind = self.knots.partition_point(|knot| knot.reading(clock) <= reading);
        let knot = &self.knots[behind.saturating_sub(1)];
        let price = self.curves[usize::from(pool)].at(knot.at).micros();
        knot.paid(self.number(pool, clock)) + u128::from(price) * (reading - knot.reading(clock))
    }

    /// What all clocks of all pools are at an instant, by their numbers.
    pub fn all(&self, at: Time, readings: &dyn Readings) -> Vec<u128> {
        let pools = self.curves.len() as u16;
        let numbers = (0..readings.clocks()).flat_map(|clock| (0..pools).map(move |pool| (clock, pool)));
        numbers.map(|(clock, pool)| self.reading(pool, clock, readings.reading(clock, at))).collect()
    }
}
