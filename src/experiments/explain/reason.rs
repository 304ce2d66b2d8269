//! Why a job waits, in the state after the passes of an instant.
//!
//! The rules are those by which the ledger charges idle GPUs, for the one job alone: what stops a job that would fit now,
//! else which rented nodes it waits for, else what it lacks in the pools that it may use, else which closed pool would hold
//! it.

use crate::cluster::{Placement, Placer, Request, placement};
use crate::engine::{Outlook, View};
use crate::ledger::Leaf;
use crate::sched::classes::Bar;
use crate::sched::{HeldBack, Holder, World};
use crate::trace::JobId;
use crate::units::rng::Stream;

/// What stops a waiting job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It would fit, but may not pass the job ahead.
    HeadOfLine,
    /// It would fit, but would delay a reservation.
    Reserved,
    /// Fewer GPUs are free in its pools than it needs.
    CapacityWait,
    /// Enough are free in a pool of its, in a shape that it cannot use.
    Fragmentation,
    /// They would do if CPU and memory were unlimited.
    Stranded,
    /// It would fit into a pool that does not admit its queue, and its own have too few free GPUs.
    Quota,
    /// It would fit into a pool whose GPUs are of a type that it does not accept, likewise.
    WrongType,
    /// It does not fit, and nodes that were asked for are on their way to a pool of its.
    Coming,
    /// It does not fit, and the provider has refused more nodes of a pool of its for now.
    Refused,
    /// It does not fit, and has not waited long enough for nodes to be rented for it.
    Patience,
    /// A CPU job: no node of its pools has the cores and memory free.
    Cores,
}

impl Reason {
    /// All reasons, in the order of tables.
    pub const ALL: [Reason; 11] = [
        Reason::HeadOfLine,
        Reason::Reserved,
        Reason::CapacityWait,
        Reason::Fragmentation,
        Reason::Stranded,
        Reason::Quota,
        Reason::WrongType,
        Reason::Coming,
        Reason::Refused,
        Reason::Patience,
        Reason::Cores,
    ];

    /// The leaf of the ledger of the same name; none for CPU jobs, which claim no GPU, nor for what is not rented.
    #[must_use]
    pub fn leaf(self) -> Option<Leaf> {
        Some(match self {
            Reason::HeadOfLine => Leaf::HeadOfLine,
            Reason::Reserved => Leaf::Reserved,
            Reason::CapacityWait => Leaf::CapacityWait,
            Reason::Fragmentation => Leaf::Fragmentation,
            Reason::Stranded => Leaf::Stranded,
            Reason::Quota => Leaf::Quota,
            Reason::WrongType => Leaf::WrongType,
            Reason::Coming | Reason::Refused | Reason::Patience | Reason::Cores => return None,
        })
    }

    /// Its word: that of the leaf, where it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Coming => "coming",
            Reason::Refused => "refused",
            Reason::Patience => "patience",
            _ => self.leaf().map_or("cores", Leaf::name),
        }
    }

    /// What it means for the job, in a few words for a table.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Reason::HeadOfLine => "it would fit, but may not pass the job ahead",
            Reason::Reserved => "it would fit, but would delay a reservation",
            Reason::CapacityWait => "too few free GPUs",
            Reason::Fragmentation => "enough free GPUs, in the wrong shape",
            Reason::Stranded => "enough free GPUs, without free CPU or memory beside them",
            Reason::Quota => "it would fit elsewhere, but its queue may not use that pool",
            Reason::WrongType => "it would fit elsewhere, but not on GPUs of a type that it accepts",
            Reason::Coming => "too few free GPUs; rented nodes are on their way",
            Reason::Refused => "too few free GPUs; the provider had none, and is asked again",
            Reason::Patience => "too few free GPUs; it has not waited long enough for rented nodes",
            Reason::Cores => "no node has the cores and memory free",
        }
    }

    /// What stops a job that waits.
    #[must_use]
    pub fn of(view: &View<'_, '_>, job: JobId) -> Self {
        let world = view.world;
        if let Some(holder) = world.holders.of(job) {
            return Self::of_partial(world, holder);
        }
        let class = world.class(job);
        let request = class.request.with_units(world.least_units(job));
        let fits = |pool: u16, request: &Request| placement::fits(&world.pools[pool as usize], request);
        if class.pools.iter().any(|&pool| fits(pool, &request)) {
            // A policy that holds nobody back leaves nobody waiting who fits.
            return match view.policy.held_back() {
                Some(HeldBack::Reserved) => Reason::Reserved,
                Some(HeldBack::HeadOfLine) | None => Reason::HeadOfLine,
            };
        }
        if let Some(&(_, outlook)) = view.outlooks(job).first() {
            return match outlook {
                Outlook::Coming(_) => Reason::Coming,
                Outlook::Refused(_) => Reason::Refused,
                Outlook::Patient(_) => Reason::Patience,
            };
        }
        if request.gpus == 0 {
            return Reason::Cores;
        }
        let is_enough = |pool: &&u16| world.pools[**pool as usize].free_gpus() >= request.total_gpus();
        if class.pools.iter().any(|pool| is_enough(&pool)) {
            let without_limits = request.gpus_only();
            let would_fit = class.pools.iter().any(|&pool| fits(pool, &without_limits));
            return if would_fit { Reason::Stranded } else { Reason::Fragmentation };
        }
        match class.barred.iter().find(|(pool, _)| fits(*pool, &request)) {
            Some((_, Bar::Queue)) => Reason::Quota,
            Some((_, Bar::Type)) => Reason::WrongType,
            None => Reason::CapacityWait,
        }
    }

    /// What stops a job that holds a part of what it needs: it can grow in its pool only.
    fn of_partial(world: &World<'_>, holder: &Holder) -> Self {
        let job = holder.job;
        let missing = world.least_units(job).saturating_sub(holder.units).max(1);
        let request = world.class(job).request.with_units(missing);
        let pool = &world.pools[holder.held.pool as usize];
        if pool.free_gpus() < request.total_gpus() {
            return Reason::CapacityWait;
        }
        let mut placer = Placer::new(Placement::FirstFit, Stream::new(0));
        let would_fit = placer.place_beside(pool, &request.gpus_only(), &holder.held).is_some();
        if would_fit { Reason::Stranded } else { Reason::Fragmentation }
    }
}
