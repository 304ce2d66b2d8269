//! What has happened since the last pass, for policies that then leave nothing startable behind.

use crate::trace::JobId;

/// Collects news between passes.
///
/// Where a pass starts whatever its rules let start, a job that it left waiting can start only after something has been
/// given back; until then only newcomers are worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum News {
    /// Nobody came, nothing was given back.
    Quiet,
    /// One job came.
    Newcomer(JobId),
    /// Anything may have changed.
    #[default]
    Much,
}

impl News {
    /// A job came to wait.
    pub fn submitted(&mut self, job: JobId) {
        *self = match *self {
            News::Quiet => News::Newcomer(job),
            News::Newcomer(_) | News::Much => News::Much,
        };
    }

    /// GPUs were given back, or nodes came or went.
    pub fn freed(&mut self) {
        *self = News::Much;
    }

    /// The news, which the pass that asks takes in.
    pub fn take(&mut self) -> News {
        std::mem::replace(self, News::Quiet)
    }
}
