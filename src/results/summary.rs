//! `summary.json`: the figures of a run, versioned. Its flattened keys are the metric names everywhere.

use serde::Serialize;
use serde_json::value::RawValue;

use super::metrics::{self, Metrics};
use super::recorded::RecordedWaits;
use crate::engine::Deadlock;
use crate::ledger::Leaf;
use crate::units::{Distribution, Usd};

/// The version of the file's shape.
pub const SCHEMA: &str = "fleetsim.summary/1";

/// The file.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    schema: &'static str,
    name: &'a str,
    policy: &'a str,
    seed: u64,
    jobs: Jobs,
    horizon_s: f64,
    window_s: f64,
    makespan_s: f64,
    capacity_gpu_s: Box<RawValue>,
    utilization: Utilization,
    wait_s: Quantiles,
    jct_s: Quantiles,
    bounded_slowdown: Quantiles,
    queue_length_mean: f64,
    wait_s_by_gpus: Ordered<ClassWaits>,
    #[serde(skip_serializing_if = "Ordered::is_empty")]
    wait_s_by_tenant: Ordered<ClassWaits>,
    pools: Ordered<Pool>,
    ledger: Ordered<Box<RawValue>>,
    cost: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Recorded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadlock: Option<DeadlockReport>,
}

#[derive(Debug, Serialize)]
struct Jobs {
    submitted: u64,
    finished: u64,
    killed: u64,
    /// Only where preemption cancels.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<u64>,
    /// Only where jobs fail by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<u64>,
    unfinished: u64,
    /// Only of a run that was cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_later: Option<u64>,
    rejected: u64,
}

#[derive(Debug, Serialize)]
struct Utilization {
    allocated: f64,
    occupied: f64,
    productive: f64,
    mfu: Option<f64>,
}

