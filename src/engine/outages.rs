//! When nodes go down and come back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::cluster::ClusterSpec;
use crate::physics::{NodeClock, Physics};
use crate::units::Time;

/// A node, by pool and number.
pub type Node = (u16, u32);

/// What happens to a node, in the order of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Repair,
    Failure,
}

/// The next outage or repair of every node that can fail.
#[derive(Debug, Default)]
pub struct Outages {
    heap: BinaryHeap<Reverse<(Time, Turn, Node)>>,
    clocks: BTreeMap<Node, NodeClock>,
}

impl Outages {
    /// All nodes are up at `origin`.
    #[must_use]
    pub fn new(physics: &Physics, cluster: &ClusterSpec, seed: u64, origin: Time) -> Self {
        let mut outages = Outages::default();
        for (number, pool) in cluster.pools.iter().enumerate() {
            let Some(model) = physics.failures.get(&pool.name) else { continue };
            for node in 0..pool.nodes {
                outages.clocks.insert((number as u16, node), NodeClock::new(*model, seed, &pool.name, node));
                outages.up((number as u16, node), origin);
            }
        }
        outages
    }

    /// A node is up from `now` on.
    pub fn up(&mut self, node: Node, now: Time) {
        if let Some(clock) = self.clocks.get_mut(&node) {
            self.heap.push(Reverse((clock.next_failure(now), Turn::Failure, node)));
        }
    }

    /// A node is down from `now` on.
    pub fn down(&mut self, node: Node, now: Time) {
        if let Some(clock) = self.clocks.get_mut(&node) {
            self.heap.push(Reverse((clock.next_repair(now), Turn::Repair, node)));
        }
    }

    /// When the next node goes down or comes back.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next node that is repaired at `now`.
    pub fn pop_repair(&mut self, now: Time) -> Option<Node> {
        self.pop(now, Turn::Repair)
    }

    /// The next node that fails at `now`; its repairs of the instant come first.
    pub fn pop_failure(&mut self, now: Time) -> Option<Node> {
        self.pop(now, Turn::Failure)
    }

    fn pop(&mut self, now: Time, wanted: Turn) -> Option<Node> {
        let &Reverse((at, turn, node)) = self.heap.peek()?;
        if at != now || turn != wanted {
            return None;
        }
        self.heap.pop();
        Some(node)
    }
}
