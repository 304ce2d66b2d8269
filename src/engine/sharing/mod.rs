//! Bandwidth that running jobs share: max-min by weight, each job with a cap of its own, O(log n) for a change.
//!
//! Jobs that need as much for each weight at full speed and could go as fast alone always go at the same speed,
//! whatever the others do: they are a group with one clock. A channel has a water level. Groups whose cap lies below it
//! are content, their clocks go evenly; all others get the level for each weight, and their clocks go by the integral of
//! the level, which is one number for all of them. So a job that comes or goes moves the level and nobody's end: ends
//! are kept as marks on the clocks, and only the groups that cross the level change theirs.
//!
//! All of it is integers: an event that changes no level changes no end, to the microsecond.

mod channel;
mod clock;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

pub use channel::Slot;
use channel::{Ask, Channel};
pub use clock::Tick;
use clock::{Clock, Due, FRACTIONS, Pace};

use crate::ledger::{Readings, Traffic};
use crate::physics::{FULL_SPEED, Speed};
use crate::trace::JobId;
use crate::units::{Span, Time};

/// What a job draws from a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Which.
    pub channel: u16,
    /// Bytes per second at full speed; at least 1.
    pub rate: u64,
    /// Its share is in proportion to this; at least 1.
    pub weight: u32,
    /// The speed that it would have alone.
    pub most: Speed,
}

impl Draw {
    /// What a weight needs at full speed, in fractions of a byte per second.
    fn need(&self) -> u64 {
        let need = u128::from(self.rate) * u128::from(FRACTIONS) / u128::from(self.weight.max(1));
        u64::try_from(need).unwrap_or(u64::MAX).max(1)
    }
}

/// Jobs with one clock.
#[derive(Debug)]
struct Group {
    channel: u16,
    need: u64,
    most: Speed,
    ask: Ask,
    clock: Clock,
    /// Marks on the clock at which jobs are due.
    marks: BTreeSet<(u128, JobId)>,
    /// What stands for its first mark in the channel.
    due: Option<Due>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    draw: Draw,
    slot: Slot,
    mark: Option<u128>,
}

/// All channels, and who draws from them.
#[derive(Debug, Default)]
pub struct Sharing {
    channels: Vec<Channel>,
    groups: Vec<Group>,
    /// Groups with members, by channel, need and speed.
    index: FxHashMap<(u16, u64, Speed), Slot>,
    /// Groups without, by channel.
    vacant: Vec<Vec<Slot>>,
    members: FxHashMap<JobId, Member>,
    /// How long the past of the clocks is kept.
    keep: Span,
}

impl Sharing {
    /// Channels with so many bytes per second, or enough for everybody; [`Readings`] may be asked `keep` back.
    #[must_use]
    pub fn new(capacities: impl IntoIterator<Item = Option<u64>>, keep: Span) -> Self {
        let channels: Vec<Channel> = capacities.into_iter().map(Channel::new).collect();
        Sharing { vacant: vec![Vec::new(); channels.len()], channels, keep, ..Sharing::default() }
    }

    /// A job draws so from `now` on, or not at all; says whether that is anything new.
    pub fn set(&mut self, job: JobId, draw: Option<Draw>, now: Time) -> bool {
        if self.members.get(&job).map(|member| member.draw) == draw {
            return false;
        }
        self.leave(job, now);
        if let Some(draw) = draw {
            self.join(job, draw, now);
        }
        true
    }

    /// Which clock a job goes by.
    #[must_use]
    pub fn slot(&self, job: JobId) -> Option<Slot> {
        self.members.get(&job).map(|member| member.slot)
    }

    /// How far the clock of a job is at `now`.
    #[must_use]
    pub fn tick(&self, job: JobId, now: Time) -> Option<Tick> {
        self.slot(job).map(|slot| self.tick_of(slot, now))
    }

    fn tick_of(&self, slot: Slot, now: Time) -> Tick {
        let group = &self.groups[slot as usize];
        group.clock.tick(now, self.channels[usize::from(group.channel)].clock(now))
    }

    /// A job is due when its clock is at `mark`.
    pub fn aim(&mut self, job: JobId, mark: u128) {
        let Some(member) = self.members.get_mut(&job) else { return };
        let before = member.mark.replace(mark);
        let slot = member.slot;
        let marks = &mut self.groups[slot as usize].marks;
        if before == Some(mark) {
            return;
        }
        if let Some(before) = before {
            marks.remove(&(before, job));
        }
        marks.insert((mark, job));
        self.renew_due(slot);
    }

