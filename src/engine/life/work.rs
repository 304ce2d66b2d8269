//! How much a job has to do: an integer, so that no event that concerns others changes an end.

use crate::physics::Speed;
use crate::units::Span;

/// Work in the unit of [`super::Life`]: `units` units for `span`.
#[must_use]
pub fn work(units: u32, span: Span) -> u128 {
    u128::from(units) * u128::from(span.micros()) * u128::from(Speed::FULL.billionths())
}

/// The ideal run time that the work left of a job comes to with all its units, rounded up.
#[must_use]
pub fn span_of(left: u128, all: u32) -> Span {
    let micros = left.div_ceil(u128::from(all.max(1)) * u128::from(Speed::FULL.billionths()));
    Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// So many billionths of some work, rounded down.
#[must_use]
pub fn part_of(work: u128, billionths: u64) -> u128 {
    let whole = u128::from(Speed::FULL.billionths());
    work / whole * u128::from(billionths) + work % whole * u128::from(billionths) / whole
}

/// What a job has to do yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remainder {
    /// All of it, for the first time.
    Whole(Span),
    /// What an earlier run left, in the unit of [`super::Life`].
    Left(u128),
}
