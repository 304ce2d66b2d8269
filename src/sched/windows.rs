//! Who holds which nodes when: running jobs until their expected ends, reservations for their windows.
//!
//! Every node has its usage over time, every pool the sum of its free GPUs over time. A search for the earliest window of
//! a job looks only at starts at which the sum would do, and from one to the next only at the nodes whose usage changes.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use rustc_hash::FxHashMap;

use super::freed::Freed;
use super::profile::Profile;
use super::steps::Steps;
use super::usage::Usage;
use super::world::World;
use crate::cluster::{Allocation, Placer, PoolState, Request, Take};
use crate::trace::JobId;
use crate::units::{Span, Time};

/// Nodes held for a while.
#[derive(Debug, Clone)]
struct Hold {
    from: Time,
    to: Time,
    place: Allocation,
}

/// All holds.
#[derive(Debug)]
pub struct Windows {
    holds: FxHashMap<JobId, Hold>,
    pools: Vec<PoolWindows>,
}

/// How many parts of holds begin and end on a node at an instant.
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    begin: u32,
    end: u32,
}

/// The holds of one pool.
#[derive(Debug)]
struct PoolWindows {
    /// What a node has.
    node: Take,
    /// What is used of each, over time.
    used: Vec<Steps<Usage>>,
    /// The free GPUs of all nodes, over time.
    free: Profile,
    edges: BTreeMap<(Time, u32), Edge>,
    /// The pool as a window leaves it: what is free of each node at every instant of it.
    stage: PoolState,
    /// What is taken on the stage, by node.
    staged: Vec<Take>,
    /// What jobs early in the order have not seen yet.
    freed: Freed,
}

impl Windows {
    /// Nothing is held.
    #[must_use]
    pub fn new(world: &World<'_>) -> Self {
        let mut pools: Vec<PoolWindows> = world.spec.pools.iter().map(PoolWindows::new).collect();
        for (&(pool, node), gone) in world.down.iter().chain(&world.draining) {
            pools[pool as usize].alter(world.now, node, (Time::ZERO, Time::MAX), |used| used.add(gone));
        }
        Windows { holds: FxHashMap::default(), pools }
    }

    /// Holds `place` for `job` in `[from, to)`.
    pub fn hold(&mut self, world: &World<'_>, job: JobId, from: Time, to: Time, place: Allocation) {
        let request = world.class(job).request;
        let pool = &mut self.pools[place.pool as usize];
        for part in place.parts() {
            let take = part.take(&request);
            pool.alter(world.now, part.node, (from, to), |used| used.add(&take));
            pool.edges.entry((from, part.node)).or_default().begin += 1;
            pool.edges.entry((to, part.node)).or_default().end += 1;
        }
        self.holds.insert(job, Hold { from, to, place });
    }

    /// Lets go of what is held for `job`.
    pub fn release(&mut self, world: &World<'_>, job: JobId) -> Option<Allocation> {
        let Hold { from, to, place } = self.holds.remove(&job)?;
        let request = world.class(job).request;
        let pool = &mut self.pools[place.pool as usize];
        for part in place.parts() {
            let take = part.take(&request);
            pool.alter(world.now, part.node, (from, to), |used| used.remove(&take));
            pool.forget_edge((from, part.node), |edge| edge.begin -= 1);
            pool.forget_edge((to, part.node), |edge| edge.end -= 1);
        }
        Some(place)
    }

    /// Says that a pool has more that is free in `[from, to)` than before.
    pub fn tell_freed(&mut self, pool: u16, from: Time, to: Time) {
        self.pools[pool as usize].freed.tell(from, to);
    }

    /// Begins a walk over all reservations and says whether it could change any: whether anything was freed. A job sees
    /// what was freed since its turn in the walk before.
    pub fn begin_walk(&mut self, now: Time) -> bool {
        let mut any = false;
        for pool in &mut self.pools {
            any |= pool.freed.begin_walk(now);
        }
        any
    }

    /// Whether the job, which holds nodes from `start` on, could possibly start earlier now although it could not before:
    /// its new window would meet what was freed, and until `start` enough GPUs would be free without its own.
    #[must_use]
    pub fn may_improve(&self, world: &World<'_>, job: JobId, start: Time) -> bool {
        let class = world.class(job);
        let (gpus, length) = (class.request.total_gpus(), world.estimate(job));
        class.pools.iter().map(|&pool| &self.pools[pool as usize]).any(|pool| {
            let end = pool.freed.end();
            end.is_some_and(|end| pool.free.earlier(world.now, end, start, length, gpus).is_some())
        })
    }

    /// What is held for `job`.
    #[must_use]
    pub fn place(&self, job: JobId) -> Option<&Allocation> {
        self.holds.get(&job).map(|h| &h.place)
    }

