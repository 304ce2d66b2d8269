//! Preemptive lists: jobs in order of urgency get GPUs greedily, and less urgent running jobs make room.
//!
//! A job that does not fit in what is free stops running jobs, the least urgent first, until it does; those without
//! whom it still fits are given back. Who is stopped waits again in its old place and may get another in the same pass;
//! where stops are ends it only may keep the very place that it had.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::classes::LineId;
use super::list::{Blocking, find_place};
use super::order::{Key as OrderKey, Order};
use super::pass::{Fault, Pass};
use super::{HeldBack, Holder, Scheduler, Stage, Verdict, World};
use crate::cluster::{Allocation, Placer, PoolState};
use crate::trace::JobId;
use crate::units::keys::{Key, Kind};
use crate::units::{Span, Time};

/// How long a job runs before it may be stopped for another.
pub const MIN_RUNTIME: Key = Key {
    name: "min_runtime",
    kind: Kind::Duration,
    default: "0s",
    doc: "How long a job has run at least before it is stopped for another.",
};

/// What makes a job urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Little estimated run time left.
    Remaining,
    /// A high priority.
    Priority,
}

/// The more urgent, the smaller; only a strictly more urgent job stops another.
///
/// By remaining time it is the instant at which the job would end if it ran from now on: that of a running job stays as
/// it is, so running jobs keep their order while time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    EndsAt(Time),
    Priority(Reverse<i64>),
}

/// A preemptive list.
#[derive(Debug)]
pub struct Preemptive {
    urgency: Urgency,
    blocking: Blocking,
    min_runtime: Span,
    placer: Placer,
    /// Running jobs that may be stopped, the most urgent first, and the rank of each.
    running: BTreeSet<(Rank, JobId)>,
    ranks: FxHashMap<JobId, Rank>,
    /// Waiting jobs that have less to do than their estimate, since they have run before.
    resumed: BTreeSet<(Span, JobId)>,
}

/// What a pass comes to.
#[derive(Debug, Default)]
struct Plan {
    stops: Vec<JobId>,
    starts: Vec<(JobId, Allocation)>,
}

/// A look at the world with jobs in other places than now, which can be taken back.
struct Trial<'w, 'a> {
    world: &'w mut World<'a>,
    /// What was done: taken (`true`) or given back.
    log: Vec<(JobId, Allocation, bool)>,
}

impl Trial<'_, '_> {
    fn take(&mut self, job: JobId, place: &Allocation) {
        self.world.take(job, place);
        self.log.push((job, place.clone(), true));
    }

    fn take_back(&mut self, job: JobId, place: &Allocation) {
        self.world.take_back(job, place);
        self.log.push((job, place.clone(), true));
    }

    fn give(&mut self, job: JobId, place: &Allocation) {
        self.world.give(job, place);
        self.log.push((job, place.clone(), false));
    }

    fn undo(self) {
        for (job, place, taken) in self.log.iter().rev() {
            if *taken {
                self.world.give(*job, place);
            } else {
                self.world.take(*job, place);
            }
        }
    }
}

impl Preemptive {
    /// A list by urgency.
    #[must_use]
    pub fn new(urgency: Urgency, blocking: Blocking, min_runtime: Span, placer: Placer) -> Self {
        Preemptive {
            urgency,
            blocking,
            min_runtime,
            placer,
            running: BTreeSet::new(),
            ranks: FxHashMap::default(),
            resumed: BTreeSet::new(),
        }
    }

    fn rank(&self, world: &World<'_>, job: JobId) -> Rank {
        match self.urgency {
            Urgency::Remaining => Rank::EndsAt(world.now.after(world.remaining(job))),
            Urgency::Priority => Rank::Priority(Reverse(world.jobs.spec(job).priority)),
        }
    }

    /// When a running job may be stopped.
    fn stoppable_from(&self, start: Time) -> Time {
        start.after(self.min_runtime)
    }

    /// Who waits, the most urgent first, ties by (submit, row): those that are more urgent than `bound`, or all.
    fn waiting(&self, world: &World<'_>, bound: Option<Rank>) -> Vec<(Rank, JobId)> {
        let line = world.waiting.line(LineId(0)).filter(|&job| !self.is_resumed(world, job));
        let mut fresh = line.map(|job| (self.rank(world, job), job)).peekable();
        let mut again = self.resumed.iter().map(|&(_, job)| (self.rank(world, job), job)).peekable();
        let mut queue = Vec::new();
        loop {
            let next = match (fresh.peek(), again.peek()) {
                (Some(one), Some(other)) if other < one => again.next(),
                (Some(_), _) => fresh.next(),
                (None, _) => again.next(),
            };
            match next {
                Some((rank, _)) if bound.is_some_and(|bound| rank >= bound) => return queue,
                Some(entry) => queue.push(entry),
                None => return queue,
            }
        }
    }

