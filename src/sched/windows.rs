//! Who holds which nodes when: running jobs until their expected ends, reservations for their windows.

use std::collections::BTreeMap;

use super::world::World;
use crate::cluster::{Allocation, Placer, PoolState, Take};
use crate::trace::JobId;
use crate::units::{Span, Time};

/// Nodes held for a while.
#[derive(Debug, Clone)]
struct Hold {
    from: Time,
    to: Time,
    place: Allocation,
}

/// All holds, by job and by node.
#[derive(Debug)]
pub struct Windows {
    holds: BTreeMap<JobId, Hold>,
    by_node: Vec<Vec<Vec<JobId>>>,
    /// Pools with everything free, in which a window's availability is staged for placement.
    stage: Vec<PoolState>,
}

impl Windows {
    /// Nothing is held.
    #[must_use]
    pub fn new(world: &World<'_>) -> Self {
        let stage: Vec<PoolState> = world.spec.pools.iter().map(PoolState::new).collect();
        let by_node = world.spec.pools.iter().map(|p| vec![Vec::new(); p.nodes as usize]).collect();
        Windows { holds: BTreeMap::new(), by_node, stage }
    }

    /// Holds `place` for `job` in `[from, to)`.
    pub fn hold(&mut self, job: JobId, from: Time, to: Time, place: Allocation) {
        for part in place.parts() {
            self.by_node[place.pool as usize][part.node as usize].push(job);
        }
        self.holds.insert(job, Hold { from, to, place });
    }

    /// The same place in another window.
    pub fn shift(&mut self, job: JobId, from: Time, to: Time) {
        if let Some(hold) = self.holds.get_mut(&job) {
            (hold.from, hold.to) = (from, to);
        }
    }

    /// Lets go of what is held for `job`.
    pub fn release(&mut self, job: JobId) -> Option<Allocation> {
        let hold = self.holds.remove(&job)?;
        for part in hold.place.parts() {
            self.by_node[hold.place.pool as usize][part.node as usize].retain(|&j| j != job);
        }
        Some(hold.place)
    }

    /// What is held for `job`.
    #[must_use]
    pub fn place(&self, job: JobId) -> Option<&Allocation> {
        self.holds.get(&job).map(|h| &h.place)
    }

    /// The earliest start in `[now, before)` with a place that is free for the whole of the job's estimate.
    pub fn earliest(
        &mut self,
        world: &World<'_>,
        placer: &mut Placer,
        job: JobId,
        before: Time,
    ) -> Option<(Time, Allocation)> {
        let length = world.estimate(job).max(Span::from_micros(1));
        let mut starts: Vec<Time> = self.holds.values().map(|h| h.to).filter(|&t| t > world.now).collect();
        starts.push(world.now);
        starts.sort_unstable();
        starts.dedup();
        starts
            .into_iter()
            .take_while(|&start| start < before)
            .find_map(|start| self.place_in(world, placer, job, start, start.after(length)).map(|place| (start, place)))
    }

    fn place_in(
        &mut self,
        world: &World<'_>,
        placer: &mut Placer,
        job: JobId,
        from: Time,
        to: Time,
    ) -> Option<Allocation> {
        let class = world.class(job);
        class.pools.iter().find_map(|&pool| {
            let used = self.used_in(world, pool, from, to);
            let stage = &mut self.stage[pool as usize];
            for (node, take) in &used {
                stage.take(*node, take);
            }
            let place = placer.place(stage, pool, &class.request);
            for (node, take) in &used {
                stage.give(*node, take);
            }
            place
        })
    }

    /// The most that is held of each node of a pool at any instant of `[from, to)`, resource by resource.
    fn used_in(&self, world: &World<'_>, pool: u16, from: Time, to: Time) -> Vec<(usize, Take)> {
        let mut used = Vec::new();
        for (node, jobs) in self.by_node[pool as usize].iter().enumerate() {
            let holds: Vec<(JobId, &Hold)> =
                jobs.iter().map(|j| (*j, &self.holds[j])).filter(|(_, h)| h.from < to && h.to > from).collect();
            if holds.is_empty() {
                continue;
            }
            // Usage rises only where a hold begins.
            let peaks = holds.iter().map(|(_, h)| h.from.max(from)).map(|at| {
                let active = holds.iter().filter(|(_, h)| h.from <= at && at < h.to);
                active.fold(Take::default(), |sum, (job, hold)| plus(sum, &of_node(world, *job, hold, node)))
            });
            let peak = peaks.fold(Take::default(), most);
            used.push((node, within(&peak, &self.stage[pool as usize].node_resources(node))));
        }
        used
    }
}

fn of_node(world: &World<'_>, job: JobId, hold: &Hold, node: usize) -> Take {
    let request = world.class(job).request;
    let parts = hold.place.parts().iter().filter(|p| p.node as usize == node);
    parts.fold(Take::default(), |sum, part| plus(sum, &part.take(&request)))
}

fn plus(mut a: Take, b: &Take) -> Take {
    for (lane, &l) in a.lanes.iter_mut().zip(&b.lanes) {
        *lane = lane.saturating_add(l);
    }
    Take { gpus: a.gpus + b.gpus, lanes: a.lanes, cpu: a.cpu + b.cpu, mem: a.mem + b.mem }
}

/// At most what the node has: two may have been promised the same, where somebody outlived an estimate.
fn within(take: &Take, node: &Take) -> Take {
    let mut lanes = take.lanes;
    for (lane, &has) in lanes.iter_mut().zip(&node.lanes) {
        *lane = (*lane).min(has);
    }
    let by_lane: u32 = lanes.iter().map(|&l| u32::from(l)).sum();
    let gpus = if node.lanes.iter().any(|&l| l > 0) { by_lane } else { take.gpus.min(node.gpus) };
    Take { gpus, lanes, cpu: take.cpu.min(node.cpu), mem: take.mem.min(node.mem) }
}

fn most(mut a: Take, b: Take) -> Take {
    for (lane, l) in a.lanes.iter_mut().zip(b.lanes) {
        *lane = (*lane).max(l);
    }
    let by_lane: u32 = a.lanes.iter().map(|&l| u32::from(l)).sum();
    Take { gpus: a.gpus.max(b.gpus).max(by_lane), lanes: a.lanes, cpu: a.cpu.max(b.cpu), mem: a.mem.max(b.mem) }
}
