//! Dividing the units of a request over nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::{Placement, Search};
use crate::cluster::allocation::{Part, Parts};

impl Search<'_> {
    /// Divides the units over the nodes of `range`.
    pub(super) fn spread_over(&mut self, range: Range<usize>) -> Option<Parts> {
        match self.placement {
            Placement::FirstFit => self.fill_in_order(&range),
            Placement::Pack => self.fill_fullest(&range, true),
            Placement::IslandPack => match self.in_tightest_island(&range) {
                Some(part) => Some(Parts::One(part)),
                None => self.fill_fullest(&range, true),
            },
            Placement::Spread if self.steps_by_unit() => self.one_by_one(&range),
            Placement::Spread => self.fill_fullest(&range, false),
            Placement::Random => self.fill_drawn(&range),
        }
    }

    /// Whether units are placed one at a time, each where it is emptiest.
    pub(super) fn steps_by_unit(&self) -> bool {
        self.placement == Placement::Spread && self.request.tasks && self.request.units > 1
    }

    /// The lowest-numbered nodes first, each taking as many units as it can.
    fn fill_in_order(&self, range: &Range<usize>) -> Option<Parts> {
        let mut parts = Vec::new();
        let mut left = self.request.units;
        let mut from = range.start;
        while left > 0 {
            let buckets = self.pool.by_free();
            let node = (self.request.gpus as usize..=buckets.highest())
                .filter_map(|f| buckets.with(f).next(from))
                .min()
                .filter(|&n| n < range.end)?;
            let units = self.pool.units_on(node, self.request).min(left);
            if units > 0 {
                parts.push(self.part(node, units));
                left -= units;
            }
            from = node + 1;
        }
        Some(Parts::of(parts))
    }

    /// The nodes with the most free GPUs first, each taking as many units as it can; with `best_fit`, as soon as some
    /// node holds all that is left, the one with the fewest free GPUs.
    fn fill_fullest(&mut self, range: &Range<usize>, best_fit: bool) -> Option<Parts> {
        let mut left = self.request.units;
        if best_fit && let Some(node) = self.node_for(range, left) {
            return Some(Parts::One(self.part(node, left)));
        }
        let mut parts: Vec<Part> = Vec::new();
        for free in (self.request.gpus as usize..=self.pool.by_free().highest()).rev() {
            for node in self.pool.by_free().with(free).range(range.clone()) {
                let units = self.pool.units_on(node, self.request).min(left);
                if units == 0 {
                    continue;
                }
                parts.push(self.part(node, units));
                left -= units;
                if left == 0 {
                    return Some(Parts::of(parts));
                }
                if best_fit && let Some(last) = self.last_node(range, left, &parts) {
                    parts.push(self.part(last, left));
                    return Some(Parts::of(parts));
                }
            }
        }
        None
    }

    /// The node with the fewest free GPUs, other than those used, that holds the last `left` units.
    fn last_node(&self, range: &Range<usize>, left: u32, used: &[Part]) -> Option<usize> {
        let need = left as usize * self.request.gpus as usize;
        let request = self.request.with_units(left);
        let limited = self.pool.limits_beside_gpus(&request);
        let holds = |n: usize| !limited || self.pool.units_beside_gpus(n, &request) >= left;
        (need..=self.pool.by_free().highest())
            .map(|f| self.pool.by_free().with(f))
            .filter(|nodes| !nodes.is_empty())
            .find_map(|nodes| {
                nodes.range(range.clone()).find(|&n| holds(n) && !used.iter().any(|p| p.node as usize == n))
            })
    }

    /// Each unit on the node with the most free GPUs, counting the units before it.
    fn one_by_one(&self, range: &Range<usize>) -> Option<Parts> {
        let request = self.request;
        let buckets = self.pool.by_free();
        let mut fresh = (request.gpus as usize..=buckets.highest())
            .rev()
            .flat_map(|f| buckets.with(f).range(range.clone()).map(move |n| (f as u32, Reverse(n))))
            .filter(|&(_, Reverse(n))| self.pool.units_on(n, request) > 0)
            .peekable();
        let mut used: BinaryHeap<(u32, Reverse<usize>)> = BinaryHeap::new();
        let mut units: Vec<(usize, u32)> = Vec::new();
        for _ in 0..request.units {
            let from_used = used.peek().copied() >= fresh.peek().copied();
            let (free, Reverse(node)) = if from_used { used.pop()? } else { fresh.next()? };
            let on_node = match units.iter_mut().find(|(n, _)| *n == node) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    units.push((node, 1));
                    1
                }
            };
            if self.pool.units_on(node, request) > on_node {
                used.push((free - request.gpus, Reverse(node)));
            }
        }
        Some(Parts::of(units.into_iter().map(|(node, count)| self.part(node, count)).collect()))
    }

    fn fill_drawn(&mut self, range: &Range<usize>) -> Option<Parts> {
        let mut left = self.request.units;
        if let Some(node) = self.node_for(range, left) {
            return Some(Parts::One(self.part(node, left)));
        }
        if !self.rack_holds(range.clone()) {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut open: Vec<usize> = range.clone().filter(|&n| self.pool.units_on(n, self.request) > 0).collect();
        while left > 0 {
            let holds_all: Vec<usize> =
                open.iter().copied().filter(|&n| self.pool.units_on(n, self.request) >= left).collect();
            let node = if holds_all.is_empty() { self.draw(&open)? } else { self.draw(&holds_all)? };
            let units = self.pool.units_on(node, self.request).min(left);
            parts.push(self.part(node, units));
            left -= units;
            open.retain(|&n| n != node);
        }
        Some(Parts::of(parts))
    }
}
