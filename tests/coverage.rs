//! Whether intervals cover the truth as often as they say, where the truth is known: M/M/c, and a cluster with the rhythm
//! of days and weeks, whose truth is the mean of thousands of traces as long.
//!
//! Slow, so only on request: `cargo test --release --test coverage -- --ignored --nocapture` prints the shares, of 500
//! intervals each. It printed
//!
//! ```text
//! M/M/c, 10 generated workloads of 10 days: mean 92.4 %, p90 94.2 %, p95 94.0 %
//! M/M/c, one trace of 30 days and 19 by days: mean 96.2 %, p90 96.0 %, p95 95.4 %
//! M/M/c, one trace of 90 days and 19 by days: mean 95.2 %, p90 95.2 %, p95 94.2 %
//! rhythm of weeks, 20 generated workloads of 14 days: mean 95.2 %, p90 92.6 %, p95 94.2 %
//! rhythm of weeks, one trace of 28 days and 19 by weeks: mean 97.0 %, p90 97.8 %, p95 97.4 %
//! rhythm of weeks, one trace of 56 days and 19 by weeks: mean 97.0 %, p90 97.6 %, p95 95.6 %
//! rhythm of weeks, one trace of 91 days and 19 by weeks: mean 96.0 %, p90 95.6 %, p95 95.8 %
//! rhythm of weeks, one trace of 28 days and 19 by days: mean 98.4 %, p90 98.0 %, p95 97.6 %
//! ```
//!
//! Days of such a trace give intervals that are wider than need be: drawn traces have more or fewer week-ends, as no month
//! has. With a ninth GPU beside eight at 75 % load, which no constant was chosen by, M/M/c was held in 93-96 % for all nine.
//! The fewer replicates and the more skewed the waits, the less they hold: of 10 generated workloads of a cluster with the
//! rhythm of weeks and 75 % load, whose queues last from day to day, 88-91 %.

mod queueing;

use fleetsim::experiments::bootstrap::{Period, Periods, resample};
use fleetsim::experiments::interval::{Draws, Interval};
use fleetsim::trace::generate::{Arrivals, Durations, Generator, Rate, Shape, VENUS_HOURS, Weights};
use fleetsim::trace::{JobRow, JobTable};
use fleetsim::units::{Span, hash::Fingerprint};
use queueing::{Queue, plain_waits};
use rayon::prelude::*;

const REPETITIONS: u64 = 500;

const DAY: u64 = 86_400_000_000;

/// A cluster whose truth is known, and what is compared in it: a GPU or two more.
struct World {
    name: &'static str,
    /// The jobs of so many days.
    jobs: fn(days: u64, seed: u64) -> Vec<JobRow>,
    /// GPUs before and after.
    servers: [u32; 2],
    /// The true difference of each figure, of so many days.
    truth: fn(days: u64) -> [f64; 3],
}

/// A figure of waits by its name, and its value from a sample.
type Figure = (&'static str, fn(&mut [f64]) -> f64);

const FIGURES: [Figure; 3] = [
    ("mean", |waits| waits.iter().sum::<f64>() / waits.len() as f64),
    ("p90", |waits| quantile(waits, 0.90)),
    ("p95", |waits| quantile(waits, 0.95)),
];

fn quantile(waits: &mut [f64], share: f64) -> f64 {
    waits.sort_by(f64::total_cmp);
    waits[((waits.len() - 1) as f64 * share).round() as usize]
}

/// A fifth GPU beside four at 70 % load; 200 jobs a day.
const MMC: World = World {
    name: "M/M/c",
    jobs: |days, seed| FOUR.jobs(days as usize * 200, seed),
    servers: [4, 5],
    truth: |_| {
        let of = |queue: Queue| [queue.mean_wait(), queue.wait_quantile(0.90), queue.wait_quantile(0.95)];
        difference(of(FOUR), of(Queue { servers: 5, ..FOUR }))
    },
};

const FOUR: Queue = Queue { servers: 4, between: 432.0, length: 0.7 * 4.0 * 432.0 };

/// Jobs of log-normal length at the hours of Helios Venus, on Saturdays and Sundays two fifths of them; two GPUs beside
/// sixteen at 65 % load, which is more than they can do on weekday afternoons.
const RHYTHM: World = World {
    name: "rhythm of weeks",
    jobs: weekly,
    servers: [16, 18],
    truth: |days| {
        let traces = 400_000 / days;
        let one = |seed| RHYTHM.differences(&weekly(days, 1_000_000 + seed));
        let all: Vec<[f64; 3]> = (0..traces).into_par_iter().map(one).collect();
        let truth = [0, 1, 2].map(|at| all.iter().map(|figures| figures[at]).sum::<f64>() / traces as f64);
        println!("the truth over {days} days is {truth:.0?} s");
        truth
    },
};

fn weekly(days: u64, seed: u64) -> Vec<JobRow> {
    let recipe = Generator {
        jobs: None,
        span: Some(Span::from_micros(days * DAY)),
        arrivals: Arrivals::HourOfDay(VENUS_HOURS),
        // Of seven days' jobs, 5 + 2 x 0.4 days' remain.
        rate: Rate::Load { load: 0.65 * 7.0 / 5.8, gpus: 16 },
        durations: Durations {
            shape: Shape::LogNormal { median: Span::from_seconds(1_500), sigma: 1.3 },
            min: Span::from_seconds(10),
            max: Span::from_seconds(2 * 86_400),
        },
        sizes: Weights::new([(1, 1.0)]),
        ..Generator::default()
    };
    let jobs = recipe.generate(seed).expect("the recipe makes sense");
    let stays = |job: &JobRow| {
        let is_weekend = job.submit.micros() / DAY % 7 >= 5;
        let chance = Fingerprint::of(seed, job.job_id.as_bytes()).value() % 1_000;
        !is_weekend || chance < 400
    };
    rows(&jobs).into_iter().filter(stays).collect()
}

fn rows(jobs: &JobTable) -> Vec<JobRow> {
    let row = |job| JobRow {
        job_id: jobs.name(job).to_owned(),
        submit: jobs.submit(job),
        duration: jobs.duration(job),
        ..JobRow::default()
    };
    jobs.ids().map(row).collect()
}

fn difference(before: [f64; 3], after: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|at| after[at] - before[at])
}

