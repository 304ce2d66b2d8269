//! Random scenarios under every policy: the story of each job against what the run says and what its neighbours leave.

use fleetsim::engine::{Leaving, Outcome};
use fleetsim::experiments::explain::{Departure, Reason, Story};
use fleetsim::scenario::Scenario;
use fleetsim::sched::{HeldBack, Stage, policies};
use fleetsim::trace::{JobId, JobRow, JobTable, Topology};
use fleetsim::units::{Time, rng};
use rand::RngExt;
use std::num::NonZeroU32;

use super::{job, policy, scenario, table, watch};

fn jobs(seed: u64, plain: bool) -> JobTable {
    let mut dice = rng::stream(seed, "explain");
    let row = |_| {
        let mut row: JobRow = job(dice.random_range(0..40), dice.random_range(1..7), dice.random_range(1..15));
        if !plain {
            row.spec.gpus *= u32::from(dice.random_bool(0.9));
            row.spec.cpu_milli = 1000 * dice.random_range(0..6);
            row.spec.priority = dice.random_range(0..3);
            row.spec.queue = ["", "a"][dice.random_range(0..2)].to_owned();
            row.spec.topology = Topology::parse(["any", "node?", "node"][dice.random_range(0..3)]).unwrap();
            if row.spec.gpus.is_multiple_of(2) && row.spec.gpus > 0 {
                row.spec.tasks = NonZeroU32::new(2);
                row.spec.min_tasks = NonZeroU32::new(1);
            }
        }
        row
    };
    table((0..30).map(row))
}

/// The times of a story fit together and are those of the run.
fn check(what: &str, outcome: &Outcome, jobs: &JobTable, story: &Story) {
    let (job, fates) = (story.job, &outcome.fates);
    let mut pieces: Vec<(Time, Option<Time>, bool)> = story.waits.iter().map(|w| (w.from, w.to, false)).collect();
    pieces.extend(story.stays.iter().map(|s| (s.from, s.to.as_ref().map(|(to, _)| *to), true)));
    pieces.sort_by_key(|&(from, to, runs)| (from, to.unwrap_or(Time::MAX), runs));
    if fates.stage(job) == Stage::Rejected {
        assert!(pieces.is_empty(), "{what}");
        return;
    }
    // Without gaps from the submission on, each piece begins where the one before ended.
    assert_eq!(pieces[0].0, jobs.submit(job), "{what}");
    for pair in pieces.windows(2) {
        assert_eq!(pair[0].1, Some(pair[1].0), "{what}: {pieces:?}");
    }
    assert_eq!(pieces[pieces.len() - 1].1, fates.end(job), "{what}");
    assert_eq!(story.stays.first().map(|s| s.from), fates.start(job), "{what}");
    let left = |why: &dyn Fn(Leaving) -> bool| {
        let of = |s: &&fleetsim::experiments::explain::Stay| matches!(&s.to, Some((_, Departure::Left(l))) if why(*l));
        story.stays.iter().filter(of).count() as u32
    };
    assert_eq!(left(&|l| matches!(l, Leaving::Preempted | Leaving::NodeFailed(_))), fates.stops(job), "{what}");
    assert_eq!(left(&|l| l == Leaving::Finished), u32::from(fates.stage(job) == Stage::Finished), "{what}");
    assert_eq!(story.stays.last().map(|s| s.nodes.len() as u32), fates.nodes(job), "{what}");
    // What it held is what it was charged, but for GPUs held before the start.
    let held: u128 = story.stays.iter().map(|s| gpu_micros(s, outcome.end)).sum();
    let gang_hold = fleetsim::ledger::Leaf::GangHold;
    let charged: u128 = outcome.apart.iter().filter(|e| e.leaf != gang_hold).map(|e| e.time.raw()).sum();
    assert_eq!(charged, held * 1000, "{what}");
}

fn gpu_micros(stay: &fleetsim::experiments::explain::Stay, end: Time) -> u128 {
    let to = stay.to.as_ref().map_or(end, |(to, _)| *to);
    u128::from(stay.nodes.values().sum::<u64>()) * u128::from(to.since(stay.from).micros())
}

