//! The GPU types that a trace names, held against those that a scenario knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cluster::catalog;
use crate::input::Problems;
use crate::scenario::{Scenario, unknown_type};
use crate::trace::JobTable;
use crate::trace::native;

/// The types that jobs name and the catalog does not have.
#[must_use]
pub fn foreign(jobs: &JobTable) -> BTreeSet<&str> {
    let names: BTreeSet<&str> = jobs.specs().iter().flat_map(|spec| &spec.gpu_types).map(String::as_str).collect();
    names.into_iter().filter(|id| catalog::find(id).is_none()).collect()
}

/// Checks that each of the [`foreign`] types of the trace at `path` is one of the scenario's own. What no pool has may well
/// be asked for; what nobody knows is a slip of the hand.
///
/// # Errors
/// Each unknown type, at the first row that names it.
pub fn check(scenario: &Scenario, path: &Path, foreign: &BTreeSet<&str>) -> Result<(), Problems> {
    let types = || scenario.cluster.gpu_types.iter().chain(&scenario.spare_types).map(|own| own.id.as_str());
    let own = || types().filter(|id| catalog::find(id).is_none());
    let told = |&id: &&'_ str| format!("`gpu_type`: {}", unknown_type(id, own()));
    let unknown = foreign.iter().filter(|&&id| !own().any(|known| known == id));
    let wrong: BTreeMap<&str, String> = unknown.map(|id| (*id, told(id))).collect();
    if wrong.is_empty() { Ok(()) } else { Err(native::type_problems(path, &wrong)) }
}

/// What to say of types that a trace names and the catalog does not have, where no scenario is at hand.
#[must_use]
pub fn notice(jobs: &JobTable) -> Option<String> {
    let names: Vec<String> = foreign(jobs).iter().map(|id| format!("`{id}`")).collect();
    let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let listed = names.join(", ");
    (!names.is_empty()).then(|| format!("gpu_type: {listed} {are} not in the catalog; a scenario has to define {them}"))
}
