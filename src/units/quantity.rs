//! Quantities as a person writes them in a scenario: `30m`, `80GB/s`, `2TB`, `$2.50/gpu-h`.

use super::decimal::{self, DecimalError};
use super::money::UsdPerGpuHour;
use super::time::Span;

/// A unit of a quantity: how it is written and how many base units it holds.
struct Unit {
    names: &'static [&'static str],
    base: u64,
}

const TIME_UNITS: &[Unit] = &[
    Unit { names: &["us"], base: 1 },
    Unit { names: &["ms"], base: 1_000 },
    Unit { names: &["s", "sec"], base: 1_000_000 },
    Unit { names: &["m", "min"], base: 60_000_000 },
    Unit { names: &["h", "hour", "hours"], base: 3_600_000_000 },
    Unit { names: &["d", "day", "days"], base: 86_400_000_000 },
    Unit { names: &["w", "week", "weeks"], base: 604_800_000_000 },
];

const BYTE_UNITS: &[Unit] = &[
    Unit { names: &["B"], base: 1 },
    Unit { names: &["kB", "KB"], base: 1_000 },
    Unit { names: &["MB"], base: 1_000_000 },
    Unit { names: &["GB"], base: 1_000_000_000 },
    Unit { names: &["TB"], base: 1_000_000_000_000 },
    Unit { names: &["PB"], base: 1_000_000_000_000_000 },
    Unit { names: &["KiB"], base: 1 << 10 },
    Unit { names: &["MiB"], base: 1 << 20 },
    Unit { names: &["GiB"], base: 1 << 30 },
    Unit { names: &["TiB"], base: 1 << 40 },
];

/// Reads a span with its unit: `90s`, `30m`, `6h`, `1.5d`, `1h30m`.
///
/// # Errors
/// A message that says what was expected.
pub fn span(text: &str) -> Result<Span, String> {
    let expected = "a duration such as \"90s\", \"30m\", \"6h\", \"1.5d\" or \"1h30m\"";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("expected {expected}"));
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (number, tail) = split_number(rest);
        let tail = tail.trim_start();
        let end = tail.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(tail.len());
        let micros = in_base_units(number, &tail[..end], TIME_UNITS, expected)?;
        total = total.checked_add(micros).ok_or_else(|| "the duration is too large".to_owned())?;
        rest = tail[end..].trim_start();
    }
    Ok(Span::from_micros(total))
}

/// Reads an amount of bytes: `80GB`, `2TB`, `512GiB`.
///
/// # Errors
/// A message that says what was expected.
pub fn bytes(text: &str) -> Result<u64, String> {
    let expected = "an amount of memory such as \"512GB\", \"2TB\" or \"960GiB\"";
    let (number, unit) = split_number(text.trim());
    in_base_units(number, unit.trim(), BYTE_UNITS, expected)
}

/// Writes an amount of bytes in the largest unit that holds it without a fraction: `2TB`, `1536MiB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    let fits = |unit: &&Unit| bytes >= unit.base && bytes.is_multiple_of(unit.base);
    match BYTE_UNITS.iter().filter(fits).max_by_key(|unit| unit.base) {
        Some(unit) => format!("{}{}", bytes / unit.base, unit.names[0]),
        None => format!("{bytes}B"),
    }
}

/// Reads a bandwidth in bytes per second: `80GB/s`.
///
/// # Errors
/// A message that says what was expected.
pub fn bandwidth(text: &str) -> Result<u64, String> {
    let expected = "a bandwidth such as \"20GB/s\" or \"500MB/s\"";
    let per_second = text.trim().strip_suffix("/s").ok_or_else(|| format!("expected {expected}"))?;
    let (number, unit) = split_number(per_second);
    in_base_units(number, unit.trim(), BYTE_UNITS, expected)
}

/// Reads a price: `$2.50/gpu-h`, `2.50 USD/gpu-h`, or a bare number of dollars per GPU-hour.
///
/// # Errors
/// A message that says what was expected.
pub fn price(text: &str) -> Result<UsdPerGpuHour, String> {
    let expected = "a price per GPU-hour such as \"$2.50/gpu-h\"";
    let text = text.trim();
    let amount = match text.split_once('/') {
        Some((amount, "gpu-h" | "gpu-hour")) => amount.trim_end(),
        Some((_, unit)) => return Err(format!("expected {expected}; unknown unit \"/{unit}\"")),
        None => text,
    };
    let amount = amount.strip_suffix("USD").unwrap_or(amount).trim();
    // The sign of `-$2` stands before the dollar's.
    let (sign, amount) = amount.strip_prefix("-$").map_or(("", amount), |rest| ("-", rest));
    let amount = format!("{sign}{}", amount.strip_prefix('$').unwrap_or(amount));
    decimal::scaled(amount.as_bytes(), 6)
        .map(UsdPerGpuHour::from_micros)
        .map_err(|e| format!("expected {expected}; \"{text}\" {}", reason(e)))
}

/// Cuts a text behind its leading number.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    text.split_at(end)
}

fn in_base_units(number: &str, unit: &str, units: &[Unit], expected: &str) -> Result<u64, String> {
    let Some(found) = units.iter().find(|u| u.names.contains(&unit)) else {
        return Err(if unit.is_empty() {
            format!("expected {expected}; \"{number}\" has no unit")
        } else {
            format!("expected {expected}; unknown unit \"{unit}\"")
        });
    };
    // Twelve decimals are more than any unit here needs, and they keep binary units exact.
    let scaled = decimal::scaled(number.as_bytes(), 6)
        .map_err(|e| format!("expected {expected}; \"{number}\" {}", reason(e)))?;
    let exact = u128::from(scaled) * u128::from(found.base);
    u64::try_from((exact + 500_000) / 1_000_000).map_err(|_| format!("\"{number}{unit}\" is too large"))
}

fn reason(error: DecimalError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("30m", 1800.0),
            ("6h", 21_600.0),
            ("1.5d", 129_600.0),
            ("1h30m", 5400.0),
            ("2h 30m", 9000.0),
            ("1 day 2 hours", 93_600.0),
            ("250ms", 0.25),
        ] {
            assert!((span(text).unwrap().as_seconds() - seconds).abs() < 1e-9, "{text}");
        }
        for text in ["", "30", "6 parsecs", "-5m", "h"] {
            assert!(span(text).unwrap_err().contains("expected"), "{text}");
        }
    }

    #[test]
    fn memory_bandwidth_and_prices_keep_their_units() {
        assert_eq!(bytes("2TB"), Ok(2_000_000_000_000));
        assert_eq!(bytes("1.5GiB"), Ok(1_610_612_736));
        assert_eq!(bandwidth("80GB/s"), Ok(80_000_000_000));
        for text in ["2TB", "1536MiB", "3350GB", "7B", "0B"] {
            assert_eq!(bytes_text(bytes(text).unwrap()), text);
        }
        assert!(bandwidth("80GB").unwrap_err().contains("GB/s"));
        assert_eq!(price("$2.50/gpu-h").unwrap().micros(), 2_500_000);
        assert_eq!(price("0.35 USD/gpu-h").unwrap().micros(), 350_000);
        for (text, why) in [
            ("$2.50/gb", "unknown unit \"/gb\""),
            ("-$2.50/gpu-h", "is negative"),
            ("-2.50 USD/gpu-h", "is negative"),
            ("$$2", "is not a number"),
            ("-$-2", "is not a number"),
        ] {
            assert!(price(text).unwrap_err().ends_with(why), "{:?}", price(text));
        }
        assert!(price("$-1/gpu-h").unwrap_err().contains("negative"));
    }
}
