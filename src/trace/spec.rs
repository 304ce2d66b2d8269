//! What a job asks for and what is known of it, apart from its times.

use std::num::NonZeroU32;

use crate::units::{MigName, MilliGpu, Span};

/// Where the GPUs of a job must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Level {
    /// Anywhere in the pool.
    #[default]
    Any,
    /// Within one rack.
    Rack,
    /// Within one node.
    Node,
    /// Within one NVLink island.
    Island,
}

/// A topology need: `node`, or `node?` where it is only preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Topology {
    /// The closeness asked for.
    pub level: Level,
    /// Whether a wider placement is taken when this closeness is not to be had.
    pub preferred: bool,
}

/// How a job ended in the recorded system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordedState {
    /// It did what it was meant to.
    Completed,
    /// It ended with an error, or its node failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It ran into its time limit.
    Timeout,
    /// It was still there when the record ended.
    Unfinished,
}

impl Topology {
    /// The words of the `topology` column.
    pub const WORDS: [&'static str; 7] = ["any", "rack", "node", "island", "rack?", "node?", "island?"];

    /// Reads `any`, `rack`, `node`, `island`, with `?` when only preferred.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, preferred) = match text.strip_suffix('?') {
            Some(word) => (word, true),
            None => (text, false),
        };
        let level = match word {
            "any" => Level::Any,
            "rack" => Level::Rack,
            "node" => Level::Node,
            "island" => Level::Island,
            _ => return None,
        };
        Some(Topology { level, preferred: preferred && level != Level::Any })
    }

    /// As the trace writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match (self.level, self.preferred) {
            (Level::Any, _) => "any",
            (Level::Rack, false) => "rack",
            (Level::Rack, true) => "rack?",
            (Level::Node, false) => "node",
            (Level::Node, true) => "node?",
            (Level::Island, false) => "island",
            (Level::Island, true) => "island?",
        }
    }
}

impl RecordedState {
    /// The words of the `state` column that fleetsim writes.
    pub const WORDS: [&'static str; 5] = ["completed", "failed", "cancelled", "timeout", "unfinished"];

    /// Reads the words of the native trace and the usual synonyms of the public datasets, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "completed" | "finished" | "pass" | "succeeded" | "success" | "terminated" => Self::Completed,
            "failed" | "node_fail" | "out_of_memory" | "boot_fail" => Self::Failed,
            "cancelled" | "canceled" | "killed" | "preempted" => Self::Cancelled,
            "timeout" | "deadline" => Self::Timeout,
            "unfinished" | "running" | "pending" | "waiting" => Self::Unfinished,
            _ => return None,
        })
    }

    /// As the trace writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Everything that a trace says of a job apart from its id and its times. Many jobs share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct JobSpec {
    /// Whole GPUs of all tasks together; 0 is a CPU job.
    pub gpus: u32,
    /// Tasks among which the GPUs are divided evenly; without, the GPUs may be divided freely.
    pub tasks: Option<NonZeroU32>,
    /// The fewest tasks with which an elastic gang starts.
    pub min_tasks: Option<NonZeroU32>,
    /// The most tasks to which an elastic job grows.
    pub max_tasks: Option<NonZeroU32>,
    /// GPU types that will do, any of; empty: every type.
    pub gpu_types: Vec<String>,
    /// The share of each GPU that is used; a whole one without the column.
    pub gpu_share: Option<MilliGpu>,
    /// MIG profile on each GPU, such as `1g.10gb`.
    pub mig: Option<MigName>,
    /// Bytes of GPU memory that it needs on each GPU; without, it makes do with what comes with its share.
    pub gpu_mem_bytes: Option<u64>,
    /// Thousandths of a CPU core per task.
    pub cpu_milli: u64,
    /// Bytes of memory per task.
    pub mem_bytes: u64,
    /// Who pays.
    pub tenant: String,
    /// The line in which it waits.
    pub queue: String,
    /// Higher is more urgent.
    pub priority: i64,
    /// How close its GPUs must lie.
    pub topology: Topology,
    /// GB/s that one GPU reads at full speed, in thousandths.
    pub input_mbs: Option<u64>,
    /// The dataset's name, shared by the jobs that read it.
    pub dataset: Option<String>,
    /// Bytes of the dataset.
    pub dataset_bytes: Option<u64>,
    /// Communication class.
    pub comm: Option<String>,
    /// Model-FLOPs utilization while running, in millionths.
    pub mfu_ppm: Option<u32>,
    /// Share of its time in which the job uses its GPUs at all, in millionths.
    pub activity_ppm: Option<u32>,
    /// Interval between checkpoints.
    pub checkpoint: Option<Span>,
    /// Whether the job may be stopped for another.
    pub preemptible: Option<bool>,
    /// How it ended in the recorded system.
    pub state: Option<RecordedState>,
}
