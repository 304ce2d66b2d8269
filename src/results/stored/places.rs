//! `placements.csv`, read back into as many cells as a chart can show: groups of nodes by bins of time. Millions of rows
//! pass through; one by one they are kept only where they are few.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::Tenant;
use super::csv_file::CsvFile;
use crate::input::Problem;
use crate::ledger::Leaf;

/// How many bins the time is divided into.
pub const BINS: usize = 96;

/// How many tenants are told apart: those with the most GPU-time. All others are one more.
pub const NAMED: usize = 7;

/// The most rows of nodes.
const MOST_ROWS: usize = 40;

/// The most pools that have rows of their own.
const MOST_POOLS: usize = 20;

/// The most stays that are kept one by one.
const MOST_BARS: usize = 500;

/// Thousandths of a GPU.
const MILLI: f64 = 1000.0;

/// GPU-seconds by tenant: the named ones, then all others.
pub type ByTenant = [f64; NAMED + 1];

/// Nodes of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolNodes {
    /// Its name.
    pub name: String,
    /// How many nodes it has.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus_per_node: u32,
    /// Whether they are there only while they are rented.
    pub is_rented: bool,
}

/// A row: some nodes, numbered on from pool to pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its first node: pool and number.
    pub first: (usize, u32),
    /// Its last node: pool and number.
    pub last: (usize, u32),
    /// GPUs of all of them.
    pub gpus: u64,
    /// GPU-seconds held, by bin and tenant.
    pub held: Vec<ByTenant>,
}

/// A job on GPUs of a node, where rows are single nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The job's id.
    pub job: String,
    /// The number of its tenant: below [`NAMED`], or that of all others.
    pub tenant: usize,
    /// The row.
    pub row: usize,
    /// Its GPUs there.
    pub gpus: u32,
    /// Seconds from the start.
    pub from: f64,
    /// Seconds from the start.
    pub to: f64,
}

/// Where jobs ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Seconds of a bin.
    pub bin: f64,
    /// The pools with GPUs.
    pub pools: Vec<PoolNodes>,
    /// The named tenants, the one that held most first; at most [`NAMED`].
    pub tenants: Vec<String>,
    /// How many tenants there are beyond them.
    pub others: usize,
    /// Nodes from first to last.
    pub rows: Vec<Row>,
    /// Mean GPUs that are free on nodes that a job holds a part of, by bin.
    pub scattered: Vec<f64>,
    /// The stays one by one, where they are few and rows are single nodes.
    pub bars: Option<Vec<Bar>>,
}

/// When the horizon begins, and how long it is, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Seconds of the trace.
    pub start: f64,
    /// Seconds.
    pub span: f64,
}

/// Thousandths of GPUs of a node that are taken or given back.
struct Change {
    node: u32,
    at: f64,
    milli: i64,
}

