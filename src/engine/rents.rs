//! Rented nodes: for whom they are asked for, when they come, and when they go.
//!
//! A node of such a pool is there only while it is rented. Nodes are asked for when jobs that could run in the pool have
//! waited long enough, as many as these would fill; who gets them is the policy's business, as with all nodes that are
//! there. Nodes that nobody has waited long enough for are given back when they have been idle for a while, and the provider
//! may take spot nodes back before. Each pool asks for itself.

mod absent;
mod demand;
mod pool;

pub use pool::{Move, Outlook};

use super::lives::earliest;
use super::outages::Node;
use crate::cluster::ClusterSpec;
use crate::sched::{Holder, World};
use crate::trace::JobId;
use crate::units::Time;
use pool::Rented;

/// The rented pools of a run; mostly none.
#[derive(Debug, Default)]
pub struct Rents(Vec<Rented>);

impl Rents {
    /// Of a cluster, none of whose rented nodes is there yet.
    #[must_use]
    pub fn new(cluster: &ClusterSpec, seed: u64) -> Self {
        let rented = (0..).zip(&cluster.pools).filter_map(|(number, spec)| Rented::new(number, spec, seed));
        Rents(rented.collect())
    }

    /// Whether all nodes are there all the time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When anything happens next.
    #[must_use]
    pub fn next(&self, now: Time) -> Option<Time> {
        self.0.iter().fold(None, |first, rented| earliest(first, rented.next(now)))
    }

    /// A node that comes or is taken back by now, if any; the caller sees to it that it is so.
    pub fn pop(&mut self, now: Time) -> Option<Move> {
        self.0.iter_mut().find_map(|rented| rented.pop(now))
    }

    /// A job begins to wait.
    pub fn waits(&mut self, world: &World<'_>, job: JobId) {
        let homes = world.classes.homes(world.jobs, job);
        for rented in self.0.iter_mut().filter(|rented| homes.contains(&rented.number)) {
            rented.demand.waits(job, world.now);
        }
    }

    /// A job waits no more.
    pub fn waits_no_more(&mut self, job: JobId) {
        for rented in &mut self.0 {
            rented.demand.waits_no_more(job);
        }
    }

    /// A job holds what it does in the world from now on, or a part of what it waits for.
    pub fn took(&mut self, world: &World<'_>, job: JobId) {
        let Some(holder) = world.holders.of(job) else { return };
        for rented in &mut self.0 {
            if rented.number == holder.held.pool {
                rented.took(holder);
            }
            if holder.start.is_none() {
                rented.measure(world, job);
            }
        }
    }

    /// A job has given back what it held.
    pub fn left(&mut self, world: &World<'_>, holder: &Holder) {
        if let Some(rented) = self.of(holder.held.pool) {
            rented.left(holder, |_| true, world.now);
        }
        if holder.start.is_none() {
            self.0.iter_mut().for_each(|rented| rented.measure(world, holder.job));
        }
    }

    /// A job, of which `before` tells, has given back what it held on a node and holds the rest.
    pub fn left_node(&mut self, before: &Holder, node: u32, now: Time) {
        if let Some(rented) = self.of(before.held.pool) {
            rented.left(before, |other| other == node, now);
        }
    }

    /// Nothing but that it may not be rented keeps a node out of service, or something does.
    pub fn set_service(&mut self, (pool, node): Node, in_service: bool) {
        if let Some(rented) = self.of(pool) {
            rented.set_service(node, in_service);
        }
    }

    /// Who has anything of a node of a rented pool.
    #[must_use]
    pub fn users(&self, (pool, node): Node) -> Option<Vec<JobId>> {
        self.0.iter().find(|rented| rented.number == pool).map(|rented| rented.users_of(node))
    }

    /// When all passes of an instant are over: asks for nodes that are lacking, and gives those that go back.
    pub fn settle(&mut self, world: &World<'_>) -> Vec<Node> {
        let mut gone = Vec::new();
        for rented in &mut self.0 {
            rented.hear(world);
            gone.extend(rented.give_back(world.now).into_iter().map(|node| (rented.number, node)));
            rented.ask(world);
        }
        gone
    }

    /// What a waiting job has to expect of each rented pool in which it could run, the nearest first.
    #[must_use]
    pub fn outlooks(&self, world: &World<'_>, job: JobId) -> Vec<(u16, Outlook)> {
        let homes = world.classes.homes(world.jobs, job);
        let open = self.0.iter().filter(|rented| homes.contains(&rented.number));
        let mut outlooks: Vec<(u16, Outlook)> =
            open.filter_map(|rented| Some((rented.number, rented.outlook(job, world.now)?))).collect();
        outlooks.sort_by_key(|&(pool, outlook)| (outlook, pool));
        outlooks
    }

    /// Nodes of a pool that are not there.
    #[must_use]
    pub fn absent_nodes(&self, pool: u16) -> u64 {
        self.0.iter().find(|rented| rented.number == pool).map_or(0, Rented::absent_nodes)
    }

    fn of(&mut self, pool: u16) -> Option<&mut Rented> {
        self.0.iter_mut().find(|rented| rented.number == pool)
    }
}
