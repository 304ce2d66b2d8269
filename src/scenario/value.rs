//! From what a file says to a checked value of a described key.

use super::tree::{self, Data, Node, Place};
use crate::units::keys::{Key, Kind, Value};
use crate::units::quantity;
use crate::units::suggest;

/// Reads a value of a kind.
///
/// # Errors
/// What was expected and what was found, without the key's name.
pub fn read(node: &Node, kind: Kind) -> Result<Value, String> {
    let mismatch = || format!("expected {}, found {}", expected(kind), node.shown());
    match kind {
        Kind::Bool => match node.data {
            Data::Bool(value) => Ok(Value::Bool(value)),
            _ => Err(mismatch()),
        },
        Kind::Count { min, max } => match node.data {
            Data::Integer { value: Some(value), .. } if (min..=max).contains(&value) => Ok(Value::Count(value)),
            _ => Err(mismatch()),
        },
        Kind::CountOr { min, max, word } => match &node.data {
            Data::Integer { value: Some(value), .. } if (min..=max).contains(value) => Ok(Value::Count(*value)),
            Data::Text(text) if text == word => Ok(Value::Text(text.clone())),
            _ => Err(mismatch()),
        },
        Kind::Number { min, max } => match number(node) {
            Some(value) if (min..=max).contains(&value) => Ok(Value::Number(value)),
            _ => Err(mismatch()),
        },
        Kind::Text => match &node.data {
            Data::Text(text) => Ok(Value::Text(text.clone())),
            _ => Err(mismatch()),
        },
        Kind::Choice(words) => match &node.data {
            Data::Text(text) if words.contains(&text.as_str()) => Ok(Value::Text(text.clone())),
            Data::Text(text) => Err(format!("unknown word \"{text}\"{}", suggest::hint(text, words))),
            _ => Err(mismatch()),
        },
        Kind::Texts => texts(node).map(Value::Texts),
        Kind::Choices(words) => choices(node, words).map(Value::Texts),
        Kind::Duration => quantity::span(quantity_text(node).ok_or_else(mismatch)?).map(Value::Duration),
        Kind::Bytes => quantity::bytes(quantity_text(node).ok_or_else(mismatch)?).map(Value::Bytes),
        Kind::Bandwidth => quantity::bandwidth(quantity_text(node).ok_or_else(mismatch)?).map(Value::Bytes),
        Kind::Price => quantity::price(quantity_text(node).ok_or_else(mismatch)?).map(Value::Price),
    }
}

/// Reads a value of a kind from an argument of the command line: TOML, or its text without quotes and brackets.
///
/// # Errors
/// As [`read`].
pub fn of_argument(text: &str, kind: Kind, place: &Place) -> Result<Value, String> {
    let text = text.trim();
    let as_text = |text: &str| Node::new(Data::Text(text.to_owned()), place);
    let as_list = || Node::new(Data::List(text.split(',').map(|item| as_text(item.trim())).collect()), place);
    let node = match (tree::parse_value(text, place), kind) {
        (Some(node), Kind::Texts | Kind::Choices(_)) if matches!(node.data, Data::List(_)) => node,
        (_, Kind::Texts | Kind::Choices(_)) => as_list(),
        (Some(node), _) => node,
        (None, _) => as_text(text),
    };
    read(&node, kind)
}

/// The default of a key, where its text is a value and not a sentence.
#[must_use]
pub fn default_of(key: &Key) -> Option<Value> {
    let text = key.default;
    match key.kind {
        Kind::Bool => text.parse().ok().map(Value::Bool),
        Kind::Count { .. } | Kind::CountOr { .. } => text.parse().ok().map(Value::Count),
        Kind::Number { .. } => text.parse().ok().map(Value::Number),
        Kind::Choice(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        Kind::Choices(words) => words.contains(&text).then(|| Value::Texts(vec![text.to_owned()])),
        Kind::Duration => quantity::span(text).ok().map(Value::Duration),
        Kind::Bytes => quantity::bytes(text).ok().map(Value::Bytes),
        Kind::Bandwidth => quantity::bandwidth(text).ok().map(Value::Bytes),
        Kind::Price => quantity::price(text).ok().map(Value::Price),
        Kind::Text | Kind::Texts => None,
    }
}

/// What a kind takes, in words.
#[must_use]
pub fn expected(kind: Kind) -> String {
    match kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Count { min, max } => format!("a whole number from {min} to {max}"),
        Kind::CountOr { min, max, word } => format!("a whole number from {min} to {max}, or \"{word}\""),
        Kind::Number { min, max } => format!("a number from {min} to {max}"),
        Kind::Text => "a text in quotes".to_owned(),
        Kind::Texts => "a list of texts such as [\"a\", \"b\"]".to_owned(),
        Kind::Duration => "a duration such as \"90s\", \"30m\", \"6h\", \"1.5d\" or \"1h30m\"".to_owned(),
        Kind::Bytes => "an amount of memory such as \"512GB\", \"2TB\" or \"960GiB\"".to_owned(),
        Kind::Bandwidth => "a bandwidth such as \"20GB/s\" or \"500MB/s\"".to_owned(),
        Kind::Price => "a price per GPU-hour such as \"$2.50/gpu-h\"".to_owned(),
        Kind::Choice(words) => format!("one of {}", quoted(words)),
        Kind::Choices(words) => format!("a list of some of {}", quoted(words)),
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// A finite number; whole numbers are numbers too.
fn number(node: &Node) -> Option<f64> {
    let value: f64 = match &node.data {
        Data::Integer { value: Some(value), .. } => *value as f64,
        Data::Integer { text, .. } | Data::Float(text) => text.parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// The text of a quantity; a bare number is read as one, so that the message can ask for its unit.
fn quantity_text(node: &Node) -> Option<&str> {
    match &node.data {
        Data::Text(text) | Data::Integer { text, .. } | Data::Float(text) => Some(text),
        _ => None,
    }
}

fn texts(node: &Node) -> Result<Vec<String>, String> {
    let Data::List(items) = &node.data else {
        return Err(format!("expected {}, found {}", expected(Kind::Texts), node.shown()));
    };
    let mut list: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match &item.data {
            Data::Text(text) if list.contains(text) => return Err(format!("\"{text}\" stands in the list twice")),
            Data::Text(text) => list.push(text.clone()),
            _ => return Err(format!("expected a list of texts, found {} in it", item.shown())),
        }
    }
    Ok(list)
}

fn choices(node: &Node, words: &[&str]) -> Result<Vec<String>, String> {
    let list = texts(node)?;
    match list.iter().find(|text| !words.contains(&text.as_str())) {
        Some(stranger) => Err(format!("unknown word \"{stranger}\"{}", suggest::hint(stranger, words))),
        None => Ok(list),
    }
}
