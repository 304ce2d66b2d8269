//! What all charts have in common: the finding on top, what is shown below it, axes with units.

use super::font;
use super::palette::{Ink, LINES};
use super::scale;
use super::scene::{Align, Frame, LABEL, Point, SMALL, Scene, Shape, TITLE, WIDTH};
use crate::results::StoredRun;
use crate::results::format::{count, duration};

/// The margin at both sides.
pub const MARGIN: f64 = 14.0;

/// The height of a row of labels.
pub const ROW: f64 = 18.0;

/// A scene with its title; the height of what follows is `body`. Gives where the body begins.
#[must_use]
pub fn titled(title: String, subtitle: String, body: f64) -> (Scene, f64) {
    let room = WIDTH - 2.0 * MARGIN;
    let mut shapes = Vec::new();
    let mut y = MARGIN;
    for line in font::wrap(&title, TITLE, true, room) {
        y += TITLE + 5.0;
        let at = (MARGIN, y - 6.0);
        shapes.push(Shape::Text { at, size: TITLE, bold: true, align: Align::Start, ink: Ink::Text, text: line });
    }
    for line in font::wrap(&subtitle, SMALL, false, room) {
        y += SMALL + 4.0;
        let at = (MARGIN, y - 4.0);
        shapes.push(Shape::Text { at, size: SMALL, bold: false, align: Align::Start, ink: Ink::Muted, text: line });
    }
    y += 12.0;
    (Scene { height: (y + body).ceil(), title, subtitle, shapes }, y)
}

/// A chart that has nothing to show, and says so.
#[must_use]
pub fn empty(title: &str, why: &str) -> Scene {
    let (mut scene, y) = titled(title.to_owned(), why.to_owned(), 40.0);
    scene.line(vec![(MARGIN, y + 10.0), (WIDTH - MARGIN, y + 10.0)], Ink::Grid, 1.0);
    scene
}

/// The chart of a run in which no GPU was there for any time.
#[must_use]
pub fn nothing_ran(run: &StoredRun) -> Scene {
    match run.gpus() {
        0 => empty("The cluster has no GPUs", "There is no GPU-time to show."),
        _ => empty("Nothing ran", "There is no time to show."),
    }
}

/// The chart of a run that did not write down where its jobs ran.
#[must_use]
pub fn no_places(run: &StoredRun) -> Scene {
    if run.summary.capacity_gpu_s <= 0.0 {
        return nothing_ran(run);
    }
    empty("Where jobs ran was not recorded", "There is no placements.csv: --no-report left it out.")
}

/// A text that is no wider than `room` as a label; what is too long ends in an ellipsis.
#[must_use]
pub fn fitted(text: &str, room: f64) -> String {
    font::clipped(text, LABEL, false, room)
}

/// Names of values, at most as wide as the widest of them.
#[must_use]
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> f64 {
    texts.into_iter().map(|text| font::width(text, LABEL, false)).fold(0.0, f64::max)
}

/// Grid lines and names of round values from 0 at the bottom of the frame; gives the value at its top.
pub fn value_axis(scene: &mut Scene, frame: Frame, max: f64) -> f64 {
    let values = scale::round_values(max, 4);
    let top = values.last().copied().unwrap_or(1.0);
    for value in values {
        let y = frame.bottom() - frame.h * value / top;
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Grid, 1.0);
        scene.small((frame.x - 6.0, y + 4.0), Align::End, Ink::Muted, number(value, top));
    }
    top
}

/// Grid lines from 0 to a number that fills the frame, which is named too.
pub fn whole_axis(scene: &mut Scene, frame: Frame, top: u64) {
    let whole = top as f64;
    // A round value so close below the top would touch its name.
    let round = scale::round_values(whole, 4).into_iter().filter(|v| whole - v > 0.09 * whole);
    for value in round.chain([whole]) {
        let y = frame.bottom() - frame.h * value / whole;
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Grid, 1.0);
        scene.small((frame.x - 6.0, y + 4.0), Align::End, Ink::Muted, number(value, whole));
    }
}

/// The room that the names of a value axis need.
#[must_use]
pub fn value_room(max: f64) -> f64 {
    let values = scale::round_values(max, 4);
    let top = values.last().copied().unwrap_or(1.0);
    values.iter().map(|v| font::width(&number(*v, top), SMALL, false)).fold(0.0, f64::max) + 6.0
}

