//! What stops jobs: their own failures, notices, nodes that take a part of a gang with them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod runs;

use std::num::NonZeroU32;

use fleetsim::engine::{Options, Outcome};
use fleetsim::ledger::Leaf;
use fleetsim::scenario::Scenario;
use fleetsim::sched::{PolicyChoice, Stage, policies};
use fleetsim::trace::{JobId, JobRow, JobTable, RecordedState};
use runs::{job, options, parsed, simulated};

/// A pool `p` of `nodes` nodes of `gpus` GPUs with some `[physics]`.
fn scenario(nodes: u32, gpus: u32, physics: &str) -> Scenario {
    let text = format!(
        "seed = 5\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = {nodes}\ngpus_per_node = {gpus}\nnodes_per_rack = 2\n\
         [workload]\ntrace = \"none.csv\"\n{physics}\n[policy.fifo]\n"
    );
    parsed(&text)
}

fn run(scenario: &Scenario, jobs: &JobTable, policy: &str) -> Outcome {
    simulated(scenario, jobs, &PolicyChoice::named(policy).unwrap(), &options(scenario))
}

/// GPU-seconds of a leaf.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

fn end(outcome: &Outcome, job: u32) -> f64 {
    outcome.fates.end(JobId(job)).unwrap().as_seconds()
}

fn stages(outcome: &Outcome, jobs: &JobTable) -> Vec<Stage> {
    jobs.ids().map(|job| outcome.fates.stage(job)).collect()
}

fn named(rows: impl Iterator<Item = JobRow>) -> JobTable {
    rows.enumerate().map(|(number, row)| JobRow { job_id: number.to_string(), ..row }).collect()
}

/// Of jobs that last D, attempts fail with share s after a D on average: attempt i is made with s^i, is lost where there is
/// another, discarded where it is the last; what does not fail is useful.
#[test]
fn a_share_of_jobs_fails_after_a_share_of_the_run() {
    let (count, length) = (10_000, 1000.0);
    let jobs = named((0..count).map(|_| job(0, 1000, 1)));
    for (share, at, retries) in [(0.3, 0.5, 0), (0.5, 0.2, 2), (1.0, 0.7, 1)] {
        let physics = format!("[physics.job_failures.default]\nshare = {share}\nat = {at}\nretries = {retries}\n");
        let outcome = run(&scenario(1250, 8, &physics), &jobs, "fifo");
        let attempts = |i: i32| f64::powi(share, i + 1) * at * length;
        let lost: f64 = (0..retries).map(attempts).sum();
        let failed = f64::powi(share, retries + 1);
        for (of, expected) in
            [(Leaf::Useful, (1.0 - failed) * length), (Leaf::Discarded, failed * at * length), (Leaf::LostWork, lost)]
        {
            let found = leaf(&outcome, of) / f64::from(count);
            // Some thousand failures: a standard error of two percent at the most.
            assert!((found - expected).abs() <= 0.06 * expected, "{}: {found} against {expected}", of.name());
        }
        let ended = stages(&outcome, &jobs).into_iter().filter(|&stage| stage == Stage::Failed).count();
        assert!((ended as f64 / f64::from(count) - failed).abs() < 0.02, "{ended} failed");
    }
}

