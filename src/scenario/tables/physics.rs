//! What `[physics]` may contain.

use super::{
    CHECKPOINT, CLASS, FAILURES, Form, GRACE, JOB_FAILURES, Named, OUTAGES, PRICES, RELATIVE, SHARING, SPARES, STARTUP,
    STRAGGLERS, Sub, Table,
};
use crate::units::keys::{Key, Kind};

/// What makes a held GPU do less than it could.
pub static PHYSICS: Table = Table {
    doc: "What makes a held GPU do less than it could; all of it is off unless named.",
    keys: &[
        Key {
            name: "preemption",
            kind: Kind::Choice(&["suspend", "requeue", "cancel"]),
            default: "suspend",
            doc: "What becomes of a job stopped for another: it waits again with all its progress, or back at its last \
                  checkpoint; or it ends for good (`cancelled`), and what it has done since its last checkpoint is \
                  lost. Slurm's PreemptMode knows the three.",
        },
        Key {
            name: "input",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether jobs read their data (input_gbs of the trace for each GPU at full speed, less cache hits) from \
                  the storage of their pool, and wait where it is too slow.",
        },
    ],
    required: &[],
    tables: &[
        Sub { name: "startup", form: Form::One(&STARTUP) },
        Sub { name: "classes", form: Form::Named(Named { what: "class", table: &CLASS, built_in: Vec::new }) },
        Sub { name: "checkpoint", form: Form::One(&CHECKPOINT) },
        Sub { name: "grace", form: Form::One(&GRACE) },
        Sub {
            name: "preparation",
            form: Form::Named(Named { what: "class", table: &PREPARATION, built_in: Vec::new }),
        },
        Sub {
            name: "communication",
            form: Form::Named(Named { what: "communication class", table: &COMMUNICATION, built_in: Vec::new }),
        },
        Sub { name: "failures", form: Form::Named(Named { what: "pool", table: &FAILURES, built_in: Vec::new }) },
        Sub {
            name: "job_failures",
            form: Form::Named(Named { what: "class", table: &JOB_FAILURES, built_in: Vec::new }),
        },
        Sub { name: "outages", form: Form::Named(Named { what: "outage", table: &OUTAGES, built_in: Vec::new }) },
        Sub { name: "prices", form: Form::Named(Named { what: "pool", table: &PRICES, built_in: Vec::new }) },
        Sub { name: "stragglers", form: Form::Named(Named { what: "pool", table: &STRAGGLERS, built_in: Vec::new }) },
        Sub { name: "sharing", form: Form::Named(Named { what: "pool", table: &SHARING, built_in: Vec::new }) },
        Sub { name: "spares", form: Form::Named(Named { what: "pool", table: &SPARES, built_in: Vec::new }) },
    ],
};

/// What cores do for the input of one class.
pub static PREPARATION: Table = Table {
    doc: "Decoding and augmenting data on the cores of the jobs whose `comm` is this class; the class `default` is that of \
          all others. Jobs that ask for no cores (`cpus`) are not held back.",
    keys: &[Key {
        name: "per_core",
        kind: Kind::Bandwidth,
        default: "required",
        doc: "What one core prepares of the data that input_gbs counts. 220-285 images/s, 25-33 MB/s, for ImageNet (Synergy).",
    }],
    required: &["per_core"],
    tables: &[],
};

/// What the GPUs of the jobs of one class tell each other.
pub static COMMUNICATION: Table = Table {
    doc: "How the jobs whose `comm` is this class are slowed by where their GPUs lie; the class `default` is that of all \
          others. Either their speed by how far their GPUs lie apart, relative to one NVLink island (`node`, `rack`, \
          `racks`), or what they all-reduce in a step (`gradients`, `step`) over the links of the pool.",
    keys: &[
        Key { name: "node", kind: RELATIVE, default: "1", doc: "On one node, over several islands." },
        Key { name: "rack", kind: RELATIVE, default: "as node", doc: "On several nodes of one rack." },
        Key { name: "racks", kind: RELATIVE, default: "as rack", doc: "On several racks." },
        Key {
            name: "gradients",
            kind: Kind::Bytes,
            default: "none: the table of speeds counts",
            doc: "Bytes that each GPU adds to those of the others in a step: 2 or 4 for each parameter under data \
                  parallelism. A hierarchical ring, 2 (n-1)/n S/B + 2 (n-1) a on each level (nccl-tests), from the \
                  GPU type's `link` and the pool's `bridge`, `fabric` and `oversubscription`.",
        },
        Key {
            name: "step",
            kind: Kind::Duration,
            default: "required with gradients",
            doc: "What a step computes. The recorded duration is that of the closest place that the pool has.",
        },
        Key {
            name: "overlap",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            default: "0.7",
            doc: "Share of the all-reduce that can hide behind computing: 0 none, 1 all. The default is an assumption; \
                  frameworks send gradients while the backward pass makes further ones.",
        },
    ],
    required: &[],
    tables: &[],
};
