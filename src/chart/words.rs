//! What charts and reports call things.

use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{count, dollars};

/// A leaf in words: `capacity wait`.
#[must_use]
pub fn leaf(leaf: Leaf) -> String {
    leaf.name().replace('_', " ")
}

/// A leaf as the subject of a title, which is what takes capacity or costs dollars: `Capacity wait`.
#[must_use]
pub fn leaf_first(of: Leaf) -> String {
    let words = match of {
        Leaf::Discarded => "discarded work".to_owned(),
        Leaf::Failed => "node failure".to_owned(),
        Leaf::Inactive => "inactivity of jobs".to_owned(),
        Leaf::HeadOfLine => "head-of-line blocking".to_owned(),
        Leaf::Reserved => "keeping to reservations".to_owned(),
        Leaf::Stranded => "lack of CPU or memory (stranded)".to_owned(),
        other => leaf(other),
    };
    let mut letters = words.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// A group of leaves.
#[must_use]
pub fn group(of: LeafGroup) -> &'static str {
    match of {
        LeafGroup::Productive => "productive",
        LeafGroup::Unproductive => "held without progress",
        LeafGroup::Idle => "idle",
        LeafGroup::Unavailable => "unavailable",
    }
}

/// Dollars a year of what cost `usd` in the window; without prices, GPU-hours a year.
#[must_use]
pub fn yearly(run: &StoredRun, usd: f64, gpu_seconds: f64) -> String {
    let amount = if run.is_priced() { dollars(run.per_year(usd)) } else { gpu_hours(run.per_year(gpu_seconds)) };
    format!("{amount} a year")
}

/// GPU-hours, with a decimal below ten.
#[must_use]
pub fn gpu_hours(gpu_seconds: f64) -> String {
    let hours = gpu_seconds / 3600.0;
    if hours < 10.0 { format!("{hours:.1} GPU-hours") } else { format!("{} GPU-hours", count(hours.round() as u64)) }
}

/// A tenant; one without a name is told as such.
#[must_use]
pub fn tenant(name: &str) -> &str {
    if name.is_empty() { "(no tenant)" } else { name }
}

/// A size class: `1 GPU`, `5-8 GPUs`, `no GPU`.
#[must_use]
pub fn size(class: &str) -> String {
    match class {
        "0" => "no GPU".to_owned(),
        "1" => "1 GPU".to_owned(),
        several => format!("{several} GPUs"),
    }
}

/// A setting in few words: a policy by its name, else the last part of the key.
#[must_use]
pub fn short(key: &str, value: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    if last == "policy" { value.to_owned() } else { format!("{last} {value}") }
}
