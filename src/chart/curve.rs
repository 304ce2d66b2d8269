//! A figure over the first axis of a sweep: a line for each setting of the others, a band for what replicates leave open,
//! a mark where the line turns.

use super::knee::knee;
use super::layout::{self, MARGIN, Stroke};
use super::palette::Ink;
use super::scale;
use super::scene::{Align, Frame, SMALL, Scene, Shape, WIDTH};
use super::spread::Spread;
use super::xaxis::XAxis;
use super::{Chart, words};
use crate::experiments::interval::{Draws, Interval};
use crate::experiments::stored::StoredSweep;
use crate::results::format::{count, dollars, duration, percent, round_percent};

/// The charts.
pub const CHARTS: [Chart<StoredSweep>; 3] = [
    Chart { name: "sweep-queue-time", draw: |sweep| draw(sweep, &QUEUE_TIME) },
    Chart { name: "sweep-utilization", draw: |sweep| draw(sweep, &UTILIZATION) },
    Chart { name: "sweep-idle-cost", draw: |sweep| draw(sweep, &IDLE_COST) },
];

/// What is shown: its name, a word for it in a title, how a value is written.
struct What {
    figure: &'static str,
    word: &'static str,
    shown: fn(f64) -> String,
    /// How a round value is written at the axis.
    tick: fn(f64) -> String,
    /// What a value says, in a title.
    told: fn(&str) -> String,
    /// The title of where it is best, but for the place and the value.
    best: &'static str,
    /// The title where it is nothing everywhere.
    nothing: &'static str,
    /// It cannot be more than this.
    most: f64,
    /// Round values of an axis that reaches so far.
    round: fn(f64, usize) -> Vec<f64>,
    /// Whether less of it is better.
    is_bad: bool,
}

const QUEUE_TIME: What = What {
    figure: "wait_s.p95",
    word: "95 % of jobs start within",
    shown: duration,
    tick: duration,
    told: |value| format!("95 % of jobs start within {value}"),
    best: "Jobs start soonest",
    nothing: "95 % of jobs start at once, whatever the setting",
    most: f64::MAX,
    round: scale::round_times,
    is_bad: true,
};
const UTILIZATION: What = What {
    figure: "utilization.productive",
    word: "productive part of the capacity",
    shown: percent,
    tick: round_percent,
    told: |value| format!("{value} of the capacity"),
    best: "The cluster is most productive",
    nothing: "Nothing is productive, whatever the setting",
    most: 1.0,
    round: scale::round_values,
    is_bad: false,
};
const IDLE_COST: What = What {
    figure: "cost.idle_usd_per_year",
    word: "idle GPUs, dollars a year",
    shown: dollars,
    tick: |usd| format!("${}", count(usd.round() as u64)),
    told: |value| format!("{value} a year"),
    best: "Idle GPUs cost least",
    nothing: "Idle GPUs cost nothing, whatever the setting",
    most: f64::MAX,
    round: scale::round_values,
    is_bad: true,
};

const HEIGHT: f64 = 220.0;

/// The most lines; further settings are left out and counted.
const MOST: usize = 12;

/// A place on a line.
struct Point {
    /// On the axis: a number, or the place among names.
    x: f64,
    /// What else it has that its line does not say.
    others: String,
    value: f64,
    /// Where replicates are enough.
    interval: Option<Interval>,
}

impl Point {
    fn low(&self) -> f64 {
        self.interval.map_or(self.value, Interval::low)
    }

    fn high(&self) -> f64 {
        self.interval.map_or(self.value, Interval::high)
    }

    /// The upper end of its interval, no more than can be.
    fn upper(&self, what: &What) -> f64 {
        self.high().min(what.most)
    }
}

/// A line.
struct Line {
    /// The settings of the other keys; empty where there is no other.
    name: String,
    points: Vec<Point>,
    knee: Option<usize>,
}

