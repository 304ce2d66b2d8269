//! The CSV files of a run folder: jobs, ledger, ledger by tenant, series, storage.

use std::io::Write;
use std::path::Path;

use super::rows::{Rows, push_field};
use crate::cluster::ClusterSpec;
use crate::engine::{Outcome, Stay};
use crate::input::Problem;
use crate::ledger::{Entry, Leaf};
use crate::output::AtomicFile;
use crate::physics::Bottleneck;
use crate::sched::Stage;
use crate::trace::{JobId, JobTable};
use crate::units::{Cost, GpuTime};

/// Bytes that are collected before they are written.
const CHUNK: usize = 1 << 16;

/// Microseconds in a second.
const MICROS_A_SECOND: u128 = 1_000_000;

/// The state of a job as `jobs.csv` says it.
#[must_use]
pub fn state_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Future | Stage::Waiting | Stage::Running => "unfinished",
        Stage::Finished => "finished",
        Stage::Killed => "killed",
        Stage::Cancelled => "cancelled",
        Stage::Failed => "failed",
        Stage::Rejected => "rejected",
    }
}

/// Writes `jobs.csv`: a row a job, in submission order. Where jobs wait for data, `bound_by` says what held each back for the
/// largest part of its wait; empty: it never waited.
///
/// # Errors
/// When it cannot be written.
pub fn write_jobs(to: &Path, outcome: &Outcome, jobs: &JobTable, cluster: &ClusterSpec) -> Result<(), Problem> {
    let mut file = AtomicFile::create(to)?;
    let columns = "job_id,tenant,queue,gpus,submit_s,start_s,end_s,wait_s,state,pool,nodes,reason,stops";
    let bound_by = if outcome.fates.may_stall() { ",bound_by" } else { "" };
    let mut rows = Rows::with_header(&format!("{columns}{bound_by}"));
    let shared = shared_fields(jobs);
    for job in jobs.ids() {
        job_row(&mut rows, outcome, jobs, cluster, &shared, job);
        if rows.bytes().len() > CHUNK {
            file.write_all(rows.bytes()).map_err(|e| file.problem(&e))?;
            rows.clear();
        }
    }
    file.write_all(rows.bytes()).map_err(|e| file.problem(&e))?;
    file.finish()
}

/// `tenant,queue,gpus` of each spec, ready to be copied.
fn shared_fields(jobs: &JobTable) -> Vec<Vec<u8>> {
    let fields = |spec: &crate::trace::JobSpec| {
        let mut bytes = Vec::new();
        push_field(&mut bytes, &spec.tenant);
        bytes.push(b',');
        push_field(&mut bytes, &spec.queue);
        bytes.extend_from_slice(format!(",{}", spec.gpus).as_bytes());
        bytes
    };
    jobs.specs().iter().map(fields).collect()
}

fn job_row(rows: &mut Rows, outcome: &Outcome, jobs: &JobTable, cluster: &ClusterSpec, shared: &[Vec<u8>], job: JobId) {
    let fates = &outcome.fates;
    let (submit, start) = (jobs.submit(job), fates.start(job));
    rows.text(jobs.name(job));
    rows.plain(&shared[jobs.spec_id(job).index()]);
    rows.seconds(submit.micros());
    rows.instant(start);
    rows.instant(fates.end(job));
    match start {
        Some(start) => rows.seconds(start.since(submit).micros()),
        None => rows.plain(b""),
    }
    rows.plain(state_word(fates.stage(job)).as_bytes());
    match (fates.pool(job), fates.nodes(job)) {
        (Some(pool), Some(nodes)) => {
            rows.text(&cluster.pools[pool as usize].name);
            rows.number(u64::from(nodes));
        }
        _ => rows.plain(b","),
    }
    match fates.stage(job) {
        Stage::Rejected => rows.text(outcome.classes.rejection(jobs, job).unwrap_or_default()),
        _ => rows.plain(b""),
    }
    rows.number(u64::from(fates.stops(job)));
    if fates.may_stall() {
        rows.plain(fates.stalls(job).binding().map_or("", Bottleneck::word).as_bytes());
    }
    rows.end();
}

/// Writes `placements.csv`: a row for each node on which a job held GPUs for a time, by job, start and node, with the
/// thousandths of each GPU that were its own. Nodes count from 0 within their pool; a job that was stopped, or got its GPUs one after the other, has several rows a node.
///
/// # Errors
/// When it cannot be written.
pub fn write_placements(to: &Path, places: &[Stay], jobs: &JobTable, cluster: &ClusterSpec) -> Result<(), Problem> {
    let mut file = AtomicFile::create(to)?;
    let mut rows = Rows::with_header("job_id,tenant,pool,node,gpus,start_s,end_s,milli_per_gpu");
    for stay in places {
        rows.text(jobs.name(stay.job));
        rows.text(&jobs.spec(stay.job).tenant);
        rows.text(&cluster.pools[stay.pool as usize].name);
        rows.number(u64::from(stay.node));
        rows.number(u64::from(stay.gpus));
        rows.seconds(stay.from.micros());
        rows.seconds(stay.to.micros());
        rows.number(u64::from(stay.milli));
        rows.end();
        if rows.bytes().len() > CHUNK {
            file.write_all(rows.bytes()).map_err(|e| file.problem(&e))?;
            rows.clear();
        }
    }
    file.write_all(rows.bytes()).map_err(|e| file.problem(&e))?;
    file.finish()
}

