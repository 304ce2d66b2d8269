//! Nodes that are held back until others fail.
//!
//! A node that fails leaves a vacancy; a spare that nothing keeps out of service is called into the oldest one and is there
//! after the time that a swap takes. The failed node is a spare from then on, and waits as one when it is repaired. Where it
//! is back before that, the spare is called off; where the spare goes out of service on its way, another one is called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::outages::Node;
use crate::cluster::ClusterSpec;
use crate::units::{Span, Time};

/// The spares of all pools.
#[derive(Debug, Default)]
pub struct Spares {
    pools: BTreeMap<u16, Pool>,
}

/// The spares of one pool, all nodes by their numbers in it.
#[derive(Debug)]
struct Pool {
    swap: Span,
    held_back: BTreeSet<u32>,
    /// Those that are held back and nothing else keeps out of service, but for those that are called.
    ready: BTreeSet<u32>,
    /// Spares on their way: in whose place they come, and when they are there.
    called: BTreeMap<u32, (u32, Time)>,
    /// Failed nodes in whose place nobody comes yet, the oldest first.
    vacant: VecDeque<u32>,
}

/// Why a node is out of service, as far as spares are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing but that it may be a spare keeps it out of service.
    Whole,
    /// It has failed.
    Failed,
    /// It is worked on, or about to be.
    Serviced,
}

impl Spares {
    /// The last nodes of each pool that has spares.
    #[must_use]
    pub fn new(cluster: &ClusterSpec) -> Self {
        let numbered = (0..).zip(&cluster.pools);
        let pools = numbered.filter(|(_, pool)| pool.spares.nodes > 0).map(|(number, spec)| {
            let held_back: BTreeSet<u32> = (spec.nodes_in_use()..spec.nodes).collect();
            let ready = held_back.clone();
            let (called, vacant) = (BTreeMap::new(), VecDeque::new());
            (number, Pool { swap: spec.spares.swap, held_back, ready, called, vacant })
        });
        Spares { pools: pools.collect() }
    }

    /// All that are held back.
    pub fn held_back(&self) -> impl Iterator<Item = Node> + '_ {
        self.pools.iter().flat_map(|(&number, pool)| pool.held_back.iter().map(move |&node| (number, node)))
    }

    /// A node is in this condition from `now` on: the spares that are called for it, each with the instant at which it is
    /// there.
    pub fn follow(&mut self, (number, node): Node, condition: Condition, now: Time) -> Vec<(Node, Time)> {
        let Some(pool) = self.pools.get_mut(&number) else { return Vec::new() };
        if pool.held_back.contains(&node) {
            pool.follow_spare(node, condition);
        } else {
            pool.follow_user(node, condition);
        }
        pool.call(now).into_iter().map(|(spare, at)| ((number, spare), at)).collect()
    }

    /// A spare was to be there at `now`: the failed node whose place it takes, unless it was called off meanwhile.
    pub fn arrive(&mut self, (number, spare): Node, now: Time) -> Option<Node> {
        let pool = self.pools.get_mut(&number)?;
        let &(failed, _) = pool.called.get(&spare).filter(|(_, at)| *at == now)?;
        pool.called.remove(&spare);
        pool.held_back.remove(&spare);
        pool.held_back.insert(failed);
        Some((number, failed))
    }
}

impl Pool {
    fn follow_spare(&mut self, node: u32, condition: Condition) {
        if condition != Condition::Whole {
            self.ready.remove(&node);
            if let Some((failed, _)) = self.called.remove(&node) {
                self.vacant.push_front(failed);
            }
        } else if !self.called.contains_key(&node) {
            self.ready.insert(node);
        }
    }

    fn follow_user(&mut self, node: u32, condition: Condition) {
        let called = self.called.iter().find(|(_, (failed, _))| *failed == node).map(|(&spare, _)| spare);
        let waits = self.vacant.contains(&node);
        match (condition, called) {
            (Condition::Failed, None) if !waits => self.vacant.push_back(node),
            (Condition::Failed, _) => {}
            (_, Some(spare)) => {
                self.called.remove(&spare);
                self.ready.insert(spare);
            }
            (_, None) => self.vacant.retain(|&other| other != node),
        }
    }

    /// Calls spares into the vacancies, as many as there are.
    fn call(&mut self, now: Time) -> Vec<(u32, Time)> {
        let mut calls = Vec::new();
        while let (Some(&failed), Some(&spare)) = (self.vacant.front(), self.ready.first()) {
            self.vacant.pop_front();
            self.ready.remove(&spare);
            let at = now.after(self.swap);
            self.called.insert(spare, (failed, at));
            calls.push((spare, at));
        }
        calls
    }
}
