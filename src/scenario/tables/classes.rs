//! What `[physics.startup]` and `[physics.classes]` may contain.

use super::{Form, Sub, Table};
use crate::units::keys::{Key, Kind};

const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };

/// Pauses before the first step.
pub static STARTUP: Table = Table {
    doc: "Time in which a job holds its GPUs before its first step: `time`, or the sum of its parts.",
    keys: &[
        Key {
            name: "time",
            kind: Kind::Duration,
            default: "the sum of the parts, one of which is required without it",
            doc: "At a job's first start: image pull, framework start, data-loader warm-up. Image pulls of 10-30 GB take \
                  8-240 s at 10-1 Gb/s; start-up took over 3.5 % of all GPU time at ByteDance (BootSeer).",
        },
        Key {
            name: "restart",
            kind: Kind::Duration,
            default: "as time",
            doc: "At each later start: after a failure or for a job that was stopped for another. 62 s on average in \
                  Tiresias' prototype, 5-20 min for large jobs at Meta (HPCA 2025).",
        },
        Key {
            name: "image",
            kind: Kind::Bytes,
            default: "none is pulled",
            doc: "Part: the container image that each node pulls, 10-30 GB as a rule.",
        },
        Key {
            name: "pull",
            kind: Kind::Bandwidth,
            default: "1.25GB/s",
            doc: "How fast a node pulls it. The default is a card of 10 Gb/s.",
        },
        Key {
            name: "framework",
            kind: Kind::Duration,
            default: "0s",
            doc: "Part: until the framework runs. Importing PyTorch takes 2 s from a local drive and 20 s from a cloud filer \
                  (ML Engineering, storage).",
        },
        Key {
            name: "loader",
            kind: Kind::Duration,
            default: "0s",
            doc: "Part: workers, indices and shuffle buffers of the data loader, some 10-120 s (an assumption).",
        },
        Key {
            name: "per_gpu",
            kind: Kind::Duration,
            default: "0s",
            doc: "So much more for each GPU of the job, at every start: collective libraries take under 30 s above 10,000 GPUs \
                  where they are tuned and took 1,047 s at 2,048 where they were not (MegaScale, NSDI 2024): 3 to 500 ms.",
        },
        Key {
            name: "sigma",
            kind: Kind::Number { min: 0.0, max: 5.0 },
            default: "0",
            doc: "Spread: each start takes a time of its own, lognormal, whose logarithm deviates by this from that of the \
                  median that the other keys give. 0: always the median.",
        },
    ],
    required: &[],
    tables: &[],
};

/// What is said of a class of jobs.
pub static CLASS: Table = Table {
    doc: "What holds for the jobs whose `comm` is this class; the class `default` is that of all others. What the trace says \
          of a job comes first.",
    keys: &[
        Key {
            name: "mfu",
            kind: SHARE,
            default: "workload.mfu",
            doc: "Model-FLOPs utilization while a job of the class makes progress, of the dense BF16 peak: about 0.40 in \
                  pretraining (0.38-0.43 for Llama 3, 0.41-0.48 with Megatron-LM on H100), 0.30 in fine-tuning, 0.25 in \
                  vision, 0.05-0.10 in recommendation and decoding, 0.03 in notebooks (the last three are assumptions).",
        },
        Key {
            name: "activity",
            kind: SHARE,
            default: "1",
            doc: "Share of the time in which a job of the class uses its GPUs at all; the rest is `inactive`. An evaluation \
                  job leaves them idle for half of its run (Acme, NSDI 2024, section 6).",
        },
        Key {
            name: "in_step",
            kind: Kind::Bool,
            default: "true",
            doc: "Whether the GPUs of a job of the class wait for each other after each step, so that the slowest node of \
                  [physics.stragglers.POOL] sets the pace; false: independent tasks, of which the slow ones do less.",
        },
    ],
    required: &[],
    tables: &[Sub { name: "startup", form: Form::One(&STARTUP) }],
};
