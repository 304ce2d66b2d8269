//! Numbers as a person reads them.

use crate::units::{Distribution, GpuTime};

/// Hours of a year of 365 days.
pub const HOURS_A_YEAR: f64 = 8760.0;

/// A duration in seconds: `0s`, `45s`, `12m 30s`, `3h 5m`, `2d 4h`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        return if seconds <= 0.0 { "0s".to_owned() } else { format!("{:.0}ms", (seconds * 1000.0).max(1.0)) };
    }
    let whole = seconds.round() as u64;
    let pair = |a: u64, unit: &str, b: u64, minor: &str| match b {
        0 => format!("{a}{unit}"),
        _ => format!("{a}{unit} {b}{minor}"),
    };
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => pair(whole / 60, "m", whole % 60, "s"),
        3600..86_400 => pair(whole / 3600, "h", whole % 3600 / 60, "m"),
        _ => pair(whole / 86_400, "d", whole % 86_400 / 3600, "h"),
    }
}

/// Mean, median, 90 % and 99 % quantile and maximum of durations in seconds; dashes where there were none.
#[must_use]
pub fn times(of: &Distribution) -> [String; 5] {
    let known = |seconds| if of.count > 0 { duration(seconds) } else { "-".to_owned() };
    [of.mean, of.p50, of.p90, of.p99, of.max].map(known)
}

/// GPU-hours, with a decimal below ten.
#[must_use]
pub fn gpu_hours(time: GpuTime) -> String {
    let hours = time.as_gpu_hours();
    if hours < 10.0 { format!("{hours:.1}") } else { count(hours.round() as u64) }
}

/// A whole number with thousands set apart: `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage with one decimal. What is not quite nothing, or not quite all, does not look as if it were.
#[must_use]
pub fn percent(share: f64) -> String {
    const LEAST: f64 = 0.0005;
    if share.total_cmp(&0.0).is_le() {
        return "0 %".to_owned();
    }
    match share {
        // Sums of shares of all that there is are whole up to rounding.
        share if (share - 1.0).abs() < 1e-12 => "100 %".to_owned(),
        share if share < LEAST => "<0.1 %".to_owned(),
        share if (1.0 - LEAST..1.0).contains(&share) => ">99.9 %".to_owned(),
        share => format!("{:.1} %", share * 100.0),
    }
}

/// A difference of two shares, in percentage points.
#[must_use]
pub fn points(difference: f64) -> String {
    format!("{:.1}", difference * 100.0)
}

/// Whether a number as it is shown is nothing, so that a sign before it would be senseless: `0.0`, `$0.00`, `0s`.
#[must_use]
pub fn is_zero(shown: &str) -> bool {
    !shown.contains(|c: char| c.is_ascii_digit() && c != '0')
}

/// A round share at an axis: no decimal more than it needs.
#[must_use]
pub fn round_percent(share: f64) -> String {
    format!("{} %", (share * 1e7).round() / 1e5)
}

/// Dollars, rounded to whole ones from a hundred on.
#[must_use]
pub fn dollars(amount: f64) -> String {
    if amount < 100.0 { format!("${amount:.2}") } else { format!("${}", count(amount.round() as u64)) }
}

/// A name in at most `most` letters; what is longer ends in an ellipsis.
#[must_use]
pub fn clipped(name: &str, most: usize) -> String {
    match name.char_indices().nth(most) {
        None => name.to_owned(),
        Some(_) => name.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// `1 job`, `2 jobs`.
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number)) }
}

/// GPUs of a cluster, of which so many are rented when they are needed.
#[must_use]
pub fn gpus(all: u64, rented: u64) -> String {
    match rented {
        0 => plural(all, "GPU"),
        _ => format!("{} and up to {} rented", plural(all - rented, "GPU"), count(rented)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_two_units_at_most() {
        for (seconds, text) in [
            (0.0, "0s"),
            (0.02, "20ms"),
            (45.0, "45s"),
            (750.0, "12m 30s"),
            (3600.0, "1h"),
            (11_100.0, "3h 5m"),
            (187_300.0, "2d 4h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn counts_and_dollars_are_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(dollars(1234.5), "$1,235");
        assert_eq!(dollars(9.5), "$9.50");
        assert_eq!(plural(1, "row"), "1 row");
    }

    #[test]
    fn small_shares_are_not_nothing_and_large_ones_not_all() {
        let told = [0.0, 1e-9, 0.0004, 0.0006, 0.5, 0.9994, 0.9996, 1.0 - 1e-15, 1.0, 1.25].map(percent);
        let expected = ["0 %", "<0.1 %", "<0.1 %", "0.1 %", "50.0 %", "99.9 %", ">99.9 %", "100 %", "100 %", "125.0 %"];
        assert_eq!(told, expected);
        assert_eq!(
            [0.0, 0.2, 0.005, 0.6000000000000001, 1.0].map(round_percent),
            ["0 %", "20 %", "0.5 %", "60 %", "100 %"]
        );
    }
}
