//! The life of one job, as a watcher of the run sees it.

use std::collections::BTreeMap;

use super::reason::Reason;
use crate::engine::posting::Posting;
use crate::engine::{Leaving, Outlook, View, Watch};
use crate::sched::{Holder, Stage, World};
use crate::trace::JobId;
use crate::units::Time;

/// How many holders a [`Blocked`] names.
const MOST_HOLDERS: usize = 5;

/// A time in which a job waited for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Since when.
    pub from: Time,
    /// Until when; `None`: until the run ended.
    pub to: Option<Time>,
    /// What stopped it.
    pub reason: Reason,
    /// How things stood when this began.
    pub scene: Scene,
}

/// How things stood around a waiting job at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The first job of its line, where that is another one.
    pub head: Option<JobId>,
    /// When the head starts at the latest, by its reservation.
    pub head_promised: Option<Time>,
    /// When the job itself does.
    pub promised: Option<Time>,
    /// The part of it that has a place already, in GPUs.
    pub held_gpus: u64,
    /// Free GPUs of the pools that it may use.
    pub free_gpus: u64,
    /// GPUs of these pools on nodes that are down.
    pub down_gpus: u64,
    /// GPUs of these pools that are not rented.
    pub absent_gpus: u64,
    /// What it had to expect of those of them that are rented, by number, the nearest first.
    pub outlooks: Vec<(u16, Outlook)>,
    /// How many jobs hold GPUs of these pools.
    pub holders: u64,
    /// Those that hold the most, with their GPUs; ties by (submit, row).
    pub largest: Vec<(JobId, u64)>,
    /// The tenants that hold the most, with their jobs and GPUs; ties by name.
    pub tenants: Vec<(String, u64, u64)>,
}

/// Why a stay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// It goes on with more units.
    Grew,
    /// For good, or to wait again.
    Left(Leaving),
}

/// A time in which a job ran in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Since when.
    pub from: Time,
    /// Until when, and why not longer; `None`: it was there when the run ended.
    pub to: Option<(Time, Departure)>,
    /// The pool's number.
    pub pool: u16,
    /// The nodes and the GPUs on each, by node.
    pub nodes: BTreeMap<u32, u64>,
    /// Who took its place, where it was stopped for others.
    pub stopped_for: Vec<JobId>,
    /// What it did, each from an instant on.
    pub phases: Vec<(Time, Posting)>,
}

/// Everything that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The job.
    pub job: JobId,
    /// Times in which it waited, in order, without gaps from its submission to its first start.
    pub waits: Vec<Blocked>,
    /// Times in which it ran, in order.
    pub stays: Vec<Stay>,
    /// Jobs submitted after it that started before it did, and their GPUs, in the pools that it may use.
    pub passed_by: (u64, u64),
}

impl Story {
    /// A story that has not begun.
    #[must_use]
    pub fn of(job: JobId) -> Self {
        Story { job, waits: Vec::new(), stays: Vec::new(), passed_by: (0, 0) }
    }

    /// The time of waiting that an instant lies in, if it waited then.
    #[must_use]
    pub fn wait_at(&self, at: Time) -> Option<&Blocked> {
        self.waits.iter().find(|wait| wait.from <= at && wait.to.is_none_or(|to| at < to))
    }

    fn open_wait(&mut self) -> Option<&mut Blocked> {
        self.waits.last_mut().filter(|wait| wait.to.is_none())
    }

    fn open_stay(&mut self) -> Option<&mut Stay> {
        self.stays.last_mut().filter(|stay| stay.to.is_none())
    }

    fn waits_on(&mut self, view: &View<'_, '_>) {
        let (now, reason) = (view.world.now, Reason::of(view, self.job));
        if self.open_wait().is_some_and(|wait| wait.reason == reason) {
            return;
        }
        if let Some(wait) = self.open_wait() {
            wait.to = Some(now);
        }
        let scene = Scene::of(view, self.job);
        self.waits.push(Blocked { from: now, to: None, reason, scene });
    }

    fn runs_on(&mut self, view: &View<'_, '_>) {
        let (now, posting) = (view.world.now, view.posting(self.job));
        if let (Some(stay), Some(posting)) = (self.open_stay(), posting)
            && stay.phases.last().is_none_or(|(_, last)| *last != posting)
        {
            stay.phases.push((now, posting));
        }
    }

    /// Another job starts: perhaps it passes this one by.
    fn see_start(&mut self, world: &World<'_>, holder: &Holder) {
        let first = self.stays.is_empty() && !self.waits.is_empty() && holder.job > self.job;
        if first && holder.start == Some(world.now) && world.class(self.job).pools.contains(&holder.held.pool) {
            self.passed_by.0 += 1;
            self.passed_by.1 += u64::from(holder.units) * u64::from(world.class(holder.job).request.gpus);
        }
    }

