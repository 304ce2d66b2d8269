//! A running job that is more than a start and an end: pauses, a speed, changing members, checkpoints.

mod work;

use super::posting::{Losses, Posting, Stretch};
use super::sharing::{Draw, Slot, Tick};
use crate::ledger::Leaf;
use crate::physics::{Bottleneck, Intake, Plan, Speed, Stalls, Supply};
use crate::units::{Span, Time};
pub use work::{Remainder, part_of, span_of, work};

/// What a running job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It starts up, `first` for the first time.
    Starting { first: bool, until: Time },
    /// It makes progress.
    Stepping,
    /// It stands still for a checkpoint.
    Checkpointing { until: Time },
    /// It stands still and writes one to shared storage; so much is left, in microseconds x billionths.
    Writing { left: u128 },
}

/// What an event of a life came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The work is done.
    Finished,
    /// The walltime ended it.
    Killed,
    /// It failed by itself.
    Failed,
    /// It has been told to go, and its time is over.
    Left,
    /// It has read its dataset once, and goes on.
    EpochEnded,
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

/// An instant, and how far the clock is by which a job goes, if it does.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The instant.
    pub at: Time,
    /// The clock.
    pub tick: Option<Tick>,
}

impl From<Time> for Moment {
    fn from(at: Time) -> Self {
        Moment { at, tick: None }
    }
}

/// When a life has its next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// At an instant, at the latest.
    pub at: Time,
    /// Or when its clock is so far.
    pub mark: Option<u128>,
}

/// The clock by which a life goes.
#[derive(Debug, Clone, Copy)]
struct Fed {
    slot: Slot,
    /// Counted up to here.
    tick: Tick,
}

/// A job has been told to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// It goes at this instant, or before.
    pub until: Time,
    /// It writes a checkpoint and goes when that is written; else it goes on as before.
    pub saves: bool,
}

