//! Shares and MIG instances: placement against a plain scan, closed forms of speed and waste, and the example scenario.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod runs;

use std::path::Path;

use fleetsim::engine::Outcome;
use fleetsim::ledger::Leaf;
use fleetsim::scenario::{Overrides, Scenario, load};
use fleetsim::sched::{PolicyChoice, Stage, policies};
use fleetsim::trace::{JobId, JobRow, JobTable};
use fleetsim::units::{MigName, MilliGpu, Span, rng};
use rand::RngExt;
use runs::{job, options, parsed, simulated};

#[path = "sharing/plain.rs"]
mod plain;
#[path = "sharing/promises.rs"]
mod promises;

/// A cluster of `nodes` nodes of `gpus` GPUs that are shared as `sharing` says.
fn scenario(nodes: u32, gpus: u32, sharing: &str) -> Scenario {
    scenario_with(nodes, gpus, "", sharing)
}

/// The same with further keys of the pool.
fn scenario_with(nodes: u32, gpus: u32, pool: &str, sharing: &str) -> Scenario {
    let text = format!(
        "[cluster.pools.p]\ngpu = \"a100-80\"\nnodes = {nodes}\ngpus_per_node = {gpus}\n{pool}\n[workload]\n\
         trace = \"none.csv\"\n{sharing}\n[policy.fifo]\n"
    );
    parsed(&text)
}

const MPS: &str = "[physics.sharing.p]\nmode = \"mps\"\nbeside_one = 0.8\nbeside_two = 0.5";
const MIG: &str = "[physics.sharing.p]\nmode = \"mig\"";

/// Two classes side by side: each runs at the speed of its pair, 100 / 0.5 and 100 / 0.4 s of which the second goes on
/// alone for its last: at 200 s it has 80 of its 100 done. Beside one of a class that no pair names, the number counts.
#[test]
fn pairs_of_classes_set_the_speed() {
    let pairs = format!("{MPS}\npairs = [\"a beside b: 0.5\", \"b beside a: 0.4\"]");
    let of = |class: &str| {
        let mut row = share(0, 100, 1, 500);
        row.spec.comm = Some(class.to_owned());
        row
    };
    let jobs = table([of("a"), of("b")]);
    let outcome = run(&scenario(1, 1, &pairs), &jobs, "fifo");
    assert_eq!(ends(&outcome, &jobs), [200.0, 220.0]);
    assert!((leaf(&outcome, Leaf::Interference) - 0.5 * (200.0 * 0.5 + 200.0 * 0.6)).abs() < 1e-6);
    let others = table([of("a"), of("c")]);
    assert_eq!(ends(&run(&scenario(1, 1, &pairs), &others, "fifo"), &others), [125.0, 125.0]);
}

fn share(submit: u64, duration: u64, gpus: u32, milli: u64) -> JobRow {
    let mut row = job(submit, duration, gpus);
    row.spec.gpu_share = Some(MilliGpu::from_milli(milli));
    row
}

fn mig(submit: u64, duration: u64, profile: &str) -> JobRow {
    let mut row = job(submit, duration, 1);
    row.spec.mig = Some(MigName::parse(profile).unwrap());
    row
}

fn table(rows: impl IntoIterator<Item = JobRow>) -> JobTable {
    rows.into_iter().enumerate().map(|(i, row)| JobRow { job_id: i.to_string(), ..row }).collect()
}

fn run(scenario: &Scenario, jobs: &JobTable, policy: &str) -> Outcome {
    run_with(scenario, jobs, &PolicyChoice::named(policy).unwrap())
}

fn run_with(scenario: &Scenario, jobs: &JobTable, policy: &PolicyChoice) -> Outcome {
    simulated(scenario, jobs, policy, &options(scenario))
}

/// GPU-seconds of a leaf.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

fn starts(outcome: &Outcome, jobs: &JobTable) -> Vec<f64> {
    jobs.ids().map(|job| outcome.fates.start(job).unwrap().as_seconds()).collect()
}

fn ends(outcome: &Outcome, jobs: &JobTable) -> Vec<f64> {
    jobs.ids().map(|job| outcome.fates.end(job).unwrap().as_seconds()).collect()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} against {expected}");
}

