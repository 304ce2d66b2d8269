//! The summary that a planner reads on the terminal.

use std::collections::BTreeMap;

use super::format::{count, dollars, duration, gpu_hours, gpus, percent, plural, times};
use super::table::{finished, plain, right};
use crate::engine::Outcome;
use crate::ledger::{Leaf, LeafGroup};
use crate::results::Metrics;
use crate::results::metrics::PoolFigures;
use crate::results::summary::deadlock_cost;
use crate::scenario::Scenario;
use crate::trace::JobTable;
use crate::trace::size;
use crate::units::{Distribution, Usd};

/// The whole text.
#[must_use]
pub fn text(scenario: &Scenario, table: &JobTable, metrics: &Metrics, outcome: &Outcome) -> String {
    let mut parts = vec![title(scenario, metrics), utilization(metrics)];
    parts.extend(pools(metrics));
    parts.extend([jobs(metrics) + &rejections(table, outcome), queue(metrics)]);
    if let Some(recorded) = &metrics.recorded {
        parts.push(recorded_against_simulated(recorded));
    }
    parts.push(idle(metrics));
    parts.extend(held(metrics));
    parts.extend(deadlock(scenario, outcome));
    parts.join("\n")
}

fn title(scenario: &Scenario, metrics: &Metrics) -> String {
    let gpus = gpus(scenario.cluster.gpu_count(), scenario.cluster.rented_gpus());
    let horizon = duration(metrics.horizon.as_seconds());
    let mut line = format!(
        "{}: {} on {}, {horizon} simulated, seed {}\n",
        scenario.name, scenario.policy.entry.name, gpus, scenario.seed
    );
    if metrics.window < metrics.horizon {
        line.push_str(&format!(
            "measured: {} of it (warm-up and cool-down cut off)\n",
            duration(metrics.window.as_seconds())
        ));
    }
    line
}

fn utilization(metrics: &Metrics) -> String {
    let u = metrics.utilization;
    let share = |of: f64| if metrics.pools.is_empty() { "n/a".to_owned() } else { percent(of) };
    let mut table = plain(&["utilization", "", ""]);
    table.add_row(["allocated", &share(u.allocated), "held by a job"]);
    table.add_row(["occupied", &share(u.occupied), "running a step"]);
    table.add_row(["productive", &share(u.productive), "making progress that was kept"]);
    let mfu = u.mfu.map_or_else(|| "n/a".to_owned(), percent);
    let meaning = if u.mfu.is_some() {
        "of the GPUs' peak FLOPs, put to use"
    } else {
        "no mfu in the trace, nor workload.mfu in the scenario"
    };
    table.add_row(["MFU", &mfu, meaning]);
    right(&mut table, &[1]);
    finished(&table)
}

/// Pool by pool, where there are several.
fn pools(metrics: &Metrics) -> Option<String> {
    if metrics.pools.len() < 2 {
        return None;
    }
    let mut columns = vec!["pool", "GPUs", "allocated", "productive"];
    if metrics.utilization.mfu.is_some() {
        columns.push("MFU");
    }
    if is_priced(metrics) {
        columns.extend(["idle cost", "a year"]);
    }
    let mut table = plain(&columns);
    for pool in &metrics.pools {
        let mut row = vec![
            pool.name.clone(),
            count(pool.gpus),
            percent(pool.utilization.allocated),
            percent(pool.utilization.productive),
        ];
        if metrics.utilization.mfu.is_some() {
            row.push(pool.utilization.mfu.map_or_else(|| "n/a".to_owned(), percent));
        }
        row.extend(match is_free(pool) {
            true if is_priced(metrics) => vec!["no price".to_owned(); 2],
            _ => cost(metrics, pool.idle_usd),
        });
        table.add_row(row);
    }
    right(&mut table, &(1..columns.len()).collect::<Vec<_>>());
    Some(finished(&table))
}

