//! The Standard Workload Format of the Parallel Workloads Archive.
//!
//! Eighteen columns, `-1` where nothing is known. Logs of CERIT-SC have three more: the nodes used, the queue's name
//! and what was asked of the nodes. The memory that jobs request is in KB for each processor; in CERIT-SC's, as the values tell,
//! in bytes for each node.

mod asked;
mod site;

use std::num::NonZeroU32;

use super::assembly::{Assembly, Record};
use super::lines::{Line, Lines};
use super::moment::{Moment, TimeUnit};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::{JobSpec, RecordedState};
use crate::units::Span;
use crate::units::decimal::{self, DecimalError};
use crate::units::keys::{Key, Kind};
use asked::LeftOut;
use site::{Headers, Machines, NodeSpec};

/// The format.
pub static FORMAT: Format = Format {
    name: "swf",
    summary: "Standard Workload Format: the logs of the Parallel Workloads Archive, and CERIT-SC's with three columns more",
    files: "one *.swf, plain or compressed; its *.machines where there is one",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[
    Key {
        name: "processors",
        kind: Kind::Choice(&["gpus", "cores"]),
        default: "gpus",
        doc: "What processors become: GPUs, or cores of CPU jobs, which have the memory that they request.",
    },
    Key {
        name: "processors_per_gpu",
        kind: Kind::Count { min: 1, max: 100_000 },
        default: "1",
        doc: "So many processors are one GPU; a job's are rounded up.",
    },
    Key {
        name: "queue",
        kind: Kind::Choice(&["none", "queue", "partition"]),
        default: "none",
        doc: "Which column makes waiting lines; without one, all jobs wait in one line.",
    },
];

const FIELDS: usize = 18;
const EXTENDED: usize = 21;

/// Names of the fields, for messages.
const NAMES: [&str; FIELDS] = [
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average CPU time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
];

/// What processors become.
#[derive(Debug, Clone, Copy)]
struct Processors {
    are_cores: bool,
    per_gpu: u32,
}

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let (machines, logs) = request.split(|name| name.ends_with(".machines"));
    let options = &request.options;
    let processors = Processors {
        are_cores: options.text_or("processors", "gpus") == "cores",
        per_gpu: options.count("processors_per_gpu").unwrap_or(1) as u32,
    };
    let log = match logs.as_slice() {
        [log] => log,
        [_, second, ..] => return Err(Problem::of_file(second, "is a second log; the format takes only one").into()),
        [] => return Err(Problem::of_file(request.first(), "lists machines; expected a log (*.swf) as well").into()),
    };
    let machines = machines.first().map(|path| Machines::read(path)).transpose()?;
    let (line, left_out) = (options.text_or("queue", "none"), LeftOut::default());
    let mut reader = Reader { processors, line, machines: machines.as_ref(), left_out };
    let mut lines = Lines::open(log)?;
    let mut jobs = Assembly::default();
    let mut headers = Headers::default();
    let mut rows = 0;
    while let Some(line) = lines.next_line()? {
        match line.text.trim_start().strip_prefix(';') {
            Some(comment) => headers.read(comment),
            None if line.text.is_empty() => {}
            None => {
                rows += 1;
                jobs.take(reader.record(&line)?);
            }
        }
    }
    reader.left_out.tell(&mut jobs);
    let site = match &machines {
        Some(machines) => Some(machines.site(processors)),
        None => headers.site(processors),
    };
    Ok(jobs.finish(rows, site))
}

/// What it takes to read a line.
struct Reader<'a> {
    processors: Processors,
    line: &'a str,
    machines: Option<&'a Machines>,
    left_out: LeftOut,
}

/// The fields of a line.
struct Fields<'a> {
    line: &'a Line<'a>,
    texts: Vec<&'a str>,
}

