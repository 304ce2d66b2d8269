//! The keys of one table of a scenario, read and checked against their description.

use super::tree::{Entry, Node, Place};
use super::value;
use crate::input::Problems;
use crate::units::keys::{Key, Params, Value};
use crate::units::suggest;
use crate::units::{Span, UsdPerGpuHour};

/// The checked keys of a table.
///
/// The typed look-ups give nothing for a key that is absent or whose value was wrong; [`Section::has`] tells these apart.
#[derive(Debug)]
pub struct Section<'t> {
    entries: &'t [Entry],
    place: Place,
    is_table: bool,
    keys: &'static [Key],
    values: Params,
}

impl<'t> Section<'t> {
    /// Reads the described keys of `node`, which stands at `place` (its header's key); reports wrong values and the
    /// absence of required keys, under `title`.
    pub fn read(
        node: &'t Node,
        place: &Place,
        keys: &'static [Key],
        required: &[&str],
        title: &str,
        problems: &mut Problems,
    ) -> Self {
        let entries = node.table().unwrap_or_default();
        let mut values = Params::default();
        for entry in entries {
            let Some(key) = keys.iter().find(|key| key.name == entry.key) else { continue };
            match value::read(&entry.node, key.kind) {
                Ok(value) => values.set(key.name, value),
                Err(message) => problems.push(entry.node.place.wrong(key.name, message)),
            }
        }
        let section = Section { entries, place: place.clone(), is_table: node.table().is_some(), keys, values };
        for name in required {
            if section.is_table() && section.misses(name) {
                problems.push(place.problem(format!("[{title}] lacks `{name}`, which is required")));
            }
        }
        section
    }

    /// Whether it is a table at all; what is none was reported with the scenario's shape.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.is_table
    }

    /// Whether the key was not given, not even misspelt, which is reported as an unknown key.
    #[must_use]
    pub fn misses(&self, key: &str) -> bool {
        let names = || self.keys.iter().map(|key| key.name).chain(std::iter::once(key));
        let meant = |entry: &Entry| {
            let known = names().any(|name| name == entry.key);
            if known { entry.key == key } else { suggest::nearest(&entry.key, names()) == Some(key) }
        };
        !self.entries.iter().any(meant)
    }

    /// Whether the key was given, rightly or wrongly.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Where the key's value stands; the table's place without the key.
    #[must_use]
    pub fn place(&self, key: &str) -> &Place {
        self.entries.iter().find(|entry| entry.key == key).map_or(&self.place, |entry| &entry.node.place)
    }

    /// All checked values.
    #[must_use]
    pub fn values(&self) -> &Params {
        &self.values
    }

    /// A whole number.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<u64> {
        match self.values.value(key) {
            Some(Value::Count(value)) => Some(*value),
            _ => None,
        }
    }

    /// A whole number that its key bounds to 32 bits.
    #[must_use]
    pub fn count32(&self, key: &str) -> Option<u32> {
        self.count(key).and_then(|value| u32::try_from(value).ok())
    }

    /// A number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.values.value(key) {
            Some(Value::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// A text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.value(key) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.values.value(key) {
            Some(Value::Texts(value)) => Some(value),
            _ => None,
        }
    }

    /// A duration.
    #[must_use]
    pub fn span(&self, key: &str) -> Option<Span> {
        match self.values.value(key) {
            Some(Value::Duration(value)) => Some(*value),
            _ => None,
        }
    }

    /// An amount of memory, or a bandwidth.
    #[must_use]
    pub fn bytes(&self, key: &str) -> Option<u64> {
        match self.values.value(key) {
            Some(Value::Bytes(value)) => Some(*value),
            _ => None,
        }
    }

    /// A price.
    #[must_use]
    pub fn price(&self, key: &str) -> Option<UsdPerGpuHour> {
        match self.values.value(key) {
            Some(Value::Price(value)) => Some(*value),
            _ => None,
        }
    }
}
