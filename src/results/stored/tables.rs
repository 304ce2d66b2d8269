//! `ledger.csv`, `ledger_tenants.csv` and `series.csv`, read back.

use std::path::Path;

use super::LeafSums;
use super::csv_file::CsvFile;
use crate::input::Problem;
use crate::ledger::{LEAVES, Leaf};

/// A tenant's part of the ledger, over all pools.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Its name; empty for jobs without one and for what nobody claimed.
    pub name: String,
    /// By leaf.
    pub leaves: LeafSums,
}

/// A bucket of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Seconds of the trace where it begins.
    pub start: f64,
    /// How many seconds it is long.
    pub width: f64,
    /// Mean number of waiting jobs.
    pub waiting: f64,
    /// Mean GPUs in each leaf.
    pub leaves: [f64; LEAVES],
}

/// Reads the rows of a ledger and adds them up under the column `key`, in order of appearance.
fn by_key(path: &Path, key: &str) -> Result<Vec<(String, LeafSums)>, Problem> {
    let mut file = CsvFile::open(path)?;
    let [key, leaf, time, usd] =
        [file.column(key)?, file.column("leaf")?, file.column("gpu_seconds")?, file.column("usd")?];
    let mut sums: Vec<(String, LeafSums)> = Vec::new();
    let mut places = rustc_hash::FxHashMap::default();
    while file.next()? {
        let name = file.text(key);
        let place = *places.entry(name).or_insert_with_key(|name| {
            sums.push((name.clone(), LeafSums::default()));
            sums.len() - 1
        });
        let Some(leaf) = Leaf::ALL.into_iter().find(|l| l.name().as_bytes() == file.bytes(leaf)) else {
            return Err(file.problem(&format!("is damaged: there is no leaf `{}`", file.text(leaf))));
        };
        let sum = &mut sums[place].1;
        sum.gpu_seconds[leaf as usize] += file.number(time)?;
        sum.usd[leaf as usize] += file.number(usd)?;
    }
    Ok(sums)
}

/// The ledger of each pool, in file order.
pub fn pools(path: &Path) -> Result<Vec<(String, LeafSums)>, Problem> {
    by_key(path, "pool")
}

/// The ledger of each tenant, by name.
pub fn tenants(path: &Path) -> Result<Vec<Tenant>, Problem> {
    Ok(by_key(path, "tenant")?.into_iter().map(|(name, leaves)| Tenant { name, leaves }).collect())
}

/// The series.
pub fn series(path: &Path) -> Result<Vec<Bucket>, Problem> {
    let mut file = CsvFile::open(path)?;
    let [start, width, waiting] = [file.column("start_s")?, file.column("width_s")?, file.column("waiting_jobs")?];
    let mut columns = [0; LEAVES];
    for leaf in Leaf::ALL {
        columns[leaf as usize] = file.column(leaf.name())?;
    }
    let mut buckets = Vec::new();
    while file.next()? {
        let mut leaves = [0.0; LEAVES];
        for (value, &column) in leaves.iter_mut().zip(&columns) {
            *value = file.number(column)?;
        }
        let [start, width, waiting] = [file.number(start)?, file.number(width)?, file.number(waiting)?];
        buckets.push(Bucket { start, width, waiting, leaves });
    }
    Ok(buckets)
}