fn draw(sweep: &StoredSweep, what: &What) -> Scene {
    let spread = Spread::of(sweep, what.figure);
    let Some(axis) = XAxis::of(sweep, spread.key()) else {
        return layout::empty("A sweep without an axis is one point", "There is no curve to show.");
    };
    let all = lines(sweep, what, &axis, &spread);
    if all.iter().all(|line| line.points.iter().all(|p| p.value <= 0.0)) {
        let title = match all.is_empty() {
            true => "No run is done",
            false if has_no_dollars(sweep, what) => "No pool has a price",
            false => what.nothing,
        };
        return layout::empty(title, &format!("{}: there is nothing to show.", what.word));
    }
    let lines = &all[..all.len().min(MOST)];
    let most = lines.iter().flat_map(|l| &l.points).map(|p| p.upper(what)).fold(0.0, f64::max);
    let named = lines.len() > 1;
    let legend: Vec<(Stroke, String)> = match named {
        true => lines.iter().enumerate().map(|(i, line)| (Stroke::of_number(i), line.name.clone())).collect(),
        false => Vec::new(),
    };
    let below = 28.0 + layout::legend_of_lines(None, &legend, 0.0) + 6.0;
    let (mut scene, top) =
        layout::titled(title(lines, what, &axis), subtitle(sweep, what, &axis, &spread, all.len()), HEIGHT + below);
    let values = (what.round)(most, 4);
    let full = values.last().copied().unwrap_or(1.0);
    let room = values.iter().map(|v| super::font::width(&named_value(*v, what), SMALL, false)).fold(0.0, f64::max);
    let x = MARGIN + room + 6.0;
    let frame = Frame { x, y: top, w: WIDTH - x - MARGIN - 10.0, h: HEIGHT };
    for value in values {
        let y = frame.bottom() - frame.h * value / full;
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Grid, 1.0);
        scene.small((frame.x - 6.0, y + 4.0), Align::End, Ink::Muted, named_value(value, what));
    }
    axis.draw(&mut scene, frame);
    let at = |x: f64, value: f64| (axis.place(x, frame), frame.bottom() - frame.h * (value / full).clamp(0.0, 1.0));
    for (i, line) in lines.iter().enumerate().rev() {
        let stroke = Stroke::of_number(i);
        let name = if named { line.name.as_str() } else { what.word };
        scene.series(name, |scene| {
            let beside = if named { (i as f64 - (lines.len() - 1) as f64 / 2.0) * 3.0 } else { 0.0 };
            let alone = !named && spread == Spread::Curves;
            band(scene, (line, what), &at, stroke.ink, (!alone).then_some(beside));
            if spread == Spread::Curves {
                stroke.draw(scene, line.points.iter().map(|p| at(p.x, p.value)).collect(), 2.2);
            }
            for (n, point) in line.points.iter().enumerate() {
                let is_knee = line.knee == Some(n);
                let tip = tip(line, point, what, &axis, is_knee);
                if is_knee {
                    scene.shapes.push(Shape::Dot {
                        at: at(point.x, point.value),
                        r: 8.0,
                        ink: stroke.ink,
                        tip: tip.clone(),
                    });
                    scene.shapes.push(Shape::Dot {
                        at: at(point.x, point.value),
                        r: 5.5,
                        ink: Ink::Paper,
                        tip: tip.clone(),
                    });
                }
                scene.shapes.push(Shape::Dot { at: at(point.x, point.value), r: 3.5, ink: stroke.ink, tip });
            }
        });
    }
    layout::legend_of_lines(Some(&mut scene), &legend, frame.bottom() + 28.0);
    scene
}

/// Whether dollars are to be shown where there are none.
fn has_no_dollars(sweep: &StoredSweep, what: &What) -> bool {
    let is_priced = |point: usize| sweep.value(point, "cost.total_usd").is_some_and(|(usd, _)| usd > 0.0);
    what.figure.starts_with("cost.") && !(0..sweep.points.len()).any(is_priced)
}

/// A value at an axis.
fn named_value(value: f64, what: &What) -> String {
    if value > 0.0 { (what.tick)(value) } else { "0".to_owned() }
}

/// What replicates leave open: an area where the line is alone, else thin lines at each point, `beside` it so that they
/// do not hide those of other lines.
fn band(
    scene: &mut Scene,
    (line, what): (&Line, &What),
    at: &dyn Fn(f64, f64) -> (f64, f64),
    ink: Ink,
    beside: Option<f64>,
) {
    if line.points.iter().all(|p| p.high() <= p.low()) {
        return;
    }
    let Some(beside) = beside else {
        let upper = line.points.iter().map(|p| at(p.x, p.upper(what)));
        let lower = line.points.iter().rev().map(|p| at(p.x, p.low()));
        scene.area(upper.chain(lower).collect(), Ink::Tail);
        return;
    };
    for p in &line.points {
        let end = |value: f64| (at(p.x, value).0 + beside, at(p.x, value).1);
        scene.line(vec![end(p.low()), end(p.upper(what))], ink, 1.2);
    }
}

