//! The policies by name, each with its described keys.

use crate::units::keys::{Key, Kind, Params};

/// The words of `placement`.
pub const PLACEMENTS: &[&str] = &["first-fit", "pack", "spread", "random", "island-pack"];

/// A policy as scenarios know it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicyEntry {
    /// Its name: `easy-backfill`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What can be set under `[policy.NAME]`.
    pub keys: &'static [Key],
}

/// A policy with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyChoice {
    /// The policy.
    pub entry: &'static PolicyEntry,
    /// The keys that were given.
    pub params: Params,
}

const PLACEMENT: Key = Key {
    name: "placement",
    kind: Kind::Choice(PLACEMENTS),
    default: "pack",
    doc: "Which free GPUs a job takes: the first that fit, the fullest node, the emptiest, one at random, or the fullest island.",
};

const SKIP: Key = Key {
    name: "skip",
    kind: Kind::Bool,
    default: "false",
    doc: "Whether a job that does not fit lets the jobs behind it pass.",
};

const REPLAN: Key = Key {
    name: "replan",
    kind: Kind::Bool,
    default: "false",
    doc: "Whether a job that ends early makes all reservations anew, instead of moving each one forward in turn.",
};

const ENTRIES: &[&PolicyEntry] = &[
    &PolicyEntry {
        name: "fifo",
        summary: "In order of submission; a head that does not fit blocks its line.",
        keys: &[PLACEMENT],
    },
    &PolicyEntry {
        name: "best-effort-fifo",
        summary: "In order of submission; what does not fit is skipped.",
        keys: &[PLACEMENT],
    },
    &PolicyEntry {
        name: "sjf",
        summary: "Shortest estimated run time first; the head blocks unless skip is set.",
        keys: &[PLACEMENT, SKIP],
    },
    &PolicyEntry {
        name: "priority",
        summary: "Highest priority first; the head blocks unless skip is set.",
        keys: &[PLACEMENT, SKIP],
    },
    &PolicyEntry {
        name: "gang",
        summary: "Starts a job with at least min_tasks of its tasks; missing members come before the queue.",
        keys: &[PLACEMENT],
    },
    &PolicyEntry {
        name: "pods",
        summary: "Pod by pod, each skipped if it has no place; partial jobs hold what they have and may deadlock.",
        keys: &[PLACEMENT],
    },
    &PolicyEntry {
        name: "easy-backfill",
        summary: "The head of a line gets a reservation; others pass it where they do not delay it.",
        keys: &[PLACEMENT],
    },
    &PolicyEntry {
        name: "conservative-backfill",
        summary: "Every waiting job gets a reservation; others pass where they delay none of them.",
        keys: &[PLACEMENT, REPLAN],
    },
];

/// All policies, in the order in which they are listed.
#[must_use]
pub fn policies() -> &'static [&'static PolicyEntry] {
    ENTRIES
}

/// The policy called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static PolicyEntry> {
    ENTRIES.iter().copied().find(|entry| entry.name == name)
}
