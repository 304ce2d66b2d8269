//! Exact reading of decimal numbers: no float between the text and the integer.

use std::fmt;

use thiserror::Error;

/// Why a text is not a number of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// No digits at all.
    #[error("is empty")]
    Empty,
    /// `NaN`, `inf` and their kin.
    #[error("is not a finite number")]
    NotFinite,
    /// A minus sign before something other than zero.
    #[error("is negative")]
    Negative,
    /// Not digits, one point and an exponent.
    #[error("is not a number")]
    Malformed,
    /// Beyond the range of the quantity.
    #[error("is too large")]
    TooLarge,
}

/// Reads a decimal number >= 0 and scales it by `10^places`, rounding half to even.
///
/// `scaled("1.5", 6)` is 1,500,000: with six places, seconds become microseconds. Exponents (`1.2e5`) are read; a
/// leading `+` and `-0` are allowed.
///
/// # Errors
/// [`DecimalError`] when the text is empty, malformed, negative, not finite, or does not fit 64 bits.
#[inline]
pub fn scaled(text: &[u8], places: u32) -> Result<u64, DecimalError> {
    if let Some(value) = scaled_plain(text, places) {
        return Ok(value);
    }
    scaled_general(text, places)
}

/// The common case, short digits with at most `places` decimals, without any bookkeeping.
fn scaled_plain(text: &[u8], places: u32) -> Option<u64> {
    // Sixteen digits fit 64 bits, so nothing can overflow before the last multiplication.
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    let (whole, rest) = leading_digits(0, text);
    let (value, unused) = match rest {
        [] => (whole, places as usize),
        [b'.', decimals @ ..] if text.len() > 1 && decimals.len() <= places as usize => {
            let (value, rest) = leading_digits(whole, decimals);
            if !rest.is_empty() {
                return None;
            }
            (value, places as usize - decimals.len())
        }
        _ => return None,
    };
    value.checked_mul(*POWERS.get(unused)?)
}

/// Appends the digits that `text` begins with to `value`; the second is what follows them.
#[inline]
fn leading_digits(mut value: u64, text: &[u8]) -> (u64, &[u8]) {
    for (at, &byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (value, &text[at..]);
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (value, &[])
}

/// Powers of ten up to the most places that any quantity is scaled by.
const POWERS: [u64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// An integer of `10^-places` units as its exact decimal, without trailing zeros: the inverse of [`scaled`].
///
/// `Unscaled(1_500_000, 6)` prints `1.5`; at most nine places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unscaled(pub u64, pub u32);

impl fmt::Display for Unscaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = POWERS[self.1 as usize];
        let (whole, mut rest, mut width) = (self.0 / power, self.0 % power, self.1 as usize);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        while rest.is_multiple_of(10) {
            rest /= 10;
            width -= 1;
        }
        write!(f, "{whole}.{rest:0width$}")
    }
}

#[cold]
fn scaled_general(text: &[u8], places: u32) -> Result<u64, DecimalError> {
    let text = text.trim_ascii();
    let (negative, unsigned) = match text {
        [] => return Err(DecimalError::Empty),
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_slice(), b"nan" | b"inf" | b"infinity") {
        return Err(DecimalError::NotFinite);
    }
    let (mantissa, exponent) = split_exponent(&lower)?;
    let (digits, decimals) = digits_of(mantissa)?;
    if digits.iter().all(|&d| d == 0) {
        return Ok(0);
    }
    if negative {
        return Err(DecimalError::Negative);
    }
    round_half_even(&digits, i64::from(places) + exponent - decimals)
}

fn split_exponent(text: &[u8]) -> Result<(&[u8], i64), DecimalError> {
    let Some(at) = text.iter().position(|&b| b == b'e') else {
        return Ok((text, 0));
    };
    let exponent =
        std::str::from_utf8(&text[at + 1..]).ok().and_then(|e| e.parse::<i32>().ok()).ok_or(DecimalError::Malformed)?;
    Ok((&text[..at], i64::from(exponent)))
}

/// The digits without the point, and how many of them stood behind it.
fn digits_of(mantissa: &[u8]) -> Result<(Vec<u8>, i64), DecimalError> {
    let mut digits = Vec::with_capacity(mantissa.len());
    let mut decimals = None;
    for &byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                digits.push(byte - b'0');
                decimals = decimals.map(|n: i64| n + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return Err(DecimalError::Malformed),
        }
    }
    if digits.is_empty() {
        return Err(DecimalError::Malformed);
    }
    Ok((digits, decimals.unwrap_or(0)))
}

/// `digits x 10^shift` as an integer, rounded half to even.
fn round_half_even(digits: &[u8], shift: i64) -> Result<u64, DecimalError> {
    let len = digits.len() as i64;
    let kept = (len + shift).clamp(0, len) as usize;
    let mut value = 0u128;
    for &digit in &digits[..kept] {
        value = value * 10 + u128::from(digit);
        if value > u128::from(u64::MAX) {
            return Err(DecimalError::TooLarge);
        }
    }
    for _ in 0..shift.clamp(0, 40) {
        value = value.saturating_mul(10);
    }
    let dropped = &digits[kept..];
    // Where even the first dropped digit lies below the first decimal, nothing rounds up.
    if len + shift >= 0 && !dropped.is_empty() {
        let above_half = dropped[0] > 5 || (dropped[0] == 5 && dropped[1..].iter().any(|&d| d > 0));
        let tie = dropped[0] == 5 && dropped[1..].iter().all(|&d| d == 0);
        if above_half || (tie && value % 2 == 1) {
            value += 1;
        }
    }
    u64::try_from(value).map_err(|_| DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_into_microseconds_half_even() {
        for (text, micros) in [
            ("0", 0),
            ("12", 12_000_000),
            ("1.5", 1_500_000),
            ("+2.", 2_000_000),
            (".25", 250_000),
            ("0.0000005", 0),
            ("0.0000015", 2),
            ("0.0000025", 2),
            ("0.00000250001", 3),
            ("0.00000049", 0),
            ("1.2e3", 1_200_000_000),
            ("5E-7", 0),
            ("15E-7", 2),
            ("-0", 0),
            ("-0.0", 0),
            (" 7 ", 7_000_000),
            ("1672529197.0", 1_672_529_197_000_000),
            ("12345678.1234565", 12_345_678_123_456),
        ] {
            assert_eq!(scaled(text.as_bytes(), 6), Ok(micros), "{text}");
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for (text, places) in
            [("0", 6), ("12.5", 6), ("0.000001", 6), ("3", 0), ("18446744073709.551615", 6), ("1.05", 9)]
        {
            assert_eq!(Unscaled(scaled(text.as_bytes(), places).unwrap(), places).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_number_of_this_kind() {
        for (text, error) in [
            ("", DecimalError::Empty),
            ("  ", DecimalError::Empty),
            ("NaN", DecimalError::NotFinite),
            ("-inf", DecimalError::NotFinite),
            ("-1", DecimalError::Negative),
            ("1.2.3", DecimalError::Malformed),
            ("1e", DecimalError::Malformed),
            (".", DecimalError::Malformed),
            ("12s", DecimalError::Malformed),
            ("1e300", DecimalError::TooLarge),
            ("99999999999999999999", DecimalError::TooLarge),
        ] {
            assert_eq!(scaled(text.as_bytes(), 6), Err(error), "{text}");
        }
    }
}
