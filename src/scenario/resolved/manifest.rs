//! Reading back what a manifest holds: a tree without places.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::scenario::tree::{Data, Entry, Node, Place};

/// Reads what [`super::Plain`] wrote; all places are the manifest as a whole.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let data = deserializer.deserialize_any(DataVisitor)?;
        Ok(Node { data, place: manifest() })
    }
}

fn manifest() -> Place {
    Place::whole("the manifest's scenario")
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a scenario")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Integer { text: value.to_string(), value: Some(value) })
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Integer { text: value.to_string(), value: u64::try_from(value).ok() })
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Float(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Data, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Data::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry()? {
            entries.push(Entry { key, place: manifest(), node });
        }
        Ok(Data::Table(entries))
    }
}