/// A job comes as far in its work whatever else stops it: an outage at 30 throws 30 s away, or, with checkpoints every 20 s,
/// ten; then it goes on to where it fails.
#[test]
fn an_attempt_fails_at_the_same_work_after_an_outage() {
    let fails = "[physics.job_failures.default]\nshare = 1\nat = 0.9\n";
    let outage = "[physics.outages.o]\npool = \"p\"\nfrom = \"30s\"\nlasts = \"5s\"\n";
    let jobs: JobTable = [job(0, 1000, 8)].into_iter().collect();
    let ended = |physics: &str| {
        let outcome = run(&scenario(1, 8, physics), &jobs, "fifo");
        assert_eq!(stages(&outcome, &jobs), [Stage::Failed]);
        assert_eq!(leaf(&outcome, Leaf::Useful), 0.0);
        (end(&outcome, 0), leaf(&outcome, Leaf::Discarded))
    };
    let (undisturbed, discarded) = ended(fails);
    assert!(undisturbed > 100.0 && undisturbed < 1000.0, "{undisturbed}");
    assert!((discarded - 8.0 * undisturbed).abs() < 1e-6);
    let close = |(found, leaf): (f64, f64), expected: f64| {
        assert!((found - expected).abs() < 1e-5, "{found} against {expected}");
        assert!((leaf - discarded).abs() < 1e-4, "{leaf} against {discarded}");
    };
    close(ended(&format!("{fails}{outage}")), undisturbed + 35.0);
    close(ended(&format!("{fails}{outage}[physics.checkpoint]\nevery = \"20s\"\n")), undisturbed + 15.0);
}

/// Under every policy the same jobs fail; those of which the trace knows what became of them do not.
#[test]
fn policies_meet_the_same_failures_of_jobs() {
    let jobs = named((0..200u32).map(|number| {
        let mut row = job(u64::from(number) * 5, 100, 1 << (number % 4));
        row.spec.state = [None, Some(RecordedState::Completed), Some(RecordedState::Failed)][number as usize % 3];
        row.spec.comm = (number % 2 == 0).then(|| "sturdy".to_owned());
        row
    }));
    let physics = "[physics.job_failures.default]\nshare = 0.6\n[physics.job_failures.sturdy]\nshare = 0\n";
    let scenario = scenario(2, 8, physics);
    let expected = stages(&run(&scenario, &jobs, "fifo"), &jobs);
    let failed = expected.iter().filter(|&&stage| stage == Stage::Failed).count();
    assert!((20..60).contains(&failed), "{failed}");
    for (number, stage) in expected.iter().enumerate() {
        let may = number % 2 == 1 && number % 3 != 2;
        assert!(may || *stage == Stage::Finished, "{number}");
    }
    for policy in policies() {
        assert_eq!(stages(&run(&scenario, &jobs, policy.name), &jobs), expected, "{}", policy.name);
    }
}

/// Where failed jobs are not to be discarded, what they have done is useful.
#[test]
fn failed_jobs_are_discarded_as_the_workload_says() {
    let jobs: JobTable = [job(0, 1000, 8)].into_iter().collect();
    let scenario = scenario(1, 8, "[physics.job_failures.default]\nshare = 1\n");
    let options = Options { discard: Vec::new(), ..options(&scenario) };
    let outcome = simulated(&scenario, &jobs, &PolicyChoice::named("fifo").unwrap(), &options);
    assert_eq!(leaf(&outcome, Leaf::Discarded), 0.0);
    assert!((leaf(&outcome, Leaf::Useful) - 8.0 * end(&outcome, 0)).abs() < 1e-6);
}

/// A node of eight GPUs: a long job, and an urgent one that comes at 100 and lasts 50.
fn preempted(length: u64, physics: &str) -> (Outcome, [f64; 2]) {
    let mut urgent = job(100, 50, 8);
    urgent.spec.priority = 5;
    let jobs: JobTable = [job(0, length, 8), urgent].into_iter().collect();
    let outcome = run(&scenario(1, 8, physics), &jobs, "priority-preempt");
    let ends = [end(&outcome, 0), end(&outcome, 1)];
    (outcome, ends)
}

fn assert_leaves(outcome: &Outcome, expected: &[(Leaf, f64)]) {
    for &(of, expected) in expected {
        assert_eq!(leaf(outcome, of).round(), expected, "{}", of.name());
    }
}

