//! The commands of the terminal.

pub mod catalog;
