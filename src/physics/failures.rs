//! When nodes, GPUs and racks fail and how long they are down.
//!
//! Each has a stream of its own, so that two policies on one seed meet the same failures, whatever they run.

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
    /// Mean up time of what fails.
    pub mtbf: Span,
    /// Weibull shape; below 1 failures come early after a repair.
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

/// What can fail in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Failures {
    /// Each node.
    pub node: Option<FailureModel>,
    /// Each GPU, which takes its node down: nobody works on a GPU of a node that runs jobs.
    pub gpu: Option<FailureModel>,
    /// Each rack with all its nodes: its switch, its power, its cooling.
    pub rack: Option<FailureModel>,
}

/// One that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A node, by its number in the pool.
    Node(u32),
    /// A GPU, by its node and its number there.
    Gpu(u32, u32),
    /// A rack, by its number in the pool.
    Rack(u32),
}

impl Failures {
    /// How a part fails, if it does.
    #[must_use]
    pub fn of(&self, part: Part) -> Option<&FailureModel> {
        match part {
            Part::Node(_) => self.node.as_ref(),
            Part::Gpu(..) => self.gpu.as_ref(),
            Part::Rack(_) => self.rack.as_ref(),
        }
    }

    /// Mean time between the failures that stop a job with so many nodes, GPUs on these nodes, and racks: its rate is the
    /// sum of theirs. `None`: nothing fails.
    #[must_use]
    pub fn mtbf(&self, nodes: u64, gpus: u64, racks: u64) -> Option<Span> {
        let parts = [(self.node, nodes), (self.gpu, gpus), (self.rack, racks)];
        let each = parts.into_iter().filter_map(|(model, count)| Some(u128::from(model?.mtbf.micros() / count.max(1))));
        let all = each.reduce(|one, other| (one * other).checked_div(one + other).unwrap_or(0))?;
        Some(Span::from_micros(u64::try_from(all).unwrap_or(u64::MAX)))
    }
}

/// The failures of one part, drawn one after the other.
#[derive(Debug, Clone)]
pub struct FailureClock {
    model: FailureModel,
    scale: f64,
    stream: Stream,
}

impl FailureClock {
    /// The clock of a part of pool `pool` under the root `seed`.
    #[must_use]
    pub fn new(model: FailureModel, seed: u64, pool: &str, part: Part) -> Self {
        let name = match part {
            Part::Node(node) => format!("failures/{pool}/{node}"),
            Part::Gpu(node, gpu) => format!("failures-gpu/{pool}/{node}/{gpu}"),
            Part::Rack(rack) => format!("failures-rack/{pool}/{rack}"),
        };
        // Mean of a Weibull distribution: scale x Gamma(1 + 1/shape).
        let scale = model.mtbf.micros() as f64 / libm::tgamma(1.0 + 1.0 / model.shape);
        FailureClock { model, scale, stream: stream(seed, &name) }
    }

    /// When what is up from `now` on fails.
    pub fn next_failure(&mut self, now: Time) -> Time {
        let uniform: f64 = self.stream.random();
        let micros = self.scale * pow(-log(1.0 - uniform), 1.0 / self.model.shape);
        now.after(Span::from_micros(micros.round().min(1e18) as u64))
    }

    /// When what fails at `now` is up again, at least a microsecond later.
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
            let mut clock = FailureClock::new(model, 1, "p", Part::Node(0));
            let count = 40_000;
            let mean = (0..count).map(|_| clock.next_failure(Time::ZERO).as_seconds()).sum::<f64>() / f64::from(count);
            assert!((mean / 1000.0 - 1.0).abs() < 0.03, "shape {shape}: {mean}");
            let below = (0..count).filter(|_| clock.next_repair(Time::ZERO).as_seconds() <= 600.0).count();
            assert!((below as f64 / f64::from(count) - 0.5).abs() < 0.01, "{below}");
        }
    }

    #[test]
    fn parts_have_streams_of_their_own() {
        let repair = Repair { median: Span::from_seconds(60), sigma: 0.0 };
        let model = FailureModel { mtbf: Span::from_seconds(1000), shape: 1.0, repair };
        let first = |seed, part| FailureClock::new(model, seed, "p", part).next_failure(Time::ZERO);
        assert_eq!(first(1, Part::Node(0)), first(1, Part::Node(0)));
        let parts = [Part::Node(0), Part::Node(1), Part::Gpu(0, 0), Part::Gpu(0, 1), Part::Gpu(1, 0), Part::Rack(0)];
        let mut all: Vec<Time> = parts.iter().flat_map(|&part| [first(1, part), first(2, part)]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * parts.len());
    }

    /// Two nodes of 1,000 s, 16 GPUs of 4,000 s and a rack of 2,000 s: 2/1000 + 16/4000 + 1/2000 = 6.5 in 1,000 s.
    #[test]
    fn rates_add_up() {
        let repair = Repair { median: Span::from_seconds(60), sigma: 0.0 };
        let of = |seconds| Some(FailureModel { mtbf: Span::from_seconds(seconds), shape: 1.0, repair });
        let all = Failures { node: of(1000), gpu: of(4000), rack: of(2000) };
        let mtbf = all.mtbf(2, 16, 1).map_or(0, Span::micros);
        assert!(mtbf.abs_diff(153_846_154) <= 3, "{mtbf}");
        assert_eq!(Failures { node: of(1000), ..Failures::default() }.mtbf(2, 16, 1), Some(Span::from_seconds(500)));
        assert_eq!(Failures::default().mtbf(2, 16, 1), None);
    }
}
