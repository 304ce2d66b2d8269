//! Waiting jobs and free GPUs over time, one above the other: where both are high, GPUs stand free in vain.

use super::Chart;
use super::layout::{self, MARGIN, ROW};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::stack::Stack;
use super::timeline::{self, Slot, Timeline};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{count, duration, percent};
use crate::results::stored::Places;

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "waiting-and-free", draw };

const HEIGHT: f64 = 110.0;
const GAP: f64 = 34.0;

/// The name of the line over the free GPUs.
const SCATTERED: &str = "on nodes partly in use";

fn draw(run: &StoredRun) -> Scene {
    let Some(time) = Timeline::of(run).filter(|_| run.gpus() > 0) else { return layout::nothing_ran(run) };
    let slots = &time.slots;
    let mut subtitle =
        format!("Above, jobs in the queue; below, GPUs that no job holds; means over {}", duration(slots[0].width));
    let scattered = run.places.as_ref().map(|places| places.scattered.as_slice()).unwrap_or_default();
    if !scattered.is_empty() {
        subtitle.push_str(". Under the line: those free on nodes that other jobs hold a part of");
    }
    let stack = Stack::of(slots, &[LeafGroup::Idle]);
    let mut legend = stack.legend();
    if !scattered.is_empty() {
        legend.push((Ink::Text, SCATTERED.to_owned()));
    }
    let body = ROW + HEIGHT + GAP + HEIGHT + 28.0 + layout::legend(None, &legend, 0.0) + 6.0;
    let (mut scene, top) = layout::titled(title(run), subtitle, body);
    let most_waiting = slots.iter().map(|s| s.waiting).fold(0.0, f64::max);
    let most_free = stack.top();
    let x = MARGIN + layout::value_room(most_waiting).max(layout::value_room(most_free));
    let above = Frame { x, y: top + ROW, w: WIDTH - x - MARGIN, h: HEIGHT };
    let below = Frame { y: above.bottom() + GAP, ..above };
    let scale = panel(&mut scene, "waiting jobs", above, most_waiting);
    let line = timeline::outline(above, slots.iter().map(|s| s.waiting / scale));
    let mut area = line.clone();
    area.extend([(above.right(), above.bottom()), (above.x, above.bottom())]);
    scene.series("waiting jobs", |scene| {
        scene.area(area, Ink::Tail);
        scene.line(line, Ink::Main, 1.8);
    });
    let scale = panel(&mut scene, "free GPUs", below, most_free);
    stack.draw(&mut scene, below, scale);
    if !scattered.is_empty() {
        let line = timeline::outline(below, scattered.iter().map(|gpus| gpus / scale));
        scene.series(SCATTERED, |scene| scene.line(line, Ink::Text, 1.4));
    }
    scene.line(vec![(above.x, above.bottom()), (above.right(), above.bottom())], Ink::Muted, 1.0);
    layout::time_axis(&mut scene, below, time.span);
    layout::legend(Some(&mut scene), &legend, below.bottom() + 28.0);
    let both = Frame { h: below.bottom() - above.y, ..above };
    for (i, slot) in slots.iter().enumerate() {
        let tip = tip(slot, &stack, time.start(), run.places.as_ref());
        scene.spot(timeline::column(both, i, slots.len()), tip);
    }
    scene
}

fn title(run: &StoredRun) -> String {
    let waiting = run.summary.queue_length_mean;
    let wanted = |l: &Leaf| l.group() == LeafGroup::Idle && *l != Leaf::NoDemand;
    let seconds: f64 = Leaf::ALL.iter().filter(|l| wanted(l)).map(|&l| run.leaves.gpu_seconds[l as usize]).sum();
    let gpus = if run.summary.window_s > 0.0 { seconds / run.summary.window_s } else { 0.0 };
    if waiting <= 0.0 {
        return "No job waits".to_owned();
    }
    if waiting < 0.05 {
        return "Hardly any job waits".to_owned();
    }
    let jobs = if waiting < 10.0 { format!("{waiting:.1}") } else { count(waiting.round() as u64) };
    let scattered = match run.leaves.gpu_seconds[Leaf::Fragmentation as usize] {
        time if time > 0.0 && seconds > 0.0 => format!(", {} of them by fragmentation", percent(time / seconds)),
        _ => String::new(),
    };
    format!("{jobs} jobs wait on average, {gpus:.1} GPUs are free in vain{scattered}")
}

/// A title and an axis.
fn panel(scene: &mut Scene, name: &'static str, frame: Frame, max: f64) -> f64 {
    let scale = layout::value_axis(scene, frame, max);
    scene.label((frame.x, frame.y - 9.0), Align::Start, Ink::Text, name);
    scale
}

fn tip(slot: &Slot, stack: &Stack, origin: f64, places: Option<&Places>) -> String {
    let mut tip = format!("{}\nwaiting jobs: {:.1}", stack.tip(slot, origin), slot.waiting);
    if let Some(places) = places {
        let middle = slot.start + slot.width / 2.0 - origin;
        if let Some(gpus) = places.scattered.get((middle / places.bin) as usize) {
            tip.push_str(&format!("\n{SCATTERED}: {gpus:.1} GPUs"));
        }
    }
    tip
}
