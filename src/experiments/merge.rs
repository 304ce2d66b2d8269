//! Shards of a sweep joined: what one machine would have left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, mismatch};
use super::run::Cell;
use super::shard::{FOLDER_PREFIX, Shard};
use super::store::{RunId, Store};
use crate::input::{Problem, Problems};

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The table has this many rows.
    Whole(u64),
    /// Nothing was written, since these runs are in no shard.
    Missing {
        /// Their settings, in grid order.
        runs: Vec<String>,
        /// How many runs the sweep has.
        of: u64,
        /// The shards that have yet to make them, where the folders say how many shards there are.
        shards: Vec<Shard>,
    },
}

/// Joins the sweeps in `folders` into `out`. A folder without a sweep of its own stands for the shards in it.
///
/// # Errors
/// When a folder is no sweep's, they do not belong together, or `out` cannot be written.
pub fn merge(folders: &[PathBuf], out: &Path) -> Result<Merged, Problems> {
    let shards = shards(folders)?;
    let Some(first) = shards.first() else { return Ok(Merged::Whole(0)) };
    for shard in &shards {
        check_alike(first, shard)?;
    }
    let mut places: BTreeMap<RunId, Vec<&Store>> = BTreeMap::new();
    for shard in &shards {
        for run in shard.present() {
            places.entry(run).or_default().push(shard);
        }
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (number, run) in (0..).zip(first.runs()) {
        match one(run, places.get(&run).map_or(&[], Vec::as_slice))? {
            Some(cell) => found.push((run, cell)),
            None => missing.push((number, run)),
        }
    }
    if !missing.is_empty() {
        let of = (found.len() + missing.len()) as u64;
        let of_shards = unfinished(&shards, missing.iter().map(|&(number, _)| number));
        let runs = missing.iter().map(|&(_, run)| first.name(run)).collect();
        return Ok(Merged::Missing { runs, of, shards: of_shards });
    }
    let store = Store::join(out, first.manifest().clone())?;
    for (run, cell) in found {
        if store.get(run).is_none() {
            store.put(run, &cell)?;
        }
    }
    Ok(Merged::Whole(store.write_results()?))
}

/// A run from the shards that have it, which must say the same of it.
fn one(run: RunId, shards: &[&Store]) -> Result<Option<Cell>, Problem> {
    let mut known: Option<(&Store, Cell)> = None;
    for &shard in shards {
        let Some(cell) = shard.get(run) else { continue };
        match &known {
            None => known = Some((shard, cell)),
            Some((_, first)) if *first == cell => {}
            Some((first, _)) => {
                let (name, before) = (shard.name(run), first.folder().display());
                let message = format!("has other figures of the run {name} than {before}; make it anew in one of them");
                return Err(Problem::of_file(shard.folder(), message));
            }
        }
    }
    Ok(known.map(|(_, cell)| cell))
}

/// The shards that runs of these numbers fall to, where all folders are named after shards of so many.
fn unfinished(folders: &[Store], runs: impl Iterator<Item = u64>) -> Vec<Shard> {
    let named = |store: &Store| Shard::of_folder(&store.folder().file_name()?.to_string_lossy());
    let named: Option<Vec<Shard>> = folders.iter().map(named).collect();
    let Some(all) = named.as_deref().and_then(<[Shard]>::first).map(|shard| shard.all()) else { return Vec::new() };
    let numbers: BTreeSet<u64> = runs.map(|run| run % all + 1).collect();
    numbers.into_iter().filter_map(|number| Shard::new(number, all)).collect()
}

fn check_alike(first: &Store, shard: &Store) -> Result<(), Problems> {
    let (one, other): (&Manifest, &Manifest) = (first.manifest(), shard.manifest());
    let mut differences = other.differences(one);
    if one.replicates != other.replicates {
        differences.push(format!("it has {} replicates, not {}", other.replicates, one.replicates));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(mismatch(shard.folder(), &differences, &format!("it cannot be joined with {}", first.folder().display())))
}

fn shards(folders: &[PathBuf]) -> Result<Vec<Store>, Problems> {
    let mut problems = Problems::new();
    let mut shards = Vec::new();
    for folder in folders {
        let inner = inner(folder);
        let looked = std::iter::once(folder).chain(&inner).map(|folder| Store::look(folder));
        match looked.collect::<Result<Vec<_>, Problem>>() {
            Ok(found) if found.iter().all(Option::is_none) => {
                problems.push(Problem::of_file(folder, "holds no sweep; expected the --out of a `sweep`"));
            }
            Ok(found) => shards.extend(found.into_iter().flatten()),
            Err(problem) => problems.push(problem),
        }
    }
    problems.or(shards)
}

/// The shards within a folder, by name.
fn inner(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_shard = |name: &str| name.starts_with(FOLDER_PREFIX);
    let mut inner: Vec<PathBuf> =
        entries.filter(|entry| is_shard(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect();
    inner.sort();
    inner
}
