//! `explain`: why a job waited, where it ran, what it cost.

use super::Output;
use super::args::ExplainArgs;
use super::failure::Failure;
use super::format::{count, dollars, duration, gpu_hours, percent, plural};
use super::table::{finished, plain, right};
use crate::engine::posting::Posting;
use crate::engine::{Leaving, Outlook};
use crate::experiments::explain::{Blocked, Departure, Explained, Stay, WhatIf, json};
use crate::ledger::LeafGroup;
use crate::results::tables::state_word;
use crate::sched::Stage;
use crate::trace::JobId;
use crate::units::{Span, Time, Usd};

/// Of a long list the terminal shows so many rows of either end; `--json` has all.
const SHOWN: usize = 12;

/// Runs the command.
///
/// # Errors
/// When the folder is not one of a run, its trace is gone or changed, or a name is not known.
pub fn run(args: &ExplainArgs, output: &mut Output) -> Result<(), Failure> {
    let explained = Explained::of(&args.run, &args.job, &args.what_if)?;
    for notice in &explained.rerun.notices {
        output.notice(notice);
    }
    output.text(&if args.json { json::text(&explained) } else { text(&explained) });
    Ok(())
}

fn text(explained: &Explained) -> String {
    let mut parts = vec![title(explained)];
    parts.extend(waits(explained));
    parts.extend(stays(explained));
    parts.extend(stalls(explained));
    parts.extend(cost(explained));
    parts.extend(what_ifs(explained));
    parts.join("\n")
}

fn title(explained: &Explained) -> String {
    let (jobs, job, fates) = (explained.jobs(), explained.job, &explained.outcome.fates);
    let (spec, submit) = (jobs.spec(job), jobs.submit(job));
    let scenario = &explained.rerun.scenario;
    let size = if spec.gpus == 0 { "no GPU".to_owned() } else { plural(u64::from(spec.gpus), "GPU") };
    let mut line = format!("{} of {}: {size}", jobs.name(job), scenario.name);
    if let Some(tasks) = spec.tasks {
        line.push_str(&format!(" in {}", plural(u64::from(tasks.get()), "task")));
    }
    for (what, name) in [("tenant", &spec.tenant), ("queue", &spec.queue)] {
        if !name.is_empty() {
            line.push_str(&format!(", {what} {name}"));
        }
    }
    line.push_str(&format!(", under {}\nsubmitted at {submit} s", scenario.policy.entry.name));
    match (fates.start(job), fates.end(job)) {
        (Some(start), end) => {
            let wait = duration(start.since(submit).as_seconds());
            line.push_str(&format!(", started at {start} s after {wait}"));
            match end {
                Some(end) => {
                    let ran = duration(end.since(start).as_seconds());
                    line.push_str(&format!(", {} at {end} s after {ran}", state_word(fates.stage(job))));
                }
                None => line.push_str(&format!(", unfinished when the run ended at {} s", explained.outcome.end)),
            }
        }
        (None, _) => line.push_str(&never(explained)),
    }
    let ideal = duration(jobs.duration(job).as_seconds());
    line.push_str(&format!("; {ideal} of work at full speed\n"));
    line
}

/// Why a job never started.
fn never(explained: &Explained) -> String {
    match explained.outcome.fates.stage(explained.job) {
        Stage::Rejected => {
            let reason = explained.outcome.classes.rejection(explained.jobs(), explained.job).unwrap_or_default();
            format!(", rejected: {reason}")
        }
        Stage::Future => format!(", but the run had ended at {} s", explained.outcome.end),
        _ => format!(", still waiting when the run ended at {} s", explained.outcome.end),
    }
}

fn waits(explained: &Explained) -> Option<String> {
    let waited = explained.waited();
    let all: u64 = waited.iter().map(|(_, span)| span.micros()).sum();
    if all == 0 {
        return None;
    }
    let mut sums = plain(&["it waited for", "", "", ""]);
    for &(reason, span) in &waited {
        let share = span.micros() as f64 / all as f64;
        sums.add_row([reason.name(), &duration(span.as_seconds()), &percent(share), reason.meaning()]);
    }
    right(&mut sums, &[1, 2]);
    let mut table = plain(&["from", "for", "reason", "free", "held by", "and"]);
    let rows = &explained.story.waits;
    shorten(rows, |row| match row {
        Some(wait) => {
            table.add_row(wait_row(explained, wait));
        }
        None => {
            let left_out = rows.len() - 2 * SHOWN;
            table.add_row([format!("... {} more", count(left_out as u64))]);
        }
    });
    right(&mut table, &[0, 1, 3]);
    let passed = match explained.story.passed_by {
        (0, _) => String::new(),
        (jobs, gpus) => format!(
            "{} submitted after it started before it, with {} in all\n",
            plural(jobs, "job"),
            plural(gpus, "GPU")
        ),
    };
    Some(format!("{}{passed}\n{}", finished(&sums), finished(&table)))
}

