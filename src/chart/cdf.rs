//! How long jobs wait: the part of them that has started after so long.

use super::layout::{self, MARGIN, Stroke};
use super::palette::Ink;
use super::scale::WaitAxis;
use super::scene::{Align, Frame, Scene, WIDTH};
use super::{Chart, font};
use crate::experiments::stored::{Contender, StoredComparison};
use crate::results::StoredRun;
use crate::results::format::{duration, percent, plural};
use crate::trace::size::{SIZE_CLASSES, class};

/// The chart.
pub const CHART: Chart<StoredRun> = Chart { name: "queue-time-cdf", draw };

/// The chart of a comparison.
pub const OF_COMPARISONS: Chart<StoredComparison> = Chart { name: "queue-time-by-contender", draw: draw_comparison };

/// Jobs of these sizes have a line of their own: name, from, to.
const SIZES: [(&str, u32, u32); 3] = [("1 GPU", 1, 1), ("2-8 GPUs", 2, 8), ("more than 8 GPUs", 9, u32::MAX)];

const HEIGHT: f64 = 220.0;

/// The most columns of a line.
const COLUMNS: usize = 240;

/// A line: its name, how many jobs it is of where that is told, its queue times ascending, how it is drawn.
struct Line {
    name: String,
    jobs: Option<usize>,
    waits: Vec<f64>,
    stroke: Stroke,
    width: f64,
}

fn draw(run: &StoredRun) -> Scene {
    let all = run.jobs.waits_of(0..SIZE_CLASSES);
    if all.is_empty() {
        return layout::empty("No job started", "There is no queue time to show.");
    }
    let subtitle = "Jobs started, in percent, by time in the queue (logarithmic)".to_owned();
    curves(title(run), subtitle, &lines(run, all))
}

fn draw_comparison(of: &StoredComparison) -> Scene {
    let line = |(number, contender): (usize, &Contender)| Line {
        name: contender.name.clone(),
        jobs: None,
        waits: contender.waits.clone(),
        stroke: Stroke::of_number(number),
        width: if number == 0 { 2.6 } else { 1.8 },
    };
    let all = of.contenders.iter().enumerate().map(line).filter(|line| !line.waits.is_empty());
    let lines = all.fold(Vec::new(), as_one_where_equal);
    if lines.is_empty() {
        return layout::empty("No job started", "There is no queue time to show.");
    }
    let subtitle = match of.replicates() {
        1 => "Jobs started, in percent, by time in the queue (logarithmic)".to_owned(),
        _ => "Jobs started, in percent, by time in the queue (logarithmic); replicate 0".to_owned(),
    };
    curves(comparison_title(of), subtitle, &lines)
}

/// Adds a line; one that lies exactly on another, and would hide it, only gives that its name too.
fn as_one_where_equal(mut lines: Vec<Line>, line: Line) -> Vec<Line> {
    let is_same = |a: &f64, b: &f64| a.total_cmp(b).is_eq();
    let equal = |other: &&mut Line| {
        other.waits.len() == line.waits.len() && other.waits.iter().zip(&line.waits).all(|(a, b)| is_same(a, b))
    };
    match lines.iter_mut().find(equal) {
        Some(other) => other.name.push_str(&format!(" = {}", line.name)),
        None => lines.push(line),
    }
    lines
}

fn comparison_title(of: &StoredComparison) -> String {
    let half = |contender: &Contender| contender.figures.number("wait_s.p90");
    let known = of.contenders.iter().filter_map(|c| Some((half(c)?, c.name.as_str())));
    let mut by_wait: Vec<(f64, &str)> = known.collect();
    by_wait.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(first), Some(last)) = (by_wait.first(), by_wait.last()) else { return "Queue times".to_owned() };
    if last.0 < 1.0 {
        return "Nine in ten jobs start at once, whichever is taken".to_owned();
    }
    if (last.0 - first.0).abs() < 0.5 {
        return format!("1 in 10 jobs waits over {}, whichever is taken", duration(last.0));
    }
    if first.0 < 1.0 {
        return format!(
            "Nine in ten jobs start at once with {}; 1 in 10 waits over {} with {}",
            first.1,
            duration(last.0),
            last.1
        );
    }
    format!("1 in 10 jobs waits over {} with {}, over {} with {}", duration(first.0), first.1, duration(last.0), last.1)
}

