//! What the command line says to a format: `--option KEY=VALUE`, `--map COLUMN=SOURCE,...`.

use super::Format;
use crate::input::{Problem, Problems};
use crate::scenario::tree::Place;
use crate::scenario::value;
use crate::units::keys::{Key, Kind, Params};
use crate::units::suggest;

/// Options of every format; they matter where the dataset has no cluster of its own.
pub const COMMON: &[Key] = &[
    Key {
        name: "gpu",
        kind: Kind::Text,
        default: "h100-sxm",
        doc: "The GPU type of the assumed cluster, where the dataset has none.",
    },
    Key {
        name: "gpus_per_node",
        kind: Kind::Count { min: 1, max: 1024 },
        default: "8",
        doc: "GPUs of a node of the assumed cluster.",
    },
    Key {
        name: "nodes",
        kind: Kind::Count { min: 1, max: 10_000_000 },
        default: "enough for an offered load of 0.8, and of 1 in the busiest week",
        doc: "Nodes of the assumed cluster.",
    },
];

/// Reads the options by the keys of the format and of [`COMMON`].
pub fn read(format: &Format, options: &[String], problems: &mut Problems) -> Params {
    let keys = || format.options.iter().chain(COMMON);
    let mut params = Params::default();
    for option in options {
        let Some((name, text)) = option.split_once('=') else {
            problems.push(problem("--option", format!("\"{option}\": expected KEY=VALUE")));
            continue;
        };
        let source = format!("--option {name}");
        let Some(key) = keys().find(|key| key.name == name.trim()) else {
            let names: Vec<&str> = keys().map(|key| key.name).collect();
            problems.push(problem(&source, format!("unknown option{}", suggest::hint(name, &names))));
            continue;
        };
        match value::of_argument(text, key.kind, &Place::whole(&source)) {
            Ok(value) => params.set(key.name, value),
            Err(message) => problems.push(problem(&source, message)),
        }
    }
    params
}

/// Reads `submit_s=arrival_s,gpus=gpu_count`.
pub fn read_map(maps: &[String], problems: &mut Problems) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for pair in maps.iter().flat_map(|map| map.split(',')) {
        match pair.split_once('=') {
            Some((column, source)) if !column.trim().is_empty() && !source.trim().is_empty() => {
                pairs.push((column.trim().to_owned(), source.trim().to_owned()));
            }
            _ => problems
                .push(problem("--map", format!("\"{pair}\": expected COLUMN=SOURCE, such as submit_s=arrival_s"))),
        }
    }
    pairs
}

fn problem(source: &str, message: String) -> Problem {
    Problem { source: source.to_owned(), at: None, message }
}
