//! Alibaba's Lingjun: two weeks of a training cluster, and the place of its hosts in the network (SIGCOMM'24).

use rustc_hash::FxHashSet;

use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, only_jobs, sort_out};
use super::sheet::Sheet;
use super::site::{Site, SitePool};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::JobSpec;

/// The format.
pub static FORMAT: Format = Format {
    name: "lingjun",
    summary: "Alibaba Lingjun 2023: training of large models on a Clos network",
    files: "crux_jobs.csv; topo.csv for the hosts and their switches",
    options: &[],
    read,
};

const JOBS: Kind =
    Kind { what: "a list of jobs", columns: &["#job id", "arrival time (sec)", "size", "duration (sec)"] };
const TOPOLOGY: Kind = Kind { what: "a topology", columns: &["ip", "PSW", "ASW"] };

/// GPUs of a host: not in the files, but what the sizes of the jobs are multiples of.
const PER_HOST: u32 = 8;

/// Hosts and switches of the published topology.
const HOSTS: u32 = 847;
const SWITCHES: u32 = 119;

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [lists, topologies] = sort_out(request.files, &[JOBS, TOPOLOGY])?;
    let (_, mut sheet) = only_jobs([lists], &[JOBS], request.first())?;
    let site = match at_most_one(topologies, &TOPOLOGY)? {
        Some(topology) => of_topology(topology)?,
        None => site(HOSTS, SWITCHES, "the published topology, which was not given"),
    };
    let [id, arrival, size, duration] = sheet.columns(["#job id", "arrival time (sec)", "size", "duration (sec)"])?;
    let mut jobs = Assembly::default();
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(size)?, ..JobSpec::default() };
        jobs.take(match (row.moment(arrival)?, row.span(duration)?) {
            (None, _) => Err("without an arrival"),
            (_, None) => Err("without a duration"),
            (Some(arrival), Some(duration)) => Ok(Record::new(row.text(id), arrival, duration, spec)),
        });
    }
    jobs.notice("a submission is the recorded start: the dataset has no queue times");
    Ok(jobs.finish(sheet.rows(), Some(site)))
}

/// Hosts, and switches of the lowest layer: names of switches repeat in the groups above them.
fn of_topology(mut sheet: Sheet) -> Result<Site, Problems> {
    let [group, switch] = sheet.columns(["PSW", "ASW"])?;
    let mut switches: FxHashSet<(String, String)> = FxHashSet::default();
    while let Some(row) = sheet.next_row()? {
        switches.insert((row.text(group).to_owned(), row.text(switch).to_owned()));
    }
    let hosts = u32::try_from(sheet.rows()).unwrap_or(u32::MAX);
    if hosts == 0 {
        return Err(Problem::of_file(sheet.path(), "has no hosts").into());
    }
    Ok(site(hosts, switches.len() as u32, &sheet.file_name()))
}

fn site(hosts: u32, switches: u32, source: &str) -> Site {
    let per_rack = hosts.div_ceil(switches.max(1));
    let about = format!(
        "{hosts} hosts under {switches} lowest switches, from {source}. Assumed: {PER_HOST} GPUs to a host, and racks\n\
         of {per_rack} hosts each, the mean; the real ones differ in size. The type of the GPUs is not published."
    );
    let pool = SitePool {
        name: "lingjun".to_owned(),
        gpu: Some("lingjun-gpu".to_owned()),
        nodes: hosts,
        gpus_per_node: PER_HOST,
        nodes_per_rack: Some(per_rack),
        ..SitePool::default()
    };
    Site::new(about, vec![pool])
}
