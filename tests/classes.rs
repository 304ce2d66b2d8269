//! What classes of jobs have in common: start-up, MFU, activity, how their members wait for each other.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use std::path::Path;

use fleetsim::engine::Outcome;
use fleetsim::ledger::Leaf;
use fleetsim::results::Metrics;
use fleetsim::scenario::{Overrides, Scenario};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::native::ReadOptions;
use fleetsim::trace::{JobId, JobRow, JobTable};
use runs::{job, options, parsed, simulated};

/// Two pools of two nodes with eight GPUs, and some `[physics]`.
fn scenario(physics: &str) -> Scenario {
    parsed(&format!(
        "[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 8\nqueues = [\"\"]\n[cluster.pools.q]\n\
         gpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 8\nqueues = [\"q\"]\n[workload]\ntrace = \"none.csv\"\n{physics}\n\
         [policy.fifo]\n"
    ))
}

fn run(scenario: &Scenario, jobs: &JobTable) -> Outcome {
    simulated(scenario, jobs, &PolicyChoice::named("fifo").unwrap(), &options(scenario))
}

fn of_class(class: &str, row: JobRow) -> JobRow {
    let mut row = row;
    row.spec.comm = Some(class.to_owned());
    row.job_id.push_str(class);
    row
}

fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

/// 20 GB at 2 GB/s, 15 s and 5 s: 30 s, and 0.25 s for each of 8 GPUs; other classes start as all do, one without a
/// start-up of its own too.
#[test]
fn classes_start_up_in_their_own_time() {
    let physics = "[physics.startup]\ntime = \"7s\"\n[physics.classes.big.startup]\nimage = \"20GB\"\npull = \"2GB/s\"\n\
                   framework = \"15s\"\nloader = \"5s\"\nper_gpu = \"250ms\"\n[physics.classes.other]\nmfu = 0.5";
    let jobs: JobTable =
        [of_class("big", job(0, 100, 8)), of_class("other", job(0, 101, 4)), job(0, 102, 4)].into_iter().collect();
    let outcome = run(&scenario(physics), &jobs);
    let end = |row| outcome.fates.end(JobId(row)).unwrap().micros();
    assert_eq!([end(0), end(1), end(2)], [132_000_000, 108_000_000, 109_000_000]);
    assert!((leaf(&outcome, Leaf::Startup) - (8.0 * 32.0 + 8.0 * 7.0)).abs() < 1e-6);
}

/// The class `default` is that of all whose class is not named.
#[test]
fn the_default_class_is_that_of_all_others() {
    let physics = "[physics.classes.default.startup]\ntime = \"9s\"\n[physics.classes.a.startup]\ntime = \"1s\"";
    let jobs: JobTable =
        [of_class("a", job(0, 10, 1)), of_class("b", job(0, 10, 1)), job(0, 10, 1)].into_iter().collect();
    let outcome = run(&scenario(physics), &jobs);
    let ends = |job: JobId| outcome.fates.end(job).unwrap().micros() / 1_000_000;
    assert_eq!(jobs.ids().map(ends).collect::<Vec<_>>(), [11, 19, 19]);
}

/// What a class says of MFU and activity counts where the trace says nothing, and slows nobody: of 8 GPUs x 100 s at an
/// activity of 0.75, 600 are useful, and 240 of these are model FLOPs; by pool too.
#[test]
fn mfu_and_activity_are_the_classes_where_the_trace_says_nothing() {
    let physics = "[physics.classes.a]\nmfu = 0.4\nactivity = 0.75";
    let scenario = scenario(physics);
    let mut own = of_class("a", job(0, 100, 8));
    (own.spec.mfu_ppm, own.spec.activity_ppm, own.spec.queue) = (Some(500_000), Some(1_000_000), "q".to_owned());
    let jobs: JobTable = [of_class("a", job(0, 100, 8)), own].into_iter().collect();
    let outcome = run(&scenario, &jobs);
    assert!(!scenario.physics.is_on());
    assert!(jobs.ids().all(|job| outcome.fates.end(job).unwrap().micros() == 100_000_000));
    let metrics = Metrics::of(&outcome, &jobs, &scenario.cluster, false);
    assert!((leaf(&outcome, Leaf::Inactive) - 200.0).abs() < 1e-6);
    let share = |useful: f64, gpus: f64| useful / (gpus * 100.0);
    assert!((metrics.utilization.mfu.unwrap() - share(240.0 + 400.0, 32.0)).abs() < 1e-9);
    let pools: Vec<f64> = metrics.pools.iter().map(|pool| pool.utilization.mfu.unwrap()).collect();
    assert!((pools[0] - share(240.0, 16.0)).abs() < 1e-9 && (pools[1] - share(400.0, 16.0)).abs() < 1e-9, "{pools:?}");
}

