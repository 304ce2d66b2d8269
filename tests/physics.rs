//! What makes a held GPU do less than it could: closed forms, conservation, and what policies share.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod runs;

use fleetsim::engine::{Options, Outcome};
use fleetsim::ledger::Leaf;
use fleetsim::results::Metrics;
use fleetsim::scenario::Scenario;
use fleetsim::sched::{PolicyChoice, Stage, policies};
use fleetsim::trace::{JobId, JobRow, JobTable};
use fleetsim::units::{Span, Time, rng};
use rand::RngExt;
use runs::{job, options, parsed, simulated};

/// A cluster of `nodes` nodes of `gpus` GPUs with some `[physics]`.
fn scenario(nodes: u32, gpus: u32, physics: &str) -> Scenario {
    let pool = if physics.contains("[cluster.storage.s]") {
        "storage = \"s\"\ncache.size = \"50GB\"\nfabric = \"20GB/s\"\noversubscription = 3\n"
    } else {
        ""
    };
    let text = format!(
        "seed = 5\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = {nodes}\ngpus_per_node = {gpus}\nnodes_per_rack = 2\n{pool}\
         [workload]\ntrace = \"none.csv\"\n{physics}\n[policy.fifo]\n"
    );
    parsed(&text)
}

fn run(scenario: &Scenario, jobs: &JobTable, policy: &str) -> Outcome {
    run_within(scenario, jobs, policy, [0, 0])
}

/// With so many seconds of warm-up and cool-down.
fn run_within(scenario: &Scenario, jobs: &JobTable, policy: &str, cut: [u64; 2]) -> Outcome {
    let [warmup, cooldown] = cut.map(Span::from_seconds);
    let options = Options { warmup, cooldown, ..options(scenario) };
    simulated(scenario, jobs, &PolicyChoice::named(policy).unwrap(), &options)
}

/// GPU-seconds of a leaf.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

fn seconds(time: Option<Time>) -> f64 {
    time.unwrap().as_seconds()
}

/// A job waits from 10 s to 100 s; of 200 s those from 50 s to 150 s are measured, in which one that is submitted then counts.
#[test]
fn what_waits_is_measured_within_the_window() {
    let jobs: JobTable = [job(0, 100, 1), job(10, 50, 1), job(150, 50, 1)].into_iter().collect();
    let scenario = scenario(1, 1, "");
    for (cut, queued) in [([0, 0], 90), ([50, 0], 50), ([0, 150], 40), ([50, 50], 50), ([100, 0], 0)] {
        let outcome = run_within(&scenario, &jobs, "fifo", cut);
        assert_eq!(outcome.queued, queued * 1_000_000, "{cut:?}");
        let metrics = Metrics::of(&outcome, &jobs, &scenario.cluster, false);
        assert_eq!(metrics.queue_mean, queued as f64 / (200 - cut[0] - cut[1]) as f64);
    }
}

/// The six jobs on four GPUs of the scheduling literature's table, shortest remaining time first.
#[test]
fn srtf_has_the_starts_and_ends_of_its_table() {
    let jobs: JobTable =
        [job(0, 10, 2), job(1, 10, 3), job(2, 5, 4), job(3, 30, 1), job(4, 6, 1), job(5, 6, 1)].into_iter().collect();
    let outcome = run(&scenario(1, 4, ""), &jobs, "srtf");
    let of = |which: &dyn Fn(JobId) -> Option<Time>| jobs.ids().map(|j| seconds(which(j))).collect::<Vec<_>>();
    assert_eq!(of(&|j| outcome.fates.start(j)), [0.0, 15.0, 2.0, 13.0, 7.0, 7.0]);
    assert_eq!(of(&|j| outcome.fates.end(j)), [15.0, 25.0, 7.0, 43.0, 13.0, 13.0]);
    assert_eq!(jobs.ids().map(|j| outcome.fates.stops(j)).collect::<Vec<_>>(), [1, 0, 0, 0, 0, 0]);
    assert!((leaf(&outcome, Leaf::Useful) - (20 + 30 + 20 + 30 + 6 + 6) as f64).abs() < 1e-9);
}

