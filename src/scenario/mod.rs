//! Scenarios: what to simulate, in a TOML file that is readable in a minute.
//!
//! A file becomes a tree in which every key and value knows its place ([`tree`]); the command line and variants change
//! that tree ([`overlay`]); then one description of all keys ([`tables`]) says what is unknown ([`shape`]), what a
//! value must be ([`value`], [`section`]), and what the JSON Schema holds. One file per section turns checked values
//! into the [`Scenario`]. Everything wrong is collected and told at once.

mod classes;
mod communication;
mod failures;
pub mod gpus;
pub mod measure;
mod outages;
pub mod overlay;
mod physics;
pub mod policy;
pub mod pools;
mod prices;
pub mod read;
mod rent;
pub mod resolved;
pub mod schema;
pub mod section;
pub mod shape;
mod sharing;
mod spares;
mod storage;
mod stragglers;
pub mod tables;
pub mod tree;
pub mod types;
pub mod value;
pub mod workload;

pub use gpus::unknown_type;
pub use read::{Overrides, load, of_bytes, of_tree};
pub use resolved::resolved;
pub use schema::schema;
pub use types::{Measure, PriceSource, Scenario, Source, TraceFile, Variant, Workload};

#[cfg(test)]
mod tests;
