//! The tables of a report.

use super::table::{Cell, Columns, table};
use crate::chart::markup::Markup;
use crate::chart::words;
use crate::ledger::{LEAVES, Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{count, dollars, duration, percent, plural};
use crate::results::stored::{JobRow, LeafSums, Pool, Quantiles, Tenant};
use crate::units::quantile::quantiles;

/// How many tenants are listed one by one.
const MOST_TENANTS: usize = 300;

/// The columns of dollars.
const COSTS: [&str; 5] = ["cost", "a year", "idle cost", "cost of held", "idle for it"];

/// A table some of whose columns are dollars, and left out where nothing has a price.
fn with_costs(run: &StoredRun, caption: &str, columns: &Columns<'_>, rows: Vec<Vec<Cell>>) -> Markup {
    if run.is_priced() {
        return table(caption, columns, &rows);
    }
    let kept = |at: &usize| !COSTS.contains(&columns[*at].0);
    let kept_columns: Vec<(&str, bool)> = (0..columns.len()).filter(kept).map(|at| columns[at]).collect();
    let rows = rows.into_iter().map(|row| (0..).zip(row).filter(|(at, _)| kept(at)).map(|(_, cell)| cell).collect());
    table(caption, &kept_columns, &rows.collect::<Vec<_>>())
}

/// Every leaf that is not empty.
#[must_use]
pub fn leaves(run: &StoredRun) -> Markup {
    let columns = [
        ("leaf", false),
        ("group", false),
        ("of capacity", true),
        ("GPU-hours", true),
        ("cost", true),
        ("a year", true),
        ("GPUs here", false),
    ];
    let row = |leaf: Leaf| {
        let (seconds, usd) = (run.leaves.gpu_seconds[leaf as usize], run.leaves.usd[leaf as usize]);
        let year = run.per_year(usd);
        vec![
            Cell::text(words::leaf(leaf)),
            Cell::text(words::group(leaf.group())),
            Cell::number(run.share(leaf), percent(run.share(leaf))),
            hours(seconds),
            Cell::number(usd, dollars(usd)),
            Cell::number(year, dollars(year)),
            Cell::text(leaf.meaning()),
        ]
    };
    let rows: Vec<_> = run.leaves_in_order(|_| true).into_iter().map(row).collect();
    with_costs(run, "Where every GPU-second went; the leaves add up to the capacity", &columns, rows)
}

fn hours(gpu_seconds: f64) -> Cell {
    Cell::number(gpu_seconds, words::gpu_hours(gpu_seconds).trim_end_matches(" GPU-hours").to_owned())
}

/// The 90 % quantile, by the rule of all quantiles here.
fn ninth_tenth(waits: &[f64]) -> Option<f64> {
    // The bits of numbers that are not negative ascend as the numbers do.
    let mut bits: Vec<u64> = waits.iter().map(|wait| wait.max(0.0).to_bits()).collect();
    quantiles(&mut bits, &[900_000], f64::from_bits).and_then(|q| q.first().copied())
}

fn time(seconds: Option<f64>) -> Cell {
    Cell::maybe(seconds, duration)
}

fn whole(number: u64) -> Cell {
    Cell::number(number as f64, count(number))
}

fn total(of: &[f64; LEAVES], kind: impl Fn(Leaf) -> bool) -> f64 {
    Leaf::ALL.into_iter().filter(|&l| kind(l)).map(|l| of[l as usize]).sum()
}

fn is_idle(leaf: Leaf) -> bool {
    leaf.group() == LeafGroup::Idle
}

/// Pool by pool.
#[must_use]
pub fn pools(run: &StoredRun) -> Markup {
    let mut columns = vec![
        ("pool", false),
        ("GPUs", true),
        ("allocated", true),
        ("productive", true),
        ("idle cost", true),
        ("a year", true),
        ("largest loss", false),
    ];
    let knows_mfu = run.summary.pools.0.iter().any(|(_, pool)| pool.mfu.is_some());
    if knows_mfu {
        columns.insert(4, ("MFU", true));
    }
    let row = |(name, pool): &(String, Pool)| {
        let ledger = run.pools.iter().find(|(pool, _)| pool == name).map(|(_, sums)| sums);
        let year = run.per_year(pool.idle_usd);
        let is_priced = ledger.is_none_or(|sums| sums.usd.iter().any(|&usd| usd > 0.0));
        let known = |usd: f64| if is_priced { dollars(usd) } else { "no price".to_owned() };
        let mut cells = vec![
            Cell::text(name.as_str()),
            whole(pool.gpus),
            Cell::number(pool.allocated, percent(pool.allocated)),
            Cell::number(pool.productive, percent(pool.productive)),
            Cell::number(pool.idle_usd, known(pool.idle_usd)),
            Cell::number(year, known(year)),
            Cell::text(ledger.and_then(largest_loss).map_or_else(|| "none".to_owned(), words::leaf)),
        ];
        if knows_mfu {
            cells.insert(4, Cell::maybe(pool.mfu, percent));
        }
        cells
    };
    let rows: Vec<_> = run.summary.pools.0.iter().map(row).collect();
    with_costs(run, "Pools", &columns, rows)
}

fn largest_loss(sums: &LeafSums) -> Option<Leaf> {
    let lost = |l: &Leaf| l.group() != LeafGroup::Productive && sums.gpu_seconds[*l as usize] > 0.0;
    let by = |l: &Leaf| sums.gpu_seconds[*l as usize];
    Leaf::ALL.into_iter().filter(lost).max_by(|a, b| by(a).total_cmp(&by(b)).then(b.cmp(a)))
}

/// Queue times by size.
#[must_use]
pub fn sizes(run: &StoredRun) -> Markup {
    let columns = [
        ("size", false),
        ("jobs", true),
        ("mean", true),
        ("p50", true),
        ("p90", true),
        ("p95", true),
        ("p99", true),
        ("longest", true),
    ];
    let w = run.summary.wait_s;
    let quantiles = |w: &Quantiles| [w.mean, w.p50, w.p90, w.p95, w.p99, w.max].map(time);
    let started = run.jobs.waits.iter().map(|waits| waits.len() as u64).sum();
    let mut rows = vec![[vec![Cell::text("all that started"), whole(started)], quantiles(&w).to_vec()].concat()];
    for (name, class) in &run.summary.wait_s_by_gpus.0 {
        rows.push([vec![Cell::text(words::size(name)), whole(class.jobs)], quantiles(&class.wait).to_vec()].concat());
    }
    table("Time in the queue by job size", &columns, &rows)
}

/// Tenant by tenant, those with the most GPU-time first.
#[must_use]
pub fn tenants(run: &StoredRun) -> Markup {
    let columns = [
        ("tenant", false),
        ("jobs", true),
        ("mean queue time", true),
        ("p90", true),
        ("GPU-hours held", true),
        ("useful", true),
        ("cost of held", true),
        ("idle for it", true),
    ];
    let held = |t: &Tenant| total(&t.leaves.gpu_seconds, Leaf::is_held);
    // Idle time that nobody claimed has the empty name too, and is no tenant's.
    let is_tenant = |t: &&Tenant| !t.name.is_empty() || held(t) > 0.0 || run.jobs.tenants.contains_key("");
    let mut all: Vec<&Tenant> = run.tenants.iter().filter(is_tenant).collect();
    all.sort_by(|a, b| held(b).total_cmp(&held(a)).then(a.name.cmp(&b.name)));
    let row = |tenant: &&Tenant| {
        let jobs = run.jobs.tenants.get(&tenant.name);
        let waits = jobs.map_or(&[][..], |jobs| &jobs.waits);
        let mean = (!waits.is_empty()).then(|| waits.iter().sum::<f64>() / waits.len() as f64);
        let (seconds, usd) = (&tenant.leaves.gpu_seconds, &tenant.leaves.usd);
        let all_held = held(tenant);
        let useful = (all_held > 0.0).then(|| seconds[Leaf::Useful as usize] / all_held);
        let cost = total(usd, Leaf::is_held);
        // What nobody wanted is nobody's.
        let idle = total(usd, |l| is_idle(l) && l != Leaf::NoDemand);
        let name = words::tenant(&tenant.name);
        vec![
            Cell::text(name),
            whole(jobs.map_or(0, |jobs| jobs.jobs)),
            time(mean),
            time(ninth_tenth(waits)),
            hours(all_held),
            Cell::maybe(useful, percent),
            Cell::number(cost, dollars(cost)),
            Cell::number(idle, dollars(idle)),
        ]
    };
    let rows: Vec<_> = all.iter().take(MOST_TENANTS).map(row).collect();
    let caption = match all.len() > MOST_TENANTS {
        true => format!("The {MOST_TENANTS} largest of {} tenants, by GPU-time held", count(all.len() as u64)),
        false if run.is_priced() => {
            "Tenants; idle for it: GPUs that stood free although one of its jobs waited".to_owned()
        }
        false => "Tenants".to_owned(),
    };
    with_costs(run, &caption, &columns, rows)
}

/// The jobs that waited longest.
#[must_use]
pub fn jobs(run: &StoredRun) -> Markup {
    let columns = [
        ("job", false),
        ("tenant", false),
        ("GPUs", true),
        ("submitted after", true),
        ("started after", true),
        ("queue time", true),
        ("state", false),
        ("pool", false),
    ];
    let row = |job: &JobRow| {
        vec![
            Cell::text(job.id.as_str()),
            Cell::text(job.tenant.as_str()),
            whole(u64::from(job.gpus)),
            time(Some(job.submit)),
            time(Some(job.start)),
            time(Some(job.wait)),
            Cell::text(job.state.as_str()),
            Cell::text(job.pool.as_str()),
        ]
    };
    let rows: Vec<_> = run.jobs.longest.iter().map(row).collect();
    let all = plural(run.summary.jobs.submitted, "job");
    table(&format!("The {} that waited longest, of {all}; jobs.csv has them all", rows.len()), &columns, &rows)
}

/// Why jobs were rejected.
#[must_use]
pub fn rejected(run: &StoredRun) -> Option<Markup> {
    let row = |(reason, jobs): (&String, &u64)| vec![Cell::text(reason.as_str()), whole(*jobs)];
    let rows: Vec<_> = run.jobs.rejected.iter().map(row).take(50).collect();
    (!rows.is_empty()).then(|| table("Jobs that can never fit", &[("reason", false), ("jobs", true)], &rows))
}
