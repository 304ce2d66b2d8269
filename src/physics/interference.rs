//! How much slower a share of a GPU runs beside others: a table by the number of neighbours.
//!
//! Shares never ask for more than the GPU together, so their work alone would fit. Of Lucid's 1,388 measured pairs those
//! with a summed utilization of at most 1 each ran at 0.97 to 1.0 of their speed alone (Hu et al., ASPLOS 2023): a loss
//! of 0.03 a neighbour under MPS. Turns cost the switches between them: 2 to 10 % in all. MIG instances do not slow each
//! other down.

use super::plan::Speed;
use crate::cluster::ShareMode;

/// Speeds by the number of other shares on the GPU, relative to having it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interference {
    /// Beside one.
    pub one: Speed,
    /// Beside two.
    pub two: Speed,
    /// Beside three or more.
    pub more: Speed,
}

impl Interference {
    /// The default speeds of a mode: beside one, two, three or more.
    #[must_use]
    pub const fn defaults(mode: ShareMode) -> [f64; 3] {
        match mode {
            ShareMode::Mps => [0.97, 0.94, 0.91],
            ShareMode::TimeSlicing => [0.98, 0.95, 0.9],
        }
    }

    /// The speed beside so many others.
    #[must_use]
    pub fn beside(&self, others: usize) -> Speed {
        match others {
            0 => Speed::FULL,
            1 => self.one,
            2 => self.two,
            _ => self.more,
        }
    }
}
