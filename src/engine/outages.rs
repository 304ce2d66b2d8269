//! When nodes go down and come back.
//!
//! A node may be down for several causes at once, as when it fails during its maintenance: it is back when the last of
//! them is over, and counts as failed as long as a failure is among them. A GPU that fails takes its node down, and a rack
//! all of its nodes: each has a clock of its own, which goes on while the node is down for another cause. Spares are out of
//! service too, and fail like the others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use super::spares::{Condition, Spares};
use crate::cluster::{ClusterSpec, PoolSpec};
use crate::ledger::Leaf;
use crate::physics::{Cause, FailureClock, Failures, OutageWindow, Part, Physics};
use crate::units::Time;

/// A node, by pool and number.
pub type Node = (u16, u32);

/// What happens to a node, in the order of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Up,
    Down,
    /// A spare is there.
    Swap,
}

/// What takes a node out of service and lets it in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// Random failures, by the number of their clock.
    Clock(u32),
    /// A window of the scenario.
    Window(Cause),
    /// The time before a window in which the node takes no new jobs.
    Drain,
    /// It is a spare.
    Spare,
    /// It is not rented.
    Absence,
}

/// How many causes of each kind keep a node out of service.
#[derive(Debug, Clone, Copy, Default)]
struct Causes {
    failed: u32,
    maintenance: u32,
    drains: u32,
    spare: u32,
    absent: u32,
}

impl Causes {
    fn count(&mut self, source: Source) -> &mut u32 {
        match source {
            Source::Clock(_) | Source::Window(Cause::Failed) => &mut self.failed,
            Source::Window(Cause::Maintenance) => &mut self.maintenance,
            Source::Drain => &mut self.drains,
            Source::Spare => &mut self.spare,
            Source::Absence => &mut self.absent,
        }
    }

    /// How spares see it.
    fn condition(self) -> Condition {
        match self {
            Causes { failed: 1.., .. } => Condition::Failed,
            Causes { maintenance: 0, drains: 0, .. } => Condition::Whole,
            _ => Condition::Serviced,
        }
    }

    fn standing(self) -> Standing {
        match self {
            Causes { absent: 1.., .. } => Standing::Absent,
            Causes { failed: 1.., .. } => Standing::Down(Leaf::Failed),
            Causes { maintenance: 1.., .. } | Causes { spare: 1.., .. } => Standing::Down(Leaf::Maintenance),
            Causes { drains: 1.., .. } => Standing::Draining,
            _ => Standing::Up,
        }
    }
}

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes jobs.
    Up,
    /// Those that run there go on; it takes no new ones.
    Draining,
    /// Nothing runs there; its GPUs are booked as this.
    Down(Leaf),
    /// It is not rented: nothing runs there, and its GPUs are no capacity.
    Absent,
}

/// A node stands otherwise than before, or nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The node.
    pub node: Node,
    /// How it stood.
    pub before: Standing,
    /// How it stands from now on.
    pub after: Standing,
}

/// What fails as one, and takes these nodes of a pool down.
#[derive(Debug)]
struct Unit {
    pool: u16,
    nodes: Range<u32>,
    clock: FailureClock,
}

/// The next outage or repair of every node that can go down.
#[derive(Debug, Default)]
pub struct Outages {
    heap: BinaryHeap<Reverse<(Time, Turn, Node, Source)>>,
    units: Vec<Unit>,
    causes: BTreeMap<Node, Causes>,
    spares: Spares,
}

impl Outages {
    /// All nodes are up at `origin`, but for spares, those that are to be rented, and windows that have begun.
    #[must_use]
    pub fn new(physics: &Physics, cluster: &ClusterSpec, seed: u64, origin: Time) -> Self {
        let mut outages = Outages { spares: Spares::new(cluster), ..Outages::default() };
        for spare in outages.spares.held_back() {
            outages.heap.push(Reverse((origin, Turn::Down, spare, Source::Spare)));
        }
        for (number, pool) in (0..).zip(&cluster.pools).filter(|(_, pool)| pool.tenure.rent().is_some()) {
            let absent = (0..pool.nodes).map(|node| Reverse((origin, Turn::Down, (number, node), Source::Absence)));
            outages.heap.extend(absent);
        }
        for (number, pool) in cluster.pools.iter().enumerate() {
            let number = number as u16;
            for window in physics.outages.values().filter(|window| window.pool == pool.name) {
                outages.add(window, number, origin);
            }
            if let Some(failures) = physics.failures.get(&pool.name) {
                outages.add_units(failures, number, pool, seed, origin);
            }
        }
        outages
    }

