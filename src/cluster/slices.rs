//! Where slices of GPUs go: the placements, for requests that ask for less than whole GPUs in a pool that shares them.
//!
//! Units are placed one after the other, each of its GPUs on a shared GPU that has room, chosen by the placement's word,
//! else on a free GPU, which is shared from then on; `spread` takes the free GPUs first. A request for one slice looks
//! into the index alone; one for several within a node, rack or island tries them in the placement's order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use rand::RngExt;

use super::allocation::{Allocation, Lanes, Part, Parts, Seat};
use super::placement::{Domain, Placement};
use super::pool::PoolState;
use super::request::Request;
use super::share::{Cut, GpuId, SharedGpu, Shares};
use crate::trace::Level;
use crate::units::rng::Stream;

/// A set of GPUs within which slices must lie.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Within {
    nodes: Range<usize>,
    lane: Option<u8>,
}

/// What is taken of a node in a draft.
#[derive(Debug, Clone, Copy, Default)]
struct OnNode {
    units: u32,
    gpus: u32,
    lanes: Lanes,
}

/// A pool with some slices more than it has.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    pool: &'a PoolState,
    shares: &'a Shares,
    request: &'a Request,
    cut: Cut,
    gpus: BTreeMap<GpuId, SharedGpu>,
    nodes: BTreeMap<u32, OnNode>,
}

/// A search for the slices of one request.
pub(super) struct Search<'a> {
    draft: Draft<'a>,
    placement: Placement,
    random: &'a mut Stream,
}

impl<'a> Draft<'a> {
    /// The pool as it is; nothing where the request asks for whole GPUs there.
    pub(super) fn new(pool: &'a PoolState, request: &'a Request) -> Option<Self> {
        let shares = pool.shares.as_deref()?;
        let cut = shares.cut(request.slice)?;
        Some(Draft { pool, shares, request, cut, gpus: BTreeMap::new(), nodes: BTreeMap::new() })
    }

    fn gpu(&self, id: GpuId) -> Option<SharedGpu> {
        self.gpus.get(&id).or_else(|| self.shares.gpu(id)).copied()
    }

    fn on(&self, node: usize) -> OnNode {
        self.nodes.get(&(node as u32)).copied().unwrap_or_default()
    }

    /// Whether a node has the cores and the memory for one more unit.
    fn holds_unit(&self, node: usize) -> bool {
        let units = self.on(node).units + 1;
        !self.pool.limits_beside_gpus(self.request)
            || self.pool.units_beside_gpus(node, &self.request.with_units(units)) >= units
    }

    fn free_gpus(&self, node: usize) -> u32 {
        self.pool.node_free(node) - self.on(node).gpus
    }

    fn free_in_lane(&self, node: usize, lane: u8) -> u32 {
        match self.pool.node_lanes(node) {
            [] => self.free_gpus(node),
            lanes => u32::from(lanes[lane as usize] - self.on(node).lanes[lane as usize]),
        }
    }

    /// The island that gives the next free GPU of a node.
    fn lane_for(&self, node: usize, within: &Within, roomiest: bool) -> Option<u8> {
        if let Some(lane) = within.lane {
            return Some(lane).filter(|&lane| self.free_in_lane(node, lane) > 0);
        }
        let free = |lane: &u8| self.free_in_lane(node, *lane);
        let lanes = (0..self.pool.node_lanes(node).len().max(1) as u8).filter(|lane| free(lane) > 0);
        if roomiest {
            lanes.min_by_key(|lane| (Reverse(free(lane)), *lane))
        } else {
            lanes.min_by_key(|lane| (free(lane), *lane))
        }
    }

    /// The lowest number that no shared GPU of a node has.
    fn new_number(&self, node: usize) -> u16 {
        (0..u16::MAX).find(|&number| self.gpu((node as u32, number)).is_none()).unwrap_or(u16::MAX)
    }

