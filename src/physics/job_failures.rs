//! Which jobs fail by themselves, and how far they come: wrong code, wrong data, too little memory.
//!
//! Unlike failures of nodes these go by job, not by GPU-hour. In traces they are most failures and little of the GPU-time
//! that failures cost (Acme, NSDI 2024: infrastructure is 11 % of failures and 82 % of failed GPU time).

use rand::RngExt;

use crate::units::rng::{Stream, stream};

/// All of the work, in the unit of [`Course::failures`].
pub const WHOLE: u64 = 1_000_000_000;

/// How the jobs of a class fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobFailures {
    /// Share of attempts that fail, from 0 to 1.
    pub share: f64,
    /// Mean share of what an attempt has to do that is done when it fails, above 0 and below 1.
    pub at: f64,
    /// How often a job that has failed is tried again.
    pub retries: u32,
}

/// What will become of a job, if nothing else stops it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// Of each attempt that fails: how much of what it has to do is done then, in billionths.
    pub failures: Vec<u64>,
    /// Whether the last of them is the job's end.
    pub ends_failed: bool,
}

impl JobFailures {
    /// The course of the job called `name` under the root `seed`: each job has a stream of its own, so that it fails in the
    /// same way under every policy.
    #[must_use]
    pub fn course(&self, seed: u64, name: &str) -> Course {
        let mut random = stream(seed, &format!("job-failures/{name}"));
        let mut course = Course::default();
        for _ in 0..=self.retries {
            if random.random::<f64>() >= self.share {
                return course;
            }
            course.failures.push(self.share_done(&mut random));
        }
        course.ends_failed = true;
        course
    }

    /// `u^((1 - at) / at)` of an even `u`: its mean is `at`. Even itself at a half; below, most fail early.
    fn share_done(&self, random: &mut Stream) -> u64 {
        let done = libm::pow(random.random::<f64>(), (1.0 - self.at) / self.at);
        ((done * WHOLE as f64) as u64).min(WHOLE - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courses_have_their_shares_and_means() {
        for (share, at, retries) in [(0.3, 0.5, 0), (0.6, 0.1, 2), (0.5, 0.8, 1)] {
            let model = JobFailures { share, at, retries };
            let courses: Vec<Course> = (0..20_000).map(|job| model.course(1, &job.to_string())).collect();
            let done: Vec<u64> = courses.iter().flat_map(|course| course.failures.iter().copied()).collect();
            let mean = done.iter().sum::<u64>() as f64 / done.len() as f64 / WHOLE as f64;
            assert!((mean / at - 1.0).abs() < 0.03, "{model:?}: {mean}");
            let failed = courses.iter().filter(|course| course.ends_failed).count() as f64 / 20_000.0;
            let expected = share.powi(retries as i32 + 1);
            assert!((failed / expected - 1.0).abs() < 0.06, "{model:?}: {failed}");
        }
        let never = JobFailures { share: 0.0, at: 0.5, retries: 0 };
        assert_eq!(never.course(1, "a"), Course::default());
        let always = JobFailures { share: 1.0, ..never };
        assert!((0..100).all(|job| always.course(1, &job.to_string()).ends_failed));
    }
}