/// Writes `ledger.csv`: every pool and leaf, zeros included, in file order.
///
/// # Errors
/// When it cannot be written.
pub fn write_ledger(to: &Path, outcome: &Outcome, cluster: &ClusterSpec) -> Result<(), Problem> {
    let mut rows = Rows::with_header("pool,leaf,gpu_seconds,usd");
    for (number, pool) in cluster.pools.iter().enumerate().filter(|(_, p)| p.gpus.is_some()) {
        for leaf in Leaf::ALL {
            let of_cell = |e: &&Entry| usize::from(e.pool) == number && e.leaf == leaf;
            let time: GpuTime = outcome.ledger.iter().filter(of_cell).map(|e| e.time).sum();
            let cost: Cost = outcome.ledger.iter().filter(of_cell).map(|e| e.cost).sum();
            rows.text(&pool.name);
            rows.plain(leaf.name().as_bytes());
            rows.plain(time.to_string().as_bytes());
            rows.plain(cost.usd().to_string().as_bytes());
            rows.end();
        }
    }
    write(to, &rows)
}

/// Writes `ledger_tenants.csv`: what is not zero; idle time that nobody claimed has an empty tenant.
///
/// # Errors
/// When it cannot be written.
pub fn write_ledger_tenants(to: &Path, outcome: &Outcome, cluster: &ClusterSpec) -> Result<(), Problem> {
    let mut rows = Rows::with_header("tenant,pool,leaf,gpu_seconds,usd");
    let mut entries: Vec<(&str, bool, &Entry)> = outcome
        .ledger
        .iter()
        .map(|entry| match entry.payer.as_tenant() {
            Some(tenant) => (outcome.classes.tenants()[tenant.index()].as_str(), true, entry),
            None => ("", false, entry),
        })
        .collect();
    entries.sort_by(|a, b| (a.0, a.2.pool, a.2.leaf, a.1).cmp(&(b.0, b.2.pool, b.2.leaf, b.1)));
    // Jobs without a tenant and nobody's time share the empty name, and a row.
    for same in entries.chunk_by(|a, b| (a.0, a.2.pool, a.2.leaf) == (b.0, b.2.pool, b.2.leaf)) {
        let (tenant, _, first) = same[0];
        let pool = &cluster.pools[first.pool as usize];
        let time: GpuTime = same.iter().map(|(_, _, e)| e.time).sum();
        let cost: Cost = same.iter().map(|(_, _, e)| e.cost).sum();
        rows.text(tenant);
        rows.text(&pool.name);
        rows.plain(first.leaf.name().as_bytes());
        rows.plain(time.to_string().as_bytes());
        rows.plain(cost.usd().to_string().as_bytes());
        rows.end();
    }
    write(to, &rows)
}

/// Writes `series.csv`: the horizon in at most 1,024 buckets, mean GPUs in each leaf and mean waiting jobs.
///
/// # Errors
/// When it cannot be written.
pub fn write_series(to: &Path, outcome: &Outcome) -> Result<(), Problem> {
    let leaves = Leaf::ALL.map(Leaf::name).join(",");
    let mut rows = Rows::with_header(&format!("start_s,width_s,waiting_jobs,submitted,started,ended,{leaves}"));
    for bucket in &outcome.series {
        let width = bucket.width.micros();
        rows.seconds(bucket.start.micros());
        rows.seconds(width);
        rows.plain(mean(bucket.queue, width).as_bytes());
        rows.number(bucket.submitted);
        rows.number(bucket.started);
        rows.number(bucket.ended);
        for milli in bucket.leaves {
            rows.plain(mean(milli, width * crate::units::gpus::MILLI_PER_GPU).as_bytes());
        }
        rows.end();
    }
    write(to, &rows)
}

/// Writes `storage.csv`: the buckets of `series.csv` for each storage system and direction, with what jobs would have
/// moved if each had had the bandwidth for itself, what they moved, and what there is (empty: as much as is asked for), in
/// bytes per second.
///
/// # Errors
/// When it cannot be written.
pub fn write_storage(to: &Path, outcome: &Outcome, cluster: &ClusterSpec) -> Result<(), Problem> {
    let header = "start_s,width_s,storage,direction,demand_bytes_s,granted_bytes_s,limit_bytes_s";
    let mut rows = Rows::with_header(header);
    let systems = cluster.storage.iter();
    let directions = systems.flat_map(|s| [(&s.name, "read", s.read), (&s.name, "write", s.write)]);
    for (channel, (name, direction, limit)) in directions.enumerate() {
        for bucket in &outcome.series {
            let width = bucket.width.micros();
            let traffic = bucket.traffic.get(channel).copied().unwrap_or_default();
            rows.seconds(bucket.start.micros());
            rows.seconds(width);
            rows.text(name);
            rows.plain(direction.as_bytes());
            for bytes in [traffic.asked, traffic.given] {
                rows.plain(mean(bytes.saturating_mul(MICROS_A_SECOND), width).as_bytes());
            }
            rows.plain(limit.map(|limit| limit.to_string()).unwrap_or_default().as_bytes());
            rows.end();
        }
    }
    write(to, &rows)
}

/// A mean with six decimals at most.
fn mean(sum: u128, over: u64) -> String {
    if over == 0 || sum == 0 {
        return "0".to_owned();
    }
    let millionths = sum.saturating_mul(1_000_000).saturating_add(u128::from(over) / 2) / u128::from(over);
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn write(to: &Path, rows: &Rows) -> Result<(), Problem> {
    let mut file = AtomicFile::create(to)?;
    file.write_all(rows.bytes()).map_err(|e| file.problem(&e))?;
    file.finish()
}
