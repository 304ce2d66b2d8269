//! Explanations: a job's reasons against readings of their own, its times against the run's, what-ifs against other runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "explain/mod.rs"]
mod explain;