/// What has happened to a job and is not counted yet.
#[derive(Debug, Clone, Copy)]
struct Uncounted {
    /// Progress in microseconds x billionths.
    progress: u128,
    /// From where to where its clock went, if it has one.
    readings: (u128, u128),
    /// Microseconds in which the bandwidth that it shares set its pace.
    limited: u64,
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
    /// By which clock it goes, if not by time.
    fed: Option<Fed>,
    /// Work left: units x microseconds x [`crate::physics::FULL_SPEED`].
    left: u128,
    /// What was left at the last checkpoint that is written.
    durable: u128,
    /// What will be left when it has read its dataset once, where that matters.
    epoch: Option<u128>,
    /// What will be left when it fails by itself, if it does.
    breaks_off: Option<u128>,
    /// The walltime ends it here.
    latest: Time,
    notice: Option<Notice>,
    crew: Crew,
    /// Progress since the last checkpoint.
    at_risk: Vec<Stretch>,
    /// How long it has waited for data.
    stalls: Stalls,
    /// As what it is in the books.
    booked: Posting,
    /// Which of its events counts.
    pub(super) event: u32,
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
            fed: None,
            left,
            durable: left,
            epoch: None,
            breaks_off: None,
            latest,
            notice: None,
            crew,
            at_risk: Vec::new(),
            stalls: Stalls::default(),
            booked,
            event: 0,
        };
        life.booked = life.posting();
        life
    }

    /// It has read its dataset once when it has done so much more, in the unit of [`work`].
    pub fn begin_epoch(&mut self, work: u128) {
        self.epoch = self.left.checked_sub(work);
    }

    /// It fails by itself when so much is left, in the unit of [`work`].
    pub fn break_off(&mut self, left: Option<u128>) {
        self.breaks_off = left;
    }

    /// What it draws from shared bandwidth now.
    #[must_use]
    pub fn draw(&self) -> Option<Draw> {
        let draw = |supply: Supply, most| {
            let Supply { channel, rate, weight } = supply;
            Draw { channel, rate, weight, most }
        };
        match self.phase {
            Phase::Stepping => self.plan.intake.supply.map(|supply| draw(supply, self.most())),
            Phase::Writing { .. } => {
                let write = self.plan.checkpointing.and_then(|checkpoints| checkpoints.write);
                write.map(|write| draw(write.supply, Speed::FULL))
            }
            Phase::Starting { .. } | Phase::Checkpointing { .. } => None,
        }
    }

    /// It goes by this clock from now on, up to when all is counted.
    pub fn feed(&mut self, clock: Option<(Slot, Tick)>) {
        self.fed = clock.map(|(slot, tick)| Fed { slot, tick });
    }

    /// The speed at which it would compute if all its data were there: it sets the demand for them.
    fn unfed(&self) -> Speed {
        self.plan.speed.and(self.beside)
    }

    /// The speed that it would have if it need not share any bandwidth.
    fn most(&self) -> Speed {
        self.unfed().min(self.plan.intake.bound)
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
            Phase::Checkpointing { .. } | Phase::Writing { .. } => Posting::Whole(Leaf::Checkpoint),
            Phase::Stepping => {
                let communication = self.plan.speed.loss_ppm();
                let interference = self.unfed().loss_ppm() - communication;
                let (input, clock) = match self.fed {
                    Some(fed) => (0, Some(fed.slot)),
                    None => (self.most().loss_ppm() - communication - interference, None),
                };
                Posting::Step(Losses { communication, interference, input, clock })
            }
        }
    }

    /// What will be left when the next checkpoint begins; nothing where none comes before the end.
    fn due(&self) -> u128 {
        self.plan
            .checkpointing
            .map_or(0, |checkpoints| self.durable.saturating_sub(work(self.crew.all, checkpoints.every)))
    }

    /// When it has its next event.
    #[must_use]
    pub fn next(&self) -> Next {
        let units = u128::from(self.crew.pace);
        let until = self.due().max(self.epoch.unwrap_or(0)).max(self.breaks_off.unwrap_or(0));
        let steps = self.left.saturating_sub(until);
        let latest = self.notice.map_or(self.latest, |notice| notice.until.min(self.latest));
        let waits = |until: Time| Next { at: until.min(latest), mark: None };
        let by_clock = |fed: Fed, progress: u128| Next { at: latest, mark: Some(fed.tick.progress + progress) };
        match (self.phase, self.fed) {
            (Phase::Starting { until, .. } | Phase::Checkpointing { until }, _) => waits(until),
            (Phase::Stepping, Some(fed)) => by_clock(fed, steps.div_ceil(units)),
            (Phase::Stepping, None) => waits(self.since_after(steps.div_ceil(units), self.most())),
            (Phase::Writing { left }, Some(fed)) => by_clock(fed, left),
            (Phase::Writing { left }, None) => waits(self.since_after(left, Speed::FULL)),
        }
    }

    /// When so much progress, in microseconds x billionths, is made at a speed.
    fn since_after(&self, progress: u128, speed: Speed) -> Time {
        let micros = progress.div_ceil(u128::from(speed.billionths()));
        self.since.after(Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// What has happened up to `now` and is not counted yet.
    fn uncounted(&mut self, now: Moment) -> Uncounted {
        match (&mut self.fed, now.tick) {
            (Some(fed), Some(tick)) => {
                let before = std::mem::replace(&mut fed.tick, tick);
                Uncounted {
                    progress: tick.progress - before.progress,
                    readings: (before.reading, tick.reading),
                    limited: tick.limited - before.limited,
                }
            }
            _ => {
                let speed = if self.phase == Phase::Stepping { self.most() } else { Speed::FULL };
                let progress = u128::from(now.at.since(self.since).micros()) * u128::from(speed.billionths());
                Uncounted { progress, readings: (0, 0), limited: 0 }
            }
        }
    }

    /// Counts how long it waited for data in so many microseconds: what it lacked to the speed that its place and its
    /// neighbours leave it, held back by the bandwidth that it shares or else by what it has of its own.
    fn count_stall(&mut self, micros: u64, passed: &Uncounted) {
        let (unfed, most) = (self.unfed().billionths(), self.most().billionths());
        if unfed == most && passed.limited == 0 {
            return;
        }
        let units = u128::from(self.crew.held);
        let own = u128::from(unfed - most) * u128::from(micros.saturating_sub(passed.limited));
        if let Some(by) = self.plan.intake.binding {
            self.stalls.add(by, own * units);
        }
        if passed.limited > 0 {
            let all = (u128::from(unfed) * u128::from(micros)).saturating_sub(passed.progress);
            self.stalls.add(Bottleneck::Storage, all.saturating_sub(own) * units);
        }
    }

    /// Counts the work up to `now`.
    fn settle(&mut self, now: Moment) {
        if now.at > self.since {
            let passed = self.uncounted(now);
            let Uncounted { progress, readings, .. } = passed;
            match &mut self.phase {
                Phase::Stepping => {
                    let stretch = Stretch {
                        from: self.since,
                        to: now.at,
                        units: self.crew.held,
                        posting: self.posting(),
                        readings,
                    };
                    self.left = self.left.saturating_sub(progress * u128::from(self.crew.pace));
                    self.risk(stretch);
                    self.count_stall(now.at.since(self.since).micros(), &passed);
                }
                Phase::Writing { left } => *left = left.saturating_sub(progress),
                Phase::Starting { .. } | Phase::Checkpointing { .. } => {}
            }
        }
        self.since = now.at;
    }

    /// Progress that is not safe yet.
    fn risk(&mut self, stretch: Stretch) {
        let follows = |last: &Stretch| {
            (last.to, last.units, last.posting, last.readings.1)
                == (stretch.from, stretch.units, stretch.posting, stretch.readings.0)
        };
        match self.at_risk.last_mut().filter(|last| follows(last)) {
            Some(last) => (last.to, last.readings.1) = (stretch.to, stretch.readings.1),
            None => self.at_risk.push(stretch),
        }
    }

    /// Its event at `now`.
    pub fn turn(&mut self, now: Moment) -> Turn {
        self.settle(now);
        match self.phase {
            Phase::Stepping if self.left == 0 => return Turn::Finished,
            _ if now.at >= self.latest => return Turn::Killed,
            _ if self.notice.is_some_and(|notice| now.at >= notice.until) => return Turn::Left,
            Phase::Stepping if self.breaks_off.is_some_and(|left| self.left <= left) => return Turn::Failed,
            Phase::Stepping if self.epoch.is_some_and(|epoch| self.left <= epoch) => {
                self.epoch = None;
                return Turn::EpochEnded;
            }
            Phase::Starting { .. } => self.phase = Phase::Stepping,
            Phase::Stepping => self.begin_checkpoint(now.at),
            Phase::Checkpointing { .. } => self.write(),
            Phase::Writing { .. } => self.written(),
        }
        let saved = self.phase == Phase::Stepping && self.notice.is_some_and(|notice| notice.saves);
        if saved { Turn::Left } else { Turn::Changed }
    }

    /// It stands still for a checkpoint, if that costs anything.
    fn begin_checkpoint(&mut self, now: Time) {
        match self.plan.checkpointing.map(|checkpoints| checkpoints.cost) {
            None | Some(Span::ZERO) => self.write(),
            Some(cost) => self.phase = Phase::Checkpointing { until: now.after(cost) },
        }
    }

    /// It is told at `now` to go. Where it saves what it has done, a checkpoint under way will do; before its first step
    /// there is nothing to save.
    pub fn give_notice(&mut self, now: Moment, mut notice: Notice) {
        self.settle(now);
        if notice.saves && self.phase == Phase::Stepping {
            self.begin_checkpoint(now.at);
        }
        if notice.saves && matches!(self.phase, Phase::Stepping | Phase::Starting { .. }) {
            notice.until = now.at;
        }
        self.notice = Some(notice);
    }

    /// It writes its checkpoint to shared storage, if it does.
    fn write(&mut self) {
        match self.plan.checkpointing.and_then(|checkpoints| checkpoints.write) {
            Some(write) => self.phase = Phase::Writing { left: write.work },
            None => self.written(),
        }
    }

    /// What is done is safe.
    fn written(&mut self) {
        self.phase = Phase::Stepping;
        self.durable = self.left;
        self.at_risk.clear();
    }

    /// It has more units from `now` on, where it lies now; its checkpoints stay as they are.
    pub fn grow(&mut self, now: Moment, crew: Crew, plan: &Plan) {
        self.settle(now);
        self.crew = crew;
        self.plan.intake = plan.intake;
        self.plan.speed = plan.speed;
    }

    /// It has lost units at `now` and goes on with these from its last checkpoint, after its restart: the progress thrown away.
    pub fn shrink(&mut self, now: Moment, crew: Crew, plan: Plan) -> Vec<Stretch> {
        self.settle(now);
        self.crew = crew;
        self.plan = plan;
        self.left = self.durable;
        self.epoch = None;
        self.phase = match plan.pauses.restart {
            Span::ZERO => Phase::Stepping,
            pause => Phase::Starting { first: false, until: now.at.after(pause) },
        };
        std::mem::take(&mut self.at_risk)
    }

    /// It gets its data otherwise from `now` on.
    pub fn set_intake(&mut self, now: Moment, intake: Intake) {
        self.settle(now);
        self.plan.intake = intake;
    }

    /// Its neighbours leave it so much of its speed from `now` on.
    pub fn set_beside(&mut self, now: Moment, beside: Speed) {
        self.settle(now);
        self.beside = beside;
    }

    /// What its neighbours leave of its speed.
    #[must_use]
    pub fn beside(&self) -> Speed {
        self.beside
    }

    /// How long it has waited for data up to `now`.
    pub fn stalls(&mut self, now: Moment) -> Stalls {
        self.settle(now);
        self.stalls
    }

    /// Stops it at `now` with all that it has done: what is left.
    pub fn suspend(mut self, now: Moment) -> u128 {
        self.settle(now);
        self.left
    }

    /// Stops it at `now` back at its last checkpoint: what is left, and the progress thrown away.
    pub fn fall_back(mut self, now: Moment) -> (u128, Vec<Stretch>) {
        self.settle(now);
        (self.durable, self.at_risk)
    }
}

#[cfg(test)]
mod tests;
