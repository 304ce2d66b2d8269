//! What `[physics.job_failures]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// How the jobs of one class fail by themselves.
pub static JOB_FAILURES: Table = Table {
    doc: "Jobs that fail by themselves, those whose `comm` is this class; the class `default` is that of all others. Jobs that \
          the trace records as failed, cancelled or timed out are left as they are. A job that has failed for good is \
          `failed`, and all its progress `discarded` as `workload.discard` says.",
    keys: &[
        Key {
            name: "share",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            default: "required",
            doc: "Share of attempts that fail. 30.5 % of the jobs of Microsoft's Philly end failed, some 40 % at Acme (NSDI 2024).",
        },
        Key {
            name: "at",
            kind: Kind::Number { min: 0.001, max: 0.999 },
            default: "0.5",
            doc: "Mean share of what an attempt has to do that is done when it fails, drawn as u^((1 - at) / at) of an even u: \
                  even at 0.5, early for most below. Of failed tasks 73 % fail in their first ten minutes (Aegis, NSDI 2025).",
        },
        Key {
            name: "retries",
            kind: Kind::Count { min: 0, max: 1000 },
            default: "0",
            doc: "How often a job that has failed waits in its old place and is tried again, back at its last checkpoint.",
        },
    ],
    required: &["share"],
    tables: &[],
};
