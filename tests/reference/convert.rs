//! The reference's jobs as rows of the library's job table.

use std::num::NonZeroU32;

use fleetsim::trace::{JobRow, JobSpec, JobTable, RecordedState};
use fleetsim::units::{MilliGpu, Span, Time};

use super::types::RefJob;

/// The job as a trace would have it.
pub fn job_row(job: &RefJob) -> JobRow {
    let spec = JobSpec {
        gpus: job.gpus,
        tasks: job.tasks.and_then(NonZeroU32::new),
        min_tasks: job.min_tasks.and_then(NonZeroU32::new),
        gpu_types: job.gpu_types.clone(),
        gpu_share: Some(MilliGpu::from_milli(u64::from(job.share_milli))).filter(|share| share.milli() != 1000),
        cpu_milli: job.cpu_milli,
        mem_bytes: job.mem_bytes,
        tenant: job.tenant.clone(),
        queue: job.queue.clone(),
        priority: job.priority,
        topology: job.topology,
        preemptible: job.preemptible,
        state: job.failed.then_some(RecordedState::Failed),
        ..JobSpec::default()
    };
    JobRow {
        job_id: job.name.clone(),
        submit: Time::from_micros(job.submit),
        duration: Span::from_micros(job.duration),
        walltime: job.walltime.map(Span::from_micros),
        spec,
        ..JobRow::default()
    }
}

/// All jobs; the table sorts them by (submit, row) and knows their rows.
pub fn job_table(jobs: &[RefJob]) -> JobTable {
    jobs.iter().map(job_row).collect()
}

#[test]
fn a_table_keeps_what_the_jobs_say() {
    super::random::for_all(0..50, |scenario| {
        let table = job_table(&scenario.jobs);
        for id in table.ids() {
            let job = &scenario.jobs[table.file_row(id)];
            if table.row(id) != job_row(job) {
                return Err(format!("{} became {:?}", job.name, table.row(id)));
            }
        }
        Ok(())
    });
}
