//! What a scenario may contain: one description, from which reading, "did you mean", `--set` and the
//! schema follow. One file a section.

mod checkpoint;
mod classes;
mod failures;
mod grace;
mod job_failures;
mod measure;
mod physics;
mod pools;
mod prices;
mod rent;
mod sharing;
mod spares;
mod storage;
mod stragglers;
mod workload;

pub use checkpoint::CHECKPOINT;
pub use classes::{CLASS, STARTUP};
pub use failures::{FAILURES, GPU_FAILURES, OUTAGES, RACK_FAILURES};
pub use grace::GRACE;
pub use job_failures::JOB_FAILURES;
pub use measure::MEASURE;
pub use physics::{COMMUNICATION, PHYSICS, PREPARATION};
pub use pools::{GPU, OWNED, POOL};
pub use prices::PRICES;
pub use rent::{KINDS, RENT};
pub use sharing::{SHARE_MODES, SHARING};
pub use spares::SPARES;
pub use storage::{CACHE, STORAGE};
pub use stragglers::STRAGGLERS;
pub use workload::{DISCARDABLE, GENERATE, WORKLOAD};

use crate::cluster::catalog;
use crate::units::keys::{Key, Kind};

/// A table of a scenario.
#[derive(Debug)]
pub struct Table {
    /// What it describes.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Those of its keys that must be there.
    pub required: &'static [&'static str],
    /// The tables within it.
    pub tables: &'static [Sub],
}

/// A table within a table.
#[derive(Debug)]
pub struct Sub {
    /// Its key.
    pub name: &'static str,
    /// What stands there.
    pub form: Form,
}

/// What stands under the key of a table within a table.
#[derive(Debug)]
pub enum Form {
    /// The table itself.
    One(&'static Table),
    /// Tables by name.
    Named(Named),
    /// The policy, externally tagged: `[policy.fifo]`.
    Policy,
    /// Overlays for comparison: `[[variant]]`.
    Variants,
}

/// Tables by name.
#[derive(Debug)]
pub struct Named {
    /// What one of them is, in a word.
    pub what: &'static str,
    /// Each of them.
    pub table: &'static Table,
    /// Names that need no table in the file to be known.
    pub built_in: fn() -> Vec<&'static str>,
}

const U32: u64 = u32::MAX as u64;
const ONE_OR_MORE: Kind = Kind::Count { min: 1, max: U32 };
const RELATIVE: Kind = Kind::Number { min: 0.000_001, max: 1.0 };
const TIMES: Kind = Kind::Number { min: 0.001, max: 1000.0 };

/// The whole scenario.
pub static ROOT: Table = Table {
    doc: "A fleetsim scenario: a cluster, a workload, a policy.",
    keys: &[
        Key { name: "name", kind: Kind::Text, default: "the file's name", doc: "The scenario's name in reports." },
        Key {
            name: "seed",
            kind: Kind::Count { min: 0, max: u64::MAX },
            default: "0",
            doc: "The root of all random streams; one seed gives the same outputs, byte by byte.",
        },
    ],
    required: &[],
    tables: &[
        Sub { name: "cluster", form: Form::One(&CLUSTER) },
        Sub { name: "workload", form: Form::One(&WORKLOAD) },
        Sub { name: "measure", form: Form::One(&MEASURE) },
        Sub { name: "physics", form: Form::One(&PHYSICS) },
        Sub { name: "policy", form: Form::Policy },
        Sub { name: "variant", form: Form::Variants },
    ],
};

static CLUSTER: Table = Table {
    doc: "The hardware.",
    keys: &[],
    required: &[],
    tables: &[
        Sub { name: "pools", form: Form::Named(Named { what: "pool", table: &POOL, built_in: Vec::new }) },
        Sub { name: "gpus", form: Form::Named(Named { what: "GPU type", table: &GPU, built_in: catalog::ids }) },
        Sub {
            name: "storage",
            form: Form::Named(Named { what: "storage system", table: &STORAGE, built_in: Vec::new }),
        },
    ],
};

/// Keys of a `[[variant]]` beside `set`, whose value is a table of overlays.
pub const VARIANT_KEYS: &[Key] =
    &[Key { name: "name", kind: Kind::Text, default: "required", doc: "The variant's name, unique in the scenario." }];

/// What `set` of a `[[variant]]` does.
pub const VARIANT_SET: &str =
    "Overlays on the scenario by dotted key, as { \"cluster.pools.h100.nodes\" = 24 }, each as --set would take it.";

impl Table {
    /// The table within with this key.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Sub> {
        self.tables.iter().find(|sub| sub.name == name)
    }

    /// The names of all its keys and tables.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).chain(self.tables.iter().map(|sub| sub.name)).collect()
    }
}
