//! The bootstrap-t interval of a mean: Student's t, its quantiles taken from the values themselves instead of a table.
//!
//! Quantiles of waits are skewed from replicate to replicate, and their mean with them; an interval that goes as far to
//! one side as to the other misses too often. The bootstrap-t (B. Efron, R. J. Tibshirani, An Introduction to the
//! Bootstrap, 1993, section 12.5) draws the values anew, with replacement, and sees how (mean* - mean) / (s* / sqrt(n)) is
//! distributed; its error of coverage is of order 1/n, that of Student's t only where nothing is skewed (P. Hall,
//! Theoretical comparison of bootstrap confidence intervals, Annals of Statistics 16, 1988).

use rand::RngExt;

use super::interval::{CONFIDENCE, deviation, mean};
use crate::units::rng::stream;

/// How often values are drawn anew: the ends of the interval then stand for the 50th value from either side of the draws.
const DRAWS: usize = 1999;

/// The fewest values: eight can be drawn in 6,435 ways, five in 126 only, so that the tails are a matter of few draws.
pub const FEWEST: usize = 8;

/// How far below and above its mean the interval of some values goes. `None` for fewer than [`FEWEST`], and where so many
/// are equal that more than one draw in fifty has no deviation to be divided by.
#[must_use]
pub fn margins(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < FEWEST {
        return None;
    }
    let (centre, root) = (mean(values), libm::sqrt(values.len() as f64));
    let error = deviation(values) / root;
    let mut random = stream(0, "bootstrap of replicates");
    let mut drawn = vec![0.0; values.len()];
    let mut ratios = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        drawn.fill_with(|| values[random.random_range(0..values.len() as u64) as usize]);
        let ratio = (mean(&drawn) - centre) / (deviation(&drawn) / root);
        if ratio.is_finite() {
            ratios.push(ratio);
        }
    }
    if ratios.len() * 50 < DRAWS * 49 {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let tail = ((1.0 - CONFIDENCE) / 2.0 * (ratios.len() + 1) as f64) as usize;
    // What is drawn too high says that the truth lies lower.
    let (low, high) = (ratios[tail - 1], ratios[ratios.len() - tail]);
    Some(((high * error).max(0.0), (-low * error).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::student::two_sided;

    #[test]
    fn it_is_near_students_where_nothing_is_skewed_and_leans_where_something_is() {
        // Normal scores, so symmetric and as a normal sample should be: R, qnorm(ppoints(40)).
        let normal: Vec<f64> = (0..40).map(|i| normal_quantile((i as f64 + 0.5) / 40.0)).collect();
        let (below, above) = margins(&normal).unwrap();
        let student = two_sided(CONFIDENCE, 39) * deviation(&normal) / 40.0_f64.sqrt();
        for margin in [below, above] {
            assert!((margin / student - 1.0).abs() < 0.1, "{margin} against {student}");
        }
        // A long tail to the right: the mean may well lie higher than the sample's, hardly lower.
        let skewed: Vec<f64> = normal.iter().map(|z| z.exp()).collect();
        let (below, above) = margins(&skewed).unwrap();
        assert!(above > 1.5 * below, "{below} below, {above} above");
    }

    fn normal_quantile(share: f64) -> f64 {
        use statrs::distribution::{ContinuousCDF, Normal};
        Normal::new(0.0, 1.0).unwrap().inverse_cdf(share)
    }

    #[test]
    fn too_few_or_too_equal_values_have_none() {
        assert_eq!(margins(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
        assert_eq!(margins(&[0.0; 20]), None);
        let mut one = [0.0; 10];
        one[0] = 1.0;
        assert_eq!(margins(&one), None);
    }
}
