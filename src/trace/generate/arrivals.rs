//! When jobs come: a Poisson process, even or with the rhythm of a day.

use rand::RngExt;
use rand_distr::{Distribution, Exp1};

use crate::units::rng::{Stream, stream};

/// Share of submissions by hour of the day in Helios Venus (SenseTime, April to September 2020), in per cent.
pub const VENUS_HOURS: [f64; 24] = [
    3.7, 2.7, 2.5, 1.6, 1.1, 0.9, 0.8, 0.9, 1.6, 3.3, 5.4, 6.1, 4.9, 5.4, 6.5, 6.9, 7.2, 7.2, 5.3, 5.5, 5.6, 5.7, 4.8,
    4.3,
];

/// When jobs come within a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// At the same rate all day: exponential times between jobs.
    Poisson,
    /// At rates in proportion to these weights, by hour from midnight; traces start at midnight. Each is >= 0.
    HourOfDay([f64; 24]),
}

/// An endless, growing series of instants.
#[derive(Debug)]
pub(super) struct Times {
    now: u64,
    /// Mean time between candidates.
    mean_gap_micros: f64,
    /// The share of candidates that count, by hour.
    kept: Option<[f64; 24]>,
    gaps: Stream,
    thinning: Stream,
}

impl Arrivals {
    /// The instants of arrival at `per_hour` jobs an hour on average.
    pub(super) fn times(&self, per_hour: f64, seed: u64) -> Times {
        let (peak, kept) = match self {
            Arrivals::Poisson => (1.0, None),
            Arrivals::HourOfDay(weights) => {
                let highest = weights.iter().copied().fold(0.0, f64::max);
                let mean = weights.iter().sum::<f64>() / 24.0;
                (highest / mean, Some(weights.map(|w| w / highest)))
            }
        };
        Times {
            now: 0,
            mean_gap_micros: 3.6e9 / (per_hour * peak),
            kept,
            gaps: stream(seed, "arrivals"),
            thinning: stream(seed, "arrivals/thinning"),
        }
    }
}

impl Times {
    /// The next instant in microseconds.
    ///
    /// Thinning (Lewis and Shedler, 1979): candidates come at the rate of the busiest hour, and each counts with the
    /// probability of its own hour. Some hour has a positive weight, so a candidate is kept sooner or later; past the
    /// end of 64 bits all are.
    pub fn next_micros(&mut self) -> u64 {
        const HOUR: u64 = 3_600_000_000;
        loop {
            let unit: f64 = Exp1.sample(&mut self.gaps);
            self.now = self.now.saturating_add((unit * self.mean_gap_micros).round() as u64);
            let Some(kept) = &self.kept else { return self.now };
            let hour = (self.now / HOUR % 24) as usize;
            if self.thinning.random::<f64>() < kept[hour] || self.now == u64::MAX {
                return self.now;
            }
        }
    }
}