    /// When the next job is due.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.channels.iter().filter_map(|channel| channel.next()).map(|(at, _)| at).min()
    }

    /// A job that is due at `now`, if any.
    #[must_use]
    pub fn due(&self, now: Time) -> Option<JobId> {
        let due = self.channels.iter().filter_map(Channel::next).filter(|&(at, _)| at <= now);
        due.filter_map(|(_, slot)| self.groups[slot as usize].marks.first()).map(|&(_, job)| job).min()
    }

    fn join(&mut self, job: JobId, draw: Draw, now: Time) {
        let (need, most) = (draw.need(), draw.most);
        let weight = u64::from(draw.weight.max(1));
        self.channels[usize::from(draw.channel)].advance(now, self.keep);
        let key = (draw.channel, need, most);
        let slot = match self.index.get(&key) {
            Some(&slot) => {
                let group = &mut self.groups[slot as usize];
                let before = group.ask;
                group.ask.weight += weight;
                self.channels[usize::from(draw.channel)].reweigh(group.clock.is_limited(), before, group.ask);
                slot
            }
            None => {
                let slot = self.open(draw.channel, need, most, weight, now);
                self.index.insert(key, slot);
                slot
            }
        };
        self.members.insert(job, Member { draw, slot, mark: None });
        self.level(draw.channel, now);
    }

    /// A group for the first job of its kind. Clocks are used again and go on from where they stood.
    fn open(&mut self, number: u16, need: u64, most: Speed, weight: u64, now: Time) -> Slot {
        let cap = u128::from(need) * u128::from(most.billionths()) / u128::from(FULL_SPEED);
        let ask = Ask { cap: (cap as u64).max(1), weight };
        let slot = self.vacant[usize::from(number)].pop().unwrap_or(self.groups.len() as Slot);
        if slot as usize == self.groups.len() {
            let (clock, marks) = (Clock::new(now), BTreeSet::new());
            self.groups.push(Group { channel: number, need, most, ask, clock, marks, due: None });
        }
        let group = &mut self.groups[slot as usize];
        (group.need, group.most, group.ask) = (need, most, ask);
        let channel = &mut self.channels[usize::from(number)];
        group.clock.turn(Pace::Level(need), now, channel.clock(now), self.keep);
        channel.add(slot, ask);
        slot
    }

    fn leave(&mut self, job: JobId, now: Time) {
        let Some(member) = self.members.remove(&job) else { return };
        let number = usize::from(member.draw.channel);
        self.channels[number].advance(now, self.keep);
        let group = &mut self.groups[member.slot as usize];
        if let Some(mark) = member.mark {
            group.marks.remove(&(mark, job));
        }
        let before = group.ask;
        group.ask.weight -= u64::from(member.draw.weight.max(1));
        if group.ask.weight > 0 {
            self.channels[number].reweigh(group.clock.is_limited(), before, group.ask);
        } else {
            self.channels[number].remove(member.slot, before);
            self.index.remove(&(group.channel, group.need, group.most));
            self.vacant[number].push(member.slot);
            group.clock.turn(Pace::Still, now, self.channels[number].clock(now), self.keep);
        }
        self.renew_due(member.slot);
        self.level(member.draw.channel, now);
    }

    /// Lets cross whoever has to.
    fn level(&mut self, number: u16, now: Time) {
        while let Some(crossing) = self.channels[usize::from(number)].next_crossing() {
            let channel = &mut self.channels[usize::from(number)];
            let group = &mut self.groups[crossing.slot as usize];
            channel.cross(crossing, group.ask);
            let pace = if crossing.limited { Pace::Level(group.need) } else { Pace::Own(group.most) };
            group.clock.turn(pace, now, channel.clock(now), self.keep);
            self.renew_due(crossing.slot);
        }
    }

    /// What the channel knows of a group's first mark.
    fn renew_due(&mut self, slot: Slot) {
        let group = &mut self.groups[slot as usize];
        let channel = &mut self.channels[usize::from(group.channel)];
        let due = group.marks.first().and_then(|&(mark, _)| group.clock.due(mark));
        if due == group.due {
            return;
        }
        channel.forget_next();
        match std::mem::replace(&mut group.due, due) {
            Some(Due::At(at)) => _ = channel.due_at.remove(&(at, slot)),
            Some(Due::Level(level)) => _ = channel.due_level.remove(&(level, slot)),
            None => {}
        }
        match due {
            Some(Due::At(at)) => _ = channel.due_at.insert((at, slot)),
            Some(Due::Level(level)) => _ = channel.due_level.insert((level, slot)),
            None => {}
        }
    }
}

impl Readings for Sharing {
    fn clocks(&self) -> u32 {
        self.groups.len() as u32
    }

    fn reading(&self, clock: u32, at: Time) -> u128 {
        let group = &self.groups[clock as usize];
        let channel = &self.channels[usize::from(group.channel)];
        group.clock.reading_back(at, |at| channel.clock_back(at))
    }

    fn traffic(&self, at: Time) -> Vec<Traffic> {
        self.channels.iter().map(|channel| channel.traffic(at)).collect()
    }

    fn all(&self, at: Time) -> Vec<u128> {
        let levels: Vec<u128> = self.channels.iter().map(|channel| channel.clock_back(at)).collect();
        let reading = |group: &Group| group.clock.reading_back(at, |_| levels[usize::from(group.channel)]);
        self.groups.iter().map(reading).collect()
    }
}
