//! The placement `random` has no reference to agree with. Its rule is checked instead: whoever is drawn is one of the
//! candidates that the rules allow, and over many seeds each is drawn about equally often.

use fleetsim::engine::{Options, Setup, Silent, simulate};
use fleetsim::trace::JobTable;
use fleetsim::units::keys::Value;

use super::adapter::{cluster_spec, policy};
use super::cases::{job, pool, with_tasks, with_topology};
use super::convert::job_table;
use super::types::{RefJob, RefPolicy, RefPool, RefRun};

/// How many seeds are drawn from.
const SEEDS: u64 = 3_000;

/// Quantiles of the chi-square distribution at 0.999 for 1 to 5 degrees of freedom (NIST/SEMATECH e-Handbook,
/// section 1.3.6.7.4).
const CHI_SQUARE_999: [f64; 5] = [10.828, 13.816, 16.266, 18.467, 20.515];

/// How often each of so many candidates was drawn.
struct Draws {
    what: &'static str,
    counts: Vec<u32>,
}

impl Draws {
    fn among(what: &'static str, candidates: usize) -> Self {
        Draws { what, counts: vec![0; candidates] }
    }

    /// Counts a draw by its number among the candidates.
    fn count(&mut self, candidates: &[u32], drawn: u32) {
        assert_eq!(candidates.len(), self.counts.len(), "{}", self.what);
        let number = candidates.iter().position(|candidate| *candidate == drawn);
        let number = number.unwrap_or_else(|| panic!("{}: {drawn} is none of {candidates:?}", self.what));
        self.counts[number] += 1;
    }

    fn assert_even(&self) {
        let expected = SEEDS as f64 / self.counts.len() as f64;
        let chi_square: f64 = self.counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        let bound = CHI_SQUARE_999[self.counts.len() - 2];
        assert!(chi_square < bound, "{}: {:?}, chi-square {chi_square} of at most {bound}", self.what, self.counts);
    }
}

/// The nodes of each job (by submission), with the GPUs that it has there, in node order.
fn places(pool: &RefPool, jobs: &[RefJob], seed: u64) -> Vec<Vec<(u32, u32)>> {
    let cluster = cluster_spec(&vec![RefPool { gpu_type: Some("x".to_owned()), ..pool.clone() }]);
    let jobs: JobTable = job_table(jobs);
    let mut policy = policy(RefRun::new(RefPolicy::Fifo));
    policy.params.set("placement", Value::Text("random".to_owned()));
    let options = Options { seed, places: true, ..Options::default() };
    let setup = Setup { cluster: &cluster, jobs: &jobs, policy: &policy, options: &options };
    let outcome = simulate(setup, &mut Silent).expect("the run breaks no rule");
    let stays = outcome.places.expect("places were asked for");
    let of = |job| {
        let mut parts: Vec<(u32, u32)> = stays.iter().filter(|s| s.job == job).map(|s| (s.node, s.gpus)).collect();
        parts.sort_unstable();
        parts
    };
    jobs.ids().map(of).collect()
}

/// Six nodes of 4: A leaves 1 GPU on its node, B none, so that C has four candidates.
#[test]
fn nodes_with_room_are_drawn_evenly() {
    let jobs =
        [with_tasks(job("A", 0, 3, 100), 1), with_tasks(job("B", 1, 4, 100), 1), with_tasks(job("C", 2, 2, 100), 1)];
    let mut draws = [Draws::among("A", 6), Draws::among("B", 5), Draws::among("C", 4)];
    for seed in 0..SEEDS {
        let mut candidates: Vec<u32> = (0..6).collect();
        for (parts, draws) in places(&pool("p", 6, 4), &jobs, seed).into_iter().zip(&mut draws) {
            let [(node, _)] = parts[..] else { panic!("a task lies on one node: {parts:?}") };
            draws.count(&candidates, node);
            candidates.retain(|candidate| *candidate != node);
        }
    }
    draws.iter().for_each(Draws::assert_even);
}

/// Three racks of two nodes of 4. N spoils one of them for R, which needs 6 GPUs of one rack; one node goes to N wholly.
#[test]
fn racks_with_room_are_drawn_evenly() {
    let racks = RefPool { nodes_per_rack: 2, ..pool("p", 6, 4) };
    let jobs = [with_topology(job("N", 0, 4, 100), "node"), with_topology(job("R", 1, 6, 100), "rack")];
    let mut draws = [Draws::among("N", 6), Draws::among("R", 2)];
    for seed in 0..SEEDS {
        let found = places(&racks, &jobs, seed);
        let [(node, 4)] = found[0][..] else { panic!("N has one node: {:?}", found[0]) };
        draws[0].count(&[0, 1, 2, 3, 4, 5], node);
        let [(first, some), (second, others)] = found[1][..] else { panic!("R has two nodes: {:?}", found[1]) };
        assert_eq!((first / 2, some + others), (second / 2, 6), "R lies in one rack");
        let candidates: Vec<u32> = (0..3).filter(|rack| *rack != node / 2).collect();
        draws[1].count(&candidates, first / 2);
    }
    draws.iter().for_each(Draws::assert_even);
}
