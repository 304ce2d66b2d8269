//! What `scenarios/` shows: every key of a scenario is in one of its files, and every key says what it is and its default.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use fleetsim::scenario::tables::{Form, ROOT, Table};
use toml::{Table as Tree, Value};

/// Recorded starts come with traces of real clusters, of which the project holds none.
const SHOWN_NOWHERE: [&str; 1] = ["workload.recorded"];

/// Has recipes of its own, for `trace generate`.
const GENERATOR: &str = "generate";

fn scenarios() -> Vec<Tree> {
    let mut found = Vec::new();
    for folder in ["scenarios", "scenarios/check"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                found.push(std::fs::read_to_string(path).unwrap().parse().unwrap());
            }
        }
    }
    found
}

/// The tables of this name in each of `trees`.
fn within<'t>(trees: &[&'t Tree], name: &str) -> Vec<&'t Tree> {
    trees.iter().filter_map(|tree| tree.get(name).and_then(Value::as_table)).collect()
}

/// A described key, by its table, which may stand in several places.
type Described = (*const Table, &'static str);

/// Every key of `table`, and of those within it: where it stands, and whether any of `trees` has it.
fn look(table: &'static Table, at: &str, trees: &[&Tree], found: &mut BTreeMap<Described, (String, bool)>) {
    for key in table.keys {
        let place = format!("{at}{}", key.name);
        assert!(!key.doc.is_empty() && !key.default.is_empty(), "{place}");
        let shown = trees.iter().any(|tree| tree.contains_key(key.name));
        found.entry((std::ptr::from_ref(table), key.name)).or_insert((place, false)).1 |= shown;
    }
    for sub in table.tables.iter().filter(|sub| sub.name != GENERATOR) {
        let inner = within(trees, sub.name);
        match &sub.form {
            Form::One(table) => look(table, &format!("{at}{}.", sub.name), &inner, found),
            Form::Named(named) => {
                let each = inner.iter().flat_map(|tree| tree.values().filter_map(Value::as_table));
                look(named.table, &format!("{at}{}.NAME.", sub.name), &each.collect::<Vec<_>>(), found);
            }
            Form::Policy | Form::Variants => {}
        }
    }
}

#[test]
fn every_key_is_shown() {
    let scenarios = scenarios();
    let mut found = BTreeMap::new();
    look(&ROOT, "", &scenarios.iter().collect::<Vec<_>>(), &mut found);
    let lacking: Vec<String> = found.into_values().filter(|(_, shown)| !shown).map(|(place, _)| place).collect();
    assert_eq!(lacking, SHOWN_NOWHERE);
}
