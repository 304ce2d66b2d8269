//! The running jobs that may be stopped.

use std::collections::BTreeSet;

use super::Rank;
use crate::sched::World;
use crate::trace::JobId;

/// The running jobs from the least urgent on.
pub(super) struct Victims {
    /// With their GPUs and those of all before them.
    of: Vec<(Rank, JobId, u64)>,
    pub(super) at: usize,
}

impl Victims {
    /// All of `running`, which is from the most urgent on.
    pub(super) fn new(world: &World<'_>, running: &BTreeSet<(Rank, JobId)>) -> Self {
        let mut victims = Victims { of: Vec::with_capacity(running.len()), at: 0 };
        victims.put_back(world, running.iter().rev().copied().collect());
        victims
    }

    /// The next one, if it may be stopped.
    pub(super) fn next(&mut self, may: impl Fn(Rank) -> bool) -> Option<JobId> {
        let &(_, job, _) = self.of.get(self.at).filter(|(rank, ..)| may(*rank))?;
        self.at += 1;
        Some(job)
    }

    /// GPUs of all that are left and less urgent than `rank`.
    pub(super) fn gpus_behind(&self, rank: Rank) -> u64 {
        // Only what is left is in order: those that were put back stand behind others that were stopped.
        let end = self.at + self.of[self.at..].partition_point(|(victim, ..)| *victim > rank);
        let until = |at: usize| at.checked_sub(1).map_or(0, |last| self.of[last].2);
        until(end) - until(self.at)
    }

    /// Puts jobs, the least urgent first, before those that are left.
    pub(super) fn put_back(&mut self, world: &World<'_>, jobs: Vec<(Rank, JobId)>) {
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
