//! SenseTime's Helios: four clusters under Slurm, divided into virtual clusters (SC'21).

mod site;

use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, only_jobs, sort_out};
use super::shape::on_nodes;
use super::sheet::Sheet;
use super::{Dataset, Format, Request};
use crate::input::Problems;
use crate::trace::JobSpec;
use crate::units::keys::{Key, Kind as KeyKind};

/// The format.
pub static FORMAT: Format = Format {
    name: "helios",
    summary: "SenseTime Helios 2020: Venus, Earth, Saturn, Uranus; Slurm with virtual clusters",
    files: "a cluster's cluster_log.csv, and its cluster_gpu_number.csv (or vc_config.csv) for the virtual clusters; or \
            venus_gpu_jobs.csv, which has no virtual clusters",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[
    Key {
        name: "vc_size",
        kind: KeyKind::Choice(&["largest", "mean", "last"]),
        default: "largest; mean where jobs have no virtual cluster",
        doc: "Which of the daily sizes a virtual cluster has all the time; with the largest, every recorded job fits.",
    },
    Key {
        name: "cluster",
        kind: KeyKind::Choice(site::NAMES),
        default: "the name of the log's folder",
        doc: "Which cluster it is, for its size where no file gives it.",
    },
    Key { name: "tenant", kind: KeyKind::Choice(&["vc", "user"]), default: "vc", doc: "Who pays for a job." },
];

const LOG: Kind = Kind { what: "a cluster log", columns: &["job_id", "vc", "gpu_num", "submit_time", "duration"] };
/// A file by others that kept four columns of the log.
const SHORT: Kind = Kind { what: "a list of GPU jobs", columns: &["job_id", "arrival_s", "service_sec", "gpu_count"] };
const SIZES: Kind = Kind { what: "the daily sizes of virtual clusters", columns: &["date", "total"] };

/// Nodes of the virtual clusters in one month; the column of their names has none itself.
const NODES: Kind = Kind { what: "the nodes of virtual clusters", columns: &["", "num"] };

/// GPUs of a node in all four clusters.
const PER_NODE: u32 = 8;

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [logs, short, sizes, nodes] = sort_out(request.files, &[LOG, SHORT, SIZES, NODES])?;
    let (sizes, nodes) = (at_most_one(sizes, &SIZES)?, at_most_one(nodes, &NODES)?);
    let mut jobs = Assembly::default();
    let (kind, list) = only_jobs([logs, short], &[LOG, SHORT], request.first())?;
    let path = list.path().to_owned();
    let divided = kind == 0;
    let rows = if divided {
        read_log(list, request.options.text_or("tenant", "vc") == "user", &mut jobs)?
    } else {
        read_short(list, &mut jobs)?
    };
    // Without the virtual clusters of its jobs, a list can use their nodes only as one pool.
    let site = match (sizes, nodes) {
        (Some(sizes), _) if divided => Some(site::of_sizes(sizes, request.options.text_or("vc_size", "largest"))?),
        (Some(sizes), _) => Some(site::of_totals(sizes, request.options.text_or("vc_size", "mean"))?),
        (None, Some(nodes)) => Some(site::of_nodes(nodes, divided)?),
        (None, None) if divided => site::named(request, &path),
        (None, None) => site::named(request, &path).or_else(|| site::published("venus")),
    };
    Ok(jobs.finish(rows, site))
}

fn read_log(mut sheet: Sheet, by_user: bool, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, user, vc, gpus, cpus, nodes] =
        sheet.columns(["job_id", "user", "vc", "gpu_num", "cpu_num", "node_num"])?;
    let [state, submit, start, end, duration] =
        sheet.columns(["state", "submit_time", "start_time", "end_time", "duration"])?;
    while let Some(row) = sheet.next_row()? {
        let (started, ended) = (row.date(start)?, row.date(end)?);
        let ran = || started.zip(ended).and_then(|(start, end)| end.since(start));
        let queue = row.text(vc).to_owned();
        let tenant = if by_user { row.text(user).to_owned() } else { queue.clone() };
        let cpu_milli = u64::from(row.count(cpus)?) * 1000;
        let shape = on_nodes(row.count(gpus)?, cpu_milli, row.count(nodes)?, PER_NODE);
        let spec = JobSpec { queue, tenant, state: row.state(state)?, ..shape };
        jobs.take(match (row.date(submit)?, row.span(duration)?.or_else(ran)) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("never started"),
            (Some(submit), Some(ran)) => Ok(Record::new(row.text(id), submit, ran, spec).ran(started, ended)),
        });
    }
    Ok(sheet.rows())
}

/// Reads a list of jobs that has arrivals and run times only; the recorded starts are lost.
fn read_short(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, arrival, service, gpus] = sheet.columns(["job_id", "arrival_s", "service_sec", "gpu_count"])?;
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(gpus)?, ..JobSpec::default() };
        jobs.take(match (row.moment(arrival)?, row.span(service)?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a duration"),
            (Some(submit), Some(duration)) => Ok(Record::new(row.text(id), submit, duration, spec)),
        });
    }
    jobs.notice("the list has no recorded starts and no virtual clusters, and cuts run times at 172800 s");
    Ok(sheet.rows())
}
