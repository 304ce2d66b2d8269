//! One job of a native trace, as importers and the generator make it and the writer writes it.

use super::spec::JobSpec;
use crate::units::{Span, Time};

/// A job with its id and times.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobRow {
    /// Unique in the trace.
    pub job_id: String,
    /// When it was submitted.
    pub submit: Time,
    /// Its ideal duration with all its tasks.
    pub duration: Span,
    /// Requested run time, when the trace has one.
    pub walltime: Option<Span>,
    /// When the real system started it.
    pub recorded_start: Option<Time>,
    /// When it ended in the real system.
    pub recorded_end: Option<Time>,
    /// What it asks for.
    pub spec: JobSpec,
}