/// Two halves from 0 on at 0.8; the second, of 40 s, ends at 50 s with 40 s done of the first, which does the other 60 s
/// alone. A third that does not fit beside them waits for the end of the second.
#[test]
fn neighbours_slow_each_other_down_while_they_are_there() {
    let jobs = table([share(0, 100, 1, 500), share(0, 40, 1, 400), share(0, 30, 1, 200)]);
    let outcome = run(&scenario(1, 1, MPS), &jobs, "fifo");
    assert_eq!(starts(&outcome, &jobs), [0.0, 0.0, 50.0]);
    // From 50 s on the third runs beside the first: 30 s at 0.8 are 37.5 s, in which the first does 30 of its 60 s.
    assert_eq!(ends(&outcome, &jobs), [117.5, 50.0, 87.5]);
    close(leaf(&outcome, Leaf::Interference), 0.2 * (0.5 * 87.5 + 0.4 * 50.0 + 0.2 * 37.5));
    close(leaf(&outcome, Leaf::Useful), 0.5 * 100.0 + 0.4 * 40.0 + 0.2 * 30.0);
    close(leaf(&outcome, Leaf::SliceWaste), 0.0);
    // Before 50 s the third lacks what is free; after that nobody waits.
    close(leaf(&outcome, Leaf::CapacityWait), 0.1 * 50.0);
    close(leaf(&outcome, Leaf::NoDemand), 0.3 * 37.5 + 0.5 * 30.0);
}

/// Without `[physics.sharing]` a share takes a whole GPU and wastes the rest.
#[test]
fn without_sharing_a_slice_takes_a_whole_gpu() {
    let jobs = table([share(0, 100, 1, 250), mig(0, 100, "2g.20gb")]);
    let outcome = run(&scenario(1, 1, ""), &jobs, "fifo");
    assert_eq!(starts(&outcome, &jobs), [0.0, 100.0]);
    close(leaf(&outcome, Leaf::SliceWaste), 75.0 + 71.5);
}

/// A GPU's memory limits its shares as well: 50 of 80 GB twice do not go, whatever their milli-GPU.
#[test]
fn memory_limits_what_shares_a_gpu() {
    let needs = |mut row: JobRow, gigabytes: u64| {
        row.spec.gpu_mem_bytes = Some(gigabytes * 1_000_000_000);
        row
    };
    let jobs = table([needs(share(0, 10, 1, 100), 50), needs(share(0, 10, 1, 100), 50), share(0, 10, 1, 300)]);
    let outcome = run(&scenario(1, 1, MPS), &jobs, "best-effort-fifo");
    assert_eq!(starts(&outcome, &jobs)[..2], [0.0, 12.5]);
    assert_eq!(starts(&outcome, &jobs)[2], 0.0);
    let too_much = table([needs(share(0, 10, 1, 100), 81), needs(mig(0, 10, "1g.10gb"), 11)]);
    let outcome = run(&scenario(1, 1, MIG), &too_much, "fifo");
    let why = |job: u32| outcome.classes.rejection(&too_much, JobId(job)).unwrap();
    assert_eq!(why(0), "asks for 81 GB of GPU memory, more than what it may use has");
    assert_eq!(why(1), "asks for 11 GB of GPU memory, more than what it may use has");
}

#[test]
fn no_more_clients_than_the_pool_allows() {
    let jobs = table((0..3).map(|_| share(0, 10, 1, 100)));
    let two = format!("{MPS}\nmax_per_gpu = 2");
    assert_eq!(starts(&run(&scenario(1, 1, &two), &jobs, "fifo"), &jobs), [0.0, 0.0, 12.5]);
}

/// 3g + 3g leave a seventh that nobody can use; a share of 100 takes a 1g and wastes the rest of it.
#[test]
fn mig_wastes_what_its_profiles_do() {
    let jobs = table([mig(0, 100, "3g.40gb"), mig(0, 100, "3g.40gb"), mig(0, 100, "1g.10gb")]);
    let outcome = run(&scenario(1, 1, MIG), &jobs, "fifo");
    assert_eq!(starts(&outcome, &jobs), [0.0, 0.0, 100.0]);
    // What two 3g leave of the GPU, and the 2 thousandths that no filling beside the 1g reaches.
    close(leaf(&outcome, Leaf::SliceWaste), 14.4 + 0.2);
    close(leaf(&outcome, Leaf::Useful), 2.0 * 42.8 + 14.2);
    let jobs = table([share(0, 100, 1, 100)]);
    let outcome = run(&scenario(1, 1, MIG), &jobs, "fifo");
    close(leaf(&outcome, Leaf::SliceWaste), 4.2 + 0.2);
    close(leaf(&outcome, Leaf::Useful), 10.0);
}

