//! Recorded against simulated queue times.

use super::correlation::{pearson, spearman};
use crate::engine::Outcome;
use crate::trace::JobTable;
use crate::units::Distribution;

/// Recorded against simulated queue times.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedWaits {
    /// Recorded queue times in seconds, of jobs with a recorded start that started here too.
    pub recorded: Distribution,
    /// Simulated ones of the same jobs.
    pub simulated: Distribution,
    /// Pearson's correlation of both; `None` where either does not vary.
    pub pearson: Option<f64>,
    /// Spearman's rank correlation; `None` likewise.
    pub spearman: Option<f64>,
}

impl RecordedWaits {
    /// Those of the jobs submitted in the measured window that have both; nothing where none has.
    #[must_use]
    pub fn of(outcome: &Outcome, jobs: &JobTable) -> Option<Self> {
        let pairs: Vec<(u64, u64)> = jobs
            .ids()
            .filter(|&job| outcome.measures(jobs.submit(job)))
            .filter_map(|job| {
                let recorded = jobs.recorded_start(job)?.since_or_zero(jobs.submit(job));
                let simulated = outcome.fates.start(job)?.since(jobs.submit(job));
                Some((recorded.micros(), simulated.micros()))
            })
            .collect();
        if pairs.is_empty() {
            return None;
        }
        let recorded: Vec<u64> = pairs.iter().map(|p| p.0).collect();
        let simulated: Vec<u64> = pairs.iter().map(|p| p.1).collect();
        // Below 2^53 microseconds, 285 years, these are exact, so equal ranks stay equal.
        let as_floats = |values: &[u64]| values.iter().map(|&v| v as f64).collect::<Vec<f64>>();
        let (a, b) = (as_floats(&recorded), as_floats(&simulated));
        Some(RecordedWaits {
            pearson: pearson(&a, &b),
            spearman: spearman(&a, &b),
            recorded: Distribution::of_micros(recorded),
            simulated: Distribution::of_micros(simulated),
        })
    }
}
