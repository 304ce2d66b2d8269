//! Microsoft's Philly: jobs of 14 virtual clusters in 2017 (ATC'19), as published and as others abridged them.

mod log;
mod site;

use std::io::Read;
use std::path::{Path, PathBuf};

use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, only_jobs, sort_out};
use super::member::Member;
use super::moment::Moment;
use super::sheet::Sheet;
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::{JobSpec, RecordedState};
use crate::units::keys::{Key, Kind as KeyKind};

/// The format.
pub static FORMAT: Format = Format {
    name: "philly",
    summary: "Microsoft Philly 2017: deep learning in 14 virtual clusters",
    files: "cluster_job_log (JSON), or philly.csv (completed jobs), or philly_data_training.csv (attempts); and \
            cluster_machine_list or philly_vc.csv for the cluster",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[
    Key {
        name: "run_time",
        kind: KeyKind::Choice(&["attempts", "span"]),
        default: "attempts",
        doc: "The run time of a job with several attempts: their sum, or from the first start to the last end.",
    },
    Key {
        name: "tenant",
        kind: KeyKind::Choice(&["vc", "user"]),
        default: "vc",
        doc: "Who pays for a job of cluster_job_log.",
    },
];

const COMPLETED: Kind =
    Kind { what: "a list of completed jobs", columns: &["timestamp", "duration", "num_gpus", "cluster"] };
const ATTEMPTS: Kind =
    Kind { what: "a list of attempts", columns: &["u_id", "gpu_num", "interval", "run_time", "new_status"] };
const MACHINES: Kind = Kind { what: "a list of machines", columns: &["machineId", "number of GPUs"] };
const VCS: Kind = Kind { what: "nodes of virtual clusters", columns: &["vc", "node num"] };

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let mut logs: Vec<&Path> = Vec::new();
    let mut tables: Vec<PathBuf> = Vec::new();
    for file in request.files {
        if is_json(file)? { logs.push(file) } else { tables.push(file.clone()) }
    }
    let [completed, attempts, machines, vcs] = sort_out(&tables, &[COMPLETED, ATTEMPTS, MACHINES, VCS])?;
    let site = site::of(at_most_one(machines, &MACHINES)?, at_most_one(vcs, &VCS)?)?;
    let mut jobs = Assembly::default();
    let rows = match logs.as_slice() {
        [] if completed.len() + attempts.len() == 0 => {
            let message = "holds no jobs; expected cluster_job_log, philly.csv or philly_data_training.csv as well";
            return Err(Problem::of_file(request.first(), message).into());
        }
        [] => match only_jobs([completed, attempts], &[COMPLETED, ATTEMPTS], request.first())? {
            (0, sheet) => read_completed(sheet, &mut jobs)?,
            (_, sheet) => read_attempts(sheet, &mut jobs)?,
        },
        [log] if completed.len() + attempts.len() == 0 => log::read(log, &request.options, &mut jobs)?,
        [log, ..] => {
            let message = "is not the only file with jobs; expected one, since they hold the same jobs";
            return Err(Problem::of_file(log, message).into());
        }
    };
    Ok(jobs.finish(rows, Some(site)))
}

/// Whether a file is JSON, by its first byte.
fn is_json(path: &Path) -> Result<bool, Problem> {
    let mut member = Member::open(path)?;
    let mut head = [0; 64];
    let read = member.read(&mut head).map_err(|error| Problem::of_file(path, member.explain(&error)))?;
    let first = head[..read].iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(matches!(first, Some(b'[' | b'{')))
}

/// Reads the list that the authors of Helios made: jobs that passed, without ids and starts.
fn read_completed(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [submit, duration, gpus, vc] = sheet.columns(["timestamp", "duration", "num_gpus", "cluster"])?;
    let mut number = 0u64;
    while let Some(row) = sheet.next_row()? {
        number += 1;
        let queue = row.text(vc).to_owned();
        let state = Some(RecordedState::Completed);
        let spec = JobSpec { gpus: row.count(gpus)?, tenant: queue.clone(), queue, state, ..JobSpec::default() };
        jobs.take(match (row.date(submit)?, row.span(duration)?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a duration"),
            (Some(submit), Some(duration)) => Ok(Record::new(format!("row-{number}"), submit, duration, spec)),
        });
    }
    jobs.notice(
        "only completed jobs: failed and killed ones, two thirds of the GPU-time of the log, are not in the file",
    );
    Ok(sheet.rows())
}

/// Reads the list whose rows are attempts, each so many seconds after the row before.
fn read_attempts(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, user, gpus, interval] = sheet.columns(["u_id", "user", "gpu_num", "interval"])?;
    let [duration, state] = sheet.columns(["run_time", "new_status"])?;
    let mut now = Moment::from_micros(0);
    while let Some(row) = sheet.next_row()? {
        now = now.after(row.span(interval)?.unwrap_or_default());
        let tenant = format!("u{}", row.text(user));
        let spec = JobSpec { gpus: row.count(gpus)?, tenant, state: row.state(state)?, ..JobSpec::default() };
        jobs.take(match row.span(duration)? {
            None => Err("without a run time"),
            Some(duration) => Ok(Record::new(row.text(id), now, duration, spec)),
        });
    }
    jobs.notice("every attempt of a job is a job of its own, submitted with the first; they overlap as they did not");
    Ok(sheet.rows())
}