#[test]
fn stories_fit_together_under_every_policy() {
    let cluster = "[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 3\ngpus_per_node = 4\ncpus_per_node = 12\n\
                   [cluster.pools.b]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 4\nqueues = [\"a\"]\n";
    let physics = "[physics]\npreemption = \"requeue\"\n[physics.startup]\ntime = \"1s\"\n[physics.checkpoint]\n\
                   every = \"3s\"\ncost = \"1s\"\n[physics.communication.default]\nrack = 0.5\n\
                   [physics.failures.a]\nmtbf = \"90s\"\nrepair = \"5s\"\n";
    for (at, physics) in ["", physics].into_iter().enumerate() {
        let scenario = scenario(&format!("{cluster}{physics}"));
        for entry in policies() {
            for seed in 0..3 {
                let jobs = jobs(seed, false);
                let policy = policy(entry.name, None);
                let holds_back = policy.build(0).held_back();
                for job in jobs.ids() {
                    let (outcome, story) = watch(&scenario, &jobs, &policy, job);
                    let what = format!("{} physics {at} seed {seed} {}", entry.name, jobs.name(job));
                    check(&what, &outcome, &jobs, &story);
                    // Only a rule that the policy has stops a job that fits.
                    for wait in &story.waits {
                        match wait.reason {
                            Reason::HeadOfLine => assert_eq!(holds_back, Some(HeldBack::HeadOfLine), "{what}"),
                            Reason::Reserved => assert_eq!(holds_back, Some(HeldBack::Reserved), "{what}"),
                            _ => {}
                        }
                    }
                }
            }
        }
    }
}

/// Where any free GPU will do, a job fits while as many are free as it needs; how many are is known from when the others
/// ran. No other reason exists.
#[test]
fn reasons_are_those_that_the_other_jobs_leave() {
    let cluster: Scenario = scenario("[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 8");
    for (name, rule) in [
        ("fifo", Some(Reason::HeadOfLine)),
        ("sjf", Some(Reason::HeadOfLine)),
        ("best-effort-fifo", None),
        ("gang", None),
        ("easy-backfill", Some(Reason::Reserved)),
        ("conservative-backfill", Some(Reason::Reserved)),
    ] {
        let mut held_back = 0;
        for seed in 0..6 {
            let jobs = jobs(seed, true);
            for job in jobs.ids() {
                let (outcome, story) = watch(&cluster, &jobs, &policy(name, None), job);
                held_back += story.waits.iter().filter(|w| Some(w.reason) == rule).count();
                assert_eq!(reasons(&story), plain_reasons(&outcome, &jobs, job, rule), "{name} {seed} {}", job.0);
            }
        }
        assert_eq!(held_back > 0, rule.is_some(), "{name}");
    }
}

fn reasons(story: &Story) -> Vec<(Time, Reason)> {
    story.waits.iter().map(|wait| (wait.from, wait.reason)).collect()
}

fn plain_reasons(outcome: &Outcome, jobs: &JobTable, job: JobId, rule: Option<Reason>) -> Vec<(Time, Reason)> {
    let life = |job: JobId| (outcome.fates.start(job).unwrap(), outcome.fates.end(job).unwrap());
    let free_at = |at: Time| {
        let runs = |other: &JobId| life(*other).0 <= at && at < life(*other).1;
        8 - jobs.ids().filter(runs).map(|other| jobs.spec(other).gpus).sum::<u32>()
    };
    let (from, to) = (jobs.submit(job), life(job).0);
    let mut instants: Vec<Time> = jobs.ids().flat_map(|j| [jobs.submit(j), life(j).0, life(j).1]).collect();
    instants.retain(|&at| from <= at && at < to);
    instants.sort_unstable();
    instants.dedup();
    let reason = |at: Time| match free_at(at) >= jobs.spec(job).gpus {
        true => rule.expect("nobody who fits waits"),
        false => Reason::CapacityWait,
    };
    let mut found: Vec<(Time, Reason)> = instants.into_iter().map(|at| (at, reason(at))).collect();
    found.dedup_by_key(|(_, reason)| *reason);
    found
}
