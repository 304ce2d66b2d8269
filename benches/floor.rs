//! The floor that fleetsim's speed is counted against: what any simulator of a trace must do, and nothing else.
//!
//! Parses the CSV with `csv` and `serde`, keeps arrivals in the sorted trace, pushes and pops one completion a job in
//! a binary heap, adds up the GPU-time. One thread, no output but a line. To be compared as a whole process, by
//! processor time, with `fleetsim run --no-report` on the same trace:
//!
//! ```sh
//! cargo bench --bench floor --no-run          # says where the program is
//! cargo bench --bench floor -- trace.csv      # times it from within
//! ```
//!
//! Without a file it does nothing, so that `cargo bench` goes on to the other benchmarks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;

/// A row with every column that decides over a plain replay; text is borrowed from the record.
#[derive(Debug, Deserialize)]
struct Row<'a> {
    job_id: &'a str,
    submit_s: f64,
    duration_s: f64,
    gpus: u32,
    tasks: Option<u32>,
    gpu_type: Option<&'a str>,
    cpus: Option<f64>,
    mem_gb: Option<f64>,
    tenant: Option<&'a str>,
    queue: Option<&'a str>,
    priority: Option<i64>,
    walltime_s: Option<f64>,
    topology: Option<&'a str>,
    state: Option<&'a str>,
}

/// What an event loop keeps of a job.
#[derive(Debug, Clone, Copy)]
struct Job {
    submit: u64,
    duration: u64,
    gpus: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo itself adds `--bench`.
    let Some(path) = std::env::args().skip(1).find(|arg| !arg.starts_with('-')) else {
        return Ok(());
    };
    let begin = Instant::now();
    let (mut jobs, bytes) = parse(Path::new(&path))?;
    jobs.sort_by_key(|job| job.submit);
    let sum = replay(&jobs);
    let each = begin.elapsed().as_nanos() / jobs.len().max(1) as u128;
    println!("{} jobs, {bytes} bytes of text, {sum} GPU-us, {each} ns a job", jobs.len());
    Ok(())
}

/// The jobs of a trace, and how much text they came with, so that no column is parsed in vain.
fn parse(path: &Path) -> Result<(Vec<Job>, usize), Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(128 * 1024).from_path(path)?;
    let headers = reader.byte_headers()?.clone();
    let mut record = csv::ByteRecord::new();
    let (mut jobs, mut bytes) = (Vec::new(), 0);
    while reader.read_byte_record(&mut record)? {
        let row: Row<'_> = record.deserialize(Some(&headers))?;
        let texts = [row.gpu_type, row.tenant, row.queue, row.topology, row.state];
        bytes += row.job_id.len() + texts.iter().flatten().map(|text| text.len()).sum::<usize>();
        let limits = [row.cpus, row.mem_gb, row.walltime_s].into_iter().flatten().any(f64::is_nan);
        let tasks_divide = row.tasks.is_none_or(|tasks| tasks > 0 && row.gpus.is_multiple_of(tasks));
        if limits || !tasks_divide || row.priority == Some(i64::MIN) {
            return Err("a row makes no sense".into());
        }
        let micros = |seconds: f64| (seconds * 1e6).round() as u64;
        jobs.push(Job { submit: micros(row.submit_s), duration: micros(row.duration_s), gpus: row.gpus });
    }
    Ok((jobs, bytes))
}

/// Every job starts when it comes. The arrivals stay in the table; only completions go through the heap.
fn replay(jobs: &[Job]) -> u128 {
    let mut completions: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let (mut now, mut busy, mut sum) = (0, 0u64, 0u128);
    let mut arrivals = jobs.iter().enumerate().peekable();
    loop {
        let arrival = arrivals.peek().map(|(_, job)| job.submit);
        let completion = completions.peek().map(|&Reverse((end, _))| end);
        let Some(next) = arrival.into_iter().chain(completion).min() else { return sum };
        sum += u128::from(next - now) * u128::from(busy);
        now = next;
        if completion == Some(next) {
            if let Some(Reverse((_, done))) = completions.pop() {
                busy -= u64::from(jobs[done].gpus);
            }
        } else if let Some((number, job)) = arrivals.next() {
            busy += u64::from(job.gpus);
            completions.push(Reverse((now + job.duration, number)));
        }
    }
}
