//! A scenario file as a tree in which every key and value knows its place.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::input::{Problem, Problems};

/// Where a key or value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    source: Arc<str>,
    at: Option<(u64, u64)>,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// Where it stands.
    pub place: Place,
}

/// A value as the file writes it; numbers keep their digits, so that nothing is rounded before it is checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A string.
    Text(String),
    /// A whole number; `value` where it fits and is not negative.
    Integer {
        /// As written, without underscores.
        text: String,
        /// Its value, where it is one of 64 bits without a sign.
        value: Option<u64>,
    },
    /// A number with a point or an exponent, `inf` and `nan`, as written.
    Float(String),
    /// `true` or `false`.
    Bool(bool),
    /// A date or time, which no key takes.
    Date(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in file order.
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub node: Node,
}

impl Place {
    /// A whole input: a file, or an argument such as `--set seed`.
    #[must_use]
    pub fn whole(source: &str) -> Self {
        Place { source: source.into(), at: None }
    }

    /// A problem here.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { source: self.source.to_string(), at: self.at, message: message.into() }
    }

    /// What is wrong with the value of `key` here; an option of that name says the key already.
    #[must_use]
    pub fn wrong(&self, key: &str, message: impl fmt::Display) -> Problem {
        let is_option = self.source.strip_prefix("--") == Some(key);
        self.problem(if is_option { message.to_string() } else { format!("`{key}`: {message}") })
    }

    /// All that is known of it: `file.toml:3:9`, or `--trace`; empty where there is neither a file nor an option.
    #[must_use]
    pub fn full(&self) -> String {
        match self.at {
            Some((line, column)) => format!("{}:{line}:{column}", self.source),
            None => self.source.to_string(),
        }
    }

    /// The line, where it is known; the source, where it is not.
    #[must_use]
    pub fn brief(&self) -> String {
        match self.at {
            Some((line, _)) => format!("line {line}"),
            None => self.source.to_string(),
        }
    }
}

impl Node {
    /// A value at a place.
    #[must_use]
    pub fn new(data: Data, place: &Place) -> Self {
        Node { data, place: place.clone() }
    }

    /// The entries of a table.
    #[must_use]
    pub fn table(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of a table with this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.table()?.iter().find(|entry| entry.key == key)
    }

    /// The value as an error message quotes it.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.data {
            Data::Text(text) => format!("\"{text}\""),
            Data::Integer { text, .. } | Data::Float(text) | Data::Date(text) => text.clone(),
            Data::Bool(value) => value.to_string(),
            Data::List(_) => "a list".to_owned(),
            Data::Table(_) => "a table".to_owned(),
        }
    }
}

/// Reads TOML text. The tree holds what could be understood; the problems are all errors of syntax.
#[must_use]
pub fn parse(text: &str, source: &Path) -> (Node, Problems) {
    let lines = Lines::new(text, source);
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut found: Vec<_> = errors.iter().map(|error| (error.span().unwrap_or_default(), error.message())).collect();
    found.sort_by_key(|(span, _)| span.start);
    let mut problems = Problems::new();
    for (span, message) in found {
        let place = lines.place(span.start);
        problems.push(place.problem(in_plain_words(message, text.get(span.start..).unwrap_or_default(), span.len())));
    }
    let root = Node::new(Data::Table(lines.entries(document.get_ref())), &Place::whole(&source.display().to_string()));
    (root, problems)
}

/// The parser's message, clearer where it can be; `rest` is the text from the error on, the first `length` bytes of
/// which it is about.
fn in_plain_words(message: &str, rest: &str, length: usize) -> String {
    let nothing = rest.lines().next().is_none_or(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    match (message, rest.get(..length)) {
        ("duplicate key", Some(key)) => format!("`{key}` is there already"),
        // It takes a value that is not there for a text without quotes.
        (m, _) if m.starts_with("string values must be quoted") && nothing => "the value is missing".to_owned(),
        (m, _) if m.starts_with("string values must be quoted") => "a text stands in quotes".to_owned(),
        _ => message.to_owned(),
    }
}

/// Reads one TOML value, such as that of a `--set`.
#[must_use]
pub fn parse_value(text: &str, place: &Place) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let lines = Lines { starts: Vec::new(), text, fixed: Some(place.clone()), source: place.source.clone() };
    Some(lines.node(value.get_ref(), 0))
}

/// Turns offsets into lines and columns.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    source: Arc<str>,
    /// The place of everything, where offsets mean nothing.
    fixed: Option<Place>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str, source: &Path) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Lines { text, starts, source: source.display().to_string().into(), fixed: None }
    }

    fn place(&self, offset: usize) -> Place {
        if let Some(place) = &self.fixed {
            return place.clone();
        }
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = self.text.get(self.starts[line]..offset).unwrap_or_default();
        let column = before.chars().count() + 1;
        Place { source: self.source.clone(), at: Some((line as u64 + 1, column as u64)) }
    }

    fn entries(&self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut spanned: Vec<_> = table.iter().collect();
        spanned.sort_by_key(|(key, _)| key.span().start);
        spanned
            .into_iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                place: self.place(key.span().start),
                node: self.node(value.get_ref(), value.span().start),
            })
            .collect()
    }

    fn node(&self, value: &DeValue<'_>, offset: usize) -> Node {
        let data = match value {
            DeValue::String(text) => Data::Text(text.to_string()),
            DeValue::Integer(number) => Data::Integer {
                text: number.to_string(),
                value: u64::from_str_radix(number.as_str(), number.radix()).ok(),
            },
            DeValue::Float(number) => Data::Float(number.as_str().to_owned()),
            DeValue::Boolean(value) => Data::Bool(*value),
            DeValue::Datetime(date) => Data::Date(date.to_string()),
            DeValue::Array(items) => {
                Data::List(items.iter().map(|item| self.node(item.get_ref(), item.span().start)).collect())
            }
            DeValue::Table(table) => Data::Table(self.entries(table)),
        };
        Node { data, place: self.place(offset) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_file_order_and_places() {
        let text = "b = 1\n[z.y]\n\"ä\" = 2\n[a]\n";
        let (root, problems) = parse(text, Path::new("x.toml"));
        assert!(problems.is_empty());
        let keys: Vec<&str> = root.table().unwrap().iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["b", "z", "a"]);
        let inner = root.entry("z").unwrap().node.entry("y").unwrap();
        assert_eq!(inner.place.problem("here").to_string(), "x.toml:2:4: here");
        assert_eq!(inner.node.entry("ä").unwrap().node.place.problem("here").to_string(), "x.toml:3:7: here");
    }

    #[test]
    fn all_errors_of_syntax_are_told() {
        let (_, problems) = parse("a = \nb = 1\nc == 2\n", Path::new("x.toml"));
        assert_eq!(
            problems.to_string(),
            "error: x.toml:1:5: the value is missing\n\
             error: x.toml:3:4: extra `=`, expected nothing\n\
             error: x.toml:3:6: unexpected key or value, expected newline, `#`"
        );
    }

    #[test]
    fn numbers_keep_their_digits() {
        let (root, _) = parse("a = 18_446_744_073_709_551_616\nb = 0x10\nc = -1\nd = 1_0.50\n", Path::new("x.toml"));
        let shown: Vec<String> = root.table().unwrap().iter().map(|e| e.node.shown()).collect();
        assert_eq!(shown, ["18446744073709551616", "0x10", "-1", "10.50"]);
        assert_eq!(root.entry("b").unwrap().node.data, Data::Integer { text: "0x10".to_owned(), value: Some(16) });
    }
}
