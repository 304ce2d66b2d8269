//! What stops jobs: their own failures, notices, nodes that take a part of a gang with them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod runs;

use fleetsim::engine::Outcome;
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
    outcome.ledger.iter().filter(|e| e.leaf == leaf).map(|e| e.time.as_gpu_hours() * 3600.0).sum()
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
    let options = fleetsim::engine::Options { discard: Vec::new(), ..options(&scenario) };
    let outcome = simulated(&scenario, &jobs, &PolicyChoice::named("fifo").unwrap(), &options);
    assert_eq!(leaf(&outcome, Leaf::Discarded), 0.0);
    assert!((leaf(&outcome, Leaf::Useful) - 8.0 * end(&outcome, 0)).abs() < 1e-6);
}
