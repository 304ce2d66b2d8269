//! Alibaba's PAI: machine learning on 6,742 GPUs in 2020 (NSDI'22).
//!
//! A job of the dataset has tasks (`ps`, `worker`, ...) with requests of their own, each of so many instances that
//! start together. A task is a job here, its instances are the job's tasks.

mod site;

use std::num::NonZeroU32;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::alibaba::gpu_id;
use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, sort_out};
use super::moment::Moment;
use super::row::Row;
use super::sheet::{Header, Sheet};
use super::{Column, Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::{JobSpec, RecordedState};
use crate::units::MilliGpu;
use crate::units::decimal::scaled;

/// The format.
pub static FORMAT: Format = Format {
    name: "pai",
    summary: "Alibaba PAI 2020: machine learning with gangs and parts of GPUs",
    files: "pai_task_table.csv, pai_job_table.csv for the submissions, pai_machine_spec.csv (or .tar.gz) for the cluster, \
            told apart by their names; or pai_gpu_tasks_sample60k.csv, a sample without requests",
    options: &[],
    read,
};

const JOB_COLUMNS: &[&str] = &["job_name", "inst_id", "user", "status", "start_time", "end_time"];
const TASK_COLUMNS: &[&str] = &[
    "job_name",
    "task_name",
    "inst_num",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
    "plan_gpu",
    "gpu_type",
];

/// A file by others that kept four columns.
const SAMPLE: Kind = Kind { what: "a sample of tasks", columns: &["job_id", "arrival_s", "service_sec", "gpu_count"] };

/// What the job table says of a job.
struct Job {
    submit: Option<Moment>,
    user: Box<str>,
}

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let named = |part: &'static str| request.split(move |name| name.contains(part)).0;
    let (tasks, jobs, machines) = (named("task_table"), named("job_table"), named("machine_spec"));
    let is_known = |file: &&Path| [&tasks, &jobs, &machines].iter().any(|known| known.contains(file));
    let others: Vec<_> =
        request.files.iter().filter(|file| !is_known(&file.as_path()) && !is_header(file)).cloned().collect();
    let [samples] = sort_out(&others, &[SAMPLE])?;
    let site = match single(&machines)? {
        Some(path) => site::of_machines(path)?,
        None => site::published(),
    };
    let mut assembly = Assembly::default();
    let rows = match (single(&tasks)?, at_most_one(samples, &SAMPLE)?) {
        (Some(tasks), None) => {
            let jobs = single(&jobs)?.map(read_jobs).transpose()?;
            read_tasks(tasks, jobs.as_ref(), &mut assembly)?
        }
        (None, Some(sample)) => read_sample(sample, &mut assembly)?,
        _ => {
            let message = "holds no tasks; expected pai_task_table.csv, or a sample, as well";
            return Err(Problem::of_file(request.first(), message).into());
        }
    };
    Ok(assembly.finish(rows, Some(site)))
}

/// Whether it is one of the files that only name the columns.
fn is_header(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "header")
}

/// The only table of its kind, leaving out files that only name its columns.
fn single<'a>(files: &[&'a Path]) -> Result<Option<&'a Path>, Problem> {
    let tables: Vec<&Path> = files.iter().copied().filter(|file| !is_header(file)).collect();
    match tables.as_slice() {
        [_, second, ..] => Err(Problem::of_file(second, "is a second table of its kind; the format takes only one")),
        tables => Ok(tables.first().copied()),
    }
}

fn read_jobs(path: &Path) -> Result<FxHashMap<Box<str>, Job>, Problems> {
    let mut sheet = Sheet::open_as(path, b',', Header::Named(JOB_COLUMNS))?;
    let [name, user, start] = sheet.columns(["job_name", "user", "start_time"])?;
    let mut jobs = FxHashMap::default();
    while let Some(row) = sheet.next_row()? {
        jobs.insert(row.text(name).into(), Job { submit: row.moment(start)?, user: row.text(user).into() });
    }
    Ok(jobs)
}

/// Where everything stands in the task table.
struct Tasks {
    job: Column,
    task: Column,
    instances: Column,
    status: Column,
    start: Column,
    end: Column,
    cpu: Column,
    memory: Column,
    gpu: Column,
    gpu_type: Column,
}

