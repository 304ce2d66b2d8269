//! The figures of a run by name: the flattened keys of `summary.json`, which are the metric names everywhere.
//!
//! They are taken from the file's own text, so that a table of runs shows the digits that a single run writes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Named numbers in the order of `summary.json`: `wait_s.p95`, `ledger.no_demand`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures(Vec<(String, String)>);

/// The root seed is how a run was made, not what came of it.
const NO_FIGURE: &str = "seed";

impl Figures {
    /// The numbers of the text of a `summary.json`.
    ///
    /// # Panics
    /// When it is not the text of one.
    #[must_use]
    pub fn of_summary(json: &str) -> Self {
        let mut figures = Figures::default();
        figures.flatten(json, "");
        figures.0.retain(|(name, _)| name != NO_FIGURE);
        figures
    }

    fn flatten(&mut self, json: &str, prefix: &str) {
        let fields: Fields<'_> = serde_json::from_str(json).expect("a summary is JSON");
        for (key, value) in fields.0 {
            let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            match value.get() {
                "null" => self.0.push((name, String::new())),
                table if table.starts_with('{') => self.flatten(table, &name),
                number if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                    self.0.push((name, number.to_owned()));
                }
                // Texts and lists are no figures.
                _ => {}
            }
        }
    }

    /// Names and values as `summary.json` writes them; empty where one is not known.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// A figure's value; `None` where there is none of the name or it is not known.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        let (_, text) = self.0.iter().find(|(known, _)| known == name)?;
        text.parse().ok()
    }
}

impl FromIterator<(String, String)> for Figures {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(named: I) -> Self {
        Figures(named.into_iter().collect())
    }
}

/// The fields of a JSON object in their order, their values unread.
struct Fields<'j>(Vec<(String, &'j RawValue)>);

impl<'de: 'j, 'j> Deserialize<'de> for Fields<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor).map(Fields)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}

/// The columns of a table whose rows may have different names: those of one row after the other, new names before the
/// known one that they stand before in their own row. The same rows in the same order give the same columns.
pub fn join_columns<'n>(columns: &mut Vec<String>, names: impl IntoIterator<Item = &'n str>) {
    let mut next = 0;
    let mut new: Vec<String> = Vec::new();
    for name in names {
        // Rows mostly agree, so the name is where the last one led to.
        let at = match columns.get(next) {
            Some(column) if column == name => Some(next),
            _ => columns.iter().position(|column| column == name),
        };
        match at {
            Some(at) => {
                next = at + new.len() + 1;
                columns.splice(at..at, new.drain(..));
            }
            None => new.push(name.to_owned()),
        }
    }
    columns.splice(next..next, new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_becomes_names_and_exact_texts() {
        let json =
            r#"{"name": "x", "seed": 4, "wait_s": {"mean": 1.50, "max": null}, "capacity": 12345678901234567890.5}"#;
        let figures = Figures::of_summary(json);
        let all: Vec<_> = figures.iter().collect();
        assert_eq!(all, [("wait_s.mean", "1.50"), ("wait_s.max", ""), ("capacity", "12345678901234567890.5")]);
        assert_eq!(figures.number("wait_s.mean"), Some(1.5));
        assert_eq!((figures.number("wait_s.max"), figures.number("wait_s")), (None, None));
    }

    #[test]
    fn columns_of_unlike_rows_keep_the_order_of_each() {
        let mut columns = Vec::new();
        join_columns(&mut columns, ["a", "size.1", "size.4", "z"]);
        join_columns(&mut columns, ["a", "size.2", "size.4", "z", "end"]);
        join_columns(&mut columns, ["first", "a"]);
        assert_eq!(columns, ["first", "a", "size.1", "size.2", "size.4", "z", "end"].map(str::to_owned));
    }
}