impl World {
    /// Before and after; the first tenth of the jobs found an empty cluster and does not count.
    fn waits(&self, jobs: &[JobRow]) -> [Vec<f64>; 2] {
        self.servers.map(|servers| plain_waits(jobs, servers).split_off(jobs.len() / 10))
    }

    fn differences(&self, jobs: &[JobRow]) -> [f64; 3] {
        let [before, after] = self.waits(jobs).map(|mut waits| FIGURES.map(|(_, of)| of(&mut waits)));
        difference(before, after)
    }

    /// Intervals from so many generated workloads.
    fn independent(&self, replicates: u64, days: u64) {
        let shares = self.coverage(days, |repetition| {
            let one = |replicate| self.differences(&(self.jobs)(days, repetition * 1_000 + replicate));
            (Draws::Independent, (0..replicates).map(one).collect())
        });
        self.assert_covers(&format!("{replicates} generated workloads of {days} days"), &shares, 0.98);
    }

    /// Intervals from one trace and nineteen drawn from it, of which at `most` so many may hold the truth.
    fn drawn(&self, period: Period, days: u64, most: f64) {
        let shares = self.coverage(days, |repetition| {
            let trace = (self.jobs)(days, repetition);
            let table: JobTable = trace.iter().cloned().collect();
            let periods = Periods::of(period, &table);
            assert!(periods.are_enough());
            let drawn = |seed| self.differences(&rows(&resample(&table, periods, repetition * 1_000 + seed)));
            let all = std::iter::once(self.differences(&trace)).chain((1..20).map(drawn)).collect();
            (Draws::Bootstrap { of: period, blocks: periods.blocks() }, all)
        });
        self.assert_covers(&format!("one trace of {days} days and 19 by {period}"), &shares, most);
    }

    /// The share of the repetitions whose intervals hold the truth, by figure.
    fn coverage(
        &self,
        days: u64,
        repetition: impl Fn(u64) -> (Draws, Vec<[f64; 3]>) + Sync,
    ) -> Vec<(&'static str, f64)> {
        let all: Vec<(Draws, Vec<[f64; 3]>)> = (0..REPETITIONS).into_par_iter().map(&repetition).collect();
        let truth = (self.truth)(days);
        let of_figure = |(at, &(name, _)): (usize, &Figure)| {
            let covers = |(draws, replicates): &&(Draws, Vec<[f64; 3]>)| {
                let values: Vec<f64> = replicates.iter().map(|differences| differences[at]).collect();
                let interval = Interval::of_figure(name, &values, *draws).expect("there are enough");
                interval.low() <= truth[at] && truth[at] <= interval.high()
            };
            (name, all.iter().filter(covers).count() as f64 / REPETITIONS as f64)
        };
        FIGURES.iter().enumerate().map(of_figure).collect()
    }

    fn assert_covers(&self, what: &str, shares: &[(&str, f64)], most: f64) {
        let shown: Vec<String> =
            shares.iter().map(|(figure, share)| format!("{figure} {:.1} %", share * 100.0)).collect();
        println!("{}, {what}: {}", self.name, shown.join(", "));
        assert!(shares.iter().all(|(_, share)| (0.92..=most).contains(share)), "{what}: {shares:?}");
    }
}

#[test]
#[ignore = "slow"]
fn intervals_of_generated_workloads_cover() {
    MMC.independent(10, 10);
    RHYTHM.independent(20, 14);
}

#[test]
#[ignore = "slow"]
fn intervals_of_one_trace_cover() {
    MMC.drawn(Period::Days, 30, 0.98);
    MMC.drawn(Period::Days, 90, 0.98);
}

#[test]
#[ignore = "slow"]
fn intervals_of_one_trace_with_weeks_cover() {
    for days in [28, 56, 91] {
        RHYTHM.drawn(Period::Weeks, days, 0.98);
    }
    RHYTHM.drawn(Period::Days, 28, 1.0);
}
