//! Another trace like this one: its days or weeks drawn anew in blocks.
//!
//! The moving block bootstrap (H. R. Künsch, The jackknife and the bootstrap for general stationary observations, Annals
//! of Statistics 17, 1989): blocks of consecutive days, drawn with replacement from all that lie within the trace, are
//! laid one behind the other until the trace is as long as before. Within a block everything stays as it was: the hour
//! of the day, bursts, who submits after whom. A block has about the cube root of the trace's days, the order of growth
//! that is best for a variance (P. Hall, J. L. Horowitz, B.-Y. Jing, On blocking rules for the bootstrap with dependent
//! data, Biometrika 82, 1995).
//!
//! Blocks of three days lay Tuesdays on Saturdays. Blocks of weeks that begin at multiples of a week keep the day of the
//! week too (the seasonal block bootstrap of D. N. Politis, Resampling time series with seasonal components, Frontiers in
//! Data Mining and Bioinformatics, 2001), but a trace has fewer of them.

use std::fmt;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::trace::{JobId, JobTable, JobTimes};
use crate::units::rng::stream;
use crate::units::{Span, Time};

/// The length of a day.
pub const DAY: Span = Span::from_seconds(86_400);

/// Days of a week.
const WEEK: u64 = 7;

/// What is drawn of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Days, in blocks of a few: hours of the day stay what they are, days of the week do not.
    #[default]
    Days,
    /// Weeks, counted from the trace's start: days of the week stay what they are too.
    Weeks,
}

impl Period {
    /// Its length.
    #[must_use]
    pub fn length(self) -> Span {
        match self {
            Period::Days => DAY,
            Period::Weeks => Span::from_micros(DAY.micros() * WEEK),
        }
    }

    /// How many a trace must have to be drawn from. Below four weeks nothing can be said of how much weeks differ
    /// (`tests/coverage.rs`); a block of days may be as short as a day, and two are different at least.
    #[must_use]
    pub fn fewest(self) -> u64 {
        match self {
            Period::Days => 2,
            Period::Weeks => 4,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Period::Days => "days",
            Period::Weeks => "weeks",
        })
    }
}

/// How a trace is cut into periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    of: Period,
    /// The first submission: nothing is known of the hours before it.
    start: Time,
    /// From there on, to behind the last submission.
    length: Span,
}

impl Periods {
    /// The periods in which jobs were submitted. The last one need not be whole; it counts as whole where what lacks of it
    /// is at most half of it, and no longer than somewhere else between two submissions, as after the last job of a Friday.
    #[must_use]
    pub fn of(period: Period, jobs: &JobTable) -> Self {
        let (Some(first), Some(last)) = (jobs.ids().next(), jobs.ids().last()) else {
            return Periods { of: period, start: Time::ZERO, length: Span::ZERO };
        };
        let start = jobs.submit(first);
        let gaps = jobs.ids().skip(1).map(|job| jobs.submit(job).since(jobs.submit(JobId(job.0 - 1))).micros());
        let step = period.length().micros();
        let length = jobs.submit(last).since(start).micros() + 1;
        let lacks = length.next_multiple_of(step) - length;
        let is_whole = lacks <= gaps.max().unwrap_or(0).min(step / 2);
        Periods { of: period, start, length: Span::from_micros(length + if is_whole { lacks } else { 0 }) }
    }

    /// How many of them are whole.
    #[must_use]
    pub fn whole(self) -> u64 {
        self.length.micros() / self.of.length().micros()
    }

    /// How many of them are a block.
    #[must_use]
    pub fn block(self) -> u64 {
        let days = self.length.micros() / DAY.micros();
        let best = libm::cbrt(days as f64) * DAY.as_seconds() / self.of.length().as_seconds();
        (best.round() as u64).max(1)
    }

    /// Into how many whole blocks they fall.
    #[must_use]
    pub fn blocks(self) -> u32 {
        u32::try_from(self.whole() / self.block()).unwrap_or(u32::MAX)
    }

    /// What they are.
    #[must_use]
    pub fn period(self) -> Period {
        self.of
    }

    /// Whether there is anything to draw from.
    #[must_use]
    pub fn are_enough(self) -> bool {
        self.whole() >= self.of.fewest()
    }

    /// The start of the period of this number, from 0.
    fn begins(self, number: u64) -> Time {
        Time::from_micros(self.start.micros() + number * self.of.length().micros())
    }
}

/// A trace as long, drawn under `seed`. Recorded starts and ends are left out: they belong to the jobs as they came. Jobs
/// keep their ids, drawn twice or not.
#[must_use]
pub fn resample(jobs: &JobTable, periods: Periods, seed: u64) -> JobTable {
    let mut drawn = JobTable::default();
    for spec in jobs.specs() {
        drawn.add_spec(spec.clone());
    }
    let mut random = stream(seed, "bootstrap");
    let (step, block) = (periods.of.length().micros(), periods.block());
    let mut number = 0;
    while number * step < periods.length.micros() {
        // The last piece may be shorter than a block, and than a period. Only it can be drawn from where a period is not
        // whole, so what lacks there makes no hole in the middle.
        let piece = (block * step).min(periods.length.micros() - number * step);
        let first = random.random_range(0..=(periods.length.micros() - piece) / step);
        let from = periods.begins(first);
        copy(jobs, from, from.after(Span::from_micros(piece)), periods.begins(number), &mut drawn);
        number += block;
    }
    drawn.sort();
    drawn.shrink_to_fit();
    drawn
}

