//! The figures of a run: utilizations, queue times, costs.

use std::collections::BTreeMap;

use super::recorded::RecordedWaits;
use crate::cluster::ClusterSpec;
use crate::engine::Outcome;
use crate::ledger::{LEAVES, Leaf, LeafGroup};
use crate::sched::Stage;
use crate::trace::size::{self, SIZE_CLASSES};
use crate::trace::{JobId, JobTable};
use crate::units::{Cost, Distribution, GpuTime, MilliGpu, Span, Usd};

/// Below this run time a job counts as this long in its bounded slowdown (Feitelson et al., JSSPP 1997).
pub const SLOWDOWN_THRESHOLD: Span = Span::from_seconds(10);

/// Tenants with figures of their own; a trace may have thousands of users, and each is a dozen columns in a table of runs.
pub const MOST_TENANTS: usize = 64;

/// How many jobs came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobCounts {
    /// All jobs of the trace.
    pub submitted: u64,
    /// Those that ended, killed, cancelled and failed ones included.
    pub finished: u64,
    /// Those of them that ended at their walltime.
    pub killed: u64,
    /// Those of them that ended for good when they were stopped for another.
    pub cancelled: u64,
    /// Those of them that failed by themselves.
    pub failed: u64,
    /// Those that had not ended when the run did.
    pub unfinished: u64,
    /// Those of them that were yet to be submitted.
    pub due_later: u64,
    /// Those that can never fit.
    pub rejected: u64,
}

/// Shares of the capacity, each within the one before.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Utilization {
    /// Held by a job.
    pub allocated: f64,
    /// Running a step.
    pub occupied: f64,
    /// Making progress that was kept.
    pub productive: f64,
    /// Productive x MFU; `None` where nothing is known of any job's MFU.
    pub mfu: Option<f64>,
}

/// GPU-time and cost of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// How much.
    pub time: GpuTime,
    /// What it cost.
    pub usd: Usd,
}

/// Queue times of jobs of one size class.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeClass {
    /// The sizes: `5-8`.
    pub name: String,
    /// Jobs of the class that are not rejected.
    pub jobs: u64,
    /// Queue times of those that started, in seconds.
    pub wait: Distribution,
}

/// Queue times of one tenant's jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantWaits {
    /// Its name.
    pub name: String,
    /// Its jobs that started.
    pub jobs: u64,
    /// Their queue times, in seconds.
    pub wait: Distribution,
}

/// Utilization and cost of one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolFigures {
    /// Its name.
    pub name: String,
    /// Its GPUs; of a rented pool the most that it can have.
    pub gpus: u64,
    /// The GPU-time that was rented, where its nodes are not there all the time.
    pub rented: Option<GpuTime>,
    /// The utilizations of its GPUs.
    pub utilization: Utilization,
    /// What it cost in the window.
    pub total_usd: Usd,
    /// The part of it that went to idle leaves.
    pub idle_usd: Usd,
}

/// All figures of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Jobs by what they came to.
    pub jobs: JobCounts,
    /// The whole horizon.
    pub horizon: Span,
    /// The measured part of it.
    pub window: Span,
    /// From the first submission to the last end.
    pub makespan: Span,
    /// All GPUs x window; rented ones while they are there.
    pub capacity: GpuTime,
    /// The four utilizations.
    pub utilization: Utilization,
    /// Queue times in seconds.
    pub wait: Distribution,
    /// Job completion times in seconds, without those that were cancelled or failed.
    pub jct: Distribution,
    /// Bounded slowdowns.
    pub slowdown: Distribution,
    /// Mean number of waiting jobs in the window.
    pub queue_mean: f64,
    /// The ledger over all pools.
    pub leaves: [Amount; LEAVES],
    /// Everything.
    pub total_usd: Usd,
    /// What no job held although it could be had: the idle leaves.
    pub idle_usd: Usd,
    /// Pools with GPUs, in file order.
    pub pools: Vec<PoolFigures>,
    /// Queue times by job size, smallest first.
    pub queue_by_size: Vec<SizeClass>,
    /// Queue times of the [`MOST_TENANTS`] tenants of which the most jobs started, by name; jobs without one are in none.
    pub queue_by_tenant: Vec<TenantWaits>,
    /// Where the trace has recorded starts and they are asked for.
    pub recorded: Option<RecordedWaits>,
}

