//! Changes to a scenario that have a name, for counterfactual runs. Each is no more than what `--set` and `--unset` do, so
//! that whoever doubts one makes the run himself.

use crate::cluster::storage::{Share, StorageSpec};
use crate::cluster::{Placement, PoolSpec};
use crate::input::Problem;
use crate::results::format::plural;
use crate::scenario::{Overrides, Scenario, Source};
use crate::sched::registry::{self, PLACEMENT};
use crate::units::quantity::bytes_text;
use crate::units::suggest;

/// A change to a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name, as it was asked for.
    pub name: String,
    /// What it is, in a few words: `18 nodes instead of 16 in h100`.
    pub label: String,
    /// What `--set` would be given.
    pub set: Vec<String>,
    /// What `--unset` would be given.
    pub unset: Vec<String>,
}

/// A change that can be tried on any scenario which has what it changes.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The change for a scenario; nothing where there is nothing to be changed.
    of: fn(&Scenario) -> Option<Change>,
}

/// All of them, in the order in which they are tried.
pub const KINDS: [Kind; 9] = [
    Kind { name: "more-nodes", summary: "a tenth more nodes in every pool with GPUs", of: more_nodes },
    Kind { name: "fewer-nodes", summary: "a tenth fewer nodes in every pool with GPUs", of: fewer_nodes },
    Kind { name: "packing", summary: "the placement pack", of: packing },
    Kind { name: "gang", summary: "the policy gang", of: gang },
    Kind { name: "backfill", summary: "the policy easy-backfill, where none backfills", of: backfill },
    Kind { name: "no-quotas", summary: "every queue may use every pool", of: no_quotas },
    Kind { name: "no-limits", summary: "as much CPU and memory beside the GPUs as is asked for", of: no_limits },
    Kind { name: "faster-storage", summary: "twice the bandwidth of every storage system", of: faster_storage },
    Kind { name: "no-failures", summary: "no node fails", of: no_failures },
];

impl Change {
    fn new(name: &str, label: String) -> Self {
        Change { name: name.to_owned(), label, set: Vec::new(), unset: Vec::new() }
    }

    /// The same overrides with this change on top.
    #[must_use]
    pub fn on(&self, base: &Overrides) -> Overrides {
        let mut changed = base.clone();
        changed.set.extend(self.set.iter().cloned());
        changed.unset.extend(self.unset.iter().cloned());
        changed
    }

    /// As words of a command line.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let words = |option: &str, values: &[String]| -> Vec<String> {
            values.iter().flat_map(|value| [option.to_owned(), value.clone()]).collect()
        };
        [words("--unset", &self.unset), words("--set", &self.set)].concat()
    }
}

/// The changes of [`KINDS`] that a scenario allows.
#[must_use]
pub fn possible(scenario: &Scenario) -> Vec<Change> {
    KINDS.iter().filter_map(|kind| (kind.of)(scenario)).collect()
}

/// The change that a word asks for: one of [`KINDS`], a policy, a placement, `gpus=+N` or `nodes=+N` (in the pool of that
/// number), or a key with its value.
///
/// # Errors
/// Where it is none of them, or the pool cannot have as much.
pub fn parse(word: &str, scenario: &Scenario, pool: usize) -> Result<Change, Problem> {
    let problem = |message: String| Problem { source: format!("--what-if {word}"), at: None, message };
    if let Some(kind) = KINDS.iter().find(|kind| kind.name == word) {
        let nothing = || Change::new(word, format!("{} (as it is)", kind.summary));
        return Ok((kind.of)(scenario).unwrap_or_else(nothing));
    }
    if registry::find(word).is_some() {
        return Ok(Change { set: vec![format!("policy={word}")], ..Change::new(word, format!("the policy {word}")) });
    }
    if Placement::parse(word).is_some() {
        return Ok(placed(word, word, scenario));
    }
    match word.split_once('=') {
        Some((unit @ ("gpus" | "nodes"), more)) => {
            let more = more.strip_prefix('+').and_then(|digits| digits.parse::<u32>().ok()).filter(|&more| more > 0);
            let more = more.ok_or_else(|| problem(format!("expected {unit}=+N, such as {unit}=+8")))?;
            added(word, unit == "gpus", more, scenario, pool).map_err(problem)
        }
        Some(_) => Ok(Change { set: vec![word.to_owned()], ..Change::new(word, word.to_owned()) }),
        None => {
            let mut known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            known.extend(registry::policies().iter().map(|policy| policy.name));
            known.extend(Placement::NAMES);
            known.extend(["gpus=+N", "nodes=+N", "KEY=VALUE"]);
            Err(problem(format!("is not known{}", suggest::hint(word, &known))))
        }
    }
}

