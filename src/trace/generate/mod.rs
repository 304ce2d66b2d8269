//! Synthetic traces: arrivals, durations, sizes and tenants, each drawn from a stream of its own.
//!
//! A change to one part of a [`Generator`] leaves the draws of the others alone: with other sizes, the jobs still
//! arrive at the same instants as long as the arrival rate is the same. Samples become integers where they are drawn.

mod arrivals;
mod check;
mod durations;
mod keys;
mod recipe;
mod weights;

use std::num::NonZeroU32;

use rand::RngExt;
use rustc_hash::FxHashMap;

use super::spec::{JobSpec, RecordedState};
use super::table::{JobTable, JobTimes, SpecId};
use crate::units::rng::{Stream, stream};
use crate::units::{Span, Time};

pub use arrivals::{Arrivals, VENUS_HOURS};
pub use durations::{Durations, Shape};
pub use keys::KEYS;
pub use weights::Weights;

/// The longest time of a trace in microseconds, 285 years.
const MOST_MICROS: u64 = 1 << 53;

/// The recipe of a synthetic trace. The seed is not part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// Stop after so many jobs; at least 1. One of `jobs` and `span` is given, or both: whichever ends first.
    pub jobs: Option<u32>,
    /// Stop at this instant.
    pub span: Option<Span>,
    /// When jobs come within a day.
    pub arrivals: Arrivals,
    /// How many jobs come.
    pub rate: Rate,
    /// How long jobs run.
    pub durations: Durations,
    /// GPUs of a job.
    pub sizes: Weights<u32>,
    /// Jobs whose GPUs it divides consist of tasks of so many GPUs, smaller ones of one task; `None`: no tasks.
    pub gpus_per_task: Option<NonZeroU32>,
    /// Who pays; empty: nobody in particular.
    pub tenants: Weights<String>,
    /// The lines in which jobs wait, drawn for each job; empty: one line.
    pub queues: Weights<String>,
    /// How far requested run times exceed the durations; `None`: no requests.
    pub walltimes: Option<Overestimate>,
    /// Share of jobs that are recorded as failed, 0 to 1.
    pub failed: f64,
    /// Share of jobs that are recorded as cancelled, 0 to 1; with `failed` at most 1.
    pub cancelled: f64,
    /// Submissions and durations are multiples of this; at least a microsecond.
    pub resolution: Span,
}

/// The arrival rate, given or derived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Jobs an hour on average, > 0.
    PerHour(f64),
    /// So much of `gpus` would be busy if every job started at once: expected GPUs x expected duration x rate = `load`
    /// x `gpus`. A finite trace scatters around it, the more the heavier the tail of the durations.
    Load {
        /// Offered load, > 0; 1 is as much work as the GPUs can do.
        load: f64,
        /// Capacity in GPUs, > 0.
        gpus: u64,
    },
}

/// Requested run time = duration x a factor drawn evenly from `low` to `high`, rounded up to whole minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overestimate {
    /// The smallest factor, > 0; below 1 some jobs outlive their request.
    pub low: f64,
    /// The largest factor.
    pub high: f64,
}

/// A part of a [`Generator`] that makes no sense, by the name of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKey {
    /// A name of [`KEYS`].
    pub key: &'static str,
    /// What was found and what was expected.
    pub message: String,
}

impl Default for Generator {
    /// A mid-sized training cluster: 1,000 jobs in the daily rhythm of Helios Venus (SenseTime, 2020), with the sizes
    /// of that cluster's jobs (rounded); durations like Philly's (Microsoft, 2017: median 874 s, logarithmic deviation
    /// 2.1) within 10 s and 7 days; tenants by Zipf's law, close to Philly's 48, 19, 13 and 10 % of jobs; failed and
    /// cancelled shares of Helios (15.5 and 22.1 %); requests as loose as CERIT-SC's (median use 7 to 35 % of them).
    fn default() -> Self {
        Generator {
            jobs: Some(1000),
            span: None,
            arrivals: Arrivals::HourOfDay(VENUS_HOURS),
            rate: Rate::Load { load: 0.85, gpus: 128 },
            durations: Durations {
                shape: Shape::LogNormal { median: Span::from_seconds(900), sigma: 2.0 },
                min: Span::from_seconds(10),
                max: Span::from_seconds(7 * 86_400),
            },
            sizes: Weights::new([(1, 52.0), (2, 6.0), (4, 7.0), (8, 25.0), (16, 5.0), (32, 4.0), (64, 1.0)]),
            gpus_per_task: None,
            tenants: Weights::zipf("team-", 4, 1.0),
            queues: Weights::default(),
            walltimes: Some(Overestimate { low: 1.1, high: 10.0 }),
            failed: 0.155,
            cancelled: 0.221,
            resolution: Span::from_micros(1),
        }
    }
}

