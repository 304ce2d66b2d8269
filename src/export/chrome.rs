//! Chrome's trace-event JSON, which Perfetto (<https://ui.perfetto.dev>) opens: pools are processes, a node's GPUs threads.
//!
//! A job on a node is one slice, on the track of the first of its GPUs there. A GPU is one job's at a time, and each seat of
//! a shared one has a track of its own, so slices of a track never overlap. CPU jobs are asynchronous slices of their pool. Waiting jobs and idle GPUs are counters of the
//! run's time series. Times are microseconds of the trace.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Files, Format, Gpu, OfRun, Replay, Stay};
use crate::engine::Leaving;
use crate::input::Problem;
use crate::ledger::{Leaf, LeafGroup};
use crate::units::gpus::MILLI_PER_GPU;

/// The format.
pub static FORMAT: Format = Format {
    name: "chrome",
    summary: "trace.json, Chrome's trace events: ui.perfetto.dev shows the jobs on the nodes",
    of_run: Some(OfRun::Replayed(write)),
    of_trace: None,
};

/// The process of the counters; pools come after it.
const RUN: usize = 0;

fn write(replay: &Replay, files: &mut Files<'_>) -> Result<(), Problem> {
    files.write("trace.json", |out| events(replay, out))
}

/// The list of events on its way out.
struct Events<'o> {
    out: &'o mut dyn Write,
    any: bool,
}

impl Events<'_> {
    fn add(&mut self, event: &Value) -> io::Result<()> {
        let separator = if std::mem::replace(&mut self.any, true) { ",\n" } else { "\n" };
        write!(self.out, "{separator}{event}")
    }

    fn name(&mut self, what: &str, process: usize, thread: u64, name: &str) -> io::Result<()> {
        self.add(&json!({"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"name": name}}))
    }

    fn order(&mut self, what: &str, process: usize, thread: u64, index: u64) -> io::Result<()> {
        self.add(&json!({"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"sort_index": index}}))
    }
}

/// A line of slices: a GPU or a seat on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Track {
    process: usize,
    gpu: Gpu,
    thread: u64,
}

fn events(replay: &Replay, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    let mut events = Events { out, any: false };
    let scenario = &replay.rerun.scenario;
    events.name("process_name", RUN, 0, &format!("{} under {}", scenario.name, scenario.policy.entry.name))?;
    events.order("process_sort_index", RUN, 0, RUN as u64)?;
    for (at, pool) in scenario.cluster.pools.iter().enumerate() {
        events.name("process_name", at + 1, 0, &format!("pool {}", pool.name))?;
        events.order("process_sort_index", at + 1, 0, at as u64 + 1)?;
    }
    counters(replay, &mut events)?;
    let mut tracks: BTreeSet<Track> = BTreeSet::new();
    for (at, stay) in replay.stays.iter().enumerate() {
        slices(replay, stay, at, &mut tracks, &mut events)?;
    }
    for (order, Track { process, gpu, thread }) in (1..).zip(tracks) {
        let seat = if gpu.seat > 0 { format!(", seat {}", gpu.seat + 1) } else { String::new() };
        events.name("thread_name", process, thread, &format!("node {} GPU {}{seat}", gpu.node, gpu.number))?;
        events.order("thread_sort_index", process, thread, order)?;
    }
    writeln!(out, "\n]}}")
}

fn counters(replay: &Replay, events: &mut Events<'_>) -> io::Result<()> {
    let mut counter = |name: &str, at: u64, value: f64| {
        events.add(&json!({"ph": "C", "name": name, "pid": RUN, "tid": 0, "ts": at, "args": {"mean": value}}))
    };
    for bucket in &replay.outcome.series {
        let (at, width) = (bucket.start.micros(), bucket.width.micros());
        if width == 0 {
            continue;
        }
        let idle = Leaf::ALL.into_iter().filter(|leaf| leaf.group() == LeafGroup::Idle);
        let idle: u128 = idle.map(|leaf| bucket.leaves[leaf as usize]).sum();
        counter("waiting jobs", at, bucket.queue as f64 / width as f64)?;
        counter("idle GPUs", at, idle as f64 / (width as f64 * MILLI_PER_GPU as f64))?;
    }
    Ok(())
}

fn slices(
    replay: &Replay,
    stay: &Stay,
    number: usize,
    tracks: &mut BTreeSet<Track>,
    events: &mut Events<'_>,
) -> io::Result<()> {
    let jobs = &replay.rerun.jobs.table;
    let (name, process) = (jobs.name(stay.job), stay.pool as usize + 1);
    let (from, to) = (stay.from.micros(), stay.to.micros());
    let args = arguments(replay, stay);
    if stay.gpus.is_empty() {
        let event = |phase: &str, at: u64| json!({"ph": phase, "cat": "cpu", "id": number, "name": name, "pid": process, "tid": 0, "ts": at, "args": args});
        events.add(&event("b", from))?;
        return events.add(&event("e", to));
    }
    let pool = &replay.rerun.scenario.cluster.pools[stay.pool as usize];
    for on_node in stay.gpus.chunk_by(|a, b| a.node == b.node) {
        let gpu = on_node[0];
        let number = u64::from(gpu.node) * u64::from(pool.gpus_per_node()) + u64::from(gpu.number);
        // The seats beyond the first have their numbers behind those of all GPUs.
        let thread = u64::from(gpu.seat) * pool.gpu_count() + number + 1;
        tracks.insert(Track { process, gpu, thread });
        let mut args = args.clone();
        args["gpus on this node"] = json!(on_node.len());
        events.add(&json!({
            "ph": "X", "cat": "job", "name": name, "pid": process, "tid": thread, "ts": from, "dur": to - from, "args": args
        }))?;
    }
    Ok(())
}

fn arguments(replay: &Replay, stay: &Stay) -> Value {
    let jobs = &replay.rerun.jobs.table;
    let spec = jobs.spec(stay.job);
    let submit = jobs.submit(stay.job);
    let ended = match stay.left {
        Some(Leaving::Finished) => "finished",
        Some(Leaving::Killed) => "killed at its walltime",
        Some(Leaving::Preempted) => "preempted",
        Some(Leaving::Failed) => "failed",
        Some(Leaving::Cancelled) => "cancelled for another",
        Some(Leaving::Reclaimed(_)) => "a spot node was taken back",
        Some(Leaving::NodeFailed(_)) => "a node failed",
        Some(Leaving::LostNode(_)) => "a node failed, it went on",
        None if stay.to < replay.outcome.end => "got more GPUs",
        None => "the run ended",
    };
    json!({
        "tenant": spec.tenant, "queue": spec.queue, "gpus": spec.gpus, "submitted_s": submit.as_seconds(),
        "since_submission_s": stay.from.since(submit).as_seconds(), "ended": ended
    })
}
