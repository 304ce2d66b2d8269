//! The text of a file, or of the first member of a tar archive: some tables are published as `.tar.gz`.

use std::io::{self, Chain, Cursor, Read, Take};
use std::path::Path;

use crate::input::Problem;
use crate::trace::source::Source;

/// Bytes of a header of a tar archive.
const BLOCK: usize = 512;

/// A file's bytes, unpacked.
#[derive(Debug)]
pub struct Member(Take<Chain<Cursor<Vec<u8>>, Source>>);

impl Member {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> Result<Member, Problem> {
        let mut source = Source::open(path)?;
        let mut head = Vec::new();
        if let Err(error) = source.by_ref().take(BLOCK as u64).read_to_end(&mut head) {
            return Err(Problem::of_file(path, source.explain(&error)));
        }
        Ok(match size_of_member(&head) {
            Some(size) => Member(Cursor::new(Vec::new()).chain(source).take(size)),
            None => Member(Cursor::new(head).chain(source).take(u64::MAX)),
        })
    }

    /// What an error of reading from here means to the owner of the file.
    #[must_use]
    pub fn explain(&self, error: &io::Error) -> String {
        self.0.get_ref().get_ref().1.explain(error)
    }
}

impl Read for Member {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// The size that a header of a tar archive gives for the member behind it; `None` where it is no such header.
fn size_of_member(head: &[u8]) -> Option<u64> {
    if head.len() < BLOCK || head.get(257..262) != Some(b"ustar") {
        return None;
    }
    let octal = std::str::from_utf8(head.get(124..136)?).ok()?;
    u64::from_str_radix(octal.trim_matches(['\0', ' ']), 8).ok()
}
