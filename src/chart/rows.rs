//! Rows of things over time: names at the left, as many as have room; cells of one colour drawn as one shape.

use std::collections::BTreeMap;

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scene::{Align, Frame, LABEL, Scene, WIDTH};
use super::timeline;
use crate::results::stored::Places;
use crate::results::stored::places::{BINS, Row};

/// The most room that names take.
const NAMES: f64 = 150.0;

/// Rows in the body of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// All rows.
    pub frame: Frame,
    /// The height of one.
    pub pitch: f64,
}

impl Rows {
    /// Rows of the given height with these names beside them, from `top` on.
    pub fn named(scene: &mut Scene, top: f64, names: &[String], pitch: f64) -> Self {
        let room = layout::widest(names.iter().map(String::as_str)).min(NAMES);
        let x = MARGIN + room + 8.0;
        let frame = Frame { x, y: top, w: WIDTH - x - MARGIN, h: pitch * names.len() as f64 };
        let every = ((LABEL + 2.0) / pitch).ceil() as usize;
        for (i, name) in names.iter().enumerate().step_by(every.max(1)) {
            let middle = top + (i as f64 + 0.5) * pitch;
            // A name of few, beside a row lower than itself, must not stick out above or below.
            let baseline = (middle + LABEL * 0.36).clamp(top + LABEL * 0.73, (frame.bottom()).max(top + LABEL));
            scene.label((MARGIN + room, baseline), Align::End, Ink::Text, short(name, room));
        }
        Rows { frame, pitch }
    }

    /// A row.
    #[must_use]
    pub fn row(&self, i: usize) -> Frame {
        let gap = if self.pitch > 10.0 { 2.0 } else { 0.6 };
        Frame { y: self.frame.y + i as f64 * self.pitch, h: self.pitch - gap, ..self.frame }
    }

    /// Where an instant stands, in seconds of a span.
    #[must_use]
    pub fn place(&self, seconds: f64, span: f64) -> f64 {
        self.frame.x + self.frame.w * (seconds / span).clamp(0.0, 1.0)
    }

    /// The bins of a row that have an ink, neighbours of the same ink as one rectangle.
    pub fn cells(&self, cells: &mut Cells, i: usize, ink: impl Fn(usize) -> Option<Ink>) {
        let row = self.row(i);
        let mut from = 0;
        while from < BINS {
            let of = ink(from);
            let to = (from..BINS).find(|&bin| ink(bin) != of).unwrap_or(BINS);
            if let Some(ink) = of {
                let (left, right) = (timeline::column(row, from, BINS), timeline::column(row, to - 1, BINS));
                cells.add(ink, Frame { w: right.right() - left.x, ..left });
            }
            from = to;
        }
    }

    /// Places to point at: each over eight bins of a row, with what `tip` says of them.
    pub fn spots(&self, scene: &mut Scene, rows: usize, tip: impl Fn(usize, std::ops::Range<usize>) -> String) {
        const EACH: usize = 8;
        for i in 0..rows {
            for spot in 0..BINS / EACH {
                let frame = timeline::column(self.row(i), spot, BINS / EACH);
                scene.spot(frame, tip(i, spot * EACH..(spot + 1) * EACH));
            }
        }
    }
}

/// A name that has room. The last word of a long one stays: it tells the rows of a pool apart.
fn short(name: &str, room: f64) -> String {
    match name.rsplit_once(' ') {
        Some((pool, node)) if layout::widest([name]) > room => {
            let node = format!(" {node}");
            format!("{}{node}", layout::fitted(pool, room - layout::widest([node.as_str()])))
        }
        _ => layout::fitted(name, room),
    }
}

/// Rectangles by ink, so that each colour is one shape however many there are.
#[derive(Debug, Default)]
pub struct Cells(BTreeMap<String, (Ink, Vec<Frame>)>);

impl Cells {
    /// Adds a rectangle.
    pub fn add(&mut self, ink: Ink, frame: Frame) {
        self.0.entry(ink.name()).or_insert_with(|| (ink, Vec::new())).1.push(frame);
    }

    /// Draws them; `series` names the series of an ink.
    pub fn draw(self, scene: &mut Scene, series: impl Fn(Ink) -> Option<String>) {
        for (ink, frames) in self.0.into_values() {
            let cells = super::scene::Shape::Cells { frames, ink };
            match series(ink) {
                Some(name) => scene.series(name, |scene| scene.shapes.push(cells)),
                None => scene.shapes.push(cells),
            }
        }
    }
}

/// The height of a row where there are so many.
#[must_use]
pub fn pitch(rows: usize) -> f64 {
    (260.0 / rows.max(1) as f64).clamp(6.0, 30.0)
}

/// The names of the rows of nodes; without a pool's name they begin with `node`.
#[must_use]
pub fn node_names(places: &Places) -> Vec<String> {
    let named = |row: &Row| match places.pools.len() {
        1 if row.first == row.last => format!("node {}", places.name(row)),
        1 => format!("nodes {}", places.name(row)),
        _ => places.name(row),
    };
    places.rows.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_of_pools_keep_the_numbers_of_their_nodes() {
        let name = |node: &str| short(&format!("{} {node}", "long pool name ".repeat(10)), NAMES);
        assert!(name("17").ends_with("… 17") && name("128-255").ends_with("… 128-255"), "{}", name("17"));
        assert!(layout::widest([name("128-255").as_str()]) <= NAMES);
        assert_eq!(short("node 3", NAMES), "node 3");
        assert!(short(&"x".repeat(200), NAMES).ends_with('…'));
    }
}
