//! How long jobs wait, by their size.

use super::Chart;
use super::cdf::wait_names;
use super::layout::{self, MARGIN};
use super::palette::Ink;
use super::scale::WaitAxis;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::words;
use crate::results::StoredRun;
use crate::results::format::{duration, plural};
use crate::results::stored::{Quantiles, SizeClass};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "queue-time-by-size", draw };

const PITCH: f64 = 26.0;

fn draw(run: &StoredRun) -> Scene {
    let classes: Vec<&(String, SizeClass)> =
        run.summary.wait_s_by_gpus.0.iter().filter(|(_, c)| c.wait.max.is_some()).collect();
    if classes.is_empty() {
        return layout::empty("No job started", "There is no queue time to show.");
    }
    let longest = classes.iter().filter_map(|(_, c)| c.wait.max).fold(0.0, f64::max);
    let subtitle =
        "Time in the queue (logarithmic): median (dot), to 90 % (bar) and 99 % (thin) of the jobs".to_owned();
    let height = classes.len() as f64 * PITCH;
    let (mut scene, top) = layout::titled(title(&classes), subtitle, height + 30.0);
    let sizes: Vec<String> = classes.iter().map(|(name, _)| words::size(name)).collect();
    let counts: Vec<String> = classes.iter().map(|(_, class)| plural(class.jobs, "job")).collect();
    let x = MARGIN + layout::widest(sizes.iter().map(String::as_str)) + 16.0;
    let right = layout::widest(counts.iter().map(String::as_str)) + 14.0;
    let frame = Frame { x, y: top, w: WIDTH - x - MARGIN - right, h: height };
    let axis = WaitAxis::new(longest, frame.x, frame.w);
    wait_names(&mut scene, &axis, frame);
    for (i, (_, class)) in classes.iter().enumerate() {
        let middle = top + (i as f64 + 0.5) * PITCH;
        scene.label((x - 12.0, middle + 4.5), Align::End, Ink::Text, sizes[i].clone());
        scene.small((WIDTH - MARGIN, middle + 4.5), Align::End, Ink::Muted, counts[i].clone());
        band(&mut scene, &axis, &class.wait, middle, &sizes[i]);
        let row = Frame { x: MARGIN, y: middle - PITCH / 2.0, w: WIDTH - 2.0 * MARGIN, h: PITCH };
        scene.spot(row, tip(&sizes[i], class));
    }
    scene
}

fn band(scene: &mut Scene, axis: &WaitAxis, wait: &Quantiles, middle: f64, size: &str) {
    let at = |value: Option<f64>| axis.place(value.unwrap_or(0.0));
    let mut bar = |from: f64, to: f64, h: f64, ink: Ink| {
        if to - from > 0.1 {
            scene.rect(Frame { x: from, y: middle - h / 2.0, w: to - from, h }, ink, "");
        }
    };
    bar(at(wait.p50), at(wait.p99), 6.0, Ink::Tail);
    bar(at(wait.p50), at(wait.p90), 12.0, Ink::Band);
    let tip = format!("{size}: half of the jobs wait no more than {}", duration(wait.p50.unwrap_or(0.0)));
    scene.shapes.push(super::scene::Shape::Dot { at: (at(wait.p50), middle), r: 5.0, ink: Ink::Main, tip });
}

fn title(classes: &[&(String, SizeClass)]) -> String {
    let by = |of: fn(&Quantiles) -> Option<f64>| {
        let value = |class: &&&(String, SizeClass)| of(&class.1.wait).unwrap_or(0.0);
        let most = classes.iter().max_by(|a, b| value(a).total_cmp(&value(b)))?;
        (value(&most) >= 1.0).then(|| (words::size(&most.0), duration(value(&most))))
    };
    if classes.len() == 1 {
        return format!("All jobs that started have the same size: {}", words::size(&classes[0].0));
    }
    if let Some((size, wait)) = by(|w| w.p50) {
        return format!("Jobs of {size} wait longest: median {wait}");
    }
    match by(|w| w.p90) {
        Some((size, wait)) => format!("Jobs of {size} wait longest: 1 in 10 over {wait}"),
        None if by(|w| w.max).is_some() => "Hardly any job waits, whatever its size".to_owned(),
        None => "No job waits, whatever its size".to_owned(),
    }
}

fn tip(size: &str, class: &SizeClass) -> String {
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), duration);
    let w = &class.wait;
    format!(
        "{size}, {}\nmedian {}\n90 % within {}\n99 % within {}\nlongest {}",
        plural(class.jobs, "job"),
        known(w.p50),
        known(w.p90),
        known(w.p99),
        known(w.max)
    )
}
