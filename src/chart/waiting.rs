//! Waiting jobs and free GPUs over time, one above the other: where both are high, GPUs stand free in vain.

use super::layout::{self, MARGIN, ROW};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::timeline::{self, Slot};
use super::{Chart, words};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::duration;

/// The chart.
pub const CHART: Chart = Chart { name: "waiting-and-free", draw };

const HEIGHT: f64 = 110.0;
const GAP: f64 = 34.0;

fn draw(run: &StoredRun) -> Scene {
    let slots = timeline::slots(&run.series);
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
        return layout::empty("Nothing ran", "There is no time to show.");
    };
    let span = last.start + last.width - first.start;
    if span <= 0.0 {
        return layout::empty("Nothing ran", "There is no time to show.");
    }
    let subtitle =
        format!("Above, jobs in the queue; below, GPUs that no job holds; means over {}", duration(first.width));
    let leaves: Vec<Leaf> = Leaf::ALL
        .into_iter()
        .filter(|l| l.group() == LeafGroup::Idle && slots.iter().any(|s| s.leaves[*l as usize] > 0.0))
        .rev()
        .collect();
    let legend: Vec<(Ink, String)> = leaves.iter().map(|&l| (Ink::Leaf(l), words::leaf(l))).collect();
    let legend_height = layout::legend(None, &legend, 0.0);
    let body = ROW + HEIGHT + GAP + HEIGHT + 28.0 + legend_height + 6.0;
    let (mut scene, top) = layout::titled(title(run), subtitle, body);
    let most_waiting = slots.iter().map(|s| s.waiting).fold(0.0, f64::max);
    let most_free = slots.iter().map(|s| free(s, &leaves)).fold(0.0, f64::max);
    let x = MARGIN + layout::value_room(most_waiting).max(layout::value_room(most_free));
    let above = Frame { x, y: top + ROW, w: WIDTH - x - MARGIN, h: HEIGHT };
    let below = Frame { y: above.bottom() + GAP, ..above };
    let scale = panel(&mut scene, "waiting jobs", above, most_waiting);
    let mut area = timeline::outline(above, slots.iter().map(|s| s.waiting / scale));
    let line = area.clone();
    area.extend([(above.right(), above.bottom()), (above.x, above.bottom())]);
    scene.area(area, Ink::Tail);
    scene.line(line, Ink::Main, 1.8);
    let scale = panel(&mut scene, "free GPUs", below, most_free);
    stacked(&mut scene, &slots, &leaves, below, scale);
    scene.line(vec![(above.x, above.bottom()), (above.right(), above.bottom())], Ink::Muted, 1.0);
    layout::time_axis(&mut scene, below, span);
    layout::legend(Some(&mut scene), &legend, below.bottom() + 28.0);
    let both = Frame { h: below.bottom() - above.y, ..above };
    for (i, slot) in slots.iter().enumerate() {
        scene.spot(timeline::column(both, i, slots.len()), tip(slot, first.start, &leaves));
    }
    scene
}

fn free(slot: &Slot, leaves: &[Leaf]) -> f64 {
    leaves.iter().map(|&l| slot.leaves[l as usize]).sum()
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
    let jobs =
        if waiting < 10.0 { format!("{waiting:.1}") } else { crate::results::format::count(waiting.round() as u64) };
    format!("{jobs} jobs wait on average, {gpus:.1} GPUs are free in vain")
}

/// A title and an axis.
fn panel(scene: &mut Scene, name: &'static str, frame: Frame, max: f64) -> f64 {
    let scale = layout::value_axis(scene, frame, max);
    scene.label((frame.x, frame.y - 7.0), Align::Start, Ink::Text, name);
    scale
}

fn stacked(scene: &mut Scene, slots: &[Slot], leaves: &[Leaf], frame: Frame, scale: f64) {
    let bound = |upto: usize| timeline::outline(frame, slots.iter().map(|s| free(s, &leaves[..upto]) / scale));
    for (i, &leaf) in leaves.iter().enumerate() {
        let mut points = bound(i + 1);
        points.extend(bound(i).into_iter().rev());
        scene.area(points, Ink::Leaf(leaf));
    }
}

fn tip(slot: &Slot, origin: f64, leaves: &[Leaf]) -> String {
    let mut tip = format!("after {}\nwaiting jobs: {:.1}", duration(slot.start - origin), slot.waiting);
    for &leaf in leaves.iter().rev() {
        let gpus = slot.leaves[leaf as usize];
        if gpus >= 0.05 {
            tip.push_str(&format!("\nfree, {}: {gpus:.1} GPUs", words::leaf(leaf)));
        }
    }
    tip
}
