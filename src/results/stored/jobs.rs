//! `jobs.csv`, read back in one pass that keeps what reports need: queue times by size and by tenant, and the jobs that
//! waited longest. Millions of jobs pass through, so nothing else is kept of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::Path;

use rustc_hash::FxHashMap;

use super::csv_file::CsvFile;
use crate::input::Problem;
use crate::trace::size::{self, SIZE_CLASSES};

/// How many jobs a report lists.
pub const MOST_JOBS: usize = 200;

/// What is measured: as the summary does, only jobs submitted in the window count where it is shorter than the horizon.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Seconds from the first submission to where it opens.
    pub warmup: f64,
    /// Its length in seconds.
    pub length: f64,
    /// The horizon's.
    pub all: f64,
}

/// A job that a report lists.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its id in the trace.
    pub id: String,
    /// Its tenant.
    pub tenant: String,
    /// Its GPUs.
    pub gpus: u32,
    /// When it was submitted.
    pub submit: f64,
    /// When it started.
    pub start: f64,
    /// How long it waited.
    pub wait: f64,
    /// What became of it.
    pub state: String,
    /// Where it ran.
    pub pool: String,
}

/// Queue times of one tenant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TenantWaits {
    /// Jobs submitted.
    pub jobs: u64,
    /// Queue times in seconds of those that started, ascending.
    pub waits: Vec<f64>,
}

/// What is kept of all jobs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Jobs {
    /// Queue times in seconds by size class, ascending.
    pub waits: Vec<Vec<f64>>,
    /// By tenant.
    pub tenants: BTreeMap<String, TenantWaits>,
    /// The [`MOST_JOBS`] jobs that waited longest, longest first.
    pub longest: Vec<JobRow>,
    /// Reasons of rejection, and how many jobs each had.
    pub rejected: BTreeMap<String, u64>,
}

/// The places of the columns.
struct Columns {
    id: usize,
    tenant: usize,
    gpus: usize,
    submit: usize,
    start: usize,
    wait: usize,
    state: usize,
    pool: usize,
    reason: usize,
}

impl Columns {
    fn of(file: &CsvFile) -> Result<Self, Problem> {
        Ok(Columns {
            id: file.column("job_id")?,
            tenant: file.column("tenant")?,
            gpus: file.column("gpus")?,
            submit: file.column("submit_s")?,
            start: file.column("start_s")?,
            wait: file.column("wait_s")?,
            state: file.column("state")?,
            pool: file.column("pool")?,
            reason: file.column("reason")?,
        })
    }
}

/// The jobs that waited longest so far: the one that waited least of them on top. The bits of a number that is not
/// negative ascend as the number does; of equals, the earlier row stays.
type Longest = BinaryHeap<Reverse<(u64, Reverse<u64>)>>;

impl Jobs {
    /// Reads the file.
    pub(super) fn read(path: &Path, window: Window) -> Result<Self, Problem> {
        let mut file = CsvFile::open(path)?;
        let columns = Columns::of(&file)?;
        let mut jobs = Jobs { waits: vec![Vec::new(); SIZE_CLASSES], ..Jobs::default() };
        let mut tenants: FxHashMap<Vec<u8>, TenantWaits> = FxHashMap::default();
        let (mut longest, mut rows) = (Longest::new(), FxHashMap::default());
        let (mut origin, mut row) = (None, 0u64);
        while file.next()? {
            row += 1;
            let submit = file.number(columns.submit)?;
            if file.bytes(columns.state) == b"rejected" {
                *jobs.rejected.entry(file.text(columns.reason)).or_default() += 1;
                continue;
            }
            let opens = *origin.get_or_insert(submit) + window.warmup;
            let cut = window.length < window.all;
            if cut && !(opens..opens + window.length).contains(&submit) {
                continue;
            }
            let tenant = entry(&mut tenants, file.bytes(columns.tenant));
            tenant.jobs += 1;
            let Some(wait) = file.maybe(columns.wait)? else { continue };
            let gpus = file.number(columns.gpus)? as u32;
            tenant.waits.push(wait);
            jobs.waits[size::class(gpus)].push(wait);
            let key = Reverse((wait.max(0.0).to_bits(), Reverse(row)));
            if wait > 0.0 && (longest.len() < MOST_JOBS || longest.peek().is_some_and(|least| key < *least)) {
                longest.push(key);
                rows.insert(row, job_row(&file, &columns, gpus)?);
                if longest.len() > MOST_JOBS
                    && let Some(Reverse((_, Reverse(row)))) = longest.pop()
                {
                    rows.remove(&row);
                }
            }
        }
        let in_order = longest.into_sorted_vec();
        jobs.longest = in_order.into_iter().filter_map(|Reverse((_, Reverse(row)))| rows.remove(&row)).collect();
        jobs.tenants =
            tenants.into_iter().map(|(name, waits)| (String::from_utf8_lossy(&name).into_owned(), waits)).collect();
        jobs.sort();
        Ok(jobs)
    }

    fn sort(&mut self) {
        self.waits.iter_mut().for_each(|waits| waits.sort_unstable_by(f64::total_cmp));
        self.tenants.values_mut().for_each(|tenant| tenant.waits.sort_unstable_by(f64::total_cmp));
    }

    /// Queue times of several classes together, ascending.
    #[must_use]
    pub fn waits_of(&self, classes: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut waits: Vec<f64> = classes.flat_map(|class| self.waits[class].iter().copied()).collect();
        waits.sort_unstable_by(f64::total_cmp);
        waits
    }
}

/// The entry of a name, which is copied only when it is new.
fn entry<'a>(tenants: &'a mut FxHashMap<Vec<u8>, TenantWaits>, name: &[u8]) -> &'a mut TenantWaits {
    if !tenants.contains_key(name) {
        tenants.insert(name.to_owned(), TenantWaits::default());
    }
    tenants.get_mut(name).expect("it has just been put there")
}

fn job_row(file: &CsvFile, columns: &Columns, gpus: u32) -> Result<JobRow, Problem> {
    Ok(JobRow {
        id: file.text(columns.id),
        tenant: file.text(columns.tenant),
        gpus,
        submit: file.number(columns.submit)?,
        start: file.number(columns.start)?,
        wait: file.number(columns.wait)?,
        state: file.text(columns.state),
        pool: file.text(columns.pool),
    })
}

/// Start, end and state of a job as `jobs.csv` writes them.
///
/// # Errors
/// When the file is missing or damaged.
pub fn find_job(path: &Path, id: &str) -> Result<Option<[String; 3]>, Problem> {
    let mut file = CsvFile::open(path)?;
    let name = file.column("job_id")?;
    let columns = [file.column("start_s")?, file.column("end_s")?, file.column("state")?];
    while file.next()? {
        if file.bytes(name) == id.as_bytes() {
            return Ok(Some(columns.map(|column| file.text(column))));
        }
    }
    Ok(None)
}
