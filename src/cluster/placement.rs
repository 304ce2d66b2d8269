//! Where in a pool a request goes: the five placements, over the free-GPU index.
//!
//! Each placement is a way to rank candidates; the search over levels (island, node, rack, pool) is common to all.

mod island;
mod spread;

use std::cmp::Reverse;
use std::ops::Range;

use rand::RngExt;

use super::allocation::{Allocation, Part, Parts};
use super::pool::PoolState;
use super::request::Request;
use super::slices;
use crate::trace::Level;
use crate::units::rng::Stream;

/// Which of the places that hold a request is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// The lowest-numbered node.
    FirstFit,
    /// Best fit: the node with the fewest free GPUs.
    Pack,
    /// Worst fit: the node with the most free GPUs.
    Spread,
    /// An evenly drawn node.
    Random,
    /// Best fit on islands first.
    IslandPack,
}

impl Placement {
    /// The words of scenarios, with what each does.
    pub const WORDS: [(&'static str, Placement, &'static str); 7] = [
        ("first-fit", Placement::FirstFit, "the lowest-numbered node with room"),
        ("pack", Placement::Pack, "best fit: the node with the fewest free GPUs that holds the request"),
        ("spread", Placement::Spread, "worst fit: the node with the most free GPUs, task by task"),
        ("random", Placement::Random, "an evenly drawn node among those with room"),
        ("island-pack", Placement::IslandPack, "best fit on NVLink islands, then on nodes"),
        ("best-fit", Placement::Pack, "another word for pack"),
        ("worst-fit", Placement::Spread, "another word for spread"),
    ];

    /// The names alone.
    pub const NAMES: [&'static str; 7] =
        ["first-fit", "pack", "spread", "random", "island-pack", "best-fit", "worst-fit"];

    /// Reads a word of a scenario.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(name, ..)| *name == word).map(|&(_, placement, _)| placement)
    }
}

/// Chooses places in pools; owns the random stream of [`Placement::Random`].
#[derive(Debug, Clone)]
pub struct Placer {
    placement: Placement,
    random: Stream,
}

/// A search for one request in one pool.
struct Search<'a> {
    pool: &'a PoolState,
    request: &'a Request,
    placement: Placement,
    random: &'a mut Stream,
}

impl Placer {
    /// A placer by `placement`, drawing from `random`.
    #[must_use]
    pub fn new(placement: Placement, random: Stream) -> Self {
        Placer { placement, random }
    }

    /// A place for the whole request in the pool, as close as can be had.
    pub fn place(&mut self, pool: &PoolState, number: u16, request: &Request) -> Option<Allocation> {
        request.levels().find_map(|level| self.place_at(pool, number, request, level))
    }

    fn place_at(&mut self, pool: &PoolState, number: u16, request: &Request, level: Level) -> Option<Allocation> {
        if let Some(mut slices) = slices::Search::new(pool, request, self.placement, &mut self.random) {
            return slices.place_at(level).map(|parts| Allocation::new(number, parts));
        }
        if !may_fit(pool, request, level) {
            return None;
        }
        let mut search = Search { pool, request, placement: self.placement, random: &mut self.random };
        let parts = match Domain::of(pool, request, level) {
            Domain::Pool => search.in_pool()?,
            Domain::Rack => search.in_rack()?,
            Domain::Lane => Parts::One(search.in_island()?),
            Domain::Node => Parts::One(search.in_node()?),
        };
        Some(Allocation::new(number, parts))
    }

    /// A place for more units of a job that already lies in the pool: as close as can be had in a domain that holds all
    /// of the job.
    pub fn place_beside(&mut self, pool: &PoolState, request: &Request, held: &Allocation) -> Option<Allocation> {
        if let Some(mut slices) = slices::Search::new(pool, request, self.placement, &mut self.random) {
            let parts = request.levels().find_map(|level| slices.beside(held, level))?;
            return Some(Allocation::new(held.pool, parts));
        }
        let mut search = Search { pool, request, placement: self.placement, random: &mut self.random };
        let parts = request.levels().find_map(|level| search.beside(held, level))?;
        Some(Allocation::new(held.pool, parts))
    }
}

/// The kind of set of GPUs within which a request must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Domain {
    Pool,
    Rack,
    Node,
    /// One of several islands of a node.
    Lane,
}

