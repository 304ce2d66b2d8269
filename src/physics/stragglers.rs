//! Nodes that are slower than others, and steps that take longer on one node than on the next.
//!
//! A gang that adds up its gradients after each step goes at the pace of its slowest member. ByteDance found 10.4 % of all
//! GPU-hours wasted by stragglers (OSDI 2025); of 27 jobs of 512 GPUs and more 16 met slow machines or links and took 1.34
//! times as long (GREYHOUND, ATC 2025).

use rand::RngExt;

use super::plan::Speed;
use crate::cluster::Allocation;
use crate::units::rng::stream;

/// How the nodes of a pool differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stragglers {
    /// Share of the nodes that are slow, in millionths; which ones, chance says.
    pub share_ppm: u32,
    /// The speed of these.
    pub speed: Speed,
    /// Mean of the exponential time by which a step takes longer on a node, relative to the step, in millionths.
    pub jitter_ppm: u32,
}

/// How the members of a job wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gait {
    /// After each step.
    #[default]
    InStep,
    /// Not at all.
    OnTheirOwn,
}

impl Stragglers {
    /// Whether a node of a pool is slow under the root `seed`: the same nodes whatever runs there.
    #[must_use]
    pub fn is_slow(&self, seed: u64, pool: &str, node: u32) -> bool {
        self.share_ppm > 0
            && stream(seed, &format!("stragglers/{pool}/{node}")).random_range(0..1_000_000) < self.share_ppm
    }

    /// What the nodes of its place leave of a job's speed. In step, it is that of the slowest, and of n nodes each of which
    /// takes longer by an exponential time of mean j the slowest takes j (1 + 1/2 + ... + 1/n): what is beyond one node's
    /// j slows the job. On their own, slow members only do less.
    #[must_use]
    pub fn speed(&self, seed: u64, pool: &str, held: &Allocation, gait: Gait) -> Speed {
        let mut nodes: Vec<(u32, u32)> = held.parts().iter().map(|part| (part.node, part.units)).collect();
        nodes.sort_unstable();
        let slow = |&(node, _): &(u32, u32)| self.is_slow(seed, pool, node);
        match gait {
            Gait::OnTheirOwn => {
                let units =
                    |nodes: &mut dyn Iterator<Item = &(u32, u32)>| nodes.map(|&(_, n)| u128::from(n)).sum::<u128>();
                let (all, slowed) = (units(&mut nodes.iter()), units(&mut nodes.iter().filter(|node| slow(node))));
                let lost = u128::from(Speed::FULL.billionths() - self.speed.billionths()) * slowed / all.max(1);
                Speed::of_billionths(Speed::FULL.billionths() - lost as u64)
            }
            Gait::InStep => {
                let slowest = if nodes.iter().any(slow) { self.speed } else { Speed::FULL };
                nodes.dedup_by_key(|&mut (node, _)| node);
                slowest.and(self.waiting(nodes.len() as u32))
            }
        }
    }

    /// What the jitter of so many nodes leaves of the speed that one has.
    fn waiting(&self, nodes: u32) -> Speed {
        if self.jitter_ppm == 0 {
            return Speed::FULL;
        }
        let jitter = f64::from(self.jitter_ppm) / 1e6;
        let harmonic: f64 = (1..=nodes).rev().map(|n| 1.0 / f64::from(n)).sum();
        Speed::of_share((1.0 + jitter) / (1.0 + jitter * harmonic.max(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::allocation::{Lanes, Parts};
    use crate::cluster::{Part, Seat};
    use crate::units::rng;
    use rand_distr::{Distribution, Exp1};

    fn place(nodes: std::ops::Range<u32>) -> Allocation {
        let part = |node| Part { node, units: 8, lanes: Lanes::default(), seat: Seat::Whole };
        Allocation::new(0, Parts::of(nodes.map(part).collect()))
    }

    fn stragglers(share_ppm: u32, jitter_ppm: u32) -> Stragglers {
        Stragglers { share_ppm, speed: Speed::of_share(0.8), jitter_ppm }
    }

    /// Of 4,000 gangs on n other nodes each, 1 - (1 - q)^n have a slow one; a standard error of 0.8 % at most.
    #[test]
    fn a_gang_is_slow_when_any_member_is() {
        let slow = stragglers(50_000, 0);
        for nodes in [1_u32, 4, 16] {
            let gangs = 4000;
            let held_up = (0..gangs).filter(|gang| {
                slow.speed(7, "p", &place(gang * nodes..(gang + 1) * nodes), Gait::InStep) < Speed::FULL
            });
            let share = held_up.count() as f64 / f64::from(gangs);
            let expected = 1.0 - 0.95_f64.powi(nodes as i32);
            assert!((share - expected).abs() < 0.025, "{nodes} nodes: {share} against {expected}");
        }
    }

    /// On their own, a job of all 400 nodes does what its nodes do together: 0.8 of those that are slow.
    #[test]
    fn without_steps_in_common_slow_members_only_do_less() {
        let slow = stragglers(300_000, 900_000);
        let count = (0..400).filter(|&node| slow.is_slow(1, "p", node)).count() as f64;
        assert!((count / 400.0 - 0.3).abs() < 0.08, "{count}");
        let speed = slow.speed(1, "p", &place(0..400), Gait::OnTheirOwn);
        assert!((speed.billionths() as f64 / 1e9 - (1.0 - 0.2 * count / 400.0)).abs() < 1e-8);
    }

    /// Step by step: each node takes 1 and an exponential time of mean j, the gang as long as the slowest.
    #[test]
    fn the_closed_form_is_the_jitter_played_out() {
        let (jitter, steps) = (0.1, 40_000);
        let mut stream = rng::stream(3, "jitter");
        for nodes in [1_u32, 2, 8, 64] {
            let step = |stream: &mut rng::Stream| {
                let late = (0..nodes).map(|_| jitter * Distribution::<f64>::sample(&Exp1, stream)).fold(0.0, f64::max);
                1.0 + late
            };
            let played = (0..steps).map(|_| step(&mut stream)).sum::<f64>() / f64::from(steps);
            let speed = stragglers(0, 100_000).speed(1, "p", &place(0..nodes), Gait::InStep);
            let formula = (1.0 + jitter) / (speed.billionths() as f64 / 1e9);
            assert!((formula / played - 1.0).abs() < 0.005, "{nodes}: {formula} against {played}");
        }
    }
}