fn curves(title: String, subtitle: String, lines: &[Line]) -> Scene {
    let longest = lines.iter().filter_map(|line| line.waits.last()).copied().fold(0.0, f64::max);
    let told = |line: &Line| match line.jobs {
        Some(jobs) => format!("{}: {}", line.name, plural(jobs as u64, "job")),
        None => line.name.clone(),
    };
    let legend: Vec<(Stroke, String)> = lines.iter().map(|line| (line.stroke, told(line))).collect();
    let below = 28.0 + layout::legend_of_lines(None, &legend, 0.0) + 6.0;
    let (mut scene, top) = layout::titled(title, subtitle, HEIGHT + below);
    let x = MARGIN + font::width("100 %", super::scene::SMALL, false) + 6.0;
    let frame = Frame { x, y: top, w: WIDTH - x - MARGIN - 8.0, h: HEIGHT };
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = frame.bottom() - frame.h * share;
        scene.line(vec![(frame.x, y), (frame.right(), y)], Ink::Grid, 1.0);
        scene.small((frame.x - 6.0, y + 4.0), Align::End, Ink::Muted, format!("{:.0} %", share * 100.0));
    }
    let axis = WaitAxis::new(longest, frame.x, frame.w);
    wait_names(&mut scene, &axis, frame);
    for line in lines.iter().rev() {
        let points = steps(&line.waits, &axis, frame);
        scene.series(&line.name, |scene| line.stroke.draw(scene, points, line.width));
    }
    layout::legend_of_lines(Some(&mut scene), &legend, frame.bottom() + 28.0);
    spots(&mut scene, lines, &axis, frame);
    scene
}

fn title(run: &StoredRun) -> String {
    let wait = run.summary.wait_s;
    let (half, tenth) = (wait.p50.unwrap_or(0.0), wait.p90.unwrap_or(0.0));
    if wait.max.is_none_or(|longest| longest < 1.0) {
        return "Every job that started did so at once".to_owned();
    }
    match (half >= 1.0, tenth >= 1.0) {
        (_, false) => "Nine in ten jobs start at once".to_owned(),
        (false, true) => format!("Half the jobs start at once; 1 in 10 waits over {}", duration(tenth)),
        (true, true) => {
            format!("Half the jobs wait over {}, 1 in 10 over {}", duration(half), duration(tenth))
        }
    }
}

fn lines(run: &StoredRun, all: Vec<f64>) -> Vec<Line> {
    let line = |name: &str, waits: Vec<f64>, ink: Ink, width: f64| Line {
        name: name.to_owned(),
        jobs: Some(waits.len()),
        waits,
        stroke: Stroke::solid(ink),
        width,
    };
    let count = all.len();
    let mut lines = vec![line("all", all, Ink::Main, 3.0)];
    for (i, (name, from, to)) in SIZES.into_iter().enumerate() {
        let waits = run.jobs.waits_of(class(from)..=class(to).min(SIZE_CLASSES - 1));
        // A line that is the same as the first, or of no job, tells nothing.
        if !waits.is_empty() && waits.len() < count {
            lines.push(line(name, waits, Ink::Line(i), 1.8));
        }
    }
    lines
}

/// Names of queue times below the frame.
pub fn wait_names(scene: &mut Scene, axis: &WaitAxis, frame: Frame) {
    scene.line(vec![(frame.x, frame.bottom()), (frame.right(), frame.bottom())], Ink::Muted, 1.0);
    for (x, name) in axis.named() {
        scene.line(vec![(x, frame.y), (x, frame.bottom())], Ink::Grid, 1.0);
        scene.small((x, frame.bottom() + 17.0), Align::Middle, Ink::Muted, name);
    }
}

fn share_within(waits: &[f64], seconds: f64) -> f64 {
    waits.partition_point(|&w| w <= seconds) as f64 / waits.len() as f64
}

fn steps(waits: &[f64], axis: &WaitAxis, frame: Frame) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for i in 0..=COLUMNS {
        let x = frame.x + frame.w * i as f64 / COLUMNS as f64;
        // The last column holds the longest wait whatever the rounding of its place.
        let share = if i == COLUMNS { 1.0 } else { share_within(waits, axis.value(x)) };
        let y = frame.bottom() - frame.h * share;
        if let Some(&(_, before)) = points.last().filter(|(_, before)| (before - y).abs() > 0.01) {
            points.push((x, before));
        }
        points.push((x, y));
    }
    // Points within a level stretch change nothing.
    let level = |w: &[(f64, f64)]| (w[0].1 - w[1].1).abs() < 0.01 && (w[1].1 - w[2].1).abs() < 0.01;
    let inner = points.windows(3).filter(|w| !level(w)).map(|w| w[1]);
    points.first().copied().into_iter().chain(inner).chain(points.last().copied()).collect()
}

fn spots(scene: &mut Scene, lines: &[Line], axis: &WaitAxis, frame: Frame) {
    const SPOTS: usize = 60;
    for i in 0..SPOTS {
        let column = super::timeline::column(frame, i, SPOTS);
        let seconds = axis.value(column.x + column.w / 2.0);
        let mut tip = format!("started within {}", duration(seconds));
        for line in lines {
            tip.push_str(&format!("\n{}: {}", line.name, percent(share_within(&line.waits, seconds))));
        }
        scene.spot(column, tip);
    }
}
