//! A scene as SVG. Written here and not by the drawing library, whose SVG knows neither tips nor descriptions for those
//! who do not see it, nor colours that change with the page.

use super::font;
use super::markup::Markup;
use super::palette::{Ink, Theme};
use super::scene::{Align, Frame, Point, Scene, Shape, WIDTH};

/// Where the picture goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A file of its own, in the colours of a theme; tips are titles.
    File(Theme),
    /// Part of a page that defines the colours; tips are for its script.
    Page,
}

/// The SVG of a scene.
#[must_use]
pub fn svg(scene: &Scene, target: Target) -> Markup {
    let mut out = Markup::new();
    out.raw("<svg").attribute("xmlns", "http://www.w3.org/2000/svg");
    out.attribute("viewBox", format!("0 0 {} {}", number(WIDTH), number(scene.height)));
    if let Target::File(_) = target {
        out.attribute("width", number(WIDTH)).attribute("height", number(scene.height));
    }
    out.attribute("role", "img").attribute("aria-label", format!("{}. {}", scene.title, scene.subtitle));
    out.attribute("font-family", font::FAMILY).raw(">\n");
    if let Target::File(_) = target {
        out.raw("<title>").text(&scene.title).raw("</title>\n");
        let all = Frame { x: 0.0, y: 0.0, w: WIDTH, h: scene.height };
        rect(&mut out, all, Ink::Paper, target);
        out.raw("/>\n");
    }
    for shape in &scene.shapes {
        add(&mut out, shape, target);
    }
    out.raw("</svg>\n");
    out
}

/// A number with one decimal at most.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn path(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect::<Vec<_>>().join(" ")
}

fn colour(ink: Ink, target: Target) -> String {
    match target {
        Target::File(theme) => theme.colour(ink).hex(),
        Target::Page => format!("var(--{})", ink.name()),
    }
}

/// Attributes cannot hold variables in all browsers, so on a page colours are styles.
fn fill(out: &mut Markup, ink: Ink, target: Target) {
    match target {
        Target::File(_) => out.attribute("fill", colour(ink, target)),
        Target::Page => out.attribute("style", format!("fill:{}", colour(ink, target))),
    };
}

fn rect(out: &mut Markup, frame: Frame, ink: Ink, target: Target) {
    out.raw("<rect");
    place(out, frame);
    fill(out, ink, target);
}

fn place(out: &mut Markup, Frame { x, y, w, h }: Frame) {
    out.attribute("x", number(x)).attribute("y", number(y));
    out.attribute("width", number(w)).attribute("height", number(h));
}

/// Closes a shape that has a tip.
fn close(out: &mut Markup, name: &'static str, tip: &str, target: Target) {
    match (tip, target) {
        ("", _) => out.raw("/>\n"),
        (tip, Target::File(_)) => out.raw("><title>").text(tip).raw("</title></").raw(name).raw(">\n"),
        (tip, Target::Page) => out.attribute("data-tip", tip).raw("/>\n"),
    };
}

fn add(out: &mut Markup, shape: &Shape, target: Target) {
    match shape {
        Shape::Rect { frame, ink, tip } => {
            rect(out, *frame, *ink, target);
            close(out, "rect", tip, target);
        }
        Shape::Area { points, ink } => {
            out.raw("<polygon").attribute("points", path(points));
            fill(out, *ink, target);
            out.raw("/>\n");
        }
        Shape::Line { points, ink, width } => {
            out.raw("<polyline").attribute("points", path(points)).attribute("fill", "none");
            out.attribute("stroke-width", number(*width)).attribute("stroke-linejoin", "round");
            match target {
                Target::File(_) => out.attribute("stroke", colour(*ink, target)),
                Target::Page => out.attribute("style", format!("stroke:{}", colour(*ink, target))),
            };
            out.raw("/>\n");
        }
        Shape::Dot { at, r, ink, tip } => {
            out.raw("<circle").attribute("cx", number(at.0)).attribute("cy", number(at.1)).attribute("r", number(*r));
            fill(out, *ink, target);
            close(out, "circle", tip, target);
        }
        Shape::Text { at, size, bold, align, ink, text } => {
            out.raw("<text").attribute("x", number(at.0)).attribute("y", number(at.1));
            out.attribute("font-size", number(*size));
            if *bold {
                out.attribute("font-weight", "bold");
            }
            let anchor = match align {
                Align::Start => "start",
                Align::Middle => "middle",
                Align::End => "end",
            };
            out.attribute("text-anchor", anchor);
            fill(out, *ink, target);
            out.raw(">").text(text).raw("</text>\n");
        }
        Shape::Cells { frames, ink } => {
            let cell = |f: &Frame| {
                let (w, h) = (number(f.w), number(f.h));
                format!("M{} {}h{w}v{h}h-{w}z", number(f.x), number(f.y))
            };
            out.raw("<path shape-rendering=\"crispEdges\"").attribute("d", frames.iter().map(cell).collect::<String>());
            fill(out, *ink, target);
            out.raw("/>\n");
        }
        Shape::Series { name, shapes } => {
            let on_page = target == Target::Page;
            if on_page {
                out.raw("<g").attribute("data-series", name).raw(">\n");
            }
            shapes.iter().for_each(|shape| add(out, shape, target));
            if on_page {
                out.raw("</g>\n");
            }
        }
        Shape::Spot { frame, tip } => {
            out.raw("<rect");
            place(out, *frame);
            out.attribute("fill-opacity", "0");
            close(out, "rect", tip, target);
        }
    }
}