impl Reader<'_> {
    fn record(&mut self, line: &Line<'_>) -> Result<Result<Record, &'static str>, Problem> {
        let texts: Vec<&str> = line.text.split_ascii_whitespace().collect();
        if texts.len() != FIELDS && texts.len() != EXTENDED {
            let found = texts.len();
            return Err(line.problem(format!("the row has {found} fields, expected {FIELDS} (or {EXTENDED})")));
        }
        let fields = Fields { line, texts };
        let status = fields.whole(11)?;
        if matches!(status, 2..=4) {
            return Ok(Err("parts of jobs that have a row of their own"));
        }
        let Some(submit) = fields.moment(2)? else { return Ok(Err("without a submission")) };
        let duration = match fields.span(4)? {
            Some(duration) => duration,
            None if matches!(fields.texts[3], "-1" | "-1.0" | "-1.00") => return Ok(Err("without a run time")),
            None => return Ok(Err("with a negative run time")),
        };
        let requested = fields.whole(8)?;
        let Ok(count) = u32::try_from(if requested > 0 { requested } else { fields.whole(5)? }) else {
            return Ok(Err("without processors"));
        };
        if count == 0 {
            return Ok(Err("without processors"));
        }
        let start = fields.span(3)?.map(|wait| submit.after(wait));
        let spec = self.spec(&fields, count, status)?;
        let record = Record::new(fields.texts[0], submit, duration, spec);
        Ok(Ok(record.ran(start, start.map(|start| start.after(duration))).asked(fields.span(9)?)))
    }

    fn spec(&mut self, fields: &Fields<'_>, processors: u32, status: i64) -> Result<JobSpec, Problem> {
        let word = |number: usize, prefix: &str| match fields.texts[number - 1] {
            unknown if unknown.starts_with('-') => String::new(),
            known => format!("{prefix}{known}"),
        };
        let named = fields.texts.get(19).map(|&name| name.to_owned());
        let queue = match self.line {
            "queue" => named.unwrap_or_else(|| word(15, "q")),
            "partition" => word(16, "p"),
            _ => String::new(),
        };
        let mut spec = self.processors.spec(processors);
        let asked = fields.texts.get(20).copied();
        if let (Some(asked), Some(machines)) = (asked, self.machines) {
            machines.constrain(asked, processors, self.processors, &mut spec);
        }
        if let Some(asked) = asked {
            let keeps_clusters = !self.processors.are_cores && !asked.contains('+');
            let machines = self.machines.filter(|_| keeps_clusters);
            self.left_out.properties(asked, |part| machines.is_some_and(|machines| machines.are_named(part)));
        }
        if let Some(number) = fields.memory()? {
            let per_processor = match asked {
                None => number.checked_mul(1024),
                Some(asked) => NodeSpec::read(asked).cores_of(processors).map(|cores| number.div_ceil(cores)),
            };
            match per_processor.filter(|_| self.processors.are_cores) {
                Some(bytes) => spec.mem_bytes = bytes,
                None => self.left_out.memory(),
            }
        }
        Ok(JobSpec { tenant: word(12, "u"), queue, state: state_of(status), ..spec })
    }
}

fn state_of(status: i64) -> Option<RecordedState> {
    match status {
        0 => Some(RecordedState::Failed),
        1 => Some(RecordedState::Completed),
        5 => Some(RecordedState::Cancelled),
        _ => None,
    }
}

impl Processors {
    fn spec(self, processors: u32) -> JobSpec {
        if self.are_cores {
            return JobSpec { tasks: NonZeroU32::new(processors), cpu_milli: 1000, ..JobSpec::default() };
        }
        JobSpec { gpus: self.gpus(processors), ..JobSpec::default() }
    }

    fn gpus(self, processors: u32) -> u32 {
        processors.div_ceil(self.per_gpu)
    }
}

impl Fields<'_> {
    /// A whole number, counted from 1 as in the format's description.
    fn whole(&self, number: usize) -> Result<i64, Problem> {
        let text = self.texts[number - 1];
        text.parse().map_err(|_| self.wrong(number, "expected a whole number, or -1"))
    }

    /// Seconds; `None` where they are negative, as all that is missing.
    fn span(&self, number: usize) -> Result<Option<Span>, Problem> {
        let text = self.texts[number - 1];
        let negative = text.strip_prefix('-').is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
        if negative {
            return Ok(None);
        }
        TimeUnit::Seconds.span(text).map(Some).map_err(|_| self.wrong(number, "expected seconds, or -1"))
    }

    /// The requested memory as it is written; `None` where there is none.
    fn memory(&self) -> Result<Option<u64>, Problem> {
        match decimal::scaled(self.texts[9].as_bytes(), 0) {
            Ok(number) => Ok(Some(number).filter(|&number| number > 0)),
            Err(DecimalError::Negative) => Ok(None),
            Err(_) => Err(self.wrong(10, "expected a number, or -1")),
        }
    }

    fn moment(&self, number: usize) -> Result<Option<Moment>, Problem> {
        Ok(self.span(number)?.map(|span| Moment::from_micros(0).after(span)))
    }

    fn wrong(&self, number: usize, expected: &str) -> Problem {
        self.line.wrong(self.texts[number - 1], &format!("field {number} ({})", NAMES[number - 1]), expected)
    }
}
