//! What `[workload]` may contain.

use super::{Form, Sub, TIMES, Table};
use crate::trace::generate;
use crate::units::keys::{Key, Kind};

/// The jobs.
pub static WORKLOAD: Table = Table {
    doc: "The jobs: `trace` or [workload.generate], and how they are treated.",
    keys: &[
        Key {
            name: "trace",
            kind: Kind::Text,
            default: "required without [workload.generate]",
            doc: "A native trace (.csv, .csv.gz, .csv.zst), relative to the scenario file.",
        },
        Key { name: "scale", kind: TIMES, default: "1", doc: "Arrivals this many times as dense." },
        Key {
            name: "enforce_walltime",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether a job is killed at its walltime.",
        },
        Key {
            name: "estimate_factor",
            kind: TIMES,
            default: "1",
            doc: "The run-time estimate of a job is its walltime times this, to the nearest millionth.",
        },
        Key {
            name: "discard",
            kind: Kind::Choices(DISCARDABLE),
            default: "failed",
            doc: "Recorded states whose jobs' useful GPU-time counts as discarded.",
        },
        Key {
            name: "mfu",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            default: "unknown",
            doc: "Model-FLOPs utilization assumed for jobs that name none.",
        },
        Key {
            name: "recorded",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether the trace's recorded queue times are held against the simulated ones.",
        },
    ],
    required: &[],
    tables: &[Sub { name: "generate", form: Form::One(&GENERATE) }],
};

/// Recorded states whose GPU-time may count as discarded.
pub const DISCARDABLE: &[&str] = &["failed", "cancelled", "timeout"];

/// A workload made on the spot.
pub static GENERATE: Table = Table { doc: "A synthetic workload.", keys: generate::KEYS, required: &[], tables: &[] };
