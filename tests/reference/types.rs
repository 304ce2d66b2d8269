//! What goes into the reference simulator and what comes out: plain structs, so that it needs nothing of the engine.
//!
//! Times are microseconds from the start of the trace, CPU is in milli-cores, memory in bytes.

use std::collections::BTreeMap;

use fleetsim::trace::Topology;

/// A job as a row of a trace says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefJob {
    /// Unique, for messages.
    pub name: String,
    /// When it was submitted.
    pub submit: u64,
    /// Its ideal duration with all its tasks.
    pub duration: u64,
    /// Its requested run time.
    pub walltime: Option<u64>,
    /// GPUs of all tasks together; 0 is a CPU job.
    pub gpus: u32,
    /// Tasks, dividing `gpus`.
    pub tasks: Option<u32>,
    /// The fewest tasks with which `gang` and `pods` start it.
    pub min_tasks: Option<u32>,
    /// GPU types that will do; empty: every one.
    pub gpu_types: Vec<String>,
    /// Thousandths of each GPU that are asked for, 1 to 1000.
    pub share_milli: u32,
    /// Milli-cores per task (of the job without `tasks`).
    pub cpu_milli: u64,
    /// Bytes per task (of the job without `tasks`).
    pub mem_bytes: u64,
    /// Who pays.
    pub tenant: String,
    /// The line in which it waits.
    pub queue: String,
    /// Higher is more urgent.
    pub priority: i64,
    /// How close its units must lie.
    pub topology: Topology,
    /// Whether it may be stopped for another; `None` is yes.
    pub preemptible: Option<bool>,
    /// Whether its recorded state is failed.
    pub failed: bool,
}

/// A pool of identical nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefPool {
    /// Unique.
    pub name: String,
    /// The type of its GPUs; `None` where `gpus_per_node` is 0.
    pub gpu_type: Option<String>,
    /// How many nodes.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus_per_node: u32,
    /// The NVLink islands.
    pub island: RefIsland,
    /// Nodes of a rack; the last rack may be smaller.
    pub nodes_per_rack: u32,
    /// Milli-cores of a node; `None`: unlimited.
    pub cpu_milli: Option<u64>,
    /// Bytes of a node; `None`: unlimited.
    pub mem_bytes: Option<u64>,
    /// Lines that may use it; `None`: every one.
    pub queues: Option<Vec<String>>,
}

/// The NVLink islands of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefIsland {
    /// So many GPUs of a node each, dividing the GPUs of a node.
    Gpus(u32),
    /// The rack is the island.
    Rack,
}

/// All pools in file order.
pub type RefCluster = Vec<RefPool>;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefPolicy {
    /// The head blocks.
    Fifo,
    /// Skips what does not fit.
    BestEffortFifo,
    /// By (estimate, submit, row).
    Sjf {
        /// Whether it goes past what does not fit.
        skip: bool,
    },
    /// By (priority high first, submit, row).
    Priority {
        /// Whether it goes past what does not fit.
        skip: bool,
    },
    /// Elastic gangs.
    Gang,
    /// Pod by pod, holding.
    Pods,
    /// The head reserves.
    Easy,
    /// Every job reserves.
    Conservative {
        /// Whether every pass plans from scratch.
        replan: bool,
    },
    /// The least remaining time first, preemptive.
    Srtf,
    /// The highest priority first, preemptive.
    PriorityPreempt {
        /// Whether it goes past what does not fit.
        skip: bool,
    },
}

impl RefPolicy {
    /// Whether running jobs make room for more urgent ones.
    pub fn is_preemptive(self) -> bool {
        matches!(self, RefPolicy::Srtf | RefPolicy::PriorityPreempt { .. })
    }
}

/// Which nodes a job gets. `random` has no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefPlacement {
    /// Lowest numbers first.
    FirstFit,
    /// Best fit.
    Pack,
    /// Worst fit.
    Spread,
    /// Best fit by islands.
    IslandPack,
}

/// Everything of a run besides cluster and jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefRun {
    /// Who decides.
    pub policy: RefPolicy,
    /// Which nodes a job gets.
    pub placement: RefPlacement,
    /// Whether a job is killed at its walltime.
    pub enforce_walltime: bool,
    /// The estimate is the walltime times this ratio (numerator, denominator).
    pub estimate_factor: (u64, u64),
    /// The run ends at this instant at the latest.
    pub until: Option<u64>,
    /// How long a job runs before it is stopped for another.
    pub min_runtime: u64,
    /// How long a job runs on that is stopped for another.
    pub grace: u64,
    /// What becomes of a job that is stopped for another.
    pub stops: RefStop,
}

impl RefRun {
    /// A run under `policy` with the defaults of everything else.
    pub fn new(policy: RefPolicy) -> Self {
        RefRun {
            policy,
            placement: RefPlacement::FirstFit,
            enforce_walltime: false,
            estimate_factor: (1, 1),
            until: None,
            min_runtime: 0,
            grace: 0,
            stops: RefStop::Suspend,
        }
    }
}

/// What becomes of a job that is stopped for another, there being no checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefStop {
    /// It waits again and keeps what it has done.
    Suspend,
    /// It waits again and has done nothing.
    Requeue,
    /// It has ended, and what it has done is lost.
    Cancel,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefState {
    /// It did all its work.
    Finished,
    /// It was stopped at its walltime.
    Killed,
    /// It was stopped for another, for good.
    Cancelled,
    /// It was not done when the run ended.
    Unfinished,
    /// It can never fit.
    Rejected,
}

/// What became of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefOutcome {
    /// How it ended.
    pub state: RefState,
    /// When it started for the first time.
    pub start: Option<u64>,
    /// When it ended.
    pub end: Option<u64>,
    /// How often it was stopped for another.
    pub stops: u32,
}

/// Pool, leaf, tenant. `no_demand` has the tenant "".
pub type LedgerKey = (String, &'static str, String);

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefResult {
    /// One for each job, in file order.
    pub jobs: Vec<RefOutcome>,
    /// Milli-GPU x microseconds; no entry is 0.
    pub ledger: BTreeMap<LedgerKey, u128>,
    /// First and last instant of what the ledger covers.
    pub horizon: (u64, u64),
    /// Whether `pods` came to a stop with jobs that hold and cannot complete.
    pub deadlocked: bool,
    /// Every reservation as it was made or remade: (instant of the pass, job in file order, reserved start).
    pub reservations: Vec<(u64, usize, u64)>,
}

impl RefResult {
    /// Milli-GPU x microseconds of a leaf, over pools and tenants.
    pub fn leaf(&self, leaf: &str) -> u128 {
        self.ledger.iter().filter(|(key, _)| key.1 == leaf).map(|(_, amount)| amount).sum()
    }
}
