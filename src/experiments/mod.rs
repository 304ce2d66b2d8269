//! Many runs: scenarios side by side, grids over scenario keys, replicates and what can be said from them.
//!
//! All of them make a run in the same way ([`run`]) from jobs that were read once ([`workload`]). Runs go in parallel and
//! their results are taken in the order of their numbers ([`parallel`]), so no output depends on the threads.

pub mod axes;
pub mod bootstrap;
pub mod changes;
pub mod check;
pub mod compare;
pub mod compare_files;
pub mod design;
pub mod divergence;
pub mod explain;
mod first_nodes;
pub mod gpu_types;
pub mod grid;
pub mod interval;
pub mod latin;
pub mod list;
pub mod manifest;
pub mod merge;
pub mod parallel;
pub mod plan;
pub mod range;
pub mod remedies;
pub mod replicate;
pub mod rerun;
pub mod run;
pub mod shard;
pub mod stop;
pub mod store;
pub mod stored;
pub mod student;
pub mod studentized;
pub mod submit;
pub mod sweep;
pub mod table;
pub mod why;
pub mod workload;

pub use compare::{Compared, Comparison};
pub use parallel::Pace;
pub use shard::Shard;
pub use stop::Stop;
pub use sweep::Sweep;