/// Two 3g cannot become a 7g before both are gone, and a 4g needs the place of one that is left behind unused.
#[test]
fn a_gpu_in_use_is_not_cut_anew() {
    let jobs = table([mig(0, 10, "3g.40gb"), mig(0, 50, "3g.40gb"), mig(1, 10, "4g.40gb"), mig(2, 5, "3g.40gb")]);
    let outcome = run(&scenario(1, 1, MIG), &jobs, "best-effort-fifo");
    assert_eq!(starts(&outcome, &jobs), [0.0, 0.0, 50.0, 10.0]);
}

/// Whole GPUs and shared ones of a pool: a shared one is taken until its last slice has gone.
#[test]
fn a_shared_gpu_is_no_free_gpu() {
    let jobs = table([share(0, 80, 1, 100), job(1, 10, 2), share(2, 8, 1, 100)]);
    let outcome = run(&scenario(1, 2, MPS), &jobs, "easy-backfill");
    // The third joins the first's GPU and ends in time for the head's reservation.
    assert_eq!(starts(&outcome, &jobs), [0.0, 82.0, 2.0]);
    // One that would keep the GPU beyond it may not: 80 s at the head's start are 78 from here.
    let jobs = table([share(0, 80, 1, 100), job(1, 10, 2), share(2, 79, 1, 100)]);
    let outcome = run(&scenario(1, 2, MPS), &jobs, "easy-backfill");
    assert_eq!(starts(&outcome, &jobs), [0.0, 80.0, 90.0]);
}

/// What no GPU can give is rejected with its reason.
#[test]
fn a_profile_that_no_gpu_has_is_rejected() {
    let jobs = table([mig(0, 10, "1g.5gb"), mig(0, 10, "1g.10gb")]);
    for sharing in ["", MIG, MPS] {
        let outcome = run(&scenario(1, 1, sharing), &jobs, "fifo");
        assert_eq!(outcome.fates.stage(JobId(0)), Stage::Rejected);
        let why = outcome.classes.rejection(&jobs, JobId(0)).unwrap();
        assert_eq!(why, "no GPU that it may use has the MIG profile 1g.5gb");
        assert_eq!(outcome.fates.stage(JobId(1)), Stage::Finished);
    }
}

/// Random jobs of all kinds under every policy, with sharing, storage, placement, failures and checkpoints: the engine checks the
/// ledger and Little's law itself; every job that can run ends, and the work that was kept is what the jobs are.
#[test]
fn conservation_holds_with_sharing_on() {
    let mut random = rng::stream(3, "sharing");
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..30 {
        let mode = ["mps", "time-slicing", "mig"][round % 3];
        let island = [1, 2, 4][random.random_range(0..3)];
        let failures = ["", "[physics.failures.p]\nmtbf = \"4000s\"\nrepair = \"90s\"\n"][random.random_range(0..2)];
        let preemption = ["suspend", "requeue"][random.random_range(0..2)];
        // In every other round the jobs wait for data too: neighbours set the demand for them.
        let reads = round % 2 == 1;
        let (storage, pool) =
            if reads { ("[cluster.storage.s]\nread = \"3GB/s\"\n", "storage = \"s\"\n") } else { ("", "") };
        let text = format!(
            "seed = {round}\n[cluster.pools.p]\ngpu = \"a100-80\"\nnodes = 3\ngpus_per_node = 4\nisland = {island}\n\
             nodes_per_rack = 2\ncpus_per_node = 16\n{pool}{storage}[cluster.pools.q]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 2\n\
             [workload]\ntrace = \"none.csv\"\n[physics]\npreemption = \"{preemption}\"\ninput = {reads}\n[physics.sharing.p]\nmode = \
             \"{mode}\"\n[physics.communication.default]\nnode = 0.9\nrack = 0.8\nracks = 0.7\n{failures}\
             [physics.checkpoint]\nevery = \"60s\"\ncost = \"2s\"\n[policy.fifo]\n"
        );
        let scenario = parsed(&text);
        let mut jobs: Vec<JobRow> = (0..50).map(|_| random_row(&mut random)).collect();
        for row in jobs.iter_mut().filter(|_| reads) {
            row.spec.input_mbs = Some(random.random_range(0..1500));
        }
        let jobs = table(jobs);
        for policy in policies() {
            let outcome = run(&scenario, &jobs, policy.name);
            for job in jobs.ids() {
                let stage = outcome.fates.stage(job);
                let rejected = outcome.classes.rejection(&jobs, job).is_some();
                let stuck = outcome.deadlock.is_some() && policy.name == "pods";
                assert!(
                    stage == if rejected { Stage::Rejected } else { Stage::Finished } || stuck,
                    "{}, round {round}, {job:?}: {stage:?}",
                    policy.name
                );
            }
            seen.extend(outcome.ledger.iter().map(|entry| entry.leaf));
        }
    }
    for leaf in
        [Leaf::Interference, Leaf::InputStall, Leaf::SliceWaste, Leaf::Communication, Leaf::LostWork, Leaf::Failed]
    {
        assert!(seen.contains(&leaf), "no run had {}", leaf.name());
    }
}

