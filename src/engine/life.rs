//! A running job that is more than a start and an end: pauses, a speed, changing members, checkpoints.

use crate::ledger::Leaf;
use crate::physics::{Plan, Speed};
use crate::units::{Span, Time};

/// What a running job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It starts up, `first` for the first time.
    Starting { first: bool, until: Time },
    /// It makes progress.
    Stepping,
    /// It stands still and writes.
    Checkpointing { until: Time },
}

/// How the GPUs of a running job are booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posting {
    /// All that it asked for in one leaf.
    Whole(Leaf),
    /// Progress, less what it is slowed down, in millionths.
    Step {
        /// By its place.
        communication: u32,
        /// By its neighbours on shared GPUs.
        interference: u32,
    },
}

impl Posting {
    /// Progress at full speed.
    pub const PLAIN: Posting = Posting::Step { communication: 0, interference: 0 };

    /// The speed while it is so, relative to the ideal; 0 in a pause. For reports only.
    #[must_use]
    pub fn speed(self) -> f64 {
        match self {
            Posting::Whole(_) => 0.0,
            Posting::Step { communication, interference } => 1.0 - f64::from(communication + interference) / 1e6,
        }
    }
}

/// Progress that a stop would throw away: so many units stepped from one instant to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Since when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// How many units.
    pub units: u32,
    /// How it was booked.
    pub posting: Posting,
}

/// What an event of a life came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The work is done.
    Finished,
    /// The walltime ended it.
    Killed,
    /// It goes on otherwise than before.
    Changed,
}

/// The units of a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crew {
    /// Those that it holds.
    pub held: u32,
    /// As many as set its pace: those that it holds where progress follows them, else all.
    pub pace: u32,
    /// Those that it asks for.
    pub all: u32,
}

/// The life of a running job.
#[derive(Debug, Clone)]
pub struct Life {
    plan: Plan,
    /// What its neighbours on shared GPUs leave of its speed.
    beside: Speed,
    phase: Phase,
    /// Work is counted up to here.
    since: Time,
    /// Work left: units x microseconds x [`crate::physics::FULL_SPEED`].
    left: u128,
    /// What was left at the last checkpoint that is written.
    durable: u128,
    /// The walltime ends it here.
    latest: Time,
    crew: Crew,
    /// Progress since the last checkpoint.
    at_risk: Vec<Stretch>,
    /// As what it is in the books.
    booked: Posting,
    /// Which of its events counts.
    pub(super) event: u32,
}

/// Work in the unit of [`Life`]: `units` units for `span`.
#[must_use]
pub fn work(units: u32, span: Span) -> u128 {
    u128::from(units) * u128::from(span.micros()) * u128::from(Speed::FULL.billionths())
}

/// The ideal run time that the work left of a job comes to with all its units, rounded up.
#[must_use]
pub fn span_of(left: u128, all: u32) -> Span {
    let micros = left.div_ceil(u128::from(all.max(1)) * u128::from(Speed::FULL.billionths()));
    Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// What a job has to do yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remainder {
    /// All of it, for the first time.
    Whole(Span),
    /// What an earlier run left, in the unit of [`Life`].
    Left(u128),
}

impl Life {
    /// A job starts at `now`.
    pub fn start(plan: Plan, remainder: Remainder, crew: Crew, now: Time, latest: Time) -> Self {
        let (left, first) = match remainder {
            Remainder::Whole(duration) => (work(crew.all, duration), true),
            Remainder::Left(left) => (left, false),
        };
        let pause = if first { plan.pauses.startup } else { plan.pauses.restart };
        let phase = match pause {
            Span::ZERO => Phase::Stepping,
            pause => Phase::Starting { first, until: now.after(pause) },
        };
        let booked = Posting::PLAIN;
        let mut life = Life {
            plan,
            beside: Speed::FULL,
            phase,
            since: now,
            left,
            durable: left,
            latest,
            crew,
            at_risk: Vec::new(),
            booked,
            event: 0,
        };
        life.booked = life.posting();
        life
    }