fn lines(sweep: &StoredSweep, what: &What, axis: &XAxis, spread: &Spread) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for number in 0..sweep.points.len() {
        let Some((value, interval)) = sweep.value(number, what.figure) else { continue };
        let settings = sweep.settings(number);
        let short = |of_line: bool| {
            let others = sweep.design.keys().zip(&settings).enumerate();
            let others =
                others.filter(|(at, _)| *at != spread.key() && spread.tells_lines_apart(sweep, *at) == of_line);
            others.map(|(_, (key, value))| words::short(key, value)).collect::<Vec<_>>().join(", ")
        };
        let (name, others) = (short(true), short(false));
        let point = Point { x: axis.value(&settings[spread.key()]), others, value, interval };
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { name, points: vec![point], knee: None }),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let curve: Vec<(f64, f64)> = line.points.iter().map(|p| (p.x, p.value)).collect();
        line.knee = (axis.is_numeric() && *spread == Spread::Curves).then(|| knee(&curve)).flatten();
    }
    lines
}

fn subtitle(sweep: &StoredSweep, what: &What, axis: &XAxis, spread: &Spread, lines: usize) -> String {
    let mut text = format!("{}, by {}", what.word, axis.key);
    text.push_str(&spread.told(sweep));
    let has_intervals = match sweep.draws {
        Draws::Independent => sweep.replicates > 1,
        Draws::Bootstrap { .. } => sweep.replicates > 2,
    };
    if has_intervals {
        text.push_str(match sweep.draws {
            Draws::Independent => "; means over the replicates, with 95 % intervals",
            Draws::Bootstrap { .. } => "; of the trace itself, with 95 % intervals",
        });
    }
    if lines > MOST {
        text.push_str(&format!("; {MOST} of {lines} lines"));
    }
    text
}

fn title(lines: &[Line], what: &What, axis: &XAxis) -> String {
    let last = axis.key.rsplit('.').next().unwrap_or(&axis.key);
    // Of the lines that turn the one that ends best.
    let ends = lines.iter().filter_map(|line| Some((line, line.knee?, line.points.last()?)));
    let by_end = |a: &(&Line, usize, &Point), b: &(&Line, usize, &Point)| a.2.value.total_cmp(&b.2.value);
    let turning = if what.is_bad { ends.min_by(by_end) } else { ends.max_by(by_end) };
    if let Some((line, at, end)) = turning {
        let (x, value) = (axis.name(line.points[at].x), (what.told)(&(what.shown)(line.points[at].value)));
        let of = if line.name.is_empty() { String::new() } else { format!(" with {}", line.name) };
        let rises = line.points.first().is_some_and(|first| end.value > first.value);
        let slower = if rises == what.is_bad { "it gets worse more slowly" } else { "gains are smaller" };
        let (x_end, end) = (axis.name(end.x), (what.shown)(end.value));
        return format!("Beyond {last} = {x}{of}, {slower}: {value}, {end} at {x_end}");
    }
    let points = lines.iter().flat_map(|line| line.points.iter().map(move |p| (line, p)));
    let by = |a: &(&Line, &Point), b: &(&Line, &Point)| a.1.value.total_cmp(&b.1.value);
    let best = if what.is_bad { points.min_by(by) } else { points.max_by(by) };
    let Some((line, point)) = best else { return "No run is done".to_owned() };
    let of = [&point.others, &line.name].into_iter().filter(|text| !text.is_empty()).map(|text| format!(", {text}"));
    let value = (what.told)(&(what.shown)(point.value));
    format!("{} with {last} = {}{}: {value}", what.best, axis.name(point.x), of.collect::<String>())
}

fn tip(line: &Line, point: &Point, what: &What, axis: &XAxis, is_knee: bool) -> String {
    let mut tip = format!("{} = {}", axis.key, axis.name(point.x));
    for also in [&point.others, &line.name].into_iter().filter(|text| !text.is_empty()) {
        tip.push_str(&format!("\n{also}"));
    }
    tip.push_str(&format!("\n{}: {}", what.word, (what.shown)(point.value)));
    if let Some(interval) = point.interval.filter(|interval| interval.high() > interval.low()) {
        tip.push_str(&format!(" {}", interval.ends(what.shown)));
    }
    if is_knee {
        tip.push_str("\nHere the curve turns.");
    }
    tip
}