/// Every row of a short list; of a long one both ends, with `None` for what is left out.
fn shorten<T>(rows: &[T], mut show: impl FnMut(Option<&T>)) {
    if rows.len() <= 2 * SHOWN + 1 {
        rows.iter().for_each(|row| show(Some(row)));
        return;
    }
    rows[..SHOWN].iter().for_each(|row| show(Some(row)));
    show(None);
    rows[rows.len() - SHOWN..].iter().for_each(|row| show(Some(row)));
}

fn wait_row(explained: &Explained, wait: &Blocked) -> [String; 6] {
    let scene = &wait.scene;
    let length = wait.to.unwrap_or(explained.outcome.end).since_or_zero(wait.from);
    let needs_gpus = explained.jobs().spec(explained.job).gpus > 0;
    let held = |(job, gpus): &(JobId, u64)| {
        let tenant = &explained.jobs().spec(*job).tenant;
        let whose = if tenant.is_empty() { String::new() } else { format!(" ({tenant})") };
        format!("{}{whose} {}", explained.jobs().name(*job), count(*gpus))
    };
    let mut by: Vec<String> = scene.largest.iter().take(3).map(held).collect();
    if scene.holders > by.len() as u64 {
        by.push(format!("{} more", count(scene.holders - by.len() as u64)));
    }
    [
        format!("{} s", wait.from),
        duration(length.as_seconds()),
        wait.reason.name().to_owned(),
        if needs_gpus { count(scene.free_gpus) } else { String::new() },
        if needs_gpus { by.join(", ") } else { String::new() },
        circumstances(explained, wait).join("; "),
    ]
}

/// What else stood in the way, or was promised.
fn circumstances(explained: &Explained, wait: &Blocked) -> Vec<String> {
    let scene = &wait.scene;
    let mut told = Vec::new();
    if scene.held_gpus > 0 {
        told.push(format!("it held {} itself", count(scene.held_gpus)));
    }
    if scene.down_gpus > 0 {
        told.push(format!("{} down", count(scene.down_gpus)));
    }
    if scene.absent_gpus > 0 {
        told.push(format!("{} not rented", count(scene.absent_gpus)));
    }
    for (pool, outlook) in &scene.outlooks {
        let name = &explained.rerun.scenario.cluster.pools[usize::from(*pool)].name;
        told.push(match outlook {
            Outlook::Coming(at) => format!("nodes of {name} come at {at} s"),
            Outlook::Refused(at) => format!("{name} has none and is asked again at {at} s"),
            Outlook::Patient(at) => format!("{name} is asked for more at {at} s"),
        });
    }
    if let Some(head) = scene.head {
        let jobs = explained.jobs();
        let promised = scene.head_promised.map_or_else(String::new, |at| format!(", reserved from {at} s on"));
        told.push(format!("behind {} ({}{promised})", jobs.name(head), plural(u64::from(jobs.spec(head).gpus), "GPU")));
    }
    if let Some(promised) = scene.promised {
        told.push(format!("its own turn by {promised} s"));
    }
    told
}

fn stays(explained: &Explained) -> Option<String> {
    let rows = &explained.story.stays;
    if rows.is_empty() {
        return None;
    }
    let mut table = plain(&["it ran from", "for", "pool", "nodes", "doing", "until"]);
    shorten(rows, |row| match row {
        Some(stay) => {
            table.add_row(stay_row(explained, stay));
        }
        None => {
            let left_out = rows.len() - 2 * SHOWN;
            table.add_row([format!("... {} more", count(left_out as u64))]);
        }
    });
    right(&mut table, &[0, 1]);
    Some(finished(&table))
}

fn stay_row(explained: &Explained, stay: &Stay) -> [String; 6] {
    let end = stay.to.as_ref().map_or(explained.outcome.end, |(to, _)| *to);
    let nodes: Vec<String> = stay.nodes.iter().map(|(node, gpus)| format!("{node} ({})", count(*gpus))).collect();
    let nodes = match nodes.len() {
        0..=6 => nodes.join(", "),
        all => format!("{}, {} more", nodes[..5].join(", "), count(all as u64 - 5)),
    };
    [
        format!("{} s", stay.from),
        duration(end.since_or_zero(stay.from).as_seconds()),
        explained.rerun.scenario.cluster.pools[stay.pool as usize].name.clone(),
        nodes,
        doing(stay, end),
        until(explained, stay),
    ]
}

