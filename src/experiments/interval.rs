//! Confidence intervals of a difference between two scenarios, from replicates paired by their workload.

use super::student;

/// The confidence of all intervals.
pub const CONFIDENCE: f64 = 0.95;

/// A difference and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The difference.
    pub difference: f64,
    /// Half the width of its interval.
    pub margin: f64,
}

/// What replicates are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draws {
    /// Independent workloads of the same recipe.
    Independent,
    /// The first is a trace, the others are drawn from it by bootstrap.
    Bootstrap,
}

impl Interval {
    /// The lower end.
    #[must_use]
    pub fn low(self) -> f64 {
        self.difference - self.margin
    }

    /// The upper end.
    #[must_use]
    pub fn high(self) -> f64 {
        self.difference + self.margin
    }

    /// Whether zero lies outside.
    #[must_use]
    pub fn is_significant(self) -> bool {
        self.low() > 0.0 || self.high() < 0.0
    }

    /// What the values of replicates say: the trace's own where they are drawn from one, else their mean; and half the
    /// width of its interval, where they are enough.
    #[must_use]
    pub fn centre(values: &[f64], draws: Draws) -> Option<(f64, Option<f64>)> {
        let first = *values.first()?;
        let centre = match draws {
            Draws::Independent => mean(values),
            Draws::Bootstrap => first,
        };
        Some((centre, Interval::of(values, draws).map(|interval| interval.margin)))
    }

    /// The interval from the differences of the replicates, the first of them replicate 0. `None` where there are too
    /// few: two independent ones, or two beside the trace.
    ///
    /// - Independent: mean +- t s / sqrt(n), with n - 1 degrees of freedom.
    /// - Bootstrap: the trace's own difference +- t s, s the standard deviation over the drawn ones, which estimates the
    ///   standard error of the trace's (B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6
    ///   and 13; t for the few draws that s is made of). It is not divided by their number: drawing the same days more
    ///   often tells nothing more about the world.
    #[must_use]
    pub fn of(differences: &[f64], draws: Draws) -> Option<Interval> {
        let (difference, sample, count) = match draws {
            Draws::Independent => (mean(differences), differences, differences.len() as f64),
            Draws::Bootstrap => (*differences.first()?, &differences[1..], 1.0),
        };
        let freedom = u32::try_from(sample.len()).ok()?.checked_sub(1).filter(|&freedom| freedom > 0)?;
        let t = student::two_sided(CONFIDENCE, freedom);
        Some(Interval { difference, margin: t * deviation(sample) / libm::sqrt(count) })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation of a sample, with n - 1.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    libm::sqrt(squares / (values.len() as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::rng::stream;
    use rand::RngExt;

    #[test]
    fn a_worked_example() {
        // R: t.test(c(1, 2, 3, 4)) gives 0.4457397 to 4.5542603.
        let interval = Interval::of(&[1.0, 2.0, 3.0, 4.0], Draws::Independent).unwrap();
        assert!((interval.low() - 0.445_739_7).abs() < 1e-6 && (interval.high() - 4.554_260_3).abs() < 1e-6);
        assert!(interval.is_significant());
        let interval = Interval::of(&[9.0, 1.0, 2.0, 3.0], Draws::Bootstrap).unwrap();
        assert!((interval.margin - 4.302_652_73).abs() < 1e-6 && (interval.difference - 9.0).abs() < 1e-12);
    }

    #[test]
    fn too_few_replicates_have_no_interval_and_no_difference_is_not_significant() {
        assert_eq!(Interval::of(&[], Draws::Bootstrap), None);
        assert_eq!(Interval::of(&[1.0], Draws::Independent), None);
        assert_eq!(Interval::of(&[1.0, 2.0], Draws::Bootstrap), None);
        assert!(!Interval::of(&[0.0; 5], Draws::Independent).unwrap().is_significant());
    }

    #[test]
    fn independent_intervals_cover_as_often_as_they_say() {
        let mut random = stream(1, "coverage");
        // The sum of twelve uniform numbers less six is nearly normal, with mean 0.
        let mut draw = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let covered = (0..4000)
            .filter(|_| {
                let sample: Vec<f64> = (0..5).map(|_| draw()).collect();
                !Interval::of(&sample, Draws::Independent).unwrap().is_significant()
            })
            .count();
        assert!((3740..=3860).contains(&covered), "{covered} of 4000");
    }
}
