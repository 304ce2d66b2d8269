//! Confidence intervals of a figure, or of its difference between two scenarios, from replicates paired by their workload.

use super::bootstrap::Period;
use super::{student, studentized};
use crate::results::format::is_zero;

/// The confidence of all intervals.
pub const CONFIDENCE: f64 = 0.95;

/// A difference, or a figure itself, and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The difference, or the figure.
    pub difference: f64,
    /// How far the interval goes below it.
    pub below: f64,
    /// How far it goes above it; mostly as far.
    pub above: f64,
    /// How it was come by.
    pub method: Method,
}

/// Ways to an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Student's t over independent replicates.
    Student,
    /// The bootstrap-t over independent replicates ([`studentized`]).
    BootstrapT,
    /// The standard error over traces drawn from one.
    BlockBootstrap,
}

impl Method {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Student => "student-t",
            Method::BootstrapT => "bootstrap-t",
            Method::BlockBootstrap => "block-bootstrap",
        }
    }
}

/// What replicates are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draws {
    /// Independent workloads of the same recipe.
    Independent,
    /// The first is a trace, the others are drawn from it by bootstrap.
    Bootstrap {
        /// What is drawn.
        of: Period,
        /// Into how many blocks the trace's days or weeks fall, from which they are drawn.
        blocks: u32,
    },
}

impl Draws {
    /// What values are to each other of which some are drawn in one way, some in the other.
    #[must_use]
    pub fn and(self, other: Draws) -> Draws {
        match (self, other) {
            (Draws::Bootstrap { of, blocks: a }, Draws::Bootstrap { blocks: b, .. }) => {
                Draws::Bootstrap { of, blocks: a.min(b) }
            }
            (Draws::Independent, other) => other,
            (bootstrap, Draws::Independent) => bootstrap,
        }
    }
}

impl Draws {
    /// The fewest replicates that have an interval: two independent ones, or two beside the trace. `None` where the trace
    /// has no second block of days, so that no number of them has one.
    #[must_use]
    pub fn fewest(self) -> Option<u32> {
        match self {
            Draws::Independent => Some(2),
            Draws::Bootstrap { blocks, .. } => (blocks >= 2).then_some(3),
        }
    }
}

impl Interval {
    /// The lower end.
    #[must_use]
    pub fn low(self) -> f64 {
        self.difference - self.below
    }

    /// The upper end.
    #[must_use]
    pub fn high(self) -> f64 {
        self.difference + self.above
    }

    /// Half its width, where it goes as far to one side as to the other.
    #[must_use]
    pub fn margin(self) -> Option<f64> {
        (self.method != Method::BootstrapT).then_some(self.above)
    }

    /// Whether zero lies outside.
    #[must_use]
    pub fn is_significant(self) -> bool {
        self.low() > 0.0 || self.high() < 0.0
    }

    /// It in words behind its middle, sizes shown by `size`: `±3m`, or `[2m, 9m]` where it leans.
    #[must_use]
    pub fn ends(self, size: impl Fn(f64) -> String) -> String {
        let signed = |value: f64| match size(value.abs()) {
            text if value < 0.0 && !is_zero(&text) => format!("-{text}"),
            text => text,
        };
        match self.margin() {
            Some(margin) => format!("±{}", size(margin)),
            None => format!("[{}, {}]", signed(self.low()), signed(self.high())),
        }
    }

    /// What the values of replicates say, the middle of their interval: the trace's own where they are drawn from one, else
    /// their mean. `None` of nothing.
    #[must_use]
    pub fn centre(values: &[f64], draws: Draws) -> Option<f64> {
        let first = *values.first()?;
        Some(match draws {
            Draws::Independent => mean(values),
            Draws::Bootstrap { .. } => first,
        })
    }

    /// As [`Interval::of`], but for quantiles by the bootstrap-t where replicates are independent and enough.
    #[must_use]
    pub fn of_figure(figure: &str, differences: &[f64], draws: Draws) -> Option<Interval> {
        let interval = Interval::of(differences, draws)?;
        if draws != Draws::Independent || !is_quantile(figure) {
            return Some(interval);
        }
        Some(match studentized::margins(differences) {
            Some((below, above)) => Interval { below, above, method: Method::BootstrapT, ..interval },
            None => interval,
        })
    }

    /// The interval from the differences of the replicates, the first of them replicate 0. `None` where there are too
    /// few ([`Draws::fewest`]).
    ///
    /// - Independent: mean +- t s / sqrt(n), with n - 1 degrees of freedom.
    /// - Bootstrap: the trace's own difference +- t s sqrt(b / (b - 1)), s the standard deviation over the n drawn ones,
    ///   which estimates the standard error of the trace's (B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap,
    ///   1993, chapters 6 and 13). It is not divided by their number: drawing the same days more often tells nothing more
    ///   about the world. What the trace tells are its b blocks; the factor makes up for drawing from them instead of
    ///   the world (section 6.5 there). The variance is known no better than from n draws and from b blocks. Its relative
    ///   errors, 2 / (n - 1) and 2 / (b - 1) + k / b, add up, k the excess kurtosis of what the blocks add (H. Cramér,
    ///   Mathematical Methods of Statistics, 1946, 27.4), and t has the degrees of freedom of both together. Queue times
    ///   are skewed, so k is not 0; it cannot be told from ten blocks. For days 2 is taken: there intervals hold the truth of
    ///   M/M/c as often as they say, after a month as after a quarter. A week is the sum of more days, so it is less skewed;
    ///   by 1/2 intervals hold the truth of a cluster with the rhythm of weeks as often (`tests/coverage.rs`).
    #[must_use]
    pub fn of(differences: &[f64], draws: Draws) -> Option<Interval> {
        let difference = *differences.first()?;
        match draws {
            Draws::Independent => {
                let scale = 1.0 / libm::sqrt(differences.len() as f64);
                let t = student::two_sided(CONFIDENCE, freedom(differences.len())?);
                let margin = t * deviation(differences) * scale;
                Some(Interval::symmetric(mean(differences), margin, Method::Student))
            }
            Draws::Bootstrap { of, blocks } => {
                let drawn = &differences[1..];
                let of_both = freedom_of_both(freedom(drawn.len())?, freedom(blocks as usize)?, kurtosis(of));
                let scale = libm::sqrt(f64::from(blocks) / f64::from(blocks - 1));
                let t = student::two_sided(CONFIDENCE, of_both);
                Some(Interval::symmetric(difference, t * deviation(drawn) * scale, Method::BlockBootstrap))
            }
        }
    }

