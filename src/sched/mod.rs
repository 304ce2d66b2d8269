//! Schedulers: one trait, the parts that they are composed of, a file for each policy.
//!
//! A policy reads the [`World`] and acts through a [`Pass`], which checks each decision. It keeps no copy of what the
//! world knows; what it remembers (reservations) it learns in its passes and from [`Scheduler::ended`].

pub mod best_effort_fifo;
pub mod classes;
pub mod conservative;
mod drain;
pub mod easy;
pub mod ends;
pub mod fifo;
pub mod freed;
pub mod gang;
pub mod list;
pub mod news;
pub mod order;
pub mod pass;
pub mod pods;
pub mod preempt;
pub mod priority;
pub mod priority_preempt;
pub mod profile;
pub mod registry;
pub mod search;
pub mod sjf;
pub mod srtf;
pub mod steps;
pub mod usage;
pub mod waiting;
pub mod windows;
pub mod world;

pub use classes::{Bar, Class, ClassId, Classes, Elasticity, Grain, LineId, Shape, ShapeId, TenantId};
pub use order::{Key, Order};
pub use pass::{Deed, Fault, Pass};
pub use registry::{PolicyChoice, PolicyEntry, policies};
pub use waiting::Waiting;
pub use world::{Holder, PPM, RunTimes, Stage, World};

use crate::trace::JobId;
use crate::units::Time;

/// The rule that stops a waiting job which would fit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBack {
    /// The policy does not let it pass the job ahead.
    HeadOfLine,
    /// It would delay a reservation.
    Reserved,
}

/// What a policy knows at the end of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// When it wants a pass at the latest, though nothing may happen then.
    pub wake: Option<Time>,
    /// Whether nothing can ever start again: partial holders block each other.
    pub deadlocked: bool,
}

/// A scheduling policy.
pub trait Scheduler {
    /// How the waiting jobs are kept for it.
    fn order(&self) -> Order;

    /// Which jobs may start with less than they ask for.
    fn elasticity(&self) -> Elasticity {
        Elasticity::Rigid
    }

    /// What it gives GPUs out in.
    fn grain(&self) -> Grain {
        Grain::Slices
    }

    /// What stops a waiting job that would fit after a pass; `None` when a pass leaves no such job.
    fn held_back(&self) -> Option<HeldBack>;

    /// A job was submitted and waits now.
    fn submitted(&mut self, _world: &World<'_>, _job: JobId) {}

    /// A job that a pass stopped and started elsewhere runs there from now on, with the progress that it has kept.
    fn moved(&mut self, _world: &World<'_>, _job: JobId) {}

    /// A node of a running job failed, and the job goes on with the members that it has left.
    fn shrunk(&mut self, _world: &World<'_>, _job: JobId) {}

    /// A running job ended before this pass and gave its resources back.
    fn ended(&mut self, _world: &World<'_>, _holder: &Holder) {}

    /// Nodes went down, came back or take no new jobs: what was planned on them does not hold any more.
    fn capacity_changed(&mut self) {}

    /// Starts what should start now.
    ///
    /// # Errors
    /// The fault of the policy, when it broke a rule.
    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault>;

    /// When a waiting job starts at the latest, by the reservation that it holds after the last pass.
    fn promised(&self, _job: JobId) -> Option<Time> {
        None
    }

    /// Jobs that hold a part of what they ask for and want the rest, in the policy's order: they claim idle GPUs before
    /// the lines (`true`) or at their place in them (`false`).
    fn incomplete(&self) -> (&std::collections::BTreeSet<JobId>, bool) {
        static NONE: std::collections::BTreeSet<JobId> = std::collections::BTreeSet::new();
        (&NONE, true)
    }
}
