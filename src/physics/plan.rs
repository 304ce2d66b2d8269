//! How a job runs: its pauses, its speed, its checkpoints.

use super::bottleneck::Bottleneck;
use crate::units::Span;

/// A speed of 1, in the unit of [`Speed`].
pub const FULL_SPEED: u64 = 1_000_000_000;

/// Progress per time in billionths of the ideal: an integer, so that a run split at any instant ends at the same
/// microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speed(u64);

impl Speed {
    /// As fast as the trace says.
    pub const FULL: Speed = Speed(FULL_SPEED);

    /// A share of the full speed, at least a millionth and at most 1.
    #[must_use]
    pub fn of_share(share: f64) -> Self {
        Speed((share * FULL_SPEED as f64).round().clamp(1000.0, FULL_SPEED as f64) as u64)
    }

    /// So many billionths, at least a millionth and at most 1.
    #[must_use]
    pub fn of_billionths(billionths: u64) -> Self {
        Speed(billionths.clamp(1000, FULL_SPEED))
    }

    /// In billionths.
    #[must_use]
    pub const fn billionths(self) -> u64 {
        self.0
    }

    /// The speed of what two causes slow down, one after the other; at least a billionth.
    #[must_use]
    pub const fn and(self, other: Speed) -> Speed {
        let both = self.0 as u128 * other.0 as u128 / FULL_SPEED as u128;
        Speed(if both == 0 { 1 } else { both as u64 })
    }

    /// In millionths, rounded up: what the ledger's [`Speed::loss_ppm`] leaves.
    #[must_use]
    pub const fn kept_ppm(self) -> u32 {
        self.0.div_ceil(1000) as u32
    }

    /// What it lacks to 1, in millionths: the ledger's share of the loss.
    #[must_use]
    pub const fn loss_ppm(self) -> u32 {
        ((FULL_SPEED - self.0) / 1000) as u32
    }
}

/// Time in which a job holds its GPUs before its first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pauses {
    /// At its first start: image pull, framework start, data-loader warm-up.
    pub startup: Span,
    /// At each later one.
    pub restart: Span,
}

/// What a job draws from a shared bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// Which bandwidth.
    pub channel: u16,
    /// Bytes per second at full speed, at least 1.
    pub rate: u64,
    /// Its share is in proportion to this, at least 1.
    pub weight: u32,
}

/// How a job gets its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intake {
    /// The speed that cores, clients and network cards allow, whatever other jobs do.
    pub bound: Speed,
    /// Which of them sets it; `None` where they allow full speed.
    pub binding: Option<Bottleneck>,
    /// What it draws from shared storage.
    pub supply: Option<Supply>,
}

impl Intake {
    /// All data are there when they are needed.
    pub const FREE: Intake = Intake { bound: Speed::FULL, binding: None, supply: None };
}

/// How a checkpoint is written to shared storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// The fastest that its nodes can.
    pub supply: Supply,
    /// How long it takes then, in microseconds x billionths.
    pub work: u128,
}

/// When a job writes checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpointing {
    /// Ideal work between two of them.
    pub every: Span,
    /// How long the job stands still for one, whoever else writes.
    pub cost: Span,
    /// After that it writes, while it stands still.
    pub write: Option<Write>,
}

/// How a job runs in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Before its first step.
    pub pauses: Pauses,
    /// While it steps, with all data there.
    pub speed: Speed,
    /// How it gets its data.
    pub intake: Intake,
    /// None: what is lost is lost from the start.
    pub checkpointing: Option<Checkpointing>,
}
