//! Changes to a scenario's tree before it is read: `--set`, `--policy` and the `set` of variants.

use super::shape;
use std::path::Path;

use super::tables::{Form, Named, ROOT, Sub, Table};
use super::tree::{self, Data, Entry, Node, Place};
use crate::input::Problems;
use crate::sched::registry::{self, PolicyEntry};
use crate::units::suggest;

/// Keys of which a table takes one only: setting one puts the other out.
const EITHER: [[&str; 2]; 2] = [["price", "owned"], ["trace", "generate"]];

/// A tree under change: what is wrong with the changes, and what the user should know of them.
#[derive(Debug)]
pub struct Overlay<'a> {
    /// The scenario.
    pub root: &'a mut Node,
    /// What is wrong.
    pub problems: &'a mut Problems,
    /// What else was changed on the way.
    pub notices: &'a mut Vec<String>,
}

impl Overlay<'_> {
    /// Applies one `KEY=VALUE` of the option `--set`, or another one, the value as TOML or else as a text.
    pub fn set_argument(&mut self, option: &str, argument: &str) {
        let Some((key, value)) = argument.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            let place = Place::whole(&format!("{option} {argument}"));
            self.problems.push(place.problem("expected KEY=VALUE, such as cluster.pools.h100.nodes=24"));
            return;
        };
        let (key, value) = (key.trim(), value.trim());
        let place = Place::whole(&format!("{option} {key}"));
        let node = tree::parse_value(value, &place).unwrap_or_else(|| Node::new(Data::Text(value.to_owned()), &place));
        self.set(key, node, &place);
    }

    /// Sets a dotted key; tables are merged into what is there.
    pub fn set(&mut self, dotted: &str, node: Node, place: &Place) {
        let Some(path) = path_of(dotted) else {
            self.problems.push(place.problem(no_dotted_key(dotted)));
            return;
        };
        let patch = path.into_iter().rev().fold(node, |inner, key| {
            Node::new(Data::Table(vec![Entry { key, place: place.clone(), node: inner }]), place)
        });
        self.merge(patch);
    }

    /// Takes a key or a table out, as if the file did not have it.
    pub fn unset(&mut self, dotted: &str, place: &Place) {
        let Some(path) = path_of(dotted) else {
            self.problems.push(place.problem(no_dotted_key(dotted)));
            return;
        };
        if let Err((key, names)) = take_out(self.root, &path) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let hint = suggest::hint(key, &names);
            self.problems.push(place.problem(format!("there is no `{key}` in the scenario{hint}")));
        }
    }

    /// Makes `name` the policy; settings that it also has are kept.
    pub fn choose_policy(&mut self, name: &str, place: &Place) {
        let text = Node::new(Data::Text(name.to_owned()), place);
        self.set("policy", text, place);
    }

    /// Merges a table of changes into the scenario.
    pub fn merge(&mut self, patch: Node) {
        let mut merge = Merge { problems: self.problems, notices: self.notices };
        merge.merge_table(self.root, patch, &ROOT, "");
    }
}

fn no_dotted_key(dotted: &str) -> String {
    format!("\"{dotted}\" is not a dotted key; expected one such as cluster.pools.h100.nodes")
}

/// No key of a scenario comes near this many bytes.
const LONGEST_KEY: usize = 1000;

/// Takes the entry at the end of a path out of a table; where there is none, gives the segment that is not there and
/// those that are.
fn take_out<'p>(node: &mut Node, path: &'p [String]) -> Result<(), (&'p str, Vec<String>)> {
    let Some((key, rest)) = path.split_first() else { return Ok(()) };
    let Data::Table(entries) = &mut node.data else { return Err((key, Vec::new())) };
    let Some(at) = entries.iter().position(|entry| entry.key == *key) else {
        return Err((key, entries.iter().map(|entry| entry.key.clone()).collect()));
    };
    if rest.is_empty() {
        entries.remove(at);
        return Ok(());
    }
    take_out(&mut entries[at].node, rest)
}

/// The segments of a dotted key, quoted or not.
fn path_of(dotted: &str) -> Option<Vec<String>> {
    if dotted.len() > LONGEST_KEY || dotted.contains('\n') {
        return None;
    }
    let (root, problems) = tree::parse(&format!("{dotted} = 0"), Path::new(""));
    if !problems.is_empty() {
        return None;
    }
    let mut path = Vec::new();
    let mut node = &root;
    while let Some([entry]) = node.table() {
        path.push(entry.key.clone());
        node = &entry.node;
    }
    matches!(node.data, Data::Integer { .. }).then_some(path)
}

struct Merge<'a> {
    problems: &'a mut Problems,
    notices: &'a mut Vec<String>,
}