fn jobs(metrics: &Metrics) -> String {
    let jobs = metrics.jobs;
    let mut text = format!("{}: {} finished", plural(jobs.submitted, "job"), count(jobs.finished));
    let more = [
        (jobs.killed, "of them killed at the walltime"),
        (jobs.cancelled, "of them cancelled for others"),
        (jobs.failed, "of them failed"),
        (jobs.unfinished - jobs.due_later, "unfinished"),
        (jobs.due_later, "yet to be submitted at the end"),
        (jobs.rejected, "rejected"),
    ];
    for (number, what) in more {
        if number > 0 {
            text.push_str(&format!(", {} {what}", count(number)));
        }
    }
    if metrics.jct.count > 0 {
        let [mean, ..] = times(&metrics.jct);
        text.push_str(&format!("; mean completion time {mean}, mean bounded slowdown {:.2}", metrics.slowdown.mean));
    }
    text + "\n"
}

/// Why jobs can never run, the commonest reasons first.
fn rejections(table: &JobTable, outcome: &Outcome) -> String {
    const MOST: usize = 5;
    let mut jobs: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in table.ids().filter_map(|job| outcome.classes.rejection(table, job)) {
        *jobs.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<(&str, u64)> = jobs.into_iter().collect();
    reasons.sort_by_key(|&(reason, jobs)| (std::cmp::Reverse(jobs), reason));
    let row = |(reason, jobs): &(&str, u64)| format!(" rejected: {}: {reason}\n", plural(*jobs, "job"));
    let mut text: String = reasons.iter().take(MOST).map(row).collect();
    if let Some(others) = reasons.len().checked_sub(MOST).filter(|&others| others > 0) {
        text.push_str(&format!(" and for {} more; jobs.csv has them all\n", plural(others as u64, "reason")));
    }
    text
}

fn queue(metrics: &Metrics) -> String {
    let mut table = plain(&["queue time", "jobs", "mean", "p50", "p90", "p99", "max"]);
    let mut row = |name: &str, jobs: u64, wait: &Distribution| {
        let mut cells = vec![name.to_owned(), count(jobs)];
        cells.extend(times(wait));
        table.add_row(cells);
    };
    row("all jobs", metrics.wait.count, &metrics.wait);
    for class in &metrics.queue_by_size {
        row(&size::words(&class.name), class.jobs, &class.wait);
    }
    right(&mut table, &[1, 2, 3, 4, 5, 6]);
    finished(&table)
}

fn recorded_against_simulated(recorded: &crate::results::recorded::RecordedWaits) -> String {
    let mut table = plain(&["queue time", "jobs", "mean", "p50", "p90", "p99", "max"]);
    for (name, wait) in [("recorded", &recorded.recorded), ("simulated", &recorded.simulated)] {
        let mut cells = vec![name.to_owned(), count(wait.count)];
        cells.extend(times(wait));
        table.add_row(cells);
    }
    right(&mut table, &[1, 2, 3, 4, 5, 6]);
    let of = |r: Option<f64>| r.map_or_else(|| "n/a".to_owned(), |r| format!("{r:.3}"));
    let correlation = match (recorded.pearson, recorded.spearman) {
        (None, None) => "n/a, since one of the two is the same for all jobs".to_owned(),
        (pearson, spearman) => format!("{} (Pearson), {} (ranks)", of(pearson), of(spearman)),
    };
    format!("{}correlation: {correlation}\n", finished(&table))
}

fn idle(metrics: &Metrics) -> String {
    let heading = format!("idle GPUs cost {}", in_dollars(metrics, metrics.idle_usd));
    by_cause(metrics, &heading, |leaf| leaf.group() == LeafGroup::Idle)
        .unwrap_or_else(|| why_none_is_idle(metrics).to_owned())
}

fn why_none_is_idle(metrics: &Metrics) -> &'static str {
    if metrics.pools.is_empty() {
        "the cluster has no GPUs\n"
    } else if metrics.capacity.raw() == 0 {
        "nothing ran\n"
    } else {
        "no GPU was idle\n"
    }
}

