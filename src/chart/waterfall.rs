//! From the capacity down to useful work, leaf by leaf, and to its model FLOPs where they are known.

use super::Chart;
use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::words;
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{dollars, percent};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "idle-waterfall", draw };

/// The groups from the capacity downwards.
const ORDER: [LeafGroup; 3] = [LeafGroup::Unavailable, LeafGroup::Idle, LeafGroup::Unproductive];

const PITCH: f64 = 24.0;
const BAR: f64 = 17.0;

/// A row: its name, what it takes of the capacity, where it begins, what it says.
struct Row {
    name: String,
    ink: Ink,
    from: f64,
    share: f64,
    value: String,
    tip: String,
}

fn draw(run: &StoredRun) -> Scene {
    if run.summary.capacity_gpu_s <= 0.0 {
        return layout::empty("Nothing ran", "The simulation had no time or no GPUs.");
    }
    let rows = rows(run);
    let unit = if in_dollars(run) { "dollars a year" } else { "GPU-hours" };
    let mut subtitle = format!("From {} down to useful work, in {unit} and in percent", run.gpus_text());
    if let Some(partly) = run.partly_priced() {
        subtitle.push_str(&format!("; {partly}"));
    }
    let (mut scene, top) = layout::titled(title(run), subtitle, rows.len() as f64 * PITCH + MARGIN);
    let names = layout::widest(rows.iter().map(|r| r.name.as_str()));
    let values = layout::widest(rows.iter().map(|r| r.value.as_str()));
    let frame = Frame { x: MARGIN + names + 10.0, y: top, w: WIDTH - 2.0 * MARGIN - names - values - 20.0, h: 0.0 };
    for (i, row) in rows.iter().enumerate() {
        let y = top + i as f64 * PITCH;
        let x = frame.x + frame.w * (1.0 - row.from - row.share);
        let bar = Frame { x, y, w: (frame.w * row.share).max(1.0), h: BAR };
        if i > 0 {
            // From where the row above stopped.
            let edge = frame.x + frame.w * (1.0 - row.from);
            scene.line(vec![(edge, y - PITCH + BAR), (edge, y)], Ink::Muted, 1.0);
        }
        scene.rect(bar, row.ink, row.tip.clone());
        scene.label((MARGIN + names, y + 13.0), Align::End, Ink::Text, row.name.clone());
        scene.label((WIDTH - MARGIN, y + 13.0), Align::End, Ink::Text, row.value.clone());
        scene.spot(Frame { x: MARGIN, y, w: WIDTH - 2.0 * MARGIN, h: BAR }, row.tip.clone());
    }
    scene
}

/// Dollars of a part of the GPUs beside shares of all of them would mislead.
fn in_dollars(run: &StoredRun) -> bool {
    run.is_priced() && run.partly_priced().is_none()
}

fn title(run: &StoredRun) -> String {
    let Some(&largest) = run.losses().first() else {
        return "Every GPU-second was useful".to_owned();
    };
    let at = largest as usize;
    let what = words::leaf_first(largest);
    let share = percent(run.share(largest));
    if in_dollars(run) {
        let usd = dollars(run.per_year(run.leaves.usd[at]));
        format!("{what} costs {usd} a year, {share} of the capacity")
    } else {
        format!("{what} takes {share} of the capacity")
    }
}

fn rows(run: &StoredRun) -> Vec<Row> {
    let amount = |share: f64, usd: f64, gpu_seconds: f64| {
        let amount = if in_dollars(run) { dollars(run.per_year(usd)) } else { words::gpu_hours(gpu_seconds) };
        format!("{amount} · {}", percent(share))
    };
    let total = amount(1.0, run.summary.cost.total_usd, run.summary.capacity_gpu_s);
    let mut rows = vec![Row {
        name: "capacity".to_owned(),
        ink: Ink::Whole,
        from: 0.0,
        share: 1.0,
        tip: format!("capacity: {total}"),
        value: total,
    }];
    let mut from = 0.0;
    let mut add = |leaf: Leaf| {
        let share = run.share(leaf);
        let value = amount(share, run.leaves.usd[leaf as usize], run.leaves.gpu_seconds[leaf as usize]);
        let tip = format!("{}: {value}\n{}", words::leaf(leaf), leaf.meaning());
        rows.push(Row { name: words::leaf(leaf), ink: Ink::Leaf(leaf), from, share, value, tip });
        from += share;
    };
    for group in ORDER {
        run.leaves_in_order(|leaf| leaf.group() == group).into_iter().for_each(&mut add);
    }
    add(Leaf::Useful);
    rows.extend(run.summary.utilization.mfu.map(model_flops));
    rows
}

/// What is left of useful work when its FLOPs are counted instead of its time.
fn model_flops(mfu: f64) -> Row {
    let value = percent(mfu);
    let tip = format!("model FLOPs: {value}\nof the GPUs' peak FLOPs, put to use: useful work times its jobs' MFU");
    Row { name: "model FLOPs".to_owned(), ink: Ink::Whole, from: 1.0 - mfu, share: mfu, value, tip }
}
