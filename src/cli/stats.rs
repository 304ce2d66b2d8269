//! `trace stats`: a trace in tables that a planner understands.

use super::Output;
use super::args::StatsArgs;
use super::failure::Failure;
use super::format::{count, duration, gpu_hours, percent, plural, times};
use super::table::{finished, plain, right};
use crate::scenario::{self, Overrides};
use crate::sched::{Classes, Elasticity, Grain};
use crate::trace::JobTable;
use crate::trace::native::{self, ReadOptions};
use crate::trace::size;
use crate::trace::stats::{Group, TraceStats};
use crate::units::Distribution;

/// Rows of a table by tenant or queue; the others are added up in one more.
const MOST_ROWS: usize = 10;

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the trace or the scenario.
pub fn run(args: &StatsArgs, output: &mut Output) -> Result<(), Failure> {
    let trace = native::read(&args.trace, &ReadOptions::default())?;
    for notice in &trace.notices {
        output.notice(notice);
    }
    let stats = TraceStats::of(&trace.table);
    output.text(&head(&stats));
    if let Some(gpus) = args.gpus {
        output.text(&load(&stats, gpus, ""));
    }
    if let Some(path) = &args.scenario {
        output.text(&on_cluster(&stats, &trace.table, path)?);
    }
    output.text(&tables(&stats));
    Ok(())
}

fn head(stats: &TraceStats) -> String {
    let all = &stats.all;
    let hours = (stats.span.as_seconds() / 3600.0).max(f64::MIN_POSITIVE);
    format!(
        "{} over {}, {} GPU-hours; {:.1} jobs an hour, inter-arrival CV {:.2}\n",
        plural(all.jobs, "job"),
        duration(stats.span.as_seconds()),
        gpu_hours(all.gpu_time),
        if stats.span.micros() == 0 { 0.0 } else { all.jobs as f64 / hours },
        stats.gap_cv
    )
}

/// The load on so many GPUs, `of` saying whose.
fn load(stats: &TraceStats, gpus: u64, of: &str) -> String {
    let load = stats.offered_load(gpus).map_or_else(|| "unknown".to_owned(), |load| format!("{load:.3}"));
    format!("offered load {load} on {}{of}\n", plural(gpus, "GPU"))
}

/// The load that a scenario's cluster is offered, and what does not fit into it.
fn on_cluster(stats: &TraceStats, jobs: &JobTable, path: &std::path::Path) -> Result<String, Failure> {
    let scenario = scenario::load(path, &Overrides::default())?;
    let classes = Classes::new(&scenario.cluster, jobs, Elasticity::Rigid, Grain::Slices);
    let misfits = jobs.ids().filter(|&job| classes.rejection(jobs, job).is_some()).count() as u64;
    let mut text = load(stats, scenario.cluster.gpu_count(), &format!(" of {}", scenario.name));
    if misfits > 0 {
        text.push_str(&format!("{} can never fit there\n", plural(misfits, "job")));
    }
    Ok(text)
}

fn tables(stats: &TraceStats) -> String {
    let mut text = format!("\n{}", by(stats, "GPUs", &stats.by_size));
    for (title, groups) in [("tenant", &stats.by_tenant), ("queue", &stats.by_queue), ("state", &stats.by_state)] {
        if groups.len() > 1 || groups.iter().any(|group| !group.name.is_empty()) {
            text.push_str(&format!("\n{}", by(stats, title, &most(groups))));
        }
    }
    if stats.all.wait.count > 0 {
        text.push_str(&format!("\n{}", waits(stats)));
    }
    if stats.used_of_request.count > 0 {
        let used = &stats.used_of_request;
        text.push_str(&format!(
            "\nrun time as a share of the requested one, {}: mean {}, median {}, p90 {}\n",
            plural(used.count, "job"),
            percent(used.mean),
            percent(used.p50),
            percent(used.p90)
        ));
    }
    text
}

/// The largest groups, and the others as one.
fn most(groups: &[Group]) -> Vec<Group> {
    let mut shown = groups[..groups.len().min(MOST_ROWS)].to_vec();
    if let Some(rest) = groups.get(MOST_ROWS..).filter(|rest| !rest.is_empty()) {
        shown.push(Group {
            name: format!("{} others", count(rest.len() as u64)),
            jobs: rest.iter().map(|group| group.jobs).sum(),
            gpu_time: rest.iter().map(|group| group.gpu_time).sum(),
            ..Group::default()
        });
    }
    shown
}

fn by(stats: &TraceStats, title: &str, groups: &[Group]) -> String {
    let mut table = plain(&[title, "jobs", "of jobs", "GPU-hours", "of GPU-time", "run time p50", "p90", "p99", "max"]);
    for group in groups {
        let name = if group.name.is_empty() { "(none)" } else { &group.name };
        let mut row = vec![
            name.to_owned(),
            count(group.jobs),
            percent(group.jobs as f64 / stats.all.jobs.max(1) as f64),
            gpu_hours(group.gpu_time),
            percent(group.gpu_time.share_of(stats.all.gpu_time)),
        ];
        row.extend(times(&group.duration).into_iter().skip(1));
        table.add_row(row);
    }
    right(&mut table, &[1, 2, 3, 4, 5, 6, 7, 8]);
    finished(&table)
}

fn waits(stats: &TraceStats) -> String {
    let mut table = plain(&["recorded queue time", "jobs", "mean", "p50", "p90", "p99", "max"]);
    let mut row = |name: &str, wait: &Distribution| {
        let mut cells = vec![name.to_owned(), count(wait.count)];
        cells.extend(times(wait));
        table.add_row(cells);
    };
    row("all jobs", &stats.all.wait);
    for group in stats.by_size.iter().filter(|group| group.wait.count > 0) {
        row(&size::words(&group.name), &group.wait);
    }
    right(&mut table, &[1, 2, 3, 4, 5, 6]);
    finished(&table)
}
