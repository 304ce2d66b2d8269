//! Rented nodes come and go, as other nodes come back and go down.

use super::Run;
use crate::engine::rents::Move;
use crate::units::Time;

impl Run<'_> {
    /// When anything happens next to rented nodes; when the last job has ended, nobody minds.
    pub(super) fn next_rent(&self) -> Option<Time> {
        self.rents.next(self.world.now).filter(|_| self.open > 0)
    }

    /// Nodes that come and are taken back now; says whether any did.
    pub(super) fn apply_rents(&mut self) -> bool {
        let mut changed = false;
        while let Some(what) = self.rents.pop(self.world.now) {
            let (Move::Comes(node) | Move::TakenBack(node)) = what;
            let change = self.outages.set_absent(node, matches!(what, Move::TakenBack(_)));
            changed |= self.change_node(change);
        }
        if changed {
            self.policy.capacity_changed();
        }
        changed
    }

    /// After the passes of an instant: nodes are asked for, and others given back. Says whether some come at once.
    pub(super) fn settle_rents(&mut self) -> bool {
        let gone = self.rents.settle(&self.world);
        for &node in &gone {
            let change = self.outages.set_absent(node, true);
            self.change_node(change);
        }
        if !gone.is_empty() {
            self.book_drains();
            self.policy.capacity_changed();
        }
        self.rents.next(self.world.now) == Some(self.world.now)
    }
}
