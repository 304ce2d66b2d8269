//! The keys that a plan may turn: `KEY=LO..HI`, in steps, or a list.

use crate::experiments::axes::Axis;
use crate::experiments::range;
use crate::input::{Problem, Problems};

/// A key with the values that it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    /// The key and its values, in their order.
    pub axis: Axis,
    /// Whether they are the steps of a range, so that more of it can be expected to be better.
    pub is_range: bool,
}

impl Knob {
    /// Reads `KEY=LO..HI`, `KEY=LO..HI..STEP` ([`range::values`]) or `KEY=a,b,c`.
    ///
    /// # Errors
    /// What is wrong with it as a text; whether the key takes the values is for the scenario to say.
    pub fn parse(argument: &str) -> Result<Self, Problem> {
        let wrong = |message: String| Problem { source: format!("--vary {argument}"), at: None, message };
        let range = argument.split_once('=').filter(|(key, values)| !key.trim().is_empty() && values.contains(".."));
        let (axis, is_range) = match range {
            Some((key, range)) => {
                let values = range::values(range).map_err(wrong)?;
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
