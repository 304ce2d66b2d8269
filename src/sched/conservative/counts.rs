//! Reservations by count, where any free GPU will do.

use crate::sched::freed::Freed;
use crate::sched::profile::Profile;
use crate::units::Time;

/// What is free when, and what walks over the reservations have to know of it.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) profile: Profile,
    /// What jobs early in the order have not seen yet.
    pub(super) freed: Freed,
    /// Until here more may be promised than there is, since somebody outlived an estimate.
    overbooked_until: Time,
}

/// GPUs that are held from an instant to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booking {
    pub(super) gpus: u64,
    pub(super) from: Time,
    pub(super) to: Time,
}

impl Counts {
    /// `free` GPUs for ever.
    pub(super) fn new(free: u64) -> Self {
        Counts { profile: Profile::new(free), freed: Freed::default(), overbooked_until: Time::ZERO }
    }

    /// Writes a booking down.
    pub(super) fn hold(&mut self, booking: Booking) {
        self.profile.add(booking.from, booking.to, -(booking.gpus as i64));
    }

    /// Strikes a booking out.
    pub(super) fn release(&mut self, booking: Booking) {
        self.profile.add(booking.from, booking.to, booking.gpus as i64);
    }

    /// A booking holds more than there is until `to`, and nothing that was known of the free GPUs is certain.
    pub(super) fn overbook(&mut self, now: Time, to: Time) {
        self.freed.tell(now, Time::MAX);
        self.overbooked_until = self.overbooked_until.max(to);
    }

    /// Whether more may be promised than there is.
    pub(super) fn overbooked(&self, now: Time) -> bool {
        now < self.overbooked_until
    }

    /// Moves a booking to its earliest place, and says where that begins if it is earlier. Only for times in which
    /// nothing is overbooked: then the booking need not be struck out to be moved.
    pub(super) fn move_forward(&mut self, now: Time, booking: Booking) -> Option<Time> {
        let Booking { gpus, from: start, to: end } = booking;
        let before = start.min(self.freed.end()?);
        let length = end.since(start);
        let earlier = self.profile.earlier(now, before, start, length, gpus)?;
        let earlier_end = earlier.after(length);
        self.profile.add(earlier, earlier_end.min(start), -(gpus as i64));
        self.profile.add(earlier_end.max(start), end, gpus as i64);
        self.freed.tell(earlier_end.max(start), end);
        Some(earlier)
    }
}
