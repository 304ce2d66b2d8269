//! Jobs that fail by themselves: where each attempt breaks off, and whether there is another.

use rustc_hash::FxHashMap;

use super::life::part_of;
use crate::physics::{Course, Physics};
use crate::trace::{JobId, JobTable, RecordedState};

/// What becomes of the jobs that have started.
#[derive(Debug)]
pub struct Courses<'a> {
    physics: &'a Physics,
    seed: u64,
    /// Of those with failures to come, the first of them last.
    troubled: FxHashMap<JobId, Trouble>,
}

#[derive(Debug)]
struct Trouble {
    course: Course,
    /// What will be left to do when the present attempt fails, once it has begun.
    left: Option<u128>,
}

/// What follows when an attempt has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequel {
    /// The job is tried again.
    Retry,
    /// It has failed for good.
    End,
}

impl<'a> Courses<'a> {
    /// Nobody has started.
    #[must_use]
    pub fn new(physics: &'a Physics, seed: u64) -> Self {
        Courses { physics, seed, troubled: FxHashMap::default() }
    }

    /// A job starts for the first time: whether it ends failed if nothing else stops it. Jobs of which the trace says what
    /// became of them run as long as they ran.
    pub fn begin(&mut self, jobs: &JobTable, job: JobId) -> bool {
        let spec = jobs.spec(job);
        let open = matches!(spec.state, None | Some(RecordedState::Completed | RecordedState::Unfinished));
        let Some(model) = self.physics.job_failures_of(spec).filter(|_| open) else { return false };
        let mut course = model.course(self.seed, jobs.name(job));
        course.failures.reverse();
        let ends_failed = course.ends_failed;
        if !course.failures.is_empty() {
            self.troubled.insert(job, Trouble { course, left: None });
        }
        ends_failed
    }

    /// What will be left to do of a job when it fails, if it does, where so much is left when it starts (again).
    pub fn breaks_off(&mut self, job: JobId, left: u128) -> Option<u128> {
        let trouble = self.troubled.get_mut(&job)?;
        let &done = trouble.course.failures.last()?;
        Some(*trouble.left.get_or_insert_with(|| left - part_of(left, done)))
    }

    /// The present attempt of a job has failed.
    pub fn failed(&mut self, job: JobId) -> Sequel {
        let Some(trouble) = self.troubled.get_mut(&job) else { return Sequel::End };
        trouble.left = None;
        trouble.course.failures.pop();
        if !trouble.course.failures.is_empty() {
            return Sequel::Retry;
        }
        let ends = trouble.course.ends_failed;
        self.troubled.remove(&job);
        if ends { Sequel::End } else { Sequel::Retry }
    }
}
