//! What jobs lose to the network: whole runs against the closed form of the ring all-reduce.

use std::path::Path;

use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate};
use fleetsim::ledger::Leaf;
use fleetsim::scenario::{Overrides, Scenario, of_bytes};
use fleetsim::trace::{JobId, JobRow, JobSpec, JobTable};
use fleetsim::units::{Span, Time};

/// Nodes of eight GPUs, so many to a rack, 10 GB of gradients and a second of computing in a step.
fn scenario(rack: u32, pool: &str, class: &str, placement: &str) -> Scenario {
    let text = format!(
        "[cluster.pools.p]\ngpu = \"x\"\nnodes = 8\ngpus_per_node = 8\nnodes_per_rack = {rack}\nfabric = \"100GB/s\"\n\
         fabric_latency = \"0s\"\n{pool}\n[cluster.gpus.x]\nlink = \"500GB/s\"\n[workload]\ntrace = \"none.csv\"\n\
         [physics.communication.default]\ngradients = \"10GB\"\nstep = \"1s\"\n{class}\n\
         [policy.fifo]\nplacement = \"{placement}\"\n"
    );
    of_bytes(text.as_bytes(), Path::new("test.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn run(scenario: &Scenario, spec: JobSpec) -> Outcome {
    let row = JobRow { job_id: "a".to_owned(), duration: Span::from_seconds(1000), spec, ..JobRow::default() };
    let jobs: JobTable = [row].into_iter().collect();
    let options = Options { physics: scenario.physics.clone(), ..Options::default() };
    let setup = Setup { cluster: &scenario.cluster, jobs: &jobs, policy: &scenario.policy, options: &options };
    simulate(setup, &mut Silent).unwrap_or_else(|e| panic!("{e}"))
}

/// When a job of a thousand seconds ends; what it lost is `communication`.
fn end(scenario: &Scenario, gpus: u32, tasks: u32) -> f64 {
    let tasks = std::num::NonZeroU32::new(tasks);
    let outcome = run(scenario, JobSpec { gpus, tasks, ..JobSpec::default() });
    let end = outcome.fates.end(JobId(0)).map_or(0.0, Time::as_seconds);
    let leaf = |leaf| outcome.leaf(leaf).as_gpu_hours() * 3600.0 / f64::from(gpus);
    assert!((leaf(Leaf::Useful) + leaf(Leaf::Communication) - end).abs() < 1e-5);
    assert!((leaf(Leaf::Useful) - 1000.0).abs() < 1e-2, "{}", leaf(Leaf::Useful));
    end
}

/// `2 (n-1)/n S/B + 2 (n-1) a` with a latency of a microsecond, as in an island.
fn ring(members: f64, bytes: f64, bandwidth: f64) -> f64 {
    2.0 * (members - 1.0) / members * bytes / bandwidth + 2.0 * (members - 1.0) * 1e-6
}

#[expect(clippy::suboptimal_flops, reason = "as the formula is written")]
fn step(reduce: f64, overlap: f64) -> f64 {
    f64::max(1.0, overlap * reduce) + (1.0 - overlap) * reduce
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-6, "{found} against {expected}");
}

/// The closest place that the pool has costs nothing, however much there is to tell: durations were recorded so.
#[test]
fn the_closest_place_costs_nothing() {
    for gpus in [1, 2, 8, 16, 32, 64] {
        close(end(&scenario(4, "", "overlap = 0", "pack"), gpus, 0), 1000.0);
    }
}

/// Four GPUs on four nodes of a rack instead of in one island; all of a node's bandwidth is that of its one card.
#[test]
fn a_spread_job_pays_for_the_ring_over_nodes() {
    for overlap in [0.0, 0.3, 0.7, 1.0] {
        let scenario = scenario(8, "", &format!("overlap = {overlap}"), "spread");
        let (apart, together) = (2.0 * 0.75 * 10e9 / 100e9, ring(4.0, 10e9, 500e9));
        close(end(&scenario, 4, 4), 1000.0 * step(apart, overlap) / step(together, overlap));
    }
}

/// Eight units of two GPUs: over eight nodes in two racks at 1:7 (four flows, one of which crosses: 4/7 of a card for
/// each), instead of over two nodes of a rack with eight each.
#[test]
fn racks_and_islands_have_levels_of_their_own() {
    let apart = ring(2.0, 10e9, 500e9) + 2.0 * 7.0 / 8.0 * 10e9 / (100e9 * 4.0 / 7.0);
    let together = ring(8.0, 10e9, 500e9) + 2.0 * 0.5 * 10e9 / 100e9;
    let wide = scenario(4, "oversubscription = 7", "overlap = 0", "spread");
    close(end(&wide, 16, 8), 1000.0 * step(apart, 0.0) / step(together, 0.0));
    // Of eight cards a job with two GPUs on a node has two.
    let apart = ring(2.0, 10e9, 500e9) + 2.0 * 7.0 / 8.0 * 10e9 / 25e9;
    let cards = scenario(8, "fabric_cards = 8", "overlap = 0", "spread");
    close(end(&cards, 16, 8), 1000.0 * step(apart, 0.0) / step(together, 0.0));
    // Islands of two, which reach each other over PCIe; together, four of them on each node.
    let islands = scenario(8, "island = 2\nbridge = \"20GB/s\"", "overlap = 0", "spread");
    let apart = ring(2.0, 10e9, 500e9) + 2.0 * 7.0 / 8.0 * 10e9 / 100e9;
    let together = ring(2.0, 10e9, 500e9) + ring(4.0, 5e9, 20e9) + 2.0 * 0.5 * 10e9 / 100e9;
    let expected = 1000.0 * step(apart, 0.0) / step(together, 0.0);
    // What is spread over more nodes is faster here; nobody gets faster than recorded.
    close(end(&islands, 16, 8), expected.max(1000.0));
}
