//! What is wrong with an input: where, what was found, what was expected.

use std::fmt;
use std::path::Path;

/// How many problems are told at once; more than these help nobody.
pub const MOST_PROBLEMS: usize = 20;

/// One thing wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or what else the input came from (`--set cluster.pools.a.nodes`).
    pub source: String,
    /// Line and column, counted from 1; column 0 where only the line is known.
    pub at: Option<(u64, u64)>,
    /// What was found, what was expected, the nearest valid name.
    pub message: String,
}

/// Everything that was found wrong, at least one problem.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    list: Vec<Problem>,
    untold: usize,
}

impl Problem {
    /// A problem of a whole file.
    #[must_use]
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Problem { source: file.display().to_string(), at: None, message: message.into() }
    }

    /// A problem at a place in a file.
    #[must_use]
    pub fn at(file: &Path, line: u64, column: u64, message: impl Into<String>) -> Self {
        Problem { source: file.display().to_string(), at: Some((line, column)), message: message.into() }
    }
}

impl Problems {
    /// No problem yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; beyond [`MOST_PROBLEMS`] they are only counted.
    pub fn push(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        } else {
            self.untold += 1;
        }
    }

    /// With another message for each problem of an input as a whole.
    #[must_use]
    pub fn of_whole_inputs(mut self, message: impl Fn(&str) -> String) -> Self {
        for problem in self.list.iter_mut().filter(|problem| problem.at.is_none()) {
            problem.message = message(&problem.message);
        }
        self
    }

    /// Counts problems that nobody described.
    pub fn add_untold(&mut self, count: usize) {
        self.untold += count;
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Problems) {
        self.untold += other.untold;
        for problem in other.list {
            self.push(problem);
        }
    }

    /// What was said of one source, said of another: an option that stands for several others.
    #[must_use]
    pub fn of_source(mut self, known_as: &str, source: &str) -> Self {
        for problem in &mut self.list {
            if problem.source == known_as {
                source.clone_into(&mut problem.source);
            }
        }
        self
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the list is full, so that a reader may stop looking.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST_PROBLEMS
    }

    /// The problems told.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// `value` when nothing is wrong, else the problems.
    ///
    /// # Errors
    /// The problems, when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Problems { list: vec![problem], untold: 0 }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, 0)) => write!(f, "{}:{line}: {}", self.source, self.message),
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.source, self.message),
            None => write!(f, "{}: {}", self.source, self.message),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "error: {problem}")?;
        }
        if self.untold > 0 {
            write!(f, "\nerror: and {} more", self.untold)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
