//! How a command fails: what is printed, and the exit code.

use std::fmt;

use crate::engine::RunError;
use crate::experiments::Stop;
use crate::input::{Problem, Problems};

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The input, or how the command was used.
    Input(Problems),
    /// A check that was asked for: something is missing, or worse than it should be.
    Check(String),
    /// The simulation itself.
    Internal(RunError),
    /// One of many simulations.
    InternalIn {
        /// Which of them.
        which: String,
        /// What went wrong.
        error: RunError,
    },
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Check(_) => 1,
            Failure::Input(_) => 2,
            Failure::Internal(_) | Failure::InternalIn { .. } => 3,
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Failure::Input(problems)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::Input(problem.into())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Failure::Internal(error)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Input(problems) => Failure::Input(problems),
            Stop::Run { which, error } => Failure::InternalIn { which, error },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Input(problems) => problems.fmt(f),
            Failure::Check(found) => f.write_str(found),
            Failure::Internal(error) => {
                write!(f, "internal error: {error}\nThis is a bug of fleetsim, not of your input.")
            }
            Failure::InternalIn { which, error } => {
                write!(f, "internal error: {which}: {error}\nThis is a bug of fleetsim, not of your input.")
            }
        }
    }
}
