//! Where reservations are written: by count, or by named nodes.

use super::Replanning;
use crate::cluster::{Allocation, Placer};
use crate::sched::World;
use crate::sched::profile::Profile;
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
    Count {
        profile: Profile,
        /// Windows in which something has become free that jobs early in the order have not seen yet.
        freed: Vec<Freed>,
        /// Until here more may be promised than there is, since somebody outlived an estimate.
        overbooked_until: Time,
    },
    /// By named nodes.
    Nodes(Windows),
}

/// A window in which something has become free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Freed {
    from: Time,
    to: Time,
    /// The most GPUs that were free at any instant of it when it was looked at, `MAX` before. What is taken afterwards
    /// makes it less, what is given back has a window of its own: a job that asks for more gains nothing by it.
    peak: i64,
}

impl Freed {
    pub(super) fn new(from: Time, to: Time) -> Self {
        Freed { from, to, peak: i64::MAX }
    }
}

impl Calendar {
    pub(super) fn new(world: &World<'_>, replanning: Replanning) -> Self {
        let pages = if world.classes.all_may_use_any_gpu(world.spec) {
            let profile = Profile::new((0..world.pools.len() as u16).map(|pool| world.gpus_in_service(pool)).sum());
            Pages::Count { profile, freed: Vec::new(), overbooked_until: Time::ZERO }
        } else {
            Pages::Nodes(Windows::new(world))
        };
        let shortest = match replanning {
            Replanning::Compression => Span::from_micros(1),
            Replanning::FromScratch => Span::ZERO,
        };
        Calendar { pages, shortest }
    }

    /// When a booking ends that begins at `start`.
    pub(super) fn end(&self, world: &World<'_>, job: JobId, start: Time) -> Time {
        start.after(world.estimate(job).max(self.shortest))
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
            Pages::Count { profile, .. } => {
                let gpus = world.class(job).request.total_gpus();
                profile.earliest(world.now, before, world.estimate(job), gpus).map(|start| (start, None))
            }
            Pages::Nodes(windows) => {
                windows.earliest(world, placer, job, before).map(|(start, place)| (start, Some(place)))
            }
        }
    }

    pub(super) fn hold(&mut self, world: &World<'_>, job: JobId, start: Time, place: Option<Allocation>) {
        let end = self.end(world, job, start);
        match (&mut self.pages, place) {
            (Pages::Count { profile, .. }, _) => {
                profile.add(start, end, -(world.class(job).request.total_gpus() as i64));
            }
            (Pages::Nodes(windows), Some(place)) => windows.hold(world, job, start, end, place),
            (Pages::Nodes(_), None) => unreachable!("a reservation by nodes names them"),
        }
    }

    /// Takes out what was held from `start`, for good.
    pub(super) fn release(&mut self, world: &World<'_>, job: JobId, start: Time) {
        let end = self.end(world, job, start);
        match &mut self.pages {
            Pages::Count { profile, freed, .. } => {
                let from = start.max(world.now);
                profile.add(from, end, world.class(job).request.total_gpus() as i64);
                if from < end {
                    freed.push(Freed::new(from, end));
                }
            }
            Pages::Nodes(windows) => {
                if let Some(place) = windows.release(world, job) {
                    windows.tell_freed(place.pool, start.max(world.now), end);
                }
            }
        }
    }

    /// Remembers, for the next walk, what is free again.
    pub(super) fn tell_freed(&mut self, pool: u16, from: Time, to: Time) {
        match &mut self.pages {
            Pages::Count { profile, freed, .. } => freed.push(Freed { from, to, peak: profile.peak(from, to) }),
            Pages::Nodes(windows) => windows.tell_freed(pool, from, to),
        }
    }

    /// Whether the job could possibly start before `start` now although it could not before.
    pub(super) fn may_improve(&self, world: &World<'_>, job: JobId, start: Time) -> bool {
        match &self.pages {
            Pages::Nodes(windows) => windows.may_improve(world, job, start, self.end(world, job, start)),
            Pages::Count { overbooked_until, .. } if world.now < *overbooked_until => true,
            Pages::Count { freed, .. } => {
                let gpus = world.class(job).request.total_gpus() as i64;
                freed.iter().any(|window| window.from < start && window.peak >= gpus)
            }
        }
    }

    /// Looks how much is free in the windows that are news when a walk begins.
    pub(super) fn measure_freed(&mut self) {
        if let Pages::Count { profile, freed, .. } = &mut self.pages {
            for window in freed {
                window.peak = profile.peak(window.from, window.to);
            }
        }
    }
}