impl Places {
    /// Reads the file; `None` where there is none, or no time or node to show.
    ///
    /// # Errors
    /// When it is not what a run writes.
    pub(super) fn read(
        path: &Path,
        pools: Vec<PoolNodes>,
        tenants: &[Tenant],
        horizon: Horizon,
    ) -> Result<Option<Self>, Problem> {
        if !path.exists() || horizon.span <= 0.0 || pools.is_empty() {
            return Ok(None);
        }
        let mut file = CsvFile::open(path)?;
        let columns = ["job_id", "tenant", "pool", "node", "gpus", "start_s", "end_s", "milli_per_gpu"];
        let [id, tenant, pool, node, gpus, start, end, share] = columns.map(|name| file.column(name));
        let [id, tenant, pool, node, gpus, start, end, share] =
            [id?, tenant?, pool?, node?, gpus?, start?, end?, share?];
        let mut places = Places::empty(pools, tenants, horizon);
        let (row_of, first_of) = places.numbering();
        let number: FxHashMap<Vec<u8>, usize> =
            places.tenants.iter().enumerate().map(|(i, name)| (name.as_bytes().to_vec(), i)).collect();
        let mut changes = Vec::new();
        let mut bars = Vec::new();
        while file.next()? {
            let at = places.pools.iter().position(|p| p.name.as_bytes() == file.bytes(pool));
            let number_in_pool = file.number(node)?;
            let node = at.filter(|&at| number_in_pool >= 0.0 && number_in_pool < f64::from(places.pools[at].nodes));
            let Some(node) = node.map(|at| first_of[at] + number_in_pool as u32) else {
                return Err(file.problem("is damaged: the scenario has no such node"));
            };
            let tenant = number.get(file.bytes(tenant)).copied().unwrap_or(NAMED);
            let (from, to) = (file.number(start)? - horizon.start, file.number(end)? - horizon.start);
            let gpus = file.number(gpus)?;
            let milli = gpus * file.number(share)?;
            let row = row_of[node as usize];
            let bin = places.bin;
            let held = &mut places.rows[row].held;
            over_bins(bin, from, to, |bin, seconds| held[bin][tenant] += milli / MILLI * seconds);
            changes.push(Change { node, at: from, milli: milli as i64 });
            changes.push(Change { node, at: to, milli: -(milli as i64) });
            if bars.len() <= MOST_BARS {
                bars.push(Bar { job: file.text(id), tenant, row, gpus: gpus as u32, from, to });
            }
        }
        places.scattered = places.free_beside_jobs(changes);
        let single = places.rows.len() == row_of.len();
        places.bars = (single && bars.len() <= MOST_BARS).then_some(bars);
        Ok(Some(places))
    }

    fn empty(pools: Vec<PoolNodes>, tenants: &[Tenant], horizon: Horizon) -> Self {
        let held =
            |t: &Tenant| Leaf::ALL.iter().filter(|l| l.is_held()).map(|&l| t.leaves.gpu_seconds[l as usize]).sum();
        let mut by_time: Vec<(f64, &str)> = tenants.iter().map(|t| (held(t), t.name.as_str())).collect();
        by_time.retain(|(time, _)| *time > 0.0);
        by_time.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let named: Vec<String> = by_time.iter().take(NAMED).map(|(_, name)| (*name).to_owned()).collect();
        Places {
            bin: horizon.span / BINS as f64,
            rows: rows(&pools),
            pools,
            others: by_time.len() - named.len(),
            tenants: named,
            scattered: Vec::new(),
            bars: None,
        }
    }

    /// The row of each node, and the first node of each pool, the nodes numbered on from pool to pool.
    fn numbering(&self) -> (Vec<usize>, Vec<u32>) {
        let mut first_of = Vec::new();
        let mut next = 0;
        for pool in &self.pools {
            first_of.push(next);
            next += pool.nodes;
        }
        let number = |(pool, node): (usize, u32)| (first_of[pool] + node) as usize;
        let mut row_of = vec![0; next as usize];
        for (i, row) in self.rows.iter().enumerate() {
            row_of[number(row.first)..=number(row.last)].fill(i);
        }
        (row_of, first_of)
    }

    fn free_beside_jobs(&self, mut changes: Vec<Change>) -> Vec<f64> {
        changes.sort_unstable_by(|a, b| a.node.cmp(&b.node).then(a.at.total_cmp(&b.at)));
        let sizes: Vec<i64> =
            self.pools.iter().flat_map(|p| std::iter::repeat_n(i64::from(p.gpus_per_node), p.nodes as usize)).collect();
        let mut sums = vec![0.0; BINS];
        for of_node in changes.chunk_by(|a, b| a.node == b.node) {
            let size = MILLI as i64 * sizes[of_node[0].node as usize];
            let mut held = 0;
            for pair in of_node.windows(2) {
                held += pair[0].milli;
                if held > 0 && held < size {
                    let free = (size - held) as f64 / MILLI;
                    over_bins(self.bin, pair[0].at, pair[1].at, |bin, seconds| sums[bin] += free * seconds);
                }
            }
        }
        sums.into_iter().map(|sum| sum / self.bin).collect()
    }

