//! Conservative backfilling (Mu'alem & Feitelson 2001): every waiting job holds a reservation.
//!
//! A new job may not delay any of them. When jobs end early, one walk in queue order takes each reservation out and
//! puts it back at its earliest place while all the others keep theirs (compression): it can only move earlier. With
//! `replan`, all reservations are made anew at every pass instead, as Slurm does.

mod calendar;
mod counts;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::classes::LineId;
use super::list::find_place;
use super::order::Order;
use super::pass::{Fault, Pass};
use super::registry::{PLACEMENT, PolicyEntry};
use super::{Grain, HeldBack, Holder, Scheduler, Verdict, World};
use crate::cluster::Placer;
use crate::trace::JobId;
use crate::units::keys::{Key, Kind};
use crate::units::{Span, Time};
use calendar::{Calendar, Pages};
use counts::Booking;

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "conservative-backfill",
    summary: "Every waiting job gets a reservation; others pass where they delay none of them.",
    keys: &[PLACEMENT, REPLAN],
    uses_estimates: true,
    backfills: true,
    build: |params, placer| {
        let replanning =
            if params.bool_or(REPLAN.name, false) { Replanning::FromScratch } else { Replanning::Compression };
        Box::new(Conservative::new(Order::ARRIVAL, placer, replanning))
    },
};

const REPLAN: Key = Key {
    name: "replan",
    kind: Kind::Bool,
    default: "false",
    doc: "Whether all reservations are made anew at every pass, as Slurm does, instead of only moving forward.",
};

/// Whether reservations follow early ends by moving forward or by being made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replanning {
    /// Each moves forward in turn, none back.
    Compression,
    /// All are made anew at every pass.
    FromScratch,
}

/// The conservative policy.
#[derive(Debug)]
pub struct Conservative {
    order: Order,
    placer: Placer,
    replanning: Replanning,
    calendar: Option<Calendar>,
    /// The reserved start of each waiting job.
    starts: FxHashMap<JobId, Time>,
    /// The same, by start.
    due: BTreeSet<(Time, JobId)>,
    /// Jobs that could not start when it was their time, since somebody had outlived an estimate.
    missed: BTreeSet<JobId>,
    arrivals: BTreeSet<JobId>,
    somebody_ended: bool,
    /// Nodes went down or came back: nothing that was promised holds.
    void: bool,
    heads: Vec<(JobId, LineId)>,
}

impl Conservative {
    /// Conservative backfilling over lines in `order`.
    #[must_use]
    pub fn new(order: Order, placer: Placer, replanning: Replanning) -> Self {
        Conservative {
            order,
            placer,
            replanning,
            calendar: None,
            starts: FxHashMap::default(),
            due: BTreeSet::new(),
            missed: BTreeSet::new(),
            arrivals: BTreeSet::new(),
            somebody_ended: false,
            void: false,
            heads: Vec::new(),
        }
    }

    /// All waiting jobs, line after line as the pass found them.
    fn queue(&self, world: &World<'_>) -> Vec<JobId> {
        self.heads.iter().flat_map(|&(_, line)| world.waiting.line(line)).collect()
    }

    fn set_start(&mut self, job: JobId, start: Option<Time>) {
        let before = match start {
            Some(start) => self.starts.insert(job, start),
            None => self.starts.remove(&job),
        };
        if let Some(before) = before {
            self.due.remove(&(before, job));
        }
        if let Some(start) = start {
            self.due.insert((start, job));
        }
    }

    fn reserve(&mut self, world: &World<'_>, calendar: &mut Calendar, job: JobId) {
        if let Some((start, place)) = calendar.earliest(world, &mut self.placer, job, Time::MAX) {
            calendar.hold(world, job, start, place);
            self.set_start(job, Some(start));
        }
    }

