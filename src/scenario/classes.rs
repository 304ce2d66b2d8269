//! `[physics.startup]` and `[physics.classes.CLASS]`: how jobs start up, and what they use of their GPUs.

use std::collections::BTreeMap;

use super::section::Section;
use super::tables::{CLASS, STARTUP};
use super::tree::Entry;
use crate::input::Problems;
use crate::physics::{Class, Gait, StartUp};
use crate::units::Span;

/// The keys of the parts that make up `time`.
const PARTS: [&str; 3] = ["image", "framework", "loader"];

/// The default of `pull`, in bytes per second: a card of 10 Gb/s.
const PULL: u64 = 1_250_000_000;

/// Reads all classes.
pub fn read(entry: &Entry, problems: &mut Problems) -> BTreeMap<String, Class> {
    let mut classes = BTreeMap::new();
    for class in entry.node.table().unwrap_or_default() {
        let title = format!("physics.classes.{}", class.key);
        let keys = Section::read(&class.node, &class.place, CLASS.keys, CLASS.required, &title, problems);
        let ppm = |key: &str| keys.number(key).map(|share| (share * 1e6).round() as u32);
        let start_up = class.node.entry("startup");
        let start_up = start_up.map(|entry| self::start_up(entry, &format!("{title}.startup"), problems));
        let (mfu_ppm, activity_ppm) = (ppm("mfu"), ppm("activity"));
        let gait = if keys.values().bool_or("in_step", true) { Gait::InStep } else { Gait::OnTheirOwn };
        classes.insert(class.key.clone(), Class { start_up, mfu_ppm, activity_ppm, gait });
    }
    classes
}

/// Reads how jobs start up.
pub fn start_up(entry: &Entry, title: &str, problems: &mut Problems) -> StartUp {
    let keys = Section::read(&entry.node, &entry.place, STARTUP.keys, STARTUP.required, title, problems);
    let part = PARTS.into_iter().find(|key| keys.has(key));
    match part {
        Some(part) if keys.has("time") => {
            let message =
                format!("both `{part}` ({}) and `time`, which is their sum, are given", keys.place(part).brief());
            problems.push(keys.place("time").problem(message));
        }
        None if keys.is_table() && keys.misses("time") => {
            let message = format!("[{title}] lacks `time`, which is required without `image`, `framework` or `loader`");
            problems.push(entry.place.problem(message));
        }
        _ => {}
    }
    if keys.has("pull") && keys.misses("image") {
        problems.push(keys.place("pull").problem("`pull`: says nothing without `image`"));
    }
    if keys.bytes("pull") == Some(0) {
        problems.push(keys.place("pull").problem("`pull`: expected a bandwidth above 0"));
    }
    let time = keys.span("time").unwrap_or_else(|| sum_of_parts(&keys));
    let sigma = keys.number("sigma").unwrap_or(0.0);
    StartUp {
        time,
        restart: keys.span("restart").unwrap_or(time),
        per_gpu: keys.span("per_gpu").unwrap_or_default(),
        sigma_ppm: (sigma * 1e6).round() as u32,
    }
}

fn sum_of_parts(keys: &Section<'_>) -> Span {
    let pull = u128::from(keys.bytes("pull").filter(|&rate| rate > 0).unwrap_or(PULL));
    let micros = keys.bytes("image").map_or(0, |bytes| u128::from(bytes) * 1_000_000 / pull);
    let image = Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
    let parts = [Some(image), keys.span("framework"), keys.span("loader")];
    Span::from_micros(parts.into_iter().flatten().fold(0, |sum, part| part.micros().saturating_add(sum)))
}