    /// As what it is in the books.
    #[must_use]
    pub fn booked(&self) -> Posting {
        self.booked
    }

    /// Before and after, where it must be booked otherwise now.
    pub fn rebook(&mut self) -> Option<(Posting, Posting)> {
        let new = self.posting();
        let old = std::mem::replace(&mut self.booked, new);
        (old != new).then_some((old, new))
    }

    /// How it is booked now.
    #[must_use]
    pub fn posting(&self) -> Posting {
        match self.phase {
            Phase::Starting { first: true, .. } => Posting::Whole(Leaf::Startup),
            Phase::Starting { first: false, .. } => Posting::Whole(Leaf::Restart),
            Phase::Checkpointing { .. } => Posting::Whole(Leaf::Checkpoint),
            Phase::Stepping => {
                let communication = self.plan.speed.loss_ppm();
                Posting::Step { communication, interference: self.speed().loss_ppm() - communication }
            }
        }
    }

    fn speed(&self) -> Speed {
        self.plan.speed.and(self.beside)
    }

    fn rate(&self) -> u128 {
        u128::from(self.crew.pace) * u128::from(self.speed().billionths())
    }

    /// What will be left when the next checkpoint begins; nothing where none comes before the end.
    fn due(&self) -> u128 {
        self.plan
            .checkpointing
            .map_or(0, |checkpoints| self.durable.saturating_sub(work(self.crew.all, checkpoints.every)))
    }