    /// What a row's nodes are called: `pool 4-7`, and without the pool's name where there is one pool.
    #[must_use]
    pub fn name(&self, row: &Row) -> String {
        let (first, last) = (row.first, row.last);
        let pool = |(pool, node): (usize, u32)| match self.pools.len() {
            1 => format!("{node}"),
            _ => format!("{} {node}", self.pools[pool].name),
        };
        match (first == last, first.0 == last.0) {
            (true, _) => pool(first),
            (false, true) => format!("{}-{}", pool(first), last.1),
            (false, false) => format!("{} to {}", pool(first), pool(last)),
        }
    }
}

impl Row {
    /// GPU-seconds held in a bin.
    #[must_use]
    pub fn held_in(&self, bin: usize) -> f64 {
        self.held[bin].iter().sum()
    }
}

/// The nodes in rows of the same number each; rows end with their pool unless there are very many of these.
fn rows(pools: &[PoolNodes]) -> Vec<Row> {
    let all: usize = pools.iter().map(|p| p.nodes as usize).sum();
    let each = all.div_ceil(MOST_ROWS).max(1);
    let apart = pools.len() <= MOST_POOLS;
    let mut rows: Vec<(Row, usize)> = Vec::new();
    for (number, pool) in pools.iter().enumerate() {
        for node in 0..pool.nodes {
            let goes_on = |(row, nodes): &&mut (Row, usize)| *nodes < each && (!apart || row.last.0 == number);
            match rows.last_mut().filter(goes_on) {
                Some((row, nodes)) => {
                    row.last = (number, node);
                    row.gpus += u64::from(pool.gpus_per_node);
                    *nodes += 1;
                }
                None => {
                    let (at, gpus) = ((number, node), u64::from(pool.gpus_per_node));
                    rows.push((Row { first: at, last: at, gpus, held: vec![[0.0; NAMED + 1]; BINS] }, 1));
                }
            }
        }
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

/// How many seconds of `[from, to)` lie in each bin.
fn over_bins(width: f64, from: f64, to: f64, mut add: impl FnMut(usize, f64)) {
    let bin_of = |at: f64| ((at / width).max(0.0) as usize).min(BINS - 1);
    for bin in bin_of(from)..=bin_of(to) {
        let (start, end) = (bin as f64 * width, (bin + 1) as f64 * width);
        let seconds = to.min(end) - from.max(start);
        if seconds > 0.0 {
            add(bin, seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_falls_into_its_bins_and_none_is_lost() {
        let mut seconds = vec![0.0; BINS];
        over_bins(2.0, 3.0, 8.5, |bin, s| seconds[bin] += s);
        assert_eq!(&seconds[..6], [0.0, 1.0, 2.0, 2.0, 0.5, 0.0]);
    }

    #[test]
    fn many_nodes_share_rows_that_end_with_their_pool() {
        let pool = |name: &str, nodes| PoolNodes { name: name.to_owned(), nodes, gpus_per_node: 8, is_rented: false };
        let many = rows(&[pool("a", 90), pool("b", 10)]);
        assert!(many.len() <= MOST_ROWS + 1 && many.iter().all(|row| row.first.0 == row.last.0));
        assert_eq!(many.iter().map(|row| row.gpus).sum::<u64>(), 800);
        assert_eq!(rows(&[pool("a", 2)]).len(), 2);
        let pools: Vec<PoolNodes> = (0..300).map(|i| pool(&format!("p{i}"), 1)).collect();
        assert!(rows(&pools).len() <= MOST_ROWS);
    }

    /// Two GPUs of four are free beside a job for half of the time, and then all four on the empty node, which do not count.
    #[test]
    fn gpus_beside_a_job_are_scattered() {
        let pools = vec![PoolNodes { name: "a".to_owned(), nodes: 2, gpus_per_node: 4, is_rented: false }];
        let places = Places::empty(pools, &[], Horizon { start: 0.0, span: 96.0 });
        let change = |node, at, gpus: i64| Change { node, at, milli: 1000 * gpus };
        let scattered = places.free_beside_jobs(vec![
            change(0, 48.0, -2),
            change(0, 0.0, 2),
            change(1, 0.0, 4),
            change(1, 9.0, -4),
        ]);
        assert!(scattered[..48].iter().all(|free| (free - 2.0).abs() < 1e-9));
        assert!(scattered[48..].iter().all(|free| free.abs() < 1e-9));
    }
}
