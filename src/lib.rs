//! fleetsim: a discrete-event simulator for the utilization of GPU clusters.
//!
//! It replays a job trace against a modelled cluster under a pluggable scheduler and says where every GPU-second, and
//! every dollar, went: the [`ledger`] cuts capacity x time into leaves that add up to it exactly.
//!
//! The modules are layers, each using only those before it: [`units`], [`collections`] and [`input`]; [`trace`] and
//! [`cluster`]; [`sched`], the policies; [`ledger`]; [`engine`], the clock and the events; [`scenario`], a file that
//! describes a run; [`results`], figures and files; [`experiments`], many runs; [`chart`] and [`report`], pictures and
//! pages of them; [`export`], runs and traces for other programs; [`import`], published datasets; [`cli`].
//!
//! ```
//! use fleetsim::engine::{Options, Setup, Silent, simulate};
//! use fleetsim::scenario::{Overrides, load};
//! use fleetsim::trace::native::{ReadOptions, read};
//! use fleetsim::results::Metrics;
//!
//! let scenario = load("scenarios/quickstart.toml".as_ref(), &Overrides::default())?;
//! let jobs = read("traces/quickstart.csv".as_ref(), &ReadOptions::default())?.table;
//! let options = Options { seed: scenario.seed, ..Options::default() };
//! let setup = Setup { cluster: &scenario.cluster, jobs: &jobs, policy: &scenario.policy, options: &options };
//! let outcome = simulate(setup, &mut Silent)?;
//! let metrics = Metrics::of(&outcome, &jobs, &scenario.cluster, false);
//! assert!(metrics.utilization.allocated > metrics.utilization.productive);
//! assert_eq!(metrics.leaves.iter().map(|leaf| leaf.time.raw()).sum::<u128>(), metrics.capacity.raw());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chart;
pub mod cli;
pub mod cluster;
pub mod collections;
pub mod engine;
pub mod experiments;
pub mod export;
pub mod import;
pub mod input;
pub mod ledger;
pub mod output;
pub mod physics;
pub mod report;
pub mod results;
pub mod scenario;
pub mod sched;
pub mod trace;
pub mod units;