impl Generator {
    /// Jobs an hour on average.
    #[must_use]
    pub fn jobs_per_hour(&self) -> f64 {
        match self.rate {
            Rate::PerHour(rate) => rate,
            Rate::Load { load, gpus } => {
                let gpu_seconds = self.sizes.mean(|&gpus| f64::from(gpus)) * self.durations.mean_seconds();
                load * gpus as f64 / gpu_seconds * 3600.0
            }
        }
    }

    /// Makes the trace: the same seed, the same jobs. Their ids are 1, 2, 3 and so on.
    ///
    /// # Errors
    /// What makes no sense in the recipe.
    pub fn generate(&self, seed: u64) -> Result<JobTable, Vec<BadKey>> {
        self.check()?;
        let mut arrivals = self.arrivals.times(self.jobs_per_hour(), seed);
        let mut draws = Draws::new(self, seed);
        let mut table = JobTable::default();
        let most = self.jobs.unwrap_or(u32::MAX - 1);
        let end = self.span.map_or(MOST_MICROS, Span::micros);
        for number in 1..=most {
            let submit = self.rounded(arrivals.next_micros());
            if submit > end {
                break;
            }
            let (duration, walltime) = draws.times();
            let times = JobTimes {
                submit: Time::from_micros(submit),
                duration: Span::from_micros(duration),
                walltime: walltime.map(Span::from_micros),
                recorded_start: None,
                recorded_end: None,
            };
            let spec = draws.spec(&mut table);
            table.push(number.to_string().as_bytes(), times, spec);
        }
        table.sort();
        table.shrink_to_fit();
        Ok(table)
    }

    /// To the nearest multiple of the resolution.
    fn rounded(&self, micros: u64) -> u64 {
        let step = self.resolution.micros();
        micros.saturating_add(step / 2) / step * step
    }

    fn task_count(&self, gpus: u32) -> Option<NonZeroU32> {
        let each = self.gpus_per_task?;
        if gpus <= each.get() {
            NonZeroU32::new(1)
        } else if gpus % each == 0 {
            NonZeroU32::new(gpus / each)
        } else {
            None
        }
    }
}

/// The streams of everything but the arrivals.
struct Draws<'a> {
    recipe: &'a Generator,
    durations: Stream,
    sizes: Stream,
    tenants: Stream,
    queues: Stream,
    walltimes: Stream,
    states: Stream,
    specs: FxHashMap<SpecKey, SpecId>,
}

/// What tells the specifications of one trace apart: indices of size, tenant and queue, and the state.
type SpecKey = (usize, Option<usize>, Option<usize>, Option<RecordedState>);

impl<'a> Draws<'a> {
    fn new(recipe: &'a Generator, seed: u64) -> Self {
        Draws {
            recipe,
            durations: stream(seed, "durations"),
            sizes: stream(seed, "sizes"),
            tenants: stream(seed, "tenants"),
            queues: stream(seed, "queues"),
            walltimes: stream(seed, "walltimes"),
            states: stream(seed, "states"),
            specs: FxHashMap::default(),
        }
    }

    /// A duration and the run time requested for it, in microseconds.
    fn times(&mut self) -> (u64, Option<u64>) {
        const MINUTE: f64 = 60_000_000.0;
        let drawn = self.recipe.durations.draw(&mut self.durations);
        let duration = self.recipe.rounded(drawn).max(self.recipe.resolution.micros());
        let walltime = self.recipe.walltimes.map(|Overestimate { low, high }| {
            let factor = low + (high - low) * self.walltimes.random::<f64>();
            ((duration as f64 * factor / MINUTE).ceil() * MINUTE) as u64
        });
        (duration, walltime)
    }

    fn spec(&mut self, table: &mut JobTable) -> SpecId {
        let recipe = self.recipe;
        let size = recipe.sizes.draw(&mut self.sizes).unwrap_or(0);
        let tenant = recipe.tenants.draw(&mut self.tenants);
        let queue = recipe.queues.draw(&mut self.queues);
        let state = self.state();
        *self.specs.entry((size, tenant, queue, state)).or_insert_with(|| {
            let gpus = recipe.sizes.get(size).copied().unwrap_or(0);
            let name = |names: &Weights<String>, at: Option<usize>| at.and_then(|i| names.get(i).cloned());
            table.add_spec(JobSpec {
                gpus,
                tasks: recipe.task_count(gpus),
                tenant: name(&recipe.tenants, tenant).unwrap_or_default(),
                queue: name(&recipe.queues, queue).unwrap_or_default(),
                state,
                ..JobSpec::default()
            })
        })
    }

    /// `None` where the recipe knows no failures at all.
    fn state(&mut self) -> Option<RecordedState> {
        let Generator { failed, cancelled, .. } = *self.recipe;
        let drawn = self.states.random::<f64>();
        if failed + cancelled <= 0.0 {
            None
        } else if drawn < failed {
            Some(RecordedState::Failed)
        } else if drawn < failed + cancelled {
            Some(RecordedState::Cancelled)
        } else {
            Some(RecordedState::Completed)
        }
    }
}
