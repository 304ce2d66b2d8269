//! Any CSV with a row for each job, by naming its columns: `--map submit_s=arrival_s,duration_s=service_sec,...`.

use super::assembly::{Assembly, Record};
use super::moment::{Moment, TimeUnit};
use super::row::Row;
use super::sheet::{Column as Field, Header, Sheet};
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::trace::native::{Column, SpecReader};
use crate::units::keys::{Key, Kind};
use crate::units::{Span, suggest};

/// The generic format.
pub static FORMAT: Format = Format {
    name: "csv",
    summary: "any CSV with a row for each job; --map says which of its columns is which",
    files: "one CSV with a header",
    options: OPTIONS,
    read,
};

const TIMES: &[&str] = &["seconds", "milliseconds", "minutes", "hours", "date"];
const DELIMITERS: &[&str] = &["comma", "tab", "semicolon", "pipe"];

const OPTIONS: &[Key] = &[
    Key {
        name: "time",
        kind: Kind::Choice(TIMES),
        default: "seconds",
        doc: "What instants are: numbers since any origin, or dates such as 2020-06-09 18:41:01.",
    },
    Key {
        name: "span",
        kind: Kind::Choice(&["seconds", "milliseconds", "minutes", "hours"]),
        default: "that of time, or seconds",
        doc: "What durations, waits and walltimes are.",
    },
    Key { name: "delimiter", kind: Kind::Choice(DELIMITERS), default: "comma", doc: "What separates the columns." },
];

/// Columns that a map can name besides the native ones.
const WAIT: &str = "wait_s";

/// Where everything stands in the sheet.
struct Layout {
    id: Option<Field>,
    submit: Field,
    start: Option<Field>,
    end: Option<Field>,
    wait: Option<Field>,
    duration: Option<Field>,
    walltime: Option<Field>,
    shared: Vec<Field>,
    reader: SpecReader,
    time: Clock,
    span: TimeUnit,
}

#[derive(Clone, Copy)]
enum Clock {
    Numbers(TimeUnit),
    Dates,
}

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let path = request.only_file()?;
    let delimiter = match request.options.text_or("delimiter", "comma") {
        "tab" => b'\t',
        "semicolon" => b';',
        "pipe" => b'|',
        _ => b',',
    };
    let mut sheet = Sheet::open_as(path, delimiter, Header::First)?;
    let layout = Layout::new(request, &sheet)?;
    let mut jobs = Assembly::default();
    let mut row_number = 0u64;
    while let Some(row) = sheet.next_row()? {
        row_number += 1;
        jobs.take(layout.record(&row, row_number)?);
    }
    Ok(jobs.finish(sheet.rows(), None))
}

impl Layout {
    fn new(request: &Request<'_>, sheet: &Sheet) -> Result<Layout, Problems> {
        let found = Found::of(request, sheet)?;
        let native: Vec<Column> = found.native.iter().map(|&(column, _)| column).collect();
        let at = |column| found.native.iter().find(|&&(known, _)| known == column).map(|&(_, field)| field);
        let needed = |column: Column| at(column).ok_or_else(|| missing(column, sheet));
        needed(Column::Gpus)?;
        let time = match request.options.text_or("time", "seconds") {
            "date" => Clock::Dates,
            unit => Clock::Numbers(unit_named(unit)),
        };
        let default = if let Clock::Numbers(unit) = time { unit } else { TimeUnit::Seconds };
        let span = request.options.value("span").map_or(default, |_| unit_named(request.options.text_or("span", "")));
        let (start, end, wait) = (at(Column::RecordedStart), at(Column::RecordedEnd), found.wait);
        let duration = at(Column::Duration);
        if duration.is_none() && (end.is_none() || (start.is_none() && wait.is_none())) {
            return Err(missing(Column::Duration, sheet).into());
        }
        Ok(Layout {
            id: at(Column::JobId),
            submit: needed(Column::Submit)?,
            start,
            end,
            wait,
            duration,
            walltime: at(Column::Walltime),
            shared: found.native.iter().map(|&(_, field)| field).collect(),
            reader: SpecReader::new(&native),
            time,
            span,
        })
    }