/// A job of higher priority stops the least urgent of those that run, and only as many as it needs.
#[test]
fn priority_stops_the_least_urgent_first() {
    let with = |submit, duration, gpus, priority| {
        let mut row = job(submit, duration, gpus);
        row.spec.priority = priority;
        row
    };
    let jobs: JobTable = [with(0, 100, 2, 1), with(0, 101, 2, 0), with(10, 20, 2, 5)].into_iter().collect();
    let outcome = run(&scenario(1, 4, ""), &jobs, "priority-preempt");
    assert_eq!(jobs.ids().map(|j| outcome.fates.stops(j)).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(jobs.ids().map(|j| seconds(outcome.fates.end(j))).collect::<Vec<_>>(), [100.0, 121.0, 30.0]);
    let requeued = run(&scenario(1, 4, "[physics]\npreemption = \"requeue\""), &jobs, "priority-preempt");
    assert_eq!(seconds(requeued.fates.end(JobId(1))), 131.0);
    assert!((leaf(&requeued, Leaf::LostWork) - 20.0).abs() < 1e-9);
}

/// A cancelled job ends when it is stopped: 10 s on 4 GPUs are lost, or, with a checkpoint at 8 s, the 2 s since it.
#[test]
fn a_cancelled_job_loses_what_no_checkpoint_has() {
    let mut urgent = job(10, 20, 2);
    urgent.spec.priority = 5;
    let jobs: JobTable = [job(0, 100, 4), urgent].into_iter().collect();
    let cancelled = |checkpoints: &str, lost: f64| {
        let physics = format!("[physics]\npreemption = \"cancel\"\n{checkpoints}");
        let outcome = run(&scenario(1, 4, &physics), &jobs, "priority-preempt");
        assert_eq!(jobs.ids().map(|j| outcome.fates.stage(j)).collect::<Vec<_>>(), [Stage::Cancelled, Stage::Finished]);
        assert_eq!(jobs.ids().map(|j| seconds(outcome.fates.end(j))).collect::<Vec<_>>(), [10.0, 30.0]);
        assert_eq!(jobs.ids().map(|j| outcome.fates.stops(j)).collect::<Vec<_>>(), [0, 0]);
        assert!((leaf(&outcome, Leaf::LostWork) - lost).abs() < 1e-9);
        assert!((leaf(&outcome, Leaf::Useful) - (40.0 + 40.0 - lost)).abs() < 1e-9);
    };
    cancelled("", 40.0);
    cancelled("[physics.checkpoint]\nevery = \"8s\"", 8.0);
}

/// Two nodes of a rack at 0.8, with 30 s to start: 30 + 100/0.8 s.
#[test]
fn placement_and_start_up_take_their_time() {
    let physics = "[physics.startup]\ntime = \"30s\"\n[physics.communication.default]\nrack = 0.8\nracks = 0.5";
    let jobs: JobTable = [job(0, 100, 16)].into_iter().collect();
    let outcome = run(&scenario(4, 8, physics), &jobs, "fifo");
    assert_eq!(seconds(outcome.fates.end(JobId(0))), 155.0);
    assert!((leaf(&outcome, Leaf::Startup) - 16.0 * 30.0).abs() < 1e-6);
    assert!((leaf(&outcome, Leaf::Communication) - 16.0 * 25.0).abs() < 1e-6);
    assert!((leaf(&outcome, Leaf::Useful) - 16.0 * 100.0).abs() < 1e-6);
    // Three nodes are more than a rack of two.
    let wide: JobTable = [job(0, 100, 24)].into_iter().collect();
    assert_eq!(seconds(run(&scenario(4, 8, physics), &wide, "fifo").fates.end(JobId(0))), 230.0);
    let close: JobTable = [job(0, 100, 8)].into_iter().collect();
    assert_eq!(seconds(run(&scenario(4, 8, physics), &close, "fifo").fates.end(JobId(0))), 130.0);
}

/// A job that uses its GPUs a quarter of the time makes no less progress, but the GPUs are inactive for the rest.
#[test]
fn activity_is_taken_before_the_speed() {
    let mut row = job(0, 100, 16);
    row.spec.activity_ppm = Some(250_000);
    let jobs: JobTable = [row].into_iter().collect();
    let outcome = run(&scenario(4, 8, "[physics.communication.default]\nrack = 0.8"), &jobs, "fifo");
    let held = 16.0 * 125.0;
    assert!((leaf(&outcome, Leaf::Inactive) - held * 0.75).abs() < 1e-6);
    assert!((leaf(&outcome, Leaf::Communication) - held * 0.25 * 0.2).abs() < 1e-3);
}

/// One long job on a machine that fails: the useful share against Daly's formula (2006) for exponential failures,
/// U = L t exp(-L R) / (exp(L (t + w)) - 1), with work t between checkpoints of cost w, restart R, failure rate L.
#[test]
fn the_useful_share_under_failures_is_dalys() {
    for (mtbf, every, cost, restart) in
        [(10_000.0, 1000.0, 50.0, 200.0), (4_000.0, 600.0, 20.0, 0.0), (2_000.0, 900.0, 90.0, 100.0)]
    {
        let physics = format!(
            "[physics.startup]\ntime = \"{restart}s\"\n[physics.checkpoint]\nevery = \"{every}s\"\ncost = \"{cost}s\"\n\
             [physics.failures.p]\nmtbf = \"{mtbf}s\"\nrepair = \"1us\""
        );
        let jobs: JobTable = [job(0, 20_000_000, 8)].into_iter().collect();
        let outcome = run(&scenario(1, 8, &physics), &jobs, "fifo");
        let held: f64 = Leaf::ALL.iter().filter(|l| l.is_held()).map(|&l| leaf(&outcome, l)).sum();
        let rate = 1.0 / mtbf;
        let expected = rate * every * f64::exp(-rate * restart) / (f64::exp(rate * (every + cost)) - 1.0);
        let found = leaf(&outcome, Leaf::Useful) / held;
        // Some ten thousand failures: a standard error of about half a percent.
        assert!((found / expected - 1.0).abs() < 0.015, "mtbf {mtbf}: {found} against {expected}");
    }
}

/// A failed node stops the whole gang, whose other GPUs are free at once.
#[test]
fn a_failure_stops_the_gang_and_holds_its_node() {
    let physics = "[physics.failures.p]\nmtbf = \"5000s\"\nrepair = \"100s\"";
    let jobs: JobTable = [job(0, 20_000, 16), job(1, 10, 8)].into_iter().collect();
    let outcome = run(&scenario(2, 8, physics), &jobs, "best-effort-fifo");
    let stops = outcome.fates.stops(JobId(0));
    assert!(stops > 0);
    // The small job runs beside the failed node; the horizon ends with the last job.
    assert!(seconds(outcome.fates.end(JobId(1))) < seconds(outcome.fates.end(JobId(0))));
    assert!(leaf(&outcome, Leaf::Failed) > 0.0 && leaf(&outcome, Leaf::LostWork) > 0.0);
    assert!((leaf(&outcome, Leaf::Useful) - (20_000.0 * 16.0 + 80.0)).abs() < 1e-6);
}

/// Random jobs under every policy with everything on: the engine checks the ledger and Little's law itself; every job
/// that can run ends, none is counted twice, and the work that was kept is the work that the jobs are.
#[test]
fn conservation_holds_with_everything_on() {
    let mut random = rng::stream(9, "physics");
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..25 {
        let checkpoint = [
            "",
            "[physics.checkpoint]\nevery = \"40s\"\ncost = \"3s\"\n",
            "[physics.checkpoint]\ninterval = \"daly\"\ncost = \"1s\"\nparams_per_gpu = 1e9\n",
        ][random.random_range(0..3)];
        let communication = ["node = 0.9\nrack = 0.77\nracks = 0.6", "gradients = \"3GB\"\nstep = \"400ms\""]
            [random.random_range(0..2)];
        let share = ["node", "job"][random.random_range(0..2)];
        let read = random.random_range(1..30);
        let preemption = ["suspend", "requeue", "cancel"][random.random_range(0..3)];
        let grace = [
            "",
            "[physics.grace]\ntime = \"30s\"\n",
            "[physics.grace]\ncheckpoint = true\n",
            "[physics.grace]\ntime = \"2s\"\ncheckpoint = true\n",
        ][random.random_range(0..4)];
        let physics = format!(
            "[physics]\npreemption = \"{preemption}\"\ninput = true\n[cluster.storage.s]\nread = \"{read}GB/s\"\n\
             client = \"7GB/s\"\nshare = \"{share}\"\n[physics.preparation.default]\nper_core = \"100MB/s\"\n\
             [physics.startup]\ntime = \"{}s\"\nrestart = \"7s\"\n{checkpoint}\
             [physics.classes.odd]\nmfu = 0.3\nactivity = 0.77\n[physics.classes.odd.startup]\ntime = \"9s\"\nsigma = 0.7\n\
             per_gpu = \"10ms\"\n[physics.stragglers.p]\nshare = 0.4\nspeed = 0.83\njitter = 0.05\n\
             [physics.communication.default]\n{communication}\n\
             [physics.failures.p]\nmtbf = \"{}s\"\nrepair = \"{}s\"\nrepair_sigma = 0.5\nshape = 0.8\n\
             [physics.outages.some]\npool = \"p\"\nnode = 1\nnodes = 2\nfrom = \"{}s\"\nlasts = \"200s\"\n\
             kind = \"maintenance\"\n[physics.outages.all]\npool = \"p\"\nnodes = 4\nfrom = \"900s\"\nlasts = \"70s\"\n\
             {grace}[physics.job_failures.default]\nshare = {}\nretries = 1\n[physics.spares.p]\nnodes = {}\nswap = \"20s\"\n[physics.prices.p]\nchanges = [\"333.3s: $1\", \"1000s: $0.777777\"]",
            random.random_range(0..20),
            random.random_range(2000..9000),
            random.random_range(1..300),
            random.random_range(0..1000),
            [0.0, 0.3][random.random_range(0..2)],
            round % 2,
        );
        let mut scenario = scenario(4, 4, &physics);
        scenario.seed = round;
        let jobs: JobTable = (0..40)
            .map(|_| {
                let gpus = [1, 2, 4, 8, 16][random.random_range(0..5)];
                let mut row = job(random.random_range(0..2000), random.random_range(0..150), gpus);
                row.walltime = Some(Span::from_seconds(random.random_range(1..400)));
                row.spec.priority = random.random_range(0..4);
                row.spec.tasks = std::num::NonZeroU32::new(gpus.div_ceil(4)).filter(|_| gpus > 2);
                row.spec.min_tasks = row
                    .spec
                    .tasks
                    .filter(|t| t.get() > 1 && random.random_bool(0.3))
                    .map(|_| std::num::NonZeroU32::MIN);
                row.spec.mfu_ppm = random.random_bool(0.5).then_some(377_777);
                row.spec.input_mbs = random.random_bool(0.7).then(|| random.random_range(0..2000));
                row.spec.dataset = random.random_bool(0.5).then(|| "shared".to_owned());
                row.spec.dataset_bytes = random.random_bool(0.7).then(|| random.random_range(0..300) * 1_000_000_000);
                row.spec.cpu_milli = [0, 8000][random.random_range(0..2)];
                row.spec.activity_ppm = random.random_bool(0.3).then_some(600_000);
                row.spec.comm = random.random_bool(0.4).then(|| "odd".to_owned());
                row
            })
            .enumerate()
            .map(|(i, row)| JobRow { job_id: i.to_string(), ..row })
            .collect();
        for policy in policies() {
            let cut = [[0, 0], [300, 0], [0, 400], [500, 200]][round as usize % 4];
            let outcome = run_within(&scenario, &jobs, policy.name, cut);
            for job in jobs.ids() {
                let stage = outcome.fates.stage(job);
                let cancelled = preemption == "cancel" && stage == Stage::Cancelled;
                let can_run = outcome.classes.rejection(&jobs, job).is_none();
                let ended = if can_run {
                    cancelled || matches!(stage, Stage::Finished | Stage::Failed)
                } else {
                    stage == Stage::Rejected
                };
                assert!(ended, "{}, round {round}, {job:?} {stage:?}", policy.name);
            }
            seen.extend(outcome.ledger.iter().map(|entry| entry.leaf));
        }
    }
    let all = [
        Leaf::Startup,
        Leaf::Communication,
        Leaf::Checkpoint,
        Leaf::Restart,
        Leaf::LostWork,
        Leaf::Inactive,
        Leaf::InputStall,
    ];
    for leaf in all.into_iter().chain([Leaf::Failed, Leaf::Maintenance]) {
        assert!(seen.contains(&leaf), "no run had {}", leaf.name());
    }
}

/// A window of an outage, as a table of a scenario.
fn outage(name: &str, nodes: std::ops::Range<u32>, from: u64, lasts: u64, kind: &str) -> String {
    let (first, count) = (nodes.start, nodes.end - nodes.start);
    format!(
        "[physics.outages.{name}]\npool = \"p\"\nnode = {first}\nnodes = {count}\nfrom = \"{from}s\"\n\
         lasts = \"{lasts}s\"\nkind = \"{kind}\"\n"
    )
}

/// One job on all of two nodes, with outages: when it ended, and GPU-seconds of the leaves.
fn ends_with_outages(outages: &str, submit: u64) -> (f64, [f64; 4]) {
    let jobs: JobTable = [job(submit, 200, 16)].into_iter().collect();
    let outcome = run(&scenario(2, 8, outages), &jobs, "fifo");
    let leaves = [Leaf::Failed, Leaf::Maintenance, Leaf::LostWork, Leaf::Useful];
    (seconds(outcome.fates.end(JobId(0))), leaves.map(|l| leaf(&outcome, l)))
}

#[test]
fn a_window_stops_a_job_and_books_its_nodes() {
    let (end, leaves) = ends_with_outages(&outage("a", 0..2, 100, 50, "maintenance"), 0);
    assert_eq!(end, 350.0);
    assert_eq!(leaves.map(f64::round), [0.0, 50.0 * 16.0, 100.0 * 16.0, 200.0 * 16.0]);
    let (end, leaves) = ends_with_outages(&outage("a", 0..2, 100, 50, "failed"), 0);
    assert_eq!(end, 350.0);
    assert_eq!(leaves.map(f64::round), [50.0 * 16.0, 0.0, 100.0 * 16.0, 200.0 * 16.0]);
}

/// At the instant of its end, a job ends and is not stopped; windows that are over before the first job do nothing, and
/// of one that has begun only the rest is booked.
#[test]
fn windows_begin_and_end_to_the_instant() {
    let at_the_end = ends_with_outages(&outage("a", 0..2, 200, 50, "failed"), 0);
    assert_eq!((at_the_end.0, at_the_end.1[2]), (200.0, 0.0));
    let over = ends_with_outages(&outage("a", 0..2, 900, 100, "maintenance"), 1000);
    assert_eq!((over.0, over.1[1]), (1200.0, 0.0));
    let begun = ends_with_outages(&outage("a", 0..2, 900, 150, "maintenance"), 1000);
    assert_eq!((begun.0, begun.1[1].round()), (1250.0, 50.0 * 16.0));
}

/// Nodes are back when the last cause is over, and failed while any of them is a failure.
#[test]
fn overlapping_windows_count_once() {
    let both = outage("a", 0..2, 80, 40, "failed") + &outage("b", 0..2, 100, 50, "maintenance");
    let (end, leaves) = ends_with_outages(&both, 0);
    assert_eq!(end, 350.0);
    assert_eq!(leaves.map(f64::round), [40.0 * 16.0, 30.0 * 16.0, 80.0 * 16.0, 200.0 * 16.0]);
    let inside = outage("a", 0..2, 80, 70, "maintenance") + &outage("b", 0..2, 100, 10, "failed");
    let (end, leaves) = ends_with_outages(&inside, 0);
    assert_eq!(end, 350.0);
    assert_eq!(leaves.map(f64::round), [10.0 * 16.0, 60.0 * 16.0, 80.0 * 16.0, 200.0 * 16.0]);
}

/// The gang stops where one of its nodes goes down, and the other node is free for others at that instant.
#[test]
fn the_nodes_beside_a_window_are_free() {
    let jobs: JobTable = [job(0, 200, 16), job(50, 30, 8)].into_iter().collect();
    let scenario = scenario(2, 8, &outage("a", 1..2, 100, 50, "maintenance"));
    let outcome = run(&scenario, &jobs, "best-effort-fifo");
    assert_eq!(seconds(outcome.fates.end(JobId(1))), 130.0);
    assert_eq!(seconds(outcome.fates.end(JobId(0))), 350.0);
    assert_eq!(leaf(&outcome, Leaf::Maintenance).round(), 50.0 * 8.0);
}

/// Nodes fail at the same instants whatever the policy does.
#[test]
fn policies_meet_the_same_failures() {
    let physics = "[physics.failures.p]\nmtbf = \"3000s\"\nrepair = \"60s\"";
    let jobs: JobTable = [job(0, 50_000, 4), job(1, 50_000, 4)].into_iter().collect();
    let until = Some(Time::from_micros(40_000_000_000));
    let failed = |policy: &str| {
        let scenario = scenario(2, 8, physics);
        let options = Options { seed: 5, physics: scenario.physics.clone(), until, ..Options::default() };
        let policy = PolicyChoice::named(policy).unwrap();
        leaf(&simulated(&scenario, &jobs, &policy, &options), Leaf::Failed)
    };
    assert!(failed("fifo") > 0.0);
    assert_eq!(failed("fifo").to_bits(), failed("conservative-backfill").to_bits());
    assert_eq!(failed("fifo").to_bits(), failed("srtf").to_bits());
}
