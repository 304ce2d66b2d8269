//! Tiresias: training jobs of a testbed with 60 P100 (NSDI'19).

use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, only_jobs, sort_out};
use super::sheet::Sheet;
use super::site::{Site, SitePool};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::JobSpec;

/// The format.
pub static FORMAT: Format = Format {
    name: "tiresias",
    summary: "Tiresias 2019: the jobs of a testbed, and its descriptions of clusters",
    files: "a list of jobs (60_job.csv); a cluster (n32g4.csv)",
    options: &[],
    read,
};

const JOBS: Kind =
    Kind { what: "a list of jobs", columns: &["job_id", "num_gpu", "submit_time", "duration", "model_name"] };
const CLUSTER: Kind = Kind { what: "a cluster", columns: &["num_switch", "num_node_p_switch", "num_gpu_p_node"] };

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [lists, clusters] = sort_out(request.files, &[JOBS, CLUSTER])?;
    let (_, mut sheet) = only_jobs([lists], &[JOBS], request.first())?;
    let site = match at_most_one(clusters, &CLUSTER)? {
        Some(cluster) => of_cluster(cluster)?,
        None => Site::new("The testbed of NSDI'19: 15 nodes of 4 P100.", vec![pool(15, 4)]),
    };
    let [id, gpus, submit, duration, model] =
        sheet.columns(["job_id", "num_gpu", "submit_time", "duration", "model_name"])?;
    let mut jobs = Assembly::default();
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(gpus)?, tenant: row.text(model).to_owned(), ..JobSpec::default() };
        jobs.take(match (row.moment(submit)?, row.span(duration)?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a duration"),
            (Some(submit), Some(duration)) => Ok(Record::new(row.text(id), submit, duration, spec)),
        });
    }
    jobs.notice("the tenant of a job is its model");
    Ok(jobs.finish(sheet.rows(), Some(site)))
}

fn pool(nodes: u32, gpus_per_node: u32) -> SitePool {
    SitePool { name: "main".to_owned(), gpu: Some("p100".to_owned()), nodes, gpus_per_node, ..SitePool::default() }
}

/// The cluster of a description: a row with switches, nodes of a switch, and what a node has.
fn of_cluster(mut sheet: Sheet) -> Result<Site, Problems> {
    let [switches, nodes, gpus] = sheet.columns(["num_switch", "num_node_p_switch", "num_gpu_p_node"])?;
    let file = sheet.file_name();
    let path = sheet.path().to_owned();
    let Some(row) = sheet.next_row()? else { return Err(Problem::of_file(&path, "has no row").into()) };
    let (switches, per_switch) = (row.count(switches)?, row.count(nodes)?);
    let all = switches.checked_mul(per_switch).filter(|&all| all > 0);
    let all = all.ok_or_else(|| row.wrong(nodes, "expected between 1 and 4 billion nodes in all"))?;
    let pool = SitePool { nodes_per_rack: Some(per_switch), ..pool(all, row.count(gpus)?) };
    Ok(Site::new(format!("The cluster of {file}: {switches} switches with {per_switch} nodes each."), vec![pool]))
}
