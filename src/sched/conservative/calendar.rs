//! Where reservations are written: by count, or by named nodes.

use super::Replanning;
use super::counts::{Booking, Counts};
use crate::cluster::{Allocation, Placer};
use crate::sched::World;
use crate::sched::windows::Windows;
use crate::trace::JobId;
use crate::units::{Span, Time};

/// Where reservations are written.
#[derive(Debug)]
pub(super) struct Calendar {
    pub(super) pages: Pages,
    /// The shortest time for which a job is booked. A job of no length keeps what it was promised if it is booked for
    /// an instant; with `replan` nothing is promised, and an instant would only wake up the policy at each.
    shortest: Span,
}

/// How it is kept.
#[derive(Debug)]
pub(super) enum Pages {
    /// By count, where any free GPU will do.
    Count(Counts),
    /// By named nodes.
    Nodes(Windows),
}

impl Calendar {
    pub(super) fn new(world: &World<'_>, replanning: Replanning) -> Self {
        let pages = if world.classes.all_may_use_any_gpu(world.spec) {
            Pages::Count(Counts::new((0..world.pools.len() as u16).map(|pool| world.gpus_in_service(pool)).sum()))
        } else {
            Pages::Nodes(Windows::new(world))
        };
        let shortest = match replanning {
            Replanning::Compression => Span::from_micros(1),
            Replanning::FromScratch => Span::ZERO,
        };
        Calendar { pages, shortest }
    }

    /// Goes on to an instant: what lies before it is of no use any more.
    pub(super) fn advance(&mut self, now: Time) {
        if let Pages::Count(counts) = &mut self.pages {
            counts.profile.advance(now);
        }
    }

    /// What a job holds if it starts at `start`.
    pub(super) fn booking(&self, world: &World<'_>, job: JobId, start: Time) -> Booking {
        let gpus = world.class(job).request.total_gpus();
        Booking { gpus, from: start, to: start.after(world.estimate(job).max(self.shortest)) }
    }

    /// The earliest start of a job in `[now, before)`, with its place where places are named.
    pub(super) fn earliest(
        &mut self,
        world: &World<'_>,
        placer: &mut Placer,
        job: JobId,
        before: Time,
    ) -> Option<(Time, Option<Allocation>)> {
        match &mut self.pages {
            Pages::Count(counts) => {
                let gpus = world.class(job).request.total_gpus();
                counts.profile.earliest(world.now, before, world.estimate(job), gpus).map(|start| (start, None))
            }
            Pages::Nodes(windows) => {
                windows.earliest(world, placer, job, before).map(|(start, place)| (start, Some(place)))
            }
        }
    }

    pub(super) fn hold(&mut self, world: &World<'_>, job: JobId, start: Time, place: Option<Allocation>) {
        let booking = self.booking(world, job, start);
        match (&mut self.pages, place) {
            (Pages::Count(counts), _) => counts.hold(booking),
            (Pages::Nodes(windows), Some(place)) => windows.hold(world, job, start, booking.to, place),
            (Pages::Nodes(_), None) => unreachable!("a reservation by nodes names them"),
        }
    }

    /// Takes out what was held from `start`, for good.
    pub(super) fn release(&mut self, world: &World<'_>, job: JobId, start: Time) {
        let booking = self.booking(world, job, start);
        let from = start.max(world.now);
        match &mut self.pages {
            Pages::Count(counts) => {
                counts.release(Booking { from, ..booking });
                counts.freed.tell(from, booking.to);
            }
            Pages::Nodes(windows) => {
                if let Some(place) = windows.release(world, job) {
                    windows.tell_freed(place.pool, from, booking.to);
                }
            }
        }
    }

    /// Remembers, for the next walk, what is free again.
    pub(super) fn tell_freed(&mut self, pool: u16, from: Time, to: Time) {
        match &mut self.pages {
            Pages::Count(counts) => counts.freed.tell(from, to),
            Pages::Nodes(windows) => windows.tell_freed(pool, from, to),
        }
    }
}
