//! Jobs that are stopped, by failing nodes or for others, and wait again.

use rustc_hash::FxHashMap;

use super::Run;
use crate::engine::life::{Life, Notice, span_of, work};
use crate::engine::outages::{Change, Node, Standing};
use crate::engine::places::per_unit;
use crate::engine::posting::{Posting, Stretch};
use crate::engine::watch::Leaving;
use crate::ledger::Leaf;
use crate::physics::Preemption;
use crate::sched::{Holder, Stage};
use crate::trace::JobId;
use crate::units::Time;

/// Jobs that were stopped and wait again.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    /// What each has to do yet, in the unit of [`Life`].
    pub(super) left: FxHashMap<JobId, u128>,
    /// Since when each waits.
    pub(super) since: FxHashMap<JobId, Time>,
    /// Microseconds that jobs have waited after a stop until they ran again.
    pub(super) waited: u128,
}

impl Run<'_> {
    /// Nodes that come back and go down now; says whether any did.
    pub(super) fn apply_outages(&mut self) -> bool {
        let now = self.world.now;
        let mut changed = false;
        while let Some(change) = self.outages.pop(now) {
            if !self.rents.is_empty() {
                self.rents.set_service(change.node, self.outages.is_whole(change.node));
            }
            changed |= self.change_node(change);
        }
        changed |= self.book_drains();
        if changed {
            self.policy.capacity_changed();
        }
        changed
    }

    /// Takes a node down, lets it up or books it for another cause; says whether anything changed.
    pub(super) fn change_node(&mut self, Change { node, before, after }: Change) -> bool {
        let (gpus, now) = (self.gpus_of_node(node), self.world.now);
        if before == after {
            return false;
        }
        let is_down = |standing| matches!(standing, Standing::Down(_) | Standing::Absent);
        if before == Standing::Draining {
            self.world.reopen(node.0, node.1);
        }
        match (is_down(before), is_down(after)) {
            (false, true) => {
                let why = if after == Standing::Absent { Leaving::Reclaimed } else { Leaving::NodeFailed };
                self.empty_node(node, why(node.1));
                self.world.fail_node(node.0, node.1);
            }
            (true, false) => self.world.repair_node(node.0, node.1),
            _ => {}
        }
        if after == Standing::Draining {
            self.world.drain(node.0, node.1);
        }
        for (standing, gpus) in [(before, -gpus), (after, gpus)] {
            match standing {
                Standing::Down(leaf) => self.books.down(node.0, leaf, gpus, now),
                Standing::Absent => self.books.absent(node.0, gpus, now),
                Standing::Up | Standing::Draining => {}
            }
        }
        true
    }

    /// Books what draining nodes withhold as the maintenance that they wait for; says whether it is other than before.
    #[inline]
    pub(super) fn book_drains(&mut self) -> bool {
        (!self.world.draining.is_empty() || !self.drained.is_empty()) && self.book_withheld()
    }

    #[cold]
    fn book_withheld(&mut self) -> bool {
        let mut changed = false;
        self.drained.resize(self.world.pools.len(), 0);
        for (pool, booked) in self.drained.iter_mut().enumerate() {
            let withheld = self.world.withheld_gpus(pool as u16) as i64;
            let more = withheld - std::mem::replace(booked, withheld);
            if more != 0 {
                self.books.down(pool as u16, Leaf::Maintenance, more, self.world.now);
                changed = true;
            }
        }
        if self.world.draining.is_empty() {
            self.drained.clear();
        }
        changed
    }

    fn gpus_of_node(&self, (pool, _): Node) -> i64 {
        i64::from(self.setup.cluster.pools[pool as usize].gpus_per_node())
    }

    /// Stops every job that has a part on a node: whole gangs, back to their last checkpoints, but for those that may go on
    /// with the members that they have elsewhere.
    fn empty_node(&mut self, (pool, node): Node, why: Leaving) {
        for job in self.users((pool, node)) {
            if self.world.holders.of(job).is_some_and(|holder| self.world.may_shrink(holder, node)) {
                self.shrink(job, node);
                continue;
            }
            let Some(holder) = self.world.release(job) else { continue };
            self.leave_places(&holder);
            if holder.start.is_some() {
                self.requeue(&holder, false, why);
            } else {
                self.books.held(self.setup.jobs, job, pool, -i64::from(holder.units), self.world.now);
                self.policy.ended(&self.world, &holder);
            }
        }
    }

    /// The jobs that have a part on a node.
    fn users(&self, (pool, node): Node) -> Vec<JobId> {
        self.rents.users((pool, node)).unwrap_or_else(|| {
            let there =
                |holder: &&Holder| holder.held.pool == pool && holder.held.parts().iter().any(|part| part.node == node);
            let mut jobs: Vec<JobId> = self.world.holders.iter().filter(there).map(|holder| holder.job).collect();
            jobs.sort_unstable();
            jobs
        })
    }

    /// A running job goes on without what it has on a node, from its last checkpoint.
    fn shrink(&mut self, job: JobId, node: u32) {
        let now = self.world.now;
        let Some(before) = self.world.shrink(job, node) else { return };
        let Some(holder) = self.world.holders.of(job) else { return };
        if let Some(places) = &mut self.places {
            places.left_node(&before, node, per_unit(&self.world, &before), now);
        }
        if !self.rents.is_empty() {
            self.rents.left_node(&before, node, now);
        }
        self.fates.resized(job, holder.held.node_count());
        let pool = before.held.pool;
        let others = [self.intakes.leave(&before), self.intakes.enter(holder)];
        let (crew, plan, cold) = (self.crew(job, holder.units), self.plan_of(holder), self.intakes.cold_epoch(holder));
        let gone = i64::from(before.units - holder.units);
        let booked = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
        self.post(job, pool, -gone, booked);
        for stretch in self.lives.shrink(job, now, crew, plan) {
            self.books.lost(self.setup.jobs, job, pool, &stretch, now);
        }
        if let Some(work) = cold {
            self.lives.change(job, now, |life, _| life.begin_epoch(work));
        }
        self.rebook(job);
        others.into_iter().for_each(|others| self.refresh(others));
        let beside = self.neighbours.go(job);
        self.set_pace(&beside);
        self.join(job);
        self.settle_touched();
        self.tell_left(&before, Leaving::LostNode(node));
        self.tell_placed(job);
        self.policy.shrunk(&self.world, job);
    }

    /// A running job that has been released, outside of a pass, waits again, with its progress or back at its last checkpoint.
    fn requeue(&mut self, holder: &Holder, keeps_progress: bool, why: Leaving) {
        self.stop(holder, keeps_progress);
        self.settle_touched();
        self.tell_left(holder, why);
        self.world.submit(holder.job);
        self.policy.ended(&self.world, holder);
        self.policy.submitted(&self.world, holder.job);
    }

    /// A running job has failed by itself and is tried again.
    pub(super) fn retry(&mut self, job: JobId) {
        let Some(holder) = self.world.release(job) else { return };
        self.leave_places(&holder);
        self.requeue(&holder, false, Leaving::Failed);
    }

    /// A running job is told to make room for another.
    pub(super) fn give_notice(&mut self, job: JobId) {
        let Some(grace) = self.setup.options.physics.grace else { return };
        let now = self.world.now;
        let until = grace.time.map_or(Time::MAX, |time| now.after(time));
        let notice = Notice { until, saves: grace.checkpoint };
        self.lives.change(job, now, |life, moment| life.give_notice(moment, notice));
        self.rebook(job);
    }

    /// A running job that was told to go goes.
    pub(super) fn depart(&mut self, job: JobId) {
        let Some(holder) = self.world.release(job) else { return };
        self.leave_places(&holder);
        match self.setup.options.physics.preemption {
            Preemption::Suspend => self.requeue(&holder, true, Leaving::Preempted),
            Preemption::Requeue => self.requeue(&holder, false, Leaving::Preempted),
            Preemption::Cancel => {
                self.world.stages[job.index()] = Stage::Cancelled;
                self.cancel(&holder);
                self.settle_touched();
            }
        }
    }

    /// A running job that has been released stops, with its progress or back at its last checkpoint, and waits again.
    pub(super) fn stop(&mut self, holder: &Holder, keeps_progress: bool) {
        let (job, now) = (holder.job, self.world.now);
        let left = self.halt(holder, keeps_progress);
        let all = self.world.class(job).request.units;
        let done = work(all, self.setup.jobs.duration(job)).saturating_sub(left);
        self.world.done_before.insert(job, span_of(done, all));
        self.stopped.left.insert(job, left);
        self.stopped.since.insert(job, now);
        self.books.requeued(now);
        self.fates.stopped(job);
        if !self.rents.is_empty() {
            self.rents.waits(&self.world, job);
        }
    }

    /// A running job that has been released ends for good, back at its last checkpoint.
    pub(super) fn cancel(&mut self, holder: &Holder) {
        let now = self.world.now;
        self.halt(holder, false);
        self.books.ended();
        self.fates.ended(holder.job, now);
        self.tell_left(holder, Leaving::Cancelled);
        self.policy.ended(&self.world, holder);
        self.last_end = self.last_end.max(now);
        self.open -= 1;
    }

    /// Books that a running job goes on no longer, with its progress or back at its last checkpoint: what is left.
    fn halt(&mut self, holder: &Holder, keeps_progress: bool) -> u128 {
        let (job, jobs, now) = (holder.job, self.setup.jobs, self.world.now);
        let (pool, all) = (holder.held.pool, self.world.class(job).request.units);
        let booked = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
        self.post(job, pool, -i64::from(holder.units), booked);
        let mut removed = self.lives.remove(job, now);
        if let Some((life, moment)) = &mut removed {
            self.fates.stalled(job, &life.stalls(*moment));
        }
        let (left, lost) = match removed {
            Some((life, moment)) if keeps_progress => (life.suspend(moment), Vec::new()),
            Some((life, moment)) => life.fall_back(moment),
            None => {
                self.lives.stop_plain(job);
                let from = holder.start.unwrap_or(now);
                let whole = work(all, jobs.duration(job));
                if keeps_progress {
                    (whole.saturating_sub(work(all, now.since(from))), Vec::new())
                } else {
                    (whole, vec![Stretch::plain(from, now, holder.units)])
                }
            }
        };
        let others = self.intakes.leave(holder);
        self.refresh(others);
        for stretch in &lost {
            self.books.lost(jobs, job, pool, stretch, now);
        }
        let beside = self.neighbours.go(job);
        self.set_pace(&beside);
        left
    }
}
