//! What `[physics.grace]` may contain.

use super::Table;
use crate::units::keys::{Key, Kind};

/// What a job that is stopped for another gets before it must go.
pub static GRACE: Table = Table {
    doc: "Time that a job has left when it is stopped for another (by srtf or priority-preempt), which waits as long: it keeps its \
          GPUs and goes on. One that ends meanwhile was not stopped. Either key must be there.",
    keys: &[
        Key {
            name: "time",
            kind: Kind::Duration,
            default: "with checkpoint, as long as that takes; else required",
            doc: "How long at the most: Kubernetes' terminationGracePeriodSeconds (30 s by default), Slurm's GraceTime.",
        },
        Key {
            name: "checkpoint",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether it spends that time on a checkpoint, of the cost and size that [physics.checkpoint] says, and goes when \
                  that is written; cut short by `time`, it is of no use.",
        },
    ],
    required: &[],
    tables: &[],
};