    /// Where nothing is free, only those are looked at who may stop somebody: those more urgent than this. The others
    /// come into it when more has been freed than was needed.
    fn bound(&self, world: &World<'_>) -> Option<Rank> {
        // Jobs without GPUs may start where none is free.
        let cpu_jobs = world.classes.classes().iter().any(|class| class.request.gpus == 0);
        self.running.last().map(|&(rank, _)| rank).filter(|_| !cpu_jobs && !any_free(world))
    }

    fn is_resumed(&self, world: &World<'_>, job: JobId) -> bool {
        !self.resumed.is_empty() && self.resumed.contains(&(world.remaining(job), job))
    }

    fn plan(&mut self, world: &mut World<'_>) -> Plan {
        let mut bound = self.bound(world);
        let mut queue: BTreeSet<(Rank, JobId)> = self.waiting(world, bound).into_iter().collect();
        let mut running = None;
        let mut stopped: BTreeMap<JobId, Allocation> = BTreeMap::new();
        let mut plan = Plan::default();
        let mut trial = Trial { world, log: Vec::new() };
        loop {
            // Nobody is stopped for one behind the bound, so there is no more to come than is free now.
            let behind = |&bound: &Rank| queue.first().is_none_or(|&(rank, _)| rank >= bound);
            if let Some(bound) = bound.take_if(|bound| behind(bound) && any_free(trial.world)) {
                queue.extend(self.waiting(trial.world, None).into_iter().filter(|&(rank, _)| rank >= bound));
            }
            let Some((rank, job)) = queue.pop_first() else { break };
            let before = stopped.len();
            let ends = trial.world.stops_are_ends && stopped.contains_key(&job);
            let place = if ends {
                stopped.get(&job).and_then(|old| free_again(trial.world, job, old))
            } else {
                self.make_room(&mut trial, rank, job, &mut running, &mut stopped)
            };
            if stopped.len() > before {
                queue.extend(stopped.keys().map(|&victim| (self.ranks[&victim], victim)).filter(|&(r, _)| r > rank));
            }
            match place {
                Some(place) => {
                    trial.take(job, &place);
                    if stopped.get(&job) == Some(&place) && !place.has_instances() {
                        stopped.remove(&job);
                    } else {
                        plan.starts.push((job, place));
                    }
                }
                None if self.blocking == Blocking::Head && !ends => break,
                None => {}
            }
        }
        trial.undo();
        plan.stops = stopped.into_keys().collect();
        plan
    }

    /// A place for a job, with less urgent running jobs stopped where need be.
    fn make_room(
        &mut self,
        trial: &mut Trial<'_, '_>,
        rank: Rank,
        job: JobId,
        running: &mut Option<Victims>,
        stopped: &mut BTreeMap<JobId, Allocation>,
    ) -> Option<Allocation> {
        let request = trial.world.class(job).request;
        if let Some(old) = stopped.get(&job).and_then(|old| free_again(trial.world, job, old)) {
            return Some(old);
        }
        if let Some(place) = find_place(trial.world, &mut self.placer, job, &request) {
            return Some(place);
        }
        let running = running.get_or_insert_with(|| Victims::new(trial.world, &self.running));
        let free: u64 = trial.world.pools.iter().map(PoolState::free_gpus).sum();
        if free + running.gpus_behind(rank) < request.total_gpus() {
            return None;
        }
        let mut victims: Vec<(JobId, Allocation)> = Vec::new();
        let mut place = None;
        let begin = running.at;
        while place.is_none() {
            let Some(victim) = running.next(|victim| victim > rank) else { break };
            let Some(holder) = trial.world.holders.of(victim) else { continue };
            if holder.start.is_none_or(|start| self.stoppable_from(start) > trial.world.now) {
                continue;
            }
            // What it gave back would be withheld.
            if trial.world.touches_draining(&holder.held) {
                continue;
            }
            let held = holder.held.clone();
            trial.give(victim, &held);
            victims.push((victim, held));
            place = find_place(trial.world, &mut self.placer, job, &request);
        }
        let Some(mut place) = place else {
            victims.iter().for_each(|(victim, held)| trial.take_back(*victim, held));
            running.at = begin;
            return None;
        };
        // The last victim made the room; of the others, those are spared without whom there still is enough.
        let last = victims.pop();
        let mut spared = Vec::new();
        for (victim, held) in victims {
            trial.take_back(victim, &held);
            match find_place(trial.world, &mut self.placer, job, &request) {
                Some(still) => {
                    place = still;
                    spared.push((self.ranks[&victim], victim));
                }
                None => {
                    trial.give(victim, &held);
                    stopped.insert(victim, held);
                }
            }
        }
        stopped.extend(last);
        running.put_back(trial.world, spared);
        Some(place)
    }