fn number(value: f64, top: f64) -> String {
    if top < 5.0 && value.fract() != 0.0 { format!("{value:.1}") } else { count(value.round() as u64) }
}

/// Names of times below the frame.
pub fn time_axis(scene: &mut Scene, frame: Frame, span: f64) {
    scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Muted, 1.0);
    let mut free_from = f64::MIN;
    for seconds in scale::time_values(span) {
        let x = frame.x + if span > 0.0 { frame.w * seconds / span } else { 0.0 };
        let name = if seconds > 0.0 { duration(seconds) } else { "0".to_owned() };
        let half = font::width(&name, SMALL, false) / 2.0;
        if x - half < free_from || x + half > WIDTH - 2.0 {
            continue;
        }
        free_from = x + half + 8.0;
        scene.line(vec![(x, frame.bottom()), (x, frame.bottom() + 4.0)], Ink::Muted, 1.0);
        scene.small((x, frame.bottom() + 17.0), Align::Middle, Ink::Muted, name);
    }
}

/// Coloured squares with their names in rows below one another; gives the height that they take.
pub fn legend(scene: Option<&mut Scene>, entries: &[(Ink, String)], y: f64) -> f64 {
    let whole: Vec<(Stroke, String)> = entries.iter().map(|(ink, name)| (Stroke::solid(*ink), name.clone())).collect();
    legend_of_lines(scene, &whole, y)
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// Its colour.
    pub ink: Ink,
    /// Whether it is broken.
    pub is_dashed: bool,
}

impl Stroke {
    /// An unbroken line.
    #[must_use]
    pub fn solid(ink: Ink) -> Self {
        Stroke { ink, is_dashed: false }
    }

    /// The stroke of the line of a number among several: each has its own, up to twice as many as there are colours.
    #[must_use]
    pub fn of_number(number: usize) -> Self {
        Stroke { ink: Ink::of_number(number), is_dashed: number / (LINES + 1) % 2 == 1 }
    }

    /// Draws a line with it.
    pub fn draw(self, scene: &mut Scene, points: Vec<Point>, width: f64) {
        if self.is_dashed {
            dashes(&points).into_iter().for_each(|dash| scene.line(dash, self.ink, width));
        } else {
            scene.line(points, self.ink, width);
        }
    }
}

/// The pieces of a broken line.
fn dashes(points: &[Point]) -> Vec<Vec<Point>> {
    const LENGTHS: [f64; 2] = [7.0, 4.0];
    let mut pieces = Vec::new();
    let (mut drawn, mut left) = (true, LENGTHS[0]);
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = libm::sqrt(dx * dx + dy * dy);
            if length <= left {
                left -= length;
                piece.push(to);
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            piece.push(from);
            let whole = std::mem::replace(&mut piece, vec![from]);
            if drawn {
                pieces.push(whole);
            }
            drawn = !drawn;
            left = LENGTHS[usize::from(!drawn)];
        }
    }
    if drawn && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// As [`legend`], of lines: the squares of broken ones are broken.
pub fn legend_of_lines(scene: Option<&mut Scene>, entries: &[(Stroke, String)], y: f64) -> f64 {
    const SQUARE: f64 = 11.0;
    let mut scene = scene;
    let (mut x, mut row) = (MARGIN, 0.0);
    for (Stroke { ink, is_dashed }, name) in entries {
        let width = SQUARE + 6.0 + font::width(name, LABEL, false) + 18.0;
        if x > MARGIN && x + width > WIDTH - MARGIN + 18.0 {
            (x, row) = (MARGIN, row + 1.0);
        }
        if let Some(scene) = scene.as_deref_mut() {
            let top = y + row * ROW;
            let square = Frame { x, y: top + 2.0, w: SQUARE, h: SQUARE };
            scene.rect(square, *ink, "");
            if *is_dashed {
                scene.rect(Frame { x: x + 4.0, w: 3.0, ..square }, Ink::Paper, "");
            }
            let name = fitted(name, WIDTH - MARGIN - x - SQUARE - 6.0);
            scene.label((x + SQUARE + 6.0, top + 12.0), Align::Start, Ink::Text, name);
        }
        x += width;
    }
    if entries.is_empty() { 0.0 } else { (row + 1.0) * ROW }
}
