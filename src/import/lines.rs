//! Lines of a dataset that is no table of separated values, every problem with its place.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::member::Member;
use crate::input::Problem;
use crate::trace::source::CHUNK;

/// A file of lines, plain or compressed.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: BufReader<Member>,
    buffer: Vec<u8>,
    number: u64,
}

/// The present line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    path: &'a Path,
    number: u64,
    /// Its text without the line break.
    pub text: &'a str,
}

impl Lines {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> Result<Lines, Problem> {
        let reader = BufReader::with_capacity(CHUNK, Member::open(path)?);
        Ok(Lines { path: path.to_owned(), reader, buffer: Vec::new(), number: 0 })
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// The file is damaged or no UTF-8.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Problem> {
        self.buffer.clear();
        self.number += 1;
        match self.reader.read_until(b'\n', &mut self.buffer) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) => {
                return Err(Problem::at(&self.path, self.number, 1, self.reader.get_ref().explain(&error)));
            }
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(Some(Line { path: &self.path, number: self.number, text: text.trim_end() })),
            Err(error) => {
                Err(Problem::at(&self.path, self.number, error.valid_up_to() as u64 + 1, "is not UTF-8".to_owned()))
            }
        }
    }
}

impl<'a> Line<'a> {
    /// The problem of a part of this line: what was expected instead.
    #[must_use]
    pub fn wrong(&self, part: &'a str, name: &str, expected: &str) -> Problem {
        let before = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let shown: String = part.chars().take(40).collect();
        Problem::at(self.path, self.number, before as u64 + 1, format!("{name} is {shown:?}; {expected}"))
    }

    /// The problem of the whole line.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::at(self.path, self.number, 1, message)
    }
}