impl Metrics {
    /// Works out the figures of a run.
    #[must_use]
    pub fn of(outcome: &Outcome, jobs: &JobTable, cluster: &ClusterSpec, with_recorded: bool) -> Self {
        let measured = Measured::of(outcome, jobs);
        let by_pool = amounts_by_pool(outcome, cluster);
        let leaves = total(&by_pool);
        let capacities: Vec<GpuTime> = (0..cluster.pools.len()).map(|pool| capacity(outcome, cluster, pool)).collect();
        let capacity = capacities.iter().copied().sum();
        let horizon = outcome.horizon();
        let weighted = outcome.mfu_weighted.as_deref();
        Metrics {
            jobs: measured.counts,
            horizon,
            window: outcome.window,
            makespan: measured.makespan,
            capacity,
            utilization: utilization(&leaves, capacity, weighted.map(|pools| pools.iter().copied().sum())),
            queue_mean: queue_mean(outcome),
            queue_by_size: measured.by_size(),
            queue_by_tenant: measured.by_tenant(),
            wait: Distribution::of_micros(measured.waits),
            jct: Distribution::of_micros(measured.jcts),
            slowdown: Distribution::of_ratios(&measured.slowdowns),
            total_usd: usd_of(&leaves, |_| true),
            idle_usd: usd_of(&leaves, is_idle),
            pools: pools(cluster, &by_pool, weighted, &capacities),
            leaves,
            recorded: with_recorded.then(|| RecordedWaits::of(outcome, jobs)).flatten(),
        }
    }

    /// An amount of the window, per year.
    #[must_use]
    pub fn per_year(&self, usd: Usd) -> f64 {
        const YEAR_S: f64 = 8760.0 * 3600.0;
        let window = self.window.as_seconds();
        if window > 0.0 { usd.as_dollars() * YEAR_S / window } else { 0.0 }
    }

    /// The amount of a leaf.
    #[must_use]
    pub fn leaf(&self, leaf: Leaf) -> Amount {
        self.leaves[leaf as usize]
    }
}

/// What is taken from each job, in one walk over them.
#[derive(Default)]
struct Measured {
    counts: JobCounts,
    waits: Vec<u64>,
    jcts: Vec<u64>,
    slowdowns: Vec<f64>,
    /// Queue times by size class.
    sizes: Vec<Vec<u64>>,
    /// Queue times by tenant.
    tenants: Vec<(String, Vec<u64>)>,
    /// The tenant of each spec.
    tenant_of: Vec<u32>,
    makespan: Span,
}

/// Queue times in microseconds of the jobs that the figures cover and that started, in no order.
#[must_use]
pub fn waits(outcome: &Outcome, jobs: &JobTable) -> Vec<u64> {
    Measured::of(outcome, jobs).waits
}

impl Measured {
    /// Distributions cover jobs submitted in the measured window; counts cover all.
    fn of(outcome: &Outcome, jobs: &JobTable) -> Self {
        let mut measured = Measured::default();
        measured.counts.submitted = jobs.len() as u64;
        measured.waits.reserve(jobs.len());
        measured.jcts.reserve(jobs.len());
        measured.slowdowns.reserve(jobs.len());
        measured.sizes.resize(SIZE_CLASSES, Vec::new());
        measured.find_tenants(jobs);
        for job in jobs.ids() {
            measured.count(outcome.fates.stage(job));
            if let Some(end) = outcome.fates.end(job) {
                measured.makespan = measured.makespan.max(end.since(outcome.origin));
            }
            if outcome.measures(jobs.submit(job)) {
                measured.take(outcome, jobs, job);
            }
        }
        measured
    }

    fn find_tenants(&mut self, jobs: &JobTable) {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        for spec in jobs.specs() {
            let next = numbers.len() as u32;
            let number = *numbers.entry(&spec.tenant).or_insert(next);
            if number == next {
                self.tenants.push((spec.tenant.clone(), Vec::new()));
            }
            self.tenant_of.push(number);
        }
    }

    fn count(&mut self, stage: Stage) {
        match stage {
            Stage::Future => {
                self.counts.unfinished += 1;
                self.counts.due_later += 1;
            }
            Stage::Waiting | Stage::Running => self.counts.unfinished += 1,
            Stage::Finished => self.counts.finished += 1,
            Stage::Killed => {
                self.counts.finished += 1;
                self.counts.killed += 1;
            }
            Stage::Cancelled => {
                self.counts.finished += 1;
                self.counts.cancelled += 1;
            }
            Stage::Failed => {
                self.counts.finished += 1;
                self.counts.failed += 1;
            }
            Stage::Rejected => self.counts.rejected += 1,
        }
    }

    fn take(&mut self, outcome: &Outcome, jobs: &JobTable, job: JobId) {
        if outcome.fates.stage(job) == Stage::Rejected {
            return;
        }
        let Some(start) = outcome.fates.start(job) else { return };
        let wait = start.since(jobs.submit(job)).micros();
        self.waits.push(wait);
        self.sizes[size::class(jobs.spec(job).gpus)].push(wait);
        self.tenants[self.tenant_of[jobs.spec_id(job).index()] as usize].1.push(wait);
        let completed = !matches!(outcome.fates.stage(job), Stage::Cancelled | Stage::Failed);
        if let Some(end) = outcome.fates.end(job).filter(|_| completed) {
            let (jct, run) = (end.since(jobs.submit(job)), end.since(start));
            self.jcts.push(jct.micros());
            self.slowdowns.push((jct.as_seconds() / run.max(SLOWDOWN_THRESHOLD).as_seconds()).max(1.0));
        }
    }