    /// Takes the next slice on a GPU; a first one counts its unit.
    fn take_on(&mut self, id: GpuId, lane: u8, first: bool) -> Option<Part> {
        let sharing = self.shares.sharing();
        let gpu = self.gpu(id).unwrap_or_else(|| SharedGpu::empty(sharing, lane));
        let seat = gpu.seat(sharing, self.cut, id.1)?;
        let mut part = Part { node: id.0, units: u32::from(first), lanes: Lanes::default(), seat };
        if self.pool.shape().lanes() > 0 {
            part.lanes[gpu.lane as usize] = 1;
        }
        self.take(id, gpu, &part);
        Some(part)
    }

    fn take(&mut self, id: GpuId, mut gpu: SharedGpu, part: &Part) {
        let on = self.nodes.entry(part.node).or_default();
        on.units += part.units;
        if self.gpus.get(&id).or_else(|| self.shares.gpu(id)).is_none() {
            on.gpus += 1;
            on.lanes[gpu.lane as usize] += 1;
        }
        gpu.take(self.cut, part.seat);
        self.gpus.insert(id, gpu);
    }

    /// Takes a part as it is, if it is free.
    pub(super) fn accept(&mut self, part: &Part) -> bool {
        let (Seat::Share { gpu } | Seat::Instance { gpu, .. }) = part.seat else { return false };
        let (id, node) = ((part.node, gpu), part.node as usize);
        let lane = part.lane();
        let shared = self.gpu(id);
        let free =
            shared.is_some_and(|gpu| gpu.lane == lane) || (shared.is_none() && self.free_in_lane(node, lane) > 0);
        let sharing = self.shares.sharing();
        let gpu = shared.unwrap_or_else(|| SharedGpu::empty(sharing, lane));
        let fits = free && gpu.holds(sharing, self.cut, part.seat) && (part.units == 0 || self.holds_unit(node));
        if fits {
            self.take(id, gpu, part);
        }
        fits
    }
}

impl<'a> Search<'a> {
    /// A search in a pool; nothing where the request asks for whole GPUs there.
    pub(super) fn new(
        pool: &'a PoolState,
        request: &'a Request,
        placement: Placement,
        random: &'a mut Stream,
    ) -> Option<Self> {
        Some(Search { draft: Draft::new(pool, request)?, placement, random })
    }

    /// A place for the whole request within the domain of a level.
    pub(super) fn place_at(&mut self, level: Level) -> Option<Parts> {
        let shape = *self.draft.pool.shape();
        let request = self.draft.request;
        let everywhere = Within { nodes: 0..shape.nodes as usize, lane: None };
        // One slice is within one island wherever it is.
        if request.total_gpus() == 1 {
            return self.fill(&everywhere);
        }
        let domains: Vec<Within> = match Domain::of(self.draft.pool, request, level) {
            Domain::Pool => return self.fill(&everywhere),
            Domain::Node if level == Level::Island && shape.island == 1 && shape.gpus > 1 => return None,
            Domain::Rack => {
                (0..shape.racks()).map(|rack| Within { nodes: shape.rack_nodes(rack), lane: None }).collect()
            }
            Domain::Node => self.nodes_in(&everywhere),
            Domain::Lane => self
                .nodes_in(&everywhere)
                .into_iter()
                .flat_map(|one| (0..shape.lanes() as u8).map(move |lane| Within { lane: Some(lane), ..one.clone() }))
                .collect(),
        };
        self.first_that_holds(domains)
    }

    /// More slices in the domain of a level that holds all of a job, if one does.
    pub(super) fn beside(&mut self, held: &Allocation, level: Level) -> Option<Parts> {
        let shape = *self.draft.pool.shape();
        let home = held.parts()[0];
        let one_node = held.parts().iter().all(|part| part.node == home.node);
        let rack = home.node / shape.rack;
        let one_rack = held.parts().iter().all(|part| part.node / shape.rack == rack);
        let one_lane = held.parts().iter().all(|part| part.lane() == home.lane());
        let node = home.node as usize..home.node as usize + 1;
        let within = match Domain::of(self.draft.pool, self.draft.request, level) {
            Domain::Pool => Within { nodes: 0..shape.nodes as usize, lane: None },
            Domain::Rack if one_rack => Within { nodes: shape.rack_nodes(rack as usize), lane: None },
            Domain::Lane if one_node && one_lane => Within { nodes: node, lane: Some(home.lane()) },
            Domain::Node if level == Level::Island && shape.island == 1 && shape.gpus > 1 => return None,
            Domain::Node if one_node => Within { nodes: node, lane: None },
            _ => return None,
        };
        self.fill(&within)
    }

