//! Runs on all cores: which thread makes a run is left to chance, nothing of the results is.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::stop::Stop;

/// Told, from any thread, that one more run is done.
pub type Observer<'o> = &'o (dyn Fn() + Sync);

/// How fast runs went. It differs from time to time, so it goes into no output but a terminal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many runs.
    pub runs: usize,
    /// On how many threads.
    pub threads: usize,
    /// How long all took.
    pub wall: Duration,
    /// How long processors worked at them, all together, where the system tells. Waiting for a processor is not part of it.
    pub busy: Option<Duration>,
}

impl Pace {
    /// That of no runs at all.
    pub const NONE: Pace = Pace { runs: 0, threads: 0, wall: Duration::ZERO, busy: Some(Duration::ZERO) };

    /// That of runs made one lot after the other.
    #[must_use]
    pub fn and(self, next: Pace) -> Pace {
        Pace {
            runs: self.runs + next.runs,
            threads: self.threads.max(next.threads),
            wall: self.wall + next.wall,
            busy: self.busy.zip(next.busy).map(|(before, after)| before + after),
        }
    }

    /// The share of the time of all threads, those without a run too, in which a processor worked at runs; within 0 and 1.
    /// Sixteen threads on two cores reach an eighth. `None` without runs, or where the system does not tell.
    #[must_use]
    pub fn efficiency(&self) -> Option<f64> {
        let available = self.wall.as_secs_f64() * self.threads as f64;
        let busy = self.busy.filter(|_| self.runs > 0 && available > 0.0)?;
        Some((busy.as_secs_f64() / available).min(1.0))
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
    let (busy, untold, stopped) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
    let one = |number: usize| {
        if stopped.load(Ordering::Relaxed) {
            return None;
        }
        let before = computed();
        let result = run(number);
        match before.zip(computed()) {
            Some((before, after)) => drop(busy.fetch_add(after.saturating_sub(before), Ordering::Relaxed)),
            None => untold.store(true, Ordering::Relaxed),
        }
        stopped.fetch_or(result.is_err(), Ordering::Relaxed);
        observer();
        Some(result)
    };
    // One run may take as long as all others together: each is there for whoever is free.
    let results: Vec<Option<Result<T, Stop>>> = (0..runs).into_par_iter().with_max_len(1).map(one).collect();
    let results: Vec<T> = results.into_iter().flatten().collect::<Result<_, Stop>>()?;
    let busy = (!untold.into_inner()).then(|| Duration::from_nanos(busy.into_inner()));
    Ok((results, Pace { runs, threads: rayon::current_num_threads(), wall: begun.elapsed(), busy }))
}

/// For how many nanoseconds a processor has worked at the calling thread, where the system tells: on Linux.
fn computed() -> Option<u64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efficiency_counts_all_threads_and_nothing_of_no_runs() {
        let second = Duration::from_secs(1);
        let pace = Pace { runs: 3, threads: 16, wall: second, busy: Some(2 * second) };
        assert_eq!(pace.efficiency(), Some(0.125));
        assert_eq!(Pace::NONE.and(pace), pace);
        assert_eq!(pace.and(pace).efficiency(), Some(0.125));
        assert_eq!(Pace { busy: None, ..pace }.efficiency(), None);
        assert_eq!(pace.and(Pace { busy: None, ..pace }).efficiency(), None);
        assert_eq!(Pace { runs: 0, ..pace }.efficiency(), None);
    }

    #[test]
    fn waiting_is_no_work_and_computing_is() {
        if computed().is_none() {
            eprintln!("skipped: THE SYSTEM DOES NOT TELL HOW LONG A THREAD COMPUTES");
            return;
        }
        let busy = |run: fn()| {
            let run = |_| {
                run();
                Ok(())
            };
            all(4, &|| {}, run).unwrap().1.busy.unwrap()
        };
        // The kernel's account goes by its ticks, of at most 10 ms.
        assert!(busy(|| std::thread::sleep(Duration::from_millis(50))) < Duration::from_millis(100));
        let compute = || {
            let begun = computed().unwrap();
            while computed().unwrap() < begun + 50_000_000 {
                std::hint::spin_loop();
            }
        };
        assert!(busy(compute) >= Duration::from_millis(150));
    }
}
