//! Described settings: one table says what a key is called, what it takes, its default and what it does.
//!
//! Validation, "did you mean", `catalog` and the JSON Schema all read these tables, so they cannot disagree.

use std::collections::BTreeMap;

use super::money::UsdPerGpuHour;
use super::time::Span;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Count {
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
    },
    /// A finite number within bounds, both included.
    Number {
        /// The smallest value.
        min: f64,
        /// The largest value.
        max: f64,
    },
    /// Any text.
    Text,
    /// A list of texts.
    Texts,
    /// A duration with its unit: `"30m"`.
    Duration,
    /// An amount of memory: `"2TB"`.
    Bytes,
    /// A bandwidth: `"20GB/s"`.
    Bandwidth,
    /// A price: `"$2.50/gpu-h"`, or a number of dollars.
    Price,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A list of some words, each at most once.
    Choices(&'static [&'static str]),
    /// A whole number within bounds, both included, or one word.
    CountOr {
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
        /// The word.
        word: &'static str,
    },
}

/// A described key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its name in the scenario.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The default as a person would write it, or what happens without the key.
    pub default: &'static str,
    /// One sentence: what it does, with units and source.
    pub doc: &'static str,
}

/// A checked value of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Count`] and the number of [`Kind::CountOr`].
    Count(u64),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Text`] and [`Kind::Choice`], and the word of [`Kind::CountOr`].
    Text(String),
    /// Of [`Kind::Texts`] and [`Kind::Choices`].
    Texts(Vec<String>),
    /// Of [`Kind::Duration`].
    Duration(Span),
    /// Of [`Kind::Bytes`] and [`Kind::Bandwidth`] (per second).
    Bytes(u64),
    /// Of [`Kind::Price`].
    Price(UsdPerGpuHour),
}

/// Checked values by key; only keys of the table that validated them can be in here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params(BTreeMap<&'static str, Value>);

impl Params {
    /// Sets a key; a later value replaces an earlier one.
    pub fn set(&mut self, key: &'static str, value: Value) {
        self.0.insert(key, value);
    }

    /// The value of a key that was given.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Keys and values in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(k, v)| (*k, v))
    }

    /// A boolean key, or `default`.
    #[must_use]
    pub fn bool_or(&self, key: &str, default: bool) -> bool {
        match self.value(key) {
            Some(Value::Bool(b)) => *b,
            _ => default,
        }
    }

    /// A duration, or `default`.
    #[must_use]
    pub fn span_or(&self, key: &str, default: Span) -> Span {
        match self.value(key) {
            Some(Value::Duration(span)) => *span,
            _ => default,
        }
    }

    /// The text of a key, or `default`.
    #[must_use]
    pub fn text_or<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        match self.value(key) {
            Some(Value::Text(t)) => t,
            _ => default,
        }
    }

    /// The number of a whole-number key.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<u64> {
        match self.value(key) {
            Some(Value::Count(n)) => Some(*n),
            _ => None,
        }
    }

    /// The number of a key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.value(key) {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        }
    }
}