/// Of a distribution; of nothing, they are not known.
#[derive(Debug, Serialize)]
struct Quantiles {
    mean: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// A map that keeps the order in which it was made.
#[derive(Debug)]
struct Ordered<T>(Vec<(String, T)>);

/// Queue times of some of the jobs.
#[derive(Debug, Serialize)]
struct ClassWaits {
    jobs: u64,
    #[serde(flatten)]
    wait: Quantiles,
}

#[derive(Debug, Serialize)]
struct Pool {
    gpus: u64,
    /// Only where its nodes are rented as they are needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rented_gpu_s: Option<Box<RawValue>>,
    allocated: f64,
    occupied: f64,
    productive: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfu: Option<f64>,
    total_usd: Box<RawValue>,
    idle_usd: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct Cost {
    total_usd: Box<RawValue>,
    idle_usd: Box<RawValue>,
    idle_usd_per_year: f64,
    by_leaf: Ordered<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct Recorded {
    jobs: u64,
    recorded_wait_s: Quantiles,
    simulated_wait_s: Quantiles,
    pearson: Option<f64>,
    spearman: Option<f64>,
}

#[derive(Debug, Serialize)]
struct DeadlockReport {
    at_s: f64,
    holders: u64,
    held_gpus: u64,
    usd_per_hour: Box<RawValue>,
}

impl<T> Ordered<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl From<&Distribution> for Quantiles {
    fn from(d: &Distribution) -> Self {
        let known = |value| (d.count > 0).then_some(value);
        Quantiles {
            mean: known(d.mean),
            p50: known(d.p50),
            p90: known(d.p90),
            p95: known(d.p95),
            p99: known(d.p99),
            max: known(d.max),
        }
    }
}

impl From<&RecordedWaits> for Recorded {
    fn from(waits: &RecordedWaits) -> Self {
        Recorded {
            jobs: waits.recorded.count,
            recorded_wait_s: (&waits.recorded).into(),
            simulated_wait_s: (&waits.simulated).into(),
            pearson: waits.pearson,
            spearman: waits.spearman,
        }
    }
}

/// A number exactly as its text has it.
fn exact(number: impl std::fmt::Display) -> Box<RawValue> {
    RawValue::from_string(number.to_string()).expect("a decimal number is JSON")
}

fn leaves<T: std::fmt::Display>(of: impl Fn(Leaf) -> T) -> Ordered<Box<RawValue>> {
    Ordered(Leaf::ALL.iter().map(|&leaf| (leaf.name().to_owned(), exact(of(leaf)))).collect())
}

fn sizes(metrics: &Metrics) -> Ordered<ClassWaits> {
    let class = |class: &metrics::SizeClass| {
        let wait = Quantiles::from(&class.wait);
        (class.name.trim_end_matches(" (CPU)").to_owned(), ClassWaits { jobs: class.jobs, wait })
    };
    Ordered(metrics.queue_by_size.iter().map(class).collect())
}

fn tenants(metrics: &Metrics) -> Ordered<ClassWaits> {
    let tenant = |tenant: &metrics::TenantWaits| {
        (tenant.name.clone(), ClassWaits { jobs: tenant.jobs, wait: Quantiles::from(&tenant.wait) })
    };
    Ordered(metrics.queue_by_tenant.iter().map(tenant).collect())
}

fn pools(metrics: &Metrics) -> Ordered<Pool> {
    let pool = |pool: &metrics::PoolFigures| {
        let metrics::Utilization { allocated, occupied, productive, mfu } = pool.utilization;
        let (total_usd, idle_usd) = (exact(pool.total_usd), exact(pool.idle_usd));
        let (gpus, rented_gpu_s) = (pool.gpus, pool.rented.map(exact));
        (pool.name.clone(), Pool { gpus, rented_gpu_s, allocated, occupied, productive, mfu, total_usd, idle_usd })
    };
    Ordered(metrics.pools.iter().map(pool).collect())
}

/// What a deadlock costs in an hour.
#[must_use]
pub fn deadlock_cost(deadlock: &Deadlock, cluster: &crate::cluster::ClusterSpec) -> Usd {
    let hour =
        |gpus: u64| crate::units::GpuTime::from_raw(u128::from(gpus) * 3600 * crate::units::GpuTime::PER_GPU_SECOND);
    cluster.pools.iter().zip(&deadlock.gpus).map(|(pool, &gpus)| pool.price.cost_of(hour(gpus))).sum()
}

/// Who was simulated.
#[derive(Debug, Clone, Copy)]
pub struct Title<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// The policy's.
    pub policy: &'a str,
    /// The root seed.
    pub seed: u64,
}

/// The text of `summary.json`.
#[must_use]
pub fn json(
    title: Title<'_>,
    metrics: &Metrics,
    deadlock: Option<&Deadlock>,
    cluster: &crate::cluster::ClusterSpec,
) -> String {
    let jobs = metrics.jobs;
    let summary = Summary {
        schema: SCHEMA,
        name: title.name,
        policy: title.policy,
        seed: title.seed,
        jobs: Jobs {
            submitted: jobs.submitted,
            finished: jobs.finished,
            killed: jobs.killed,
            cancelled: Some(jobs.cancelled).filter(|&cancelled| cancelled > 0),
            failed: Some(jobs.failed).filter(|&failed| failed > 0),
            unfinished: jobs.unfinished,
            due_later: Some(jobs.due_later).filter(|&later| later > 0),
            rejected: jobs.rejected,
        },
        horizon_s: metrics.horizon.as_seconds(),
        window_s: metrics.window.as_seconds(),
        makespan_s: metrics.makespan.as_seconds(),
        capacity_gpu_s: exact(metrics.capacity),
        utilization: Utilization {
            allocated: metrics.utilization.allocated,
            occupied: metrics.utilization.occupied,
            productive: metrics.utilization.productive,
            mfu: metrics.utilization.mfu,
        },
        wait_s: (&metrics.wait).into(),
        jct_s: (&metrics.jct).into(),
        bounded_slowdown: (&metrics.slowdown).into(),
        queue_length_mean: metrics.queue_mean,
        wait_s_by_gpus: sizes(metrics),
        wait_s_by_tenant: tenants(metrics),
        pools: pools(metrics),
        ledger: leaves(|leaf| metrics.leaf(leaf).time),
        cost: Cost {
            total_usd: exact(metrics.total_usd),
            idle_usd: exact(metrics.idle_usd),
            idle_usd_per_year: metrics.per_year(metrics.idle_usd),
            by_leaf: leaves(|leaf| metrics.leaf(leaf).usd),
        },
        recorded: metrics.recorded.as_ref().map(Into::into),
        deadlock: deadlock.map(|d| DeadlockReport {
            at_s: d.at.as_seconds(),
            holders: d.holders,
            held_gpus: d.gpus.iter().sum(),
            usd_per_hour: exact(deadlock_cost(d, cluster)),
        }),
    };
    let mut text = serde_json::to_string_pretty(&summary).expect("a summary is JSON");
    text.push('\n');
    text
}
