//! `[policy.NAME]`: exactly one.

use super::section::Section;
use super::shape;
use super::tree::{Data, Node};
use crate::input::Problems;
use crate::sched::registry;
use crate::sched::{PolicyChoice, PolicyEntry};
use crate::units::keys::Params;

/// Reads the policy; unknown names inside the table are reported with the scenario's shape.
pub fn read(root: &Node, problems: &mut Problems) -> Option<PolicyChoice> {
    let Some(section) = root.entry("policy") else {
        problems.push(root.place.problem(no_policy()));
        return None;
    };
    match &section.node.data {
        Data::Text(name) => match registry::find(name) {
            Some(entry) => Some(PolicyChoice { entry, params: Params::default() }),
            None => {
                problems.push(section.node.place.problem(shape::unknown_policy(name)));
                None
            }
        },
        Data::Table(tagged) => match tagged.as_slice() {
            [] => {
                problems.push(section.place.problem(no_policy()));
                None
            }
            [one] => registry::find(&one.key).map(|entry| read_settings(entry, &one.node, &one.place, problems)),
            [first, second, ..] => {
                problems.push(second.place.problem(format!(
                    "more than one policy: `{}` ({}) and `{}` ({}); a scenario has exactly one",
                    first.key,
                    first.place.brief(),
                    second.key,
                    second.place.brief()
                )));
                None
            }
        },
        _ => None,
    }
}

fn read_settings(
    entry: &'static PolicyEntry,
    node: &Node,
    place: &super::tree::Place,
    problems: &mut Problems,
) -> PolicyChoice {
    let title = format!("policy.{}", entry.name);
    let keys = Section::read(node, place, entry.keys, &[], &title, problems);
    PolicyChoice { entry, params: keys.values().clone() }
}

fn no_policy() -> String {
    let names: Vec<&str> = registry::policies().iter().map(|policy| policy.name).collect();
    format!("the scenario has no policy; it needs exactly one [policy.NAME] of {}", names.join(", "))
}
