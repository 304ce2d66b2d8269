//! Whose jobs they are: the colours and names of tenants, and GPUs held by tenant over time.

use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::rows::Rows;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::timeline;
use super::{Chart, words};
use crate::ledger::Leaf;
use crate::results::StoredRun;
use crate::results::format::{duration, percent, plural};
use crate::results::stored::Places;
use crate::results::stored::places::{BINS, NAMED};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "gpus-by-tenant", draw };

/// The ink of a tenant by its number.
#[must_use]
pub fn ink(tenant: usize) -> Ink {
    if tenant < NAMED { Ink::of_number(tenant) } else { Ink::Whole }
}

/// The numbers of the tenants that hold anything, with their names.
#[must_use]
pub fn names(places: &Places) -> Vec<(usize, String)> {
    let named = places.tenants.iter().map(|name| words::tenant(name).to_owned());
    let others = (places.others > 0).then(|| (NAMED, plural(places.others as u64, "other tenant")));
    named.enumerate().chain(others).collect()
}

fn draw(run: &StoredRun) -> Scene {
    const PITCH: f64 = 40.0;
    let Some(places) = &run.places else { return layout::no_places(run) };
    let tenants = names(places);
    if tenants.is_empty() {
        return layout::empty("No job held a GPU", "There is nothing to divide among tenants.");
    }
    let held =
        |bin: usize, tenant: usize| places.rows.iter().map(|row| row.held[bin][tenant]).sum::<f64>() / places.bin;
    let lines: Vec<Vec<f64>> =
        tenants.iter().map(|&(tenant, _)| (0..BINS).map(|bin| held(bin, tenant)).collect()).collect();
    let most = lines.iter().flatten().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let subtitle = format!(
        "GPUs held by the jobs of each tenant; each row is {} high; means over {}",
        gpus(most),
        duration(places.bin)
    );
    let body = PITCH * tenants.len() as f64 + 28.0;
    let (mut scene, top) = layout::titled(title(run, places), subtitle, body);
    let labels: Vec<String> = tenants.iter().map(|(_, name)| name.clone()).collect();
    let shares: Vec<String> = tenants.iter().map(|&(tenant, _)| percent(share(run, places, tenant))).collect();
    let right = layout::widest(shares.iter().map(String::as_str)) + 8.0;
    let mut rows = Rows::named(&mut scene, top, &labels, PITCH);
    rows.frame.w -= right;
    for (i, line) in lines.iter().enumerate() {
        let row = rows.row(i);
        let frame = Frame { y: row.y + 4.0, h: row.h - 4.0, ..row };
        scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Grid, 1.0);
        let mut area = timeline::outline(frame, line.iter().map(|gpus| gpus / most));
        area.extend([(frame.right(), frame.bottom()), (frame.x, frame.bottom())]);
        let ink = ink(tenants[i].0);
        scene.series(&labels[i], |scene| scene.area(area, ink));
        let at = (WIDTH - MARGIN, row.y + PITCH / 2.0 + 4.5);
        scene.label(at, Align::End, Ink::Text, shares[i].clone());
    }
    layout::time_axis(&mut scene, rows.frame, places.bin * BINS as f64);
    rows.spots(&mut scene, lines.len(), |i, bins| {
        let mean = lines[i][bins.clone()].iter().sum::<f64>() / bins.len() as f64;
        format!("{}, after {}\nholds {mean:.1} GPUs", labels[i], duration(bins.start as f64 * places.bin))
    });
    scene
}

/// GPU-seconds that a tenant's jobs hold, of all that are held in the measured window.
#[must_use]
pub fn share(run: &StoredRun, places: &Places, tenant: usize) -> f64 {
    let held = |seconds: &[f64]| -> f64 {
        Leaf::ALL.into_iter().filter(|leaf| leaf.is_held()).map(|leaf| seconds[leaf as usize]).sum()
    };
    let is = |name: &str| match places.tenants.get(tenant) {
        Some(tenant) => tenant == name,
        None => !places.tenants.iter().any(|tenant| tenant == name),
    };
    let own: f64 = run.tenants.iter().filter(|t| is(&t.name)).map(|t| held(&t.leaves.gpu_seconds)).sum();
    let all = held(&run.leaves.gpu_seconds);
    if all > 0.0 { own / all } else { 0.0 }
}

/// A mean of GPUs, as exact as it is small.
fn gpus(mean: f64) -> String {
    match mean < 10.0 && (mean - mean.round()).abs() >= 0.05 {
        true => format!("{mean:.1} GPUs"),
        false => plural(mean.round() as u64, "GPU"),
    }
}

fn title(run: &StoredRun, places: &Places) -> String {
    let first = words::tenant(&places.tenants[0]);
    match (places.tenants.len() + places.others, places.others) {
        (1, _) if places.tenants[0].is_empty() => {
            let held: f64 = places.rows.iter().flat_map(|row| &row.held).flatten().sum();
            format!("Jobs hold {} on average, and name no tenant", gpus(held / (places.bin * BINS as f64)))
        }
        (1, _) => format!("All GPU-time that jobs hold is held by one tenant, {first}"),
        _ if places.tenants[0].is_empty() => {
            let share = percent(share(run, places, 0));
            format!("Jobs that name no tenant hold the most: {share} of the GPU-time held")
        }
        (all, _) => {
            format!("Of {all} tenants, {first} holds the most: {} of the GPU-time held", percent(share(run, places, 0)))
        }
    }
}
