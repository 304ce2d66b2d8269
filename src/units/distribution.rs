//! A distribution in a few numbers.

use super::quantile::{Ppm, quantiles};

/// The quantiles of every distribution.
const PROBABILITIES: [Ppm; 4] = [500_000, 900_000, 950_000, 990_000];

/// A distribution in a few numbers, in the unit of its values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Distribution {
    /// How many values.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90 % quantile.
    pub p90: f64,
    /// The 95 % quantile.
    pub p95: f64,
    /// The 99 % quantile.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl Distribution {
    /// Of values in millionths of the unit.
    #[must_use]
    pub fn of_micros(mut values: Vec<u64>) -> Self {
        let count = values.len() as u64;
        let sum: u128 = values.iter().map(|&v| u128::from(v)).sum();
        let max = values.iter().copied().max().unwrap_or(0);
        let Some(q) = quantiles(&mut values, &PROBABILITIES) else {
            return Distribution::default();
        };
        let unit = 1e6;
        Distribution {
            count,
            mean: sum as f64 / count as f64 / unit,
            p50: q[0] / unit,
            p90: q[1] / unit,
            p95: q[2] / unit,
            p99: q[3] / unit,
            max: max as f64 / unit,
        }
    }
}
