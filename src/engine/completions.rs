//! When running jobs end: the event queue, and the progress of jobs that run with changing members.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::trace::JobId;
use crate::units::{Span, Time};

/// A job with some of its members running.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// Member-microseconds still to be done.
    left: u128,
    /// Since when so many members run.
    since: Time,
    members: u32,
    /// The walltime ends it here at the latest.
    latest: Time,
    /// Whether that is before its work is done.
    killed: bool,
    /// Which of its events counts, from 1; 0 marks the events of jobs that are not in here.
    current: u32,
}

/// The ends of running jobs, earliest first, by job where they tie.
#[derive(Debug, Default)]
pub struct Completions {
    heap: BinaryHeap<Reverse<(Time, JobId, u32)>>,
    partial: BTreeMap<JobId, Progress>,
}

impl Completions {
    /// A job ends at `end`, come what may.
    pub fn add(&mut self, job: JobId, end: Time) {
        self.heap.push(Reverse((end, job, 0)));
    }

    /// A job starts with `members` of `all` members; it ends when all its work is done, at `latest` at the latest.
    pub fn add_partial(&mut self, job: JobId, now: Time, work: Span, all: u32, members: u32, latest: Time) {
        let left = u128::from(work.micros()) * u128::from(all);
        self.partial.insert(job, Progress { left, since: now, members, latest, killed: false, current: 1 });
        self.schedule(job);
    }

    /// A job that started with fewer members has `members` from now on.
    pub fn set_members(&mut self, job: JobId, now: Time, members: u32) {
        if let Some(progress) = self.partial.get_mut(&job) {
            let done = u128::from(now.since(progress.since).micros()) * u128::from(progress.members);
            progress.left = progress.left.saturating_sub(done);
            progress.since = now;
            progress.members = members;
            progress.current += 1;
            self.schedule(job);
        }
    }

    fn schedule(&mut self, job: JobId) {
        let Some(progress) = self.partial.get_mut(&job) else { return };
        let needed = progress.left.div_ceil(u128::from(progress.members));
        let end = progress.since.after(Span::from_micros(u64::try_from(needed).unwrap_or(u64::MAX)));
        progress.killed = progress.latest < end;
        self.heap.push(Reverse((end.min(progress.latest), job, progress.current)));
    }

    /// When the next job ends.
    #[must_use]
    pub fn next(&mut self) -> Option<Time> {
        while let Some(&Reverse((end, job, event))) = self.heap.peek() {
            if self.partial.is_empty() && event == 0 {
                return Some(end);
            }
            match self.partial.get(&job) {
                Some(progress) if progress.current != event => {}
                None if event != 0 => {}
                _ => return Some(end),
            }
            self.heap.pop();
        }
        None
    }

    /// The next job that ends at `now`, if any, and, for one whose members changed, whether its walltime ended it.
    pub fn pop_at(&mut self, now: Time) -> Option<(JobId, Option<bool>)> {
        if self.next()? != now {
            return None;
        }
        let Reverse((_, job, _)) = self.heap.pop()?;
        if self.partial.is_empty() {
            return Some((job, None));
        }
        Some((job, self.partial.remove(&job).map(|p| p.killed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    /// 4 members x 10 of work; 2 run in [0, 6), 3 from 6 on: 12 done, 28 left, ceil(28/3) = 10 more.
    #[test]
    fn work_is_done_in_proportion_to_the_members() {
        let mut completions = Completions::default();
        completions.add_partial(JobId(0), at(0), Span::from_micros(10), 4, 2, Time::MAX);
        assert_eq!(completions.next(), Some(at(20)));
        completions.set_members(JobId(0), at(6), 3);
        assert_eq!(completions.next(), Some(at(16)));
        assert_eq!(completions.pop_at(at(16)), Some((JobId(0), Some(false))));
        assert_eq!(completions.next(), None);
    }

    #[test]
    fn ties_leave_in_the_order_of_jobs() {
        let mut completions = Completions::default();
        for job in [3, 1, 2] {
            completions.add(JobId(job), at(5));
        }
        let order: Vec<u32> = std::iter::from_fn(|| completions.pop_at(at(5))).map(|(j, _)| j.0).collect();
        assert_eq!(order, [1, 2, 3]);
    }
}
