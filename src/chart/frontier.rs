//! Cost against queue time of many clusters or settings: what nothing else beats in both lies on the frontier.

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scale;
use super::scene::{Align, Frame, LABEL, SMALL, Scene, Shape, WIDTH};
use super::{Chart, words};
use crate::experiments::plan::Planned;
use crate::experiments::plan::target::Sense;
use crate::results::format::{HOURS_A_YEAR, dollars, duration};

/// The chart.
pub const CHART: Chart<Frontier> = Chart { name: "cost-frontier", draw };

/// What is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frontier {
    /// What stands upwards: `95 % of jobs start within`.
    pub wait_is: String,
    /// The settings that were tried.
    pub points: Vec<Setting>,
    /// The longest wait that is wanted, in seconds.
    pub most_wait: Option<f64>,
}

/// A setting that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What it is called: `nodes 16`.
    pub name: String,
    /// Dollars a year, or whatever else it costs; at least 0.
    pub cost: f64,
    /// Seconds; at least 0.
    pub wait: f64,
}

impl Frontier {
    /// What a plan has tried.
    #[must_use]
    pub fn of(planned: &Planned) -> Self {
        let plan = &planned.plan;
        let figure = planned.frontier_figure();
        let setting = |(number, wait): (usize, f64)| {
            let setting = &plan.settings[number];
            let parts = plan.knobs.iter().zip(&setting.values).map(|(knob, value)| words::short(&knob.axis.key, value));
            Setting {
                name: parts.collect::<Vec<_>>().join(", "),
                cost: setting.per_hour.as_dollars() * HOURS_A_YEAR,
                wait,
            }
        };
        let target = plan.targets.iter().find(|target| target.figure == figure && target.sense == Sense::AtMost);
        Frontier {
            wait_is: format!("The queue time `{figure}`"),
            points: planned.waits().into_iter().map(setting).collect(),
            most_wait: target.map(|target| target.bound),
        }
    }
}

const HEIGHT: f64 = 240.0;

fn draw(of: &Frontier) -> Scene {
    let front = front(&of.points);
    let (Some(most_cost), Some(most_wait)) = (most(of, |p| p.cost), most(of, |p| p.wait)) else {
        return layout::empty("Nothing was tried", "There is no setting to show.");
    };
    let most_wait = most_wait.max(of.most_wait.unwrap_or(0.0));
    let subtitle = format!("{}, against dollars a year; on the line, what nothing else beats in both", of.wait_is);
    let (mut scene, top) = layout::titled(title(of, &front), subtitle, HEIGHT + 46.0);
    let (costs, waits) = (scale::round_values(most_cost, 4), scale::round_times(most_wait, 4));
    let (full_cost, full_wait) = (costs.last().copied().unwrap_or(1.0), waits.last().copied().unwrap_or(1.0));
    let room = waits.iter().map(|w| super::font::width(&duration(*w), SMALL, false)).fold(0.0, f64::max);
    let half = super::font::width(&dollars(full_cost), SMALL, false) / 2.0;
    let x = MARGIN + room + 6.0;
    let frame = Frame { x, y: top + 6.0, w: WIDTH - x - MARGIN - half, h: HEIGHT };
    for wait in waits {
        let y = frame.bottom() - frame.h * wait / full_wait;
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Grid, 1.0);
        scene.small((frame.x - 6.0, y + 4.0), Align::End, Ink::Muted, duration(wait));
    }
    let mut free_from = 0.0;
    for cost in costs {
        let name = if cost > 0.0 { dollars(cost) } else { "$0".to_owned() };
        let x = frame.x + frame.w * cost / full_cost;
        let half = super::font::width(&name, SMALL, false) / 2.0;
        scene.line(vec![(x, frame.bottom()), (x, frame.bottom() + 4.0)], Ink::Muted, 1.0);
        if x - half >= free_from {
            free_from = x + half + 8.0;
            scene.small((x, frame.bottom() + 17.0), Align::Middle, Ink::Muted, name);
        }
    }
    let at = |p: &Setting| (frame.x + frame.w * p.cost / full_cost, frame.bottom() - frame.h * p.wait / full_wait);
    let wanted = of.most_wait.map(|wanted| frame.bottom() - frame.h * wanted / full_wait);
    if let Some(y) = wanted {
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Line(1), 1.6);
    }
    for (i, point) in of.points.iter().enumerate().filter(|(i, _)| !front.contains(i)) {
        dot(&mut scene, at(point), 4.0, Ink::Whole, &of.points[i]);
    }
    scene.line(front.iter().map(|&i| at(&of.points[i])).collect(), Ink::Main, 2.0);
    for &i in &front {
        dot(&mut scene, at(&of.points[i]), 5.0, Ink::Main, &of.points[i]);
    }
    let dots: Vec<(f64, f64)> = of.points.iter().map(at).collect();
    let mut labels = Labels::beside(&dots, &front, frame);
    if let (Some(y), Some(most)) = (wanted, of.most_wait) {
        labels.line(&mut scene, y, format!("wanted: {}", duration(most)));
    }
    names(&mut scene, of, &front, &dots, labels);
    scene
}