    /// The earliest start in `[now, before)` with a place that is free for the whole of the job's estimate; where pools
    /// offer the same, the first.
    pub fn earliest(
        &mut self,
        world: &World<'_>,
        placer: &mut Placer,
        job: JobId,
        before: Time,
    ) -> Option<(Time, Allocation)> {
        let length = world.estimate(job).max(Span::from_micros(1));
        let class = world.class(job);
        let mut best: Option<(Time, Allocation)> = None;
        for &pool in &class.pools {
            let before = best.as_ref().map_or(before, |(start, _)| *start);
            let place = |stage: &PoolState| placer.place(stage, pool, &class.request);
            let found = self.pools[pool as usize].earliest(world.now, before, length, &class.request, place);
            best = found.or(best);
        }
        best
    }
}

impl PoolWindows {
    fn new(spec: &crate::cluster::PoolSpec) -> Self {
        let stage = PoolState::new(spec);
        let nodes = spec.nodes as usize;
        PoolWindows {
            node: if nodes > 0 { stage.node_resources(0) } else { Take::default() },
            used: vec![Steps::new(Usage::default()); nodes],
            free: Profile::new(spec.gpu_count()),
            edges: BTreeMap::new(),
            stage,
            staged: vec![Take::default(); nodes],
            freed: Freed::default(),
        }
    }

    /// Changes what is used of a node in a window, and the sum of what is free with it.
    fn alter(&mut self, now: Time, node: u32, window: (Time, Time), change: impl Fn(&mut Usage)) {
        let (from, to) = window;
        self.free.advance(now);
        let used = &mut self.used[node as usize];
        used.advance(now);
        let mut freed: Vec<(Time, i64)> = Vec::new();
        used.alter(from, to, |at, used| {
            let before = used.within(&self.node).gpus;
            change(used);
            let more = i64::from(before) - i64::from(used.within(&self.node).gpus);
            if freed.last().is_none_or(|&(_, last)| last != more) {
                freed.push((at, more));
            }
        });
        for (at, &(start, more)) in freed.iter().enumerate() {
            let end = freed.get(at + 1).map_or(to, |&(next, _)| next);
            self.free.add(start, end, more);
        }
    }

    fn forget_edge(&mut self, at: (Time, u32), less: impl Fn(&mut Edge)) {
        if let Some(edge) = self.edges.get_mut(&at) {
            less(edge);
            if edge.begin == 0 && edge.end == 0 {
                self.edges.remove(&at);
            }
        }
    }

    /// The first instant after `at` at which a hold ends: between two of them no window gets better.
    fn next_end(&self, at: Time) -> Option<Time> {
        let later = self.edges.range((Excluded((at, u32::MAX)), Unbounded));
        later.filter(|(_, edge)| edge.end > 0).map(|(&(at, _), _)| at).next()
    }

    /// The earliest window of this length that begins in `[now, before)` and in which `place` finds a place.
    fn earliest(
        &mut self,
        now: Time,
        before: Time,
        length: Span,
        request: &Request,
        mut place: impl FnMut(&PoolState) -> Option<Allocation>,
    ) -> Option<(Time, Allocation)> {
        let mut staged: Option<(Time, Time)> = None;
        let mut from = now;
        loop {
            let start = self.free.earliest(from, before, length, request.total_gpus())?;
            let window = (start, start.after(length));
            match staged {
                None => (0..self.used.len()).for_each(|node| self.show(node, window)),
                Some(last) => self.show_changes(last, window),
            }
            staged = Some(window);
            if let Some(place) = place(&self.stage) {
                return Some((start, place));
            }
            from = self.next_end(start)?;
        }
    }

    /// Brings the stage from one window to a later one.
    fn show_changes(&mut self, (start, end): (Time, Time), window: (Time, Time)) {
        let nodes_of = |from, to| {
            let edges = self.edges.range((Included((from, 0)), Included((to, u32::MAX))));
            edges.map(|(&(_, node), _)| node as usize)
        };
        let mut nodes: Vec<usize> = nodes_of(start, window.0).chain(nodes_of(end.max(window.0), window.1)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.into_iter().for_each(|node| self.show(node, window));
    }

    /// Shows on the stage what is free of a node at every instant of a window.
    fn show(&mut self, node: usize, (from, to): (Time, Time)) {
        let used = self.used[node].within(from, to).iter();
        let used = used.fold(Usage::default(), |most, used| most.or_more(used)).within(&self.node);
        let before = std::mem::replace(&mut self.staged[node], used);
        if before != used {
            self.stage.give(node, &before);
            self.stage.take(node, &used);
        }
    }
}