    /// The nodes of a set that may hold anything.
    fn nodes_in(&self, within: &Within) -> Vec<Within> {
        let draft = &self.draft;
        let useful = |&node: &usize| draft.pool.node_free(node) > 0 || draft.shares.any_on(node as u32);
        within.nodes.clone().filter(useful).map(|n| Within { nodes: n..n + 1, lane: within.lane }).collect()
    }

    /// Free GPUs of a set.
    fn free_within(&self, within: &Within) -> u32 {
        let free = |node| within.lane.map_or(self.draft.free_gpus(node), |lane| self.draft.free_in_lane(node, lane));
        within.nodes.clone().map(free).sum()
    }

    /// The request in the first of some sets, in the placement's order, that holds it.
    fn first_that_holds(&mut self, mut domains: Vec<Within>) -> Option<Parts> {
        match self.placement {
            Placement::FirstFit => {}
            // Sorting is stable: ties stay in order of their numbers.
            Placement::Pack | Placement::IslandPack => domains.sort_by_cached_key(|within| self.free_within(within)),
            Placement::Spread => domains.sort_by_cached_key(|within| Reverse(self.free_within(within))),
            Placement::Random => {
                while !domains.is_empty() {
                    let drawn = self.random.random_range(0..domains.len());
                    let within = domains.remove(drawn);
                    if let Some(parts) = self.fill(&within) {
                        return Some(parts);
                    }
                }
                return None;
            }
        }
        domains.iter().find_map(|within| self.fill(within))
    }

    /// All units in a set, one after the other; the draft is as before where they do not fit.
    fn fill(&mut self, within: &Within) -> Option<Parts> {
        let before = (self.draft.gpus.clone(), self.draft.nodes.clone());
        let mut parts = Vec::with_capacity(self.draft.request.total_gpus() as usize);
        for _ in 0..self.draft.request.units {
            if self.place_unit(within, &mut parts).is_none() {
                (self.draft.gpus, self.draft.nodes) = before;
                return None;
            }
        }
        Some(Parts::of(parts))
    }

    /// One unit, all of whose GPUs lie on one node.
    fn place_unit(&mut self, within: &Within, parts: &mut Vec<Part>) -> Option<()> {
        if self.draft.request.gpus == 1 {
            parts.push(self.place_slice(within, true)?);
            return Some(());
        }
        let mut nodes = self.nodes_in(within);
        match self.placement {
            Placement::FirstFit | Placement::Random => {}
            Placement::Pack | Placement::IslandPack => nodes.sort_by_cached_key(|one| self.free_within(one)),
            Placement::Spread => nodes.sort_by_cached_key(|one| Reverse(self.free_within(one))),
        }
        nodes.into_iter().find_map(|one| {
            let before = (self.draft.gpus.clone(), self.draft.nodes.clone());
            let placed: Option<Vec<Part>> =
                (0..self.draft.request.gpus).map(|at| self.place_slice(&one, at == 0)).collect();
            match placed {
                Some(placed) => {
                    parts.extend(placed);
                    Some(())
                }
                None => {
                    (self.draft.gpus, self.draft.nodes) = before;
                    None
                }
            }
        })
    }

    fn place_slice(&mut self, within: &Within, first: bool) -> Option<Part> {
        let roomiest = self.placement == Placement::Spread;
        let on_shared = |search: &mut Self| search.shared_gpu(within, first).map(|id| (id, 0));
        let on_free = |search: &mut Self| {
            let node = search.free_node(within, first)?;
            let lane = search.draft.lane_for(node, within, roomiest)?;
            Some(((node as u32, search.draft.new_number(node)), lane))
        };
        let (id, lane) = match self.placement {
            Placement::Spread => on_free(self).or_else(|| on_shared(self)),
            _ => on_shared(self).or_else(|| on_free(self)),
        }?;
        self.draft.take_on(id, lane, first)
    }

