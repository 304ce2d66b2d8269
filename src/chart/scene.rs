//! A picture as a list of shapes, in units of which a column of text is 560 wide. What a chart means is decided before
//! this; how it becomes SVG or pixels, after.

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
    /// Nothing to see: a place to point at.
    Spot {
        frame: Frame,
        tip: String,
    },
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

    /// Adds a place to point at.
    pub fn spot(&mut self, frame: Frame, tip: String) {
        self.shapes.push(Shape::Spot { frame, tip });
    }
}
