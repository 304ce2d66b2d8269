//! Runs on all cores: which thread makes a run is left to chance, nothing of the results is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::stop::Stop;

/// Told, from any thread, that one more run is done.
pub type Observer<'o> = &'o (dyn Fn() + Sync);

/// How fast runs went. It differs from time to time, so it goes into no output but a terminal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// How many runs.
    pub runs: usize,
    /// On how many threads.
    pub threads: usize,
    /// How long all took.
    pub wall: Duration,
    /// The sum of how long each took.
    pub busy: Duration,
}

impl Pace {
    /// That of runs made one lot after the other.
    #[must_use]
    pub fn and(self, next: Pace) -> Pace {
        Pace {
            runs: self.runs + next.runs,
            threads: self.threads.max(next.threads),
            wall: self.wall + next.wall,
            busy: self.busy + next.busy,
        }
    }

    /// The share of the threads' time that was spent in runs, within 0 and 1.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        let available = self.wall.as_secs_f64() * self.threads.min(self.runs).max(1) as f64;
        if available > 0.0 { (self.busy.as_secs_f64() / available).min(1.0) } else { 1.0 }
    }
}

/// Does `run` for each number below `runs`, in parallel; the results are in the order of the numbers.
///
/// # Errors
/// What went wrong in the run of the lowest number among those that were made; no further ones begin after it.
pub fn all<T: Send>(
    runs: usize,
    observer: Observer<'_>,
    run: impl Fn(usize) -> Result<T, Stop> + Sync,
) -> Result<(Vec<T>, Pace), Stop> {
    let begun = Instant::now();
    let (busy, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let one = |number: usize| {
        if stopped.load(Ordering::Relaxed) {
            return None;
        }
        let begun = Instant::now();
        let result = run(number);
        busy.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        stopped.fetch_or(result.is_err(), Ordering::Relaxed);
        observer();
        Some(result)
    };
    // One run may take as long as all others together: each is there for whoever is free.
    let results: Vec<Option<Result<T, Stop>>> = (0..runs).into_par_iter().with_max_len(1).map(one).collect();
    let results: Vec<T> = results.into_iter().flatten().collect::<Result<_, Stop>>()?;
    let busy = Duration::from_nanos(busy.into_inner());
    Ok((results, Pace { runs, threads: rayon::current_num_threads(), wall: begun.elapsed(), busy }))
}