fn read_tasks(path: &Path, jobs: Option<&FxHashMap<Box<str>, Job>>, assembly: &mut Assembly) -> Result<u64, Problems> {
    let mut sheet = Sheet::open_as(path, b',', Header::Named(TASK_COLUMNS))?;
    let [job, task, instances, status, start] =
        sheet.columns(["job_name", "task_name", "inst_num", "status", "start_time"])?;
    let [end, cpu, memory, gpu, gpu_type] =
        sheet.columns(["end_time", "plan_cpu", "plan_mem", "plan_gpu", "gpu_type"])?;
    let columns = Tasks { job, task, instances, status, start, end, cpu, memory, gpu, gpu_type };
    while let Some(row) = sheet.next_row()? {
        assembly.take(columns.record(&row, jobs)?);
    }
    assembly.notice("each task of a PAI job is a job of its own, named JOB/TASK; its instances start together");
    if jobs.is_none() {
        assembly.notice("without pai_job_table.csv a submission is the recorded start; no queue times are recorded");
    }
    Ok(sheet.rows())
}

impl Tasks {
    fn record(
        &self,
        row: &Row<'_>,
        jobs: Option<&FxHashMap<Box<str>, Job>>,
    ) -> Result<Result<Record, &'static str>, Problem> {
        let state = row.state(self.status)?;
        let spec = self.spec(row)?;
        let (start, end) = (self.moment(row, self.start)?, self.moment(row, self.end)?);
        let Some(start) = start else { return Ok(Err("never started")) };
        let Some(end) = end else { return Ok(Err("without an end")) };
        let Some(duration) = end.since(start) else { return Ok(Err("ending before they start")) };
        let id = format!("{}/{}", row.text(self.job), row.text(self.task));
        let spec = JobSpec { state, ..spec };
        let Some(jobs) = jobs else { return Ok(Ok(Record::new(id, start, duration, spec).ran(None, Some(end)))) };
        let Some(job) = jobs.get(row.text(self.job)) else {
            return Ok(Err("of jobs that the job table does not have"));
        };
        let Some(submit) = job.submit else { return Ok(Err("of jobs without a submission")) };
        let spec = JobSpec { tenant: job.user.to_string(), ..spec };
        Ok(Ok(Record::new(id, submit, duration, spec).ran(Some(start), Some(end))))
    }

    /// An instant; 0 stands for none.
    fn moment(&self, row: &Row<'_>, column: Column) -> Result<Option<Moment>, Problem> {
        Ok(row.moment(column)?.filter(|&moment| moment > Moment::from_micros(0)))
    }

    fn spec(&self, row: &Row<'_>) -> Result<JobSpec, Problem> {
        let instances = row.read_filled(self.instances, super::row::count)?.unwrap_or(1).max(1);
        let percent = |text: &str| scaled(text.as_bytes(), 1).map_err(|_| "expected percent >= 0".to_owned());
        // Percent of a GPU with a decimal place are thousandths.
        let milli = row.read_filled(self.gpu, percent)?.unwrap_or(0);
        let each = u32::try_from(milli.div_ceil(1000)).ok();
        let gpus = each.and_then(|each| each.checked_mul(instances));
        let gpus = gpus.ok_or_else(|| row.wrong(self.gpu, "expected fewer GPUs"))?;
        let share = milli.div_ceil(milli.div_ceil(1000).max(1));
        let cpu = row.read_filled(self.cpu, percent)?.unwrap_or(0);
        let types = row.known(self.gpu_type).filter(|_| gpus > 0).map(|model| gpu_id(model).to_owned());
        Ok(JobSpec {
            gpus,
            tasks: NonZeroU32::new(instances),
            gpu_types: types.into_iter().collect(),
            gpu_share: (gpus > 0 && share < 1000).then(|| MilliGpu::from_milli(share)),
            cpu_milli: cpu,
            mem_bytes: row.milli(self.memory)?.saturating_mul(1_000_000),
            ..JobSpec::default()
        })
    }
}

/// Reads the sample, whose arrivals are recorded starts and whose GPUs are rounded up.
fn read_sample(mut sheet: Sheet, jobs: &mut Assembly) -> Result<u64, Problems> {
    let [id, arrival, service, gpus] = sheet.columns(["job_id", "arrival_s", "service_sec", "gpu_count"])?;
    while let Some(row) = sheet.next_row()? {
        let spec = JobSpec { gpus: row.count(gpus)?, state: Some(RecordedState::Completed), ..JobSpec::default() };
        jobs.take(match (row.moment(arrival)?, row.span(service)?) {
            (None, _) => Err("without a start"),
            (_, None) => Err("without a duration"),
            (Some(start), Some(duration)) => Ok(Record::new(row.text(id), start, duration, spec)),
        });
    }
    jobs.notice("a submission is the recorded start, parts of GPUs are rounded up, run times are cut at 172800 s");
    Ok(sheet.rows())
}
