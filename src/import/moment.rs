//! Instants on a dataset's own clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};

use crate::trace::native::MOST_MICROS;
use crate::units::decimal::scaled;
use crate::units::{Span, Time};

/// An instant in microseconds from the origin of a dataset's clock, which may lie after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// An instant so many microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Moment(micros)
    }

    /// Reads a decimal number, rounded half-even to the microsecond.
    ///
    /// # Errors
    /// What was expected.
    pub fn of_decimal(text: &str, unit: TimeUnit) -> Result<Self, String> {
        let expected = || format!("expected a time in {} within 285 years of its origin", unit.plural());
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let micros = unit.span(digits).map_err(|_| expected())?;
        i64::try_from(micros.micros()).map(|micros| Moment(sign * micros)).map_err(|_| expected())
    }

    /// Reads `2020-06-09 18:41:01` or `2020-06-09T18:41:01`, with or without fraction and offset; one without is taken
    /// as UTC, which leaves the distances between instants as the local clock showed them.
    ///
    /// # Errors
    /// What was expected.
    pub fn of_date(text: &str) -> Result<Self, String> {
        let expected = || "expected a date and time such as 2020-06-09 18:41:01".to_owned();
        let within = |stamp: Timestamp| {
            let micros = stamp.as_microsecond();
            if micros.unsigned_abs() <= MOST_MICROS { Ok(Moment(micros)) } else { Err(expected()) }
        };
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return within(stamp);
        }
        let civil: DateTime = match text.parse() {
            Ok(civil) => civil,
            Err(_) => {
                strtime::parse("%m/%d/%Y %H:%M:%S", text).and_then(|t| t.to_datetime()).map_err(|_| expected())?
            }
        };
        within(TimeZone::UTC.to_timestamp(civil).map_err(|_| expected())?)
    }

    /// Whole seconds from the origin.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The instant `span` later.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Moment(self.0.saturating_add_unsigned(span.micros()))
    }

    /// The span from `earlier` to here; `None` when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Option<Span> {
        u64::try_from(self.0.checked_sub(earlier.0)?).ok().map(Span::from_micros)
    }

    /// The instant on a clock that starts at `origin`; zero where it lies before.
    #[must_use]
    pub fn on_clock_from(self, origin: Moment) -> Time {
        self.since(origin).map_or(Time::ZERO, |span| Time::from_micros(span.micros()))
    }
}

/// The unit of a dataset's numbers of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Sixty seconds.
    Minutes,
    /// Sixty minutes.
    Hours,
}

impl TimeUnit {
    /// Reads decimal numbers of this unit as a span.
    ///
    /// # Errors
    /// What was expected.
    pub fn span(self, text: &str) -> Result<Span, String> {
        let expected = || format!("expected a number of {} >= 0", self.plural());
        let micros = scaled(text.as_bytes(), self.places()).map_err(|_| expected())?;
        let micros = micros.checked_mul(self.factor()).filter(|&micros| micros <= MOST_MICROS);
        micros.map(Span::from_micros).ok_or_else(|| format!("{}, at most 285 years", expected()))
    }

    /// Decimal places that are kept: down to the microsecond where it has them.
    fn places(self) -> u32 {
        match self {
            TimeUnit::Milliseconds => 3,
            TimeUnit::Seconds | TimeUnit::Minutes | TimeUnit::Hours => 6,
        }
    }

    fn factor(self) -> u64 {
        match self {
            TimeUnit::Milliseconds | TimeUnit::Seconds => 1,
            TimeUnit::Minutes => 60,
            TimeUnit::Hours => 3600,
        }
    }

    fn plural(self) -> &'static str {
        match self {
            TimeUnit::Milliseconds => "milliseconds",
            TimeUnit::Seconds => "seconds",
            TimeUnit::Minutes => "minutes",
            TimeUnit::Hours => "hours",
        }
    }
}
