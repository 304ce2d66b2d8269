//! List scheduling: lines served in order, the head blocks or is passed over.

use super::classes::LineId;
use super::news::News;
use super::order::Order;
use super::pass::{Fault, Pass};
use super::registry::SKIP;
use super::search::serve_passing_over;
use super::{HeldBack, Holder, Scheduler, Verdict, World};
use crate::cluster::{Allocation, Placer, Request, placement};
use crate::trace::JobId;
use crate::units::keys::Params;

/// What happens behind a job that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// It blocks its line.
    Head,
    /// It is passed over.
    Skip,
}

/// A policy that walks its lines once a pass.
#[derive(Debug)]
pub struct ListPolicy {
    order: Order,
    blocking: Blocking,
    placer: Placer,
    heads: Vec<(JobId, LineId)>,
    news: News,
}

impl Blocking {
    /// As the `skip` key says.
    #[must_use]
    pub fn from_skip(params: &Params) -> Self {
        if params.bool_or(SKIP.name, false) { Blocking::Skip } else { Blocking::Head }
    }
}

impl ListPolicy {
    /// A list in `order`.
    #[must_use]
    pub fn new(order: Order, blocking: Blocking, placer: Placer) -> Self {
        let order = if blocking == Blocking::Skip { order.searched() } else { order };
        ListPolicy { order, blocking, placer, heads: Vec::new(), news: News::default() }
    }
}

impl ListPolicy {
    fn serve_lines(&mut self, pass: &mut Pass<'_, '_>) -> Result<(), Fault> {
        pass.waiting.lines_by_head(&mut self.heads);
        for &(_, line) in &self.heads {
            match self.blocking {
                Blocking::Head => {
                    serve_heads(pass, &mut self.placer, line, |_, _| {})?;
                }
                Blocking::Skip => serve_passing_over(
                    pass,
                    line,
                    |world, class| fits_any(world, &class.pools, &class.request).then_some(u64::MAX),
                    |pass, job| start_if_fits(pass, &mut self.placer, job),
                )?,
            }
        }
        Ok(())
    }

    /// Serves the one job whose turn may have come.
    fn serve_newcomer(&mut self, pass: &mut Pass<'_, '_>, job: JobId) -> Result<(), Fault> {
        let line = pass.waiting.line_of(pass.classes.shape_id(pass.jobs, job));
        if self.blocking == Blocking::Skip || pass.waiting.head(line) == Some(job) {
            start_if_fits(pass, &mut self.placer, job)?;
        }
        Ok(())
    }
}

/// A place for `request` of the job's class, in the first of its pools that has one.
pub fn find_place(world: &World<'_>, placer: &mut Placer, job: JobId, request: &Request) -> Option<Allocation> {
    let homes = world.classes.homes(world.jobs, job);
    homes.iter().find_map(|&pool| placer.place(&world.pools[pool as usize], pool, request))
}

/// Whether `request` has a place in any of `pools`.
#[must_use]
pub fn fits_any(world: &World<'_>, pools: &[u16], request: &Request) -> bool {
    pools.iter().any(|&pool| placement::fits(&world.pools[pool as usize], request))
}

/// Starts a job whole if it fits now.
///
/// # Errors
/// The fault of the policy.
pub fn start_if_fits(pass: &mut Pass<'_, '_>, placer: &mut Placer, job: JobId) -> Result<bool, Fault> {
    let request = pass.class(job).request;
    let Some(place) = find_place(pass, placer, job, &request) else {
        return Ok(false);
    };
    pass.start(job, place)?;
    Ok(true)
}

/// Starts the heads of a line while they fit, tells `started` of each, and gives the head that does not.
///
/// # Errors
/// The fault of the policy.
pub fn serve_heads(
    pass: &mut Pass<'_, '_>,
    placer: &mut Placer,
    line: LineId,
    mut started: impl FnMut(&World<'_>, JobId),
) -> Result<Option<JobId>, Fault> {
    while let Some(head) = pass.waiting.head(line) {
        if !start_if_fits(pass, placer, head)? {
            return Ok(Some(head));
        }
        started(pass, head);
    }
    Ok(None)
}

impl Scheduler for ListPolicy {
    fn order(&self) -> Order {
        self.order
    }

    fn held_back(&self) -> Option<HeldBack> {
        match self.blocking {
            Blocking::Head => Some(HeldBack::HeadOfLine),
            Blocking::Skip => None,
        }
    }

    fn submitted(&mut self, _world: &World<'_>, job: JobId) {
        self.news.submitted(job);
    }

    fn ended(&mut self, _world: &World<'_>, _holder: &Holder) {
        self.news.freed();
    }

    fn capacity_changed(&mut self) {
        self.news.freed();
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        match self.news.take() {
            News::Quiet => {}
            News::Newcomer(job) => self.serve_newcomer(pass, job)?,
            News::Much => self.serve_lines(pass)?,
        }
        Ok(Verdict::default())
    }
}
