//! Why an experiment ended without a result.

use crate::engine::RunError;
use crate::input::{Problem, Problems};

/// Why an experiment ended without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The input, or a file that cannot be written.
    Input(Problems),
    /// One of the simulations.
    Run {
        /// Which of them.
        which: String,
        /// What went wrong.
        error: RunError,
    },
}

impl From<Problems> for Stop {
    fn from(problems: Problems) -> Self {
        Stop::Input(problems)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Input(problem.into())
    }
}
