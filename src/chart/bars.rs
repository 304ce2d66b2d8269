//! What is compared, side by side: bars of the figures that decide, with intervals.

use super::Chart;
use super::layout::{self, MARGIN, ROW};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use crate::experiments::interval::Draws;
use crate::experiments::stored::StoredComparison;
use crate::results::format::{dollars, duration, percent, plural};

/// The chart.
pub const CHART: Chart<StoredComparison> = Chart { name: "comparison", draw };

/// A figure as a panel: its heading, its name, how a value is written.
struct Panel {
    heading: &'static str,
    figure: &'static str,
    shown: fn(f64) -> String,
}

const PANELS: [Panel; 4] = [
    Panel { heading: "productive part of the capacity", figure: "utilization.productive", shown: percent },
    Panel { heading: "mean queue time", figure: "wait_s.mean", shown: duration },
    Panel { heading: "95 % of jobs start within", figure: "wait_s.p95", shown: duration },
    Panel { heading: "idle GPUs, dollars a year", figure: "cost.idle_usd_per_year", shown: dollars },
];

const PITCH: f64 = 19.0;
const BAR: f64 = 12.0;
const GAP: f64 = 16.0;

/// The most room for names.
const NAMES: f64 = 165.0;

fn draw(of: &StoredComparison) -> Scene {
    let panels: Vec<&Panel> = PANELS.iter().filter(|panel| is_told(of, panel)).collect();
    if panels.is_empty() {
        return layout::empty("Nothing ran", "There is no figure to compare.");
    }
    let height = ROW + PITCH * of.contenders.len() as f64 + GAP;
    let (mut scene, top) = layout::titled(title(of), subtitle(of), height * panels.len() as f64);
    for (i, panel) in panels.into_iter().enumerate() {
        draw_panel(&mut scene, of, panel, top + i as f64 * height);
    }
    scene
}

/// Whether any has the figure, and it says anything: nothing is said where there is no price.
fn is_told(of: &StoredComparison, panel: &Panel) -> bool {
    let values = (0..of.contenders.len()).filter_map(|at| of.value(at, panel.figure));
    if panel.figure.starts_with("cost") { values.into_iter().any(|v| v > 0.0) } else { values.count() > 0 }
}

fn subtitle(of: &StoredComparison) -> String {
    let replicates = of.replicates();
    if replicates < 2 {
        return "Values of one run each".to_owned();
    }
    let first = &of.contenders[0].name;
    let values = match of.draws {
        Draws::Bootstrap { .. } => "Values of the trace itself".to_owned(),
        Draws::Independent => format!("Means over {}", plural(replicates as u64, "replicate")),
    };
    format!("{values}; lines: 95 % intervals of the difference to {first}, * where it is significant")
}

fn title(of: &StoredComparison) -> String {
    let names = |at: usize| of.contenders[at].name.as_str();
    let cost = |at: &usize| of.value(*at, "cost.idle_usd_per_year");
    let wait = |at: &usize| of.value(*at, "wait_s.mean");
    let all = 0..of.contenders.len();
    let by = |of: &dyn Fn(&usize) -> Option<f64>, a: &usize, b: &usize| {
        of(a).unwrap_or(f64::MAX).total_cmp(&of(b).unwrap_or(f64::MAX))
    };
    // Who has no GPUs idle may yet have jobs hold them in vain: what counts is what is left for progress.
    let lost = |at: &usize| of.value(*at, "utilization.productive").map(|share| 1.0 - share);
    let cheapest = all.clone().min_by(|a, b| by(&lost, a, b).then(by(&cost, a, b))).unwrap_or(0);
    let quickest = all.min_by(|a, b| by(&wait, a, b)).unwrap_or(0);
    let saved = cost(&0).zip(cost(&cheapest)).map_or(0.0, |(first, least)| first - least);
    let gained = lost(&0).zip(lost(&cheapest)).map_or(0.0, |(first, least)| first - least);
    if cheapest != 0 && saved >= 1.0 && gained >= 0.0005 {
        let noise = noise(of, cheapest, "cost.idle_usd_per_year");
        return format!("{} saves {} of idle GPUs a year over {}{noise}", names(cheapest), dollars(saved), names(0));
    }
    let gained = wait(&0).zip(wait(&quickest)).map_or(0.0, |(first, least)| first - least);
    if quickest != 0 && gained >= 1.0 {
        let noise = noise(of, quickest, "wait_s.mean");
        return format!(
            "{} starts jobs {} sooner than {} on average{noise}",
            names(quickest),
            duration(gained),
            names(0)
        );
    }
    format!("Nothing does much better than {}", names(0))
}