/// So many GPUs or nodes more in a pool, in whole nodes.
fn added(word: &str, are_gpus: bool, more: u32, scenario: &Scenario, pool: usize) -> Result<Change, String> {
    let spec = &scenario.cluster.pools[pool];
    let nodes = match (are_gpus, spec.gpus_per_node()) {
        (false, _) => more,
        (true, 0) => return Err(format!("the nodes of `{}` have no GPUs", spec.name)),
        (true, per_node) => more.div_ceil(per_node),
    };
    let all = spec.nodes.checked_add(nodes).ok_or_else(|| "more nodes than a pool can have".to_owned())?;
    let label = match are_gpus {
        true => plural(u64::from(nodes) * u64::from(spec.gpus_per_node()), "more GPU"),
        false => plural(u64::from(nodes), "more node"),
    };
    let mut change = Change::new(word, format!("{label} in {}", spec.name));
    resize(&mut change, spec, all);
    keep_workload(&mut change, scenario);
    Ok(change)
}

fn more_nodes(scenario: &Scenario) -> Option<Change> {
    resized("more-nodes", scenario, |nodes| nodes.checked_add(nodes.div_ceil(10)))
}

fn fewer_nodes(scenario: &Scenario) -> Option<Change> {
    resized("fewer-nodes", scenario, |nodes| Some(nodes - nodes.div_ceil(10)).filter(|&nodes| nodes > 0))
}

/// Every pool with GPUs at another size, as far as it can have one.
fn resized(name: &str, scenario: &Scenario, size: impl Fn(u32) -> Option<u32>) -> Option<Change> {
    let mut change = Change::new(name, String::new());
    let mut told = Vec::new();
    for pool in scenario.cluster.pools.iter().filter(|pool| pool.gpus.is_some()) {
        // The nodes of an outage must be there, and more than those that are held back.
        let fewest = scenario.physics.nodes_in_outages(&pool.name).max(pool.spares.nodes + 1);
        if let Some(nodes) = size(pool.nodes).filter(|&nodes| nodes >= fewest) {
            resize(&mut change, pool, nodes);
            told.push(format!("{} instead of {} in {}", plural(u64::from(nodes), "node"), pool.nodes, pool.name));
        }
    }
    keep_workload(&mut change, scenario);
    change.label = told.join(", ");
    (!told.is_empty()).then_some(change)
}

fn resize(change: &mut Change, pool: &PoolSpec, nodes: u32) {
    let key = format!("cluster.pools.{}", quoted(&pool.name));
    change.set.push(format!("{key}.nodes={nodes}"));
    // What was one rack stays one.
    if pool.nodes_per_rack.is_some_and(|rack| rack >= pool.nodes) {
        change.set.push(format!("{key}.nodes_per_rack={nodes}"));
    }
}

/// A generated workload may be as large as the cluster: it stays as it is.
fn keep_workload(change: &mut Change, scenario: &Scenario) {
    if let Source::Generate { params, .. } = &scenario.workload.source
        && params.value("rate_per_hour").is_none()
        && params.value("gpus").is_none()
        && scenario.cluster.gpu_count() > 0
    {
        change.set.push(format!("workload.generate.gpus={}", scenario.cluster.gpu_count()));
    }
}

