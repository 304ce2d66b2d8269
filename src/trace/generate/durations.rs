//! How long jobs run.

use libm::{erfc, exp, log};
use rand_distr::{Distribution, Exp1, StandardNormal};

use crate::units::Span;
use crate::units::rng::Stream;

/// A distribution of durations; what falls outside `min` and `max` is moved to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Durations {
    /// The distribution before the bounds.
    pub shape: Shape,
    /// The shortest duration.
    pub min: Span,
    /// The longest duration.
    pub max: Span,
}

/// A distribution on the positive numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The logarithm is normal with deviation `sigma` >= 0; half of all jobs are shorter than `median`.
    LogNormal {
        /// The median, > 0.
        median: Span,
        /// The deviation of the natural logarithm.
        sigma: f64,
    },
    /// Without memory, as queueing theory likes it.
    Exponential {
        /// The mean, > 0.
        mean: Span,
    },
}

impl Durations {
    /// One duration in microseconds.
    pub(super) fn draw(&self, stream: &mut Stream) -> u64 {
        let micros = match self.shape {
            Shape::LogNormal { median, sigma } => {
                let normal: f64 = StandardNormal.sample(stream);
                median.micros() as f64 * exp(sigma * normal)
            }
            Shape::Exponential { mean } => {
                let unit: f64 = Exp1.sample(stream);
                mean.micros() as f64 * unit
            }
        };
        (micros.round() as u64).clamp(self.min.micros(), self.max.micros())
    }

    /// The expected duration in seconds, bounds included.
    #[must_use]
    pub fn mean_seconds(&self) -> f64 {
        let (min, max) = (self.min.as_seconds(), self.max.as_seconds());
        match self.shape {
            Shape::LogNormal { median, sigma } if sigma > 0.0 => {
                let (median, variance) = (median.as_seconds(), sigma * sigma);
                let z = |bound: f64| (log(bound) - log(median)) / sigma;
                let between = normal_cdf(z(max) - sigma) - normal_cdf(z(min) - sigma);
                min * normal_cdf(z(min)) + max * normal_cdf(-z(max)) + median * exp(variance / 2.0) * between
            }
            Shape::LogNormal { median, .. } => median.as_seconds().clamp(min, max),
            Shape::Exponential { mean } => {
                let mean = mean.as_seconds();
                min + mean * (exp(-min / mean) - exp(-max / mean))
            }
        }
    }
}

/// The probability that a standard normal variable is below `z`.
fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}
