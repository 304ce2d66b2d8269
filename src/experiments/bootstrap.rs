//! Another trace like this one: its days drawn anew in blocks.
//!
//! The moving block bootstrap (H. R. Künsch, The jackknife and the bootstrap for general stationary observations, Annals
//! of Statistics 17, 1989): blocks of consecutive days, drawn with replacement from all that lie within the trace, are
//! laid one behind the other until the trace is as long as before. Within a block everything stays as it was: the hour
//! of the day, bursts, who submits after whom. A block has about the cube root of the trace's days, the order of growth
//! that is best for a variance (P. Hall, J. L. Horowitz, B.-Y. Jing, On blocking rules for the bootstrap with dependent
//! data, Biometrika 82, 1995).

use rand::RngExt;

use crate::trace::{JobId, JobTable, JobTimes};
use crate::units::rng::stream;
use crate::units::{Span, Time};

/// The length of a day.
pub const DAY: Span = Span::from_seconds(86_400);

/// Where the days of a trace lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Midnight before the first submission, by the trace's own clock.
    start: Time,
    /// Whole days from there to the last submission; a last one of less than half a day is none.
    pub count: u64,
}

impl Days {
    /// The days in which jobs were submitted.
    #[must_use]
    pub fn of(jobs: &JobTable) -> Self {
        let (Some(first), Some(last)) = (jobs.ids().next(), jobs.ids().last()) else {
            return Days { start: Time::ZERO, count: 0 };
        };
        let day = DAY.micros();
        let start = jobs.submit(first).micros() / day * day;
        let length = jobs.submit(last).micros() - start;
        Days { start: Time::from_micros(start), count: (length + day / 2) / day }
    }

    /// Days in a block.
    #[must_use]
    pub fn block(self) -> u64 {
        (libm::cbrt(self.count as f64).round() as u64).max(1)
    }

    /// Into how many blocks they fall.
    #[must_use]
    pub fn blocks(self) -> u32 {
        u32::try_from(self.count / self.block()).unwrap_or(u32::MAX)
    }

    /// Whether there is anything to draw from: two days at least.
    #[must_use]
    pub fn are_enough(self) -> bool {
        self.count >= 2
    }

    fn begins(self, day: u64) -> Time {
        Time::from_micros(self.start.micros() + day * DAY.micros())
    }
}

/// A trace of as many days, drawn under `seed`. Recorded starts and ends are left out: they belong to the jobs as they
/// came. Jobs keep their ids, drawn twice or not.
#[must_use]
pub fn resample(jobs: &JobTable, days: Days, seed: u64) -> JobTable {
    let mut drawn = JobTable::default();
    for spec in jobs.specs() {
        drawn.add_spec(spec.clone());
    }
    let mut random = stream(seed, "bootstrap");
    let block = days.block();
    let mut day = 0;
    while day < days.count {
        let first = random.random_range(0..=days.count - block);
        let length = block.min(days.count - day);
        copy(jobs, days.begins(first), days.begins(first + length), days.begins(day), &mut drawn);
        day += length;
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

    #[test]
    fn days_are_counted_to_the_nearest() {
        for (jobs, days) in [(0, 0), (1, 0), (4, 1), (6, 1), (8, 2), (10, 2), (11, 3), (400, 100)] {
            assert_eq!(Days::of(&trace(jobs)).count, days, "{jobs} jobs");
        }
        assert_eq!(Days::of(&trace(400)).block(), 5);
        assert!(!Days::of(&trace(6)).are_enough());
    }

    #[test]
    fn days_move_whole_and_keep_their_hours() {
        let jobs = trace(400);
        let days = Days::of(&jobs);
        let drawn = resample(&jobs, days, 5);
        assert_eq!(drawn.len(), 400);
        for job in drawn.ids() {
            let number = drawn.duration(job).micros() / 1_000_000 - 1;
            let original = jobs.submit(JobId(number as u32)).micros();
            assert_eq!(drawn.submit(job).micros() % DAY.micros(), original % DAY.micros());
            // Blocks begin at every fifth day; within one, jobs follow each other as they did.
            if job.0 % 20 != 0 {
                assert_eq!(drawn.duration(job).micros(), drawn.duration(JobId(job.0 - 1)).micros() + 1_000_000);
            }
        }
    }

    #[test]
    fn a_seed_draws_the_same_again_and_another_one_others() {
        let jobs = trace(400);
        let days = Days::of(&jobs);
        let durations = |seed| {
            let drawn = resample(&jobs, days, seed);
            drawn.ids().map(|job| drawn.duration(job)).collect::<Vec<_>>()
        };
        assert_eq!(durations(1), durations(1));
        assert_ne!(durations(1), durations(2));
    }
}
