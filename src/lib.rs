//! fleetsim: a discrete-event simulator for the utilization of GPU clusters.
pub mod cli;
pub mod cluster;
pub mod collections;
pub mod engine;
pub mod import;
pub mod input;
pub mod ledger;
pub mod results;
pub mod scenario;
pub mod sched;
pub mod trace;
pub mod units;