impl Merge<'_> {
    fn merge_table(&mut self, base: &mut Node, patch: Node, table: &'static Table, path: &str) {
        let (Data::Table(entries), Data::Table(changes)) = (&mut base.data, patch.data) else { return };
        for change in changes {
            let sub = table.sub(&change.key);
            if sub.is_none() && !table.keys.iter().any(|key| key.name == change.key) {
                self.problems.push(change.place.problem(shape::unknown_key(&change.key, table)));
                continue;
            }
            self.put_out_the_other(entries, &change, path);
            match sub {
                Some(sub) => self.merge_sub(entries, change, sub, path),
                None => replace(entries, change),
            }
        }
    }

    fn merge_sub(&mut self, entries: &mut Vec<Entry>, change: Entry, sub: &Sub, path: &str) {
        let path = if path.is_empty() { sub.name.to_owned() } else { format!("{path}.{}", sub.name) };
        match (&sub.form, &change.node.data) {
            (Form::Variants, _) => {
                self.problems.push(change.place.problem("variants cannot be set; edit the scenario file"));
            }
            (Form::Policy, _) => self.merge_policy(entries, change),
            (Form::One(table), Data::Table(_)) => {
                self.merge_table(&mut table_at(entries, &change).node, change.node, table, &path);
            }
            (Form::Named(named), Data::Table(_)) => {
                self.merge_named(&mut table_at(entries, &change).node, change.node, named, &path);
            }
            _ => replace(entries, change),
        }
    }

    fn merge_named(&mut self, base: &mut Node, patch: Node, named: &Named, path: &str) {
        let (Data::Table(entries), Data::Table(changes)) = (&mut base.data, patch.data) else { return };
        for change in changes {
            let built_in = (named.built_in)();
            let names: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).chain(built_in).collect();
            if !names.contains(&change.key.as_str()) {
                let hint = suggest::hint(&change.key, &names);
                self.problems.push(change.place.problem(format!("unknown {} `{}`{hint}", named.what, change.key)));
                continue;
            }
            if matches!(change.node.data, Data::Table(_)) {
                let path = format!("{path}.{}", change.key);
                self.merge_table(&mut table_at(entries, &change).node, change.node, named.table, &path);
            } else {
                replace(entries, change);
            }
        }
    }

    /// Setting `price` where the file has `owned`, or a trace where it generates, means the new instead of the old.
    fn put_out_the_other(&mut self, entries: &mut Vec<Entry>, change: &Entry, path: &str) {
        for pair in EITHER {
            let other = match pair.iter().position(|name| *name == change.key) {
                Some(at) => pair[1 - at],
                None => continue,
            };
            let before = entries.len();
            entries.retain(|entry| entry.key != other);
            if entries.len() < before {
                self.notices.push(format!(
                    "{}: `{}` takes the place of `{path}.{other}`",
                    change.place.brief(),
                    change.key
                ));
            }
        }
    }

    /// A policy's name switches to it; `{ NAME = { ... } }` sets keys of it, switching first where another one is there.
    fn merge_policy(&mut self, entries: &mut Vec<Entry>, change: Entry) {
        let wanted: Vec<Entry> = match change.node.data {
            Data::Text(name) => {
                let settings = Node::new(Data::Table(Vec::new()), &change.place);
                vec![Entry { key: name, place: change.place.clone(), node: settings }]
            }
            Data::Table(wanted) => wanted,
            _ => return replace(entries, change),
        };
        for mut tagged in wanted {
            let Some(policy) = registry::find(&tagged.key) else {
                self.problems.push(tagged.place.problem(shape::unknown_policy(&tagged.key)));
                continue;
            };
            let kept = self.kept_settings(entries, policy, &tagged.place);
            if let (Data::Table(new), Some(mut old)) = (&mut tagged.node.data, kept) {
                for setting in std::mem::take(new) {
                    replace(&mut old, setting);
                }
                *new = old;
            }
            let place = tagged.place.clone();
            let node = Node::new(Data::Table(vec![tagged]), &place);
            replace(entries, Entry { key: "policy".to_owned(), place, node });
        }
    }

    /// The settings of the present policy that `policy` has too; of the others a notice tells.
    fn kept_settings(&mut self, entries: &[Entry], policy: &PolicyEntry, place: &Place) -> Option<Vec<Entry>> {
        let present = &entries.iter().find(|entry| entry.key == "policy")?.node;
        let [tagged] = present.table()? else { return None };
        let (kept, dropped): (Vec<Entry>, Vec<Entry>) = tagged
            .node
            .table()?
            .iter()
            .cloned()
            .partition(|entry| tagged.key == policy.name || policy.keys.iter().any(|key| key.name == entry.key));
        if !dropped.is_empty() {
            let names: Vec<String> = dropped.iter().map(|entry| format!("`{}`", entry.key)).collect();
            self.notices.push(format!(
                "{}: policy `{}` does not have {} of `{}`; dropped",
                place.brief(),
                policy.name,
                names.join(", "),
                tagged.key
            ));
        }
        Some(kept)
    }
}

/// Sets a key to a new value at its old place in the order, or adds it.
fn replace(entries: &mut Vec<Entry>, change: Entry) {
    match entries.iter_mut().find(|entry| entry.key == change.key) {
        Some(entry) => *entry = change,
        None => entries.push(change),
    }
}

/// The entry that `change` goes into, made an empty table where it is absent.
fn table_at<'e>(entries: &'e mut Vec<Entry>, change: &Entry) -> &'e mut Entry {
    let at = entries.iter().position(|entry| entry.key == change.key).unwrap_or_else(|| {
        let node = Node::new(Data::Table(Vec::new()), &change.place);
        entries.push(Entry { key: change.key.clone(), place: change.place.clone(), node });
        entries.len() - 1
    });
    &mut entries[at]
}
