//! The font of the charts: how wide a text is, and its glyphs. DejaVu Sans comes embedded by a crate: no library of the
//! system is asked, so widths and pictures are the same everywhere. It is among the widest sans-serif fonts, so what has
//! room with it has room in whatever font a browser takes in its place.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

/// The family that SVG names.
pub const FAMILY: &str = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif";

fn face(bold: bool) -> &'static FontRef<'static> {
    static FACES: [OnceLock<FontRef<'static>>; 2] = [OnceLock::new(), OnceLock::new()];
    FACES[usize::from(bold)].get_or_init(|| {
        let bytes = if bold { dejavu::sans::bold() } else { dejavu::sans::regular() };
        FontRef::try_from_slice(bytes).expect("the embedded font is one")
    })
}

/// `size` as CSS means it: pixels in an em.
fn scale(font: &FontRef<'static>, size: f64) -> PxScale {
    let per_em = font.units_per_em().unwrap_or(2048.0);
    PxScale::from(size as f32 * font.height_unscaled() / per_em)
}

/// The width of a text in pixels.
#[must_use]
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let font = face(bold);
    let scaled = font.as_scaled(scale(font, size));
    text.chars().map(|c| f64::from(scaled.h_advance(scaled.glyph_id(c)))).sum()
}

/// Calls `draw` with each pixel that the text covers, and how much of it, the text beginning at `(x, y)` on its baseline.
pub fn draw(text: &str, size: f64, bold: bool, (x, y): (f64, f64), mut draw: impl FnMut(i32, i32, f64)) {
    let font = face(bold);
    let scale = scale(font, size);
    let scaled = font.as_scaled(scale);
    let mut at = x as f32;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        let glyph = Glyph { id, scale, position: point(at, y as f32) };
        at += scaled.h_advance(id);
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                draw(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, f64::from(cover.clamp(0.0, 1.0)));
            });
        }
    }
}

/// A text that is no wider than `room`; what is too long ends in an ellipsis.
#[must_use]
pub fn clipped(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size, bold);
    let fits = |letter: &char| {
        left -= width(letter.encode_utf8(&mut [0; 4]), size, bold);
        left >= 0.0
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// A text in lines no wider than `room`, broken at spaces, but not between a number and its `%`. A word that no line has
/// room for is cut.
#[must_use]
pub fn wrap(text: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.replace(" %", "\u{a0}%").split(' ') {
        let word = clipped(&word.replace('\u{a0}', " "), size, bold, room);
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, bold) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
