//! What a scenario may contain: one description, from which reading, "did you mean", `--set` and the schema follow.

use super::storage;
use crate::cluster::{catalog, owned};
use crate::trace::generate;
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
    /// Names that the format reserves for parts that this version does not have.
    pub reserved: &'static [&'static str],
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
const TIMES: Kind = Kind::Number { min: 0.001, max: 1000.0 };

/// Recorded states whose GPU-time may count as discarded.
pub const DISCARDABLE: &[&str] = &["failed", "cancelled", "timeout"];

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
    reserved: &[],
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
    reserved: &[],
};

/// A storage system.
pub static STORAGE: Table = Table {
    doc: "A storage system that pools read from under `physics.input` and write checkpoints to. Its bandwidth is shared \
          max-min: equal shares, but nobody gets more than he asks for.",
    keys: &[
        Key {
            name: "kind",
            kind: Kind::Choice(storage::KINDS),
            default: "none: `read` says it all",
            doc: "Presets by unit, as read / write / client in GB/s: nfs 5 / 2.5 / 1.2; ceph-hdd 0.06 / 0.02 / no limit; \
                  ceph-nvme 1.5 / 0.4 / 5; lustre 100 / 50 / 12; weka 5 / 2.5 / 30; object no limits / 5. From MLPerf \
                  Storage v1.0 and published cluster reports.",
        },
        Key {
            name: "units",
            kind: ONE_OR_MORE,
            default: "1",
            doc: "How many of the kind: filers, OSDs, appliances, servers.",
        },
        Key { name: "read", kind: Kind::Bandwidth, default: "the kind's", doc: "What all readers get together." },
        Key {
            name: "write",
            kind: Kind::Bandwidth,
            default: "the kind's, or half of read",
            doc: "What all writers get together.",
        },
        Key {
            name: "client",
            kind: Kind::Bandwidth,
            default: "the kind's, or no limit",
            doc: "The most that one node reads or writes: 4-14 GB/s in MLPerf Storage v1.0, 35 at best.",
        },
        Key {
            name: "iops",
            kind: Kind::Count { min: 1, max: 1_000_000_000_000 },
            default: "no limit",
            doc: "Reads a second of all clients together, each of a `file`: what limits small files.",
        },
        Key {
            name: "file",
            kind: Kind::Bytes,
            default: "required with iops",
            doc: "What one read fetches: 115 kB for an ImageNet image (MLPerf Storage).",
        },
        Key {
            name: "share",
            kind: Kind::Choice(&["node", "job"]),
            default: "node",
            doc: "Who gets equal shares: each node, so that a job of two gets twice as much, or each job.",
        },
    ],
    required: &[],
    tables: &[],
    reserved: &[],
};

/// The cache of each node of a pool.
pub static CACHE: Table = Table {
    doc: "Memory or drives of each node that keep what was read of a dataset (dataset_gb in the trace), empty at first. A \
          job has as much of them as of the node's GPUs; jobs on a node that name the same dataset share what is cached.",
    keys: &[
        Key { name: "size", kind: Kind::Bytes, default: "required", doc: "Of each node." },
        Key {
            name: "policy",
            kind: Kind::Choice(&["pinned", "page-cache", "lru"]),
            default: "page-cache",
            doc: "What stays of a dataset that is larger: pinned, what came first, for good (MinIO of CoorDL, VLDB 2021); \
                  page-cache, what random eviction leaves, 14 % of hits where 35 % fit, as CoorDL measured of Linux; lru, \
                  7 % there.",
        },
        Key {
            name: "shared",
            kind: Kind::Bool,
            default: "false",
            doc: "Whether the nodes of a job each keep another part and read from each other (CoorDL's partitioned cache).",
        },
    ],
    required: &["size"],
    tables: &[],
    reserved: &[],
};

