//! The job completion log: a line of `Key=Value` for each job.

use std::path::Path;

use super::super::assembly::{Assembly, Record};
use super::super::lines::{Line, Lines};
use super::super::moment::Moment;
use super::super::shape::on_nodes;
use super::Reading;
use super::words;
use crate::input::Problem;
use crate::trace::JobSpec;
use crate::units::suggest;

/// Reads a file and says how many lines it has.
pub fn read(path: &Path, reading: Reading<'_>, jobs: &mut Assembly) -> Result<u64, Problem> {
    let mut lines = Lines::open(path)?;
    let mut rows = 0;
    while let Some(line) = lines.next_line()? {
        if line.text.is_empty() {
            continue;
        }
        rows += 1;
        jobs.take(record(&Pairs::of(&line), reading)?);
    }
    Ok(rows)
}

/// The pairs of a line.
struct Pairs<'a> {
    line: &'a Line<'a>,
    pairs: Vec<(&'a str, &'a str)>,
}

fn record(pairs: &Pairs<'_>, reading: Reading<'_>) -> Result<Result<Record, &'static str>, Problem> {
    let id = pairs.needed("JobId")?;
    let state = pairs.read("JobState", words::state)?;
    let submit = pairs.read("SubmitTime", moment)?;
    let (start, end) = (pairs.read("StartTime", moment)?, pairs.read("EndTime", moment)?);
    let Some(submit) = submit else { return Ok(Err("without a submission")) };
    let Some(start) = start else { return Ok(Err("never started")) };
    let Some(end) = end else { return Ok(Err("without an end")) };
    let Some(duration) = end.since(start) else { return Ok(Err("ending before they start")) };
    let nodes = pairs.read("NodeCnt", whole)?;
    let gres = pairs.read("Gres", words::gres)?;
    let cpu_milli = u64::from(pairs.read("ProcCnt", whole)?) * 1000;
    let shape = on_nodes(gres.gpus.saturating_mul(nodes.max(1)), cpu_milli, nodes, u32::MAX);
    let user = pairs.find("UserId").and_then(|user| user.split('(').next()).unwrap_or_default();
    let spec = JobSpec {
        gpu_types: reading.gpu_types(gres.gpu),
        tenant: if reading.by_user { user } else { pairs.find("Account").unwrap_or_default() }.to_owned(),
        queue: pairs.find("Partition").filter(|_| reading.partitions).unwrap_or_default().to_owned(),
        state: Some(state),
        ..shape
    };
    let limit = pairs.read("TimeLimit", words::limit_minutes)?;
    Ok(Ok(Record::new(id, submit, duration, spec).ran(Some(start), Some(end)).asked(limit)))
}

/// A time; nothing for a job that has none.
fn moment(text: &str) -> Result<Option<Moment>, String> {
    match text {
        "" | "Unknown" | "None" | "NONE" => Ok(None),
        text => Moment::of_date(text).map(Some),
    }
}

fn whole(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected a whole number >= 0".to_owned())
}

impl<'a> Pairs<'a> {
    fn of(line: &'a Line<'a>) -> Pairs<'a> {
        Pairs { line, pairs: line.text.split_ascii_whitespace().filter_map(|word| word.split_once('=')).collect() }
    }

    fn find(&self, key: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(known, _)| *known == key).map(|&(_, value)| value)
    }

    fn needed(&self, key: &str) -> Result<&'a str, Problem> {
        self.find(key).ok_or_else(|| {
            let keys = self.pairs.iter().map(|&(key, _)| key);
            let hint = suggest::nearest(key, keys).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.line.problem(format!("`{key}=` is missing{hint}"))
        })
    }

    fn read<T>(&self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Problem> {
        let text = self.needed(key)?;
        read(text).map_err(|expected| self.line.wrong(text, &format!("`{key}`"), &expected))
    }
}
