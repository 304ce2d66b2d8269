//! What jobs ask of storage systems over time, and what they get: a panel for each direction that is used.

use super::Chart;
use super::layout::{self, MARGIN, ROW};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::timeline::{self, Timeline};
use crate::results::StoredRun;
use crate::results::format::{duration, percent};
use crate::results::stored::{Channel, Flow};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "storage-demand", draw };

const HEIGHT: f64 = 110.0;
const GAP: f64 = 34.0;

/// The most panels; those that lack most are shown.
const MOST: usize = 4;

const ASKED: &str = "asked for";
const GIVEN: &str = "granted";
const LIMIT: &str = "bandwidth of the system";

fn draw(run: &StoredRun) -> Scene {
    let Some(time) = Timeline::of(run) else { return layout::nothing_ran(run) };
    let (shown, left_out) = shown(run);
    if shown.is_empty() {
        return layout::empty(
            "No job asks storage for anything",
            "No bytes are read from storage systems or written there.",
        );
    }
    let mut subtitle = format!(
        "What jobs would move if each had the system for itself, and what they move, means over {}",
        duration(time.slots[0].width)
    );
    if left_out > 0 {
        subtitle.push_str(&format!("; {left_out} more that lack less are left out"));
    }
    let panels: Vec<Panel> = shown.iter().map(|channel| Panel::of(channel)).collect();
    let mut legend = vec![(Ink::Main, GIVEN.to_owned()), (Ink::Tail, format!("{ASKED}, not granted"))];
    if panels.iter().any(|panel| panel.limit.is_some()) {
        legend.push((Ink::Text, LIMIT.to_owned()));
    }
    let body = (ROW + HEIGHT) * panels.len() as f64 + GAP * (panels.len() - 1) as f64 + 28.0;
    let (mut scene, top) = layout::titled(title(&shown), subtitle, body + layout::legend(None, &legend, 0.0) + 6.0);
    let x = MARGIN + panels.iter().map(|panel| layout::value_room(panel.top)).fold(0.0, f64::max);
    let mut frame = Frame { x, y: top + ROW, w: WIDTH - x - MARGIN, h: HEIGHT };
    for (i, panel) in panels.iter().enumerate() {
        if i > 0 {
            frame.y += HEIGHT + ROW + GAP;
        }
        panel.draw(&mut scene, frame, &time);
    }
    layout::time_axis(&mut scene, frame, time.span);
    layout::legend(Some(&mut scene), &legend, frame.bottom() + 28.0);
    scene
}

/// The channels that are used, as far as there is room, and how many more there are.
fn shown(run: &StoredRun) -> (Vec<&Channel>, usize) {
    let lack = |channel: &Channel| channel.bytes().0 - channel.bytes().1;
    let mut used: Vec<&Channel> = run.storage.iter().filter(|channel| channel.bytes().0 > 0.0).collect();
    let left_out = used.len().saturating_sub(MOST);
    if left_out > 0 {
        used.sort_by(|a, b| lack(b).total_cmp(&lack(a)));
        used.truncate(MOST);
    }
    (used, left_out)
}

/// The channel that grants the smallest part of what it is asked for.
fn title(shown: &[&Channel]) -> String {
    let part = |channel: &Channel| channel.bytes().1 / channel.bytes().0;
    let Some(least) = shown.iter().min_by(|a, b| part(a).total_cmp(&part(b))) else { return String::new() };
    if part(least) > 0.9995 {
        return "Storage grants all that jobs ask for".to_owned();
    }
    let name = layout::fitted(&least.storage, 240.0);
    let deed = if least.direction == "read" { "read from it" } else { "write to it" };
    format!("{name} grants {} of what jobs could {deed}", percent(part(least)))
}

/// One channel in slots, in a unit that suits it.
struct Panel {
    name: String,
    /// The highest value.
    top: f64,
    limit: Option<f64>,
    /// Asked for, and granted.
    slots: Vec<(f64, f64)>,
    unit: &'static str,
}

impl Panel {
    fn of(channel: &Channel) -> Self {
        let slots: Vec<(f64, f64)> = channel.flows.chunks(timeline::each(channel.flows.len())).map(mean).collect();
        let most = slots.iter().map(|slot| slot.0).fold(0.0, f64::max);
        let (unit, size) = match most {
            1e9.. => ("GB/s", 1e9),
            1e6.. => ("MB/s", 1e6),
            _ => ("kB/s", 1e3),
        };
        // A bandwidth far above all that is asked for would leave no room for it.
        let limit = channel.limit.filter(|&limit| limit <= 1.5 * most).map(|limit| limit / size);
        let name = layout::fitted(&channel.storage, 0.45 * WIDTH);
        let free = channel.limit.filter(|&limit| limit > 1.5 * most);
        let free = free.map(|limit| format!(" (of {} {unit})", rounded(limit / size))).unwrap_or_default();
        Panel {
            name: format!("{name}, {}, {unit}{free}", channel.direction),
            top: (most / size).max(limit.unwrap_or(0.0)),
            limit,
            slots: slots.iter().map(|(asked, given)| (asked / size, given / size)).collect(),
            unit,
        }
    }

    fn draw(&self, scene: &mut Scene, frame: Frame, time: &Timeline) {
        let scale = layout::value_axis(scene, frame, self.top);
        scene.label((frame.x, frame.y - 9.0), Align::Start, Ink::Text, self.name.clone());
        for (name, ink) in [(ASKED, Ink::Tail), (GIVEN, Ink::Main)] {
            let value = |&(asked, given): &(f64, f64)| if name == ASKED { asked } else { given };
            let mut area = timeline::outline(frame, self.slots.iter().map(|slot| value(slot) / scale));
            area.extend([(frame.right(), frame.bottom()), (frame.x, frame.bottom())]);
            scene.series(name, |scene| scene.area(area, ink));
        }
        let line = timeline::outline(frame, self.slots.iter().map(|slot| slot.0 / scale));
        scene.series(ASKED, |scene| scene.line(line, Ink::Band, 1.2));
        if let Some(limit) = self.limit {
            let y = frame.bottom() - frame.h * limit / scale;
            scene.series(LIMIT, |scene| scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Text, 1.4));
        }
        scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Muted, 1.0);
        for (i, (slot, (asked, given))) in time.slots.iter().zip(&self.slots).enumerate() {
            let (asked, given) = (rounded(*asked), rounded(*given));
            let after = duration(slot.start - time.start());
            let tip = format!(
                "after {after}\n{}\n{ASKED}: {asked} {unit}\n{GIVEN}: {given} {unit}",
                self.name,
                unit = self.unit
            );
            scene.spot(timeline::column(frame, i, self.slots.len()), tip);
        }
    }
}

/// Three digits.
fn rounded(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Bytes per second over some buckets: asked for, and granted.
fn mean(flows: &[Flow]) -> (f64, f64) {
    let width: f64 = flows.iter().map(|flow| flow.width).sum();
    let of = |of: fn(&Flow) -> f64| match width > 0.0 {
        true => flows.iter().map(|flow| of(flow) * flow.width).sum::<f64>() / width,
        false => 0.0,
    };
    (of(|flow| flow.demand), of(|flow| flow.granted))
}
