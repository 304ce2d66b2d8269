//! What Batsim writes of a simulation: `_jobs.csv`, which evalys plots, and `_schedule.csv`.
//!
//! GPUs are its resources, numbered through pools, nodes and GPUs. A job that was stopped and ran again, or got more GPUs,
//! has a row for each of its stays, the later ones named `ID#2` and so on, so that no GPU is in two rows at a time, but for
//! GPUs that jobs share.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Files, Format, Gpu, OfRun, Replay, Stay};
use crate::engine::Leaving;
use crate::input::Problem;
use crate::results::format::plural;
use crate::results::rows::Rows;
use crate::sched::RunTimes;
use crate::units::{Span, Time};

/// The format.
pub static FORMAT: Format = Format {
    name: "batsim",
    summary: "batsim_jobs.csv and batsim_schedule.csv as Batsim writes them; evalys plots the jobs",
    of_run: Some(OfRun::Replayed(write)),
    of_trace: None,
};

const HEADER: &str = "job_id,workload_name,profile,submission_time,requested_number_of_resources,requested_time,success,\
                      final_state,starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,\
                      allocated_resources,consumed_energy,metadata";

/// Bytes that are collected before they are written.
const CHUNK: usize = 1 << 16;

/// Sums over the rows, for the schedule.
#[derive(Debug, Default)]
struct Sums {
    rows: u64,
    finished: u64,
    killed: u64,
    failed: u64,
    waiting: f64,
    longest_wait: f64,
    turnaround: f64,
    longest_turnaround: f64,
    stretch: f64,
    largest_stretch: f64,
    last_end: Time,
}

fn write(replay: &Replay, files: &mut Files<'_>) -> Result<(), Problem> {
    let mut sums = Sums::default();
    let mut again = 0;
    files.write("batsim_jobs.csv", |out| {
        again = jobs(replay, &mut sums, out)?;
        Ok(())
    })?;
    files.write("batsim_schedule.csv", |out| out.write_all(schedule(replay, &sums).as_bytes()))?;
    let never = replay.rerun.jobs.table.len() as u64 - (sums.rows - again);
    if never > 0 {
        files.notices.push(format!("{} never started and have no row", plural(never, "job")));
    }
    if replay.rerun.scenario.cluster.pools.iter().any(|pool| pool.gpus.is_some_and(|gpus| gpus.sharing.is_some())) {
        let whole = "a GPU that several jobs share is one of each of them there, so its time counts several times";
        files.notices.push(whole.to_owned());
    }
    if again > 0 {
        files.notices.push(format!("{} (ID#2 and so on) are of jobs that had run before", plural(again, "row")));
    }
    Ok(())
}

/// Writes the rows; gives how many are of jobs that have one already.
fn jobs(replay: &Replay, sums: &mut Sums, out: &mut dyn Write) -> io::Result<u64> {
    let first_gpu = first_gpus(replay);
    let mut rows = Rows::with_header(HEADER);
    // By job: how many stays so far, and since when it waits, if it does.
    let mut earlier: Vec<(u32, Time)> = replay.rerun.jobs.table.ids().map(|_| (0, Time::ZERO)).collect();
    let mut again = 0;
    for stay in &replay.stays {
        let (stays, waits_since) = &mut earlier[stay.job.index()];
        *stays += 1;
        again += u64::from(*stays > 1);
        let submit = if *stays == 1 { replay.rerun.jobs.table.submit(stay.job) } else { *waits_since };
        *waits_since = stay.to;
        row(&mut rows, replay, stay, *stays, submit, first_gpu[stay.pool as usize], sums);
        if rows.bytes().len() > CHUNK {
            out.write_all(rows.bytes())?;
            rows.clear();
        }
    }
    out.write_all(rows.bytes())?;
    Ok(again)
}

/// The number of the first GPU of each pool among all.
fn first_gpus(replay: &Replay) -> Vec<u64> {
    let mut next = 0;
    let first = |pool: &crate::cluster::PoolSpec| {
        next += pool.gpu_count();
        next - pool.gpu_count()
    };
    replay.rerun.scenario.cluster.pools.iter().map(first).collect()
}

fn row(rows: &mut Rows, replay: &Replay, stay: &Stay, number: u32, submit: Time, first_gpu: u64, sums: &mut Sums) {
    let (jobs, scenario) = (&replay.rerun.jobs.table, &replay.rerun.scenario);
    let workload = &scenario.workload;
    let times = RunTimes { enforce_walltime: workload.enforce_walltime, estimate_ppm: workload.estimate_ppm };
    let (ran, wait) = (stay.to.since(stay.from), stay.from.since(submit));
    let turnaround = stay.to.since(submit);
    let (success, state) = final_state(stay);
    let name = jobs.name(stay.job);
    if number == 1 {
        rows.text(name)
    } else {
        rows.text(&format!("{name}#{number}"))
    }
    rows.text(&scenario.name);
    rows.plain(b"fleetsim");
    rows.seconds(submit.micros());
    rows.number(u64::from(jobs.spec(stay.job).gpus));
    rows.seconds(times.estimate(jobs, stay.job).micros());
    rows.number(u64::from(success));
    rows.plain(state.as_bytes());
    for micros in [stay.from.micros(), ran.micros(), stay.to.micros(), wait.micros(), turnaround.micros()] {
        rows.seconds(micros);
    }
    let stretch = stretch(turnaround, ran);
    rows.plain(format!("{stretch:.6}").as_bytes());
    let per_node = scenario.cluster.pools[stay.pool as usize].gpus_per_node();
    rows.plain(intervals(stay, per_node, first_gpu).as_bytes());
    rows.plain(b"-1");
    rows.plain(b"");
    rows.end();
    sums.add(stay, state, [wait, turnaround].map(Span::as_seconds), stretch);
}

