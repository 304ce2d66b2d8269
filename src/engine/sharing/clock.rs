//! The clock of jobs that always step at the same speed.

use std::collections::VecDeque;

use crate::physics::{FULL_SPEED, Speed};
use crate::units::{Span, Time};

/// Fractions of a byte per second in which bandwidth is shared: 2^20 to a byte, so that a level rounded down is right
/// to a microsecond over years.
pub(super) const FRACTIONS: u64 = 1 << 20;

const FULL: u128 = FULL_SPEED as u128;

/// How far a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tick {
    /// Microseconds x billionths of the full speed.
    pub progress: u128,
    /// The same for the ledger, in microseconds x millionths: never ahead of what [`Speed::kept_ppm`] allows.
    pub reading: u128,
    /// Microseconds in which the level set its pace.
    pub limited: u64,
}

/// What a clock goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Nobody goes by it: it stands.
    Still,
    /// The speed that its jobs would have alone.
    Own(Speed),
    /// The level, of which its jobs need so much for full speed, in fractions of a byte per second and weight.
    Level(u64),
}

/// How a clock goes from an instant on.
#[derive(Debug, Clone, Copy)]
struct Stand {
    at: Time,
    /// The channel's level clock then.
    level: u128,
    tick: Tick,
    pace: Pace,
}

/// When something is due by a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At an instant.
    At(Time),
    /// When the level clock is so far.
    Level(u128),
}

/// A clock that stands, or goes evenly, or by the level of its channel; never backward.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    stand: Stand,
    /// Earlier stands, as far back as anybody may ask.
    past: VecDeque<Stand>,
}

impl Clock {
    /// A clock that stands.
    pub fn new(at: Time) -> Self {
        Clock { stand: Stand { at, level: 0, tick: Tick::default(), pace: Pace::Still }, past: VecDeque::new() }
    }

    /// Whether it goes by the level.
    pub fn is_limited(&self) -> bool {
        matches!(self.stand.pace, Pace::Level(_))
    }

    /// How far it is at `at`, no earlier than its last turn, when the level clock is at `level`.
    pub fn tick(&self, at: Time, level: u128) -> Tick {
        self.stand.tick_at(at, level)
    }

    /// What it read at `at`, no longer ago than it was told to keep; `level` says where the level clock was.
    pub fn reading_back(&self, at: Time, level: impl Fn(Time) -> u128) -> u128 {
        if self.stand.at <= at {
            return self.stand.reading_at(at, level(at));
        }
        let before = self.past.iter().rev().find(|stand| stand.at <= at);
        before.map_or(0, |stand| stand.reading_at(at, level(at)))
    }

    /// From `at` on, when the level clock is at `level`, it goes otherwise; earlier stands are kept for `keep`.
    pub fn turn(&mut self, pace: Pace, at: Time, level: u128, keep: Span) {
        let tick = self.tick(at, level);
        if keep > Span::ZERO {
            self.past.push_back(self.stand);
            while self.past.get(1).is_some_and(|second| second.at.after(keep) < at) {
                self.past.pop_front();
            }
        }
        self.stand = Stand { at, level, tick, pace };
    }

    /// When it reaches `progress`.
    pub fn due(&self, progress: u128) -> Option<Due> {
        let missing = progress.saturating_sub(self.stand.tick.progress);
        match self.stand.pace {
            Pace::Still => None,
            Pace::Own(speed) => {
                let micros = missing.div_ceil(u128::from(speed.billionths()));
                let span = Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
                Some(Due::At(self.stand.at.after(span)))
            }
            Pace::Level(need) => Some(Due::Level(self.stand.level.saturating_add(needed(missing, need)))),
        }
    }
}

impl Stand {
    /// How far the clock is at `at`, when the level clock is at `level`.
    fn tick_at(&self, at: Time, level: u128) -> Tick {
        let Tick { progress, reading, limited } = self.tick;
        match self.pace {
            Pace::Still => self.tick,
            Pace::Own(speed) => {
                let micros = u128::from(at.since(self.at).micros());
                Tick {
                    progress: progress + micros * u128::from(speed.billionths()),
                    reading: reading + micros * u128::from(speed.kept_ppm()),
                    limited,
                }
            }
            Pace::Level(need) => {
                let more = share(level - self.level, need);
                let limited = limited + at.since(self.at).micros();
                Tick { progress: progress + more.progress, reading: reading + more.reading, limited }
            }
        }
    }

    /// The same, only what the clock reads then: each step of the series asks it of every clock.
    fn reading_at(&self, at: Time, level: u128) -> u128 {
        let reading = self.tick.reading;
        match self.pace {
            Pace::Still => reading,
            Pace::Own(speed) => reading + u128::from(at.since(self.at).micros()) * u128::from(speed.kept_ppm()),
            Pace::Level(need) => reading + reading_share(level - self.level, need),
        }
    }
}

/// The reading of [`share`]: a thousandth of a quotient that is rounded down, rounded down, is that of a divisor a thousand
/// times as large.
fn reading_share(level: u128, need: u64) -> u128 {
    let wide = u128::from(need);
    let whole = level / wide;
    let rest = (level - whole * wide) * (FULL / 1000) / wide;
    whole * (FULL / 1000) + rest
}

/// `level` x 10^9 / `need` and a thousandth of it, both rounded down, without an overflow on the way.
fn share(level: u128, need: u64) -> Tick {
    let need = u128::from(need);
    let whole = level / need;
    // Divisions of 128 bits are dear.
    let rest = ((level - whole * need) * FULL / need) as u64;
    Tick {
        progress: whole * FULL + u128::from(rest),
        reading: whole * (FULL / 1000) + u128::from(rest / 1000),
        limited: 0,
    }
}

/// The least that gives `progress` as its [`share`].
fn needed(progress: u128, need: u64) -> u128 {
    let need = u128::from(need);
    (progress / FULL).saturating_mul(need) + (progress % FULL * need).div_ceil(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    #[test]
    fn needed_is_the_least_that_gives_a_share() {
        for need in [1, 7, 999_999_937, 3 * FRACTIONS, u64::MAX] {
            for progress in [0, 1, 2, 12_345, FULL - 1, FULL, 7 * FULL + 3, 1 << 70] {
                let level = needed(progress, need);
                assert!(share(level, need).progress >= progress, "{need} {progress}");
                assert!(level == 0 || share(level - 1, need).progress < progress, "{need} {progress}");
                assert_eq!(share(level, need).reading, share(level, need).progress / 1000);
                assert_eq!(share(level, need).reading, reading_share(level, need));
            }
        }
    }

    /// At half of its need for 10 us, then at 0.8 of full speed for 10 us: 13 of 20, and so it was.
    #[test]
    fn turns_change_the_pace_and_nothing_else() {
        let keep = Span::from_micros(100);
        let mut clock = Clock::new(at(0));
        clock.turn(Pace::Level(100), at(0), 0, keep);
        clock.turn(Pace::Own(Speed::of_share(0.8)), at(10), 500, keep);
        assert_eq!(clock.tick(at(20), 500).progress, 13 * FULL);
        assert_eq!(clock.tick(at(20), 500).limited, 10);
        assert_eq!(clock.due(13 * FULL), Some(Due::At(at(20))));
        let level = |t: Time| u128::from(t.micros().min(10)) * 50;
        assert_eq!([0, 4, 10, 20].map(|t| clock.reading_back(at(t), level)), [0, 2_000_000, 5_000_000, 13_000_000]);
    }
}
