//! Shards of a sweep joined: what one machine would have left.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, mismatch};
use super::shard::FOLDER_PREFIX;
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
    let found: Vec<(RunId, Option<&Store>)> =
        first.runs().map(|run| (run, shards.iter().find(|shard| shard.get(run).is_some()))).collect();
    let missing: Vec<String> =
        found.iter().filter(|(_, shard)| shard.is_none()).map(|(run, _)| first.name(*run)).collect();
    if !missing.is_empty() {
        return Ok(Merged::Missing { runs: missing, of: found.len() as u64 });
    }
    let store = Store::open(out, first.manifest().clone(), false)?;
    for (run, shard) in found {
        if let (None, Some(cell)) = (store.get(run), shard.and_then(|shard| shard.get(run))) {
            store.put(run, &cell)?;
        }
    }
    Ok(Merged::Whole(store.write_results()?))
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
