//! Preemptive lists: jobs in order of urgency get GPUs greedily, and less urgent running jobs make room.
//!
//! A job that does not fit in what is free stops running jobs, the least urgent first, until it does; those without
//! whom it still fits are given back. Who is stopped waits again in its old place and may get another in the same pass;
//! where stops are ends it only may keep the very place that it had. Where stopped jobs have a time of grace, what they hold
//! counts as free for whoever comes first, and whoever gets a part of it starts when all of that is given back.

mod trial;
mod victims;

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
use trial::Trial;
use victims::Victims;

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
    /// Whether somebody has a place as soon as others, who have been told to go, are gone.
    reserves: bool,
}

/// What a pass comes to.
#[derive(Debug, Default)]
struct Plan {
    stops: Vec<JobId>,
    starts: Vec<(JobId, Allocation)>,
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
            reserves: false,
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
        // What leaving jobs hold is as good as free.
        let mut bound = self.bound(world).filter(|_| world.leaving.is_empty());
        let mut queue: BTreeSet<(Rank, JobId)> = self.waiting(world, bound).into_iter().collect();
        let mut running = None;
        let mut stopped: BTreeMap<JobId, Allocation> = BTreeMap::new();
        let mut plan = Plan::default();
        let mut trial = Trial::new(world);
        loop {
            // Nobody is stopped for one behind the bound, so there is no more to come than is free now.
            let behind = |&bound: &Rank| queue.first().is_none_or(|&(rank, _)| rank >= bound);
            if let Some(bound) = bound.take_if(|bound| behind(bound) && any_free(trial.world)) {
                queue.extend(self.waiting(trial.world, None).into_iter().filter(|&(rank, _)| rank >= bound));
            }
            let Some((rank, job)) = queue.pop_first() else { break };
            let before = stopped.len();
            let stays_or_goes = (trial.world.stops_are_ends || trial.world.has_grace) && stopped.contains_key(&job);
            let place = if stays_or_goes {
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
                None if self.blocking == Blocking::Head && !stays_or_goes => break,
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
        if trial.open_leaving()
            && let Some(place) = find_place(trial.world, &mut self.placer, job, &request)
        {
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
            Blocking::Skip => self.reserves.then_some(HeldBack::Reserved),
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
            if pass.has_grace {
                self.running.remove(&(self.ranks[&job], job));
            }
        }
        self.reserves = false;
        for (job, place) in plan.starts {
            if pass.has_grace && !pass.is_free(job, &place) {
                self.reserves = true;
                match self.blocking {
                    Blocking::Head => break,
                    Blocking::Skip => continue,
                }
            }
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