/// What is to be said where a difference is within what replicates leave open.
fn noise(of: &StoredComparison, at: usize, figure: &str) -> &'static str {
    match of.difference(at, figure) {
        Some(difference) if !difference.is_significant() => ", which may be chance",
        _ => "",
    }
}

fn draw_panel(scene: &mut Scene, of: &StoredComparison, panel: &Panel, top: f64) {
    scene.small((MARGIN, top + 11.0), Align::Start, Ink::Muted, panel.heading);
    let values: Vec<Option<f64>> = (0..of.contenders.len()).map(|at| of.value(at, panel.figure)).collect();
    let shown: Vec<String> = (0..values.len()).map(|at| told(of, panel, at, values[at])).collect();
    let names: Vec<String> = of.contenders.iter().map(|c| layout::fitted(&c.name, NAMES)).collect();
    let left = layout::widest(names.iter().map(String::as_str));
    let right = layout::widest(shown.iter().map(String::as_str));
    let frame = Frame { x: MARGIN + left + 10.0, y: top + ROW, w: WIDTH - 2.0 * MARGIN - left - right - 22.0, h: 0.0 };
    let ends: Vec<Option<(f64, f64)>> = (0..values.len()).map(|at| ends(of, panel, at)).collect();
    let most = values.iter().flatten().copied().chain(ends.iter().flatten().map(|(_, high)| *high)).fold(0.0, f64::max);
    let place = |value: f64| frame.x + if most > 0.0 { frame.w * (value / most).clamp(0.0, 1.0) } else { 0.0 };
    for (at, value) in values.iter().enumerate() {
        let y = frame.y + at as f64 * PITCH;
        let baseline = y + BAR - 1.5;
        scene.label((MARGIN + left, baseline), Align::End, Ink::Text, names[at].clone());
        scene.label((WIDTH - MARGIN, baseline), Align::End, Ink::Text, shown[at].clone());
        let Some(value) = *value else { continue };
        let ink = if at == 0 { Ink::Whole } else { Ink::Band };
        let tip = format!("{}\n{}: {}", of.contenders[at].name, panel.heading, shown[at]);
        scene.rect(Frame { x: frame.x, y, w: (place(value) - frame.x).max(1.0), h: BAR }, ink, tip);
        if let Some((low, high)) = ends[at] {
            let middle = y + BAR / 2.0;
            scene.line(vec![(place(low), middle), (place(high), middle)], Ink::Text, 1.4);
            for end in [low, high] {
                scene.line(vec![(place(end), middle - 3.0), (place(end), middle + 3.0)], Ink::Text, 1.4);
            }
        }
    }
}

/// Where the interval of the difference lies around the value.
fn ends(of: &StoredComparison, panel: &Panel, at: usize) -> Option<(f64, f64)> {
    let first = of.value(0, panel.figure)?;
    of.difference(at, panel.figure).map(|d| (first + d.low(), first + d.high()))
}

fn told(of: &StoredComparison, panel: &Panel, at: usize, value: Option<f64>) -> String {
    let Some(value) = value else { return "n/a".to_owned() };
    let mark = of.difference(at, panel.figure).is_some_and(|d| d.is_significant());
    format!("{}{}", (panel.shown)(value), if mark { " *" } else { "" })
}
