//! The folder of a sweep: a manifest, a file for each run that is done, and the table of all of them.
//!
//! A run's file comes by renaming, so it is there whole or not at all, whenever the program is killed. The table is made
//! from these files only, in grid order; how often the sweep was interrupted cannot show in it.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::design::Design;
use super::manifest::{self, Manifest};
use super::run::Cell;
use super::table::{Columns, Table};
use crate::input::{Problem, Problems};
use crate::output::write_settled;
use crate::results::Figures;
use crate::units::hash::Fingerprint;

/// The table's name in the folder of a sweep.
pub const RESULTS: &str = "results.csv";

/// The same table with typed columns.
#[cfg(feature = "parquet")]
const RESULTS_PARQUET: &str = "results.parquet";

/// The folder of the runs.
const RUNS: &str = "runs";

/// Taken by whoever writes into the folder; the system gives it back when that process ends, however it ends.
const LOCK: &str = ".lock";

/// An open folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    manifest: Manifest,
    design: Design,
    /// Held open for its lock.
    _lock: Option<File>,
}

/// A run of a sweep by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId {
    /// The number of the point in the grid, from 0.
    pub point: u64,
    /// The replicate, from 0.
    pub replicate: u32,
}

impl Store {
    /// Opens a folder for writing; it is made if need be. One with another manifest is refused, or loses its
    /// runs where `recompute` says so.
    ///
    /// # Errors
    /// When the folder belongs to another sweep, is in use, or cannot be written.
    pub fn open(folder: &Path, manifest: Manifest, recompute: bool) -> Result<Self, Problems> {
        Store::of(folder, manifest, recompute, "take another --out, or --recompute to make all runs anew")
    }

    /// Opens a folder into which shards are joined.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn join(folder: &Path, manifest: Manifest) -> Result<Self, Problems> {
        Store::of(folder, manifest, false, "take another --out")
    }

    /// `advice` is for when the folder is another sweep's.
    fn of(folder: &Path, manifest: Manifest, recompute: bool, advice: &str) -> Result<Self, Problems> {
        let runs = folder.join(RUNS);
        make(folder)?;
        let lock = lock(folder)?;
        let advised = |problem: Problem| Problem { message: format!("{}; {advice}", problem.message), ..problem };
        let present = if recompute { None } else { Manifest::read(folder).map_err(advised)? };
        if let Some(present) = &present {
            let differences = present.differences(&manifest);
            if !differences.is_empty() {
                return Err(manifest::mismatch(folder, &differences, advice));
            }
        }
        make(&runs)?;
        clear_halves(folder);
        clear_halves(&runs);
        if recompute {
            clear_runs(&runs)?;
        }
        if present.as_ref() != Some(&manifest) {
            manifest.write(folder)?;
        }
        let design = manifest.design();
        Ok(Store { folder: folder.to_owned(), manifest, design, _lock: lock })
    }

    /// Opens a folder for reading only; `None` where it is no sweep's.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn look(folder: &Path) -> Result<Option<Self>, Problem> {
        let Some(manifest) = Manifest::read(folder)? else { return Ok(None) };
        let design = manifest.design();
        Ok(Some(Store { folder: folder.to_owned(), manifest, design, _lock: None }))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the sweep is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// All runs of the sweep, in grid order: the replicates of a point one after the other.
    pub fn runs(&self) -> impl Iterator<Item = RunId> + use<> {
        let (runs, replicates) = (self.manifest.runs().unwrap_or(0), u64::from(self.manifest.replicates));
        (0..runs).map(move |run| RunId { point: run / replicates, replicate: (run % replicates) as u32 })
    }

    /// The run's setting in words: `nodes=16, replicate 3`.
    #[must_use]
    pub fn name(&self, run: RunId) -> String {
        let settings = self.design.keys().zip(self.design.point(run.point));
        let settings = settings.map(|(key, value)| format!("{key}={value}, "));
        format!("{}replicate {}", settings.collect::<String>(), run.replicate)
    }

    fn path(&self, run: RunId) -> PathBuf {
        self.folder.join(RUNS).join(format!("{:06}-{:05}.csv", run.point, run.replicate))
    }

    /// Writes a run that is done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, run: RunId, cell: &Cell) -> Result<(), Problem> {
        let mut text = format!("fingerprint,{}\nseed,{}\n", self.manifest.fingerprint, cell.seed);
        for (name, value) in cell.figures.iter() {
            // Pool names come from the scenario and may hold anything.
            text.push_str(&serde_json::to_string(name).unwrap_or_default());
            text.push(',');
            text.push_str(value);
            text.push('\n');
        }
        write_settled(&self.path(run), &sealed(text))
    }

    /// The runs of which there is a file, whole or not.
    #[must_use]
    pub fn present(&self) -> BTreeSet<RunId> {
        let entries = fs::read_dir(self.folder.join(RUNS)).into_iter().flatten().flatten();
        entries.filter_map(|entry| run_of(&entry.file_name().to_string_lossy())).collect()
    }

    /// Reads a run; `None` where it is not done. A file that is cut off or changed, or of another sweep, is as none: a
    /// machine that lost its power may leave such.
    #[must_use]
    pub fn get(&self, run: RunId) -> Option<Cell> {
        let text = fs::read_to_string(self.path(run)).ok()?;
        let mut lines = unsealed(&text)?.lines();
        if lines.next()?.strip_prefix("fingerprint,")? != self.manifest.fingerprint {
            return None;
        }
        let seed = lines.next()?.strip_prefix("seed,")?.parse().ok()?;
        let figure = |line: &str| {
            let (name, value) = line.rsplit_once(',')?;
            Some((serde_json::from_str(name).ok()?, value.to_owned()))
        };
        Some(Cell { seed, figures: lines.map(figure).collect::<Option<Figures>>()? })
    }

    /// Writes the table of all runs that are done, and says how many these are.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_results(&self) -> Result<u64, Problem> {
        let mut columns = Columns::default();
        for cell in self.runs().filter_map(|run| self.get(run)) {
            columns.join(&cell.figures);
        }
        let to = self.folder.join(RESULTS);
        let lead: Vec<&str> = self.design.keys().chain(["replicate", "seed"]).collect();
        let mut table = Table::create(&to, &lead, &columns)?;
        let mut rows = 0;
        for (run, cell) in self.runs().filter_map(|run| Some((run, self.get(run)?))) {
            let mut lead = self.design.point(run.point);
            lead.extend([run.replicate.to_string(), cell.seed.to_string()]);
            table.row(&lead, &cell.figures)?;
            rows += 1;
        }
        table.finish()?;
        #[cfg(feature = "parquet")]
        self.write_parquet(&to)?;
        Ok(rows)
    }

    #[cfg(feature = "parquet")]
    fn write_parquet(&self, csv: &Path) -> Result<(), Problem> {
        use crate::output::write_bytes;
        use crate::results::parquet::{Kind, of_csv};
        // Names can be the same as those of figures only for keys, which come first.
        let keys: Vec<&str> = self.design.keys().collect();
        let kind = |name: &str| match name {
            key if keys.contains(&key) => Kind::Text,
            "replicate" | "seed" => Kind::Whole,
            _ => Kind::Real,
        };
        write_bytes(&self.folder.join(RESULTS_PARQUET), &of_csv(csv, kind)?)
    }
}