    /// The shared GPU that the placement prefers among those of a set that hold one more slice.
    fn shared_gpu(&mut self, within: &Within, first: bool) -> Option<GpuId> {
        let draft = &self.draft;
        let (shares, cut, sharing) = (draft.shares, draft.cut, draft.shares.sharing());
        let accepts = |id: GpuId, gpu: &SharedGpu| {
            within.nodes.contains(&(id.0 as usize))
                && within.lane.is_none_or(|lane| lane == gpu.lane)
                && gpu.room(sharing, cut) > 0
                && !shares.is_frozen(id.0)
                && (!first || draft.holds_unit(id.0 as usize))
        };
        let touched = draft.gpus.iter().filter(|&(&id, gpu)| accepts(id, gpu)).map(|(&id, gpu)| (gpu.free_milli(), id));
        let untouched = |level: u16| {
            let of_level = shares.at_level(cut, level, &within.nodes).filter(|id| !draft.gpus.contains_key(id));
            of_level.filter(|&id| shares.gpu(id).is_some_and(|gpu| accepts(id, gpu))).map(move |id| (level, id))
        };
        match self.placement {
            Placement::Pack | Placement::IslandPack => {
                let best = shares.levels(cut).find_map(|level| untouched(level).next());
                touched.chain(best).min().map(|(_, id)| id)
            }
            Placement::FirstFit => {
                touched.chain(shares.levels(cut).filter_map(|level| untouched(level).next())).map(|(_, id)| id).min()
            }
            Placement::Spread => {
                let mut levels: Vec<u16> = shares.levels(cut).collect();
                levels.reverse();
                let best = levels.into_iter().find_map(|level| untouched(level).next());
                touched.chain(best).min_by_key(|&(free, id)| (Reverse(free), id)).map(|(_, id)| id)
            }
            Placement::Random => {
                let all = touched.chain(shares.levels(cut).flat_map(untouched));
                let mut all: Vec<GpuId> = all.map(|(_, id)| id).collect();
                all.sort_unstable();
                self.draw(&all)
            }
        }
    }

    /// The node of a set whose free GPU the placement takes for the next slice.
    fn free_node(&mut self, within: &Within, first: bool) -> Option<usize> {
        let draft = &self.draft;
        let accepts = |node: usize| {
            within.lane.is_none_or(|lane| draft.free_in_lane(node, lane) > 0) && (!first || draft.holds_unit(node))
        };
        let opened = |node: &usize| draft.on(*node).gpus > 0;
        let touched = draft.nodes.keys().map(|&node| node as usize).filter(opened);
        let touched =
            touched.filter(|node| within.nodes.contains(node) && draft.free_gpus(*node) > 0 && accepts(*node));
        let touched = touched.map(|node| (draft.free_gpus(node), node));
        let buckets = draft.pool.by_free();
        let untouched = |free: usize| {
            let nodes = buckets.with(free).range(within.nodes.clone());
            nodes.filter(move |node| !opened(node) && accepts(*node)).map(move |node| (free as u32, node))
        };
        let mut levels = 1..=buckets.highest();
        match self.placement {
            Placement::Pack | Placement::IslandPack => {
                touched.chain(levels.find_map(|free| untouched(free).next())).min().map(|(_, node)| node)
            }
            Placement::FirstFit => {
                touched.chain(levels.filter_map(|free| untouched(free).next())).map(|(_, node)| node).min()
            }
            Placement::Spread => {
                let best = levels.rev().find_map(|free| untouched(free).next());
                touched.chain(best).min_by_key(|&(free, node)| (Reverse(free), node)).map(|(_, node)| node)
            }
            Placement::Random => {
                let mut all: Vec<usize> = touched.chain(levels.flat_map(untouched)).map(|(_, node)| node).collect();
                all.sort_unstable();
                self.draw(&all)
            }
        }
    }

    fn draw<T: Copy>(&mut self, candidates: &[T]) -> Option<T> {
        if candidates.is_empty() { None } else { Some(candidates[self.random.random_range(0..candidates.len())]) }
    }
}
