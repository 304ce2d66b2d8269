//! The state of a run as schedulers see it: the clock, the free GPUs, who waits, who runs.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::classes::{Class, Classes, Elasticity, least_units};
use super::waiting::Waiting;
use crate::cluster::share::Taker;
use crate::cluster::{Allocation, ClusterSpec, PoolState, Take};
use crate::trace::{JobId, JobTable};
use crate::units::{Span, Time};

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not submitted yet.
    Future,
    /// In its line, perhaps holding a part of what it needs.
    Waiting,
    /// Started.
    Running,
    /// Ended by itself.
    Finished,
    /// Ended at its walltime.
    Killed,
    /// Ended for good when it was stopped for another.
    Cancelled,
    /// Ended when it failed by itself.
    Failed,
    /// Can never run.
    Rejected,
}

/// How run times and their estimates follow from the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTimes {
    /// Whether a job is killed at its walltime.
    pub enforce_walltime: bool,
    /// The estimate is the walltime times so many millionths: an integer, since the product is a sort key and the end of
    /// every reservation.
    pub estimate_ppm: u32,
}

/// Millionths in a whole.
pub const PPM: u32 = 1_000_000;

impl RunTimes {
    /// The run-time estimate of a job: its walltime times the factor, halves rounded up to the microsecond, or its duration
    /// where it has none.
    #[must_use]
    pub fn estimate(&self, jobs: &JobTable, job: JobId) -> Span {
        match jobs.walltime(job) {
            None => jobs.duration(job),
            Some(walltime) if self.estimate_ppm == PPM => walltime,
            Some(walltime) => {
                let product = u128::from(walltime.micros()) * u128::from(self.estimate_ppm);
                let rounded = (product + u128::from(PPM / 2)) / u128::from(PPM);
                Span::from_micros(u64::try_from(rounded).unwrap_or(u64::MAX))
            }
        }
    }
}

/// A job that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The job.
    pub job: JobId,
    /// What it holds.
    pub held: Allocation,
    /// How many of its units have a place.
    pub units: u32,
    /// When it started; `None`: it holds a part and waits for the rest.
    pub start: Option<Time>,
}

/// The jobs that hold something, in slots that are used again.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    slots: Vec<Option<Holder>>,
    open: Vec<u32>,
    slot_of: Vec<u32>,
}

/// No slot.
const NOWHERE: u32 = u32::MAX;

impl Holders {
    /// Nobody of `jobs` jobs holds anything.
    #[must_use]
    pub fn new(jobs: usize) -> Self {
        Holders { slots: Vec::new(), open: Vec::new(), slot_of: vec![NOWHERE; jobs] }
    }

    /// What a job holds.
    #[must_use]
    pub fn of(&self, job: JobId) -> Option<&Holder> {
        match self.slot_of[job.index()] {
            NOWHERE => None,
            slot => self.slots[slot as usize].as_ref(),
        }
    }

    /// What a job holds, to be changed.
    pub(super) fn of_mut(&mut self, job: JobId) -> Option<&mut Holder> {
        match self.slot_of[job.index()] {
            NOWHERE => None,
            slot => self.slots[slot as usize].as_mut(),
        }
    }

    pub(super) fn add(&mut self, holder: Holder) {
        let job = holder.job.index();
        let slot = match self.open.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(holder);
                slot
            }
            None => {
                self.slots.push(Some(holder));
                self.slots.len() as u32 - 1
            }
        };
        self.slot_of[job] = slot;
    }

    /// Takes a job out.
    fn remove(&mut self, job: JobId) -> Option<Holder> {
        let slot = std::mem::replace(&mut self.slot_of[job.index()], NOWHERE);
        if slot == NOWHERE {
            return None;
        }
        self.open.push(slot);
        self.slots[slot as usize].take()
    }

    /// How many jobs hold something.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.open.len()
    }

    /// Whether nobody holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everybody who holds something, in no order that has a meaning but always the same.
    pub fn iter(&self) -> impl Iterator<Item = &Holder> {
        self.slots.iter().flatten()
    }
}

