//! Jobs that share storage: closed forms, an independent fluid simulation, published stalls, the knee.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "storage/fluid.rs"]
mod fluid;

use std::path::Path;

use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate};
use fleetsim::ledger::Leaf;
use fleetsim::scenario::{Overrides, Scenario, of_bytes};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::{JobId, JobRow, JobSpec, JobTable};
use fleetsim::units::{Span, Time, rng};
use fluid::{FluidJob, fluid_ends};
use rand::RngExt;

/// 64 nodes of eight GPUs in front of a storage system; `pool`, `storage` and `physics` are more lines of these tables.
fn scenario(pool: &str, storage: &str, physics: &str) -> Scenario {
    let text = format!(
        "[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 64\ngpus_per_node = 8\nstorage = \"s\"\n{pool}\n\
         [cluster.storage.s]\n{storage}\n[workload]\ntrace = \"none.csv\"\n[physics]\ninput = true\n{physics}\n\
         [policy.fifo]\n"
    );
    of_bytes(text.as_bytes(), Path::new("test.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// A job whose GPUs read so many MB/s each.
fn job(submit: u64, duration: u64, gpus: u32, mbs: u64) -> JobRow {
    JobRow {
        job_id: format!("{submit}-{duration}-{gpus}-{mbs}"),
        submit: Time::from_micros(submit * 1_000_000),
        duration: Span::from_seconds(duration),
        spec: JobSpec { gpus, input_mbs: Some(mbs), ..JobSpec::default() },
        ..JobRow::default()
    }
}

fn numbered(rows: impl IntoIterator<Item = JobRow>) -> JobTable {
    rows.into_iter().enumerate().map(|(i, row)| JobRow { job_id: i.to_string(), ..row }).collect()
}

fn run(scenario: &Scenario, jobs: &JobTable) -> Outcome {
    run_with(scenario, jobs, Options::default())
}

fn run_with(scenario: &Scenario, jobs: &JobTable, options: Options) -> Outcome {
    let options = Options { physics: scenario.physics.clone(), ..options };
    let policy = PolicyChoice::named("best-effort-fifo").unwrap();
    let setup = Setup { cluster: &scenario.cluster, jobs, policy: &policy, options: &options };
    simulate(setup, &mut Silent).unwrap_or_else(|e| panic!("{e}"))
}

/// GPU-seconds of a leaf.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

fn end(outcome: &Outcome, job: u32) -> f64 {
    outcome.fates.end(JobId(job)).unwrap().as_seconds()
}

/// That two numbers of seconds or GPU-seconds are the same to a millionth.
#[track_caller]
fn same(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found}, not {expected}");
}

/// k jobs that each want 8 GB/s of 16: a k-th each, so 1000 s of work take 1000 x max(1, k / 2).
#[test]
fn equal_jobs_get_equal_shares() {
    for k in [1, 2, 3, 7, 50] {
        let jobs = numbered((0..k).map(|_| job(0, 1000, 8, 1000)));
        let outcome = run(&scenario("", "read = \"16GB/s\"", ""), &jobs);
        let expected = 1000.0 * f64::max(1.0, k as f64 / 2.0);
        jobs.ids().for_each(|id| same(end(&outcome, id.0), expected));
        same(leaf(&outcome, Leaf::Useful), 8000.0 * k as f64);
        same(leaf(&outcome, Leaf::InputStall), 8.0 * k as f64 * (expected - 1000.0));
    }
}

/// Where there is enough for everybody, nobody waits for a microsecond, and the ledger has no input stall at all.
#[test]
fn enough_is_enough() {
    let jobs = numbered((0..40).map(|i| job(i * 7, 100 + i, 8, 333)));
    let outcome = run(&scenario("", "read = \"200GB/s\"", ""), &jobs);
    for id in jobs.ids() {
        assert_eq!(outcome.fates.end(id).unwrap().since(outcome.fates.start(id).unwrap()), jobs.duration(id));
    }
    assert_eq!(outcome.leaf(Leaf::InputStall).raw(), 0);
    // Object stores without a limit of their own are the same.
    let free = run(&scenario("", "kind = \"object\"", ""), &jobs);
    assert_eq!(free.leaf(Leaf::InputStall).raw(), 0);
}

/// A job of two nodes against one of one node, both wanting more than there is: two thirds to one, or halves by job.
#[test]
fn shares_go_by_nodes_or_by_jobs() {
    for share in ["node", "job"] {
        let jobs = numbered([job(0, 300, 16, 1000), job(0, 400, 8, 1000)]);
        let outcome = run(&scenario("", &format!("read = \"8GB/s\"\nshare = \"{share}\""), ""), &jobs);
        // By nodes the first reads 16/3 of its 16 GB/s and ends at 900 s; the second has 300 of 400 s done then.
        let ends = [end(&outcome, 0), end(&outcome, 1)];
        if share == "node" {
            same(ends[0], 900.0);
            same(ends[1], 900.0 + (400.0 - 300.0));
        } else {
            // By jobs each reads 4: 16 x 300 / 4 = 1200 s, 8 x 400 / 4 = 800 s, then the first has 8 for the rest.
            same(ends[1], 800.0);
            same(ends[0], 800.0 + (4800.0 - 3200.0) / 8.0);
        }
    }
}

/// Random unequal jobs against the fluid simulation, which recomputes every rate at every event.
#[test]
fn unequal_jobs_end_as_in_a_fluid_simulation() {
    let mut random = rng::stream(1, "storage");
    for round in 0..60 {
        let read_gbs = random.random_range(2..60);
        let client = [1, 4, 1000][random.random_range(0..3)];
        let by_job = random.random_bool(0.3);
        let jobs = numbered((0..40).map(|_| {
            let gpus = [1, 4, 8, 16, 32][random.random_range(0..5)];
            let mbs = [0, 50, 333, 1000, 1777][random.random_range(0..5)];
            let mut row = job(random.random_range(0..3000), random.random_range(1..4000), gpus, mbs);
            row.spec.topology = fleetsim::trace::Topology::parse("node?").unwrap();
            row
        }));
        let share = if by_job { "job" } else { "node" };
        let storage = format!("read = \"{read_gbs}GB/s\"\nclient = \"{client}GB/s\"\nshare = \"{share}\"");
        let outcome = run(&scenario("", &storage, ""), &jobs);
        let fluid: Vec<FluidJob> = jobs
            .ids()
            .map(|id| {
                let nodes = f64::from(outcome.fates.nodes(id).unwrap());
                let need = jobs.spec(id).input_mbs.unwrap() as f64 * 1e6 * f64::from(jobs.spec(id).gpus);
                FluidJob {
                    start: outcome.fates.start(id).unwrap().as_seconds(),
                    work: jobs.duration(id).as_seconds(),
                    need,
                    cap: need.min(nodes * f64::from(client) * 1e9),
                    weight: if by_job { 1.0 } else { nodes },
                }
            })
            .collect();
        for (id, expected) in jobs.ids().zip(fluid_ends(&fluid, f64::from(read_gbs) * 1e9)) {
            let found = end(&outcome, id.0);
            assert!((found - expected).abs() < 1e-3, "round {round}, {id:?}: {found}, not {expected}");
        }
        let useful: f64 = jobs.ids().map(|id| jobs.duration(id).as_seconds() * f64::from(jobs.spec(id).gpus)).sum();
        // The ledger counts constant speeds in millionths, rounded up.
        let booked = leaf(&outcome, Leaf::Useful);
        assert!((0.0..1e-4).contains(&(booked / useful - 1.0 + 1e-9)), "{booked}, not {useful}");
    }
}

/// Jobs that come and go without reading anything, and looks at the clock, move no end by a microsecond.
#[test]
fn an_irrelevant_event_changes_no_end() {
    let readers: Vec<JobRow> = (0..20).map(|i| job(i * 37, 500 + 13 * i, 8, 700 + 11 * i)).collect();
    let scenario = scenario("", "read = \"17GB/s\"", "");
    let undisturbed = run(&scenario, &numbered(readers.clone()));
    let others = (0..200).map(|i| job(i * 11, 5, 1, 0));
    let jobs: JobTable = readers.into_iter().chain(others).collect();
    let disturbed = run(&scenario, &jobs);
    let mut found: Vec<_> =
        jobs.ids().filter(|&id| jobs.spec(id).gpus == 8).map(|id| disturbed.fates.end(id)).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = (0..20).map(|i| undisturbed.fates.end(JobId(i))).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
