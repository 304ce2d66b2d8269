//! Recorded against simulated queue times.

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
    /// Those of the jobs that have both; nothing where none has.
    #[must_use]
    pub fn of(outcome: &Outcome, jobs: &JobTable) -> Option<Self> {
        let pairs: Vec<(u64, u64)> = jobs
            .ids()
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
        let as_floats = |values: &[u64]| values.iter().map(|&v| v as f64).collect::<Vec<f64>>();
        Some(RecordedWaits {
            pearson: correlation(&as_floats(&recorded), &as_floats(&simulated)),
            spearman: correlation(&ranks(&recorded), &ranks(&simulated)),
            recorded: Distribution::of_micros(recorded),
            simulated: Distribution::of_micros(simulated),
        })
    }
}

/// Pearson's correlation; `None` where either side does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (dx, dy) = (x - mean_a, y - mean_b);
        ab += dx * dy;
        aa += dx * dx;
        bb += dy * dy;
    }
    let scale = (aa * bb).sqrt();
    (scale > 0.0).then(|| ab / scale)
}

/// Ranks from 1, ties sharing their mean.
fn ranks(values: &[u64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&i| values[i]);
    let mut ranks = vec![0.0; values.len()];
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.partition_point(|&i| values[i] < values[tied[0]]);
        let mean = first as f64 + (tied.len() as f64 + 1.0) / 2.0;
        for &i in tied {
            ranks[i] = mean;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_know_order_and_ties() {
        assert_eq!(ranks(&[10, 30, 10]), [1.5, 3.0, 1.5]);
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[2.0, 4.0]), None);
    }
}
