//! When nodes go down and come back.
//!
//! A node may be down for several causes at once, as when it fails during its maintenance: it is back when the last of
//! them is over, and counts as failed as long as a failure is among them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::cluster::ClusterSpec;
use crate::ledger::Leaf;
use crate::physics::{Cause, NodeClock, OutageWindow, Physics};
use crate::units::Time;

/// A node, by pool and number.
pub type Node = (u16, u32);

/// What happens to a node, in the order of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Up,
    Down,
}

/// What takes a node down and lets it up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// Its own random failures.
    Clock,
    /// A window of the scenario.
    Window(Cause),
}

/// How many causes of each kind keep a node down.
#[derive(Debug, Clone, Copy, Default)]
struct Causes {
    failed: u32,
    maintenance: u32,
}

impl Causes {
    fn count(&mut self, source: Source) -> &mut u32 {
        match source {
            Source::Clock | Source::Window(Cause::Failed) => &mut self.failed,
            Source::Window(Cause::Maintenance) => &mut self.maintenance,
        }
    }

    /// Where the node's GPUs are booked; `None`: it is up.
    fn leaf(self) -> Option<Leaf> {
        match self {
            Causes { failed: 1.., .. } => Some(Leaf::Failed),
            Causes { maintenance: 1.., .. } => Some(Leaf::Maintenance),
            _ => None,
        }
    }
}

/// A node goes down, comes back, or is down for another cause, or nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The node.
    pub node: Node,
    /// What it was booked as; `None`: it was up.
    pub before: Option<Leaf>,
    /// What it is booked as from now on; `None`: it is up.
    pub after: Option<Leaf>,
}

/// The next outage or repair of every node that can go down.
#[derive(Debug, Default)]
pub struct Outages {
    heap: BinaryHeap<Reverse<(Time, Turn, Node, Source)>>,
    clocks: BTreeMap<Node, NodeClock>,
    causes: BTreeMap<Node, Causes>,
}

impl Outages {
    /// All nodes are up at `origin`, but for windows that have begun.
    #[must_use]
    pub fn new(physics: &Physics, cluster: &ClusterSpec, seed: u64, origin: Time) -> Self {
        let mut outages = Outages::default();
        for (number, pool) in cluster.pools.iter().enumerate() {
            let number = number as u16;
            for window in physics.outages.values().filter(|window| window.pool == pool.name) {
                outages.add(window, number, origin);
            }
            let Some(model) = physics.failures.get(&pool.name) else { continue };
            for node in 0..pool.nodes {
                outages.clocks.insert((number, node), NodeClock::new(*model, seed, &pool.name, node));
                outages.draw_failure((number, node), origin);
            }
        }
        outages
    }

    /// Notes the part of a window that lies after `origin`: before, there is nothing to be down.
    fn add(&mut self, window: &OutageWindow, pool: u16, origin: Time) {
        let from = Time::ZERO.after(window.from);
        let to = from.after(window.lasts);
        if to <= origin {
            return;
        }
        for node in window.nodes.clone() {
            let source = Source::Window(window.cause);
            self.heap.push(Reverse((from.max(origin), Turn::Down, (pool, node), source)));
            self.heap.push(Reverse((to, Turn::Up, (pool, node), source)));
        }
    }

    fn draw_failure(&mut self, node: Node, now: Time) {
        if let Some(clock) = self.clocks.get_mut(&node) {
            self.heap.push(Reverse((clock.next_failure(now), Turn::Down, node, Source::Clock)));
        }
    }

    fn draw_repair(&mut self, node: Node, now: Time) {
        if let Some(clock) = self.clocks.get_mut(&node) {
            self.heap.push(Reverse((clock.next_repair(now), Turn::Up, node, Source::Clock)));
        }
    }

    /// When the next node goes down or comes back.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// What happens next to a node at `now`: all that comes back of an instant before all that goes down.
    pub fn pop(&mut self, now: Time) -> Option<Change> {
        let &Reverse((at, turn, node, source)) = self.heap.peek()?;
        if at != now {
            return None;
        }
        self.heap.pop();
        let causes = self.causes.entry(node).or_default();
        let before = causes.leaf();
        match turn {
            Turn::Down => *causes.count(source) += 1,
            Turn::Up => *causes.count(source) -= 1,
        }
        let after = causes.leaf();
        match (source, turn) {
            (Source::Clock, Turn::Down) => self.draw_repair(node, now),
            (Source::Clock, Turn::Up) => self.draw_failure(node, now),
            (Source::Window(_), _) => {}
        }
        Some(Change { node, before, after })
    }
}
