//! The horizontal axis of a sweep's charts: numbers in their places, or names side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::palette::Ink;
use super::scene::{Align, Frame, SMALL, Scene, WIDTH};
use super::{font, layout};
use crate::experiments::range;
use crate::experiments::stored::StoredSweep;

/// A key of a sweep along which points lie.
pub struct XAxis {
    /// The dotted key.
    pub key: String,
    /// Each value and where it stands, from left to right.
    values: Vec<(String, f64)>,
    places: BTreeMap<String, f64>,
    is_numeric: bool,
    ends: (f64, f64),
}

impl XAxis {
    /// The values that one of a sweep's keys has at its points; `None` where there is no such key.
    pub fn of(sweep: &StoredSweep, key: usize) -> Option<Self> {
        let name = sweep.design.keys().nth(key)?.to_owned();
        let mut names: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for point in 0..sweep.points.len() {
            let value = sweep.settings(point).swap_remove(key);
            if known.insert(value.clone()) {
                names.push(value);
            }
        }
        let numbers = range::numbers(names.iter().map(String::as_str));
        let is_numeric = numbers.is_some();
        let numbers = numbers.unwrap_or_else(|| (0..names.len()).map(|at| at as f64).collect());
        let ends = numbers.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
        let mut values: Vec<(String, f64)> = names.into_iter().zip(numbers).collect();
        let places = values.iter().cloned().collect();
        values.sort_by(|a, b| a.1.total_cmp(&b.1));
        Some(XAxis { key: name, values, places, is_numeric, ends })
    }

    /// Whether distances between its values mean something.
    pub fn is_numeric(&self) -> bool {
        self.is_numeric
    }

    /// Where a value stands: a number, or the place among names.
    pub fn value(&self, text: &str) -> f64 {
        self.places.get(text).copied().unwrap_or(0.0)
    }

    /// The value that stands there.
    pub fn name(&self, x: f64) -> &str {
        let at = self.values.binary_search_by(|(_, place)| place.total_cmp(&x));
        at.map_or("", |at| self.values[at].0.as_str())
    }

    /// Where that is in a frame.
    pub fn place(&self, x: f64, frame: Frame) -> f64 {
        const INSET: f64 = 16.0;
        let (least, most) = self.ends;
        let part = if most > least { (x - least) / (most - least) } else { 0.5 };
        frame.x + INSET + (frame.w - 2.0 * INSET) * part
    }

    /// Names of its values, as far as they have room.
    pub fn draw(&self, scene: &mut Scene, frame: Frame) {
        scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Muted, 1.0);
        let mut free_from = 0.0;
        for (name, value) in &self.values {
            let x = self.place(*value, frame);
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
