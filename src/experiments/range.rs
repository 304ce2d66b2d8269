//! `LO..HI`: quantities in steps, in the units of a scenario.

/// Values of one range; more are surely a slip.
const MOST_STEPS: u64 = 10_000;

/// A number with what stands around it: `$` 2.50 `/gpu-h`.
struct Quantity<'t> {
    before: &'t str,
    digits: &'t str,
    after: &'t str,
}

impl<'t> Quantity<'t> {
    fn parse(text: &'t str) -> Result<Self, String> {
        let text = text.trim().trim_matches('"');
        let none = || format!("\"{text}\" has no number; expected LO..HI such as 8..64, 20GB/s..80GB/s or 8..64..8");
        let start = text.find(|letter: char| letter.is_ascii_digit()).ok_or_else(none)?;
        let length = text[start..].find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let end = length.map_or(text.len(), |length| start + length);
        let is_exponent = |rest: &str| {
            rest.strip_prefix(['e', 'E'])
                .is_some_and(|power| power.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        };
        if is_exponent(&text[end..]) {
            return Err(format!("\"{text}\" has an exponent; expected the number written out"));
        }
        Ok(Quantity { before: &text[..start], digits: &text[start..end], after: &text[end..] })
    }

    /// Whether nothing but a currency stands before the digits: so `20GB/s` and `$2`, not `h100`.
    fn is_plain(&self) -> bool {
        matches!(self.before, "" | "$")
    }

    fn decimals(&self) -> u32 {
        self.digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32)
    }

    /// Its digits as a whole number of units of 10^-places.
    fn scaled(&self, places: u32) -> Result<u64, String> {
        crate::units::decimal::scaled(self.digits.as_bytes(), places)
            .map_err(|error| format!("the number \"{}\" {error}", self.digits))
    }
}

/// All values of `LO..HI` or `LO..HI..STEP`, ascending, both ends among them. It takes units as the scenario does, the
/// same in all its parts, which only one of them has to name; its step is one in the last place that is written.
///
/// # Errors
/// What is wrong with it as a text.
pub fn values(range: &str) -> Result<Vec<String>, String> {
    let parts: Vec<Quantity<'_>> = range.split("..").map(Quantity::parse).collect::<Result<_, _>>()?;
    let (low, high, step) = match &parts[..] {
        [low, high] => (low, high, None),
        [low, high, step] => (low, high, Some(step)),
        _ => return Err(format!("\"{range}\" is no range; expected LO..HI or LO..HI..STEP")),
    };
    let before = common(&parts, range, |part| part.before)?;
    let after = common(&parts, range, |part| part.after)?;
    let places = parts.iter().map(Quantity::decimals).max().unwrap_or(0);
    let (low, high) = (low.scaled(places)?, high.scaled(places)?);
    let step = step.map_or(Ok(1), |step| step.scaled(places))?;
    if low >= high {
        return Err(format!("the range {range} has nothing in it; expected LO below HI"));
    }
    if step == 0 {
        return Err(format!("the range {range} has no step; expected one above 0"));
    }
    if (high - low) / step >= MOST_STEPS {
        return Err(format!("the range {range} has more than {MOST_STEPS} steps; name a larger one: LO..HI..STEP"));
    }
    let mut values: Vec<u64> = (0..=(high - low) / step).map(|number| low + number * step).collect();
    if values.last() != Some(&high) {
        values.push(high);
    }
    Ok(values.into_iter().map(|value| format!("{before}{}{after}", decimal(value, places))).collect())
}

/// What all parts have in common that have anything there.
fn common<'t>(
    parts: &[Quantity<'t>],
    range: &str,
    of: impl for<'p> Fn(&'p Quantity<'t>) -> &'t str,
) -> Result<&'t str, String> {
    let mut named = parts.iter().map(of).filter(|text| !text.is_empty());
    let first = named.next().unwrap_or("");
    match named.find(|other| *other != first) {
        None => Ok(first),
        Some(other) => Err(format!("the range {range} goes from \"{first}\" to \"{other}\"; one unit is expected")),
    }
}

fn decimal(value: u64, places: u32) -> String {
    if places == 0 {
        return value.to_string();
    }
    let whole = 10_u64.pow(places);
    format!("{}.{:0width$}", value / whole, value % whole, width = places as usize)
}

/// Whether a text is a range and nothing else that a key may take, such as a path.
#[must_use]
pub fn is_range(text: &str) -> bool {
    let part = |part: &str| Quantity::parse(part).is_ok_and(|quantity| quantity.is_plain());
    text.split_once("..").is_some_and(|(low, high)| part(low) && part(high.split("..").next().unwrap_or("")))
}

/// Texts as numbers, where all are quantities with the same unit: `20GB/s`, `$2`, `16`.
#[must_use]
pub fn numbers<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Vec<f64>> {
    let mut unit = None;
    let number = |text: &'t str| {
        if let Ok(number) = text.parse::<f64>() {
            return (*unit.get_or_insert(("", "")) == ("", "") && number.is_finite()).then_some(number);
        }
        let quantity = Quantity::parse(text).ok().filter(Quantity::is_plain)?;
        let own = (quantity.before, quantity.after);
        (*unit.get_or_insert(own) == own).then(|| quantity.digits.parse().ok()).flatten()
    };
    texts.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_one_unit_are_numbers() {
        assert_eq!(numbers(["20GB/s", "40.5GB/s"]), Some(vec![20.0, 40.5]));
        assert_eq!(numbers(["$2", "$1e3"]), None);
        assert_eq!(numbers(["1e3", "-2"]), Some(vec![1000.0, -2.0]));
        for mixed in [["20GB/s", "1TB/s"], ["h100-sxm", "h200-sxm"], ["1", "1h"], ["1h", "1"], ["fifo", "sjf"]] {
            assert_eq!(numbers(mixed), None, "{mixed:?}");
        }
    }

    #[test]
    fn paths_are_no_ranges() {
        for range in ["8..64", "20GB/s..80GB/s", "$2..$3/gpu-h", "\"1h\"..\"2h\"", "8..64..8"] {
            assert!(is_range(range), "{range}");
        }
        for other in ["../a.csv", "a1/../b2.csv", "8", "1.5", "a..b", "8..", "v1..v2"] {
            assert!(!is_range(other), "{other}");
        }
    }
}
