//! A picture as a list of shapes, in units of which a column of text is 560 wide. What a chart means is decided before
//! this; how it becomes SVG or pixels, after.

use super::font;
use super::palette::Ink;

/// The width of every chart.
pub const WIDTH: f64 = 560.0;

/// The size of labels. In a column of 86 mm this is 6 points.
pub const LABEL: f64 = 13.0;

/// The size of units and ticks.
pub const SMALL: f64 = 12.0;

/// The size of titles.
pub const TITLE: f64 = 16.0;

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A point, from the upper left corner.
pub type Point = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "their names say it")]
pub struct Frame {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Frame {
    /// Its right edge.
    #[must_use]
    pub fn right(self) -> f64 {
        self.x + self.w
    }

    /// Whether the two have more than an edge in common.
    #[must_use]
    pub fn overlaps(self, other: Frame) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(self) -> f64 {
        self.y + self.h
    }
}

/// A shape; `tip` is what the pointer over it tells.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Shape {
    Rect {
        frame: Frame,
        ink: Ink,
        tip: String,
    },
    Area {
        points: Vec<Point>,
        ink: Ink,
    },
    Line {
        points: Vec<Point>,
        ink: Ink,
        width: f64,
    },
    Dot {
        at: Point,
        r: f64,
        ink: Ink,
        tip: String,
    },
    Text {
        at: Point,
        size: f64,
        bold: bool,
        align: Align,
        ink: Ink,
        text: String,
    },
    /// Rectangles of one colour, as one shape.
    Cells {
        frames: Vec<Frame>,
        ink: Ink,
    },
    /// What can be hidden and shown together, by its name.
    Series {
        name: String,
        shapes: Vec<Shape>,
    },
    /// Nothing to see: a place to point at.
    Spot {
        frame: Frame,
        tip: String,
    },
}

/// The text that a shape shows.
fn text_of(shape: &Shape) -> &str {
    match shape {
        Shape::Text { text, .. } => text,
        _ => "",
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Its height; all are [`WIDTH`] wide.
    pub height: f64,
    /// The finding, in a sentence.
    pub title: String,
    /// What is shown, with its units.
    pub subtitle: String,
    /// What is drawn, from the back to the front.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// Adds a rectangle.
    pub fn rect(&mut self, frame: Frame, ink: Ink, tip: impl Into<String>) {
        self.shapes.push(Shape::Rect { frame, ink, tip: tip.into() });
    }

    /// Adds a line.
    pub fn line(&mut self, points: Vec<Point>, ink: Ink, width: f64) {
        self.shapes.push(Shape::Line { points, ink, width });
    }

    /// Adds a filled area.
    pub fn area(&mut self, points: Vec<Point>, ink: Ink) {
        self.shapes.push(Shape::Area { points, ink });
    }

    /// Adds a label of the usual size.
    pub fn label(&mut self, at: Point, align: Align, ink: Ink, text: impl Into<String>) {
        self.shapes.push(Shape::Text { at, size: LABEL, bold: false, align, ink, text: text.into() });
    }

    /// Adds a small label: ticks, units.
    pub fn small(&mut self, at: Point, align: Align, ink: Ink, text: impl Into<String>) {
        self.shapes.push(Shape::Text { at, size: SMALL, bold: false, align, ink, text: text.into() });
    }

    /// Adds what `draw` draws as a series of that name.
    pub fn series(&mut self, name: impl Into<String>, draw: impl FnOnce(&mut Scene)) {
        let before = self.shapes.len();
        draw(self);
        let shapes = self.shapes.split_off(before);
        self.shapes.push(Shape::Series { name: name.into(), shapes });
    }

    /// All shapes, those of series one by one.
    #[must_use]
    pub fn leaves(&self) -> Vec<&Shape> {
        fn add<'s>(shapes: &'s [Shape], all: &mut Vec<&'s Shape>) {
            for shape in shapes {
                match shape {
                    Shape::Series { shapes, .. } => add(shapes, all),
                    plain => all.push(plain),
                }
            }
        }
        let mut all = Vec::new();
        add(&self.shapes, &mut all);
        all
    }

    /// Each text with the box that it takes, as wide as the embedded font makes it.
    #[must_use]
    pub fn texts(&self) -> Vec<(&str, Frame)> {
        let boxed = |shape: &&'_ Shape| match shape {
            Shape::Text { at, size, bold, align, text, .. } => {
                let w = font::width(text, *size, *bold);
                let x = match align {
                    Align::Start => at.0,
                    Align::Middle => at.0 - w / 2.0,
                    Align::End => at.0 - w,
                };
                // DejaVu Sans: capitals are 0.73 em high, descenders 0.24 em deep.
                Some((x, at.1 - 0.73 * size, w, 0.97 * size))
            }
            _ => None,
        };
        let frame = |(x, y, w, h)| Frame { x, y, w, h };
        self.leaves().iter().filter_map(|shape| Some((text_of(shape), frame(boxed(shape)?)))).collect()
    }

    /// Adds a place to point at.
    pub fn spot(&mut self, frame: Frame, tip: String) {
        self.shapes.push(Shape::Spot { frame, tip });
    }
}
