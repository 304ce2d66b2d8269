//! A price that changes over time, and what a GPU costs under it, in integers.

use super::money::UsdPerGpuHour;
use super::time::Time;

/// A stretch of time under one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    from: Time,
    price: UsdPerGpuHour,
    /// What a GPU has cost from the start of the trace until then, in micro-dollars per hour x microseconds.
    before: u128,
}

/// The price of a GPU-hour at every instant: constant but for steps.
///
/// The cost of a GPU from one instant to another is the difference of [`PriceCurve::paid_until`], exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceCurve {
    first: UsdPerGpuHour,
    /// By time.
    steps: Vec<Step>,
}

impl PriceCurve {
    /// The same price at all times.
    #[must_use]
    pub const fn flat(price: UsdPerGpuHour) -> Self {
        PriceCurve { first: price, steps: Vec::new() }
    }

    /// The same, but for another price from an instant on, which is not before the last change.
    #[must_use]
    pub fn and_from(mut self, from: Time, price: UsdPerGpuHour) -> Self {
        let from = from.max(self.steps.last().map_or(Time::ZERO, |last| last.from));
        let before = self.paid_until(from);
        self.steps.push(Step { from, price, before });
        self
    }

    /// Whether the price ever changes.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.steps.is_empty()
    }

    /// When it changes, in order.
    pub fn change_times(&self) -> impl Iterator<Item = Time> {
        self.steps.iter().map(|step| step.from)
    }

    fn step_at(&self, at: Time) -> Step {
        let behind = self.steps.partition_point(|step| step.from <= at);
        let start = Step { from: Time::ZERO, price: self.first, before: 0 };
        behind.checked_sub(1).map_or(start, |last| self.steps[last])
    }

    /// The price at an instant.
    #[must_use]
    pub fn at(&self, at: Time) -> UsdPerGpuHour {
        self.step_at(at).price
    }

    /// What one GPU costs from the start of the trace until an instant, in micro-dollars per hour x microseconds.
    #[must_use]
    pub fn paid_until(&self, at: Time) -> u128 {
        let step = self.step_at(at);
        step.before + u128::from(step.price.micros()) * u128::from(at.since(step.from).micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    #[test]
    fn what_is_paid_is_the_integral_of_the_price() {
        let price = UsdPerGpuHour::from_micros;
        let curve =
            PriceCurve::flat(price(5)).and_from(at(10), price(3)).and_from(at(10), price(2)).and_from(at(20), price(0));
        let prices = [0, 9, 10, 19, 20, 99].map(|t| curve.at(at(t)).micros());
        assert_eq!(prices, [5, 5, 2, 2, 0, 0]);
        let paid = [0, 9, 10, 13, 20, 99].map(|t| curve.paid_until(at(t)));
        assert_eq!(paid, [0, 45, 50, 56, 70, 70]);
        assert_eq!(PriceCurve::flat(price(7)).paid_until(at(6)), 42);
    }
}