/// A pool of identical nodes.
pub static POOL: Table = Table {
    doc: "A pool of identical nodes; without `gpu` they have CPUs only. Jobs try pools in file order.",
    keys: &[
        Key {
            name: "gpu",
            kind: Kind::Text,
            default: "none: nodes without GPUs",
            doc: "GPU type: an id of the catalog, or one defined under [cluster.gpus.NAME].",
        },
        Key { name: "nodes", kind: ONE_OR_MORE, default: "required", doc: "Number of nodes." },
        Key { name: "gpus_per_node", kind: ONE_OR_MORE, default: "required with gpu", doc: "GPUs of one node." },
        Key {
            name: "island",
            kind: Kind::CountOr { min: 1, max: U32, word: "rack" },
            default: "gpus_per_node",
            doc: "GPUs per NVLink island; it divides gpus_per_node. \"rack\": all GPUs of a rack, as in an NVL72.",
        },
        Key { name: "nodes_per_rack", kind: ONE_OR_MORE, default: "all nodes: one rack", doc: "Nodes of one rack." },
        Key { name: "cpus_per_node", kind: ONE_OR_MORE, default: "unlimited", doc: "CPU cores of one node." },
        Key { name: "mem_per_node", kind: Kind::Bytes, default: "unlimited", doc: "Memory of one node." },
        Key {
            name: "price",
            kind: Kind::Price,
            default: "the rental price of the GPU type",
            doc: "What a GPU-hour costs; instead, [cluster.pools.NAME.owned] derives it from a purchase.",
        },
        Key {
            name: "queues",
            kind: Kind::Texts,
            default: "every line",
            doc: "The lines (values of the trace's queue column) that may use the pool.",
        },
        Key {
            name: "storage",
            kind: Kind::Text,
            default: "none: data are there without reading any",
            doc: "The storage system, of [cluster.storage.NAME], that its jobs read from and write checkpoints to.",
        },
        Key {
            name: "nic",
            kind: Kind::Bandwidth,
            default: "no limit",
            doc: "Bandwidth of a node's network card to storage.",
        },
    ],
    required: &["nodes"],
    tables: &[Sub { name: "owned", form: Form::One(&OWNED) }, Sub { name: "cache", form: Form::One(&CACHE) }],
    reserved: &[],
};

/// Purchase and running of owned GPUs.
pub static OWNED: Table = Table {
    doc: "Price of a GPU-hour from purchase, power and operation.",
    keys: owned::KEYS,
    required: &["capex", "power_kw"],
    tables: &[],
    reserved: &[],
};

/// A GPU type, or changes to one of the catalog.
pub static GPU: Table = Table {
    doc: "A GPU type of the scenario's own, or other properties for one of the catalog.",
    keys: &[
        Key {
            name: "arch",
            kind: Kind::Text,
            default: "the catalog's, or unknown",
            doc: "Architecture and year of release.",
        },
        Key { name: "memory", kind: Kind::Bytes, default: "the catalog's, or unknown", doc: "Memory of one GPU." },
        Key {
            name: "bandwidth",
            kind: Kind::Bandwidth,
            default: "the catalog's, or unknown",
            doc: "Memory bandwidth of one GPU.",
        },
        Key {
            name: "tflops",
            kind: Kind::Number { min: 0.001, max: 1e9 },
            default: "the catalog's, or unknown",
            doc: "Dense BF16 (or FP16) peak in TFLOPS.",
        },
        Key {
            name: "fp8_tflops",
            kind: Kind::Number { min: 0.001, max: 1e9 },
            default: "the catalog's, or unknown",
            doc: "Dense FP8 peak in TFLOPS.",
        },
        Key {
            name: "power_w",
            kind: ONE_OR_MORE,
            default: "the catalog's, or unknown",
            doc: "Maximum power in watts.",
        },
        Key {
            name: "mig_instances",
            kind: Kind::Count { min: 1, max: 64 },
            default: "the catalog's, or 1",
            doc: "The most MIG instances of one GPU; 1 without MIG.",
        },
        Key {
            name: "link",
            kind: Kind::Bandwidth,
            default: "the catalog's, or unknown",
            doc: "Bandwidth of one GPU to the others of its island, in one direction.",
        },
        Key {
            name: "price",
            kind: Kind::Price,
            default: "the catalog's, or $0",
            doc: "What a GPU-hour rents for in pools that give no price.",
        },
    ],
    required: &[],
    tables: &[],
    reserved: &[],
};