/// Slurm's GraceTime of 120 s: told at 100, the victim goes at 220, and only then the urgent job starts.
#[test]
fn a_stopped_job_runs_on_for_the_time_of_grace() {
    let grace = "\n[physics.grace]\ntime = \"120s\"\n";
    let (outcome, ends) = preempted(1000, &format!("[physics]\npreemption = \"requeue\"{grace}"));
    assert_eq!((ends, outcome.fates.stops(JobId(0))), ([1270.0, 270.0], 1));
    assert_leaves(&outcome, &[(Leaf::LostWork, 220.0 * 8.0), (Leaf::Useful, 1050.0 * 8.0)]);
    let (outcome, ends) = preempted(1000, grace);
    assert_eq!((ends, outcome.fates.stops(JobId(0))), ([1050.0, 270.0], 1));
    assert_leaves(&outcome, &[(Leaf::LostWork, 0.0)]);
    let (outcome, ends) = preempted(1000, &format!("[physics]\npreemption = \"cancel\"{grace}"));
    assert_eq!((ends, outcome.fates.stage(JobId(0))), ([220.0, 270.0], Stage::Cancelled));
    assert_leaves(&outcome, &[(Leaf::LostWork, 220.0 * 8.0)]);
    let (outcome, ends) = preempted(150, grace);
    assert_eq!((ends, outcome.fates.stops(JobId(0))), ([150.0, 200.0], 0));
    let (_, ends) = preempted(1000, "[physics.grace]\ntime = \"0s\"\n");
    assert_eq!(ends, [1050.0, 150.0]);
}

/// A checkpoint of 20 s saves the first 100 s; cut after 10 s it saves nothing, and costs the 10 s.
#[test]
fn a_stopped_job_writes_a_checkpoint() {
    let physics = |grace: &str| {
        format!(
            "[physics]\npreemption = \"requeue\"\n[physics.checkpoint]\ncost = \"20s\"\n[physics.startup]\ntime = \"0s\"\n\
             restart = \"7s\"\n[physics.grace]\ncheckpoint = true\n{grace}"
        )
    };
    let (outcome, ends) = preempted(1000, &physics(""));
    assert_eq!(ends, [170.0 + 7.0 + 900.0, 170.0]);
    assert_leaves(&outcome, &[(Leaf::LostWork, 0.0), (Leaf::Checkpoint, 160.0), (Leaf::Restart, 56.0)]);
    let (outcome, ends) = preempted(1000, &physics("time = \"10s\"\n"));
    assert_eq!(ends, [160.0 + 7.0 + 1000.0, 160.0]);
    assert_leaves(&outcome, &[(Leaf::LostWork, 800.0), (Leaf::Checkpoint, 80.0), (Leaf::Restart, 56.0)]);
}

/// While one job is on its way out, passes at other instants stop nobody else for the same urgent job, give nobody the free
/// GPUs that it waits for, and let others start where that takes nothing from it.
#[test]
fn nobody_else_is_stopped_while_one_is_leaving() {
    let with = |submit, duration, gpus, priority| {
        let mut row = job(submit, duration, gpus);
        row.spec.priority = priority;
        row
    };
    // Node 0: four GPUs of `a`, four free. Node 1: `b`, which is more urgent than `a`, on six. The job of eight gets node 0.
    let rows =
        [with(0, 1000, 4, 0), with(0, 1000, 6, 1), with(100, 50, 8, 5), with(105, 500, 3, 0), with(110, 10, 2, 0)];
    let jobs = named(rows.into_iter());
    let scenario = scenario(2, 8, "[physics.grace]\ntime = \"60s\"\n");
    let policy = "[cluster.pools.p]\nnodes = 1\n[workload]\ntrace = \"n\"\n[policy.priority-preempt]\nskip = true\n";
    let policy = parsed(policy).policy;
    let outcome = simulated(&scenario, &jobs, &policy, &options(&scenario));
    assert_eq!(jobs.ids().map(|job| outcome.fates.stops(job)).collect::<Vec<_>>(), [1, 0, 0, 0, 0]);
    let start = |job| outcome.fates.start(JobId(job)).unwrap().as_seconds();
    assert_eq!([start(2), start(3), start(4)], [160.0, 210.0, 110.0]);
    // Three of the four GPUs of node 0 from 105 to 160 for the job of three that would fit there.
    assert_leaves(&outcome, &[(Leaf::Reserved, 3.0 * 55.0)]);
}

