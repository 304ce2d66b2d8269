//! Gang scheduling: a job starts with at least `min_tasks` of its tasks; missing members come before the queue.

use std::collections::BTreeSet;

use super::classes::LineId;
use super::list::find_place;
use super::order::Order;
use super::pass::{Fault, Pass};
use super::registry::{PLACEMENT, PolicyEntry};
use super::search::serve_passing_over;
use super::{Elasticity, HeldBack, Holder, Scheduler, Verdict, World};
use crate::cluster::{Placer, placement};
use crate::trace::JobId;

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "gang",
    summary: "Starts a job with at least min_tasks of its tasks; missing members come before the queue.",
    keys: &[PLACEMENT],
    uses_estimates: false,
    build: |_, placer| Box::new(Gang::new(placer)),
};

/// The gang policy.
#[derive(Debug)]
pub struct Gang {
    placer: Placer,
    /// Running jobs that miss members.
    incomplete: BTreeSet<JobId>,
    heads: Vec<(JobId, LineId)>,
}

impl Gang {
    /// Gang scheduling in order of arrival, passing over what does not fit.
    #[must_use]
    pub fn new(placer: Placer) -> Self {
        Gang { placer, incomplete: BTreeSet::new(), heads: Vec::new() }
    }

    /// Gives the missing members of running jobs a place.
    fn complete(&mut self, pass: &mut Pass<'_, '_>) -> Result<(), Fault> {
        for job in self.incomplete.clone() {
            let missing = pass.missing_units(job);
            let request = pass.class(job).request;
            for units in (1..=missing).rev() {
                let place = pass.holders.of(job).and_then(|holder| {
                    let pool = &pass.pools[holder.held.pool as usize];
                    self.placer.place_beside(pool, &request.with_units(units), &holder.held)
                });
                if let Some(place) = place {
                    pass.hold(job, place)?;
                    break;
                }
            }
            if pass.missing_units(job) == 0 {
                self.incomplete.remove(&job);
            }
        }
        Ok(())
    }

    /// Starts a job with as many members as have a place in the first pool that holds enough of them.
    fn start(&mut self, pass: &mut Pass<'_, '_>, job: JobId) -> Result<bool, Fault> {
        let class = pass.class(job);
        let least = pass.least_units(job);
        for &number in &class.pools {
            let pool = &pass.pools[number as usize];
            let units = placement::units_that_fit(pool, &class.request);
            if units < least {
                continue;
            }
            let Some(place) = self.placer.place(pool, number, &class.request.with_units(units)) else { continue };
            pass.start(job, place)?;
            if units < class.request.units {
                self.incomplete.insert(job);
            }
            return Ok(true);
        }
        let request = class.request;
        Ok(match find_place(pass, &mut self.placer, job, &request) {
            Some(place) => {
                pass.start(job, place)?;
                true
            }
            None => false,
        })
    }
}

impl Scheduler for Gang {
    fn order(&self) -> Order {
        Order::ARRIVAL.searched()
    }

    fn elasticity(&self) -> Elasticity {
        Elasticity::MinTasks
    }

    fn held_back(&self) -> Option<HeldBack> {
        None
    }

    fn ended(&mut self, _world: &World<'_>, holder: &Holder) {
        self.incomplete.remove(&holder.job);
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        self.complete(pass)?;
        let mut heads = std::mem::take(&mut self.heads);
        pass.waiting.lines_by_head(&mut heads);
        for &(_, line) in &heads {
            serve_passing_over(
                pass,
                line,
                |world, class| {
                    let fitting = class
                        .pools
                        .iter()
                        .map(|&pool| placement::units_that_fit(&world.pools[pool as usize], &class.request));
                    fitting.max().filter(|&units| units > 0).map(u64::from)
                },
                |pass, job| self.start(pass, job),
            )?;
        }
        self.heads = heads;
        Ok(Verdict::default())
    }

    fn incomplete(&self) -> (&BTreeSet<JobId>, bool) {
        (&self.incomplete, true)
    }
}
