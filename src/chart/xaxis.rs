//! The horizontal axis of a sweep's charts: numbers in their places, or names side by side.

use std::collections::BTreeSet;

use super::palette::Ink;
use super::scene::{Align, Frame, SMALL, Scene, WIDTH};
use super::{font, layout};
use crate::experiments::range;
use crate::experiments::stored::StoredSweep;

/// A key of a sweep along which points lie.
pub struct XAxis {
    /// The dotted key.
    pub key: String,
    values: Vec<String>,
    numbers: Option<Vec<f64>>,
}

impl XAxis {
    /// The values that one of a sweep's keys has at its points; `None` where there is no such key.
    pub fn of(sweep: &StoredSweep, key: usize) -> Option<Self> {
        let name = sweep.design.keys().nth(key)?.to_owned();
        let mut values: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for point in 0..sweep.points.len() {
            let value = sweep.settings(point).swap_remove(key);
            if known.insert(value.clone()) {
                values.push(value);
            }
        }
        let numbers = range::numbers(values.iter().map(String::as_str));
        Some(XAxis { key: name, values, numbers })
    }

    /// Whether distances between its values mean something.
    pub fn is_numeric(&self) -> bool {
        self.numbers.is_some()
    }

    /// Where a value stands: a number, or the place among names.
    pub fn value(&self, text: &str) -> f64 {
        let at = self.values.iter().position(|value| value == text).unwrap_or(0);
        self.numbers.as_ref().map_or(at as f64, |numbers| numbers[at])
    }

    /// The value that stands there.
    pub fn name(&self, x: f64) -> &str {
        let at = match &self.numbers {
            Some(numbers) => numbers.iter().position(|number| number.total_cmp(&x).is_eq()),
            None => Some(x as usize),
        };
        at.and_then(|at| self.values.get(at)).map_or("", String::as_str)
    }

    fn ends(&self) -> (f64, f64) {
        let all = || self.values.iter().map(|value| self.value(value));
        (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max))
    }

    /// Where that is in a frame.
    pub fn place(&self, x: f64, frame: Frame) -> f64 {
        const INSET: f64 = 16.0;
        let (least, most) = self.ends();
        let part = if most > least { (x - least) / (most - least) } else { 0.5 };
        frame.x + INSET + (frame.w - 2.0 * INSET) * part
    }

    /// Names of its values, as far as they have room.
    pub fn draw(&self, scene: &mut Scene, frame: Frame) {
        scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Muted, 1.0);
        let mut places: Vec<(f64, &String)> =
            self.values.iter().map(|v| (self.place(self.value(v), frame), v)).collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free_from = 0.0;
        for (x, name) in places {
            scene.line(vec![(x, frame.bottom()), (x, frame.bottom() + 4.0)], Ink::Muted, 1.0);
            let name = layout::fitted(name, 140.0);
            let half = font::width(&name, SMALL, false) / 2.0;
            let middle = x.clamp(half + 2.0, (WIDTH - half - 2.0).max(half + 2.0));
            if middle - half >= free_from {
                free_from = middle + half + 8.0;
                scene.small((middle, frame.bottom() + 17.0), Align::Middle, Ink::Muted, name);
            }
        }
    }
}
