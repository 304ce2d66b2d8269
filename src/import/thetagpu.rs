//! ALCF's ThetaGPU: 24 DGX A100 under Cobalt.

use super::assembly::{Assembly, Record};
use super::row::Row;
use super::shape::on_nodes;
use super::sheet::{Column, Sheet};
use super::site::{Site, SitePool};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::JobSpec;
use crate::units::keys::{Key, Kind};

/// The format.
pub static FORMAT: Format = Format {
    name: "thetagpu",
    summary: "ALCF ThetaGPU 2023: science on 24 DGX A100",
    files: "data_thetagpu.csv",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[Key {
    name: "unit",
    kind: Kind::Choice(&["node", "gpu"]),
    default: "node",
    doc: "What the file counts: whole nodes of 8 GPUs, as in most of its queues, or single GPUs, as in one of them; it does \
          not say which row is which.",
}];

const NODES: u32 = 24;
const PER_NODE: u32 = 8;

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let mut sheet = Sheet::open(request.only_file()?)?;
    let per_unit = if request.options.text_or("unit", "node") == "gpu" { 1 } else { PER_NODE };
    let columns = Columns::of(&sheet, per_unit)?;
    let mut jobs = Assembly::default();
    while let Some(row) = sheet.next_row()? {
        jobs.take(columns.record(&row)?);
    }
    jobs.notice(format!("GPUs that a unit of the file is taken for: {per_unit} (--option unit)"));
    jobs.notice("recorded waits include dependencies, holds and reservations: compare medians, not means");
    let about = format!("{NODES} DGX A100 with {PER_NODE} GPUs each, as ALCF describes ThetaGPU.");
    let pool = SitePool {
        name: "thetagpu".to_owned(),
        gpu: Some("a100-40".to_owned()),
        nodes: NODES,
        gpus_per_node: PER_NODE,
        ..SitePool::default()
    };
    Ok(jobs.finish(sheet.rows(), Some(Site::new(about, vec![pool]))))
}

/// Where everything stands in the file.
struct Columns {
    id: Column,
    project: Column,
    units: Column,
    submit: Column,
    wait: Column,
    run: Column,
    wall: Column,
    status: Column,
    per_unit: u32,
}

impl Columns {
    fn of(sheet: &Sheet, per_unit: u32) -> Result<Columns, Problems> {
        let [id, project, units, submit] = sheet.columns(["job", "project", "node_num", "submit_time"])?;
        let [wait, run, wall, status] = sheet.columns(["wait_time", "run_time", "wall_time", "new_status"])?;
        Ok(Columns { id, project, units, submit, wait, run, wall, status, per_unit })
    }

    fn record(&self, row: &Row<'_>) -> Result<Result<Record, &'static str>, Problem> {
        let units = row.count(self.units)?;
        let gpus = units.checked_mul(self.per_unit);
        let gpus = gpus.ok_or_else(|| row.wrong(self.units, "expected fewer nodes"))?;
        let nodes = if self.per_unit > 1 { units } else { 0 };
        // A hash of 0.0 is a missing project.
        let tenant = Some(row.text(self.project)).filter(|&project| project != "0.0").unwrap_or_default();
        let tenant = tenant.strip_suffix(".0").unwrap_or(tenant);
        let spec = JobSpec {
            tenant: tenant.to_owned(),
            state: row.state(self.status)?,
            ..on_nodes(gpus, 0, nodes, self.per_unit)
        };
        let start = row.moment(self.submit)?.zip(row.span(self.wait)?).map(|(submit, wait)| submit.after(wait));
        Ok(match (row.moment(self.submit)?, row.span(self.run)?) {
            (None, _) => Err("without a submission"),
            (_, None) => Err("without a run time"),
            (Some(submit), Some(run)) => Ok(Record::new(row.text(self.id), submit, run, spec)
                .ran(start, start.map(|start| start.after(run)))
                .asked(row.span(self.wall)?)),
        })
    }
}