/// What makes a held GPU do less than it could.
pub static PHYSICS: Table = Table {
    doc: "What makes a held GPU do less than it could; all of it is off unless named.",
    keys: &[
        Key {
            name: "preemption",
            kind: Kind::Choice(&["suspend", "requeue"]),
            default: "suspend",
            doc: "What becomes of a job stopped for another: it keeps all its progress, or falls back to its last checkpoint.",
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
        Sub { name: "checkpoint", form: Form::One(&CHECKPOINT) },
        Sub {
            name: "preparation",
            form: Form::Named(Named { what: "class", table: &PREPARATION, built_in: Vec::new }),
        },
        Sub {
            name: "communication",
            form: Form::Named(Named { what: "communication class", table: &COMMUNICATION, built_in: Vec::new }),
        },
        Sub { name: "failures", form: Form::Named(Named { what: "pool", table: &FAILURES, built_in: Vec::new }) },
        Sub { name: "sharing", form: Form::Named(Named { what: "pool", table: &SHARING, built_in: Vec::new }) },
    ],
    reserved: &["prices"],
};

/// Pauses before the first step.
pub static STARTUP: Table = Table {
    doc: "Time in which a job holds its GPUs before its first step.",
    keys: &[
        Key {
            name: "time",
            kind: Kind::Duration,
            default: "required",
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
    ],
    required: &["time"],
    tables: &[],
    reserved: &[],
};

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
    reserved: &[],
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
    reserved: &[],
};

const RELATIVE: Kind = Kind::Number { min: 0.000_001, max: 1.0 };

/// The slowdowns of one class.
pub static COMMUNICATION: Table = Table {
    doc: "Speed of the jobs whose `comm` is this class by how far their GPUs lie apart, relative to one NVLink island; \
          the class `default` is that of all others.",
    keys: &[
        Key { name: "node", kind: RELATIVE, default: "1", doc: "On one node, over several islands." },
        Key { name: "rack", kind: RELATIVE, default: "as node", doc: "On several nodes of one rack." },
        Key { name: "racks", kind: RELATIVE, default: "as rack", doc: "On several racks." },
    ],
    required: &[],
    tables: &[],
    reserved: &[],
};

/// The failures of one pool.
pub static FAILURES: Table = Table {
    doc: "How the nodes of a pool fail, each for itself; the gang that runs on a failed node stops.",
    keys: &[
        Key {
            name: "mtbf",
            kind: Kind::Duration,
            default: "required",
            doc: "Mean up time of a node. Fleets of eight-GPU nodes report 154 days (Meta RSC-1) to 427 (RSC-2), HPCA 2025.",
        },
        Key {
            name: "shape",
            kind: Kind::Number { min: 0.1, max: 10.0 },
            default: "1",
            doc: "Weibull shape of the up time: 1 is exponential, below 1 failures come early.",
        },
        Key {
            name: "repair",
            kind: Kind::Duration,
            default: "required",
            doc: "Median of the lognormal time until a node is back: 20 min for a reboot, 8 h for a swap.",
        },
        Key {
            name: "repair_sigma",
            kind: Kind::Number { min: 0.0, max: 5.0 },
            default: "0",
            doc: "Deviation of its natural logarithm; 0: always the median.",
        },
    ],
    required: &["mtbf", "repair"],
    tables: &[],
    reserved: &[],
};

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
    ],
    required: &["mode"],
    tables: &[],
    reserved: &[],
};

/// The words of `mode` in [`SHARING`].
pub const SHARE_MODES: &[&str] = &["mps", "time-slicing", "mig"];

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
            doc: "The run-time estimate of a job is its walltime times this.",
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
    reserved: &[],
};

/// A workload made on the spot.
pub static GENERATE: Table =
    Table { doc: "A synthetic workload.", keys: generate::KEYS, required: &[], tables: &[], reserved: &[] };

/// Which part of the run counts.
pub static MEASURE: Table = Table {
    doc: "Which part of the run counts.",
    keys: &[
        Key {
            name: "until",
            kind: Kind::Duration,
            default: "the end of the last job",
            doc: "The run ends so long after the start of the trace at the latest.",
        },
        Key {
            name: "warmup",
            kind: Kind::Duration,
            default: "0s",
            doc: "So much at the start of the horizon does not count.",
        },
        Key {
            name: "cooldown",
            kind: Kind::Duration,
            default: "0s",
            doc: "So much at the end of the horizon does not count.",
        },
    ],
    required: &[],
    tables: &[],
    reserved: &[],
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
