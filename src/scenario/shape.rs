//! What stands where no table has a key, and what should be a table and is none: found over the whole scenario before
//! any value is read.

use super::tables::{Form, ROOT, Table, VARIANT_KEYS};
use super::tree::{Data, Entry, Node};
use crate::input::Problems;
use crate::sched::registry;
use crate::units::suggest;

/// The problems of a scenario's shape.
#[derive(Debug, Default)]
pub struct Shape {
    /// Keys that nothing knows.
    pub unknown: Problems,
    /// Values where a table, or a list of tables, belongs.
    pub misplaced: Problems,
}

impl Shape {
    /// Looks at a whole scenario.
    #[must_use]
    pub fn of(root: &Node) -> Self {
        let mut shape = Shape::default();
        shape.table(root, &ROOT, "");
        shape
    }

    fn table(&mut self, node: &Node, table: &Table, path: &str) {
        for entry in node.table().unwrap_or_default() {
            if table.keys.iter().any(|key| key.name == entry.key) {
                continue;
            }
            let path = joined(path, &entry.key);
            match table.sub(&entry.key).map(|sub| &sub.form) {
                Some(Form::One(inner)) => {
                    self.expect_table(&entry.node, &path);
                    self.table(&entry.node, inner, &path);
                }
                Some(Form::Named(named)) => {
                    self.expect_table(&entry.node, &joined(&path, "NAME"));
                    for one in entry.node.table().unwrap_or_default() {
                        let path = joined(&path, &one.key);
                        self.expect_table(&one.node, &path);
                        self.table(&one.node, named.table, &path);
                    }
                }
                Some(Form::Policy) => self.policy(&entry.node),
                Some(Form::Variants) => self.variants(&entry.node),
                None => self.unknown.push(entry.place.problem(unknown_key(&entry.key, table))),
            }
        }
    }

    fn expect_table(&mut self, node: &Node, path: &str) {
        if node.table().is_none() {
            self.misplaced.push(node.place.problem(format!("expected a table [{path}], found {}", node.shown())));
        }
    }

    fn policy(&mut self, node: &Node) {
        if !matches!(node.data, Data::Text(_) | Data::Table(_)) {
            let message = format!("`policy`: expected a name or a table [policy.NAME], found {}", node.shown());
            self.misplaced.push(node.place.problem(message));
        }
        for tagged in node.table().unwrap_or_default() {
            let Some(policy) = registry::find(&tagged.key) else {
                self.unknown.push(tagged.place.problem(unknown_policy(&tagged.key)));
                continue;
            };
            self.expect_table(&tagged.node, &joined("policy", &tagged.key));
            let names: Vec<&str> = policy.keys.iter().map(|key| key.name).collect();
            for entry in tagged.node.table().unwrap_or_default() {
                self.expect_name(entry, &names);
            }
        }
    }

    fn variants(&mut self, node: &Node) {
        let Data::List(variants) = &node.data else {
            self.misplaced.push(node.place.problem(format!("expected tables [[variant]], found {}", node.shown())));
            return;
        };
        let names: Vec<&str> = VARIANT_KEYS.iter().map(|key| key.name).chain(["set"]).collect();
        for variant in variants {
            if variant.table().is_none() {
                let message = format!("expected tables [[variant]], found {} among them", variant.shown());
                self.misplaced.push(variant.place.problem(message));
            }
            for entry in variant.table().unwrap_or_default() {
                self.expect_name(entry, &names);
            }
        }
    }

    fn expect_name(&mut self, entry: &Entry, names: &[&str]) {
        if !names.contains(&entry.key.as_str()) {
            let message = format!("unknown key `{}`{}", entry.key, suggest::hint(&entry.key, names));
            self.unknown.push(entry.place.problem(message));
        }
    }
}

/// What is wrong with `name` in a table that does not have it.
#[must_use]
pub fn unknown_key(name: &str, table: &Table) -> String {
    let names = table.names();
    match (suggest::nearest(name, names.iter().copied()), home_of(name, &ROOT, "")) {
        (None, Some(home)) => format!("unknown key `{name}` here; it belongs {home}"),
        _ => format!("unknown key `{name}`{}", suggest::hint(name, &names)),
    }
}

/// What is wrong with a policy's name.
#[must_use]
pub fn unknown_policy(name: &str) -> String {
    let names: Vec<&str> = registry::policies().iter().map(|policy| policy.name).collect();
    format!("unknown policy `{name}`{}", suggest::hint(name, &names))
}

/// The first table that has a key of exactly this name: `in [measure]`.
fn home_of(name: &str, table: &Table, path: &str) -> Option<String> {
    if table.names().contains(&name) {
        return Some(if path.is_empty() { "at the top of the file".to_owned() } else { format!("in [{path}]") });
    }
    table.tables.iter().find_map(|sub| {
        let path = joined(path, sub.name);
        match &sub.form {
            Form::One(inner) => home_of(name, inner, &path),
            Form::Named(named) => home_of(name, named.table, &joined(&path, "NAME")),
            Form::Policy | Form::Variants => None,
        }
    })
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