    fn symmetric(difference: f64, margin: f64, method: Method) -> Interval {
        Interval { difference, below: margin, above: margin, method }
    }
}

/// Whether a figure is a quantile, as `wait_s.p95` is.
#[must_use]
pub fn is_quantile(figure: &str) -> bool {
    let last = figure.rsplit('.').next().unwrap_or(figure);
    last.strip_prefix('p').is_some_and(|share| !share.is_empty() && share.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Degrees of freedom of the variance of so many values.
fn freedom(count: usize) -> Option<u32> {
    u32::try_from(count).ok()?.checked_sub(1).filter(|&freedom| freedom > 0)
}

/// The excess kurtosis of what blocks add to a figure.
fn kurtosis(of: Period) -> f64 {
    match of {
        Period::Days => 2.0,
        Period::Weeks => 0.5,
    }
}

/// Degrees of freedom of a variance whose relative error is that of two together, rounded down; at least 1.
fn freedom_of_both(draws: u32, blocks: u32, kurtosis: f64) -> u32 {
    let (draws, blocks) = (f64::from(draws), f64::from(blocks));
    let error = 2.0 / draws + 2.0 / blocks + kurtosis / (blocks + 1.0);
    ((2.0 / error) as u32).max(1)
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation of a sample, with n - 1.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    libm::sqrt(squares / (values.len() as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::rng::stream;
    use rand::RngExt;

    fn bootstrap(blocks: u32) -> Draws {
        Draws::Bootstrap { of: Period::Days, blocks }
    }

    #[test]
    fn a_worked_example() {
        // R: t.test(c(1, 2, 3, 4)) gives 0.4457397 to 4.5542603.
        let interval = Interval::of(&[1.0, 2.0, 3.0, 4.0], Draws::Independent).unwrap();
        assert!((interval.low() - 0.445_739_7).abs() < 1e-6 && (interval.high() - 4.554_260_3).abs() < 1e-6);
        assert!(interval.is_significant());
        // Two degrees of freedom of three draws and the few of three blocks are less than one together: t is 12.706.
        let interval = Interval::of(&[9.0, 1.0, 2.0, 3.0], bootstrap(3)).unwrap();
        assert!((interval.margin().unwrap() - 12.706_204_74 * 1.5_f64.sqrt()).abs() < 1e-6);
        assert!((interval.difference - 9.0).abs() < 1e-12);
        // Nineteen draws of four weeks: 2 / 18 + 2 / 3 + 0.5 / 4 are those of 2.2 degrees of freedom; t of 2 is 4.303.
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let weeks = Interval::of(&values, Draws::Bootstrap { of: Period::Weeks, blocks: 4 }).unwrap();
        let expected = 4.302_652_73 * deviation(&values[1..]) * (4.0_f64 / 3.0).sqrt();
        assert!((weeks.margin().unwrap() / expected - 1.0).abs() < 1e-6);
    }

    #[test]
    fn quantiles_of_enough_independent_replicates_have_an_interval_of_their_own() {
        let values: Vec<f64> = (0..10).map(|i: i32| f64::from(i * i)).collect();
        let of = |figure, draws| Interval::of_figure(figure, &values, draws).unwrap();
        let interval = of("wait_s_by_gpus.5-8.p95", Draws::Independent);
        assert_eq!((interval.method, interval.margin()), (Method::BootstrapT, None));
        assert!(interval.above > interval.below);
        assert_eq!(of("wait_s.mean", Draws::Independent), Interval::of(&values, Draws::Independent).unwrap());
        assert_eq!(of("wait_s.p95", bootstrap(9)).method, Method::BlockBootstrap);
        let few = Interval::of_figure("wait_s.p95", &values[..4], Draws::Independent).unwrap();
        assert_eq!(few.method, Method::Student);
        assert!(is_quantile("p50") && !is_quantile("wait_s.p") && !is_quantile("cluster.p2a") && !is_quantile("max"));
    }

    #[test]
    fn too_few_replicates_have_no_interval_and_no_difference_is_not_significant() {
        let (some, one) = (bootstrap(9), bootstrap(1));
        assert_eq!(Interval::of(&[], some), None);
        assert_eq!(Interval::of(&[1.0, 2.0, 4.0], one), None);
        assert_eq!(Interval::of(&[1.0], Draws::Independent), None);
        assert_eq!(Interval::of(&[1.0, 2.0], some), None);
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
