//! fleetsim: a discrete-event simulator for the utilization of GPU clusters.
pub mod cluster;
pub mod collections;
pub mod input;
pub mod sched;
pub mod trace;
pub mod units;
