//! The running jobs by their next event: most only end; some have a [`Life`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::life::{Life, Posting, Turn};
use crate::physics::Speed;
use crate::trace::JobId;
use crate::units::Time;

/// The number of the only event of a job without a life.
const PLAIN: u32 = 0;

/// The next events of running jobs, earliest first, by job where they tie.
#[derive(Debug, Default)]
pub struct Lives {
    heap: BinaryHeap<Reverse<(Time, JobId, u32)>>,
    lives: FxHashMap<JobId, Life>,
    /// Jobs without a life that were stopped before their end; they have one if they run again.
    stopped: FxHashSet<JobId>,
    events: u32,
}

impl Lives {
    /// A job ends at `end`, come what may.
    pub fn add_plain(&mut self, job: JobId, end: Time) {
        self.heap.push(Reverse((end, job, PLAIN)));
    }

    /// A job that was stopped before its plain end: the end does not count any more.
    pub fn stop_plain(&mut self, job: JobId) {
        self.stopped.insert(job);
    }

    /// A job has a life.
    pub fn add(&mut self, job: JobId, life: Life) {
        self.lives.insert(job, life);
        self.schedule(job);
    }

    /// The life of a job, if it has one.
    #[must_use]
    pub fn of(&self, job: JobId) -> Option<&Life> {
        self.lives.get(&job)
    }

    /// Changes a life.
    pub fn change(&mut self, job: JobId, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.lives.get_mut(&job) {
            change(life);
            self.schedule(job);
        }
    }

    /// The neighbours of a job leave it so much of its speed from `now` on.
    pub fn set_beside(&mut self, job: JobId, now: Time, beside: Speed) {
        if self.lives.get(&job).is_some_and(|life| life.beside() != beside) {
            self.change(job, |life| life.set_beside(now, beside));
        }
    }

    /// The bookings of a job before and after, where it must be booked otherwise now.
    pub fn rebook(&mut self, job: JobId) -> Option<(Posting, Posting)> {
        self.lives.get_mut(&job)?.rebook()
    }

    /// Ends a life.
    pub fn remove(&mut self, job: JobId) -> Option<Life> {
        self.lives.remove(&job)
    }

    fn schedule(&mut self, job: JobId) {
        let Some(life) = self.lives.get_mut(&job) else { return };
        self.events = self.events.checked_add(1).expect("a run has fewer than 2^32 events of lives");
        life.event = self.events;
        self.heap.push(Reverse((life.next(), job, life.event)));
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
        while let Some(&Reverse((at, job, event))) = self.heap.peek() {
            if self.counts(job, event) {
                return Some(at);
            }
            self.heap.pop();
        }
        None
    }

    /// The next event at `now`, if any: the job, and what it came to where the job has a life.
    pub fn pop_at(&mut self, now: Time) -> Option<(JobId, Option<Turn>)> {
        if self.next()? != now {
            return None;
        }
        let Reverse((_, job, event)) = self.heap.pop()?;
        if event == PLAIN {
            return Some((job, None));
        }
        let turn = self.lives.get_mut(&job).map(|life| life.turn(now));
        if turn == Some(Turn::Changed) {
            self.schedule(job);
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