    /// Notes the part of a window, and of the time in which its nodes drain, that lies after `origin`: before, there is
    /// nothing to be down.
    fn add(&mut self, window: &OutageWindow, pool: u16, origin: Time) {
        let from = Time::ZERO.after(window.from);
        let drain = Time::from_micros(from.micros().saturating_sub(window.drain.micros()));
        for node in window.nodes.clone() {
            self.add_stretch((pool, node), Source::Window(window.cause), (from, from.after(window.lasts)), origin);
            self.add_stretch((pool, node), Source::Drain, (drain, from), origin);
        }
    }

    fn add_stretch(&mut self, node: Node, source: Source, (from, to): (Time, Time), origin: Time) {
        if from < to && origin < to {
            self.heap.push(Reverse((from.max(origin), Turn::Down, node, source)));
            self.heap.push(Reverse((to, Turn::Up, node, source)));
        }
    }

    /// Notes all that can fail of a pool.
    fn add_units(&mut self, failures: &Failures, number: u16, pool: &PoolSpec, seed: u64, origin: Time) {
        let mut add = |part: Part, nodes: Range<u32>| {
            let Some(&model) = failures.of(part) else { return };
            let clock = FailureClock::new(model, seed, &pool.name, part);
            self.units.push(Unit { pool: number, nodes, clock });
            self.draw(self.units.len() as u32 - 1, Turn::Down, origin);
        };
        for node in 0..pool.nodes {
            add(Part::Node(node), node..node + 1);
            for gpu in 0..pool.gpus_per_node() {
                add(Part::Gpu(node, gpu), node..node + 1);
            }
        }
        let racks = pool.nodes_per_rack.unwrap_or(pool.nodes).max(1);
        for rack in 0..pool.nodes.div_ceil(racks) {
            add(Part::Rack(rack), rack * racks..pool.nodes.min((rack + 1).saturating_mul(racks)));
        }
    }

    /// Draws when a unit fails next, or is repaired, from `now` on.
    fn draw(&mut self, number: u32, turn: Turn, now: Time) {
        let unit = &mut self.units[number as usize];
        let at = match turn {
            Turn::Down => unit.clock.next_failure(now),
            Turn::Up | Turn::Swap => unit.clock.next_repair(now),
        };
        for node in unit.nodes.clone() {
            self.heap.push(Reverse((at, turn, (unit.pool, node), Source::Clock(number))));
        }
    }

    /// When the next node goes out of service or comes back.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// What happens next to a node at `now`: all that comes back of an instant before all that goes down, before the spares
    /// that come for it.
    pub fn pop(&mut self, now: Time) -> Option<Change> {
        let &Reverse((at, turn, node, source)) = self.heap.peek()?;
        if at != now {
            return None;
        }
        self.heap.pop();
        let before = self.standing(node);
        match turn {
            Turn::Down => *self.causes_of(node, source) += 1,
            Turn::Up => *self.causes_of(node, source) -= 1,
            Turn::Swap => self.swap(node, now),
        }
        // All nodes of a unit stand in the queue, and one of them speaks for it.
        if let Source::Clock(number) = source
            && self.units[number as usize].nodes.start == node.1
        {
            let next = if turn == Turn::Down { Turn::Up } else { Turn::Down };
            self.draw(number, next, now);
        }
        self.call_spares(node, now);
        Some(Change { node, before, after: self.standing(node) })
    }

    /// A node comes or goes that is rented.
    pub fn set_absent(&mut self, node: Node, absent: bool) -> Change {
        let before = self.standing(node);
        *self.causes_of(node, Source::Absence) = u32::from(absent);
        Change { node, before, after: self.standing(node) }
    }

    /// Whether nothing keeps a node out of service, but perhaps that it is not rented.
    #[must_use]
    pub fn is_whole(&self, node: Node) -> bool {
        self.causes.get(&node).is_none_or(|causes| causes.condition() == Condition::Whole)
    }

    fn standing(&self, node: Node) -> Standing {
        self.causes.get(&node).map_or(Standing::Up, |causes| causes.standing())
    }

    fn causes_of(&mut self, node: Node, source: Source) -> &mut u32 {
        self.causes.entry(node).or_default().count(source)
    }

    /// A spare goes into the place of a node that has failed and goes on being out of service as a spare, unless it was
    /// called off.
    fn swap(&mut self, spare: Node, now: Time) {
        if let Some(failed) = self.spares.arrive(spare, now) {
            *self.causes_of(failed, Source::Spare) += 1;
            *self.causes_of(spare, Source::Spare) -= 1;
        }
    }

    /// Lets spares come where a node has failed, or another one is ready.
    fn call_spares(&mut self, node: Node, now: Time) {
        let condition = self.causes.get(&node).map_or(Condition::Whole, |causes| causes.condition());
        for (spare, at) in self.spares.follow(node, condition, now) {
            self.heap.push(Reverse((at, Turn::Swap, spare, Source::Spare)));
        }
    }
}
