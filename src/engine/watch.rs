//! Watching a run from inside. A watcher is told who starts, grows and leaves, and sees the state after the passes of
//! each instant; it changes nothing. Without one, a run pays a test of a pointer for each of these.

use super::lives::Lives;
use super::posting::Posting;
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
    /// This node of its pool failed; it goes on with what it has elsewhere, and is placed there next.
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
}

impl<'v, 'a> View<'v, 'a> {
    pub(super) fn new(world: &'v World<'a>, policy: &'v dyn Scheduler, lives: &'v Lives) -> Self {
        View { world, policy, lives }
    }

    /// As what the GPUs of a running job are booked from now on; `None` where it does not run.
    #[must_use]
    pub fn posting(&self, job: JobId) -> Option<Posting> {
        self.world.holders.of(job).filter(|holder| holder.start.is_some())?;
        Some(self.lives.of(job).map_or(Posting::PLAIN, super::life::Life::booked))
    }
}