fn held(metrics: &Metrics) -> Option<String> {
    let lost = |leaf: Leaf| matches!(leaf.group(), LeafGroup::Unproductive | LeafGroup::Unavailable);
    let usd = Leaf::ALL.iter().filter(|&&l| lost(l)).map(|&l| metrics.leaf(l).usd).sum();
    by_cause(metrics, &format!("GPUs held or unavailable without progress cost {}", in_dollars(metrics, usd)), lost)
}

fn is_priced(metrics: &Metrics) -> bool {
    metrics.total_usd != Usd::default()
}

/// Whether a pool costs nothing.
fn is_free(pool: &PoolFigures) -> bool {
    pool.total_usd == Usd::default()
}

/// What is to be said where only some GPUs have a price.
fn partly_priced(metrics: &Metrics) -> String {
    let gpus = |kind: fn(&&PoolFigures) -> bool| metrics.pools.iter().filter(kind).map(|pool| pool.gpus).sum::<u64>();
    match gpus(|pool| is_free(pool)) {
        0 => String::new(),
        _ => {
            let priced = gpus(|pool| !is_free(pool));
            format!(" (only {} of {} have a price)", count(priced), plural(gpus(|_| true), "GPU"))
        }
    }
}

fn in_dollars(metrics: &Metrics, usd: Usd) -> String {
    match cost(metrics, usd).as_slice() {
        [total, a_year] => format!("{total}, {a_year} a year{}", partly_priced(metrics)),
        _ => "an unknown amount, since no pool has a price".to_owned(),
    }
}

/// An amount as it is and as it would be in a year; nothing where no pool has a price.
fn cost(metrics: &Metrics, usd: Usd) -> Vec<String> {
    if is_priced(metrics) { vec![dollars(usd.as_dollars()), dollars(metrics.per_year(usd))] } else { Vec::new() }
}

/// The leaves of a kind, dearest first.
fn by_cause(metrics: &Metrics, heading: &str, kind: impl Fn(Leaf) -> bool) -> Option<String> {
    let mut leaves: Vec<Leaf> = Leaf::ALL.into_iter().filter(|&l| kind(l) && metrics.leaf(l).time.raw() > 0).collect();
    leaves.sort_by_key(|&l| {
        let amount = metrics.leaf(l);
        (std::cmp::Reverse(amount.usd), std::cmp::Reverse(amount.time), l)
    });
    if leaves.is_empty() {
        return None;
    }
    let priced = is_priced(metrics);
    let mut table = plain(if priced {
        &["cause", "of capacity", "GPU-hours", "cost", "a year", ""]
    } else {
        &["cause", "of capacity", "GPU-hours", ""]
    });
    for leaf in leaves {
        let amount = metrics.leaf(leaf);
        let mut row =
            vec![leaf.name().to_owned(), percent(amount.time.share_of(metrics.capacity)), gpu_hours(amount.time)];
        row.extend(cost(metrics, amount.usd));
        row.push(leaf.meaning().to_owned());
        table.add_row(row);
    }
    right(&mut table, if priced { &[1, 2, 3, 4] } else { &[1, 2] });
    Some(format!("{heading}\n{}", finished(&table)))
}

fn deadlock(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let deadlock = outcome.deadlock.as_ref()?;
    let holders = match deadlock.holders {
        1 => "1 job holds".to_owned(),
        several => format!("{} hold", plural(several, "job")),
    };
    Some(format!(
        "DEADLOCK at {} s of the trace: {holders} {} and can never start; it costs {} an hour\n",
        deadlock.at,
        plural(deadlock.gpus.iter().sum(), "GPU"),
        dollars(deadlock_cost(deadlock, &scenario.cluster).as_dollars())
    ))
}
