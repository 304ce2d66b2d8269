//! How the price of a GPU-hour changes over time.

use libm::pow;

use crate::units::{PriceCurve, Span, Time, UsdPerGpuHour};

/// A falling price is set anew so often: once a week, as price lists and markets are.
const SET_ANEW: Span = Span::from_seconds(7 * 86_400);

/// For so many times, about 30 years; then it stays as it is.
const TIMES: u32 = 30 * 52;

/// A year, in seconds.
const YEAR_S: f64 = 8760.0 * 3600.0;

/// What becomes of the price of a pool, which holds at the start of the trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Prices {
    /// It falls by this share a year, from 0 to less than 1: exponentially, set anew each week.
    ///
    /// H100 rents fell from about $8 (2023) to $2-3 (2025-26), AWS cut its by 44 % in June 2025.
    Decline(f64),
    /// From so long after the start of the trace on it is another, by time.
    Changes(Vec<(Span, UsdPerGpuHour)>),
}

impl Prices {
    /// The price at every instant, from that at the start of the trace.
    #[must_use]
    pub fn curve(&self, start: UsdPerGpuHour) -> PriceCurve {
        let flat = PriceCurve::flat(start);
        match self {
            Prices::Changes(changes) => {
                changes.iter().fold(flat, |curve, &(from, price)| curve.and_from(Time::ZERO.after(from), price))
            }
            Prices::Decline(share) => (1..=TIMES).fold(flat, |curve, week| {
                let from = Span::from_micros(SET_ANEW.micros() * u64::from(week));
                let left = pow(1.0 - share, from.as_seconds() / YEAR_S);
                let price = UsdPerGpuHour::from_micros((start.micros() as f64 * left).round() as u64);
                curve.and_from(Time::ZERO.after(from), price)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a year (52 weeks and a day) the share is gone, and what was paid is the integral of the exponential, by
    /// the left ends of its weeks: closed form of the geometric sum.
    #[test]
    fn a_decline_is_exponential_and_falls_by_its_share_a_year() {
        let curve = Prices::Decline(0.28).curve(UsdPerGpuHour::from_micros(10_000_000));
        let week = |n: u64| Time::from_micros(SET_ANEW.micros() * n);
        let after = |weeks: f64| 1e7 * pow(0.72, weeks * 7.0 / 365.0);
        assert_eq!(curve.at(Time::ZERO).micros(), 10_000_000);
        assert!((curve.at(week(52)).micros() as f64 - after(52.0)).abs() <= 0.5);
        assert!((curve.at(week(104)).micros() as f64 - after(104.0)).abs() <= 0.5);
        let ratio = after(1.0) / 1e7;
        let sum = 1e7 * (1.0 - pow(ratio, 52.0)) / (1.0 - ratio) * SET_ANEW.micros() as f64;
        assert!((curve.paid_until(week(52)) as f64 / sum - 1.0).abs() < 1e-7);
        // The continuous exponential lies half a week's fall below: (1 - 0.72) / ln(1 / 0.72) of the first price.
        let year = curve.paid_until(Time::from_micros((YEAR_S * 1e6) as u64)) as f64 / (YEAR_S * 1e6) / 1e7;
        let smooth = 0.28 / -libm::log(0.72);
        assert!(year > smooth && year < smooth * 1.004, "{year} {smooth}");
    }
}
