//! How the GPUs of a running job are booked.

use super::sharing::Slot;
use crate::ledger::Leaf;
use crate::units::Time;

/// How the GPUs of a running job are booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posting {
    /// All that it asked for in one leaf.
    Whole(Leaf),
    /// Progress, less what it is slowed.
    Step(Losses),
}

/// What slows a stepping job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// By its place, in millionths.
    pub communication: u32,
    /// By its neighbours on shared GPUs, in millionths.
    pub interference: u32,
    /// By waiting for data, in millionths, where that is constant.
    pub input: u32,
    /// The clock by which progress goes, where it is not.
    pub clock: Option<Slot>,
}

impl Posting {
    /// Progress at full speed.
    pub const PLAIN: Posting = Posting::Step(Losses { communication: 0, interference: 0, input: 0, clock: None });

    /// The speed while it is so, relative to the ideal, but for what it waits for shared bandwidth; 0 in a pause. For
    /// reports only.
    #[must_use]
    pub fn speed(self) -> f64 {
        match self {
            Posting::Whole(_) => 0.0,
            Posting::Step(Losses { communication, interference, input, .. }) => {
                1.0 - f64::from(communication + interference + input) / 1e6
            }
        }
    }
}

/// Progress that a stop would throw away: so many units stepped from one instant to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Since when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// How many units.
    pub units: u32,
    /// How it was booked.
    pub posting: Posting,
    /// From where to where its clock went, if it has one.
    pub readings: (u128, u128),
}

impl Stretch {
    /// So many units stepped at full speed.
    #[must_use]
    pub fn plain(from: Time, to: Time, units: u32) -> Self {
        Stretch { from, to, units, posting: Posting::PLAIN, readings: (0, 0) }
    }
}