/// Turnaround over run time; 1 where it ran for no time.
fn stretch(turnaround: Span, ran: Span) -> f64 {
    if ran == Span::ZERO { 1.0 } else { turnaround.as_seconds() / ran.as_seconds() }
}

fn final_state(stay: &Stay) -> (bool, &'static str) {
    match stay.left {
        Some(Leaving::Finished) => (true, "COMPLETED_SUCCESSFULLY"),
        Some(Leaving::Killed) => (false, "COMPLETED_WALLTIME_REACHED"),
        Some(Leaving::Failed) => (false, "COMPLETED_FAILED"),
        Some(Leaving::Preempted | Leaving::Cancelled | Leaving::NodeFailed(_) | Leaving::Reclaimed(_)) => {
            (false, "COMPLETED_KILLED")
        }
        Some(Leaving::LostNode(_)) | None => (false, "RUNNING"),
    }
}

/// An interval set: `0-3 8`.
fn intervals(stay: &Stay, per_node: u32, first_gpu: u64) -> String {
    let number = |gpu: &Gpu| first_gpu + u64::from(gpu.node) * u64::from(per_node) + u64::from(gpu.number);
    let mut numbers: Vec<u64> = stay.gpus.iter().map(number).collect();
    numbers.dedup();
    let mut text = String::new();
    let mut gpus = numbers.into_iter().peekable();
    while let Some(first) = gpus.next() {
        let mut last = first;
        while let Some(next) = gpus.next_if(|&next| next == last + 1) {
            last = next;
        }
        let separator = if text.is_empty() { "" } else { " " };
        let written = match first == last {
            true => write!(text, "{separator}{first}"),
            false => write!(text, "{separator}{first}-{last}"),
        };
        written.expect("a string takes everything");
    }
    text
}

impl Sums {
    fn add(&mut self, stay: &Stay, state: &str, [wait, turnaround]: [f64; 2], stretch: f64) {
        self.rows += 1;
        self.finished += u64::from(state == "COMPLETED_SUCCESSFULLY");
        self.failed += u64::from(state == "COMPLETED_FAILED");
        self.killed += u64::from(matches!(state, "COMPLETED_WALLTIME_REACHED" | "COMPLETED_KILLED"));
        for (value, sum, largest) in [
            (wait, &mut self.waiting, &mut self.longest_wait),
            (turnaround, &mut self.turnaround, &mut self.longest_turnaround),
            (stretch, &mut self.stretch, &mut self.largest_stretch),
        ] {
            *sum += value;
            *largest = largest.max(value);
        }
        self.last_end = self.last_end.max(stay.to);
    }
}

fn schedule(replay: &Replay, sums: &Sums) -> String {
    let mean = |sum: f64| if sums.rows == 0 { 0.0 } else { sum / sums.rows as f64 };
    let ended = sums.finished + sums.killed + sums.failed;
    let rate = if ended == 0 { 0.0 } else { sums.finished as f64 / ended as f64 };
    let columns: [(&str, String); 13] = [
        ("makespan", sums.last_end.since_or_zero(replay.outcome.origin).to_string()),
        ("max_slowdown", format!("{:.6}", sums.largest_stretch)),
        ("max_turnaround_time", format!("{:.6}", sums.longest_turnaround)),
        ("max_waiting_time", format!("{:.6}", sums.longest_wait)),
        ("mean_slowdown", format!("{:.6}", mean(sums.stretch))),
        ("mean_turnaround_time", format!("{:.6}", mean(sums.turnaround))),
        ("mean_waiting_time", format!("{:.6}", mean(sums.waiting))),
        ("nb_computing_machines", replay.rerun.scenario.cluster.gpu_count().to_string()),
        ("nb_jobs", sums.rows.to_string()),
        ("nb_jobs_finished", ended.to_string()),
        ("nb_jobs_killed", sums.killed.to_string()),
        ("nb_jobs_success", sums.finished.to_string()),
        ("success_rate", format!("{rate:.6}")),
    ];
    let line = |cells: Vec<&str>| cells.join(",");
    let header = line(columns.iter().map(|(name, _)| *name).collect());
    format!("{header}\n{}\n", line(columns.iter().map(|(_, value)| value.as_str()).collect()))
}