    /// When it has its next event.
    #[must_use]
    pub fn next(&self) -> Time {
        let turn = match self.phase {
            Phase::Starting { until, .. } | Phase::Checkpointing { until } => until,
            Phase::Stepping => {
                let micros = self.left.saturating_sub(self.due()).div_ceil(self.rate());
                self.since.after(Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
            }
        };
        turn.min(self.latest)
    }

    /// Counts the work up to `now`.
    fn settle(&mut self, now: Time) {
        if self.phase == Phase::Stepping && now > self.since {
            let stretch = Stretch { from: self.since, to: now, units: self.crew.held, posting: self.posting() };
            let done = u128::from(now.since(self.since).micros()) * self.rate();
            self.left = self.left.saturating_sub(done);
            match self.at_risk.last_mut().filter(|last| last.to == stretch.from && last.units == stretch.units) {
                Some(last) if last.posting == stretch.posting => last.to = now,
                _ => self.at_risk.push(stretch),
            }
        }
        self.since = now;
    }

    /// Its event at `now`.
    pub fn turn(&mut self, now: Time) -> Turn {
        self.settle(now);
        match self.phase {
            Phase::Stepping if self.left == 0 => return Turn::Finished,
            _ if now >= self.latest => return Turn::Killed,
            Phase::Starting { .. } => self.phase = Phase::Stepping,
            Phase::Stepping => match self.plan.checkpointing.map(|checkpoints| checkpoints.cost) {
                None | Some(Span::ZERO) => self.written(),
                Some(cost) => self.phase = Phase::Checkpointing { until: now.after(cost) },
            },
            Phase::Checkpointing { .. } => {
                self.written();
                self.phase = Phase::Stepping;
            }
        }
        Turn::Changed
    }

    /// What is done is safe.
    fn written(&mut self) {
        self.durable = self.left;
        self.at_risk.clear();
    }

    /// It has other units from `now` on.
    pub fn set_crew(&mut self, now: Time, crew: Crew) {
        self.settle(now);
        self.crew = crew;
    }

    /// Its neighbours leave it so much of its speed from `now` on.
    pub fn set_beside(&mut self, now: Time, beside: Speed) {
        self.settle(now);
        self.beside = beside;
    }

    /// What its neighbours leave of its speed.
    #[must_use]
    pub fn beside(&self) -> Speed {
        self.beside
    }

    /// Stops it at `now` with all that it has done: what is left.
    pub fn suspend(mut self, now: Time) -> u128 {
        self.settle(now);
        self.left
    }

    /// Stops it at `now` back at its last checkpoint: what is left, and the progress thrown away.
    pub fn fall_back(mut self, now: Time) -> (u128, Vec<Stretch>) {
        self.settle(now);
        (self.durable, self.at_risk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::{Checkpointing, Pauses};

    const ONE: Crew = Crew { held: 1, pace: 1, all: 1 };

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    fn plan(speed: f64, checkpointing: Option<Checkpointing>) -> Plan {
        let pauses = Pauses { startup: Span::from_micros(3), restart: Span::from_micros(2) };
        Plan { pauses, speed: Speed::of_share(speed), checkpointing }
    }

    fn play(life: &mut Life) -> (Time, Turn) {
        loop {
            let now = life.next();
            let turn = life.turn(now);
            if turn != Turn::Changed {
                return (now, turn);
            }
        }
    }

    /// 4 units x 10 of work; 2 run in [0, 6), 3 from 6 on: 12 done, 28 left, ceil(28/3) = 10 more.
    #[test]
    fn work_is_done_in_proportion_to_the_units() {
        let plan = Plan { pauses: Pauses::default(), ..plan(1.0, None) };
        let mut life = Life::start(
            plan,
            Remainder::Whole(Span::from_micros(10)),
            Crew { held: 2, pace: 2, all: 4 },
            at(0),
            Time::MAX,
        );
        assert_eq!(life.next(), at(20));
        life.set_crew(at(6), Crew { held: 3, pace: 3, all: 4 });
        assert_eq!(play(&mut life), (at(16), Turn::Finished));
    }

    /// 3 to start up, 70 at 0.7 are 100; looking in between changes nothing.
    #[test]
    fn an_irrelevant_event_changes_no_end() {
        let start = || Life::start(plan(0.7, None), Remainder::Whole(Span::from_micros(70)), ONE, at(0), Time::MAX);
        let mut undisturbed = start();
        assert_eq!(play(&mut undisturbed), (at(103), Turn::Finished));
        let mut disturbed = start();
        assert_eq!(disturbed.turn(at(3)), Turn::Changed);
        for t in 4..100 {
            disturbed.set_crew(at(t), ONE);
        }
        assert_eq!(play(&mut disturbed), (at(103), Turn::Finished));
    }

    /// Work 10 with a checkpoint every 4 that costs 1: 3 + 4 + 1 + 4 + 1 + 2 = 15. A stop at 14 falls back to 8 done.
    #[test]
    fn checkpoints_cost_time_and_save_work() {
        let checkpoints = Some(Checkpointing { every: Span::from_micros(4), cost: Span::from_micros(1) });
        let start =
            || Life::start(plan(1.0, checkpoints), Remainder::Whole(Span::from_micros(10)), ONE, at(0), Time::MAX);
        assert_eq!(play(&mut start()), (at(15), Turn::Finished));
        let mut stopped = start();
        for t in [3, 7, 8, 12, 13] {
            assert_eq!((stopped.next(), stopped.turn(at(t))), (at(t), Turn::Changed));
        }
        let (left, lost) = stopped.fall_back(at(14));
        assert_eq!(left, work(1, Span::from_micros(2)));
        assert_eq!(lost.iter().map(|s| s.to.since(s.from).micros()).sum::<u64>(), 1);
    }

    #[test]
    fn the_walltime_ends_what_is_not_done() {
        let start =
            |latest| Life::start(plan(1.0, None), Remainder::Whole(Span::from_micros(10)), ONE, at(0), at(latest));
        assert_eq!(play(&mut start(13)), (at(13), Turn::Finished));
        assert_eq!(play(&mut start(12)), (at(12), Turn::Killed));
        assert_eq!(play(&mut start(2)), (at(2), Turn::Killed));
    }
}