    fn by_size(&self) -> Vec<SizeClass> {
        let classes = self.sizes.iter().enumerate().filter(|(_, waits)| !waits.is_empty());
        classes
            .map(|(class, waits)| SizeClass {
                name: size::name(class),
                jobs: waits.len() as u64,
                wait: Distribution::of_micros(waits.clone()),
            })
            .collect()
    }

    fn by_tenant(&self) -> Vec<TenantWaits> {
        let named = self.tenants.iter().filter(|(name, waits)| !name.is_empty() && !waits.is_empty());
        let mut tenants: Vec<&(String, Vec<u64>)> = named.collect();
        tenants.sort_by(|a, b| (b.1.len(), &a.0).cmp(&(a.1.len(), &b.0)));
        tenants.truncate(MOST_TENANTS);
        tenants.sort_by(|a, b| a.0.cmp(&b.0));
        let figures = |(name, waits): &(String, Vec<u64>)| TenantWaits {
            name: name.clone(),
            jobs: waits.len() as u64,
            wait: Distribution::of_micros(waits.clone()),
        };
        tenants.into_iter().map(figures).collect()
    }
}

/// GPU-time and cost by leaf.
type LeafAmounts = [Amount; LEAVES];

/// By pool and leaf; each leaf of a pool is rounded once.
fn amounts_by_pool(outcome: &Outcome, cluster: &ClusterSpec) -> Vec<LeafAmounts> {
    let mut pools = vec![[(GpuTime::default(), Cost::default()); LEAVES]; cluster.pools.len()];
    for entry in &outcome.ledger {
        let (time, cost) = &mut pools[entry.pool as usize][entry.leaf as usize];
        *time = *time + entry.time;
        *cost = *cost + entry.cost;
    }
    let amounts = |leaves: [(GpuTime, Cost); LEAVES]| leaves.map(|(time, cost)| Amount { time, usd: cost.usd() });
    pools.into_iter().map(amounts).collect()
}

fn total(pools: &[LeafAmounts]) -> LeafAmounts {
    let mut total = [Amount::default(); LEAVES];
    for amounts in pools {
        for (sum, amount) in total.iter_mut().zip(amounts) {
            sum.time = sum.time + amount.time;
            sum.usd = sum.usd + amount.usd;
        }
    }
    total
}

/// All GPUs of a pool x window, but for what was not rented.
fn capacity(outcome: &Outcome, cluster: &ClusterSpec, pool: usize) -> GpuTime {
    let milli = MilliGpu::whole(cluster.pools[pool].gpu_count()).milli();
    let all = u128::from(milli) * u128::from(outcome.window.micros());
    GpuTime::from_raw(all - outcome.absent_from(pool).0.raw())
}

fn usd_of(leaves: &LeafAmounts, kind: impl Fn(Leaf) -> bool) -> Usd {
    Leaf::ALL.iter().filter(|&&leaf| kind(leaf)).map(|&leaf| leaves[leaf as usize].usd).sum()
}

fn is_idle(leaf: Leaf) -> bool {
    leaf.group() == LeafGroup::Idle
}

fn pools(
    cluster: &ClusterSpec,
    amounts: &[LeafAmounts],
    weighted: Option<&[GpuTime]>,
    capacities: &[GpuTime],
) -> Vec<PoolFigures> {
    let figures = |number: usize| {
        let (pool, leaves) = (&cluster.pools[number], &amounts[number]);
        let weighted = weighted.map(|pools| pools[number]);
        PoolFigures {
            name: pool.name.clone(),
            gpus: pool.gpu_count(),
            rented: pool.tenure.rent().map(|_| capacities[number]),
            utilization: utilization(leaves, capacities[number], weighted),
            total_usd: usd_of(leaves, |_| true),
            idle_usd: usd_of(leaves, is_idle),
        }
    };
    (0..cluster.pools.len()).filter(|&number| cluster.pools[number].gpu_count() > 0).map(figures).collect()
}

fn utilization(leaves: &LeafAmounts, capacity: GpuTime, mfu_weighted: Option<GpuTime>) -> Utilization {
    let share = |of: &dyn Fn(Leaf) -> bool| {
        let time: GpuTime = Leaf::ALL.iter().filter(|&&l| of(l)).map(|&l| leaves[l as usize].time).sum();
        time.share_of(capacity)
    };
    Utilization {
        allocated: share(&Leaf::is_held),
        occupied: share(&Leaf::is_step),
        productive: share(&|l| l == Leaf::Useful),
        mfu: mfu_weighted.map(|weighted| weighted.share_of(capacity)),
    }
}

fn queue_mean(outcome: &Outcome) -> f64 {
    if outcome.window == Span::ZERO { 0.0 } else { outcome.queued as f64 / outcome.window.micros() as f64 }
}