/// Copies the jobs submitted from `from` on and before `until`, moved so that `from` becomes `to`.
fn copy(jobs: &JobTable, from: Time, until: Time, to: Time, into: &mut JobTable) {
    let first_at = |time: Time| {
        let (mut low, mut high) = (0, jobs.len());
        while low < high {
            let middle = low.midpoint(high);
            if jobs.submit(JobId(middle as u32)) < time { low = middle + 1 } else { high = middle }
        }
        low
    };
    for job in (first_at(from)..first_at(until)).map(|index| JobId(index as u32)) {
        let times = JobTimes {
            submit: to.after(jobs.submit(job).since(from)),
            duration: jobs.duration(job),
            walltime: jobs.walltime(job),
            recorded_start: None,
            recorded_end: None,
        };
        into.push(jobs.name(job).as_bytes(), times, jobs.spec_id(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::JobRow;

    /// A job every six hours, its duration telling its number.
    fn trace(jobs: u64) -> JobTable {
        let job = |i: u64| JobRow {
            job_id: i.to_string(),
            submit: Time::from_micros((i * 6 + 1) * 3_600_000_000),
            duration: Span::from_seconds(i + 1),
            ..JobRow::default()
        };
        (0..jobs).map(job).collect()
    }

    fn numbers(drawn: &JobTable) -> Vec<u64> {
        drawn.ids().map(|job| drawn.duration(job).micros() / 1_000_000 - 1).collect()
    }

    #[test]
    fn whole_days_are_counted_and_a_gap_like_others_lacks_nothing() {
        for (jobs, days) in [(0, 0), (1, 0), (4, 1), (6, 1), (7, 1), (8, 2), (10, 2), (11, 2), (400, 100)] {
            assert_eq!(Periods::of(Period::Days, &trace(jobs)).whole(), days, "{jobs} jobs");
        }
        let days = Periods::of(Period::Days, &trace(400));
        assert_eq!((days.block(), days.blocks()), (5, 20));
        assert!(!Periods::of(Period::Days, &trace(6)).are_enough());
        for (jobs, weeks, enough) in [(27, 0, false), (28, 1, false), (111, 3, false), (112, 4, true), (400, 14, true)]
        {
            let periods = Periods::of(Period::Weeks, &trace(jobs));
            assert_eq!((periods.whole(), periods.block(), periods.are_enough()), (weeks, 1, enough), "{jobs} jobs");
        }
        // Of ten years, the best block is of about two weeks.
        assert_eq!(Periods::of(Period::Weeks, &trace(14_600)).block(), 2);
    }

    #[test]
    fn days_move_whole_and_keep_their_hours() {
        let jobs = trace(400);
        let drawn = resample(&jobs, Periods::of(Period::Days, &jobs), 5);
        assert_eq!(drawn.len(), 400);
        let numbers = numbers(&drawn);
        for (at, &number) in numbers.iter().enumerate() {
            let original = jobs.submit(JobId(number as u32)).micros();
            assert_eq!(drawn.submit(JobId(at as u32)).micros() % DAY.micros(), original % DAY.micros());
            // Blocks begin at every fifth day; within one, jobs follow each other as they did.
            if at % 20 != 0 {
                assert_eq!(number, numbers[at - 1] + 1);
            }
        }
        assert!(numbers.iter().step_by(20).any(|first| first / 4 % 7 != 0), "some begin within a week");
    }

    #[test]
    fn weeks_keep_the_day_of_the_week() {
        // Thirty days: four weeks, and two days that are Monday and Tuesday of any of five.
        let jobs = trace(120);
        let mut tails = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let drawn = resample(&jobs, Periods::of(Period::Weeks, &jobs), seed);
            assert_eq!(drawn.len(), 120);
            let week = Period::Weeks.length().micros();
            for (at, &number) in numbers(&drawn).iter().enumerate() {
                let original = jobs.submit(JobId(number as u32)).micros();
                assert_eq!(drawn.submit(JobId(at as u32)).micros() % week, original % week);
            }
            tails.insert(numbers(&drawn)[112] / 28);
        }
        assert_eq!(tails.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_last_day_that_is_partly_full_makes_no_hole_in_the_middle() {
        // A job an hour from the third hour on, over twelve days and sixteen hours.
        let job = |hour: u64| JobRow {
            job_id: hour.to_string(),
            submit: Time::from_micros((hour + 3) * 3_600_000_000),
            ..JobRow::default()
        };
        let jobs: JobTable = (0..12 * 24 + 16).map(job).collect();
        let days = Periods::of(Period::Days, &jobs);
        assert_eq!((days.whole(), days.block()), (12, 2));
        for seed in 0..50 {
            let drawn = resample(&jobs, days, seed);
            let hours: Vec<u64> = drawn.ids().map(|job| drawn.submit(job).micros() / 3_600_000_000).collect();
            assert_eq!(hours, (3..12 * 24 + 16 + 3).collect::<Vec<_>>(), "seed {seed}");
        }
    }

    #[test]
    fn a_seed_draws_the_same_again_and_another_one_others() {
        let jobs = trace(400);
        let durations = |seed| numbers(&resample(&jobs, Periods::of(Period::Days, &jobs), seed));
        assert_eq!(durations(1), durations(1));
        assert_ne!(durations(1), durations(2));
    }
}
