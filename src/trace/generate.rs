//! Placeholder of the generator's description.
use crate::units::keys::{Key, Kind, Params};

/// Keys of `[workload.generate]`.
pub const KEYS: &[Key] =
    &[Key { name: "jobs", kind: Kind::Count { min: 1, max: 10_000_000 }, default: "1000", doc: "Jobs." }];

/// A generator.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator;

/// A key that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKey {
    /// The key.
    pub key: &'static str,
    /// Why.
    pub message: String,
}

impl Generator {
    /// From checked keys.
    ///
    /// # Errors
    /// None.
    pub fn from_params(_params: &Params, _cluster_gpus: Option<u64>) -> Result<Generator, Vec<BadKey>> {
        Ok(Generator)
    }
}
