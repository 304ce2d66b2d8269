//! Nodes for jobs that need several of one rack.

use std::collections::BTreeMap;

use super::Rented;
use crate::cluster::{Island, Request, placement};
use crate::sched::World;
use crate::trace::{JobId, Level};

impl Rented {
    /// Whether a request of several nodes needs them in one of several racks.
    pub(super) fn needs_a_rack(&self, world: &World<'_>, request: &Request) -> bool {
        let spec = &world.spec.pools[usize::from(self.number)];
        let island_is_rack = spec.gpus.is_some_and(|gpus| gpus.island == Island::Rack);
        let one_rack = match request.widest() {
            Level::Rack => true,
            Level::Island => island_is_rack,
            Level::Any | Level::Node => false,
        };
        one_rack && spec.nodes_per_rack.is_some_and(|rack| rack < spec.nodes)
    }

    /// Enough nodes are there for all, but a job that needs several of one rack has no place: asks for those that some rack
    /// lacks.
    #[cold]
    pub(super) fn complete_a_rack(&mut self, world: &World<'_>) {
        let demand = &self.demand;
        self.racked.retain(|&job| demand.wants(job));
        let pool = &world.pools[usize::from(self.number)];
        let stuck =
            |job: &&JobId| world.holders.of(**job).is_none() && !placement::fits(pool, &world.class(**job).request);
        let jobs: Vec<JobId> = self.racked.iter().filter(stuck).copied().collect();
        for job in jobs {
            let request = world.class(job).request;
            let needed = u64::from(request.units).div_ceil(self.units_to_a_node(world, &request)) as usize;
            let Some((lacking, rack)) = self.nearest_rack(needed) else { continue };
            if self.is_granted(world.now) {
                let nodes: Vec<u32> = (0..lacking).map_while(|_| self.absent.pop_of(rack)).collect();
                // What was added for it before has been taken by others.
                self.measure(world, job);
                self.demand.add_nodes(job, nodes.len() as u64);
                self.expect(nodes, world.now);
            }
            return;
        }
    }

    /// How many nodes are to be asked for until a rack has so many idle ones, and of which.
    fn nearest_rack(&self, needed: usize) -> Option<(usize, u32)> {
        let mut idle: BTreeMap<u32, usize> = BTreeMap::new();
        for &node in self.idle_since.keys() {
            *idle.entry(self.absent.rack_of(node)).or_default() += 1;
        }
        let lacking = |rack: u32| needed.saturating_sub(idle.get(&rack).copied().unwrap_or(0));
        let all = 0..self.absent.racks();
        all.filter(|&rack| (1..=self.absent.in_rack(rack)).contains(&lacking(rack)))
            .map(|rack| (lacking(rack), rack))
            .min()
    }
}
