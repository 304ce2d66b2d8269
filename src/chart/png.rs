//! A scene as PNG: shapes by plotters, text from the embedded font, drawn four times as large as the scene and halved,
//! which smooths every edge alike.

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor};

use super::font;
use super::palette::{Ink, Rgb, Theme};
use super::scene::{Align, Frame, Point, Scene, Shape, WIDTH};

/// Pixels to a unit in the file: 330 to the inch in a column of 86 mm.
const SCALE: usize = 2;

/// Pixels that are averaged, each way.
const SMOOTH: usize = 2;

/// The bytes of a PNG file.
#[must_use]
pub fn png(scene: &Scene, theme: Theme) -> Vec<u8> {
    let (width, height) = (WIDTH as usize * SCALE, scene.height as usize * SCALE);
    let mut large = vec![0u8; width * height * SMOOTH * SMOOTH * 3];
    {
        let size = ((width * SMOOTH) as u32, (height * SMOOTH) as u32);
        let backend = BitMapBackend::with_buffer(&mut large, size);
        let mut canvas = Canvas { backend, theme };
        canvas.rect(Frame { x: 0.0, y: 0.0, w: WIDTH, h: scene.height }, Ink::Paper);
        scene.shapes.iter().for_each(|shape| canvas.draw(shape));
    }
    encode(&halved(&large, width, height), width, height)
}

struct Canvas<'a> {
    backend: BitMapBackend<'a>,
    theme: Theme,
}

impl Canvas<'_> {
    // None of the drawing can fail: the buffer has the size that the backend was told, and writing to it asks nobody.

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { frame, ink, .. } => self.rect(*frame, *ink),
            Shape::Area { points, ink } => {
                let points: Vec<(i32, i32)> = points.iter().map(|p| pixel(*p)).collect();
                drop(self.backend.fill_polygon(points, &self.colour(*ink)));
            }
            Shape::Line { points, ink, width } => self.line(points, *ink, *width),
            Shape::Dot { at, r, ink, .. } => {
                drop(self.backend.draw_circle(pixel(*at), large(*r) as u32, &self.colour(*ink), true));
            }
            Shape::Text { at, size, bold, align, ink, text } => self.text(*at, (*size, *bold), *align, *ink, text),
            Shape::Cells { frames, ink } => frames.iter().for_each(|frame| self.rect(*frame, *ink)),
            Shape::Series { shapes, .. } => shapes.iter().for_each(|shape| self.draw(shape)),
            Shape::Spot { .. } => {}
        }
    }

    fn colour(&self, ink: Ink) -> RGBColor {
        let Rgb(r, g, b) = self.theme.colour(ink);
        RGBColor(r, g, b)
    }

    fn rect(&mut self, frame: Frame, ink: Ink) {
        let (from, to) = (pixel((frame.x, frame.y)), pixel((frame.right(), frame.bottom())));
        if to.0 > from.0 && to.1 > from.1 {
            // The backend fills up to the second corner, without it.
            drop(self.backend.draw_rect(from, to, &self.colour(ink), true));
        }
    }

    /// Each piece as a rectangle along it, with a disc at each joint.
    fn line(&mut self, points: &[Point], ink: Ink, width: f64) {
        let colour = self.colour(ink);
        let half = width / 2.0;
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length < 0.01 {
                continue;
            }
            let (nx, ny) = (-dy / length * half, dx / length * half);
            let corners =
                [(a.0 + nx, a.1 + ny), (b.0 + nx, b.1 + ny), (b.0 - nx, b.1 - ny), (a.0 - nx, a.1 - ny)].map(pixel);
            drop(self.backend.fill_polygon(corners, &colour));
        }
        for joint in points.iter().skip(1).take(points.len().saturating_sub(2)) {
            drop(self.backend.draw_circle(pixel(*joint), large(half) as u32, &colour, true));
        }
    }

    fn text(&mut self, at: Point, (size, bold): (f64, bool), align: Align, ink: Ink, text: &str) {
        let colour = self.colour(ink);
        let width = font::width(text, size, bold);
        let x = match align {
            Align::Start => at.0,
            Align::Middle => at.0 - width / 2.0,
            Align::End => at.0 - width,
        };
        let backend = &mut self.backend;
        let (right, bottom) = backend.get_size();
        font::draw(text, large(size), bold, (large(x), large(at.1)), |x, y, cover| {
            let inside = x >= 0 && y >= 0 && x < right as i32 && y < bottom as i32;
            if inside && cover > 0.0 {
                drop(backend.draw_pixel((x, y), colour.mix(cover).to_backend_color()));
            }
        });
    }
}

fn large(length: f64) -> f64 {
    length * (SCALE * SMOOTH) as f64
}

fn pixel((x, y): Point) -> (i32, i32) {
    (large(x).round() as i32, large(y).round() as i32)
}

/// Each pixel the mean of its four.
fn halved(large: &[u8], width: usize, height: usize) -> Vec<u8> {
    let row = width * SMOOTH * 3;
    let mut small = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for part in 0..3 {
                let at = y * SMOOTH * row + x * SMOOTH * 3 + part;
                let sum: u32 = [at, at + 3, at + row, at + row + 3].iter().map(|&i| u32::from(large[i])).sum();
                small.push(((sum + 2) / 4) as u8);
            }
        }
    }
    small
}

fn encode(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("a buffer takes any picture of the size that it was told");
    file
}
