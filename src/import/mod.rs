//! Published datasets: from their authors' files to a [`JobTable`] and a scenario that runs
//! at once.
//!
//! A format is one file here, its `mod` line and one line in [`FORMATS`]. Its `read` goes through the dataset's rows with a
//! [`Sheet`], hands every row to an [`Assembly`], kept as a job or skipped with a reason, and says what is known of
//! the cluster in a [`Site`]. Everything else is common: counting, ids, the clock's origin, the files written.

mod acme;
mod alibaba;
mod assembly;
mod dlrm;
mod draft;
mod files;
mod helios;
mod inventory;
mod lines;
mod lingjun;
mod mapped;
mod member;
mod moment;
mod muri;
mod openb;
mod options;
mod pai;
mod philly;
mod row;
mod shape;
mod sheet;
mod site;
pub(crate) mod sized;
mod slurm;
mod swf;
mod thetagpu;
mod tiresias;

use std::path::{Path, PathBuf};

pub use assembly::{Assembly, Record, Skipped};
pub use draft::write;
pub use moment::Moment;
pub use options::COMMON;
pub use row::Row;
pub use sheet::{Column, Header, Sheet};
pub use site::{Site, SitePool};

use crate::input::{Problem, Problems};
use crate::trace::JobTable;
use crate::units::keys::{Key, Params};
use crate::units::suggest;

/// A format that `trace import` reads.
#[derive(Debug)]
pub struct Format {
    /// What `--from` takes.
    pub name: &'static str,
    /// The dataset, in a few words.
    pub summary: &'static str,
    /// The files it takes, in words.
    pub files: &'static str,
    /// What `--option` takes, besides [`COMMON`].
    pub options: &'static [Key],
    /// Reads the files.
    pub read: fn(&Request<'_>) -> Result<Dataset, Problems>,
}

/// All formats, in the order of `catalog formats`.
pub const FORMATS: &[&Format] = &[
    &mapped::FORMAT,
    &openb::FORMAT,
    &philly::FORMAT,
    &helios::FORMAT,
    &acme::FORMAT,
    &pai::FORMAT,
    &dlrm::FORMAT,
    &lingjun::FORMAT,
    &thetagpu::FORMAT,
    &slurm::FORMAT,
    &swf::FORMAT,
    &muri::FORMAT,
    &tiresias::FORMAT,
];

/// What the command line asks for.
#[derive(Debug)]
pub struct Request<'a> {
    /// The dataset's files, as named.
    pub files: &'a [PathBuf],
    /// Checked options, by the keys of the format and of [`COMMON`].
    pub options: Params,
    /// `--map`: native column and the dataset's, in the order given.
    pub map: Vec<(String, String)>,
}

/// A dataset that was read.
#[derive(Debug)]
pub struct Dataset {
    /// The jobs, their clock starting at the first submission.
    pub jobs: JobTable,
    /// Rows of the job files.
    pub rows: u64,
    /// Rows that are no job of the table, by reason; with the jobs they add up to `rows`.
    pub skipped: Vec<Skipped>,
    /// What the reader should know of how the dataset was read.
    pub notices: Vec<String>,
    /// The cluster, where the dataset or its publication knows it.
    pub site: Option<Site>,
}

/// The format called `name`.
///
/// # Errors
/// The nearest names, or all of them.
pub fn find(name: &str) -> Result<&'static Format, Problem> {
    FORMATS.iter().find(|format| format.name == name).copied().ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let message = format!("unknown format \"{name}\"{}", suggest::hint(name, &names));
        Problem { source: "--from".to_owned(), at: None, message }
    })
}

impl Format {
    /// Reads a dataset.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    ///
    /// # Panics
    /// When the format lost a row.
    pub fn import(&self, request: &Request<'_>) -> Result<Dataset, Problems> {
        let dataset = (self.read)(request)?;
        let skipped: u64 = dataset.skipped.iter().map(|skipped| skipped.rows).sum();
        assert_eq!(dataset.rows, dataset.jobs.len() as u64 + skipped, "a row was lost");
        if dataset.jobs.is_empty() {
            return Err(Problem::of_file(request.first(), nothing_left(&dataset)).into());
        }
        Ok(dataset)
    }
}

fn nothing_left(dataset: &Dataset) -> String {
    let reasons = dataset.skipped.iter().map(|skipped| format!("{} {}", skipped.rows, skipped.reason));
    match reasons.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "has no rows".to_owned(),
        reasons => format!("has no job that can be replayed; skipped: {reasons}"),
    }
}

impl<'a> Request<'a> {
    /// What the arguments of the command line mean to a format.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(format: &Format, files: &'a [PathBuf], options: &[String], map: &[String]) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let options = options::read(format, options, &mut problems);
        let map = options::read_map(map, &mut problems);
        if !map.is_empty() && format.name != mapped::FORMAT.name {
            problems.push(Problem {
                source: "--map".to_owned(),
                at: None,
                message: "only the csv format takes it".to_owned(),
            });
        }
        problems.or(Request { files, options, map })
    }

    /// The first file; the command line has at least one.
    #[must_use]
    pub fn first(&self) -> &'a Path {
        &self.files[0]
    }

    /// The only file.
    ///
    /// # Errors
    /// There are others.
    pub fn only_file(&self) -> Result<&'a Path, Problem> {
        match self.files {
            [file] => Ok(file),
            [_, second, ..] => Err(Problem::of_file(second, "the format takes one file only")),
            [] => Err(Problem { source: "IN".to_owned(), at: None, message: "a file is missing".to_owned() }),
        }
    }

    /// The files whose name meets `test`, and the others, both in the order given.
    #[must_use]
    pub fn split(&self, test: impl Fn(&str) -> bool) -> (Vec<&'a Path>, Vec<&'a Path>) {
        let name = |file: &Path| file.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        self.files.iter().map(PathBuf::as_path).partition(|file| test(&name(file)))
    }
}