/// Everything that a scheduler may look at.
#[derive(Debug, Clone)]
pub struct World<'a> {
    /// The present instant.
    pub now: Time,
    /// All jobs of the run.
    pub jobs: &'a JobTable,
    /// The hardware.
    pub spec: &'a ClusterSpec,
    /// Their kinds.
    pub classes: &'a Classes,
    /// Free GPUs, cores and memory, by pool.
    pub pools: Vec<PoolState>,
    /// Who waits.
    pub waiting: Waiting,
    /// Who holds what.
    pub holders: Holders,
    /// How run times are estimated.
    pub times: RunTimes,
    /// Which jobs may start with less than they ask for.
    pub elasticity: Elasticity,
    /// Where each job is in its life.
    pub stages: Vec<Stage>,
    /// Nodes that are down, by pool, with all that they have.
    pub down: BTreeMap<(u16, u32), Take>,
    /// Nodes that take no new jobs, by pool, with what is withheld of them: all that nobody holds.
    pub draining: BTreeMap<(u16, u32), Take>,
    /// Ideal run time that stopped jobs have done in earlier runs, and keep.
    pub done_before: FxHashMap<JobId, Span>,
    /// Whether a job that is stopped for another has ended: it waits no more.
    pub stops_are_ends: bool,
    /// Whether such a job keeps what it holds for a while.
    pub has_grace: bool,
    /// Running jobs that have been told to make room for others.
    pub leaving: BTreeSet<JobId>,
}

