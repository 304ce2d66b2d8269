//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::input::Problem;

/// A file written beside its place and renamed into it when it is complete; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    to: PathBuf,
    temporary: PathBuf,
    out: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Begins the file `to`; its folder must be there.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(to: &Path) -> Result<Self, Problem> {
        // Behind a link, the file that it names is written; nothing but a file is ever replaced.
        let to = &to.canonicalize().unwrap_or_else(|_| to.to_owned());
        if fs::metadata(to).is_ok_and(|there| !there.is_file()) {
            return Err(Problem::of_file(to, "cannot be written: it is there and not a file"));
        }
        let name = to.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = to.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = File::create(&temporary).map_err(|e| cannot_write(to, &e))?;
        Ok(AtomicFile { to: to.to_owned(), temporary, out: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Sees to it that all of the file is on the disk before it comes into its place, so that not even a power cut leaves
    /// one that is empty. It takes a few milliseconds: for what took longer to be worked out, or cannot be again.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn settle(&mut self) -> Result<(), Problem> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(|error| cannot_write(&self.to, &error))
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn finish(mut self) -> Result<(), Problem> {
        let Some(out) = self.out.take() else { return Ok(()) };
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|_| fs::rename(&self.temporary, &self.to))
            .map_err(|e| {
                self.discard();
                cannot_write(&self.to, &e)
            })
    }

    fn discard(&self) {
        // Nothing more can be done about a temporary file that does not go away.
        drop(fs::remove_file(&self.temporary));
    }

    /// The problem of a failed write.
    #[must_use]
    pub fn problem(&self, error: &io::Error) -> Problem {
        cannot_write(&self.to, error)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().map_or(Ok(0), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            self.discard();
        }
    }
}

/// Removes what an earlier command may have left and what would not be true any more.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove_file(left: &Path) -> Result<(), Problem> {
    match fs::remove_file(left) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Problem::of_file(left, format!("cannot be removed: {e}"))),
        _ => Ok(()),
    }
}

/// Writes a whole text.
///
/// # Errors
/// When it cannot be written.
pub fn write_text(to: &Path, text: &str) -> Result<(), Problem> {
    write_bytes(to, text.as_bytes())
}

/// Writes a whole text that not even a power cut takes away again ([`AtomicFile::settle`]).
///
/// # Errors
/// When it cannot be written.
pub fn write_settled(to: &Path, text: &str) -> Result<(), Problem> {
    settled(to, text.as_bytes())?.finish()
}

/// A whole file that is on the disk and has yet to come into its place.
///
/// # Errors
/// When it cannot be written.
pub fn settled(to: &Path, bytes: &[u8]) -> Result<AtomicFile, Problem> {
    let mut file = AtomicFile::create(to)?;
    file.write_all(bytes).map_err(|e| file.problem(&e))?;
    file.settle()?;
    Ok(file)
}

/// Writes a whole file.
///
/// # Errors
/// When it cannot be written.
pub fn write_bytes(to: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let mut file = AtomicFile::create(to)?;
    file.write_all(bytes).map_err(|e| file.problem(&e))?;
    file.finish()
}

/// Makes a folder for what is yet to be worked out, and sees to it that files can be written into it: that is to be known
/// before hours of work, not after them.
///
/// # Errors
/// When it cannot be made, or nothing can be written into it.
pub fn make_folder(folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|e| Problem::of_file(folder, format!("cannot be made: {e}")))?;
    let probe = AtomicFile::create(&folder.join(".fleetsim"));
    probe.map(drop).map_err(|why| Problem::of_file(folder, format!("cannot be written into: {}", why.message)))
}

fn cannot_write(to: &Path, error: &io::Error) -> Problem {
    Problem::of_file(to, format!("cannot be written: {error}"))
}
