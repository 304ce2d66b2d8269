//! How much work lies between two checkpoints: given, or the best for a failure rate.

use libm::sqrt;

use crate::units::Span;

/// How the work between two checkpoints is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interval {
    /// As the job or the scenario says.
    #[default]
    Given,
    /// Young (1974): `sqrt(2 w M)`.
    Young,
    /// Daly (2006): `sqrt(2 w M) (1 + sqrt(w / 2M) / 3 + (w / 2M) / 9) - w`, and M where w is 2 M or more.
    Daly,
}

impl Interval {
    /// All, by their words.
    pub const WORDS: [(&'static str, Interval); 3] =
        [("given", Interval::Given), ("young", Interval::Young), ("daly", Interval::Daly)];

    /// The best work between two checkpoints that cost `cost` each, where a failure comes every `mtbf` on average, at
    /// least a second; nothing where it is given.
    #[must_use]
    pub fn best(self, cost: Span, mtbf: Span) -> Option<Span> {
        let (w, m) = (cost.as_seconds(), mtbf.as_seconds());
        let young = sqrt(2.0 * w * m);
        let seconds = match self {
            Interval::Given => return None,
            Interval::Young => young,
            Interval::Daly if w >= 2.0 * m => m,
            Interval::Daly => young * (1.0 + sqrt(w / (2.0 * m)) / 3.0 + w / (2.0 * m) / 9.0) - w,
        };
        Some(Span::from_micros((seconds.max(1.0) * 1e6).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked cases: mean time between failures, cost, best interval; all but the cost rounded.
    #[test]
    fn dalys_interval_has_its_worked_values() {
        for (hours, cost, best) in
            [(3.09, 2.6, 239.0), (3.09, 60.0, 1116.0), (28.8, 60.0, 3490.0), (12.4, 120.0, 3195.0)]
        {
            let span = |seconds: f64| Span::from_micros((seconds * 1e6) as u64);
            let found = Interval::Daly.best(span(cost), span(hours * 3600.0)).unwrap().as_seconds();
            assert!((found / best - 1.0).abs() < 0.003, "{found}, not {best}");
        }
        let young = Interval::Young.best(Span::from_seconds(50), Span::from_seconds(10_000));
        assert_eq!(young, Some(Span::from_seconds(1000)));
        assert_eq!(Interval::Daly.best(Span::from_seconds(9), Span::from_seconds(4)), Some(Span::from_seconds(4)));
        assert_eq!(Interval::Given.best(Span::from_seconds(9), Span::from_seconds(4)), None);
    }
}