/// MIG under the policies that stop jobs: what they plan in a look at other states of the GPUs holds when it is done.
#[test]
fn plans_that_stop_jobs_hold_on_cut_gpus() {
    let mut random = rng::stream(5, "stops");
    let mut stops = 0;
    for _ in 0..300 {
        let scenario = scenario(2, 2, MIG);
        let jobs = table((0..40).map(|_| {
            let profile = ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb"][random.random_range(0..5)];
            let mut row = mig(random.random_range(0..300), random.random_range(1..120), profile);
            row.spec.gpus = random.random_range(1..4);
            row.spec.priority = random.random_range(0..4);
            row
        }));
        for policy in ["srtf", "priority-preempt"] {
            for skip in [false, true] {
                let mut choice = PolicyChoice::named(policy).unwrap();
                if policy == "priority-preempt" {
                    choice.params.set("skip", fleetsim::units::keys::Value::Bool(skip));
                }
                let outcome = run_with(&scenario, &jobs, &choice);
                stops += jobs.ids().map(|job| outcome.fates.stops(job)).sum::<u32>();
            }
        }
    }
    assert!(stops > 1000, "{stops} stops");
}

fn random_row(random: &mut rng::Stream) -> JobRow {
    let (submit, duration) = (random.random_range(0..1500), random.random_range(0..200));
    let gpus = [1, 1, 1, 2, 4][random.random_range(0..5)];
    let mut row = match random.random_range(0..4) {
        0 => job(submit, duration, gpus),
        1 => mig(submit, duration, ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb"][random.random_range(0..5)]),
        _ => share(submit, duration, gpus, random.random_range(1..1000)),
    };
    row.walltime = Some(Span::from_seconds(random.random_range(1..500)));
    row.spec.priority = random.random_range(0..3);
    row.spec.tasks = std::num::NonZeroU32::new(row.spec.gpus / 2).filter(|_| random.random_bool(0.5));
    row.spec.min_tasks =
        row.spec.tasks.filter(|t| t.get() > 1 && random.random_bool(0.3)).map(|_| std::num::NonZeroU32::MIN);
    let topologies = ["any", "node", "rack?", "island?"];
    row.spec.topology = fleetsim::trace::Topology::parse(topologies[random.random_range(0..4)]).unwrap();
    row.spec.cpu_milli = random.random_range(0..3) * 1000;
    row.spec.gpu_mem_bytes = random.random_bool(0.2).then(|| random.random_range(1..20) * 1_000_000_000);
    row
}

/// The example scenario runs under every policy, with the same outputs each time.
#[test]
fn the_example_scenario_runs_under_every_policy() {
    let scenario = load(Path::new("scenarios/sharing.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    let trace = fleetsim::trace::native::read(
        Path::new("traces/sharing.csv"),
        &fleetsim::trace::native::ReadOptions::default(),
    );
    let jobs = trace.unwrap_or_else(|e| panic!("{e}")).table;
    for policy in policies() {
        let outcome = run(&scenario, &jobs, policy.name);
        assert!(jobs.ids().all(|job| outcome.fates.stage(job) == Stage::Finished), "{}", policy.name);
        let again = run(&scenario, &jobs, policy.name);
        assert_eq!(starts(&outcome, &jobs), starts(&again, &jobs));
        assert_eq!(outcome.ledger, again.ledger);
    }
}
