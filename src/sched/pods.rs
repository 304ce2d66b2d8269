//! Pod by pod, without gangs, as the default kube-scheduler places them: a job holds what it has and waits for the rest.

use std::collections::BTreeSet;

use super::classes::LineId;
use super::list::{find_place, fits_any};
use super::order::Order;
use super::pass::{Fault, Pass};
use super::registry::{PLACEMENT, PolicyEntry};
use super::search::serve_passing_over;
use super::{Elasticity, HeldBack, Holder, Scheduler, Verdict, World};
use crate::cluster::{Allocation, Placer};
use crate::trace::JobId;

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "pods",
    summary: "Pod by pod, each skipped if it has no place; partial jobs hold what they have and may deadlock.",
    keys: &[PLACEMENT],
    uses_estimates: false,
    backfills: false,
    build: |_, placer| Box::new(Pods::new(placer)),
};

/// The pods policy.
#[derive(Debug)]
pub struct Pods {
    placer: Placer,
    /// Jobs that hold some pods and want more, started or not.
    incomplete: BTreeSet<JobId>,
}

impl Pods {
    /// Pods in (submit, row, task) order.
    #[must_use]
    pub fn new(placer: Placer) -> Self {
        Pods { placer, incomplete: BTreeSet::new() }
    }

    /// Gives as many pods of a job a place as have one, and starts it when that is enough.
    fn serve(&mut self, pass: &mut Pass<'_, '_>, job: JobId) -> Result<bool, Fault> {
        let pod = pass.class(job).request.with_units(1);
        let mut served = false;
        while pass.missing_units(job) > 0 {
            let place = match pass.holders.of(job) {
                Some(holder) => {
                    let pool = &pass.pools[holder.held.pool as usize];
                    self.placer.place_beside(pool, &pod, &holder.held)
                }
                None => find_place(pass, &mut self.placer, job, &pod),
            };
            let Some(place) = place else { break };
            pass.hold(job, place)?;
            served = true;
        }
        let held = pass.holders.of(job).map_or((0, false), |h| (h.units, h.start.is_some()));
        if !held.1 && held.0 >= pass.least_units(job) {
            pass.launch(job)?;
        }
        if held.0 > 0 && pass.missing_units(job) > 0 {
            self.incomplete.insert(job);
        } else {
            self.incomplete.remove(&job);
        }
        Ok(served)
    }

    /// Whether partial holders block each other even when all running jobs have ended.
    fn deadlocked(&self, pass: &mut Pass<'_, '_>) -> bool {
        let holders: Vec<JobId> = self.incomplete.iter().copied().filter(|&j| waits(pass, j)).collect();
        if holders.is_empty() {
            return false;
        }
        pass.imagine(|world| {
            let mut running: Vec<(JobId, Allocation)> =
                world.holders.iter().filter(|h| h.start.is_some()).map(|h| (h.job, h.held.clone())).collect();
            running.sort_unstable_by_key(|(job, _)| *job);
            for (job, held) in &running {
                world.give(*job, held);
            }
            let stuck = !holders.iter().any(|&job| self.could_complete(world, job));
            for (job, held) in &running {
                world.take(*job, held);
            }
            stuck
        })
    }

    /// Whether a partial holder could start in the world as it is, alone.
    fn could_complete(&self, world: &World<'_>, job: JobId) -> bool {
        let Some(holder) = world.holders.of(job) else { return false };
        // More nodes of a rented pool are asked for and come one day.
        let pool = holder.held.pool;
        let is_rented = world.spec.pools[pool as usize].tenure.rent().is_some();
        if is_rented && world.down.range((pool, 0)..=(pool, u32::MAX)).next().is_some() {
            return true;
        }
        let needed = world.least_units(job).saturating_sub(holder.units);
        let request = world.class(job).request.with_units(needed);
        let pool = &world.pools[holder.held.pool as usize];
        self.placer.clone().place_beside(pool, &request, &holder.held).is_some()
    }
}

/// Whether a job holds something without having started.
fn waits(world: &World<'_>, job: JobId) -> bool {
    world.holders.of(job).is_some_and(|h| h.start.is_none())
}

impl Scheduler for Pods {
    fn order(&self) -> Order {
        Order { one_line: true, ..Order::ARRIVAL.searched() }
    }

    fn elasticity(&self) -> Elasticity {
        Elasticity::StartEarly
    }

    fn held_back(&self) -> Option<HeldBack> {
        None
    }

    fn ended(&mut self, _world: &World<'_>, holder: &Holder) {
        self.incomplete.remove(&holder.job);
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        // Jobs that hold something take their turn among those that hold nothing, by (submit, row).
        let mut partial: Vec<JobId> = self.incomplete.iter().rev().copied().collect();
        let mut held_more = false;
        if pass.waiting.is_empty() && partial.is_empty() {
            return Ok(Verdict::default());
        }
        serve_passing_over(
            pass,
            LineId(0),
            |world, class| fits_any(world, &class.pools, &class.request.with_units(1)).then_some(u64::MAX),
            |pass, job| {
                let mut served = false;
                while let Some(earlier) = partial.pop_if(|p| *p < job) {
                    served |= self.serve(pass, earlier)?;
                }
                partial.pop_if(|p| *p == job);
                served |= self.serve(pass, job)?;
                held_more |= served;
                Ok(served)
            },
        )?;
        while let Some(job) = partial.pop() {
            held_more |= self.serve(pass, job)?;
        }
        let deadlocked = held_more && self.deadlocked(pass);
        Ok(Verdict { wake: None, deadlocked })
    }

    fn incomplete(&self) -> (&BTreeSet<JobId>, bool) {
        (&self.incomplete, false)
    }
}
