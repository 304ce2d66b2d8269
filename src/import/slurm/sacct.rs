//! `sacct --parsable2`: a header, columns divided by pipes, a row for each job and each of its steps.

use std::path::Path;

use super::super::assembly::{Assembly, Record};
use super::super::moment::Moment;
use super::super::row::{self, Row};
use super::super::shape::on_nodes;
use super::super::sheet::{Column, Header, Sheet};
use super::Reading;
use super::words::{self, Resources};
use crate::input::{Problem, Problems};
use crate::trace::JobSpec;
use crate::units::Span;

/// Where everything stands; most columns are asked for with `--format`, so any may be missing.
struct Columns {
    id: Column,
    submit: Column,
    start: Column,
    end: Column,
    state: Column,
    elapsed: Option<Column>,
    elapsed_clock: Option<Column>,
    limit: Option<Column>,
    limit_clock: Option<Column>,
    tres: Vec<Column>,
    gres: Option<Column>,
    nodes: Option<Column>,
    cpus: Option<Column>,
    memory: Option<Column>,
    payer: Option<Column>,
    partition: Option<Column>,
}

/// Reads a file and says how many rows it has.
pub fn read(path: &Path, reading: Reading<'_>, jobs: &mut Assembly) -> Result<u64, Problems> {
    let mut sheet = Sheet::open_as(path, b'|', Header::First)?;
    let columns = Columns::of(&sheet, reading)?;
    let mut other_spans = 0u64;
    while let Some(row) = sheet.next_row()? {
        let record = columns.record(&row, reading)?;
        if let Ok(Record { start: Some(start), end: Some(end), duration, .. }) = &record {
            other_spans += u64::from(end.since(*start) != Some(*duration));
        }
        jobs.take(record);
    }
    if other_spans > 0 {
        jobs.notice(format!(
            "jobs that ran for another time than from Start to End: {other_spans} (a clock set forth or back, a \
             suspension); Elapsed counts"
        ));
    }
    Ok(sheet.rows())
}

impl Columns {
    fn of(sheet: &Sheet, reading: Reading<'_>) -> Result<Columns, Problems> {
        let [id, submit, start, end, state] = sheet.columns(["JobID", "Submit", "Start", "End", "State"])?;
        let find = |name| sheet.find(name);
        Ok(Columns {
            id,
            submit,
            start,
            end,
            state,
            elapsed: find("ElapsedRaw"),
            elapsed_clock: find("Elapsed"),
            limit: find("TimelimitRaw"),
            limit_clock: find("Timelimit"),
            tres: ["AllocTRES", "ReqTRES"].into_iter().filter_map(find).collect(),
            gres: find("AllocGRES").or_else(|| find("ReqGRES")),
            nodes: find("NNodes").or_else(|| find("AllocNodes")),
            cpus: find("NCPUS").or_else(|| find("AllocCPUS")).or_else(|| find("ReqCPUS")),
            memory: find("ReqMem"),
            payer: find(if reading.by_user { "User" } else { "Account" }),
            partition: find("Partition").filter(|_| reading.partitions),
        })
    }

    fn record(&self, row: &Row<'_>, reading: Reading<'_>) -> Result<Result<Record, &'static str>, Problem> {
        let id = row.text(self.id);
        if id.contains('.') {
            return Ok(Err("steps of jobs"));
        }
        let state = row.read(self.state, words::state)?;
        let Some(submit) = row.date(self.submit)? else { return Ok(Err("without a submission")) };
        let Some(start) = row.date(self.start)? else { return Ok(Err("never started")) };
        let end = row.date(self.end)?;
        let Some(duration) = self.elapsed(row)?.or_else(|| end.and_then(|end: Moment| end.since(start))) else {
            return Ok(Err("without an end"));
        };
        let limit = self.limit(row)?;
        let text = |column: Option<Column>| column.map(|column| row.text(column).to_owned()).unwrap_or_default();
        let spec = JobSpec {
            tenant: text(self.payer),
            queue: text(self.partition),
            state: Some(state),
            ..self.spec(row, reading)?
        };
        Ok(Ok(Record::new(id, submit, duration, spec).ran(Some(start), end).asked(limit)))
    }

    fn elapsed(&self, row: &Row<'_>) -> Result<Option<Span>, Problem> {
        match (self.elapsed, self.elapsed_clock) {
            (Some(raw), _) => row.span(raw),
            (None, Some(clock)) => row.read_filled(clock, words::clock),
            (None, None) => Ok(None),
        }
    }

    fn limit(&self, row: &Row<'_>) -> Result<Option<Span>, Problem> {
        match (self.limit, self.limit_clock) {
            (Some(minutes), _) => row.read(minutes, words::limit_minutes),
            (None, Some(clock)) => row.read(clock, words::limit_clock),
            (None, None) => Ok(None),
        }
    }

    fn spec(&self, row: &Row<'_>, reading: Reading<'_>) -> Result<JobSpec, Problem> {
        let count = |column: Option<Column>| match column {
            Some(column) => row.read_filled(column, row::count),
            None => Ok(None),
        };
        let nodes = count(self.nodes)?.unwrap_or(0);
        let mut found = Resources::default();
        if let Some(&column) = self.tres.iter().find(|&&column| row.known(column).is_some()) {
            found = row.read(column, words::tres)?;
        } else if let Some(gres) = self.gres {
            let of_node = row.read(gres, words::gres)?;
            found = Resources { gpus: of_node.gpus.saturating_mul(nodes.max(1)), ..of_node };
        }
        let cpus = found.cpus.or(count(self.cpus)?.map(u64::from)).unwrap_or(0);
        let mut spec = on_nodes(found.gpus, cpus.saturating_mul(1000), nodes, u32::MAX);
        let tasks = spec.tasks.map_or(1, |tasks| u64::from(tasks.get()));
        let memory = match (found.mem_bytes, self.memory) {
            (Some(bytes), _) => bytes,
            (None, Some(column)) => row.read_filled(column, |text| requested(text, cpus, nodes))?.unwrap_or(0),
            (None, None) => 0,
        };
        spec.mem_bytes = memory.div_ceil(tasks);
        spec.gpu_types = reading.gpu_types(found.gpu);
        Ok(spec)
    }
}

/// Reads `2800Mc` (of a core) or `500000Mn` (of a node) as bytes in total; without the letter it is not clear what it is of.
fn requested(text: &str, cpus: u64, nodes: u32) -> Result<u64, String> {
    if let Some(of_core) = text.strip_suffix('c') {
        return words::memory(of_core).map(|bytes| bytes.saturating_mul(cpus));
    }
    text.strip_suffix('n')
        .map_or(Ok(0), |of_node| words::memory(of_node).map(|bytes| bytes.saturating_mul(u64::from(nodes))))
}
