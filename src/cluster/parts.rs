//! Parts of places, whole or slices, taken from a pool and given back; what slices come to in whole GPUs.

use std::collections::BTreeMap;

use super::allocation::{Allocation, Part, Seat, Take};
use super::pool::PoolState;
use super::request::Request;
use super::share::{Change, Cut, GpuId, Taker};
use super::slices::Draft;
use crate::units::gpus::MILLI_PER_GPU;

impl Part {
    /// The island of a seat's GPU; 0 where islands are not told apart.
    pub(super) fn lane(&self) -> u8 {
        self.lanes.iter().position(|&gpus| gpus > 0).unwrap_or(0) as u8
    }

    /// The shared GPU in which it has a seat.
    #[must_use]
    pub fn shared_gpu(&self) -> Option<GpuId> {
        match self.seat {
            Seat::Whole => None,
            Seat::Share { gpu } | Seat::Instance { gpu, .. } => Some((self.node, gpu)),
        }
    }
}

/// One GPU of an island.
fn one_gpu(pool: &PoolState, lane: u8) -> Take {
    let mut take = Take { gpus: 1, ..Take::default() };
    if pool.shape().lanes() > 0 {
        take.lanes[lane as usize] = 1;
    }
    take
}

impl PoolState {
    /// What a request takes of each of its GPUs here; `None`: all of it.
    #[must_use]
    pub fn cut(&self, request: &Request) -> Option<Cut> {
        self.shares.as_deref()?.cut(request.slice)
    }

    /// How many GPUs slices share.
    #[must_use]
    pub fn shared_gpus(&self) -> u64 {
        self.shares.as_ref().map_or(0, |shares| shares.len() as u64)
    }

    /// Thousandths of GPUs that jobs could get: whole free GPUs, and room on shared ones.
    #[must_use]
    pub fn free_milli(&self) -> u64 {
        let shared = self.shares.as_ref().map_or(0, |shares| shares.free_milli().0);
        self.free_gpus() * MILLI_PER_GPU + shared
    }

    /// Thousandths of shared GPUs that no job holds and none can get.
    #[must_use]
    pub fn lost_milli(&self) -> u64 {
        self.shares.as_ref().map_or(0, |shares| shares.free_milli().1)
    }

    /// Whether all of a place is free now, for a request.
    #[must_use]
    pub fn has_place(&self, place: &Allocation, request: &Request) -> bool {
        if place.is_whole() {
            let open = |part: &Part| !self.turns_away(part.node as usize, request);
            return place.parts().iter().all(|part| open(part) && self.has(part.node as usize, &part.take(request)));
        }
        let Some(mut draft) = Draft::new(self, request) else { return false };
        place.parts().iter().all(|part| draft.accept(part))
    }

    /// Takes a part of a place.
    pub fn take_part(&mut self, part: &Part, request: &Request, taker: Taker) {
        let node = part.node as usize;
        self.take(node, &part.take(request));
        let Some(id) = part.shared_gpu() else { return };
        let cut = self.cut(request).expect("only a pool that shares its GPUs gives slices of them");
        let change = self.shares.as_mut().map(|shares| shares.take(id, part.lane(), cut, part.seat, taker));
        if let Some(Change::Gpu(lane)) = change {
            let gpu = one_gpu(self, lane);
            self.take(node, &gpu);
        }
    }

    /// Gives a part of a place back.
    pub fn give_part(&mut self, part: &Part, request: &Request) {
        let node = part.node as usize;
        self.give(node, &part.take(request));
        let Some(id) = part.shared_gpu() else { return };
        let cut = self.cut(request).expect("only a pool that shares its GPUs gives slices of them");
        let change = self.shares.as_mut().map(|shares| shares.give(id, cut, part.seat));
        if let Some(Change::Gpu(lane)) = change {
            let gpu = one_gpu(self, lane);
            self.give(node, &gpu);
        }
    }

    /// What a place takes of whole GPUs, cores and memory of its nodes: a slice takes a GPU where it is the first on it.
    #[must_use]
    pub fn footprint(&self, place: &Allocation, request: &Request) -> Vec<(u32, Take)> {
        if place.is_whole() {
            return place.parts().iter().map(|part| (part.node, part.take(request))).collect();
        }
        let mut opened: Vec<GpuId> = Vec::new();
        let mut by_node: BTreeMap<u32, Take> = BTreeMap::new();
        for part in place.parts() {
            let mut takes = vec![part.take(request)];
            let fresh = |id: &GpuId| self.shares.as_ref().is_some_and(|shares| shares.gpu(*id).is_none());
            if let Some(id) = part.shared_gpu().filter(fresh)
                && !opened.contains(&id)
            {
                opened.push(id);
                takes.push(one_gpu(self, part.lane()));
            }
            let sum = by_node.entry(part.node).or_default();
            takes.iter().for_each(|take| sum.add(take));
        }
        by_node.into_iter().collect()
    }

    /// Lets the shared GPUs of a node take nobody more, or again.
    pub fn freeze(&mut self, node: u32, frozen: bool) {
        if let Some(shares) = &mut self.shares {
            shares.freeze(node, frozen);
        }
    }

    /// Remembers how GPUs are shared, until [`PoolState::restore_shares`].
    pub fn remember_shares(&mut self) {
        if let Some(shares) = &mut self.shares {
            shares.remember();
        }
    }

    /// GPUs are shared again as when [`PoolState::remember_shares`] was called; all that was taken since has been given
    /// back, and the other way round.
    pub fn restore_shares(&mut self) {
        if let Some(shares) = &mut self.shares {
            shares.restore();
        }
    }
}

impl Take {
    /// Adds resources of the same node.
    fn add(&mut self, more: &Take) {
        self.gpus += more.gpus;
        self.cpu += more.cpu;
        self.mem += more.mem;
        for (lane, &gpus) in self.lanes.iter_mut().zip(&more.lanes) {
            *lane += gpus;
        }
    }
}
