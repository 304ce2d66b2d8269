//! The ledger over time, as stacked areas.

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scene::{Align, Frame, LABEL, Scene, WIDTH};
use super::stack::Stack;
use super::timeline::{self, Timeline};
use super::{Chart, font, words};
use crate::ledger::LeafGroup;
use crate::results::StoredRun;
use crate::results::format::{duration, percent};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "ledger-over-time", draw };

/// The groups from the bottom up.
const ORDER: [LeafGroup; 4] = [LeafGroup::Productive, LeafGroup::Unproductive, LeafGroup::Idle, LeafGroup::Unavailable];

const HEIGHT: f64 = 230.0;

fn draw(run: &StoredRun) -> Scene {
    let Some(time) = Timeline::of(run).filter(|_| run.gpus() > 0) else { return layout::nothing_ran(run) };
    let stack = Stack::of(&time.slots, &ORDER);
    let gpus = run.gpus();
    let u = run.summary.utilization;
    let held = format!("Jobs held {} of {}", percent(u.allocated), run.gpus_text());
    let title = match u.allocated - u.productive < 0.0005 {
        true if u.allocated > 0.0 => format!("{held}, all of it usefully"),
        true => format!("Jobs held none of {}", run.gpus_text()),
        false => format!("{held}, {} usefully", percent(u.productive)),
    };
    let subtitle = format!("GPUs by what became of them, means over {}", duration(time.slots[0].width));
    let x = MARGIN + layout::value_room(gpus as f64);
    let frame = Frame { x, y: 0.0, w: WIDTH - x - MARGIN, h: HEIGHT };
    let axis = gpus as f64;
    let placed: Vec<Option<(f64, f64)>> =
        (0..stack.leaves.len()).map(|i| label_place(&stack, i, frame, axis)).collect();
    let legend: Vec<(Ink, String)> =
        stack.legend().into_iter().zip(&placed).filter(|(_, place)| place.is_none()).map(|(entry, _)| entry).collect();
    let below = 28.0 + layout::legend(None, &legend, 0.0) + 6.0;
    let (mut scene, top) = layout::titled(title, subtitle, HEIGHT + below);
    let frame = Frame { y: top, ..frame };
    layout::whole_axis(&mut scene, frame, gpus);
    stack.draw(&mut scene, frame, axis);
    stack.part(&mut scene, frame, axis);
    for (&leaf, place) in stack.leaves.iter().zip(&placed) {
        if let Some((x, y)) = place {
            let name = words::leaf(leaf);
            scene.series(&name, |scene| scene.label((*x, top + y), Align::Middle, Ink::On(leaf), &name));
        }
    }
    layout::time_axis(&mut scene, frame, time.span);
    layout::legend(Some(&mut scene), &legend, frame.bottom() + 28.0);
    for (i, slot) in time.slots.iter().enumerate() {
        scene.spot(timeline::column(frame, i, time.slots.len()), stack.tip(slot, time.start()));
    }
    scene
}

/// Where the name of a leaf fits into its area: where this is thickest over the width of the name, below the frame's top.
fn label_place(stack: &Stack, i: usize, frame: Frame, axis: f64) -> Option<(f64, f64)> {
    const PADDING: f64 = 4.0;
    let bounds = &stack.bounds;
    let name = words::leaf(stack.leaves[i]);
    let slot = frame.w / bounds.len() as f64;
    let over = ((font::width(&name, LABEL, false) + 2.0 * PADDING) / slot).ceil() as usize;
    let room = |at: usize| {
        let under = bounds[at..at + over].iter().map(|b| b[i]).fold(f64::MIN, f64::max);
        let upper = bounds[at..at + over].iter().map(|b| b[i + 1]).fold(f64::MAX, f64::min);
        (upper - under, (upper + under) / 2.0)
    };
    let last = bounds.len().checked_sub(over)?;
    let best = (0..=last).map(|at| (at, room(at))).max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.0.cmp(&a.0)))?;
    let (at, (thick, middle)) = best;
    let fits = thick / axis * frame.h >= LABEL + 2.0;
    fits.then(|| (frame.x + (at as f64 + over as f64 / 2.0) * slot, frame.h * (1.0 - middle / axis) + LABEL * 0.36))
}
