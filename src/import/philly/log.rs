//! `cluster_job_log`: one JSON array with an object for each job, read job by job.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::super::assembly::{Assembly, Record};
use super::super::member::Member;
use super::super::moment::Moment;
use super::super::row;
use crate::input::Problem;
use crate::trace::source::CHUNK;
use crate::trace::{JobSpec, RecordedState};
use crate::units::Span;
use crate::units::keys::Params;

/// A job as the log has it.
#[derive(Debug, Deserialize)]
struct Job {
    jobid: String,
    vc: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(deserialize_with = "state")]
    status: Option<RecordedState>,
    #[serde(deserialize_with = "date")]
    submitted_time: Option<Moment>,
    attempts: Vec<Attempt>,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    #[serde(default, deserialize_with = "date")]
    start_time: Option<Moment>,
    #[serde(default, deserialize_with = "date")]
    end_time: Option<Moment>,
    #[serde(default)]
    detail: Vec<Machine>,
}

#[derive(Debug, Deserialize)]
struct Machine {
    #[serde(default)]
    gpus: Vec<de::IgnoredAny>,
}

/// How a log is read.
struct Reading<'a> {
    sums_attempts: bool,
    by_user: bool,
    jobs: &'a mut Assembly,
    rows: u64,
}

/// Reads a log and says how many jobs are in it.
pub fn read(path: &Path, options: &Params, jobs: &mut Assembly) -> Result<u64, Problem> {
    let mut reading = Reading {
        sums_attempts: options.text_or("run_time", "attempts") == "attempts",
        by_user: options.text_or("tenant", "vc") == "user",
        jobs,
        rows: 0,
    };
    let mut bytes = Bytes { member: BufReader::with_capacity(CHUNK, Member::open(path)?), failed: None };
    let mut json = serde_json::Deserializer::from_reader(&mut bytes);
    let read = json.deserialize_seq(&mut reading).and_then(|()| json.end());
    let rows = reading.rows;
    if let Err(error) = read {
        let message = match bytes.failed.take() {
            Some(message) => message,
            None => explained(&error),
        };
        return Err(Problem::at(path, error.line() as u64, error.column() as u64, message));
    }
    jobs.notice(match options.text_or("run_time", "attempts") {
        "attempts" => {
            "the run time of a job is the sum of its attempts (--option run_time=span: first start to last end)"
        }
        _ => "the run time of a job is from the first start to the last end of its attempts",
    });
    Ok(rows)
}

/// The message without the place, which the problem says itself.
fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    match error.classify() {
        serde_json::error::Category::Eof => format!("the JSON is cut off: {what}"),
        serde_json::error::Category::Syntax => format!("is not JSON: {what}"),
        _ => what.to_owned(),
    }
}

/// Bytes whose errors are told in the words of their source.
struct Bytes {
    member: BufReader<Member>,
    failed: Option<String>,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.member.read(buffer).inspect_err(|error| self.failed = Some(self.member.get_ref().explain(error)))
    }
}

impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut log: A) -> Result<(), A::Error> {
        while let Some(job) = log.next_element::<Job>()? {
            self.rows += 1;
            let record = self.record(job);
            self.jobs.take(record);
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn record(&self, job: Job) -> Result<Record, &'static str> {
        let submit = job.submitted_time.ok_or("without a submission")?;
        let gpus_of = |attempt: &Attempt| attempt.detail.iter().map(|machine| machine.gpus.len() as u32).sum::<u32>();
        let gpus = job.attempts.iter().rev().map(gpus_of).find(|&gpus| gpus > 0);
        let start = job.attempts.iter().filter_map(|attempt| attempt.start_time).min().ok_or("never ran")?;
        let gpus = gpus.ok_or("without GPUs in any attempt")?;
        let end = job.attempts.iter().filter_map(|attempt| attempt.end_time).max();
        let duration = if self.sums_attempts { sum(&job.attempts)? } else { end.and_then(|end| end.since(start)) };
        let duration = duration.ok_or("without an end")?;
        let tenant = if self.by_user { job.user.unwrap_or_default() } else { job.vc.clone() };
        let spec = JobSpec { gpus, queue: job.vc, tenant, state: job.status, ..JobSpec::default() };
        Ok(Record::new(job.jobid, submit, duration, spec).ran(Some(start), end))
    }
}

/// How long the attempts ran together; `None` where none has both a start and an end.
fn sum(attempts: &[Attempt]) -> Result<Option<Span>, &'static str> {
    let mut total = None;
    for (start, end) in attempts.iter().filter_map(|attempt| attempt.start_time.zip(attempt.end_time)) {
        let ran = end.since(start).ok_or("with an attempt ending before it starts")?;
        total = Some(Span::from_micros(total.map_or(0, Span::micros) + ran.micros()));
    }
    Ok(total)
}

/// A date; nothing for null, "None" and "".
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref().map(str::trim) {
        None | Some("" | "None" | "null") => Ok(None),
        Some(text) => Moment::of_date(text)
            .map(Some)
            .map_err(|expected| de::Error::custom(format!("{text:?} is no time; {expected}"))),
    }
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RecordedState>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref().map(str::trim) {
        None | Some("" | "None") => Ok(None),
        Some(text) => row::state(text)
            .map(Some)
            .map_err(|expected| de::Error::custom(format!("`status` is {text:?}; {expected}"))),
    }
}
