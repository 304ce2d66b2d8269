//! How much of each node jobs hold, over time.

use super::Chart;
use super::layout::{self, MARGIN};
use super::palette::{HEATS, Ink};
use super::rows::{self, Cells, Rows};
use super::scene::{Align, Frame, SMALL, Scene};
use crate::results::StoredRun;
use crate::results::format::{duration, percent};
use crate::results::stored::Places;
use crate::results::stored::places::{BINS, Row};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "utilization-by-node", draw };

fn draw(run: &StoredRun) -> Scene {
    let Some(places) = &run.places else { return layout::no_places(run) };
    let each = if places.rows.iter().any(|row| row.first != row.last) { "groups of nodes" } else { "nodes" };
    let absent =
        if places.pools.iter().any(|pool| pool.is_rented) { "; rented nodes hold nothing while away" } else { "" };
    let bin = duration(places.bin);
    let subtitle = format!("GPUs held by jobs, in percent, by {each} and time; means over {bin}{absent}");
    let names = rows::node_names(places);
    let pitch = rows::pitch(names.len());
    let body = pitch * names.len() as f64 + 28.0 + layout::ROW + 6.0;
    let (mut scene, top) = layout::titled(title(places), subtitle, body);
    let rows = Rows::named(&mut scene, top, &names, pitch);
    let mut cells = Cells::default();
    for (i, row) in places.rows.iter().enumerate() {
        rows.cells(&mut cells, i, |bin| Some(Ink::of_share(share(places, row, bin..bin + 1))));
    }
    cells.draw(&mut scene, |_| None);
    layout::time_axis(&mut scene, rows.frame, places.bin * BINS as f64);
    key(&mut scene, rows.frame.bottom() + 28.0);
    rows.spots(&mut scene, places.rows.len(), |i, bins| {
        let held = percent(share(places, &places.rows[i], bins.clone()));
        format!("{}, after {}\nheld: {held}", names[i], duration(bins.start as f64 * places.bin))
    });
    scene
}

/// The share of a row's GPUs that is held in some bins.
fn share(places: &Places, row: &Row, bins: std::ops::Range<usize>) -> f64 {
    let time = row.gpus as f64 * places.bin * bins.len() as f64;
    bins.map(|bin| row.held_in(bin)).sum::<f64>() / time
}

fn title(places: &Places) -> String {
    let shares: Vec<f64> = places.rows.iter().map(|row| share(places, row, 0..BINS)).collect();
    let (least, most) = (shares.iter().copied().fold(1.0, f64::min), shares.iter().copied().fold(0.0, f64::max));
    if most <= 0.0 {
        return "No GPU is held at any time".to_owned();
    }
    if shares.len() == 1 {
        return format!("Jobs hold {} of the GPUs over the whole time", percent(most));
    }
    if most - least < 0.02 {
        let gpus: f64 = places.rows.iter().map(|row| row.gpus as f64).sum();
        let held: f64 = places.rows.iter().zip(&shares).map(|(row, share)| row.gpus as f64 * share).sum();
        return format!("All nodes are held alike: {} of their GPUs", percent(held / gpus));
    }
    let quietest = if least > 0.0 { percent(least) } else { "none".to_owned() };
    format!("Jobs hold {} of the busiest nodes over time, {quietest} of the quietest", percent(most))
}

/// What the colours mean.
fn key(scene: &mut Scene, y: f64) {
    const STEP: f64 = 22.0;
    let none = super::font::width("0 %", SMALL, false);
    let x = MARGIN + none + 6.0;
    scene.small((MARGIN, y + 12.0), Align::Start, Ink::Muted, "0 %");
    for step in 0..HEATS {
        let frame = Frame { x: x + step as f64 * STEP, y: y + 2.0, w: STEP, h: 11.0 };
        scene.rect(frame, Ink::Heat(step), "");
    }
    scene.small((x + HEATS as f64 * STEP + 6.0, y + 12.0), Align::Start, Ink::Muted, "100 % of the GPUs held");
}
