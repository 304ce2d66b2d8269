//! The keys that a plan may turn: `KEY=LO..HI`, in steps, or a list.

use crate::experiments::axes::Axis;
use crate::input::{Problem, Problems};

/// A key with the values that it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    /// The key and its values, in their order.
    pub axis: Axis,
    /// Whether they are the steps of a range, so that more of it can be expected to be better.
    pub is_range: bool,
}

/// Values of one range; more are surely a slip.
const MOST_STEPS: u64 = 10_000;

impl Knob {
    /// Reads `KEY=LO..HI`, `KEY=LO..HI..STEP` or `KEY=a,b,c`. A range takes units as the scenario does, the same in all
    /// its parts, which only one of them has to name; its step is one in the last place that is written.
    ///
    /// # Errors
    /// What is wrong with it as a text; whether the key takes the values is for the scenario to say.
    pub fn parse(argument: &str) -> Result<Self, Problem> {
        let wrong = |message: String| Problem { source: format!("--vary {argument}"), at: None, message };
        let range = argument.split_once('=').filter(|(key, values)| !key.trim().is_empty() && values.contains(".."));
        let (axis, is_range) = match range {
            Some((key, range)) => {
                let values = steps(range).map_err(wrong)?;
                (Axis { key: key.trim().to_owned(), values }, true)
            }
            None => (Axis::parse_as("--vary", argument)?, false),
        };
        if axis.key == "seed" {
            return Err(wrong("the seed is nothing to choose: --replicates makes runs under other seeds".to_owned()));
        }
        Ok(Knob { axis, is_range })
    }

    /// Reads all of them.
    ///
    /// # Errors
    /// What is wrong with any of them, that there is none, or that two have the same key.
    pub fn parse_all(arguments: &[String]) -> Result<Vec<Self>, Problems> {
        let mut knobs: Vec<Knob> = Vec::new();
        let mut problems = Problems::new();
        for argument in arguments {
            match Knob::parse(argument) {
                Ok(knob) if knobs.iter().any(|earlier| earlier.axis.key == knob.axis.key) => problems.push(Problem {
                    source: format!("--vary {argument}"),
                    at: None,
                    message: format!("`{}` is varied already", knob.axis.key),
                }),
                Ok(knob) => knobs.push(knob),
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(knobs)
    }
}

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

    fn decimals(&self) -> u32 {
        self.digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32)
    }

    /// Its digits as a whole number of units of 10^-places.
    fn scaled(&self, places: u32) -> Result<u64, String> {
        crate::units::decimal::scaled(self.digits.as_bytes(), places)
            .map_err(|error| format!("the number \"{}\" {error}", self.digits))
    }
}

fn steps(range: &str) -> Result<Vec<String>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn values(argument: &str) -> String {
        match Knob::parse(argument) {
            Ok(knob) => knob.axis.values.join(" "),
            Err(problem) => problem.message,
        }
    }

    #[test]
    fn ranges_step_in_the_last_place_and_keep_their_units() {
        assert_eq!(values("a=8..12"), "8 9 10 11 12");
        assert_eq!(values("a = 8..20..5"), "8 13 18 20");
        assert_eq!(values("a=20..22GB/s"), "20GB/s 21GB/s 22GB/s");
        assert_eq!(values("a=\"1.5h\"..\"2h\"..\"0.25h\""), "1.50h 1.75h 2.00h");
        assert_eq!(values("a=$2.48..$2.50/gpu-h"), "$2.48/gpu-h $2.49/gpu-h $2.50/gpu-h");
        assert_eq!(values("a=h100-sxm, h200-sxm"), "h100-sxm h200-sxm");
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (argument, told) in [
            ("a=8..8", "nothing in it"),
            ("a=8..x", "has no number"),
            ("a=1..2..3..4", "is no range"),
            ("a=1GB/s..1TB/s", "one unit is expected"),
            ("a=1..2..0", "has no step"),
            ("a=0..1e9", "has an exponent"),
            ("a=0..99999999", "more than 10000 steps"),
            ("a", "expected KEY=VALUE"),
            ("seed=1..4", "the seed is nothing to choose"),
        ] {
            assert!(values(argument).contains(told), "{argument}: {}", values(argument));
        }
    }
}
