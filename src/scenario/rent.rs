//! `kind` of a pool and `[cluster.pools.NAME.rent]`: how its nodes are had.

use super::section::Section;
use super::tables::RENT;
use super::tree::Entry;
use crate::cluster::{Rent, Tenure};
use crate::input::Problems;
use crate::units::Span;

/// What holds for a rented pool that says nothing more.
const STANDARD: Rent =
    Rent { after: Span::ZERO, delay: Span::ZERO, refusal_ppm: 0, retry: Span::from_seconds(600), keep: Span::ZERO };

/// Reads how the nodes of a pool are had; `keys` are those of the pool.
pub fn read(pool: &Entry, keys: &Section<'_>, problems: &mut Problems) -> Tenure {
    let title = format!("cluster.pools.{}.rent", pool.key);
    let (rent, owned) = (pool.node.entry("rent"), pool.node.entry("owned").is_some());
    let kind = keys.text("kind").unwrap_or(if owned { "owned" } else { "reserved" });
    if let (Some(entry), true) = (rent, keys.misses("kind")) {
        let message = format!("[{title}] says nothing without kind = \"on-demand\" or \"spot\" of the pool");
        problems.push(entry.place.problem(message));
    }
    if owned && kind != "owned" {
        let message = format!("`kind`: [cluster.pools.{}.owned] says what a pool of kind \"owned\" costs", pool.key);
        problems.push(keys.place("kind").problem(message));
    }
    if kind == "spot" && rent.is_none() {
        problems.push(keys.place("kind").problem(format!("`kind`: \"spot\" lacks `reclaim` in [{title}]")));
    }
    // A wrong value is told whatever the kind is: a variant may change it.
    let terms = rent.map(|entry| read_terms(entry, kind == "spot", &title, problems));
    match (kind, terms) {
        ("owned", _) => Tenure::Owned,
        ("on-demand", terms) => Tenure::OnDemand(terms.map_or(STANDARD, |(rent, _)| rent)),
        ("spot", Some((rent, Some(reclaim)))) => Tenure::Spot(rent, reclaim),
        _ => Tenure::Reserved,
    }
}

/// The terms, and the mean time until a spot node is taken back.
fn read_terms(entry: &Entry, spot: bool, title: &str, problems: &mut Problems) -> (Rent, Option<Span>) {
    let required: &[&str] = if spot { &["reclaim"] } else { &[] };
    let keys = Section::read(&entry.node, &entry.place, RENT.keys, required, title, problems);
    for key in ["reclaim", "retry_after"] {
        if keys.span(key) == Some(Span::ZERO) {
            problems.push(keys.place(key).problem(format!("`{key}`: expected a time above 0")));
        }
    }
    let rent = Rent {
        after: keys.span("after").unwrap_or(STANDARD.after),
        delay: keys.span("delay").unwrap_or(STANDARD.delay),
        refusal_ppm: (keys.number("refusal").unwrap_or(0.0) * 1e6).round() as u32,
        retry: keys.span("retry_after").unwrap_or(STANDARD.retry),
        keep: keys.span("keep").unwrap_or(STANDARD.keep),
    };
    (rent, keys.span("reclaim"))
}
