//! The axes of a sweep and the grid that they span.

use super::range;
use crate::input::{Problem, Problems};

/// One key of the scenario with the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// The dotted key.
    pub key: String,
    /// Its values as they were given, at least one, each once.
    pub values: Vec<String>,
}

/// Runs of one sweep; more are surely a slip.
pub const MOST_RUNS: u64 = 1_000_000;

impl Axis {
    /// Reads `KEY=v1,v2,...`. Commas within brackets, braces and quotes belong to the value.
    ///
    /// # Errors
    /// What is wrong with it as a text; whether the key takes the values is for the scenario to say.
    pub fn parse(argument: &str) -> Result<Self, Problem> {
        let axis = Axis::parse_as("--axis", argument)?;
        if let [range] = &axis.values[..]
            && range::is_range(range)
        {
            let message = format!("{range} is a range, of which --lhs N draws values; without it they are listed");
            return Err(Problem { source: format!("--axis {argument}"), at: None, message });
        }
        if axis.key == "seed" {
            let message = "the seed is no axis: --replicates makes runs under other seeds, --seed sets the first";
            return Err(Problem { source: format!("--axis {argument}"), at: None, message: message.to_owned() });
        }
        Ok(axis)
    }

    /// Reads the same as the value of another option.
    ///
    /// # Errors
    /// What is wrong with it as a text.
    pub fn parse_as(option: &str, argument: &str) -> Result<Self, Problem> {
        let wrong = |message: String| Problem { source: format!("{option} {argument}"), at: None, message };
        let Some((key, list)) = argument.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            return Err(wrong("expected KEY=VALUE,VALUE,..., such as cluster.pools.h100.nodes=16,20,24".to_owned()));
        };
        let key = key.trim().to_owned();
        let mut values: Vec<String> = Vec::new();
        for value in split(list) {
            if value.is_empty() {
                return Err(wrong(format!("a value of `{key}` is empty; expected VALUE,VALUE,...")));
            }
            if values.contains(&value) {
                return Err(wrong(format!("`{key}` has the value {value} twice")));
            }
            values.push(value);
        }
        Ok(Axis { key, values })
    }

    /// Reads all axes.
    ///
    /// # Errors
    /// What is wrong with any of them, or that two have the same key.
    pub fn parse_all(arguments: &[String]) -> Result<Vec<Self>, Problems> {
        let mut axes: Vec<Axis> = Vec::new();
        let mut problems = Problems::new();
        for argument in arguments {
            match Axis::parse(argument) {
                Ok(axis) if axes.iter().any(|earlier| earlier.key == axis.key) => problems.push(Problem {
                    source: format!("--axis {argument}"),
                    at: None,
                    message: format!("there is an axis `{}` already", axis.key),
                }),
                Ok(axis) => axes.push(axis),
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(axes)
    }
}

/// Cuts a list at its outer commas.
fn split(list: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let (mut depth, mut quote) = (0_u32, None);
    for letter in list.chars() {
        match (quote, letter) {
            (None, ',') if depth == 0 => {
                values.push(String::new());
                continue;
            }
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        if let Some(value) = values.last_mut() {
            value.push(letter);
        }
    }
    values.iter().map(|value| value.trim().to_owned()).collect()
}

/// How many points the grid has; `None` where it has more than [`MOST_RUNS`].
#[must_use]
pub fn points(axes: &[Axis]) -> Option<u64> {
    axes.iter().try_fold(1_u64, |points, axis| {
        points.checked_mul(axis.values.len() as u64).filter(|&points| points <= MOST_RUNS)
    })
}

/// The values of the point with this number: the last axis turns fastest.
#[must_use]
pub fn point(axes: &[Axis], number: u64) -> Vec<String> {
    let mut rest = number;
    let mut values: Vec<String> = axes
        .iter()
        .rev()
        .map(|axis| {
            let count = axis.values.len() as u64;
            let value = axis.values[(rest % count) as usize].clone();
            rest /= count;
            value
        })
        .collect();
    values.reverse();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_goes_in_the_order_of_the_axes() {
        let axes = Axis::parse_all(&["a=1,2".to_owned(), "b = x, y,z".to_owned()]).unwrap();
        let all: Vec<String> = (0..points(&axes).unwrap()).map(|n| point(&axes, n).join("")).collect();
        assert_eq!(all, ["1x", "1y", "1z", "2x", "2y", "2z"]);
        assert_eq!((points(&[]), point(&[], 0)), (Some(1), Vec::new()));
    }

    #[test]
    fn only_outer_commas_part_values() {
        assert_eq!(split(r#"["a", "b"], {x = 1, y = 2},"c,d",'e,"f',g"#).len(), 5);
        let wide = vec![Axis { key: "a".to_owned(), values: vec![String::new(); 1001] }; 2];
        assert_eq!(points(&wide), None);
    }
}
