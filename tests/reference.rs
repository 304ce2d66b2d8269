//! The plain reference simulator, and what is known of it before it is held against the engine.

#[path = "reference/mod.rs"]
mod reference;
