//! Jobs and the traces that they come from.
//!
//! A trace is read once into a [`JobTable`]: columns for what differs from job to job, one shared [`JobSpec`] for
//! what many jobs have in common. Nothing in here knows of clusters or schedulers.

pub mod generate;
pub mod native;
pub mod row;
pub mod size;
pub mod source;
pub mod spec;
pub mod stats;
pub mod table;

pub use row::JobRow;
pub use spec::{JobSpec, Level, RecordedState, Topology};
pub use table::{JobId, JobTable, JobTimes, SpecId};
