//! Watching a run from inside. A watcher is told who starts, grows and leaves, and sees the state after the passes of
//! each instant; it changes nothing. Without one, a run pays a test of a pointer for each of these.

use super::lives::Lives;
use super::posting::Posting;
use super::rents::{Outlook, Rents};
use crate::sched::{Holder, Scheduler, World};
use crate::trace::JobId;

/// Why a running job gave its resources back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// Its work is done.
    Finished,
    /// Its walltime ended it.
    Killed,
    /// It was stopped for another and waits again.
    Preempted,
    /// It was stopped for another, for good.
    Cancelled,
    /// It failed by itself; it waits again, or has ended.
    Failed,
    /// This node of its pool failed; it waits again.
    NodeFailed(u32),
    /// The provider took this node of its pool back; it waits again.
    Reclaimed(u32),
    /// This node of its pool failed, or was taken back; it goes on with what it has elsewhere, and is placed there next.
    LostNode(u32),
}

/// Somebody who watches.
pub trait Watch {
    /// A job starts now with what it holds, for the first time or again, or it runs and holds more from now on.
    fn placed(&mut self, _world: &World<'_>, _holder: &Holder) {}

    /// A job that ran has given back what it held.
    fn left(&mut self, _world: &World<'_>, _holder: &Holder, _why: Leaving) {}

    /// All passes of the present instant are over: so it stays until the next one.
    fn settled(&mut self, _view: &View<'_, '_>) {}
}

/// The state of a run after the passes of an instant.
pub struct View<'v, 'a> {
    /// What schedulers see.
    pub world: &'v World<'a>,
    /// The policy, for what it has promised and what it holds back.
    pub policy: &'v dyn Scheduler,
    lives: &'v Lives,
    rents: &'v Rents,
}

impl<'v, 'a> View<'v, 'a> {
    pub(super) fn new(world: &'v World<'a>, policy: &'v dyn Scheduler, lives: &'v Lives, rents: &'v Rents) -> Self {
        View { world, policy, lives, rents }
    }

    /// What a waiting job has to expect of rented pools, by number, the nearest first; nothing of those of which all nodes
    /// are there.
    #[must_use]
    pub fn outlooks(&self, job: JobId) -> Vec<(u16, Outlook)> {
        self.rents.outlooks(self.world, job)
    }

    /// GPUs of a pool that are not rented.
    #[must_use]
    pub fn absent_gpus(&self, pool: u16) -> u64 {
        self.rents.absent_nodes(pool) * u64::from(self.world.spec.pools[usize::from(pool)].gpus_per_node())
    }

    /// As what the GPUs of a running job are booked from now on; `None` where it does not run.
    #[must_use]
    pub fn posting(&self, job: JobId) -> Option<Posting> {
        self.world.holders.of(job).filter(|holder| holder.start.is_some())?;
        Some(self.lives.of(job).map_or(Posting::PLAIN, super::life::Life::booked))
    }
}
