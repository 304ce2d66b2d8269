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
        let sum: u128 = values.iter().map(|&v| u128::from(v)).sum();
        Self::of(&mut values, sum as f64 / 1e6, |v| v as f64 / 1e6)
    }

    /// Of ratios >= 0.
    #[must_use]
    pub fn of_ratios(values: &[f64]) -> Self {
        // The bits of numbers that are not negative ascend as the numbers do.
        let mut bits: Vec<u64> = values.iter().map(|v| v.to_bits()).collect();
        Self::of(&mut bits, values.iter().sum(), f64::from_bits)
    }

    fn of(values: &mut [u64], sum: f64, number: impl Fn(u64) -> f64) -> Self {
        let max = values.iter().copied().max().map_or(0.0, &number);
        let Some(q) = quantiles(values, &PROBABILITIES, number) else {
            return Distribution::default();
        };
        let count = values.len() as u64;
        Distribution { count, mean: sum / count as f64, p50: q[0], p90: q[1], p95: q[2], p99: q[3], max }
    }
}
