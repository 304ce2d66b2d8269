//! What `[physics.sharing]` may contain.

use super::{RELATIVE, Table};
use crate::units::keys::{Key, Kind};

/// How the GPUs of one pool are shared.
pub static SHARING: Table = Table {
    doc: "How the GPUs of a pool are shared by jobs that ask for less of each than all: with `gpu_milli` below 1000 or a \
          `mig` profile. In a pool that is not named here they take whole GPUs, whose rest is slice_waste.",
    keys: &[
        Key {
            name: "mode",
            kind: Kind::Choice(SHARE_MODES),
            default: "required",
            doc: "mps: the kernels of all shares run at once; time-slicing: one share after the other; mig: isolated \
                  instances of the GPU type's profiles, a share in the smallest that covers it.",
        },
        Key {
            name: "max_per_gpu",
            kind: Kind::Count { min: 1, max: 1000 },
            default: "48 with mps, the most clients of one server (NVIDIA MPS documentation); 1000 with time-slicing",
            doc: "The most shares of one GPU. The shares of a GPU never ask for more than the GPU and its memory \
                  together; a job's memory is gpu_mem_gb of its trace, or as much of it as of the GPU.",
        },
        Key {
            name: "beside_one",
            kind: RELATIVE,
            default: "0.97 with mps (Lucid, ASPLOS 2023: pairs within the GPU), 0.98 with time-slicing (its switches)",
            doc: "Speed of a share beside one other on its GPU, relative to none.",
        },
        Key {
            name: "beside_two",
            kind: RELATIVE,
            default: "beside_one, or 0.94 with mps and 0.95 with time-slicing",
            doc: "Beside two.",
        },
        Key {
            name: "beside_more",
            kind: RELATIVE,
            default: "beside_two, or 0.91 with mps and 0.9 with time-slicing",
            doc: "Beside three or more.",
        },
        Key {
            name: "pairs",
            kind: Kind::Texts,
            default: "none: the number of the others counts",
            doc: "Speeds of a class of jobs (`comm`) beside one job of a class, as \"vision beside llm: 0.75\"; the class `default` \
                  is that of all others. Beside several the product, with beside_one for pairs that are not given. On a V100 \
                  two ResNet-18 ran at 0.985, a language model and a ResNet-18 at 0.83, two ResNet-50 at 0.37 (Gavel, OSDI 2020).",
        },
    ],
    required: &["mode"],
    tables: &[],
};

/// The words of `mode` in [`SHARING`].
pub const SHARE_MODES: &[&str] = &["mps", "time-slicing", "mig"];