impl Domain {
    /// What a level comes to in this pool. To a request of no GPU, an island is no closer than its node.
    pub(super) fn of(pool: &PoolState, request: &Request, level: Level) -> Domain {
        match level {
            Level::Any => Domain::Pool,
            Level::Rack => Domain::Rack,
            Level::Island if pool.shape().island_is_rack => Domain::Rack,
            Level::Island if pool.shape().lanes() > 0 && request.gpus > 0 => Domain::Lane,
            Level::Island | Level::Node => Domain::Node,
        }
    }
}

/// Whether the request has a place in the pool now.
#[must_use]
pub fn fits(pool: &PoolState, request: &Request) -> bool {
    let level = request.widest();
    if pool.cut(request).is_some() {
        let mut random = Stream::new(0);
        let slices = slices::Search::new(pool, request, Placement::FirstFit, &mut random);
        return slices.is_some_and(|mut search| search.place_at(level).is_some());
    }
    if !may_fit(pool, request, level) {
        return false;
    }
    // Counting GPUs settles the common cases; the others are settled by finding a place.
    let domain = Domain::of(pool, request, level);
    if domain != Domain::Rack && !pool.limits_beside_gpus(request) {
        return true;
    }
    // First fit draws nothing.
    let mut random = Stream::new(0);
    let mut search = Search { pool, request, placement: Placement::FirstFit, random: &mut random };
    match domain {
        Domain::Pool => search.in_pool().is_some(),
        Domain::Rack => search.in_rack().is_some(),
        Domain::Lane => search.in_island().is_some(),
        Domain::Node => search.in_node().is_some(),
    }
}

/// The most units of `request` that have a place in the pool at once, at most `request.units`.
#[must_use]
pub fn units_that_fit(pool: &PoolState, request: &Request) -> u32 {
    // More units never fit where fewer do not.
    let (mut fit, mut not) = (0, request.units + 1);
    while fit + 1 < not {
        let middle = fit + (not - fit) / 2;
        if fits(pool, &request.with_units(middle)) {
            fit = middle;
        } else {
            not = middle;
        }
    }
    fit
}

/// A necessary condition by counts alone.
fn may_fit(pool: &PoolState, request: &Request, level: Level) -> bool {
    let total = request.total_gpus();
    if total > pool.free_gpus() {
        return false;
    }
    if total == 0 {
        return true;
    }
    let most = |buckets: &super::pool::Buckets| buckets.most_free().is_some_and(|f| f as u64 >= total);
    match Domain::of(pool, request, level) {
        Domain::Pool => request.gpus <= 1 || units_by_gpus(pool, request) >= u64::from(request.units),
        Domain::Rack => pool.by_rack().is_none_or(most),
        Domain::Lane => most(pool.by_lane()),
        Domain::Node if level == Level::Island => total <= u64::from(pool.shape().island) && most(pool.by_free()),
        Domain::Node => most(pool.by_free()),
    }
}

/// How many units the free GPUs of all nodes hold.
fn units_by_gpus(pool: &PoolState, request: &Request) -> u64 {
    let buckets = pool.by_free();
    (request.gpus as usize..=buckets.highest())
        .map(|free| buckets.with(free).len() as u64 * (free as u64 / u64::from(request.gpus)))
        .sum()
}

