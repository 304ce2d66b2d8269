//! What a pass tries out before it does anything.

use crate::cluster::Allocation;
use crate::sched::World;
use crate::trace::JobId;

/// A look at the world with jobs in other places than now, which can be taken back.
pub(super) struct Trial<'w, 'a> {
    pub(super) world: &'w mut World<'a>,
    /// What was done: taken (`true`) or given back.
    log: Vec<(JobId, Allocation, bool)>,
    /// Whether what leaving jobs hold has been given back.
    opened: bool,
}

impl<'w, 'a> Trial<'w, 'a> {
    /// Nothing is other than it is.
    pub(super) fn new(world: &'w mut World<'a>) -> Self {
        Trial { world, log: Vec::new(), opened: false }
    }

    /// A job takes a place.
    pub(super) fn take(&mut self, job: JobId, place: &Allocation) {
        self.world.take(job, place);
        self.log.push((job, place.clone(), true));
    }

    /// A running job takes what it really has.
    pub(super) fn take_back(&mut self, job: JobId, place: &Allocation) {
        self.world.take_back(job, place);
        self.log.push((job, place.clone(), true));
    }

    /// A job gives a place back.
    pub(super) fn give(&mut self, job: JobId, place: &Allocation) {
        self.world.give(job, place);
        self.log.push((job, place.clone(), false));
    }

    /// Gives back what leaving jobs hold; says whether that is anything that was not there before.
    pub(super) fn open_leaving(&mut self) -> bool {
        if self.opened || self.world.leaving.is_empty() {
            return false;
        }
        self.opened = true;
        for job in self.world.leaving.clone() {
            if let Some(held) = self.world.holders.of(job).map(|holder| holder.held.clone()) {
                self.give(job, &held);
            }
        }
        true
    }

    /// Makes everything as it was.
    pub(super) fn undo(self) {
        for (job, place, taken) in self.log.iter().rev() {
            if *taken {
                self.world.give(*job, place);
            } else {
                self.world.take(*job, place);
            }
        }
    }
}