fn packing(scenario: &Scenario) -> Option<Change> {
    let policy = &scenario.policy;
    let now = policy.params.text_or(PLACEMENT.name, PLACEMENT.default);
    (now != "pack").then(|| placed("packing", "pack", scenario))
}

fn placed(name: &str, placement: &str, scenario: &Scenario) -> Change {
    let key = format!("policy.{}.{}", scenario.policy.entry.name, PLACEMENT.name);
    Change { set: vec![format!("{key}={placement}")], ..Change::new(name, format!("the placement {placement}")) }
}

fn gang(scenario: &Scenario) -> Option<Change> {
    switched("gang", "gang", scenario)
}

fn backfill(scenario: &Scenario) -> Option<Change> {
    if scenario.policy.entry.backfills {
        return None;
    }
    switched("backfill", "easy-backfill", scenario)
}

fn switched(name: &str, policy: &str, scenario: &Scenario) -> Option<Change> {
    let change = Change::new(name, format!("the policy {policy} instead of {}", scenario.policy.entry.name));
    (scenario.policy.entry.name != policy).then(|| Change { set: vec![format!("policy={policy}")], ..change })
}

fn no_quotas(scenario: &Scenario) -> Option<Change> {
    without("no-quotas", "every queue may use every pool", scenario, |pool| match pool.queues {
        Some(_) => vec!["queues"],
        None => Vec::new(),
    })
}

fn no_limits(scenario: &Scenario) -> Option<Change> {
    without("no-limits", "unlimited CPU and memory beside the GPUs", scenario, |pool| {
        let limits = [("cpus_per_node", pool.cpu_milli.is_some()), ("mem_per_node", pool.mem_bytes.is_some())];
        limits.into_iter().filter(|(_, is_set)| *is_set && pool.gpus.is_some()).map(|(key, _)| key).collect()
    })
}

/// Without some keys of the pools, where any has them.
fn without(
    name: &str,
    label: &str,
    scenario: &Scenario,
    keys: impl Fn(&PoolSpec) -> Vec<&'static str>,
) -> Option<Change> {
    let mut change = Change::new(name, label.to_owned());
    for pool in &scenario.cluster.pools {
        let key = |key: &str| format!("cluster.pools.{}.{key}", quoted(&pool.name));
        change.unset.extend(keys(pool).into_iter().map(key));
    }
    (!change.unset.is_empty()).then_some(change)
}

/// Only what limits the systems: the network cards of nodes stay.
fn faster_storage(scenario: &Scenario) -> Option<Change> {
    let limits = |system: &&StorageSpec| [system.read, system.write, system.client].iter().any(Option::is_some);
    let systems: Vec<&StorageSpec> = scenario.cluster.storage.iter().filter(limits).collect();
    if !scenario.physics.input || systems.is_empty() {
        return None;
    }
    let mut change = Change::new("faster-storage", String::new());
    let doubled = |(key, rate): (&str, Option<u64>)| {
        let twice = rate?.saturating_mul(2);
        Some(format!("{key} = \"{}/s\"", bytes_text(twice)))
    };
    for system in &systems {
        let kind = (system.read.is_none() || system.write.is_none()).then(|| "kind = \"object\"".to_owned());
        let rates = [("read", system.read), ("write", system.write), ("client", system.client)];
        let share = format!("share = \"{}\"", if system.share == Share::Job { "job" } else { "node" });
        let keys: Vec<String> = kind.into_iter().chain(rates.into_iter().filter_map(doubled)).chain([share]).collect();
        change.set.push(format!("cluster.storage.{}={{ {} }}", quoted(&system.name), keys.join(", ")));
    }
    let names: Vec<&str> = systems.iter().map(|system| system.name.as_str()).collect();
    change.label = format!("twice the bandwidth of {}", names.join(", "));
    Some(change)
}

