//! The ledger over time, as stacked areas.

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scene::{Align, Frame, LABEL, Scene, WIDTH};
use super::timeline::{self, Slot};
use super::{Chart, font, words};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{duration, percent, plural};

/// The chart.
pub const CHART: Chart = Chart { name: "ledger-over-time", draw };

/// The groups from the bottom up.
const ORDER: [LeafGroup; 4] = [LeafGroup::Productive, LeafGroup::Unproductive, LeafGroup::Idle, LeafGroup::Unavailable];

const HEIGHT: f64 = 230.0;

fn draw(run: &StoredRun) -> Scene {
    let slots = timeline::slots(&run.series);
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
        return layout::empty("Nothing ran", "There is no time to show.");
    };
    let span = last.start + last.width - first.start;
    if span <= 0.0 {
        return layout::empty("Nothing ran", "There is no time to show.");
    }
    let leaves: Vec<Leaf> = ORDER
        .into_iter()
        .flat_map(|group| Leaf::ALL.into_iter().filter(move |l| l.group() == group))
        .filter(|&l| slots.iter().any(|slot| slot.leaves[l as usize] > 0.0))
        .collect();
    let gpus = run.gpus();
    let u = run.summary.utilization;
    let title =
        format!("Jobs held {} of {}, {} usefully", percent(u.allocated), plural(gpus, "GPU"), percent(u.productive));
    let subtitle = format!("GPUs by what became of them, means over {}", duration(first.width));
    let x = MARGIN + layout::value_room(gpus as f64);
    let frame = Frame { x, y: 0.0, w: WIDTH - x - MARGIN, h: HEIGHT };
    let stack = stack(&slots, &leaves);
    let axis = gpus as f64;
    let placed: Vec<Option<(f64, f64)>> =
        (0..leaves.len()).map(|i| label_place(&stack, i, &words::leaf(leaves[i]), frame, axis)).collect();
    let unplaced =
        |(leaf, place): (&Leaf, &Option<(f64, f64)>)| place.is_none().then(|| (Ink::Leaf(*leaf), words::leaf(*leaf)));
    let legend: Vec<(Ink, String)> = leaves.iter().zip(&placed).filter_map(unplaced).collect();
    let below = 28.0 + layout::legend(None, &legend, 0.0) + 6.0;
    let (mut scene, top) = layout::titled(title, subtitle, HEIGHT + below);
    let frame = Frame { y: top, ..frame };
    layout::whole_axis(&mut scene, frame, gpus);
    areas(&mut scene, &stack, &leaves, frame, axis);
    for (leaf, place) in leaves.iter().zip(&placed) {
        if let Some((x, y)) = place {
            scene.label((*x, top + y), Align::Middle, Ink::On(*leaf), words::leaf(*leaf));
        }
    }
    layout::time_axis(&mut scene, frame, span);
    layout::legend(Some(&mut scene), &legend, frame.bottom() + 28.0);
    for (i, slot) in slots.iter().enumerate() {
        scene.spot(timeline::column(frame, i, slots.len()), tip(slot, first.start, &leaves));
    }
    scene
}

/// Running sums: the lower bound of each leaf and the top, by slot.
fn stack(slots: &[Slot], leaves: &[Leaf]) -> Vec<Vec<f64>> {
    let sums = |slot: &Slot| {
        let mut sum = 0.0;
        let mut bounds = vec![0.0];
        for &leaf in leaves {
            sum += slot.leaves[leaf as usize];
            bounds.push(sum);
        }
        bounds
    };
    slots.iter().map(sums).collect()
}

fn areas(scene: &mut Scene, stack: &[Vec<f64>], leaves: &[Leaf], frame: Frame, scale: f64) {
    let bound = |i: usize| timeline::outline(frame, stack.iter().map(|b| b[i] / scale));
    for (i, &leaf) in leaves.iter().enumerate() {
        let mut points = bound(i + 1);
        points.extend(bound(i).into_iter().rev());
        scene.area(points, Ink::Leaf(leaf));
    }
    // Thin lines of the paper keep neighbours apart that look alike to some.
    for i in 1..leaves.len() {
        scene.line(bound(i), Ink::Paper, 0.6);
    }
}

/// Where the name of a leaf fits into its area: where this is thickest over the width of the name, below the frame's top.
fn label_place(stack: &[Vec<f64>], i: usize, name: &str, frame: Frame, axis: f64) -> Option<(f64, f64)> {
    const PADDING: f64 = 4.0;
    let slot = frame.w / stack.len() as f64;
    let over = ((font::width(name, LABEL, false) + 2.0 * PADDING) / slot).ceil() as usize;
    let room = |at: usize| {
        let under = stack[at..at + over].iter().map(|b| b[i]).fold(f64::MIN, f64::max);
        let upper = stack[at..at + over].iter().map(|b| b[i + 1]).fold(f64::MAX, f64::min);
        (upper - under, (upper + under) / 2.0)
    };
    let last = stack.len().checked_sub(over)?;
    let best = (0..=last).map(|at| (at, room(at))).max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.0.cmp(&a.0)))?;
    let (at, (thick, middle)) = best;
    let fits = thick / axis * frame.h >= LABEL + 2.0;
    fits.then(|| (frame.x + (at as f64 + over as f64 / 2.0) * slot, frame.h * (1.0 - middle / axis) + LABEL * 0.36))
}

fn tip(slot: &Slot, origin: f64, leaves: &[Leaf]) -> String {
    let mut tip = format!("after {}", duration(slot.start - origin));
    for &leaf in leaves.iter().rev() {
        let gpus = slot.leaves[leaf as usize];
        if gpus >= 0.05 {
            tip.push_str(&format!("\n{}: {gpus:.1} GPUs", words::leaf(leaf)));
        }
    }
    tip
}
