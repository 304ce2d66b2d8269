//! Placeholder of the generator's description.
use crate::units::keys::{Key, Kind, Params};

/// Keys of `[workload.generate]`.
pub const KEYS: &[Key] =
    &[Key { name: "jobs", kind: Kind::Count { min: 1, max: 10_000_000 }, default: "1000", doc: "Jobs." }];

/// A generator.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator;

impl Generator {
    /// From checked keys.
    ///
    /// # Errors
    /// None.
    pub fn from_params(_params: &Params) -> Result<Generator, String> {
        Ok(Generator)
    }
}

impl Generator {
    /// Makes the jobs.
    #[must_use]
    pub fn generate(&self, _seed: u64) -> super::JobTable {
        super::JobTable::default()
    }
}