    fn started(&mut self, world: &World<'_>, job: JobId) {
        let rank = self.ranks.get(&job).copied().unwrap_or_else(|| self.rank(world, job));
        self.ranks.insert(job, rank);
        if world.jobs.spec(job).preemptible != Some(false) {
            self.running.insert((rank, job));
        }
    }

    fn forget(&mut self, job: JobId) {
        if let Some(rank) = self.ranks.remove(&job) {
            self.running.remove(&(rank, job));
        }
    }
}

/// The place of a job that was stopped, if it is free. A MIG instance that was stopped may have made room for others that
/// do not fit beside it as the GPU was cut.
fn free_again(world: &World<'_>, job: JobId, old: &Allocation) -> Option<Allocation> {
    (!old.has_instances() && world.is_free(job, old)).then(|| old.clone())
}

fn any_free(world: &World<'_>) -> bool {
    world.most_free_gpus() > 0
}

/// The running jobs from the least urgent on.
struct Victims {
    /// With their GPUs and those of all before them.
    of: Vec<(Rank, JobId, u64)>,
    at: usize,
}

impl Victims {
    fn new(world: &World<'_>, running: &BTreeSet<(Rank, JobId)>) -> Self {
        let mut victims = Victims { of: Vec::with_capacity(running.len()), at: 0 };
        victims.put_back(world, running.iter().rev().copied().collect());
        victims
    }

    /// The next one, if it may be stopped.
    fn next(&mut self, may: impl Fn(Rank) -> bool) -> Option<JobId> {
        let &(_, job, _) = self.of.get(self.at).filter(|(rank, ..)| may(*rank))?;
        self.at += 1;
        Some(job)
    }

    /// GPUs of all that are left and less urgent than `rank`.
    fn gpus_behind(&self, rank: Rank) -> u64 {
        // Only what is left is in order: those that were put back stand behind others that were stopped.
        let end = self.at + self.of[self.at..].partition_point(|(victim, ..)| *victim > rank);
        let until = |at: usize| at.checked_sub(1).map_or(0, |last| self.of[last].2);
        until(end) - until(self.at)
    }

    /// Puts jobs, the least urgent first, before those that are left.
    fn put_back(&mut self, world: &World<'_>, jobs: Vec<(Rank, JobId)>) {
        if jobs.is_empty() {
            return;
        }
        let rest = self.of.split_off(self.at);
        let left = jobs.into_iter().chain(rest.into_iter().map(|(rank, job, _)| (rank, job)));
        let mut gpus = self.of.last().map_or(0, |&(.., gpus)| gpus);
        for (rank, job) in left {
            gpus += world.class(job).request.total_gpus();
            self.of.push((rank, job, gpus));
        }
    }
}

impl Scheduler for Preemptive {
    fn order(&self) -> Order {
        let key = match self.urgency {
            Urgency::Remaining => OrderKey::Estimate,
            Urgency::Priority => OrderKey::Priority,
        };
        Order { one_line: true, ..Order::by(key) }
    }

    fn held_back(&self) -> Option<HeldBack> {
        match self.blocking {
            Blocking::Head => Some(HeldBack::HeadOfLine),
            Blocking::Skip => None,
        }
    }

    fn submitted(&mut self, world: &World<'_>, job: JobId) {
        if self.urgency == Urgency::Remaining && world.done_before.contains_key(&job) {
            self.resumed.insert((world.remaining(job), job));
        }
    }

    fn moved(&mut self, world: &World<'_>, job: JobId) {
        let rank = self.rank(world, job);
        let Some(before) = self.ranks.insert(job, rank) else { return };
        if self.running.remove(&(before, job)) {
            self.running.insert((rank, job));
        }
    }

    fn ended(&mut self, _world: &World<'_>, holder: &Holder) {
        self.forget(holder.job);
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        if pass.waiting.is_empty() {
            return Ok(Verdict::default());
        }
        let plan = pass.imagine(|world| self.plan(world));
        for &job in &plan.stops {
            pass.preempt(job)?;
        }
        for (job, place) in plan.starts {
            self.resumed.remove(&(pass.remaining(job), job));
            pass.start(job, place)?;
            self.started(pass, job);
        }
        for job in plan.stops {
            if pass.stages[job.index()] == Stage::Waiting {
                self.forget(job);
            }
        }
        if self.min_runtime == Span::ZERO {
            return Ok(Verdict::default());
        }
        let now = pass.now;
        let soon = pass.holders.iter().filter_map(|h| Some(self.stoppable_from(h.start?))).filter(|&at| at > now);
        let wake = if pass.waiting.is_empty() { None } else { soon.min() };
        Ok(Verdict { wake, deadlocked: false })
    }
}
