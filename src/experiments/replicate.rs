//! Replicates: the same scenario again, with other random draws.
//!
//! Replicate 0 is the scenario as it stands: its trace, its seed. Every further one has a seed of its own, derived from
//! the scenario's; scenarios compared on one seed so meet the same arrivals and failures in each replicate.

use super::bootstrap::Period;
use crate::units::hash::Fingerprint;

/// How many replicates of each scenario, and how those of a trace are drawn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicates {
    /// How many, at least 1.
    pub count: u32,
    /// What is drawn of a trace.
    pub bootstrap: Period,
}

impl Replicates {
    /// Scenarios as they stand, and nothing drawn.
    pub const ONE: Replicates = Replicates { count: 1, bootstrap: Period::Days };
}

/// Seeds stay below 2^53, so that every JSON reader takes them exactly.
const SEED_BITS: u32 = 53;

/// The root seed of a replicate of a scenario with this seed.
#[must_use]
pub fn seed(scenario: u64, replicate: u32) -> u64 {
    if replicate == 0 {
        return scenario;
    }
    Fingerprint::of(scenario, format!("replicate {replicate}").as_bytes()).value() >> (u64::BITS - SEED_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_and_the_first_is_the_scenarios_own() {
        let seeds: std::collections::BTreeSet<u64> = (0..1000).map(|r| seed(42, r)).collect();
        assert_eq!((seeds.len(), seed(42, 0)), (1000, 42));
        assert_ne!(seed(41, 1), seed(42, 1));
    }
}
