//! The running jobs by their next event: most only end; some have a [`Life`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::life::{Crew, Life, Moment, Turn};
use super::posting::{Posting, Stretch};
use super::sharing::Sharing;
use crate::physics::{Plan, Speed, Stalls};
use crate::trace::JobId;
use crate::units::Time;

/// The number of the only event of a job without a life.
const PLAIN: u32 = 0;

/// The lesser of those that are there: a few instructions where an iterator takes dozens, at every instant.
pub fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The next events of running jobs, earliest first, by job where they tie.
#[derive(Debug, Default)]
pub struct Lives {
    heap: BinaryHeap<Reverse<(Time, JobId, u32)>>,
    lives: FxHashMap<JobId, Life>,
    /// Jobs without a life that were stopped before their end; they have one if they run again.
    stopped: FxHashSet<JobId>,
    events: u32,
    /// The clocks of those that share bandwidth.
    sharing: Sharing,
}

impl Lives {
    /// Nobody runs; those that will share this.
    #[must_use]
    pub fn new(sharing: Sharing) -> Self {
        Lives { sharing, ..Lives::default() }
    }

    /// The bandwidth that jobs share.
    #[must_use]
    pub fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    fn moment(&self, job: JobId, at: Time) -> Moment {
        Moment { at, tick: self.sharing.tick(job, at) }
    }

    /// A job ends at `end`, come what may.
    pub fn add_plain(&mut self, job: JobId, end: Time) {
        self.heap.push(Reverse((end, job, PLAIN)));
    }

    /// A job that was stopped before its plain end: the end does not count any more.
    pub fn stop_plain(&mut self, job: JobId) {
        self.stopped.insert(job);
    }

    /// A job has a life from `now` on.
    pub fn add(&mut self, job: JobId, life: Life, now: Time) {
        self.lives.insert(job, life);
        self.schedule(job, now);
        self.rebook(job);
    }

    /// The life of a job, if it has one.
    #[must_use]
    pub fn of(&self, job: JobId) -> Option<&Life> {
        self.lives.get(&job)
    }

    /// Changes a life at `now`.
    pub fn change(&mut self, job: JobId, now: Time, change: impl FnOnce(&mut Life, Moment)) {
        let moment = self.moment(job, now);
        if let Some(life) = self.lives.get_mut(&job) {
            change(life, moment);
            self.schedule(job, now);
        }
    }

    /// A job has lost units at `now`, see [`Life::shrink`].
    pub fn shrink(&mut self, job: JobId, now: Time, crew: Crew, plan: Plan) -> Vec<Stretch> {
        let mut lost = Vec::new();
        self.change(job, now, |life, moment| lost = life.shrink(moment, crew, plan));
        lost
    }

    /// How long a job has waited for data up to `now`, if it has a life.
    pub fn stalls(&mut self, job: JobId, now: Time) -> Option<Stalls> {
        let moment = self.moment(job, now);
        self.lives.get_mut(&job).map(|life| life.stalls(moment))
    }

    /// The neighbours of a job leave it so much of its speed from `now` on.
    pub fn set_beside(&mut self, job: JobId, now: Time, beside: Speed) {
        if self.lives.get(&job).is_some_and(|life| life.beside() != beside) {
            self.change(job, now, |life, moment| life.set_beside(moment, beside));
        }
    }

    /// The bookings of a job before and after, where it must be booked otherwise now.
    pub fn rebook(&mut self, job: JobId) -> Option<(Posting, Posting)> {
        self.lives.get_mut(&job)?.rebook()
    }

    /// Ends a life at `now`, up to where nothing is counted yet.
    pub fn remove(&mut self, job: JobId, now: Time) -> Option<(Life, Moment)> {
        let life = self.lives.remove(&job)?;
        let moment = self.moment(job, now);
        self.sharing.set(job, None, now);
        Some((life, moment))
    }

    fn schedule(&mut self, job: JobId, now: Time) {
        let Some(life) = self.lives.get_mut(&job) else { return };
        if self.sharing.set(job, life.draw(), now) {
            life.feed(self.sharing.slot(job).zip(self.sharing.tick(job, now)));
        }
        let next = life.next();
        if let Some(mark) = next.mark {
            self.sharing.aim(job, mark);
        }
        self.events = self.events.checked_add(1).expect("a run has fewer than 2^32 events of lives");
        life.event = self.events;
        if next.at < Time::MAX {
            self.heap.push(Reverse((next.at, job, life.event)));
        }
    }

    /// Whether an event of the queue still counts.
    fn counts(&self, job: JobId, event: u32) -> bool {
        if event == PLAIN {
            self.stopped.is_empty() || !self.stopped.contains(&job)
        } else {
            self.lives.get(&job).is_some_and(|life| life.event == event)
        }
    }

    /// When the next event is.
    #[must_use]
    pub fn next(&mut self) -> Option<Time> {
        let queued = self.next_queued().map(|(at, _)| at);
        earliest(queued, self.sharing.next())
    }

    /// The first event of the queue that counts.
    fn next_queued(&mut self) -> Option<(Time, JobId)> {
        while let Some(&Reverse((at, job, event))) = self.heap.peek() {
            if self.counts(job, event) {
                return Some((at, job));
            }
            self.heap.pop();
        }
        None
    }

    /// The next event at `now`, if any: the job, and what it came to where the job has a life.
    pub fn pop_at(&mut self, now: Time) -> Option<(JobId, Option<Turn>)> {
        let queued = self.next_queued().filter(|&(at, _)| at == now).map(|(_, job)| job);
        let shared = self.sharing.due(now);
        let job = earliest(queued, shared)?;
        if queued == Some(job)
            && let Some(Reverse((.., PLAIN))) = self.heap.pop()
        {
            return Some((job, None));
        }
        let moment = self.moment(job, now);
        let turn = self.lives.get_mut(&job).map(|life| life.turn(moment));
        if matches!(turn, Some(Turn::Changed | Turn::EpochEnded)) {
            self.schedule(job, now);
        }
        Some((job, turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    #[test]
    fn ties_leave_in_the_order_of_jobs_and_stopped_jobs_not_at_all() {
        let mut lives = Lives::default();
        for job in [3, 1, 2] {
            lives.add_plain(JobId(job), at(5));
        }
        lives.stop_plain(JobId(2));
        let order: Vec<u32> = std::iter::from_fn(|| lives.pop_at(at(5))).map(|(j, _)| j.0).collect();
        assert_eq!(order, [1, 3]);
        assert_eq!(lives.next(), None);
    }
}