impl<'a> World<'a> {
    /// The job's class.
    #[must_use]
    #[inline]
    pub fn class(&self, job: JobId) -> &'a Class {
        self.classes.class(self.jobs, job)
    }

    /// The job's run-time estimate.
    #[must_use]
    pub fn estimate(&self, job: JobId) -> Span {
        self.times.estimate(self.jobs, job)
    }

    /// When a job would end by its estimate if it started now.
    #[must_use]
    pub fn expected_end(&self, job: JobId) -> Time {
        self.now.after(self.estimate(job))
    }

    /// The fewest units with which the job starts.
    #[must_use]
    pub fn least_units(&self, job: JobId) -> u32 {
        least_units(self.jobs.spec(job), &self.class(job).request, self.elasticity)
    }

    /// How many of the job's units have no place.
    #[must_use]
    pub fn missing_units(&self, job: JobId) -> u32 {
        self.class(job).request.units - self.holders.of(job).map_or(0, |h| h.units)
    }

    /// The most GPUs that are free in any one pool, or shared and perhaps with room for more.
    #[must_use]
    pub fn most_free_gpus(&self) -> u64 {
        self.pools.iter().map(|pool| pool.free_gpus() + pool.shared_gpus()).max().unwrap_or(0)
    }

    /// Whether all of a place is free now, for what the job asks for.
    #[must_use]
    pub fn is_free(&self, job: JobId, place: &Allocation) -> bool {
        let request = self.class(job).request;
        self.pools[place.pool as usize].has_place(place, &request)
    }

    /// Gives an allocation's resources back.
    pub fn give(&mut self, job: JobId, held: &Allocation) {
        let request = self.class(job).request;
        let drains = self.touches_draining(held);
        if drains {
            self.hand_out(held);
        }
        let pool = &mut self.pools[held.pool as usize];
        for part in held.parts() {
            pool.give_part(part, &request);
        }
        if drains {
            self.withhold_again(held);
        }
    }

    /// Takes an allocation's resources.
    pub fn take(&mut self, job: JobId, held: &Allocation) {
        self.take_as(job, held, Taker::Anybody);
    }

    /// Gives a running job back what it really has, in a look at the world in another state.
    pub fn take_back(&mut self, job: JobId, held: &Allocation) {
        self.take_as(job, held, Taker::Owner);
    }

    fn take_as(&mut self, job: JobId, held: &Allocation, taker: Taker) {
        let request = self.class(job).request;
        let drains = self.touches_draining(held);
        if drains {
            self.hand_out(held);
        }
        let pool = &mut self.pools[held.pool as usize];
        for part in held.parts() {
            pool.take_part(part, &request, taker);
        }
        if drains {
            self.withhold_again(held);
        }
    }

    /// Ends a job: its resources are free again.
    pub fn end(&mut self, job: JobId, stage: Stage) -> Option<Holder> {
        let holder = self.release(job)?;
        self.stages[job.index()] = stage;
        Some(holder)
    }

    /// Takes from a job all that it holds.
    pub fn release(&mut self, job: JobId) -> Option<Holder> {
        let holder = self.holders.remove(job)?;
        self.leaving.remove(&job);
        self.give(job, &holder.held);
        Some(holder)
    }

    /// Whether a running job may go on without all that it has on a node: with as many members as it starts with, where
    /// progress follows them.
    #[must_use]
    pub fn may_shrink(&self, holder: &Holder, node: u32) -> bool {
        let there: u32 = holder.held.parts().iter().filter(|part| part.node == node).map(|part| part.units).sum();
        let kept = holder.units - there;
        self.elasticity == Elasticity::Proportional
            && holder.start.is_some()
            && kept > 0
            && kept >= self.least_units(holder.job)
    }

    /// Takes from a job all that it holds on a node, but not all that it holds: what it held before.
    pub fn shrink(&mut self, job: JobId, node: u32) -> Option<Holder> {
        let holder = self.holders.of_mut(job)?;
        let (kept, gone) = holder.held.without(node)?;
        let before = holder.clone();
        holder.units -= gone.units();
        holder.held = kept;
        self.give(job, &gone);
        Some(before)
    }

    /// A node fails: nobody may hold anything of it any more.
    ///
    /// # Panics
    /// When somebody does, or the node is down already.
    pub fn fail_node(&mut self, pool: u16, node: u32) {
        let state = &mut self.pools[pool as usize];
        let all = state.node_resources(node as usize);
        assert_eq!(all.gpus, state.shape().gpus, "a node is emptied before it goes down");
        state.take(node as usize, &all);
        state.close(node);
        assert!(self.down.insert((pool, node), all).is_none(), "a node goes down once");
    }

    /// A failed node is back.
    ///
    /// # Panics
    /// When it is not down.
    pub fn repair_node(&mut self, pool: u16, node: u32) {
        let all = self.down.remove(&(pool, node)).expect("only a node that is down is repaired");
        let state = &mut self.pools[pool as usize];
        state.give(node as usize, &all);
        state.open(node);
    }

    /// GPUs of a pool that jobs hold or may get: those that are neither down nor withheld.
    #[must_use]
    pub fn gpus_in_service(&self, pool: u16) -> u64 {
        let down = self.down.range((pool, 0)..=(pool, u32::MAX)).map(|(_, take)| u64::from(take.gpus));
        self.spec.pools[pool as usize].gpu_count() - down.sum::<u64>() - self.withheld_gpus(pool)
    }

    /// The estimated run time that a job has yet: its estimate, less what it has done.
    #[must_use]
    pub fn remaining(&self, job: JobId) -> Span {
        let running = self.holders.of(job).and_then(|holder| holder.start);
        let ran = running.map_or(Span::ZERO, |start| self.now.since(start));
        let before = self.done_before.get(&job).copied().unwrap_or_default();
        Span::from_micros(self.estimate(job).micros().saturating_sub(before.micros()).saturating_sub(ran.micros()))
    }

    /// Lets a job wait in its line.
    pub fn submit(&mut self, job: JobId) {
        let value = match self.elasticity {
            Elasticity::Rigid => self.estimate(job).micros(),
            _ => u64::from(self.least_units(job)),
        };
        self.waiting.insert(job, self.classes.shape_id(self.jobs, job), value);
        self.stages[job.index()] = Stage::Waiting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::JobSpec;
    use crate::trace::table::JobTimes;

    /// Exact beyond the 53 bits of a float, and a half goes up.
    #[test]
    fn estimates_are_exact() {
        let estimate = |walltime: u64, estimate_ppm: u32| {
            let mut jobs = JobTable::default();
            let spec = jobs.add_spec(JobSpec::default());
            let walltime = Some(Span::from_micros(walltime));
            let times = JobTimes {
                submit: Time::ZERO,
                duration: Span::ZERO,
                walltime,
                recorded_start: None,
                recorded_end: None,
            };
            jobs.push(b"a", times, spec);
            let times = RunTimes { enforce_walltime: false, estimate_ppm };
            times.estimate(&jobs, jobs.ids().next().expect("one job")).micros()
        };
        const MOST: u64 = 1 << 53;
        for (walltime, ppm, expected) in [
            (7, PPM, 7),
            (7, PPM / 2, 4),
            (5, 1_100_000, 6),
            (499, 1_000, 0),
            (500, 1_000, 1),
            (3_600_000_000, 1_500_000, 5_400_000_000),
            (MOST - 1, 3_000_000, 3 * (MOST - 1)),
            (MOST - 1, 1_000 * PPM, 1_000 * (MOST - 1)),
        ] {
            assert_eq!(estimate(walltime, ppm), expected, "{walltime} us x {ppm} ppm");
        }
    }
}