fn most(of: &Frontier, what: impl Fn(&Setting) -> f64) -> Option<f64> {
    of.points.iter().map(what).max_by(f64::total_cmp)
}

fn dot(scene: &mut Scene, at: (f64, f64), r: f64, ink: Ink, of: &Setting) {
    let tip = format!("{}\n{} a year\n{}", of.name, dollars(of.cost), duration(of.wait));
    scene.shapes.push(Shape::Dot { at, r, ink, tip });
}

/// The settings that none beats in both, the cheapest first; of equals, the first that was tried.
fn front(points: &[Setting]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[a].cost.total_cmp(&points[b].cost).then(points[a].wait.total_cmp(&points[b].wait)).then(a.cmp(&b))
    });
    let mut least = f64::INFINITY;
    order.retain(|&i| {
        let is_better = points[i].wait < least;
        least = least.min(points[i].wait);
        is_better
    });
    order
}

/// The cheapest that is quick enough, or the ends of the frontier.
fn title(of: &Frontier, front: &[usize]) -> String {
    let told = |p: &Setting| format!("{} costs {} a year", p.name, dollars(p.cost));
    if let Some(wanted) = of.most_wait {
        return match chosen(of, front) {
            Some(i) => format!("{} and keeps within {}", told(&of.points[i]), duration(wanted)),
            None => format!("Nothing that was tried keeps within {}", duration(wanted)),
        };
    }
    match (front.first(), front.last()) {
        (Some(&first), Some(&last)) if first != last => {
            let (cheap, quick) = (&of.points[first], &of.points[last]);
            let (less, more) = (duration(quick.wait), duration(cheap.wait));
            format!("{} more a year bring {more} down to {less}", dollars(quick.cost - cheap.cost))
        }
        (Some(&only), _) => format!("{}: nothing is cheaper or quicker", told(&of.points[only])),
        _ => "Nothing was tried".to_owned(),
    }
}

/// The number of the cheapest setting on the frontier that is quick enough.
fn chosen(of: &Frontier, front: &[usize]) -> Option<usize> {
    front.iter().copied().find(|&i| of.most_wait.is_some_and(|most| of.points[i].wait <= most))
}

/// Names of settings on the frontier, where they touch neither each other, nor a dot, nor a line: that of the chosen one
/// first, then those of the ends.
fn names(scene: &mut Scene, of: &Frontier, front: &[usize], dots: &[(f64, f64)], mut labels: Labels) {
    let first = chosen(of, front).into_iter().chain(front.first().copied()).chain(front.last().copied());
    let mut named: Vec<usize> = Vec::new();
    for i in first.chain(front.iter().copied()) {
        if !named.contains(&i) {
            named.push(i);
            labels.dot(scene, dots[i], &of.points[i].name, chosen(of, front) == Some(i));
        }
    }
}

/// Where there is room for texts among dots and lines.
struct Labels {
    taken: Vec<Frame>,
    frame: Frame,
}

