//! What `[physics.checkpoint]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// Checkpoints.
pub static CHECKPOINT: Table = Table {
    doc: "Checkpoints: what a failure throws away is the work since the last one.",
    keys: &[
        Key {
            name: "every",
            kind: Kind::Duration,
            default: "only jobs with checkpoint_s in the trace write any",
            doc: "Work between two checkpoints of jobs that have no checkpoint_s of their own.",
        },
        Key {
            name: "interval",
            kind: Kind::Choice(&["given", "young", "daly"]),
            default: "given",
            doc: "The best work between two for what one costs and how often the job's nodes fail: Young (1974), \
                  sqrt(2 w M), or Daly's refinement (2006); given: as `every` says. `checkpoint_s` comes first.",
        },
        Key { name: "cost", kind: Kind::Duration, default: "0s", doc: "How long a job stands still to write one." },
        Key {
            name: "params_per_gpu",
            kind: Kind::Number { min: 0.0, max: 1e15 },
            default: "nothing is written to storage",
            doc: "Parameters of the model for each GPU of the job: after `cost`, the job writes them to the storage of its \
                  pool, whose write bandwidth the writers share.",
        },
        Key {
            name: "bytes_per_param",
            kind: Kind::Number { min: 0.0, max: 1000.0 },
            default: "13",
            doc: "Bytes of a checkpoint for each parameter: 13.0-13.1 in MLPerf Storage v2 (bf16 weights, fp32 copies, Adam).",
        },
    ],
    required: &[],
    tables: &[],
};
