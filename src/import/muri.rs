//! Muri: a trace for 64 V100, and what was measured on them (SIGCOMM'22).

use super::assembly::{Assembly, Record};
use super::files::{Kind, only_jobs, sort_out};
use super::moment::{Moment, TimeUnit};
use super::sheet::Sheet;
use super::site::{Site, SitePool};
use super::{Dataset, Format, Request};
use crate::input::Problems;
use crate::trace::JobSpec;

/// The format.
pub static FORMAT: Format = Format {
    name: "muri",
    summary: "Muri 2022: training jobs for a testbed of 64 V100, or as they ran there",
    files: "a trace (cluster_trace.csv, trace3.csv), or a measurement (result_*_job.csv)",
    options: &[],
    read,
};

const TRACE: Kind = Kind {
    what: "a trace",
    columns: &["job_id", "num_gpu", "submit_time", "duration", "model_name", "iteration_time"],
};
const RESULT: Kind = Kind {
    what: "a measurement",
    columns: &["job_id", "num_gpu", "submit_time", "start_time", "end_time", "duration"],
};

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [traces, results] = sort_out(request.files, &[TRACE, RESULT])?;
    let mut jobs = Assembly::default();
    let rows = match only_jobs([traces, results], &[TRACE, RESULT], request.first())? {
        (0, trace) => read_trace(trace, &mut jobs)?,
        (_, result) => read_result(result, &mut jobs)?,
    };
    let pool = SitePool {
        name: "testbed".to_owned(),
        gpu: Some("v100".to_owned()),
        nodes: 8,
        gpus_per_node: 8,
        ..SitePool::default()
    };
    let about = "The testbed of SIGCOMM'22: 8 nodes of 8 V100.";
    Ok(jobs.finish(rows, Some(Site::new(about, vec![pool]))))
}

/// Reads a trace; its times are in milliseconds.
fn read_trace(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, gpus, submit, duration, model] =
        sheet.columns(["job_id", "num_gpu", "submit_time", "duration", "model_name"])?;
    let unit = TimeUnit::Milliseconds;
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(gpus)?, tenant: row.text(model).to_owned(), ..JobSpec::default() };
        let submit = row.read_filled(submit, |text| Moment::of_decimal(text, unit))?;
        jobs.take(match (submit, row.read_filled(duration, |text| unit.span(text))?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a duration"),
            (Some(submit), Some(duration)) => Ok(Record::new(row.text(id), submit, duration, spec)),
        });
    }
    jobs.notice("the tenant of a job is its model");
    Ok(sheet.rows())
}

/// Reads a measurement; its times are in seconds. A job may have been stopped in between.
fn read_result(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, gpus, submit, start, end, duration] =
        sheet.columns(["job_id", "num_gpu", "submit_time", "start_time", "end_time", "duration"])?;
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(gpus)?, ..JobSpec::default() };
        jobs.take(match (row.moment(submit)?, row.span(duration)?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a duration"),
            (Some(submit), Some(duration)) => {
                Ok(Record::new(row.text(id), submit, duration, spec).ran(row.moment(start)?, row.moment(end)?))
            }
        });
    }
    jobs.notice("recorded starts are the first ones: the policy measured stops jobs and starts them again");
    Ok(sheet.rows())
}
