//! Why a job did not run at the instant at which two schedules part.

use super::explain::{self, Blocked, Explained, Reason};
use super::stop::Stop;
use crate::results::format::plural;
use crate::scenario::Scenario;
use crate::trace::{JobId, JobTable};
use crate::units::Time;

/// Why a job waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// What stopped it, as the run simulated again says.
    Stopped {
        /// What it was.
        reason: Reason,
        /// Since when.
        since: Time,
        /// The first job of its line, where that is another one.
        head: Option<String>,
    },
    /// The run cannot be made again: what its schedule says of the GPUs of the cluster.
    Beside {
        /// So many stood free after the starts of that instant.
        free_gpus: u64,
        /// Of so many.
        gpus: u64,
    },
}

impl Why {
    /// Simulates a run again to see what stopped a job at an instant; `None` where nothing did, since it ran or was not there.
    ///
    /// # Errors
    /// What breaks in the run, which `which` names.
    pub fn of(
        scenario: &Scenario,
        jobs: &JobTable,
        name: &str,
        at: Time,
        which: &dyn Fn() -> String,
    ) -> Result<Option<Self>, Stop> {
        let Some(job) = jobs.ids().find(|&job| jobs.name(job) == name) else { return Ok(None) };
        let (_, story) = explain::watch(scenario, jobs, job, which)?;
        Ok(story.wait_at(at).map(|wait| Why::stopped(wait, jobs)))
    }

    /// What stopped an explained job at an instant.
    #[must_use]
    pub fn told(explained: &Explained, at: Time) -> Option<Self> {
        explained.story.wait_at(at).map(|wait| Why::stopped(wait, explained.jobs()))
    }

    fn stopped(wait: &Blocked, jobs: &JobTable) -> Self {
        let name = |head: JobId| jobs.name(head).to_owned();
        Why::Stopped { reason: wait.reason, since: wait.from, head: wait.scene.head.map(name) }
    }

    /// In words that go on from "it waited then".
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Why::Stopped { reason, since, head } => {
                let behind = head.as_ref().map_or_else(String::new, |head| format!(", behind `{head}`"));
                format!("(since {since} s, `{}`: {}{behind})", reason.name(), reason.meaning())
            }
            Why::Beside { free_gpus, gpus } => format!("({free_gpus} of {} free)", plural(*gpus, "GPU")),
        }
    }
}
