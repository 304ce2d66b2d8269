//! Which node ran whose jobs when: each job where they are few, else who held the most.

use super::layout;
use super::palette::Ink;
use super::rows::{self, Cells, Rows};
use super::scene::{Frame, Scene};
use super::{Chart, tenants};
use crate::results::StoredRun;
use crate::results::format::{duration, percent, plural};
use crate::results::stored::Places;
use crate::results::stored::places::{BINS, Bar, NAMED, Row};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "jobs-by-node", draw };

/// A part of a row's GPUs so small that its holder is not shown.
const LEAST: f64 = 0.02;

fn draw(run: &StoredRun) -> Scene {
    let Some(places) = &run.places else { return layout::no_places(run) };
    let tenants = tenants::names(places);
    if tenants.is_empty() {
        return layout::empty("No job held a GPU", "There is no node to show a job on.");
    }
    let legend: Vec<(Ink, String)> = tenants.iter().map(|(i, name)| (tenants::ink(*i), name.clone())).collect();
    let names = rows::node_names(places);
    let pitch = rows::pitch(names.len());
    let body = pitch * names.len() as f64 + 28.0 + layout::legend(None, &legend, 0.0) + 6.0;
    let (mut scene, top) = layout::titled(title(run, places), subtitle(places), body);
    let rows = Rows::named(&mut scene, top, &names, pitch);
    let name_of = |ink: Ink| legend.iter().find(|(of, _)| *of == ink).map(|(_, name)| name.clone());
    for i in 0..names.len() {
        scene.rect(rows.row(i), Ink::Heat(0), "");
    }
    match &places.bars {
        Some(bars) => one_by_one(&mut scene, places, bars, rows),
        None => {
            let mut cells = Cells::default();
            for (i, row) in places.rows.iter().enumerate() {
                rows.cells(&mut cells, i, |bin| {
                    holder(places, row, bin..bin + 1).map(|(tenant, _)| tenants::ink(tenant))
                });
            }
            cells.draw(&mut scene, name_of);
            rows.spots(&mut scene, names.len(), |i, bins| {
                let start = duration(bins.start as f64 * places.bin);
                let by = match holder(places, &places.rows[i], bins) {
                    Some((tenant, share)) => {
                        let name = tenants.iter().find(|(of, _)| *of == tenant).map_or("", |(_, name)| name);
                        format!("{name} holds the most: {}", percent(share))
                    }
                    None => "hardly held".to_owned(),
                };
                format!("{}, after {start}\n{by}", names[i])
            });
        }
    }
    layout::time_axis(&mut scene, rows.frame, places.bin * BINS as f64);
    layout::legend(Some(&mut scene), &legend, rows.frame.bottom() + 28.0);
    scene
}

fn subtitle(places: &Places) -> String {
    if places.bars.is_some() {
        return "Each job on the nodes that it holds GPUs of, as high as it holds many, coloured by tenant".to_owned();
    }
    let of = if places.rows.iter().any(|row| row.first != row.last) { "a group of nodes" } else { "a node" };
    format!("The tenant that holds most of {of}, by time; means over {}", duration(places.bin))
}

fn title(run: &StoredRun, places: &Places) -> String {
    if let Some(bars) = &places.bars {
        let mut jobs: Vec<&str> = bars.iter().map(|bar| bar.job.as_str()).collect();
        jobs.sort_unstable();
        jobs.dedup();
        let nodes = plural(places.rows.len() as u64, "node");
        let last = bars.iter().map(|bar| bar.to).fold(0.0, f64::max);
        return format!(
            "{} on {nodes}; the last gives back its GPUs after {}",
            plural(jobs.len() as u64, "job"),
            duration(last)
        );
    }
    let mut counts = [0_u32; NAMED + 1];
    for row in &places.rows {
        (0..BINS).filter_map(|bin| holder(places, row, bin..bin + 1)).for_each(|(tenant, _)| counts[tenant] += 1);
    }
    let named = places.tenants.iter().enumerate();
    let first = named.max_by_key(|&(tenant, _)| (counts[tenant], std::cmp::Reverse(tenant)));
    match first.filter(|_| places.tenants.len() + places.others > 1) {
        Some((tenant, name)) => {
            let share = percent(f64::from(counts[tenant]) / f64::from(counts.iter().sum::<u32>().max(1)));
            let who = match name.is_empty() {
                true => "Jobs that name no tenant are".to_owned(),
                false => format!("{name} is"),
            };
            format!("{who} the largest holder of {share} of the nodes in use")
        }
        None => format!("Jobs hold {} of the GPUs", percent(run.summary.utilization.allocated)),
    }
}

/// Who holds the most of a row in some bins, and how much of it.
fn holder(places: &Places, row: &Row, bins: std::ops::Range<usize>) -> Option<(usize, f64)> {
    let time = row.gpus as f64 * places.bin * bins.len() as f64;
    let held = |tenant: usize| bins.clone().map(|bin| row.held[bin][tenant]).sum::<f64>() / time;
    let shares = (0..=NAMED).map(|tenant| (tenant, held(tenant)));
    shares.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).filter(|(_, share)| *share > LEAST)
}

/// Each job as bars, on the lowest GPUs of its nodes that no other has. Which GPUs these are the simulation does not say.
fn one_by_one(scene: &mut Scene, places: &Places, bars: &[Bar], rows: Rows) {
    let span = places.bin * BINS as f64;
    let names = tenants::names(places);
    for (i, row) in places.rows.iter().enumerate() {
        let mut own: Vec<&Bar> = bars.iter().filter(|bar| bar.row == i).collect();
        own.sort_by(|a, b| a.from.total_cmp(&b.from));
        let mut free_from = vec![f64::MIN; row.gpus as usize];
        let frame = rows.row(i);
        let lane = frame.h / row.gpus as f64;
        for bar in own {
            let free: Vec<usize> = (0..free_from.len()).filter(|&gpu| free_from[gpu] <= bar.from).collect();
            let taken = &free[..free.len().min(bar.gpus as usize)];
            taken.iter().for_each(|&gpu| free_from[gpu] = bar.to);
            let (x, right) = (rows.place(bar.from, span), rows.place(bar.to, span));
            let name = names.iter().find(|(of, _)| *of == bar.tenant).map_or("", |(_, name)| name);
            let tip = format!(
                "{}, {name}\n{} from {} to {}",
                bar.job,
                plural(u64::from(bar.gpus), "GPU"),
                duration(bar.from),
                duration(bar.to)
            );
            scene.series(name, |scene| {
                for together in taken.chunk_by(|a, b| a + 1 == *b) {
                    let y = frame.y + together[0] as f64 * lane;
                    // A gap, as thin as may be, tells a job from the next.
                    let (w, h) = ((right - x - 0.6).max(0.6), (together.len() as f64 * lane - 0.5).max(0.4));
                    scene.rect(Frame { x, y, w, h }, tenants::ink(bar.tenant), tip.clone());
                }
            });
        }
    }
}