/// A gang of two tasks, each on a node of its own, of which `least` must run.
fn gang(duration: u64, least: u32) -> JobRow {
    let mut row = job(0, duration, 16);
    row.spec.tasks = NonZeroU32::new(2);
    row.spec.min_tasks = NonZeroU32::new(least);
    row
}

/// Node 1 is away in [50, 70). Of 2 x 100 to do, one task does 20 meanwhile, both the other 180. Checkpoints every 20 s keep 80
/// of the 100 done by then; a restart of 5 s leaves 15 of the 20 s. A job that needs both tasks waits for the node.
#[test]
fn a_gang_goes_on_with_the_members_that_are_left() {
    let outage = "[physics.outages.o]\npool = \"p\"\nnode = 1\nfrom = \"50s\"\nlasts = \"20s\"\n";
    let checkpoints = "[physics.checkpoint]\nevery = \"20s\"\n[physics.startup]\ntime = \"0s\"\nrestart = \"5s\"\n";
    let played = |physics: &str, least, policy| {
        let jobs: JobTable = [gang(100, least)].into_iter().collect();
        let outcome = run(&scenario(2, 8, &format!("{outage}{physics}")), &jobs, policy);
        assert_leaves(&outcome, &[(Leaf::Failed, 20.0 * 8.0), (Leaf::Useful, 1600.0)]);
        (end(&outcome, 0), outcome.fates.stops(JobId(0)), outcome)
    };
    let (ended, stops, outcome) = played("", 1, "gang");
    assert_eq!((ended, stops), (160.0, 0));
    assert_leaves(&outcome, &[(Leaf::LostWork, 800.0)]);
    let (ended, stops, outcome) = played(checkpoints, 1, "gang");
    assert_eq!((ended, stops), (122.5, 0));
    assert_leaves(&outcome, &[(Leaf::LostWork, 160.0), (Leaf::Restart, 40.0)]);
    for (least, policy) in [(2, "gang"), (1, "fifo")] {
        let (ended, stops, _) = played("", least, policy);
        assert_eq!((ended, stops), (170.0, 1), "{policy}");
    }
}

/// The stays of a job that shrinks and grows: where it was, and for how long.
#[test]
fn places_follow_a_gang_that_shrinks() {
    let outage = "[physics.outages.o]\npool = \"p\"\nnode = 1\nfrom = \"50s\"\nlasts = \"20s\"\n";
    let jobs: JobTable = [gang(100, 1)].into_iter().collect();
    let scenario = scenario(2, 8, outage);
    let options = Options { places: true, ..options(&scenario) };
    let outcome = simulated(&scenario, &jobs, &PolicyChoice::named("gang").unwrap(), &options);
    let stays = outcome.places.unwrap();
    let stays: Vec<_> = stays.iter().map(|stay| (stay.node, stay.from.as_seconds(), stay.to.as_seconds())).collect();
    assert_eq!(stays, [(0, 0.0, 160.0), (1, 0.0, 50.0), (1, 70.0, 160.0)]);
}

/// One task does 20 alone in [0, 20); two on two nodes of a rack go at 0.8 each: 180 / 1.6 more.
#[test]
fn members_that_come_later_count_where_they_lie() {
    let mut beside = job(0, 20, 8);
    beside.spec.tasks = NonZeroU32::new(1);
    let jobs: JobTable = [beside, gang(100, 1)].into_iter().collect();
    let outcome = run(&scenario(2, 8, "[physics.communication.default]\nrack = 0.8\n"), &jobs, "gang");
    assert_eq!(end(&outcome, 1), 132.5);
    assert_leaves(&outcome, &[(Leaf::Communication, 16.0 * 112.5 * 0.2)]);
}
