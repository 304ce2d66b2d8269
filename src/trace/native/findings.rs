//! What is wrong with a trace, and the second look at the file that says exactly where.
//!
//! The reader keeps no text and counts no columns while all is well. Only when something is wrong is the file read
//! once more, for the lines of earlier rows and the byte columns of fields.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use csv::{ByteRecord, Position};

use crate::input::{MOST_PROBLEMS, Problem, Problems};
use crate::trace::source::{CHUNK, Source};

/// A place in the file, as cheaply as the reader knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Where the record starts or the blank lines before it, in decompressed bytes.
    byte: u64,
    /// The line of that byte.
    line: u64,
    /// The field of the record; `None` for all of it.
    field: Option<usize>,
}

#[derive(Debug)]
struct Finding {
    at: Spot,
    message: String,
    /// An earlier record, by number, whose line ends the message.
    earlier: Option<u64>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    untold: usize,
}

/// A value as a message shows it: quoted, escaped, shortened.
pub(super) fn shown(value: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(value);
    let short: String = text.chars().take(MOST).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    format!("\"{}{dots}\"", short.escape_debug())
}

impl Spot {
    /// The start of a record.
    pub fn of(position: &Position) -> Spot {
        Spot { byte: position.byte(), line: position.line(), field: None }
    }

    /// A field of it, the first being 0.
    pub fn field(self, field: usize) -> Spot {
        Spot { field: Some(field), ..self }
    }
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, at: Spot, message: impl Into<String>) {
        self.add(at, None, || message.into());
    }

    /// Adds one whose message is only made while there is room, ending with the line of an earlier record.
    pub fn add(&mut self, at: Spot, earlier: Option<u64>, message: impl FnOnce() -> String) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(Finding { at, message: message(), earlier });
        } else {
            self.untold += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds them to `problems` with their lines and columns.
    pub fn locate(self, path: &Path, problems: &mut Problems) {
        let records: BTreeSet<u64> = self.list.iter().filter_map(|f| f.earlier).collect();
        let earlier = spots_of_records(path, &records).unwrap_or_default();
        let spots = self.list.iter().map(|f| f.at).chain(earlier.values().copied());
        let places = field_places(path, spots.map(|s| (s.byte, s.line)).collect()).unwrap_or_default();
        for finding in self.list {
            let place = |spot: Spot| place_of(spot, &places);
            let (line, column) = place(finding.at);
            let first = finding.earlier.and_then(|record| earlier.get(&record)).map(|&spot| place(spot).0);
            let message = match first {
                Some(first) => format!("{} line {first}", finding.message),
                None => finding.message,
            };
            problems.push(Problem::at(path, line, column, message));
        }
        problems.add_untold(self.untold);
    }
}

/// Line and column of every field of a record.
type Places = Vec<(u64, u64)>;

fn place_of(spot: Spot, places: &BTreeMap<u64, Places>) -> (u64, u64) {
    let Some(fields) = places.get(&spot.byte) else {
        return (spot.line, 0);
    };
    match spot.field {
        Some(field) => fields.get(field).copied().unwrap_or((spot.line, 0)),
        None => (fields.first().map_or(spot.line, |&(line, _)| line), 0),
    }
}

/// Where the records of these numbers start, the header being 0; `None` when the file cannot be read a second time.
fn spots_of_records(path: &Path, wanted: &BTreeSet<u64>) -> Option<BTreeMap<u64, Spot>> {
    let last = *wanted.last()?;
    let mut reader = super::read::csv_reader(Source::open(path).ok()?);
    let mut record = ByteRecord::new();
    let mut spots = BTreeMap::new();
    for number in 0..=last {
        if !reader.read_byte_record(&mut record).ok()? {
            break;
        }
        if let (true, Some(position)) = (wanted.contains(&number), record.position()) {
            spots.insert(number, Spot::of(position));
        }
    }
    Some(spots)
}

/// The places of the fields of the records that start at these bytes.
fn field_places(path: &Path, starts: BTreeMap<u64, u64>) -> Option<BTreeMap<u64, Places>> {
    let mut text = Text { reader: BufReader::with_capacity(CHUNK, Source::open(path).ok()?), at: 0 };
    let mut places = BTreeMap::new();
    for (byte, line) in starts {
        text.skip_to(byte)?;
        places.insert(byte, text.fields_of_record(line)?);
    }
    Some(places)
}

/// Where in a field the walk is; the same rules as the csv crate's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InField {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that closes the field, unless another one follows.
    Closed,
    RecordEnd,
}

impl InField {
    fn after(self, byte: u8) -> InField {
        match (self, byte) {
            (InField::Quoted, b'"') => InField::Closed,
            (InField::Quoted, _) | (InField::Start | InField::Closed, b'"') => InField::Quoted,
            (_, b',') => InField::Start,
            (_, b'\r' | b'\n') => InField::RecordEnd,
            _ => InField::Plain,
        }
    }
}

/// The decompressed text, byte by byte.
struct Text {
    reader: BufReader<Source>,
    at: u64,
}

impl Text {
    fn peek(&mut self) -> Option<Option<u8>> {
        self.reader.fill_buf().ok().map(|buffer| buffer.first().copied())
    }

    fn step(&mut self, count: usize) {
        self.reader.consume(count);
        self.at += count as u64;
    }

    /// Goes on to an offset; `None` when it cannot be reached.
    fn skip_to(&mut self, byte: u64) -> Option<()> {
        while self.at < byte {
            let ready = self.reader.fill_buf().ok()?.len() as u64;
            if ready == 0 {
                return None;
            }
            self.step(ready.min(byte - self.at) as usize);
        }
        (self.at == byte).then_some(())
    }

    /// Walks over the record that starts here or behind blank lines, and notes where its fields start.
    fn fields_of_record(&mut self, mut line: u64) -> Option<Places> {
        if self.at == 0 {
            self.skip_byte_order_mark()?;
        }
        while let Some(byte @ (b'\r' | b'\n')) = self.peek()? {
            line += u64::from(byte == b'\n');
            self.step(1);
        }
        let mut column = 1;
        let mut places = vec![(line, column)];
        let mut state = InField::Start;
        while let Some(byte) = self.peek()? {
            state = state.after(byte);
            if state == InField::RecordEnd {
                break;
            }
            self.step(1);
            column += 1;
            if byte == b'\n' {
                (line, column) = (line + 1, 1);
            }
            if state == InField::Start {
                places.push((line, column));
            }
        }
        Some(places)
    }

    fn skip_byte_order_mark(&mut self) -> Option<()> {
        if self.reader.fill_buf().ok()?.starts_with(b"\xEF\xBB\xBF") {
            self.step(3);
        }
        Some(())
    }
}
