//! The described keys of a recipe: `[workload.generate]` of a scenario, and the flags of `trace generate`.

use crate::units::keys::{Key, Kind};

/// Everything that can be said of a synthetic trace.
pub const KEYS: &[Key] = &[
    Key {
        name: "jobs",
        kind: Kind::Count { min: 1, max: 4_000_000_000 },
        default: "1000, unless span is given",
        doc: "Stop after so many jobs.",
    },
    Key {
        name: "span",
        kind: Kind::Duration,
        default: "until all jobs are made",
        doc: "Stop at this time after the start; with jobs too, whichever comes first.",
    },
    Key {
        name: "arrivals",
        kind: Kind::Choice(&["poisson", "hour-of-day"]),
        default: "hour-of-day",
        doc: "Exponential times between jobs, at the same rate all day or with the rhythm of a day.",
    },
    Key {
        name: "hours",
        kind: Kind::Text,
        default: "Helios Venus 2020",
        doc: "24 weights from midnight on, separated by blanks, in proportion to the arrivals of each hour.",
    },
    Key {
        name: "rate_per_hour",
        kind: Kind::Number { min: 1e-6, max: 1e9 },
        default: "from load",
        doc: "Jobs an hour on average; instead of load.",
    },
    Key {
        name: "load",
        kind: Kind::Number { min: 1e-6, max: 1000.0 },
        default: "0.85",
        doc: "Offered load: expected GPU-time asked for, as a share of gpus; 1 is all that they can do.",
    },
    Key {
        name: "gpus",
        kind: Kind::Count { min: 1, max: 1_000_000_000 },
        default: "the cluster's, or 128 without a cluster",
        doc: "The capacity in GPUs that load refers to.",
    },
    Key {
        name: "duration",
        kind: Kind::Choice(&["lognormal", "exponential"]),
        default: "lognormal",
        doc: "The distribution of durations.",
    },
    Key {
        name: "duration_median",
        kind: Kind::Duration,
        default: "15m",
        doc: "Median of the lognormal distribution (Philly 2017: 874 s).",
    },
    Key {
        name: "duration_sigma",
        kind: Kind::Number { min: 0.0, max: 10.0 },
        default: "2.0",
        doc: "Deviation of the duration's natural logarithm (Philly 2017: 2.1, Helios Venus 2020: 2.6).",
    },
    Key { name: "duration_mean", kind: Kind::Duration, default: "1h", doc: "Mean of the exponential distribution." },
    Key {
        name: "duration_min",
        kind: Kind::Duration,
        default: "10s; 0s if exponential",
        doc: "Shorter durations become this.",
    },
    Key {
        name: "duration_max",
        kind: Kind::Duration,
        default: "7d; none if exponential",
        doc: "Longer durations become this.",
    },
    Key {
        name: "sizes",
        kind: Kind::Texts,
        default: "1:52, 2:6, 4:7, 8:25, 16:5, 32:4, 64:1",
        doc: "GPUs of a job and their weights, as in \"8:25\" (Helios Venus 2020, rounded).",
    },
    Key {
        name: "gpus_per_task",
        kind: Kind::Count { min: 1, max: 100_000 },
        default: "no tasks",
        doc: "Jobs of a multiple of so many GPUs are divided into tasks of so many, smaller jobs are one task.",
    },
    Key {
        name: "tenants",
        kind: Kind::Texts,
        default: "team-1:12, team-2:6, team-3:4, team-4:3 (Zipf)",
        doc: "Tenants and their weights in jobs, as in \"vision:3\"; weight 1 without one.",
    },
    Key {
        name: "zipf_tenants",
        kind: Kind::Count { min: 1, max: 1_000_000 },
        default: "4",
        doc: "So many tenants team-1, team-2, ... with weights by Zipf's law; instead of tenants.",
    },
    Key {
        name: "zipf_exponent",
        kind: Kind::Number { min: 0.0, max: 10.0 },
        default: "1.0",
        doc: "The n-th tenant has the weight n to the power of minus this.",
    },
    Key {
        name: "queues",
        kind: Kind::Texts,
        default: "no queue",
        doc: "Queues and their weights in jobs, as in \"batch:3\"; weight 1 without one.",
    },
    Key {
        name: "walltimes",
        kind: Kind::Bool,
        default: "true",
        doc: "Whether jobs request a run time: the duration times a factor, rounded up to whole minutes.",
    },
    Key {
        name: "walltime_low",
        kind: Kind::Number { min: 0.01, max: 1e6 },
        default: "1.1",
        doc: "The smallest factor; below 1 some jobs outlive their request.",
    },
    Key {
        name: "walltime_high",
        kind: Kind::Number { min: 0.01, max: 1e6 },
        default: "10",
        doc: "The largest factor; factors are drawn evenly.",
    },
    Key {
        name: "failed",
        kind: Kind::Number { min: 0.0, max: 1.0 },
        default: "0.155",
        doc: "Share of jobs recorded as failed (Helios 2020: 15.5 %).",
    },
    Key {
        name: "cancelled",
        kind: Kind::Number { min: 0.0, max: 1.0 },
        default: "0.221",
        doc: "Share of jobs recorded as cancelled (Helios 2020: 22.1 %).",
    },
    Key {
        name: "resolution",
        kind: Kind::Duration,
        default: "1us",
        doc: "Submissions and durations are rounded to multiples of this.",
    },
];
