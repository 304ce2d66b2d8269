//! Shanghai AI Laboratory's Acme: Seren under Slurm, Kalos under Kubernetes (NSDI'24).

use std::num::NonZeroU32;

use super::assembly::{Assembly, Record};
use super::files::{Kind, only_jobs, sort_out};
use super::shape::on_nodes;
use super::sheet::Sheet;
use super::site::{Site, SitePool};
use super::{Dataset, Format, Request};
use crate::input::Problems;
use crate::trace::JobSpec;
use crate::units::Span;
use crate::units::keys::{Key, Kind as KeyKind};

/// The format.
pub static FORMAT: Format = Format {
    name: "acme",
    summary: "Acme 2023: development of large language models on the clusters Seren and Kalos",
    files: "trace_seren.csv or trace_kalos.csv; or converted_kalos_trace.csv, a selection of 319 jobs",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[Key {
    name: "tenant",
    kind: KeyKind::Choice(&["type", "user"]),
    default: "type",
    doc: "Who pays for a job: its class of work (Pretrain, Evaluation, ...), or its user.",
}];

const LOG: Kind =
    Kind { what: "a cluster's trace", columns: &["job_id", "gpu_num", "type", "submit_time", "duration"] };
/// A file that others made for their simulator.
const CONVERTED: Kind =
    Kind { what: "a converted trace", columns: &["job_id", "arrival_time", "num_iteration", "gpu_workers"] };

/// GPUs of a node in both clusters.
const PER_NODE: u32 = 8;

/// Columns that only the trace of Kalos has.
const KALOS: &str = "mem_per_pod_GB";

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [logs, converted] = sort_out(request.files, &[LOG, CONVERTED])?;
    let mut jobs = Assembly::default();
    let (rows, site) = match only_jobs([logs, converted], &[LOG, CONVERTED], request.first())? {
        (0, log) => {
            let site = if log.has(KALOS) { kalos() } else { site("seren", 286) };
            (read_log(log, request.options.text_or("tenant", "type"), &mut jobs)?, site)
        }
        (_, sheet) => (read_converted(sheet, &mut jobs)?, kalos()),
    };
    Ok(jobs.finish(rows, Some(site)))
}

fn kalos() -> Site {
    site("kalos", 302)
}

fn site(name: &str, nodes: u32) -> Site {
    let about = format!("The cluster {name} as of NSDI'24: {nodes} nodes of {PER_NODE} A100 with 80 GB.");
    let gpu = Some("a100-80".to_owned());
    Site::new(
        about,
        vec![SitePool { name: name.to_owned(), gpu, nodes, gpus_per_node: PER_NODE, ..SitePool::default() }],
    )
}

fn read_log(mut sheet: Sheet, tenant: &str, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, nodes, gpus, cpus, state] = sheet.columns(["job_id", "node_num", "gpu_num", "cpu_num", "state"])?;
    let [submit, start, end, duration] = sheet.columns(["submit_time", "start_time", "end_time", "duration"])?;
    let tenant = sheet.column(tenant)?;
    let memory = sheet.find(KALOS);
    while let Some(row) = sheet.next_row()? {
        let (started, ended) = (row.date(start)?, row.date(end)?);
        let ran = || started.zip(ended).and_then(|(start, end)| end.since(start));
        let shape = on_nodes(row.count(gpus)?, row.milli(cpus)?, row.count(nodes)?, PER_NODE);
        // A pod is a node's worth of a job; without pods of one size the memory cannot be told for a task.
        let memory = memory.filter(|_| shape.tasks.is_some()).map_or(Ok(0), |column| row.milli(column))?;
        let spec = JobSpec {
            mem_bytes: memory.saturating_mul(1_000_000),
            tenant: row.text(tenant).to_owned(),
            state: row.state(state)?,
            ..shape
        };
        jobs.take(match (row.date(submit)?, row.span(duration)?.or_else(ran)) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("never started"),
            (Some(submit), Some(ran)) => Ok(Record::new(row.text(id), submit, ran, spec).ran(started, ended)),
        });
    }
    Ok(sheet.rows())
}

/// Reads the converted trace: only sizes and run times in it are real, so nothing else is taken.
fn read_converted(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, arrival, iterations, time] =
        sheet.columns(["job_id", "arrival_time", "num_iteration", "iteration_computing_time"])?;
    let [workers, per_worker] = sheet.columns(["gpu_workers", "gpu_per_worker"])?;
    while let Some(row) = sheet.next_row()? {
        let count = row.count(workers)?;
        let gpus = count.checked_mul(row.count(per_worker)?);
        let gpus = gpus.ok_or_else(|| row.wrong(workers, "expected fewer workers"))?;
        let iteration = row.span(time)?.unwrap_or_default().micros();
        let duration = u64::from(row.count(iterations)?).checked_mul(iteration).map(Span::from_micros);
        let duration = duration.ok_or_else(|| row.wrong(iterations, "expected fewer iterations"))?;
        let spec = JobSpec { gpus, tasks: NonZeroU32::new(count), ..JobSpec::default() };
        jobs.take(match row.moment(arrival)? {
            None => Err("without an arrival"),
            Some(arrival) => Ok(Record::new(row.text(id), arrival, duration, spec)),
        });
    }
    jobs.notice("sizes and run times are real; it is a selection of jobs, so arrivals and load are not");
    Ok(sheet.rows())
}
