//! Nodes that take no new jobs, while those that run there go on: what is free of them, and what is given back, is withheld.

use super::world::World;
use crate::cluster::{Allocation, Take};

impl World<'_> {
    /// A node takes no new jobs from now on.
    pub fn drain(&mut self, pool: u16, node: u32) {
        self.pools[pool as usize].close(node);
        self.draining.insert((pool, node), Take::default());
        self.withhold((pool, node));
    }

    /// A draining node takes jobs again.
    ///
    /// # Panics
    /// When it does not drain.
    pub fn reopen(&mut self, pool: u16, node: u32) {
        self.pools[pool as usize].open(node);
        let withheld = self.draining.remove(&(pool, node)).expect("only a node that drains is opened again");
        self.pools[pool as usize].give(node as usize, &withheld);
    }

    /// Whether a node takes no new jobs.
    #[must_use]
    pub fn is_draining(&self, pool: u16, node: u32) -> bool {
        self.draining.contains_key(&(pool, node))
    }

    /// Whether any of a place is on a node that takes no new jobs.
    #[must_use]
    pub fn touches_draining(&self, place: &Allocation) -> bool {
        !self.draining.is_empty() && place.parts().iter().any(|part| self.is_draining(place.pool, part.node))
    }

    /// GPUs of a pool that nobody holds and nobody gets.
    #[must_use]
    pub fn withheld_gpus(&self, pool: u16) -> u64 {
        self.draining.range((pool, 0)..=(pool, u32::MAX)).map(|(_, take)| u64::from(take.gpus)).sum()
    }

    /// Lets a change of `place` see the draining nodes as they are, until [`World::withhold_again`].
    pub(super) fn hand_out(&mut self, place: &Allocation) {
        for part in place.parts() {
            if let Some(withheld) = self.draining.get_mut(&(place.pool, part.node)) {
                self.pools[place.pool as usize].give(part.node as usize, &std::mem::take(withheld));
            }
        }
    }

    /// Withholds what is free of the draining nodes of `place`.
    pub(super) fn withhold_again(&mut self, place: &Allocation) {
        for part in place.parts() {
            self.withhold((place.pool, part.node));
        }
    }

    /// Withholds what is free of a node, if it drains.
    fn withhold(&mut self, (pool, node): (u16, u32)) {
        let Some(withheld) = self.draining.get_mut(&(pool, node)) else { return };
        let state = &mut self.pools[pool as usize];
        let mut free = state.node_resources(node as usize);
        // Of what has no limit, nothing is withheld.
        free.cpu = if state.shape().cpu.is_some() { free.cpu } else { 0 };
        free.mem = if state.shape().mem.is_some() { free.mem } else { 0 };
        state.take(node as usize, &free);
        withheld.gpus += free.gpus;
        withheld.cpu += free.cpu;
        withheld.mem += free.mem;
        for (lane, more) in withheld.lanes.iter_mut().zip(free.lanes) {
            *lane += more;
        }
    }
}
