//! Runs and traces in the formats of other programs.
//!
//! A format is one file here, its `mod` line and one line in [`FORMATS`]. What a run folder holds is taken from there; where each job lay
//! is not in it, so formats that show it have the run simulated again, and watched ([`replay`]).

mod batsim;
mod chrome;
mod openmetrics;
#[cfg(feature = "parquet")]
mod parquet;
pub mod replay;
mod swf;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use replay::{Gpu, Replay, Stay};

use crate::experiments::Stop;
use crate::experiments::rerun::Rerun;
use crate::input::{Problem, Problems};
use crate::output::AtomicFile;
use crate::results::StoredRun;
use crate::trace::JobTable;
use crate::units::suggest;

/// A format that runs or traces can be written in.
#[derive(Debug)]
pub struct Format {
    /// What `--export` and `--to` take.
    pub name: &'static str,
    /// The format and who reads it, in a few words.
    pub summary: &'static str,
    /// Writes a run, where the format has a place for one.
    pub of_run: Option<OfRun>,
    /// Writes a trace, likewise.
    pub of_trace: Option<OfTrace>,
}

/// Writes a trace, and gives what the reader should know.
pub type OfTrace = fn(&JobTable, &mut dyn Write) -> io::Result<Vec<String>>;

/// What a format takes of a run.
#[derive(Debug, Clone, Copy)]
pub enum OfRun {
    /// What its folder holds.
    Stored(fn(&StoredRun, &Path, &mut Files<'_>) -> Result<(), Problems>),
    /// Everything: it is simulated again.
    Replayed(fn(&Replay, &mut Files<'_>) -> Result<(), Problem>),
}

/// All formats, in the order of `catalog exports`.
pub const FORMATS: &[&Format] = &[
    &batsim::FORMAT,
    &swf::FORMAT,
    &chrome::FORMAT,
    &openmetrics::FORMAT,
    #[cfg(feature = "parquet")]
    &parquet::FORMAT,
];

/// The files that an export writes.
#[derive(Debug)]
pub struct Files<'f> {
    folder: &'f Path,
    /// Those that are there.
    pub written: Vec<PathBuf>,
    /// What their reader should know.
    pub notices: Vec<String>,
}

impl Files<'_> {
    /// Writes a file, which is there whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Problem> {
        let path = self.folder.join(name);
        let mut file = AtomicFile::create(&path)?;
        write(&mut file).map_err(|error| file.problem(&error))?;
        file.finish()?;
        self.written.push(path);
        Ok(())
    }
}

/// The format called `name`.
///
/// # Errors
/// The nearest names, or all of them.
pub fn find(option: &str, name: &str, fits: impl Fn(&Format) -> bool) -> Result<&'static Format, Problem> {
    let fitting = || FORMATS.iter().copied().filter(|format| fits(format));
    fitting().find(|format| format.name == name).ok_or_else(|| {
        let names: Vec<&str> = fitting().map(|format| format.name).collect();
        let message = match name == "parquet" && !cfg!(feature = "parquet") {
            true => "parquet is not in this program: build it with --features parquet".to_owned(),
            false => format!("unknown format \"{name}\"{}", suggest::hint(name, &names)),
        };
        Problem { source: option.to_owned(), at: None, message }
    })
}

/// Writes a run folder in a format, into the folder `to`.
///
/// # Errors
/// When a file of the run is missing or damaged, its trace is gone where it is needed, or a file cannot be written.
pub fn run<'f>(format: &Format, run: &Path, to: &'f Path) -> Result<Files<'f>, Stop> {
    let mut files = Files { folder: to, written: Vec::new(), notices: Vec::new() };
    let make = || fs::create_dir_all(to).map_err(|e| Problem::of_file(to, format!("cannot be made: {e}")));
    match format.of_run {
        Some(OfRun::Stored(write)) => {
            let stored = StoredRun::read(run)?;
            make()?;
            write(&stored, run, &mut files)?;
        }
        Some(OfRun::Replayed(write)) => {
            let replay = Replay::of(Rerun::read(run)?)?;
            make()?;
            files.notices.extend(replay.rerun.notices.iter().cloned());
            write(&replay, &mut files)?;
        }
        None => {}
    }
    Ok(files)
}

/// Writes a trace in a format.
///
/// # Errors
/// When it cannot be written.
pub fn trace(format: &Format, jobs: &JobTable, to: &Path) -> Result<Vec<String>, Problem> {
    let Some(write) = format.of_trace else { return Ok(Vec::new()) };
    let mut file = AtomicFile::create(to)?;
    let notices = write(jobs, &mut file).map_err(|error| file.problem(&error))?;
    file.finish()?;
    Ok(notices)
}
