//! The loop over instants.

use super::ledger::Ledger;
use super::state::{Job, Status};
use super::types::{RefCluster, RefJob, RefOutcome, RefPolicy, RefResult, RefRun, RefState};
use super::world::{Happened, World};
use super::{conservative, easy, elastic, preempt, queue};

/// Simulates `rows` on `cluster`.
///
/// # Panics
/// When an invariant of the reference itself is broken.
pub fn simulate(cluster: &RefCluster, rows: &[RefJob], run: RefRun) -> RefResult {
    let mut world = World::new(cluster, rows, run);
    let mut ledger = Ledger::default();
    let first = world.jobs.iter().filter(|job| job.status != Status::Rejected).map(|job| job.spec.submit).min();
    let first = first.filter(|first| run.until.is_none_or(|until| *first <= until));
    let mut last = first.unwrap_or(0);
    let within = |at: Option<u64>| at.filter(|at| run.until.is_none_or(|until| *at <= until));
    let anybody = |_: &Job| true;
    let mut before = None;
    let mut at = within(next_instant(&world, None, anybody));
    while let Some(now) = at {
        world.now = now;
        if next_instant(&world, before, |job| job.status != Status::Rejected) == at {
            live_through(&mut world);
        }
        before = at;
        at = within(next_instant(&world, before, anybody));
        let open = world
            .jobs
            .iter()
            .any(|job| !matches!(job.status, Status::Rejected | Status::Cancelled | Status::Done { .. }));
        let to = at.or(run.until).unwrap_or(now);
        if first.is_some_and(|first| now >= first) && open && to > now {
            ledger.charge(&world, to - now);
            last = to;
        }
    }
    ledger.relabel_thrown_away(&world);
    let mut jobs: Vec<&Job> = world.jobs.iter().collect();
    jobs.sort_by_key(|job| job.row);
    RefResult {
        jobs: jobs.into_iter().map(|job| outcome(job, run)).collect(),
        ledger: ledger.amounts(),
        horizon: (first.unwrap_or(0), last),
        deadlocked: run.policy == RefPolicy::Pods && elastic::deadlocked(&world),
        reservations: world.reservations,
    }
}

/// Applies everything of the instant, asks the policy, and again for as long as that ends jobs at the instant.
fn live_through(world: &mut World) {
    let now = world.now;
    let mut happened = Happened { completion: complete(world), arrivals: Vec::new() };
    for (j, job) in world.jobs.iter_mut().enumerate() {
        if job.status == Status::Future && job.spec.submit == now {
            job.status = Status::Waiting;
            happened.arrivals.push(j);
        }
    }
    loop {
        pass(world, &happened);
        if !complete(world) {
            break;
        }
        happened = Happened { completion: true, arrivals: Vec::new() };
    }
}

/// Ends the jobs that end now, stops those whose time of grace is over, and says whether there were any.
fn complete(world: &mut World) -> bool {
    let now = world.now;
    let ending: Vec<usize> = world.running().into_iter().filter(|j| world.jobs[*j].end == Some(now)).collect();
    for j in &ending {
        world.end(*j);
    }
    let leaving: Vec<usize> = world.running().into_iter().filter(|j| world.jobs[*j].leaves == Some(now)).collect();
    for j in &leaving {
        world.stop(*j);
    }
    !ending.is_empty() || !leaving.is_empty()
}

fn pass(world: &mut World, happened: &Happened) {
    match world.run.policy {
        RefPolicy::Fifo => queue::pass(world, false),
        RefPolicy::BestEffortFifo => queue::pass(world, true),
        RefPolicy::Sjf { skip } | RefPolicy::Priority { skip } => queue::pass(world, skip),
        RefPolicy::Gang => elastic::gang_pass(world),
        RefPolicy::Pods => elastic::pods_pass(world),
        RefPolicy::Easy => easy::pass(world),
        RefPolicy::Conservative { replan: false } => conservative::pass(world, happened),
        RefPolicy::Conservative { replan: true } => conservative::replan_pass(world),
        RefPolicy::Srtf | RefPolicy::PriorityPreempt { skip: true } => preempt::pass(world, true),
        RefPolicy::PriorityPreempt { skip: false } => preempt::pass(world, false),
    }
}

/// The next submission of a job that counts, end, reserved start or instant from which a job may be stopped after
/// `after`.
fn next_instant(world: &World, after: Option<u64>, counts: impl Fn(&Job) -> bool) -> Option<u64> {
    let instants = world.jobs.iter().flat_map(|job| {
        let end = job.end.filter(|_| job.status == Status::Running);
        let reserved = job.reservation.as_ref().filter(|_| job.status == Status::Waiting).map(|r| r.start);
        let stoppable = Some(job.resumed + world.run.min_runtime)
            .filter(|_| job.status == Status::Running && world.run.policy.is_preemptive());
        let submit = Some(job.spec.submit).filter(|_| counts(job));
        [submit, end, job.leaves, reserved, stoppable]
    });
    instants.flatten().filter(|t| after.is_none_or(|after| *t > after)).min()
}

fn outcome(job: &Job, run: RefRun) -> RefOutcome {
    let submitted = run.until.is_none_or(|until| job.spec.submit <= until);
    let state = match job.status {
        Status::Rejected if submitted => RefState::Rejected,
        Status::Cancelled => RefState::Cancelled,
        Status::Done { killed: true } => RefState::Killed,
        Status::Done { killed: false } => RefState::Finished,
        _ => RefState::Unfinished,
    };
    let ended = matches!(job.status, Status::Cancelled | Status::Done { .. });
    RefOutcome { state, start: job.start, end: job.end.filter(|_| ended), stops: job.stops }
}
