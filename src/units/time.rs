//! Instants and spans: integer microseconds, checked.

use std::fmt;

use super::decimal::Unscaled;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: u64 = 1_000_000;

/// An instant of simulated time, in microseconds since the start of the trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A length of simulated time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Time {
    /// The start of the trace.
    pub const ZERO: Time = Time(0);
    /// Later than every instant of a run; never reached.
    pub const MAX: Time = Time(u64::MAX);

    /// The instant `micros` microseconds after the start of the trace.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Time(micros)
    }

    /// Microseconds since the start of the trace.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// The instant `span` later, or [`Time::MAX`] where the sum would overflow.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Time(self.0.saturating_add(span.0))
    }

    /// This instant `span` earlier; the beginning of time is its lowest value.
    #[must_use]
    pub const fn before(self, span: Span) -> Self {
        Time(self.0.saturating_sub(span.0))
    }

    /// The span from `earlier` to here.
    ///
    /// # Panics
    /// When `earlier` is later than `self`.
    #[must_use]
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("an instant lies before the one it is measured from"))
    }

    /// The span from `earlier` to here, zero where `earlier` is later.
    #[must_use]
    pub const fn since_or_zero(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The instant in seconds, for reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        Span(self.0).as_seconds()
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than every span of a run.
    pub const MAX: Span = Span(u64::MAX);

    /// A span of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Span(micros)
    }

    /// A span of whole seconds.
    ///
    /// # Panics
    /// Above 584,000 years.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Span(seconds.checked_mul(MICROS_PER_SECOND).expect("span overflows"))
    }

    /// Its length in microseconds.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Its length in seconds, for reports only.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }
}

/// Writes microseconds as decimal seconds without trailing zeros: `12.5`, `3`, `0.000001`.
pub fn write_seconds(out: &mut impl fmt::Write, micros: u64) -> fmt::Result {
    write!(out, "{}", Unscaled(micros, 6))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={self}s")
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_exactly_and_without_padding() {
        for (micros, text) in
            [(0, "0"), (1, "0.000001"), (12_500_000, "12.5"), (3_000_000, "3"), (u64::MAX, "18446744073709.551615")]
        {
            assert_eq!(Time::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn sums_saturate_and_differences_do_not_go_below_zero() {
        let late = Time::from_micros(u64::MAX - 1);
        assert_eq!(late.after(Span::from_seconds(1)), Time::MAX);
        assert_eq!(Time::ZERO.since_or_zero(late), Span::ZERO);
        assert_eq!(late.since(Time::from_micros(u64::MAX - 2)).micros(), 1);
    }
}
