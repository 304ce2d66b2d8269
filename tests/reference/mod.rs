//! A second opinion: the scheduling rules and the GPU-time ledger once more, as plainly as they can be written.
//!
//! Written from the documents alone, without a look at the engine. Everything is a full scan over plain vectors: no
//! index, no running sums, no heap. What the documents leave open is decided in [`readings`], each with the
//! alternative, so that a disagreement with the engine can be settled by reading the text again.

pub mod adapter;
pub mod cases;
pub mod conservative;
pub mod convert;
pub mod drawn;
pub mod easy;
pub mod elastic;
pub mod idle;
pub mod idle_cases;
pub mod ledger;
pub mod placement;
pub mod placement_cases;
pub mod preempt;
pub mod preempt_cases;
pub mod profile;
pub mod promises;
pub mod properties;
pub mod queue;
pub mod random;
pub mod readings;
pub mod rule_cases;
pub mod simulate;
pub mod state;
pub mod tables;
pub mod types;
pub mod world;
