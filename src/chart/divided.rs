//! What became of the capacity, leaf by leaf, for each that is compared.

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::{Chart, words};
use crate::experiments::stored::{Contender, StoredComparison};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::format::percent;

/// The chart.
pub const CHART: Chart<StoredComparison> = Chart { name: "ledger-by-contender", draw };

/// The groups from the left.
const ORDER: [LeafGroup; 4] = [LeafGroup::Productive, LeafGroup::Unproductive, LeafGroup::Idle, LeafGroup::Unavailable];

const PITCH: f64 = 26.0;
const BAR: f64 = 19.0;
const NAMES: f64 = 165.0;

fn draw(of: &StoredComparison) -> Scene {
    let leaves: Vec<Leaf> = ORDER
        .into_iter()
        .flat_map(|group| Leaf::ALL.into_iter().filter(move |l| l.group() == group))
        .filter(|&leaf| of.contenders.iter().any(|c| share(c, leaf) >= 0.0005))
        .collect();
    if leaves.is_empty() {
        return layout::empty("Nothing ran", "There is no capacity to divide.");
    }
    let legend: Vec<(Ink, String)> = leaves.iter().map(|&leaf| (Ink::Leaf(leaf), words::leaf(leaf))).collect();
    let body = PITCH * of.contenders.len() as f64 + 8.0 + layout::legend(None, &legend, 0.0) + 6.0;
    let subtitle = "The capacity by what became of it; at the right, the part that was useful".to_owned();
    let (mut scene, top) = layout::titled(title(of, &leaves), subtitle, body);
    let names: Vec<String> = of.contenders.iter().map(|c| layout::fitted(&c.name, NAMES)).collect();
    let useful: Vec<String> = of.contenders.iter().map(|c| percent(share(c, Leaf::Useful))).collect();
    let left = layout::widest(names.iter().map(String::as_str));
    let right = layout::widest(useful.iter().map(String::as_str));
    let frame = Frame { x: MARGIN + left + 10.0, y: top, w: WIDTH - 2.0 * MARGIN - left - right - 20.0, h: BAR };
    for (i, contender) in of.contenders.iter().enumerate() {
        let y = top + i as f64 * PITCH;
        scene.label((MARGIN + left, y + 14.0), Align::End, Ink::Text, names[i].clone());
        scene.label((WIDTH - MARGIN, y + 14.0), Align::End, Ink::Text, useful[i].clone());
        let mut x = frame.x;
        for &leaf in &leaves {
            let w = frame.w * share(contender, leaf);
            let tip = format!("{}\n{}: {}", contender.name, words::leaf(leaf), percent(share(contender, leaf)));
            if w > 0.05 {
                scene.series(words::leaf(leaf), |scene| scene.rect(Frame { x, y, w, h: BAR }, Ink::Leaf(leaf), tip));
            }
            x += w;
        }
    }
    layout::legend(Some(&mut scene), &legend, top + PITCH * of.contenders.len() as f64 + 6.0);
    scene
}

fn share(contender: &Contender, leaf: Leaf) -> f64 {
    let figure = |name: &str| contender.figures.number(name).unwrap_or(0.0);
    let capacity = figure("capacity_gpu_s");
    if capacity > 0.0 { figure(&format!("ledger.{}", leaf.name())) / capacity } else { 0.0 }
}

/// The leaf without progress that differs most.
fn title(of: &StoredComparison, leaves: &[Leaf]) -> String {
    let lost = leaves.iter().copied().filter(|l| l.group() != LeafGroup::Productive);
    let ends = lost.filter_map(|leaf| {
        let by = |a: &&Contender, b: &&Contender| share(a, leaf).total_cmp(&share(b, leaf));
        Some((leaf, of.contenders.iter().min_by(by)?, of.contenders.iter().max_by(by)?))
    });
    let gap = |(leaf, least, most): &(Leaf, &Contender, &Contender)| share(most, *leaf) - share(least, *leaf);
    let Some((leaf, least, most)) = ends.max_by(|a, b| gap(a).total_cmp(&gap(b))) else {
        return "Every GPU-second was useful".to_owned();
    };
    if share(most, leaf) - share(least, leaf) < 0.0005 {
        return "The capacity goes the same ways, whichever is taken".to_owned();
    }
    let low = if share(least, leaf) > 0.0 { percent(share(least, leaf)) } else { "none".to_owned() };
    let (what, high) = (words::leaf_first(leaf), percent(share(most, leaf)));
    format!("{what} takes {high} of the capacity with {}, {low} with {}", most.name, least.name)
}
