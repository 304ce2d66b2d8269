//! The Standard Workload Format of the Parallel Workloads Archive, version 2.2: eighteen fields a job, `-1` where nothing
//! is known. A GPU is a processor; CPU jobs have none and are left out. Users and queues become numbers, which comments
//! in the header explain.

use std::io::{self, Write};

use super::{Files, Format, OfRun, Replay};
use crate::input::Problem;
use crate::results::format::plural;
use crate::sched::Stage;
use crate::trace::{JobId, JobTable, RecordedState};
use crate::units::{Span, Time};

/// The format.
pub static FORMAT: Format = Format {
    name: "swf",
    summary: "Standard Workload Format of the Parallel Workloads Archive; evalys, Batsim's tools and many simulators read it",
    of_run: Some(OfRun::Replayed(of_run)),
    of_trace: Some(of_trace),
};

/// What a row says of how a job ran.
struct Ran {
    wait: Option<Span>,
    time: Option<Span>,
    status: i8,
}

/// What was lost on the way.
#[derive(Default)]
struct Losses {
    cpu_jobs: u64,
    fractions: u64,
}

fn of_run(replay: &Replay, files: &mut Files<'_>) -> Result<(), Problem> {
    let jobs = &replay.rerun.jobs.table;
    let scenario = &replay.rerun.scenario;
    let fates = &replay.outcome.fates;
    let nodes: u64 = scenario.cluster.pools.iter().filter(|p| p.gpus.is_some()).map(|p| u64::from(p.nodes)).sum();
    let header = format!(
        "; Computer: {}, simulated under {}\n; MaxNodes: {nodes}\n; MaxProcs: {}\n",
        one_line(&scenario.name),
        scenario.policy.entry.name,
        scenario.cluster.gpu_count()
    );
    let ran = |job: JobId| {
        let start = fates.start(job);
        let status = match fates.stage(job) {
            Stage::Finished => 1,
            Stage::Killed | Stage::Failed => 0,
            Stage::Cancelled => 5,
            Stage::Future | Stage::Waiting | Stage::Running | Stage::Rejected => -1,
        };
        let time = start.and_then(|start| fates.end(job).map(|end| end.since(start)));
        Ran { wait: start.map(|start| start.since(jobs.submit(job))), time, status }
    };
    let mut notices = Vec::new();
    files.write("jobs.swf", |out| {
        notices = rows(jobs, &header, ran, out)?;
        Ok(())
    })?;
    let stopped = jobs.ids().filter(|&job| fates.stops(job) > 0).count() as u64;
    if stopped > 0 {
        notices
            .push(format!("{} stopped on the way: its run time counts from its first start", plural(stopped, "job")));
    }
    files.notices.extend(notices);
    Ok(())
}

fn of_trace(jobs: &JobTable, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let ran = |job: JobId| {
        let status = match jobs.spec(job).state {
            Some(RecordedState::Completed) => 1,
            Some(RecordedState::Failed | RecordedState::Timeout) => 0,
            Some(RecordedState::Cancelled) => 5,
            Some(RecordedState::Unfinished) | None => -1,
        };
        let wait = jobs.recorded_start(job).map(|start: Time| start.since_or_zero(jobs.submit(job)));
        Ran { wait, time: Some(jobs.duration(job)), status }
    };
    rows(jobs, "", ran, out)
}

fn rows(jobs: &JobTable, header: &str, ran: impl Fn(JobId) -> Ran, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let written = || jobs.ids().filter(|&job| jobs.spec(job).gpus > 0);
    let users = Numbers::of(jobs.specs().iter().map(|spec| spec.tenant.as_str()));
    let queues = Numbers::of(jobs.specs().iter().map(|spec| spec.queue.as_str()));
    writeln!(out, "; Version: 2.2\n; MaxJobs: {}\n; MaxRecords: {0}", written().count())?;
    write!(out, "{header}")?;
    writeln!(out, "; Note: a processor is a GPU")?;
    users.explain("User", out)?;
    queues.explain("Queue", out)?;
    // Ids that are job numbers are kept.
    let number = |job: JobId| jobs.name(job).parse::<u32>().ok().filter(|n| *n > 0 && n.to_string() == jobs.name(job));
    let keeps_ids = written().all(|job| number(job).is_some());
    let mut losses = Losses { cpu_jobs: (jobs.len() - written().count()) as u64, fractions: 0 };
    for (at, job) in written().enumerate() {
        let (spec, ran) = (jobs.spec(job), ran(job));
        let id = if keeps_ids { number(job).map_or(0, u64::from) } else { at as u64 + 1 };
        let times = [Some(jobs.submit(job).micros()), ran.wait.map(Span::micros), ran.time.map(Span::micros)];
        let asked = jobs.walltime(job).map(Span::micros);
        let is_fraction = |micros: &u64| !micros.is_multiple_of(crate::units::time::MICROS_PER_SECOND);
        losses.fractions += times.iter().chain([&asked]).flatten().filter(|micros| is_fraction(micros)).count() as u64;
        let [submit, wait, time] = times.map(seconds);
        writeln!(
            out,
            "{id} {submit} {wait} {time} {gpus} -1 -1 {gpus} {asked} -1 {status} {user} -1 -1 {queue} -1 -1 -1",
            gpus = spec.gpus,
            asked = seconds(asked),
            status = ran.status,
            user = users.number(&spec.tenant),
            queue = queues.number(&spec.queue),
        )?;
    }
    Ok(losses.told(keeps_ids))
}

fn seconds(micros: Option<u64>) -> String {
    micros.map_or_else(|| "-1".to_owned(), |micros| Span::from_micros(micros).to_string())
}

/// A name as a comment holds it.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Names by number, from 1 on in the order of their first use; the empty one is unknown.
struct Numbers<'n>(Vec<&'n str>, std::collections::BTreeMap<&'n str, usize>);

impl<'n> Numbers<'n> {
    fn of(names: impl Iterator<Item = &'n str>) -> Self {
        let mut numbers = Numbers(Vec::new(), std::collections::BTreeMap::new());
        for name in names.filter(|name| !name.is_empty()) {
            if !numbers.1.contains_key(name) {
                numbers.0.push(name);
                numbers.1.insert(name, numbers.0.len());
            }
        }
        numbers
    }

    fn number(&self, name: &str) -> String {
        self.1.get(name).map_or_else(|| "-1".to_owned(), usize::to_string)
    }

    fn explain(&self, what: &str, out: &mut dyn Write) -> io::Result<()> {
        self.0.iter().enumerate().try_for_each(|(at, name)| writeln!(out, "; {what}: {} {}", at + 1, one_line(name)))
    }
}

impl Losses {
    fn told(&self, keeps_ids: bool) -> Vec<String> {
        let mut told = Vec::new();
        if self.cpu_jobs > 0 {
            told.push(format!(
                "{} without GPUs left out: SWF has no jobs without processors",
                plural(self.cpu_jobs, "job")
            ));
        }
        if self.fractions > 0 {
            let times = plural(self.fractions, "time");
            told.push(format!("{times} not in whole seconds, written with decimals; strict readers refuse them"));
        }
        if !keeps_ids {
            told.push("jobs are numbered anew: their ids are no job numbers".to_owned());
        }
        told
    }
}