impl Search<'_> {
    fn everywhere(&self) -> Range<usize> {
        0..self.pool.shape().nodes as usize
    }

    fn part(&self, node: usize, units: u32) -> Part {
        let steps = if self.steps_by_unit() { units } else { 1 };
        self.pool.part_on(node, units, steps, self.request, self.placement == Placement::Spread)
    }

    /// The first node of `range` with exactly `free` free GPUs, from `from` on, that holds `units` units.
    fn node_with(&self, free: usize, range: &Range<usize>, units: u32) -> Option<usize> {
        let nodes = self.pool.by_free().with(free);
        if !self.pool.limits_beside_gpus(self.request) {
            return nodes.next(range.start).filter(|&node| node < range.end);
        }
        let request = self.request.with_units(units);
        nodes.range(range.clone()).find(|&node| self.pool.units_beside_gpus(node, &request) >= units)
    }

    /// The node of `range` that the placement prefers among those that hold `units` units together.
    fn node_for(&mut self, range: &Range<usize>, units: u32) -> Option<usize> {
        let need = units as usize * self.request.gpus as usize;
        let highest = self.pool.by_free().highest();
        if need > highest {
            return None;
        }
        match self.placement {
            Placement::FirstFit => (need..=highest).filter_map(|f| self.node_with(f, range, units)).min(),
            Placement::Pack | Placement::IslandPack => (need..=highest).find_map(|f| self.node_with(f, range, units)),
            Placement::Spread => (need..=highest).rev().find_map(|f| self.node_with(f, range, units)),
            Placement::Random => {
                let request = self.request.with_units(units);
                let limited = self.pool.limits_beside_gpus(&request);
                if !limited && *range == self.everywhere() {
                    return self.draw_by_count(need);
                }
                let candidates: Vec<usize> = (need..=highest)
                    .flat_map(|f| self.pool.by_free().with(f).range(range.clone()))
                    .filter(|&n| self.pool.units_beside_gpus(n, &request) >= units)
                    .collect();
                self.draw(&candidates)
            }
        }
    }

    /// An evenly drawn node among all with at least `need` free GPUs.
    fn draw_by_count(&mut self, need: usize) -> Option<usize> {
        let buckets = self.pool.by_free();
        let total: usize = (need..=buckets.highest()).map(|f| buckets.with(f).len()).sum();
        if total == 0 {
            return None;
        }
        let mut rank = self.random.random_range(0..total);
        for free in need..=buckets.highest() {
            let here = buckets.with(free).len();
            if rank < here {
                return buckets.with(free).nth(rank);
            }
            rank -= here;
        }
        None
    }

    fn draw(&mut self, candidates: &[usize]) -> Option<usize> {
        if candidates.is_empty() { None } else { Some(candidates[self.random.random_range(0..candidates.len())]) }
    }

    fn in_node(&mut self) -> Option<Part> {
        let range = self.everywhere();
        let node = self.node_for(&range, self.request.units)?;
        Some(self.part(node, self.request.units))
    }

    /// More units in the domain of a level that holds all of a job, if one does.
    fn beside(&mut self, held: &Allocation, level: Level) -> Option<Parts> {
        let shape = *self.pool.shape();
        let home = held.parts()[0];
        let node = home.node as usize;
        let one_node = held.parts().iter().all(|p| p.node == home.node);
        let rack_of = |node: u32| node / shape.rack;
        let one_rack = held.parts().iter().all(|p| rack_of(p.node) == rack_of(home.node));
        // Where an island is one GPU, more units never lie in the same.
        let single = level == Level::Island && self.request.gpus > 0 && shape.island == 1 && shape.gpus > 1;
        match Domain::of(self.pool, self.request, level) {
            Domain::Pool => self.in_pool(),
            Domain::Rack if one_rack => self.spread_over(shape.rack_nodes(rack_of(home.node) as usize)),
            Domain::Lane if one_node => Some(Parts::One(self.in_same_island(held)?)),
            Domain::Node if one_node && !single => {
                let room = self.pool.units_on(node, self.request) >= self.request.units;
                room.then(|| Parts::One(self.part(node, self.request.units)))
            }
            _ => None,
        }
    }

    fn in_rack(&mut self) -> Option<Parts> {
        let shape = *self.pool.shape();
        let Some(buckets) = self.pool.by_rack() else {
            // One rack, or racks of CPU nodes, which only their first to hold the request tells apart.
            return (0..shape.racks()).find_map(|rack| self.spread_over(shape.rack_nodes(rack)));
        };
        let need = usize::try_from(self.request.total_gpus()).ok()?;
        let mut racks: Vec<usize> =
            (need..=buckets.highest()).flat_map(|f| buckets.with(f).range(0..shape.racks())).collect();
        match self.placement {
            Placement::FirstFit => racks.sort_unstable(),
            Placement::Pack | Placement::IslandPack => {}
            Placement::Spread => {
                let free = |rack: usize| shape.rack_nodes(rack).map(|n| self.pool.node_free(n)).sum::<u32>();
                racks.sort_by_key(|&rack| (Reverse(free(rack)), rack));
            }
            Placement::Random => {
                racks.retain(|&rack| self.rack_holds(shape.rack_nodes(rack)));
                let rack = self.draw(&racks)?;
                return self.spread_over(shape.rack_nodes(rack));
            }
        }
        racks.into_iter().find_map(|rack| self.spread_over(shape.rack_nodes(rack)))
    }

    fn rack_holds(&self, range: Range<usize>) -> bool {
        let units: u64 = range.map(|n| u64::from(self.pool.units_on(n, self.request))).sum();
        units >= u64::from(self.request.units)
    }

    fn in_pool(&mut self) -> Option<Parts> {
        if self.placement == Placement::IslandPack
            && self.request.gpus > 0
            && self.pool.shape().island_is_rack
            && let Some(parts) = self.in_rack()
        {
            return Some(parts);
        }
        self.spread_over(self.everywhere())
    }
}