fn no_failures(scenario: &Scenario) -> Option<Change> {
    if scenario.physics.failures.is_empty() {
        return None;
    }
    let mut change = Change::new("no-failures", "no node fails".to_owned());
    change.unset.push("physics.failures".to_owned());
    if scenario.cluster.pools.iter().any(|pool| pool.spares.nodes > 0) {
        change.label += ", and none is held back for it";
        change.unset.push("physics.spares".to_owned());
    }
    Some(change)
}

/// A segment of a dotted key.
fn quoted(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::of_bytes;

    fn scenario(overrides: &Overrides) -> Scenario {
        let text = "[cluster.pools.\"a.b\"]\ngpu = \"h100-sxm\"\nnodes = 15\ngpus_per_node = 8\nqueues = [\"x\"]\n\
                    cpus_per_node = 64\nnodes_per_rack = 15\nstorage = \"s\"\n[cluster.pools.cpu]\nnodes = 2\n\
                    [cluster.storage.s]\nread = \"10GB/s\"\nclient = \"1GB/s\"\n[workload.generate]\n\
                    jobs = 50\n[physics]\ninput = true\n[physics.failures.cpu]\nmtbf = \"30d\"\nrepair = \"1h\"\n\
                    [policy.fifo]\nplacement = \"spread\"\n";
        of_bytes(text.as_bytes(), Path::new("t.toml"), overrides).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Every change can be made, and makes what it says and nothing else.
    #[test]
    fn all_changes_do_what_they_say() {
        let base = scenario(&Overrides::default());
        let changes = possible(&base);
        assert_eq!(changes.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), KINDS.map(|kind| kind.name));
        for change in changes {
            let mut expected = base.clone();
            let pool = &mut expected.cluster.pools[0];
            match change.name.as_str() {
                "more-nodes" => (pool.nodes, pool.nodes_per_rack) = (17, Some(17)),
                "fewer-nodes" => (pool.nodes, pool.nodes_per_rack) = (13, Some(13)),
                "no-quotas" => pool.queues = None,
                "no-limits" => pool.cpu_milli = None,
                "faster-storage" => {
                    let system = &mut expected.cluster.storage[0];
                    const GB: u64 = 1_000_000_000;
                    (system.read, system.write, system.client) = (Some(20 * GB), Some(10 * GB), Some(2 * GB));
                }
                "no-failures" => expected.physics.failures.clear(),
                "packing" => expected.policy.params.set("placement", crate::units::keys::Value::Text("pack".into())),
                policy => expected.policy.entry = registry::find(policy).unwrap_or(&crate::sched::easy::ENTRY),
            }
            let mut changed = scenario(&change.on(&Overrides::default()));
            // The recipe now names the GPUs that it took from the cluster, which is the same workload.
            let Source::Generate { generator, .. } = &changed.workload.source else { panic!("it is generated") };
            assert!(matches!(&base.workload.source, Source::Generate { generator: g, .. } if g == generator));
            changed.workload = base.workload.clone();
            assert_eq!(changed, expected, "{}", change.name);
        }
    }

    #[test]
    fn words_are_understood() {
        let base = scenario(&Overrides::default());
        let set = |word: &str| parse(word, &base, 0).map(|change| change.set.join(" ")).unwrap_or_else(|p| p.message);
        assert_eq!(set("srtf"), "policy=srtf");
        assert_eq!(set("island-pack"), "policy.fifo.placement=island-pack");
        assert!(set("gpus=+9").starts_with("cluster.pools.\"a.b\".nodes=17 "));
        assert_eq!(set("seed=4"), "seed=4");
        assert_eq!(set("gpus=9"), "expected gpus=+N, such as gpus=+8");
        assert_eq!(set("paking"), "is not known; did you mean `packing`?");
        assert_eq!(parse("gpus=+1", &base, 1).map_err(|p| p.message), Err("the nodes of `cpu` have no GPUs".into()));
    }
}
