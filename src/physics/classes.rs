//! What is said of the jobs of one class: how they start up, how much of a GPU they use.

use libm::exp;
use rand_distr::{Distribution, StandardNormal};

use super::plan::Pauses;
use super::stragglers::Gait;
use crate::units::Span;
use crate::units::rng::stream;

/// What the jobs of a class have in common, where their trace does not say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Class {
    /// How they start, where that is not as all jobs do.
    pub start_up: Option<StartUp>,
    /// Model-FLOPs utilization while they make progress, in millionths.
    pub mfu_ppm: Option<u32>,
    /// Share of their time in which they use their GPUs at all, in millionths.
    pub activity_ppm: Option<u32>,
    /// Whether their members wait for each other.
    pub gait: Gait,
}

/// How long jobs hold their GPUs before their first step: lognormal around a median.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StartUp {
    /// The median at the first start.
    pub time: Span,
    /// The median at each later one.
    pub restart: Span,
    /// So much more for each GPU of the job, at every start.
    pub per_gpu: Span,
    /// Deviation of the natural logarithm, in millionths; 0: always the median.
    pub sigma_ppm: u32,
}

/// A start of a job, as chance knows it: the same whatever the policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The root of the random streams.
    pub seed: u64,
    /// The row of the job in the table.
    pub row: usize,
    /// How often it was stopped before.
    pub stops: u32,
}

impl StartUp {
    /// The pauses of a job of so many GPUs that starts now.
    #[must_use]
    pub fn pauses(&self, gpus: u64, start: Start) -> Pauses {
        let factor = match self.sigma_ppm {
            0 => None,
            ppm => Some(exp(f64::from(ppm) / 1e6 * start.chance())),
        };
        let pause = |median: Span| {
            let whole = median.micros().saturating_add(self.per_gpu.micros().saturating_mul(gpus));
            let drawn = factor.map_or(whole, |factor| (whole as f64 * factor).round().min(1e18) as u64);
            Span::from_micros(drawn)
        };
        Pauses { startup: pause(self.time), restart: pause(self.restart) }
    }
}

impl Start {
    /// A standard normal number.
    fn chance(self) -> f64 {
        let mut stream = stream(self.seed, &format!("startup/{}/{}", self.row, self.stops));
        StandardNormal.sample(&mut stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Start = Start { seed: 1, row: 0, stops: 0 };

    fn seconds(span: Span) -> f64 {
        span.as_seconds()
    }

    #[test]
    fn what_is_certain_is_a_sum() {
        let start_up = StartUp {
            time: Span::from_seconds(60),
            restart: Span::from_seconds(20),
            per_gpu: Span::from_micros(20_000),
            sigma_ppm: 0,
        };
        let pauses = start_up.pauses(512, START);
        assert_eq!(pauses.startup, Span::from_micros(70_240_000));
        assert_eq!(pauses.restart, Span::from_micros(30_240_000));
    }

    /// Median, and the mean of a lognormal distribution: the median times exp(sigma^2 / 2). The standard error of the mean
    /// of 20,000 draws is 0.5 %.
    #[test]
    fn draws_have_their_median_and_mean() {
        let start_up = StartUp { time: Span::from_seconds(100), sigma_ppm: 600_000, ..StartUp::default() };
        let count = 20_000;
        let draws = (0..count).map(|row| seconds(start_up.pauses(1, Start { row, ..START }).startup));
        let draws: Vec<f64> = draws.collect();
        let below = draws.iter().filter(|&&drawn| drawn <= 100.0).count() as f64 / count as f64;
        assert!((below - 0.5).abs() < 0.012, "{below}");
        let mean = draws.iter().sum::<f64>() / count as f64;
        let expected = 100.0 * exp(0.18);
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} against {expected}");
    }

    #[test]
    fn every_start_has_a_chance_of_its_own() {
        let starts = [START, Start { row: 1, ..START }, Start { stops: 1, ..START }, Start { seed: 2, ..START }];
        let mut drawn: Vec<u64> = starts.iter().map(|start| start.chance().to_bits()).collect();
        assert_eq!(START.chance().to_bits(), drawn[0]);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), starts.len());
    }
}