    /// Finds who took the place of a job that was stopped at this instant.
    fn find_stoppers(&mut self, world: &World<'_>) {
        let now = world.now;
        let Some(stay) = self.stays.iter_mut().rev().find(|stay| stay.to.is_some()) else { return };
        let stopped = [Leaving::Preempted, Leaving::Cancelled].map(|why| Some((now, Departure::Left(why))));
        if !stopped.contains(&stay.to) || !stay.stopped_for.is_empty() {
            return;
        }
        let takes = |holder: &&Holder| {
            holder.start == Some(now)
                && holder.job != self.job
                && holder.held.pool == stay.pool
                && holder.held.parts().iter().any(|part| stay.nodes.contains_key(&part.node))
        };
        let mut stoppers: Vec<JobId> = world.holders.iter().filter(takes).map(|holder| holder.job).collect();
        stoppers.sort_unstable();
        stay.stopped_for = stoppers;
    }
}

impl Watch for Story {
    fn placed(&mut self, world: &World<'_>, holder: &Holder) {
        if holder.job != self.job {
            self.see_start(world, holder);
            return;
        }
        if let Some(wait) = self.open_wait() {
            wait.to = Some(world.now);
        }
        if let Some(stay) = self.open_stay() {
            stay.to = Some((world.now, Departure::Grew));
        }
        self.stays.retain(|stay| stay.to != Some((stay.from, Departure::Grew)));
        let gpus = u64::from(world.class(self.job).request.gpus);
        let mut nodes = BTreeMap::new();
        for part in holder.held.parts() {
            *nodes.entry(part.node).or_insert(0) += u64::from(part.units) * gpus;
        }
        let (from, pool) = (world.now, holder.held.pool);
        self.stays.push(Stay { from, to: None, pool, nodes, stopped_for: Vec::new(), phases: Vec::new() });
    }

    fn left(&mut self, world: &World<'_>, holder: &Holder, why: Leaving) {
        if holder.job == self.job
            && let Some(stay) = self.open_stay()
        {
            stay.to = Some((world.now, Departure::Left(why)));
        }
    }

    fn settled(&mut self, view: &View<'_, '_>) {
        match view.world.stages[self.job.index()] {
            Stage::Waiting => self.waits_on(view),
            Stage::Running => self.runs_on(view),
            Stage::Cancelled => {}
            Stage::Future | Stage::Finished | Stage::Killed | Stage::Failed | Stage::Rejected => return,
        }
        self.find_stoppers(view.world);
    }
}

impl Scene {
    fn of(view: &View<'_, '_>, job: JobId) -> Self {
        let world = view.world;
        let pools = &world.class(job).pools;
        let shape = world.classes.shape_id(world.jobs, job);
        let head = world.waiting.head(world.waiting.line_of(shape)).filter(|&head| head != job);
        let gpus_of = |holder: &Holder| u64::from(holder.units) * u64::from(world.class(holder.job).request.gpus);
        let mut largest: Vec<(JobId, u64)> = Vec::new();
        let mut tenants: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for holder in world.holders.iter().filter(|h| h.job != job && pools.contains(&h.held.pool)) {
            let gpus = gpus_of(holder);
            if gpus > 0 {
                largest.push((holder.job, gpus));
                let (jobs, sum) = tenants.entry(&world.jobs.spec(holder.job).tenant).or_default();
                *jobs += 1;
                *sum += gpus;
            }
        }
        let holders = largest.len() as u64;
        largest.sort_unstable_by_key(|&(job, gpus)| (std::cmp::Reverse(gpus), job));
        largest.truncate(MOST_HOLDERS);
        let mut tenants: Vec<(String, u64, u64)> =
            tenants.into_iter().map(|(name, (jobs, gpus))| (name.to_owned(), jobs, gpus)).collect();
        tenants.sort_by_key(|&(_, _, gpus)| std::cmp::Reverse(gpus));
        tenants.truncate(MOST_HOLDERS);
        let all = |pool: &u16| world.spec.pools[*pool as usize].gpu_count();
        let down = |pool: &u16| all(pool) - world.gpus_in_service(*pool) - view.absent_gpus(*pool);
        Scene {
            head,
            head_promised: head.and_then(|head| view.policy.promised(head)),
            promised: view.policy.promised(job),
            held_gpus: world.holders.of(job).map_or(0, gpus_of),
            free_gpus: pools.iter().map(|&pool| world.pools[pool as usize].free_gpus()).sum(),
            down_gpus: pools.iter().map(down).sum(),
            absent_gpus: pools.iter().map(|pool| view.absent_gpus(*pool)).sum(),
            outlooks: view.outlooks(job),
            holders,
            largest,
            tenants,
        }
    }
}
