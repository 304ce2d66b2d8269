//! Places within one island of a node.

use std::ops::Range;

use super::{Placement, Search};
use crate::cluster::allocation::{Allocation, Part, Seat};

impl Search<'_> {
    /// The island within a node, for pools that tell islands apart.
    pub(super) fn in_island(&mut self) -> Option<Part> {
        let need = usize::try_from(self.request.total_gpus()).ok()?;
        let highest = self.pool.by_lane().highest();
        let range = self.everywhere();
        let (node, free) = match self.placement {
            _ if need > highest => None,
            Placement::FirstFit => {
                let node = (need..=highest).filter_map(|f| self.lane_with(f, &range)).min()?;
                let free = self.pool.node_lanes(node).iter().copied().find(|&l| l as usize >= need)?;
                Some((node, free))
            }
            Placement::Pack | Placement::IslandPack => return self.in_tightest_island(&range),
            Placement::Spread => {
                (need..=highest).rev().find_map(|f| self.lane_with(f, &range).map(|node| (node, f as u8)))
            }
            Placement::Random => {
                let mut candidates: Vec<usize> = (need..=highest)
                    .flat_map(|f| self.pool.by_lane().with(f).range(range.clone()))
                    .filter(|&n| self.pool.units_beside_gpus(n, self.request) >= self.request.units)
                    .collect();
                candidates.sort_unstable();
                candidates.dedup();
                let node = self.draw(&candidates)?;
                let free = self.pool.node_lanes(node).iter().copied().find(|&l| l as usize >= need)?;
                Some((node, free))
            }
        }?;
        Some(self.pool.part_in_lane(node, free, self.request))
    }

    /// The first node of `range` with an island of exactly `free` free GPUs, and cores and memory for all units.
    fn lane_with(&self, free: usize, range: &Range<usize>) -> Option<usize> {
        self.pool
            .by_lane()
            .with(free)
            .range(range.clone())
            .find(|&n| self.pool.units_beside_gpus(n, self.request) >= self.request.units)
    }

    /// The island with the fewest free GPUs that holds the whole request.
    pub(super) fn in_tightest_island(&self, range: &Range<usize>) -> Option<Part> {
        let need = usize::try_from(self.request.total_gpus()).ok()?;
        if need == 0 || self.pool.shape().lanes() == 0 || need > self.pool.by_lane().highest() {
            return None;
        }
        let (node, free) =
            (need..=self.pool.by_lane().highest()).find_map(|f| self.lane_with(f, range).map(|n| (n, f as u8)))?;
        Some(self.pool.part_in_lane(node, free, self.request))
    }

    /// More units in the island where a job already lies.
    pub(super) fn in_same_island(&self, held: &Allocation) -> Option<Part> {
        let node = held.parts()[0].node;
        let used = |lane: usize| held.parts().iter().any(|p| p.lanes[lane] > 0);
        let mut lanes = (0..self.pool.shape().lanes()).filter(|&l| used(l));
        let (Some(lane), None) = (lanes.next(), lanes.next()) else { return None };
        let need = u8::try_from(self.request.total_gpus()).ok()?;
        let room = self.pool.node_lanes(node as usize)[lane] >= need
            && self.pool.units_beside_gpus(node as usize, self.request) >= self.request.units;
        room.then(|| {
            let mut part = Part { node, units: self.request.units, lanes: Default::default(), seat: Seat::Whole };
            part.lanes[lane] = need;
            part
        })
    }
}
