//! fleetsim: a discrete-event simulator for the utilization of GPU clusters.
pub mod cluster;
pub mod collections;
pub mod engine;
pub mod input;
pub mod ledger;
pub mod sched;
pub mod trace;
pub mod units;
