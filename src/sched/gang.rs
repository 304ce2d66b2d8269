//! Gang scheduling: a job starts, and goes on where nodes fail, with at least `min_tasks` of its tasks; missing members come
//! before the queue.

use std::collections::BTreeSet;

use super::classes::{Class, LineId};
use super::list::{find_place, fits_any};
use super::news::News;
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
    backfills: false,
    build: |_, placer| Box::new(Gang::new(placer)),
};

/// The gang policy.
#[derive(Debug)]
pub struct Gang {
    placer: Placer,
    /// Running jobs that miss members.
    incomplete: BTreeSet<JobId>,
    heads: Vec<(JobId, LineId)>,
    news: News,
}

impl Gang {
    /// Gang scheduling in order of arrival, passing over what does not fit.
    #[must_use]
    pub fn new(placer: Placer) -> Self {
        Gang { placer, incomplete: BTreeSet::new(), heads: Vec::new(), news: News::default() }
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

    fn serve_lines(&mut self, pass: &mut Pass<'_, '_>) -> Result<(), Fault> {
        let mut heads = std::mem::take(&mut self.heads);
        pass.waiting.lines_by_head(&mut heads);
        for &(_, line) in &heads {
            serve_passing_over(
                pass,
                line,
                |world, class| Some(u64::from(most_units(world, class))),
                |pass, job| self.start(pass, job),
            )?;
        }
        self.heads = heads;
        Ok(())
    }

    /// Starts a job with the most members that have a place anywhere, if they are enough.
    fn start(&mut self, pass: &mut Pass<'_, '_>, job: JobId) -> Result<bool, Fault> {
        let class = pass.class(job);
        let request = class.request;
        let units = most_units(pass, class);
        if units < pass.least_units(job) {
            return Ok(false);
        }
        let Some(place) = find_place(pass, &mut self.placer, job, &request.with_units(units)) else {
            return Ok(false);
        };
        pass.start(job, place)?;
        if units < request.units {
            self.incomplete.insert(job);
        }
        Ok(true)
    }
}

/// The most units of a job of the class that have a place in any one of its pools, as far as it makes a difference.
fn most_units(world: &World<'_>, class: &Class) -> u32 {
    if fits_any(world, &class.pools, &class.request) {
        return class.request.units;
    }
    if class.is_rigid() {
        return 0;
    }
    let fitting =
        class.pools.iter().map(|&pool| placement::units_that_fit(&world.pools[pool as usize], &class.request));
    fitting.max().unwrap_or(0)
}

impl Scheduler for Gang {
    fn order(&self) -> Order {
        Order::ARRIVAL.searched()
    }

    fn elasticity(&self) -> Elasticity {
        Elasticity::Proportional
    }

    fn held_back(&self) -> Option<HeldBack> {
        None
    }

    fn submitted(&mut self, _world: &World<'_>, job: JobId) {
        self.news.submitted(job);
    }

    fn shrunk(&mut self, _world: &World<'_>, job: JobId) {
        self.incomplete.insert(job);
        self.news.freed();
    }

    fn ended(&mut self, _world: &World<'_>, holder: &Holder) {
        self.incomplete.remove(&holder.job);
        self.news.freed();
    }

    fn capacity_changed(&mut self) {
        self.news.freed();
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        match self.news.take() {
            News::Quiet => {}
            News::Newcomer(job) => {
                self.start(pass, job)?;
            }
            News::Much => {
                self.complete(pass)?;
                self.serve_lines(pass)?;
            }
        }
        Ok(Verdict::default())
    }

    fn incomplete(&self) -> (&BTreeSet<JobId>, bool) {
        (&self.incomplete, true)
    }
}
