//! Many runs through the program: comparisons, sweeps, shards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "experiments/mod.rs"]
mod experiments;
mod folders;
