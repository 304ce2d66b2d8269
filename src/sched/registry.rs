//! The policies by name, each with its described keys.
//!
//! A policy is a file with an `ENTRY`, its `mod` line in `sched/mod.rs`, and a line in [`policies`].

use std::fmt;

use super::Scheduler;
use crate::cluster::{Placement, Placer};
use crate::units::keys::{Key, Kind, Params};
use crate::units::rng;

/// A policy as scenarios know it.
#[derive(Clone, Copy)]
pub struct PolicyEntry {
    /// Its name: `easy-backfill`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What can be set under `[policy.NAME]`.
    pub keys: &'static [Key],
    /// Whether it looks at run-time estimates.
    pub uses_estimates: bool,
    /// Whether jobs pass those that do not fit, without delaying whoever holds a reservation.
    pub backfills: bool,
    /// Makes it from its settings and the placer that they name.
    pub build: fn(&Params, Placer) -> Box<dyn Scheduler>,
}

/// A policy with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyChoice {
    /// The policy.
    pub entry: &'static PolicyEntry,
    /// The keys that were given.
    pub params: Params,
}

/// Which free GPUs a job takes; every policy of this list has it.
pub const PLACEMENT: Key = Key {
    name: "placement",
    kind: Kind::Choice(&Placement::NAMES),
    default: "pack",
    doc: "Which free GPUs a job takes: `fleetsim catalog placements` tells them apart.",
};

/// Whether the head blocks.
pub const SKIP: Key = Key {
    name: "skip",
    kind: Kind::Bool,
    default: "false",
    doc: "Whether jobs behind one that does not fit may pass it.",
};

/// All policies, in the order in which they are listed.
#[must_use]
pub fn policies() -> &'static [&'static PolicyEntry] {
    &[
        &super::fifo::ENTRY,
        &super::best_effort_fifo::ENTRY,
        &super::sjf::ENTRY,
        &super::priority::ENTRY,
        &super::gang::ENTRY,
        &super::pods::ENTRY,
        &super::easy::ENTRY,
        &super::conservative::ENTRY,
        &super::srtf::ENTRY,
        &super::priority_preempt::ENTRY,
    ]
}

/// The policy called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static PolicyEntry> {
    policies().iter().copied().find(|entry| entry.name == name)
}

impl PolicyChoice {
    /// The policy `name` with nothing set.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        find(name).map(|entry| PolicyChoice { entry, params: Params::default() })
    }

    /// Makes the scheduler; its random draws come from `seed`.
    #[must_use]
    pub fn build(&self, seed: u64) -> Box<dyn Scheduler> {
        let word = self.params.text_or(PLACEMENT.name, PLACEMENT.default);
        let placement = Placement::parse(word).expect("placements are checked when the scenario is read");
        (self.entry.build)(&self.params, Placer::new(placement, rng::stream(seed, "placement")))
    }
}

impl PartialEq for PolicyEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for PolicyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