    /// Reservations whose time has passed without a start count from now.
    fn carry_over(&mut self, world: &World<'_>, calendar: &mut Calendar) {
        let overdue: Vec<(Time, JobId)> = self.due.range(..(world.now, JobId(0))).copied().collect();
        for (start, job) in overdue {
            let late =
                Booking { from: calendar.booking(world, job, start).to, ..calendar.booking(world, job, world.now) };
            match &mut calendar.pages {
                Pages::Count(counts) => {
                    counts.hold(late);
                    counts.overbook(world.now, late.to);
                }
                Pages::Nodes(windows) => {
                    if let Some(place) = windows.release(world, job) {
                        windows.hold(world, job, world.now, late.to, place);
                    }
                }
            }
            self.set_start(job, Some(world.now));
            self.missed.insert(job);
        }
    }

    /// One walk in queue order: each reservation goes to its earliest place while all the others keep theirs, and starts
    /// there if that is now.
    fn compress(&mut self, pass: &mut Pass<'_, '_>, calendar: &mut Calendar) -> Result<(), Fault> {
        let (freed, overbooked) = match &mut calendar.pages {
            Pages::Count(counts) => (counts.freed.begin_walk(pass.now), counts.overbooked(pass.now)),
            Pages::Nodes(windows) => (windows.begin_walk(pass.now), false),
        };
        if !freed && !overbooked && self.missed.is_empty() {
            return Ok(());
        }
        for job in self.queue(pass) {
            let Some(&start) = self.starts.get(&job) else { continue };
            if self.move_forward(pass, calendar, job, start) || start <= pass.now {
                self.start_if_due(pass, calendar, job)?;
            }
        }
        Ok(())
    }

    /// Puts a reservation to its earliest place, never to a later start, and says whether it moved.
    fn move_forward(&mut self, world: &World<'_>, calendar: &mut Calendar, job: JobId, start: Time) -> bool {
        let booking = calendar.booking(world, job, start);
        match &mut calendar.pages {
            Pages::Count(counts) if !counts.overbooked(world.now) && !self.missed.contains(&job) => {
                let earlier = counts.move_forward(world.now, booking);
                if earlier.is_some() {
                    self.set_start(job, earlier);
                }
                earlier.is_some()
            }
            Pages::Nodes(windows) if start > world.now && !windows.may_improve(world, job, start) => false,
            _ => self.rebook(world, calendar, job, start),
        }
    }

    /// Takes a reservation out and puts it where it goes now, never to a later start, and says whether it moved. One that
    /// could not be kept, since somebody outlived an estimate, looks for another place at once.
    fn rebook(&mut self, world: &World<'_>, calendar: &mut Calendar, job: JobId, start: Time) -> bool {
        let booking = calendar.booking(world, job, start);
        let old_place = match &mut calendar.pages {
            Pages::Count(counts) => {
                counts.release(booking);
                None
            }
            Pages::Nodes(windows) => windows.release(world, job),
        };
        let before = if self.missed.contains(&job) { start.after(Span::from_micros(1)) } else { start };
        let Some((earlier, place)) = calendar.earliest(world, &mut self.placer, job, before) else {
            calendar.hold(world, job, start, old_place);
            return false;
        };
        let moved = earlier < start || place != old_place;
        calendar.hold(world, job, earlier, place);
        if moved {
            calendar.tell_freed(old_place.map_or(0, |place| place.pool), start, booking.to);
        }
        self.set_start(job, Some(earlier));
        moved
    }

    /// Makes all reservations anew, in queue order.
    fn replan(&mut self, pass: &mut Pass<'_, '_>, calendar: &mut Calendar) -> Result<(), Fault> {
        *calendar = Calendar::new(pass, self.replanning);
        let mut running: Vec<&Holder> = pass.holders.iter().collect();
        running.sort_unstable_by_key(|h| h.job);
        for holder in running {
            if let Some(start) = holder.start {
                calendar.hold(pass, holder.job, start, Some(holder.held.clone()));
            }
        }
        calendar.advance(pass.now);
        self.starts.clear();
        self.due.clear();
        for job in self.queue(pass) {
            self.reserve(pass, calendar, job);
            self.start_if_due(pass, calendar, job)?;
        }
        Ok(())
    }