/// The phases of a stay with their sums, in the order in which they first came.
fn doing(stay: &Stay, end: Time) -> String {
    let mut sums: Vec<(Posting, u64)> = Vec::new();
    for (at, &(from, posting)) in stay.phases.iter().enumerate() {
        let to = stay.phases.get(at + 1).map_or(end, |&(next, _)| next);
        let length = to.since_or_zero(from).micros();
        match sums.iter_mut().find(|(known, _)| *known == posting) {
            Some((_, sum)) => *sum += length,
            None => sums.push((posting, length)),
        }
    }
    let told = |&(posting, micros): &(Posting, u64)| {
        let time = duration(Span::from_micros(micros).as_seconds());
        match posting {
            Posting::Whole(leaf) => format!("{} {time}", leaf.name()),
            Posting::Step { .. } if posting == Posting::PLAIN => format!("stepping {time}"),
            Posting::Step { .. } => format!("stepping {time} at {:.2} of full speed", posting.speed()),
        }
    };
    sums.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn until(explained: &Explained, stay: &Stay) -> String {
    let names = |jobs: &[JobId]| {
        let mut names: Vec<&str> = jobs.iter().take(3).map(|&job| explained.jobs().name(job)).collect();
        if jobs.len() > names.len() {
            names.push("others");
        }
        names.join(", ")
    };
    match &stay.to {
        None => "the run ended".to_owned(),
        Some((_, Departure::Grew)) => "it got more".to_owned(),
        Some((_, Departure::Left(Leaving::Finished))) => "it was done".to_owned(),
        Some((_, Departure::Left(Leaving::Failed))) => "it failed".to_owned(),
        Some((_, Departure::Left(Leaving::Killed))) => "its walltime".to_owned(),
        Some((_, Departure::Left(Leaving::Reclaimed(node)))) => format!("node {node} was taken back"),
        Some((_, Departure::Left(Leaving::NodeFailed(node)))) => format!("node {node} failed"),
        Some((_, Departure::Left(Leaving::LostNode(node)))) => format!("node {node} failed; it went on"),
        Some((_, Departure::Left(Leaving::Preempted))) if stay.stopped_for.is_empty() => "it was preempted".to_owned(),
        Some((_, Departure::Left(Leaving::Preempted))) => format!("preempted for {}", names(&stay.stopped_for)),
        Some((_, Departure::Left(Leaving::Cancelled))) if stay.stopped_for.is_empty() => "it was cancelled".to_owned(),
        Some((_, Departure::Left(Leaving::Cancelled))) => format!("cancelled for {}", names(&stay.stopped_for)),
    }
}

/// What held it back when it waited for data.
fn stalls(explained: &Explained) -> Option<String> {
    let stalls = explained.stalls();
    if stalls.is_empty() {
        return None;
    }
    let mut table = plain(&["it waited for data", "", ""]);
    for (by, share) in stalls {
        table.add_row([by.word(), &percent(share), by.meaning()]);
    }
    right(&mut table, &[1]);
    Some(finished(&table))
}

fn cost(explained: &Explained) -> Option<String> {
    let spent = explained.spent();
    if spent.is_empty() {
        return None;
    }
    // Where its pool has no price, there is nothing to be said in dollars.
    let is_priced = spent.iter().any(|spent| spent.usd != Usd::default());
    let all = ["its GPU-time", "GPU-hours", "cost", ""];
    let shown = |column: &usize| is_priced || *column != 2;
    let row = |cells: [String; 4]| (0..).zip(cells).filter(|(at, _)| shown(at)).map(|(_, cell)| cell).collect();
    let mut table = plain(&(0..all.len()).filter(shown).map(|at| all[at]).collect::<Vec<_>>());
    for spent in &spent {
        let cells = [spent.leaf.name(), &gpu_hours(spent.time), &dollars(spent.usd.as_dollars()), spent.leaf.meaning()];
        let cells: Vec<String> = row(cells.map(str::to_owned));
        table.add_row(cells);
    }
    right(&mut table, if is_priced { &[1, 2] } else { &[1] });
    if !is_priced {
        return Some(finished(&table));
    }
    let kept = |kept: bool| {
        let of = spent.iter().filter(|s| (s.leaf.group() == LeafGroup::Productive) == kept);
        of.map(|s| s.usd).sum::<Usd>()
    };
    let (kept, lost) = (kept(true), kept(false));
    let total = dollars((kept + lost).as_dollars());
    let told = match lost == Usd::default() {
        true => "all of it for progress that was kept".to_owned(),
        false => format!("{} of it without progress that was kept", dollars(lost.as_dollars())),
    };
    Some(format!("{}it cost {total}, {told}\n", finished(&table)))
}

fn what_ifs(explained: &Explained) -> Option<String> {
    if explained.what_ifs.is_empty() {
        return None;
    }
    let mut table = plain(&["it would have started at", "after", "", "ended at", "with"]);
    for what_if in &explained.what_ifs {
        table.add_row(what_if_row(explained, what_if));
    }
    right(&mut table, &[0, 1, 3]);
    Some(finished(&table))
}

fn what_if_row(explained: &Explained, what_if: &WhatIf) -> [String; 5] {
    let submit = explained.jobs().submit(explained.job);
    let label = what_if.change.label.clone();
    let Some(start) = what_if.start else {
        return ["never".to_owned(), String::new(), what_if.state.to_owned(), String::new(), label];
    };
    let moved = match explained.outcome.fates.start(explained.job) {
        None => String::new(),
        Some(now) if now == start => "the same".to_owned(),
        Some(now) if start < now => format!("{} earlier", duration(now.since(start).as_seconds())),
        Some(now) => format!("{} later", duration(start.since(now).as_seconds())),
    };
    let end = what_if.end.map_or_else(|| what_if.state.to_owned(), |end| format!("{end} s"));
    [format!("{start} s"), duration(start.since(submit).as_seconds()), moved, end, label]
}
