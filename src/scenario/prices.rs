//! `[physics.prices.POOL]`: prices that change over time.

use std::collections::BTreeMap;

use super::physics::check_pool;
use super::section::Section;
use super::tables::PRICES;
use super::tree::Entry;
use crate::cluster::ClusterSpec;
use crate::input::Problems;
use crate::physics::Prices;
use crate::units::{Span, UsdPerGpuHour, quantity};

/// Reads all of them; they are those of the cluster's pools.
pub fn read(entry: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> BTreeMap<String, Prices> {
    let entries = entry.node.table().unwrap_or_default();
    let named = |pool: &Entry| Some((pool.key.clone(), prices(pool, cluster, problems)?));
    entries.iter().filter_map(named).collect()
}

fn prices(pool: &Entry, cluster: &ClusterSpec, problems: &mut Problems) -> Option<Prices> {
    let title = format!("physics.prices.{}", pool.key);
    let keys = Section::read(&pool.node, &pool.place, PRICES.keys, PRICES.required, &title, problems);
    check_pool(pool, cluster, problems);
    if keys.has("decline") && keys.has("changes") {
        let message = format!(
            "both `decline` ({}) and `changes` are given; a price takes one of them",
            keys.place("decline").brief()
        );
        problems.push(keys.place("changes").problem(message));
        return None;
    }
    if keys.is_table() && keys.misses("decline") && keys.misses("changes") {
        problems.push(pool.place.problem(format!("[{title}] lacks `decline` or `changes`, one of which is required")));
    }
    match (keys.number("decline"), keys.texts("changes")) {
        (Some(share), _) => Some(Prices::Decline(share)),
        (None, Some(texts)) => changes(texts, &keys, problems).map(Prices::Changes),
        (None, None) => None,
    }
}

fn changes(texts: &[String], keys: &Section<'_>, problems: &mut Problems) -> Option<Vec<(Span, UsdPerGpuHour)>> {
    let mut changes: Vec<(Span, UsdPerGpuHour)> = Vec::new();
    for text in texts {
        match change(text) {
            Err(message) => {
                problems.push(keys.place("changes").problem(format!("`changes`: {message}")));
                return None;
            }
            Ok((from, _)) if changes.last().is_some_and(|&(last, _)| last >= from) => {
                let message = format!("`changes`: \"{text}\" is not later than the price before it");
                problems.push(keys.place("changes").problem(message));
                return None;
            }
            Ok(change) => changes.push(change),
        }
    }
    if changes.is_empty() {
        problems
            .push(keys.place("changes").problem("`changes`: an empty list; leave the pool out for a constant price"));
    }
    Some(changes)
}

/// A time and a price, as `30d: $2.60/gpu-h`.
fn change(text: &str) -> Result<(Span, UsdPerGpuHour), String> {
    let Some((from, price)) = text.split_once(':') else {
        return Err(format!("expected a time and a price as \"30d: $2.60/gpu-h\", found \"{text}\""));
    };
    Ok((quantity::span(from)?, quantity::price(price)?))
}