    /// Starts the jobs whose time has come, in queue order, if they really fit.
    fn start_due(&mut self, pass: &mut Pass<'_, '_>, calendar: &Calendar) -> Result<(), Fault> {
        let mut due: Vec<JobId> = self.due.range(..=(pass.now, JobId(u32::MAX))).map(|&(_, job)| job).collect();
        if due.len() > 1 {
            due.sort_by_cached_key(|&job| {
                let line = pass.waiting.line_of(pass.classes.shape_id(pass.jobs, job));
                (self.heads.iter().position(|&(_, l)| l == line), pass.waiting.rank(job))
            });
        }
        due.into_iter().try_for_each(|job| self.start_if_due(pass, calendar, job))
    }

    fn start_if_due(&mut self, pass: &mut Pass<'_, '_>, calendar: &Calendar, job: JobId) -> Result<(), Fault> {
        if self.starts.get(&job).is_none_or(|&start| start > pass.now) {
            return Ok(());
        }
        let place = match &calendar.pages {
            Pages::Count(_) => {
                let request = pass.class(job).request;
                find_place(pass, &mut self.placer, job, &request)
            }
            Pages::Nodes(windows) => windows.place(job).filter(|place| pass.is_free(job, place)).cloned(),
        };
        if let Some(place) = place {
            pass.start(job, place)?;
            self.set_start(job, None);
            self.missed.remove(&job);
        }
        Ok(())
    }
}

impl Scheduler for Conservative {
    fn order(&self) -> Order {
        self.order
    }

    /// Every reservation is kept for good, so nobody may be promised room on a GPU whose other slices come and go.
    fn grain(&self) -> Grain {
        Grain::WholeGpus
    }

    fn held_back(&self) -> Option<HeldBack> {
        Some(HeldBack::Reserved)
    }

    fn submitted(&mut self, _world: &World<'_>, job: JobId) {
        self.arrivals.insert(job);
    }

    fn ended(&mut self, world: &World<'_>, holder: &Holder) {
        self.somebody_ended = true;
        if let (Some(calendar), Some(start)) = (&mut self.calendar, holder.start) {
            calendar.release(world, holder.job, start);
        }
    }

    fn capacity_changed(&mut self) {
        self.void = true;
    }

    fn promised(&self, job: JobId) -> Option<Time> {
        self.starts.get(&job).copied()
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        let mut calendar = self.calendar.take().unwrap_or_else(|| Calendar::new(pass, self.replanning));
        calendar.advance(pass.now);
        pass.waiting.lines_by_head(&mut self.heads);
        let arrivals = std::mem::take(&mut self.arrivals);
        match self.replanning {
            _ if std::mem::take(&mut self.void) => {
                self.somebody_ended = false;
                self.missed.clear();
                self.replan(pass, &mut calendar)?;
            }
            Replanning::FromScratch => self.replan(pass, &mut calendar)?,
            Replanning::Compression => {
                self.carry_over(pass, &mut calendar);
                self.start_due(pass, &calendar)?;
                if std::mem::take(&mut self.somebody_ended) {
                    self.compress(pass, &mut calendar)?;
                }
                let queue = if arrivals.len() > 1 { self.queue(pass) } else { arrivals.iter().copied().collect() };
                for job in queue.into_iter().filter(|j| arrivals.contains(j)) {
                    self.reserve(pass, &mut calendar, job);
                    self.start_if_due(pass, &calendar, job)?;
                }
            }
        }
        self.calendar = Some(calendar);
        let wake = self.due.range((pass.now.after(Span::from_micros(1)), JobId(0))..).next();
        Ok(Verdict { wake: wake.map(|&(start, _)| start), deadlocked: false })
    }
}