impl Labels {
    /// Beside `dots` and the line through those of the frontier.
    fn beside(dots: &[(f64, f64)], front: &[usize], frame: Frame) -> Self {
        const STEPS: u32 = 40;
        let around = |(x, y): (f64, f64), r: f64| Frame { x: x - r, y: y - r, w: 2.0 * r, h: 2.0 * r };
        let along = |pair: &[usize]| {
            let (from, to) = (dots[pair[0]], dots[pair[1]]);
            let at = |step: u32| f64::from(step) / f64::from(STEPS);
            let place = move |step| (from.0 + (to.0 - from.0) * at(step), from.1 + (to.1 - from.1) * at(step));
            (0..STEPS).map(move |step| around(place(step), 1.0)).collect::<Vec<_>>()
        };
        let line = front.windows(2).flat_map(along);
        Labels { taken: dots.iter().map(|&dot| around(dot, 5.0)).chain(line).collect(), frame }
    }

    /// Keeps texts off a level line, and says at its right end what it is, where there is room.
    fn line(&mut self, scene: &mut Scene, y: f64, text: String) {
        let (frame, w) = (self.frame, super::font::width(&text, LABEL, false));
        self.taken.push(Frame { x: frame.x, y: y - 1.0, w: frame.w, h: 2.0 });
        let right = frame.right() - w;
        let places = [(right, y - 6.0), (right, y + 17.0), (frame.x + 6.0, y - 6.0)];
        self.place(scene, &places, w, text, false);
    }

    /// A name beside a dot.
    fn dot(&mut self, scene: &mut Scene, (x, y): (f64, f64), name: &str, bold: bool) {
        let name = layout::fitted(name, 160.0);
        let w = super::font::width(&name, LABEL, bold);
        let near = [(x + 8.0, y - 6.0), (x - 8.0 - w, y - 6.0), (x + 8.0, y + 17.0), (x - 8.0 - w, y + 17.0)];
        // The chosen one may stand a little farther up, to the right, where the line does not come from.
        let above = (1..4).map(|n| (x + 8.0, y - 6.0 - f64::from(n) * 7.0));
        let places: Vec<(f64, f64)> = if bold { near.into_iter().chain(above).collect() } else { near.to_vec() };
        self.place(scene, &places, w, name, bold);
    }

    fn place(&mut self, scene: &mut Scene, places: &[(f64, f64)], w: f64, text: String, bold: bool) {
        let boxed = |(x, y): (f64, f64)| Frame { x, y: y - LABEL * 0.73, w, h: LABEL };
        let frame = self.frame;
        let is_free = |place: &&(f64, f64)| {
            let own = boxed(**place);
            let is_inside = own.x >= frame.x
                && own.right() <= WIDTH - 4.0
                && own.y > frame.y - 6.0
                && own.bottom() < frame.bottom();
            is_inside && self.taken.iter().all(|other| !own.overlaps(*other))
        };
        if let Some(&at) = places.iter().find(is_free) {
            self.taken.push(boxed(at));
            scene.shapes.push(Shape::Text { at, size: LABEL, bold, align: Align::Start, ink: Ink::Text, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, cost: f64, wait: f64) -> Setting {
        Setting { name: name.to_owned(), cost, wait }
    }

    #[test]
    fn the_frontier_is_what_nothing_beats_in_both() {
        let points = [
            setting("dear and slow", 9.0, 9.0),
            setting("cheap", 1.0, 8.0),
            setting("same as cheap", 1.0, 8.0),
            setting("quick", 8.0, 1.0),
            setting("middle", 4.0, 3.0),
            setting("dearer than middle", 5.0, 3.0),
        ];
        assert_eq!(front(&points), [1, 4, 3]);
        let frontier = Frontier { wait_is: "Queue time".to_owned(), points: points.to_vec(), most_wait: Some(4.0) };
        assert_eq!((CHART.draw)(&frontier).title, "middle costs $4.00 a year and keeps within 4s");
        assert_eq!((CHART.draw)(&Frontier::default()).title, "Nothing was tried");
    }
}
