//! Who decides what starts where and when.

pub mod registry;

pub use registry::{PolicyChoice, PolicyEntry};