    /// The job of a row, or why there is none.
    fn record(&self, row: &Row<'_>, row_number: u64) -> Result<Result<Record, &'static str>, Problem> {
        let Some(submit) = row.read_filled(self.submit, |text| self.moment(text))? else {
            return Ok(Err("without a submission"));
        };
        let moment = |field: Option<Field>| match field {
            Some(field) => row.read_filled(field, |text| self.moment(text)),
            None => Ok(None),
        };
        let span = |field: Option<Field>| match field {
            Some(field) => row.read_filled(field, |text| self.span(text)),
            None => Ok(None),
        };
        let waited = span(self.wait)?.map(|wait| submit.after(wait));
        let (start, end) = (moment(self.start)?.or(waited), moment(self.end)?);
        let ran = || start.zip(end).and_then(|(start, end)| end.since(start));
        let Some(duration) = span(self.duration)?.or_else(ran) else { return Ok(Err("without a duration")) };
        let texts: Vec<&str> = self.shared.iter().map(|&field| row.text(field)).collect();
        let spec = self.reader.read(&texts).map_err(|(at, message)| row.wrong(self.shared[at], &message))?;
        let id = self.id.and_then(|field| row.filled(field)).map_or_else(|| format!("row-{row_number}"), str::to_owned);
        Ok(Ok(Record { id, submit, start, end, duration, walltime: span(self.walltime)?, spec }))
    }

    fn moment(&self, text: &str) -> Result<Moment, String> {
        match self.time {
            Clock::Numbers(unit) => Moment::of_decimal(text, unit).map_err(|expected| match Moment::of_date(text) {
                Ok(_) => format!("{expected}; --option time=date reads dates"),
                Err(_) => expected,
            }),
            Clock::Dates => Moment::of_date(text),
        }
    }

    fn span(&self, text: &str) -> Result<Span, String> {
        self.span.span(text)
    }
}

/// The columns of the sheet that the map, or their own name, makes native ones.
struct Found {
    native: Vec<(Column, Field)>,
    wait: Option<Field>,
}

impl Found {
    fn of(request: &Request<'_>, sheet: &Sheet) -> Result<Found, Problems> {
        let mut found = Found { native: Vec::new(), wait: None };
        let mut problems = Problems::new();
        for (name, source) in &request.map {
            match sheet.column(source) {
                Ok(field) => found.assign(name, field, &mut problems),
                Err(problem) => problems.push(problem),
            }
        }
        for name in Column::NAMES.iter().chain([&WAIT]) {
            if let Some(field) = sheet.find(name).filter(|_| !request.map.iter().any(|(mapped, _)| mapped == name)) {
                found.assign(name, field, &mut problems);
            }
        }
        problems.or(found)
    }

    fn assign(&mut self, name: &str, field: Field, problems: &mut Problems) {
        if name == WAIT {
            self.wait = Some(field);
            return;
        }
        match Column::named(name) {
            Some(column) if self.native.iter().any(|&(known, _)| known == column) => {
                problems.push(map_problem(format!("`{name}` is mapped twice")));
            }
            Some(column) => self.native.push((column, field)),
            None => {
                let names: Vec<&str> = Column::NAMES.iter().copied().chain([WAIT]).collect();
                problems.push(map_problem(format!("unknown column `{name}`{}", suggest::hint(name, &names))));
            }
        }
    }
}

fn unit_named(word: &str) -> TimeUnit {
    match word {
        "milliseconds" => TimeUnit::Milliseconds,
        "minutes" => TimeUnit::Minutes,
        "hours" => TimeUnit::Hours,
        _ => TimeUnit::Seconds,
    }
}

fn missing(column: Column, sheet: &Sheet) -> Problem {
    let name = column.name();
    let columns = sheet.names().join(",");
    map_problem(format!("nothing is mapped to `{name}`; expected {name}=COLUMN with one of {columns}"))
}

fn map_problem(message: String) -> Problem {
    Problem { source: "--map".to_owned(), at: None, message }
}
