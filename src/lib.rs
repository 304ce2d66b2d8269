//! fleetsim: a discrete-event simulator for the utilization of GPU clusters.
pub mod input;
pub mod trace;
pub mod units;
