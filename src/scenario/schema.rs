//! The JSON Schema of scenarios, for editors: draft 2020-12, generated from the described keys.

use serde_json::{Map, Value as Json, json};

use super::tables::{Form, ROOT, Sub, Table, VARIANT_KEYS, VARIANT_SET};
use super::value;
use crate::sched::registry;
use crate::units::keys::{Key, Kind, Value};

const DURATION: &str = r"^\s*(([0-9]+\.?[0-9]*|\.[0-9]+)\s*(us|ms|s|sec|m|min|h|hours?|d|days?|w|weeks?)\s*)+$";
const BYTES: &str = r"^\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*(B|[kKMGTP]B|[KMGT]iB)\s*$";
const BANDWIDTH: &str = r"^\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*(B|[kKMGTP]B|[KMGT]iB)/s\s*$";
const PRICE: &str = r"^\s*\$?\s*([0-9]+\.?[0-9]*|\.[0-9]+)(\s*USD)?\s*(/gpu-h(our)?)?\s*$";

/// The schema.
#[must_use]
pub fn schema() -> Json {
    let mut root = table(&ROOT);
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("fleetsim scenario"));
    root.insert("required".to_owned(), json!(["cluster", "workload", "policy"]));
    Json::Object(root)
}

fn table(table: &Table) -> Map<String, Json> {
    let mut properties = keys(table.keys);
    for sub in table.tables {
        properties.insert(sub.name.to_owned(), form(sub));
    }
    let mut schema = object(properties);
    schema.insert("description".to_owned(), json!(table.doc));
    if !table.required.is_empty() {
        schema.insert("required".to_owned(), json!(table.required));
    }
    schema.extend(rules(table));
    schema
}

/// What holds between the keys of a table.
fn rules(table: &Table) -> Map<String, Json> {
    let names = table.names();
    let mut rules = Map::new();
    if names.contains(&"gpus_per_node") {
        let gpu_only = |key: &str| (key.to_owned(), json!(["gpu"]));
        let mut requires: Map<String, Json> =
            ["gpus_per_node", "island", "price", "owned"].map(gpu_only).into_iter().collect();
        requires.insert("gpu".to_owned(), json!(["gpus_per_node"]));
        rules.insert("dependentRequired".to_owned(), Json::Object(requires));
        rules.insert("not".to_owned(), json!({ "required": ["price", "owned"] }));
    }
    if names.contains(&"trace") {
        rules.insert("oneOf".to_owned(), json!([{ "required": ["trace"] }, { "required": ["generate"] }]));
    }
    rules
}

fn form(sub: &Sub) -> Json {
    match &sub.form {
        Form::One(inner) => Json::Object(table(inner)),
        Form::Named(named) => json!({
            "type": "object",
            "description": format!("By name: {}", named.table.doc),
            "additionalProperties": table(named.table),
        }),
        Form::Policy => policy(),
        Form::Variants => variants(),
    }
}

fn policy() -> Json {
    let names: Vec<&str> = registry::policies().iter().map(|policy| policy.name).collect();
    let mut properties = Map::new();
    for policy in registry::policies() {
        let mut settings = object(keys(policy.keys));
        settings.insert("description".to_owned(), json!(policy.summary));
        properties.insert(policy.name.to_owned(), Json::Object(settings));
    }
    let mut tagged = object(properties);
    tagged.insert("minProperties".to_owned(), json!(1));
    tagged.insert("maxProperties".to_owned(), json!(1));
    json!({
        "description": "Exactly one policy: [policy.NAME], or policy = \"NAME\".",
        "oneOf": [{ "type": "string", "enum": names }, tagged],
    })
}

fn variants() -> Json {
    let mut properties = keys(VARIANT_KEYS);
    properties.insert("set".to_owned(), json!({ "type": "object", "description": VARIANT_SET }));
    let mut variant = object(properties);
    variant.insert("required".to_owned(), json!(["name", "set"]));
    json!({ "type": "array", "description": "Overlays for comparison.", "items": variant })
}

fn object(properties: Map<String, Json>) -> Map<String, Json> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Json::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn keys(keys: &[Key]) -> Map<String, Json> {
    keys.iter().map(|key| (key.name.to_owned(), Json::Object(property(key)))).collect()
}

fn property(key: &Key) -> Map<String, Json> {
    let mut schema = kind(key.kind);
    match value::default_of(key).and_then(|value| default(&value, key)) {
        Some(value) => {
            schema.insert("description".to_owned(), json!(key.doc));
            schema.insert("default".to_owned(), value);
        }
        None => {
            let separator = if key.doc.ends_with('.') { "" } else { "." };
            schema.insert("description".to_owned(), json!(format!("{}{separator} Default: {}.", key.doc, key.default)));
        }
    }
    schema
}

fn default(value: &Value, key: &Key) -> Option<Json> {
    match value {
        Value::Bool(value) => Some(json!(value)),
        Value::Count(value) => Some(json!(value)),
        Value::Number(value) => Some(json!(value)),
        Value::Text(value) => Some(json!(value)),
        Value::Texts(values) => Some(json!(values)),
        Value::Duration(_) | Value::Bytes(_) | Value::Price(_) => Some(json!(key.default)),
    }
}

fn kind(kind: Kind) -> Map<String, Json> {
    let schema = match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Count { min, max } => count(min, max),
        Kind::CountOr { min, max, word } => json!({ "oneOf": [count(min, max), { "const": word }] }),
        Kind::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Choices(words) => json!({ "type": "array", "items": { "enum": words }, "uniqueItems": true }),
        Kind::Duration => json!({ "type": "string", "pattern": DURATION }),
        Kind::Bytes => json!({ "type": "string", "pattern": BYTES }),
        Kind::Bandwidth => json!({ "type": "string", "pattern": BANDWIDTH }),
        Kind::Price => json!({ "oneOf": [{ "type": "string", "pattern": PRICE }, { "type": "number", "minimum": 0 }] }),
    };
    match schema {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn count(min: u64, max: u64) -> Json {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property<'s>(schema: &'s Json, path: &[&str]) -> &'s Json {
        path.iter().fold(schema, |schema, key| &schema["properties"][key])
    }

    #[test]
    fn every_described_key_is_in_the_schema() {
        let schema = schema();
        for key in ROOT.keys {
            assert!(property(&schema, &[key.name]).is_object(), "{}", key.name);
        }
        let pool = &property(&schema, &["cluster", "pools"])["additionalProperties"];
        assert_eq!(pool["required"], json!(["nodes"]));
        assert_eq!(pool["additionalProperties"], json!(false));
        assert_eq!(property(pool, &["owned", "years"])["default"], json!(5.0));
        let policies = &schema["properties"]["policy"]["oneOf"];
        assert_eq!(policies[0]["enum"].as_array().map(Vec::len), Some(registry::policies().len()));
        assert_eq!(property(&policies[1], &["sjf", "placement"])["default"], json!("pack"));
        let warmup = property(&schema, &["measure", "warmup"]);
        assert_eq!((&warmup["default"], &warmup["type"]), (&json!("0s"), &json!("string")));
    }
}
