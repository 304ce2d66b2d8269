//! Values and ordered tables as the manifest writes them.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::units::Span;
use crate::units::keys::{Kind, Value};
use crate::units::quantity::bytes_text;

/// A plain value; tables keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Plain>),
    /// A table in order.
    Table(Table),
}

/// A table under construction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table(Vec<(String, Plain)>);

impl Table {
    pub(super) fn add(&mut self, key: &str, value: impl Into<Plain>) {
        self.0.push((key.to_owned(), value.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add_some(&mut self, key: &str, value: Option<impl Into<Plain>>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }
}

impl FromIterator<(String, Plain)> for Table {
    fn from_iter<I: IntoIterator<Item = (String, Plain)>>(entries: I) -> Self {
        Table(entries.into_iter().collect())
    }
}

impl From<bool> for Plain {
    fn from(value: bool) -> Self {
        Plain::Bool(value)
    }
}

impl From<u64> for Plain {
    fn from(value: u64) -> Self {
        Plain::Count(value)
    }
}

impl From<u32> for Plain {
    fn from(value: u32) -> Self {
        Plain::Count(u64::from(value))
    }
}

impl From<f64> for Plain {
    fn from(value: f64) -> Self {
        Plain::Number(value)
    }
}

impl From<&str> for Plain {
    fn from(value: &str) -> Self {
        Plain::Text(value.to_owned())
    }
}

impl From<String> for Plain {
    fn from(value: String) -> Self {
        Plain::Text(value)
    }
}

impl From<Table> for Plain {
    fn from(value: Table) -> Self {
        Plain::Table(value)
    }
}

impl FromIterator<String> for Plain {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        Plain::List(texts.into_iter().map(Plain::Text).collect())
    }
}

pub(super) fn plain(value: &Value, kind: Kind) -> Plain {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Count(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Texts(values) => values.iter().cloned().collect(),
        Value::Duration(span) => duration(*span).into(),
        Value::Bytes(bytes) if kind == Kind::Bandwidth => bandwidth(*bytes).into(),
        Value::Bytes(bytes) => bytes_text(*bytes).into(),
        Value::Price(price) => price.to_string().into(),
    }
}

pub(super) fn duration(span: Span) -> String {
    format!("{span}s")
}

pub(super) fn bandwidth(bytes: u64) -> String {
    format!("{}/s", bytes_text(bytes))
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Plain::Bool(value) => serializer.serialize_bool(*value),
            Plain::Count(value) => serializer.serialize_u64(*value),
            Plain::Number(value) => serializer.serialize_f64(*value),
            Plain::Text(value) => serializer.serialize_str(value),
            Plain::List(values) => values.serialize(serializer),
            Plain::Table(table) => {
                let mut map = serializer.serialize_map(Some(table.0.len()))?;
                for (key, value) in &table.0 {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