/// What starts take is drawn for each start of each job, whatever the policy does.
#[test]
fn policies_meet_the_same_starts() {
    let physics = "[physics.startup]\ntime = \"60s\"\nsigma = 0.8";
    let scenario = scenario(physics);
    let jobs: JobTable = (0..40).map(|at| job(at * 7, 50 + at, 1 + (at % 8) as u32)).collect();
    let pauses = |policy: &str| -> Vec<u64> {
        let outcome = simulated(&scenario, &jobs, &PolicyChoice::named(policy).unwrap(), &options(&scenario));
        let ran = |job| outcome.fates.end(job).unwrap().since(outcome.fates.start(job).unwrap()).micros();
        jobs.ids().map(|job| ran(job) - jobs.duration(job).micros()).collect()
    };
    let (fifo, sjf) = (pauses("fifo"), pauses("sjf"));
    assert_eq!(fifo, sjf);
    let distinct: std::collections::BTreeSet<u64> = fifo.into_iter().collect();
    assert_eq!(distinct.len(), jobs.len());
}

/// All nodes at 0.8, and steps that take longer by a tenth of a step on average: two nodes take 1 + 0.1 (1 + 1/2) of what one
/// takes with 1.1. A class that does not work in step only goes at 0.8.
#[test]
fn a_gang_goes_at_the_pace_of_its_slowest_node() {
    let physics =
        "[physics.stragglers.p]\nshare = 1\nspeed = 0.8\njitter = 0.1\n[physics.classes.free]\nin_step = false";
    for (class, gpus, speed) in [("", 8, 0.8), ("", 16, 0.8 * 1.1 / 1.15), ("free", 16, 0.8)] {
        let jobs: JobTable = [of_class(class, job(0, 100, gpus))].into_iter().collect();
        let outcome = run(&scenario(physics), &jobs);
        let took = outcome.fates.end(JobId(0)).unwrap().as_seconds();
        assert!((took - 100.0 / speed).abs() < 1e-5, "{class} {gpus}: {took}");
        let lost = f64::from(gpus) * (100.0 / speed - 100.0);
        assert!((leaf(&outcome, Leaf::Communication) - lost).abs() < 0.01, "{class} {gpus}");
    }
}

/// Which nodes are slow is drawn for each, whatever the policy does: a fifth of them by default at 0.75.
#[test]
fn slow_nodes_are_slow_for_good() {
    let scenario = parsed(
        "seed = 4\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 200\ngpus_per_node = 1\n[workload]\ntrace = \"none.csv\"\n\
         [physics.stragglers.p]\nshare = 0.2\n[policy.fifo]\n",
    );
    let jobs: JobTable = (0..200).map(|_| job(0, 300, 1)).collect();
    let slow = |policy: &str| {
        let outcome = simulated(&scenario, &jobs, &PolicyChoice::named(policy).unwrap(), &options(&scenario));
        let ends: Vec<u64> = jobs.ids().map(|job| outcome.fates.end(job).unwrap().micros()).collect();
        assert!(ends.iter().all(|&end| end == 300_000_000 || end == 400_000_000), "{ends:?}");
        ends.into_iter().filter(|&end| end == 400_000_000).count()
    };
    assert_eq!(slow("fifo"), slow("conservative-backfill"));
    assert!((20..=60).contains(&slow("fifo")), "{}", slow("fifo"));
}

/// The scenario that shows it all: each class leaves its mark.
#[test]
fn the_scenario_runs() {
    let load = |name: &str| fleetsim::scenario::load(Path::new(name), &Overrides::default());
    let scenario = load("scenarios/classes.toml").unwrap_or_else(|e| panic!("{e}"));
    let trace = fleetsim::trace::native::read(Path::new("traces/storage.csv"), &ReadOptions::default());
    let outcome = run(&scenario, &trace.unwrap_or_else(|e| panic!("{e:?}")).table);
    for one in [Leaf::Startup, Leaf::Restart, Leaf::Inactive, Leaf::Communication, Leaf::Useful] {
        assert!(leaf(&outcome, one) > 0.0, "{}", one.name());
    }
    assert!(outcome.mfu_weighted.is_some());
}
