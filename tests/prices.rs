//! Prices that change over time: what is spent costs what is asked while it is spent.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use fleetsim::engine::{Options, Outcome};
use fleetsim::ledger::Leaf;
use fleetsim::scenario::Scenario;
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::{JobRow, JobTable};
use fleetsim::units::{Span, rng};
use rand::RngExt;
use runs::{job, options, parsed, simulated};
use std::collections::BTreeMap;

/// A cluster of two pools of 2 nodes of 8 GPUs, at $4 and $1, with some `[physics]`.
fn scenario(physics: &str) -> Scenario {
    let storage = if physics.contains("[cluster.storage.s]") { "storage = \"s\"\n" } else { "" };
    let pool = |name: &str, price: &str| {
        format!(
            "[cluster.pools.{name}]\ngpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 8\nprice = \"{price}\"\n{storage}"
        )
    };
    let text = format!(
        "seed = 5\n{}{}[workload]\ntrace = \"none.csv\"\n{physics}\n[policy.fifo]\n",
        pool("p", "$4"),
        pool("q", "$1")
    );
    parsed(&text)
}

fn run(scenario: &Scenario, jobs: &JobTable, policy: &str, warmup: u64, cooldown: u64) -> Outcome {
    let [warmup, cooldown] = [warmup, cooldown].map(Span::from_seconds);
    let options = Options { warmup, cooldown, ..options(scenario) };
    simulated(scenario, jobs, &PolicyChoice::named(policy).unwrap(), &options)
}

/// By pool and leaf: milli-GPU microseconds, and what they cost in those x micro-dollars per GPU-hour.
fn ledger(outcome: &Outcome) -> BTreeMap<(u16, Leaf), (f64, f64)> {
    let mut cells = BTreeMap::new();
    for entry in &outcome.ledger {
        let (time, cost) = cells.entry((entry.pool, entry.leaf)).or_insert((0.0, 0.0));
        *time += entry.time.raw() as f64;
        *cost += entry.cost.raw() as f64;
    }
    cells
}

/// 8 GPUs work and 8 idle, 50 s at $4, 25 s at $2 and 25 s at $0.50; the other pool idles at $1.
#[test]
fn dollars_are_the_integral_of_the_price() {
    let scenario = scenario("[physics.prices.p]\nchanges = [\"50s: $2\", \"75s: $0.50/gpu-h\"]");
    let outcome = run(&scenario, &[job(0, 100, 8)].into_iter().collect(), "fifo", 0, 0);
    let per_gpu = 50 * 4_000_000 + 25 * 2_000_000 + 25 * 500_000_u128;
    let cost = |pool, leaf| {
        let of = outcome.ledger.iter().filter(|e| (e.pool, e.leaf) == (pool, leaf));
        of.map(|e| e.cost.raw()).sum::<u128>()
    };
    for leaf in [Leaf::Useful, Leaf::NoDemand] {
        assert_eq!(cost(0, leaf), per_gpu * 8 * 1000 * 1_000_000, "{leaf:?}");
    }
    assert_eq!(cost(1, Leaf::NoDemand), 100 * 1_000_000 * 16 * 1000 * 1_000_000);
}

/// Work thrown away costs what was asked when it was done, and not when it was lost.
#[test]
fn lost_work_costs_what_it_did_when_it_was_done() {
    let outage = "[physics.outages.o]\npool = \"p\"\nnodes = 2\nfrom = \"60s\"\nlasts = \"40s\"\n";
    let scenario = scenario(&format!("{outage}[physics.prices.p]\nchanges = [\"50s: $2\"]"));
    let outcome = run(&scenario, &[job(0, 80, 16), job(0, 1000, 16)].into_iter().collect(), "fifo", 0, 0);
    let lost = outcome.ledger.iter().filter(|e| e.leaf == Leaf::LostWork).map(|e| e.cost.raw()).sum::<u128>();
    assert_eq!(lost, (50 * 4_000_000 + 10 * 2_000_000) * 16 * 1000 * 1_000_000);
}

/// With everything on, the cost of every leaf is what it had before a change at the old price and what it had after at
/// the new one; what it had after is told by a run that is measured from there on, which knows nothing of prices.
#[test]
fn each_stretch_costs_its_price_whatever_happens() {
    let mut random = rng::stream(3, "prices");
    let mut paid = BTreeMap::<Leaf, f64>::new();
    for round in 0..12 {
        let change = random.random_range(200..1500);
        let physics = format!(
            "[physics]\npreemption = \"requeue\"\ninput = true\n[cluster.storage.s]\nread = \"{}GB/s\"\n\
             [physics.startup]\ntime = \"9s\"\n[physics.checkpoint]\nevery = \"40s\"\ncost = \"1s\"\n\
             params_per_gpu = 1e9\n[physics.failures.p]\nmtbf = \"2000s\"\nrepair = \"50s\"\n",
            random.random_range(2..20)
        );
        let rows = |_| {
            let gpus = [1, 2, 4, 8, 16][random.random_range(0..5)];
            let mut row = job(random.random_range(0..1500), random.random_range(1..200), gpus);
            row.spec.priority = random.random_range(0..3);
            row.spec.input_mbs = random.random_bool(0.7).then(|| random.random_range(0..2000));
            row
        };
        // The first job comes at 0: a warm-up counts from there, prices from the start of the trace.
        let jobs: JobTable = std::iter::once(job(0, 10, 1))
            .chain((0..40).map(rows))
            .enumerate()
            .map(|(i, row)| JobRow { job_id: i.to_string(), ..row })
            .collect();
        let cooldown = [0, 100][round % 2];
        let policy = ["priority-preempt", "srtf", "easy-backfill", "gang"][round % 4];
        // Both pools change, at different times, so that each has stretches within those of the other.
        let both = format!(
            "{physics}[physics.prices.p]\nchanges = [\"{change}s: $2.5\"]\n[physics.prices.q]\nchanges = [\"170s: $1\", \"{}s: $1\"]",
            change + 31
        );
        let priced = ledger(&run(&scenario(&both), &jobs, policy, 100, cooldown));
        let all = ledger(&run(&scenario(&physics), &jobs, policy, 100, cooldown));
        let after = ledger(&run(&scenario(&physics), &jobs, policy, change, cooldown));
        let of = |cells: &BTreeMap<(u16, Leaf), (f64, f64)>, key| cells.get(&key).copied().unwrap_or_default();
        for pool in [0, 1] {
            for leaf in Leaf::ALL {
                let (time, cost) = of(&priced, (pool, leaf));
                let late = of(&after, (pool, leaf)).0;
                let expected = if pool == 0 { (time - late) * 4e6 + late * 2.5e6 } else { time * 1e6 };
                // A microsecond of a pool in each leaf is what rounding may move.
                let slack = 16.0 * 1000.0 * 4e6 * 40.0;
                assert!((time - of(&all, (pool, leaf)).0).abs() < 0.5, "{round} {leaf:?}");
                assert!((cost - expected).abs() <= slack, "round {round}, pool {pool}, {leaf:?}: {cost} {expected}");
                *paid.entry(leaf).or_default() += cost;
            }
        }
    }
    for leaf in [Leaf::Useful, Leaf::InputStall, Leaf::LostWork, Leaf::Checkpoint, Leaf::NoDemand, Leaf::Failed] {
        assert!(paid[&leaf] > 1e15, "hardly any {leaf:?}");
    }
}
