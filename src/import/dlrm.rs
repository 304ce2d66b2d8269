//! Alibaba's GPU-disaggregated serving of recommendation models: instances on CPU nodes and on GPU nodes (NSDI'25).

use std::num::NonZeroU32;

use super::assembly::{Assembly, Record};
use super::moment::Moment;
use super::row::Row;
use super::sheet::{Column, Sheet};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::{JobSpec, RecordedState};
use crate::units::Span;

/// The format.
pub static FORMAT: Format = Format {
    name: "dlrm",
    summary: "Alibaba DLRM 2025: a month of inference instances of 156 services",
    files: "disaggregated_DLRM_trace.csv",
    options: &[],
    read,
};

const GIB: u128 = 1 << 30;

/// An instance whose times are not all known until the end of the trace is.
struct Instance {
    record: Record,
    deleted: Option<Moment>,
}

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let mut sheet = Sheet::open(request.only_file()?)?;
    let columns = Columns::of(&sheet)?;
    let mut jobs = Assembly::default();
    let mut instances = Vec::new();
    while let Some(row) = sheet.next_row()? {
        match columns.instance(&row)? {
            Ok(instance) => instances.push(instance),
            Err(reason) => jobs.skip(reason),
        }
    }
    let times = instances.iter().flat_map(|instance: &Instance| [Some(instance.record.submit), instance.deleted]);
    let last = times.flatten().max().unwrap_or(Moment::from_micros(0));
    let (mut before, mut after) = (0u64, 0u64);
    for Instance { mut record, deleted } in instances {
        before += u64::from(record.start.is_none());
        let start = record.start.unwrap_or(record.submit);
        match deleted.unwrap_or(last).since(start) {
            Some(duration) => record.duration = duration,
            None => {
                jobs.skip("deleted before they were scheduled");
                continue;
            }
        }
        if deleted.is_none() {
            after += 1;
            record.spec.state = Some(RecordedState::Unfinished);
        }
        record.end = deleted;
        jobs.keep(record);
    }
    jobs.notice(format!("instances from before the trace: {before}, submitted at its start, without a recorded start"));
    jobs.notice(format!("instances that outlived the trace: {after}, ending with it, state unfinished"));
    jobs.notice("shares of network cards, disks and the limit of instances to a node are left out");
    Ok(jobs.finish(sheet.rows(), None))
}

/// Where everything stands in the file.
struct Columns {
    id: Column,
    app: Column,
    cpus: Column,
    gpus: Column,
    memory: Column,
    created: Column,
    scheduled: Column,
    deleted: Column,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Columns, Problems> {
        let [id, app, cpus, gpus] = sheet.columns(["instance_sn", "app_name", "cpu_request", "gpu_request"])?;
        let [memory, created, scheduled, deleted] =
            sheet.columns(["memory_request", "creation_time", "scheduled_time", "deletion_time"])?;
        Ok(Columns { id, app, cpus, gpus, memory, created, scheduled, deleted })
    }

    fn instance(&self, row: &Row<'_>) -> Result<Result<Instance, &'static str>, Problem> {
        let created = row.moment(self.created)?;
        let scheduled = row.moment(self.scheduled)?;
        if created.is_some() && scheduled.is_none() {
            return Ok(Err("never scheduled"));
        }
        let spec = JobSpec {
            gpus: row.count(self.gpus)?,
            tasks: NonZeroU32::new(1),
            cpu_milli: row.milli(self.cpus)?,
            mem_bytes: (u128::from(row.milli(self.memory)?) * GIB / 1000) as u64,
            tenant: row.text(self.app).to_owned(),
            ..JobSpec::default()
        };
        // Without a creation the instance is older than the trace, whose clock starts at 0.
        let submit = created.unwrap_or(Moment::from_micros(0));
        let record = Record::new(row.text(self.id), submit, Span::ZERO, spec);
        let start = scheduled.filter(|_| created.is_some());
        Ok(Ok(Instance { record: record.ran(start, None), deleted: row.moment(self.deleted)? }))
    }
}
