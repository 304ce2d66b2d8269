//! Alibaba's openb: Kubernetes pods that share GPUs, and the nodes of their cluster (USENIX ATC'23).

use std::num::NonZeroU32;

use super::alibaba::{gpu_id, gpu_ids};
use super::assembly::{Assembly, Record};
use super::files::{Kind, at_most_one, no_jobs, sort_out};
use super::inventory::{Inventory, Shape};
use super::moment::Moment;
use super::row::Row;
use super::sheet::{Column, Sheet};
use super::site::Site;
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::{JobSpec, RecordedState};
use crate::units::MilliGpu;
use crate::units::keys::{Key, Kind as KeyKind};

/// The format.
pub static FORMAT: Format = Format {
    name: "openb",
    summary: "Alibaba openb 2023: pods with shares of GPUs on a heterogeneous Kubernetes cluster",
    files: "lists of pods (openb_pod_list_*.csv), and a list of nodes (openb_node_list_*.csv) for the cluster",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[Key {
    name: "from",
    kind: KeyKind::Number { min: 0.0, max: 1e12 },
    default: "9600000",
    doc: "Pods created before this second are skipped: a few survivors that stretch the replay by 111 days. 0 keeps all.",
}];

const PODS: Kind = Kind {
    what: "a list of pods",
    columns: &["name", "num_gpu", "gpu_milli", "gpu_spec", "pod_phase", "creation_time"],
};
const NODES: Kind = Kind { what: "a list of nodes", columns: &["sn", "gpu", "model", "cpu_milli", "memory_mib"] };

const MIB: u64 = 1 << 20;

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let [pods, nodes] = sort_out(request.files, &[PODS, NODES])?;
    if pods.is_empty() {
        return Err(no_jobs(request.first(), &[PODS]).into());
    }
    let site = at_most_one(nodes, &NODES)?.map(site).transpose()?;
    let from = request.options.number("from").unwrap_or(9_600_000.0);
    let from = Moment::from_micros((from * 1e6) as i64);
    let mut jobs = Assembly::default();
    let mut records = Vec::new();
    let mut rows = 0;
    let mut early = 0u64;
    for mut sheet in pods {
        let pods = Pods::of(&sheet)?;
        while let Some(row) = sheet.next_row()? {
            match pods.record(&row)? {
                Ok(record) if record.submit < from => early += 1,
                Ok(record) => records.push(record),
                Err(reason) => jobs.skip(reason),
            }
        }
        rows += sheet.rows();
    }
    jobs.skip_rows("created before the option `from`", early);
    if early > 0 {
        let from = from.seconds();
        jobs.notice(format!("pods created before second {from} are left out (--option from=0 keeps them)"));
    }
    jobs.notice("priority 0 is the class BE, 1 every other; a shared GPU is taken with its recorded share");
    censor(&mut records);
    records.into_iter().for_each(|record| jobs.keep(record));
    Ok(jobs.finish(rows, site))
}

/// A running pod whose deletion is the last instant of the record was there when the record ended.
fn censor(records: &mut [Record]) {
    let last = records.iter().filter_map(|record| record.end).max();
    for record in records.iter_mut().filter(|record| record.end == last && record.spec.state.is_none()) {
        record.spec.state = Some(RecordedState::Unfinished);
    }
}

/// Where everything stands in a list of pods.
struct Pods {
    name: Column,
    cpu_milli: Column,
    memory_mib: Column,
    num_gpu: Column,
    gpu_milli: Column,
    gpu_spec: Column,
    qos: Column,
    phase: Column,
    created: Column,
    scheduled: Column,
    deleted: Column,
}

impl Pods {
    fn of(sheet: &Sheet) -> Result<Pods, Problems> {
        let [name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec] =
            sheet.columns(["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec"])?;
        let [qos, phase, created, scheduled, deleted] =
            sheet.columns(["qos", "pod_phase", "creation_time", "scheduled_time", "deletion_time"])?;
        Ok(Pods { name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, qos, phase, created, scheduled, deleted })
    }

    fn record(&self, row: &Row<'_>) -> Result<Result<Record, &'static str>, Problem> {
        let spec = self.spec(row)?;
        let Some(created) = row.moment(self.created)? else { return Ok(Err("without a creation time")) };
        let Some(scheduled) = row.moment(self.scheduled)? else { return Ok(Err("never scheduled")) };
        let Some(deleted) = row.moment(self.deleted)? else { return Ok(Err("without a deletion time")) };
        let Some(duration) = deleted.since(scheduled) else { return Ok(Err("deleted before they were scheduled")) };
        let record = Record::new(row.text(self.name), created, duration, spec);
        Ok(Ok(record.ran(Some(scheduled), Some(deleted))))
    }

    fn spec(&self, row: &Row<'_>) -> Result<JobSpec, Problem> {
        let gpus = row.count(self.num_gpu)?;
        let milli = row.count(self.gpu_milli)?;
        if gpus > 0 && !(1..=1000).contains(&milli) {
            return Err(row.wrong(self.gpu_milli, "expected thousandths of a GPU, from 1 to 1000"));
        }
        // A running pod is one whose last phase before its deletion was that: services end so.
        let state = match row.text(self.phase) {
            "Running" | "" => None,
            _ => row.state(self.phase)?,
        };
        Ok(JobSpec {
            gpus,
            // All GPUs of a pod are on one node.
            tasks: NonZeroU32::new(1),
            gpu_types: gpu_ids(row.text(self.gpu_spec)),
            gpu_share: (gpus > 0 && milli < 1000).then(|| MilliGpu::from_milli(u64::from(milli))),
            cpu_milli: u64::from(row.count(self.cpu_milli)?),
            mem_bytes: u64::from(row.count(self.memory_mib)?) * MIB,
            priority: i64::from(row.text(self.qos) != "BE"),
            state,
            ..JobSpec::default()
        })
    }
}

/// The cluster of a list of nodes.
fn site(mut sheet: Sheet) -> Result<Site, Problems> {
    let [cpu_milli, memory_mib, gpus, model] = sheet.columns(["cpu_milli", "memory_mib", "gpu", "model"])?;
    let mut inventory = Inventory::default();
    while let Some(row) = sheet.next_row()? {
        let count = row.count(gpus)?;
        if count > 0 && row.text(model).is_empty() {
            return Err(row.wrong(model, &format!("expected the model of its {count} GPUs")).into());
        }
        let shape = Shape {
            gpus: count,
            gpu: if count > 0 { gpu_id(row.text(model)).to_owned() } else { String::new() },
            cpu_milli: u64::from(row.count(cpu_milli)?),
            mem_bytes: u64::from(row.count(memory_mib)?) * MIB,
        };
        inventory.add(shape, 1);
    }
    Ok(inventory.site(format!(
        "The nodes of {}, a pool for each model and size.\nAlibaba does not say what G2 and G3 are.",
        sheet.file_name()
    )))
}
