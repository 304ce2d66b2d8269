//! Latin hypercubes: points that leave no part of any range out.
//!
//! Each range is cut into as many equal parts as there are points, and each part has one point in it (M. D. McKay, R. J.
//! Beckman, W. J. Conover, A comparison of three methods for selecting values of input variables in the analysis of output
//! from a computer code, Technometrics 21, 1979). Which parts of two ranges meet, and where within its part a value lies,
//! is drawn; each key has a stream of its own, so that one more key leaves the values of the others as they were.

use std::collections::BTreeSet;

use rand::RngExt;
use rand::seq::SliceRandom;

use super::axes::Axis;
use super::design::{Origin, Rows};
use super::range;
use crate::input::{Problem, Problems};
use crate::units::rng::stream;

/// Into how many steps a part is divided where a place within it is drawn.
const FINE: u64 = 1 << 20;

/// A key with all values of its range, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranged {
    key: String,
    values: Vec<String>,
}

/// Parts `--axis` arguments into ranges and lists.
///
/// # Errors
/// What is wrong with any of them, that there is no range, or that two have the same key.
pub fn parse_all(arguments: &[String]) -> Result<(Vec<Ranged>, Vec<Axis>), Problems> {
    let mut ranges: Vec<Ranged> = Vec::new();
    let mut lists: Vec<String> = Vec::new();
    let mut problems = Problems::new();
    for argument in arguments {
        let wrong = |message: String| Problem { source: format!("--axis {argument}"), at: None, message };
        let Some((key, text)) = argument.split_once('=').filter(|(_, text)| range::is_range(text)) else {
            if argument
                .split_once('=')
                .is_some_and(|(_, text)| text.trim_start().starts_with('-') && text.contains(".."))
            {
                problems.push(wrong("ranges begin at 0 or above".to_owned()));
            }
            lists.push(argument.clone());
            continue;
        };
        let key = key.trim();
        match range::values(text) {
            _ if key.is_empty() || key == "seed" => problems.push(wrong(format!("\"{key}\" is no key to vary"))),
            Ok(_) if ranges.iter().any(|known| known.key == key) => {
                problems.push(wrong(format!("there is an axis `{key}` already")));
            }
            Ok(values) => ranges.push(Ranged { key: key.to_owned(), values }),
            Err(message) => problems.push(wrong(message)),
        }
    }
    let axes = Axis::parse_all(&lists).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    if problems.is_empty() && ranges.is_empty() {
        let message = "draws from ranges and there is none; expected --axis KEY=LO..HI beside it";
        problems.push(Problem { source: "--lhs".to_owned(), at: None, message: message.to_owned() });
    }
    problems.or((ranges, axes))
}

/// Each key at the low end of its range.
#[must_use]
pub fn lowest(ranges: &[Ranged]) -> Rows {
    rows(ranges, ranges.iter().map(|range| vec![range.values[0].clone()]).collect(), 1)
}

/// Draws so many points under a root seed. Ranges of few values give some of them several times; each is kept once.
#[must_use]
pub fn draw(ranges: &[Ranged], points: u32, seed: u64) -> Rows {
    let mut drawn = rows(ranges, ranges.iter().map(|range| column(range, points, seed)).collect(), points);
    let mut known = BTreeSet::new();
    drawn.rows.retain(|row| known.insert(row.clone()));
    drawn
}

fn rows(ranges: &[Ranged], columns: Vec<Vec<String>>, points: u32) -> Rows {
    let row = |point: usize| columns.iter().map(|column| column[point].clone()).collect();
    Rows {
        from: Origin::LatinHypercube,
        keys: ranges.iter().map(|range| range.key.clone()).collect(),
        rows: (0..points as usize).map(row).collect(),
    }
}

/// The values of a key, point by point.
fn column(range: &Ranged, points: u32, seed: u64) -> Vec<String> {
    let mut random = stream(seed, &format!("latin hypercube, {}", range.key));
    let mut parts: Vec<u64> = (0..u64::from(points)).collect();
    parts.shuffle(&mut random);
    let most = u128::from(u64::from(points) * FINE);
    let value = |part: u64| {
        let place = u128::from(part * FINE + random.random_range(0..FINE));
        let at = place * range.values.len() as u128 / most;
        range.values[at as usize].clone()
    };
    parts.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(arguments: &[&str]) -> Vec<Ranged> {
        parse_all(&arguments.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).unwrap().0
    }

    #[test]
    fn no_point_is_there_twice() {
        let drawn = draw(&ranges(&["a=12..14"]), 10, 0).rows;
        assert_eq!(
            drawn.iter().collect::<BTreeSet<_>>(),
            [["12"], ["13"], ["14"]].map(|row| row.map(str::to_owned).to_vec()).iter().collect()
        );
        assert_eq!(drawn.len(), 3);
    }

    /// The property that gives it its name: in each range, each part of it has exactly one point.
    #[test]
    fn every_part_of_every_range_has_one_point() {
        for seed in 0..20 {
            let rows = draw(&ranges(&["a=0..999", "b=20.0GB/s..119.9GB/s"]), 25, seed);
            for (at, unit, parts) in [(0, "", 40.0), (1, "GB/s", 4.0)] {
                let least = if at == 0 { 0.0 } else { 20.0 };
                let number = |row: &Vec<String>| row[at].strip_suffix(unit).unwrap().parse::<f64>().unwrap();
                let mut hit: Vec<u64> =
                    rows.rows.iter().map(|row| ((number(row) - least + 1e-9) / parts) as u64).collect();
                hit.sort_unstable();
                assert_eq!(hit, (0..25).collect::<Vec<_>>(), "key {at} under seed {seed}");
            }
        }
    }

    #[test]
    fn a_seed_draws_the_same_again_and_a_further_key_changes_no_other() {
        let two = ["a=0..999", "b=0..999"];
        let column = |rows: &Rows, at: usize| rows.rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>();
        let first = draw(&ranges(&two), 30, 7);
        assert_eq!(first, draw(&ranges(&two), 30, 7));
        assert_ne!(first, draw(&ranges(&two), 30, 8));
        assert_ne!(column(&first, 0), column(&first, 1));
        let three = draw(&ranges(&["c=0..999", "a=0..999", "b=0..999"]), 30, 7);
        assert_eq!((column(&three, 1), column(&three, 2)), (column(&first, 0), column(&first, 1)));
    }

    #[test]
    fn few_values_come_equally_often() {
        let drawn = column(&ranges(&["a=4..7"])[0], 12, 3);
        for value in ["4", "5", "6", "7"] {
            assert_eq!(drawn.iter().filter(|&known| known == value).count(), 3, "{value}");
        }
    }
}
