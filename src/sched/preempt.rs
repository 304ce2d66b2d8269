//! Preemptive lists: jobs in order of urgency get GPUs greedily, and less urgent running jobs make room.
//!
//! A job that does not fit in what is free stops running jobs, the least urgent first, until it does; those without
//! whom it still fits are given back. Who is stopped waits again in its old place and may get another in the same pass.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::classes::LineId;
use super::list::{Blocking, find_place};
use super::order::{Key as OrderKey, Order};
use super::pass::{Fault, Pass};
use super::{HeldBack, Scheduler, Verdict, World};
use crate::cluster::{Allocation, Placer};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Remaining(Span),
    Priority(Reverse<i64>),
}

/// A preemptive list.
#[derive(Debug)]
pub struct Preemptive {
    urgency: Urgency,
    blocking: Blocking,
    min_runtime: Span,
    placer: Placer,
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
        Preemptive { urgency, blocking, min_runtime, placer }
    }

    fn rank(&self, world: &World<'_>, job: JobId) -> Rank {
        match self.urgency {
            Urgency::Remaining => Rank::Remaining(world.remaining(job)),
            Urgency::Priority => Rank::Priority(Reverse(world.jobs.spec(job).priority)),
        }
    }

    /// When a running job may be stopped.
    fn stoppable_from(&self, start: Time) -> Time {
        start.after(self.min_runtime)
    }

    /// Everybody who waits or runs, the most urgent first; ties by (submit, row).
    fn queue(&self, world: &World<'_>) -> Vec<(Rank, JobId)> {
        let running = world.holders.iter().map(|holder| holder.job);
        let mut queue: Vec<(Rank, JobId)> =
            world.waiting.line(LineId(0)).chain(running).map(|job| (self.rank(world, job), job)).collect();
        queue.sort_unstable();
        queue
    }

    fn plan(&mut self, world: &mut World<'_>) -> Plan {
        let queue = self.queue(world);
        let mut running: BTreeMap<(Rank, JobId), Allocation> = BTreeMap::new();
        for &(rank, job) in &queue {
            if let Some(holder) = world.holders.of(job) {
                let may = world.jobs.spec(job).preemptible != Some(false);
                if may && holder.start.is_some_and(|start| self.stoppable_from(start) <= world.now) {
                    running.insert((rank, job), holder.held.clone());
                }
            }
        }
        let mut stopped: BTreeMap<JobId, Allocation> = BTreeMap::new();
        let mut plan = Plan::default();
        let mut trial = Trial { world, log: Vec::new() };
        for &(rank, job) in &queue {
            let runs = trial.world.holders.of(job).is_some() && !stopped.contains_key(&job);
            running.remove(&(rank, job));
            if runs {
                continue;
            }
            match self.make_room(&mut trial, rank, job, &mut running, &mut stopped) {
                Some(place) if stopped.get(&job) == Some(&place) => {
                    stopped.remove(&job);
                    trial.take(job, &place);
                }
                Some(place) => {
                    trial.take(job, &place);
                    plan.starts.push((job, place));
                }
                None if self.blocking == Blocking::Head => break,
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
        running: &mut BTreeMap<(Rank, JobId), Allocation>,
        stopped: &mut BTreeMap<JobId, Allocation>,
    ) -> Option<Allocation> {
        let request = trial.world.class(job).request;
        if let Some(old) = stopped.get(&job).filter(|old| is_free(trial.world, job, old)) {
            return Some(old.clone());
        }
        if let Some(place) = find_place(trial.world, &mut self.placer, job, &request) {
            return Some(place);
        }
        let mut victims: Vec<((Rank, JobId), Allocation)> = Vec::new();
        let mut place = None;
        while place.is_none() {
            let Some((&key, _)) = running.last_key_value().filter(|((victim, _), _)| *victim > rank) else { break };
            let held = running.remove(&key)?;
            trial.give(key.1, &held);
            victims.push((key, held));
            place = find_place(trial.world, &mut self.placer, job, &request);
        }
        // The last victim made the room; of the others, those are spared without whom there still is enough.
        let sparing = if place.is_some() { victims.len() - 1 } else { victims.len() };
        for (at, (key, held)) in victims.into_iter().enumerate() {
            if at < sparing {
                trial.take(key.1, &held);
                let still =
                    if place.is_some() { find_place(trial.world, &mut self.placer, job, &request) } else { None };
                if place.is_none() || still.is_some() {
                    running.insert(key, held);
                    place = still;
                    continue;
                }
                trial.give(key.1, &held);
            }
            stopped.insert(key.1, held);
        }
        place
    }
}

/// Whether a job's old place is free.
fn is_free(world: &World<'_>, job: JobId, place: &Allocation) -> bool {
    let request = world.class(job).request;
    let pool = &world.pools[place.pool as usize];
    place.parts().iter().all(|part| pool.has(part.node as usize, &part.take(&request)))
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

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        if pass.waiting.is_empty() {
            return Ok(Verdict::default());
        }
        let plan = pass.imagine(|world| self.plan(world));
        for job in plan.stops {
            pass.preempt(job)?;
        }
        for (job, place) in plan.starts {
            pass.start(job, place)?;
        }
        let now = pass.now;
        let soon = pass.holders.iter().filter_map(|h| Some(self.stoppable_from(h.start?))).filter(|&at| at > now);
        let wake = if pass.waiting.is_empty() { None } else { soon.min() };
        Ok(Verdict { wake, deadlocked: false })
    }
}