fn make(folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|e| Problem::of_file(folder, format!("cannot be made: {e}")))
}

/// The run that a file of this name holds.
fn run_of(name: &str) -> Option<RunId> {
    let (point, replicate) = name.strip_suffix(".csv")?.split_once('-')?;
    Some(RunId { point: point.parse().ok()?, replicate: replicate.parse().ok()? })
}

/// What the last line of a run's file begins with; the XXH64 of all lines before it follows.
const SEAL: &str = "end,";

fn sealed(mut text: String) -> String {
    let seal = Fingerprint::of(0, text.as_bytes()).value();
    text.push_str(&format!("{SEAL}{seal:016x}\n"));
    text
}

/// The lines before the seal, if they are what was sealed.
fn unsealed(text: &str) -> Option<&str> {
    let (lines, seal) = text.split_at(text.strip_suffix('\n')?.rfind('\n')? + 1);
    let seal = u64::from_str_radix(seal.trim_end().strip_prefix(SEAL)?, 16).ok()?;
    (Fingerprint::of(0, lines.as_bytes()).value() == seal).then_some(lines)
}

/// Takes the folder's lock; nothing where its file system knows no locks.
fn lock(folder: &Path) -> Result<Option<File>, Problem> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|e| Problem::of_file(folder, format!("cannot be written into: {e}")))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let message = "another sweep is writing into it; shards need a folder each, to be joined by `sweep merge`";
            Err(Problem::of_file(folder, message))
        }
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(TryLockError::Error(error)) => Err(Problem::of_file(&path, format!("cannot be locked: {error}"))),
    }
}

/// Removes all runs, and nothing else that may lie beside them.
fn clear_runs(runs: &Path) -> Result<(), Problem> {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        if run_of(&entry.file_name().to_string_lossy()).is_some() {
            let path = entry.path();
            fs::remove_file(&path).map_err(|e| Problem::of_file(&path, format!("cannot be removed: {e}")))?;
        }
    }
    Ok(())
}

/// Removes what a killed sweep left half-written; under the lock nobody else writes here. Files that are not its own
/// stay.
fn clear_halves(folder: &Path) {
    // As `AtomicFile` names them: `.results.csv.4711.tmp`.
    let is_half = |name: &str| {
        name.starts_with('.')
            && name.ends_with(".tmp")
            && [".csv.", ".parquet.", manifest::FILE].iter().any(|own| name.contains(own))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_half(&entry.file_name().to_string_lossy()) {
            // One that does not go away only takes space.
            drop(fs::remove_file(entry.path()));
        }
    }
}
