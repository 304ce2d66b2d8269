//! When nodes fail and how long they are down.
//!
//! Each node has a stream of its own, so that two policies on one seed meet the same failures, whatever they run.

use libm::{exp, log, pow};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::units::rng::{Stream, stream};
use crate::units::{Span, Time};

/// Time until a failure: Weibull, exponential with a shape of 1.
///
/// Fleets report 2.3 (Meta RSC-2) to 6.5 (RSC-1) failures per 1,000 node-days of eight-GPU nodes ("Revisiting
/// Reliability in Large-Scale Machine Learning Research Clusters", HPCA 2025), a mean of 154 to 427 days per node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureModel {
    /// Mean up time of a node.
    pub mtbf: Span,
    /// Weibull shape; below 1 failures come early in a node's life.
    pub shape: f64,
    /// How long repairs take.
    pub repair: Repair,
}

/// Time until a node is back: lognormal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repair {
    /// The median.
    pub median: Span,
    /// Deviation of the natural logarithm; 0: always the median.
    pub sigma: f64,
}

/// The failures of one node, drawn one after the other.
#[derive(Debug, Clone)]
pub struct NodeClock {
    model: FailureModel,
    scale: f64,
    stream: Stream,
}

impl NodeClock {
    /// The clock of node `node` of pool `pool` under the root `seed`.
    #[must_use]
    pub fn new(model: FailureModel, seed: u64, pool: &str, node: u32) -> Self {
        // Mean of a Weibull distribution: scale x Gamma(1 + 1/shape).
        let scale = model.mtbf.micros() as f64 / libm::tgamma(1.0 + 1.0 / model.shape);
        NodeClock { model, scale, stream: stream(seed, &format!("failures/{pool}/{node}")) }
    }

    /// When a node that is up from `now` on fails.
    pub fn next_failure(&mut self, now: Time) -> Time {
        let uniform: f64 = self.stream.random();
        let micros = self.scale * pow(-log(1.0 - uniform), 1.0 / self.model.shape);
        now.after(Span::from_micros(micros.round().min(1e18) as u64))
    }

    /// When a node that fails at `now` is up again, at least a microsecond later.
    pub fn next_repair(&mut self, now: Time) -> Time {
        let Repair { median, sigma } = self.model.repair;
        let normal: f64 = StandardNormal.sample(&mut self.stream);
        let micros = median.micros() as f64 * exp(sigma * normal);
        now.after(Span::from_micros(micros.round().clamp(1.0, 1e18) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means of many draws against the model's: E = mtbf for any shape, and the median repair.
    #[test]
    fn draws_have_their_means() {
        for shape in [0.7, 1.0, 2.0] {
            let repair = Repair { median: Span::from_seconds(600), sigma: 0.8 };
            let model = FailureModel { mtbf: Span::from_seconds(1000), shape, repair };
            let mut clock = NodeClock::new(model, 1, "p", 0);
            let count = 40_000;
            let mean = (0..count).map(|_| clock.next_failure(Time::ZERO).as_seconds()).sum::<f64>() / f64::from(count);
            assert!((mean / 1000.0 - 1.0).abs() < 0.03, "shape {shape}: {mean}");
            let below = (0..count).filter(|_| clock.next_repair(Time::ZERO).as_seconds() <= 600.0).count();
            assert!((below as f64 / f64::from(count) - 0.5).abs() < 0.01, "{below}");
        }
    }

    #[test]
    fn nodes_have_streams_of_their_own() {
        let repair = Repair { median: Span::from_seconds(60), sigma: 0.0 };
        let model = FailureModel { mtbf: Span::from_seconds(1000), shape: 1.0, repair };
        let first = |seed, node| NodeClock::new(model, seed, "p", node).next_failure(Time::ZERO);
        assert_eq!(first(1, 0), first(1, 0));
        assert!(first(1, 0) != first(1, 1) && first(1, 0) != first(2, 0));
    }
}
