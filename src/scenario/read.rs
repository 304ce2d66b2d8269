//! From a file and the arguments beside it to a checked scenario.

use std::path::{Path, PathBuf};

use super::overlay::Overlay;
use super::section::Section;
use super::shape::Shape;
use super::tables::{ROOT, VARIANT_KEYS};
use super::tree::{self, Data, Entry, Node, Place};
use super::types::{Scenario, Variant};
use super::{measure, physics, policy, pools, workload};
use crate::cluster::ClusterSpec;
use crate::input::{Problem, Problems};
use crate::sched::{Grain, PolicyChoice};

/// What the command line changes in a scenario.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `KEY=VALUE`, in the order given.
    pub set: Vec<String>,
    /// Dotted keys to be taken out; they go first.
    pub unset: Vec<String>,
    /// Another policy; it comes before `set`.
    pub policy: Option<String>,
    /// Another trace, as the current folder sees it.
    pub trace: Option<PathBuf>,
    /// Another seed.
    pub seed: Option<u64>,
    /// Another end, as a duration with its unit.
    pub until: Option<String>,
    /// One `KEY=VALUE` of each key that varies over many runs, with the option or the line that names it; they come last.
    pub axis: Vec<(String, String)>,
}

/// Reads a scenario file.
///
/// # Errors
/// Everything that is wrong: errors of syntax, then unknown keys, then values.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario, Problems> {
    if path.is_dir() {
        return Err(Problem::of_file(path, "is a folder; expected a scenario file").into());
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => error.to_string(),
        };
        Problem::of_file(path, reason)
    })?;
    of_bytes(&bytes, path, overrides)
}

/// Reads a scenario from the bytes of its file; `path` is what messages name and what `trace` is relative to.
///
/// # Errors
/// As [`load`].
pub fn of_bytes(bytes: &[u8], path: &Path, overrides: &Overrides) -> Result<Scenario, Problems> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(&bytes[..error.valid_up_to()], path))?;
    if text.trim().is_empty() {
        return Err(Problem::of_file(path, "is empty; expected a scenario, such as scenarios/quickstart.toml").into());
    }
    let (root, problems) = tree::parse(text, path);
    if !problems.is_empty() {
        return Err(with_unknown_keys(problems, &root, text));
    }
    of_tree(root, path, overrides)
}

/// Adds the unknown keys to errors of syntax. What the parser could not read looks missing or wrong, so values wait
/// for correct syntax; and where a table's header is broken, so do the keys, which then seem to lie in another table.
fn with_unknown_keys(mut problems: Problems, root: &Node, text: &str) -> Problems {
    let line_of = |problem: &Problem| problem.at.map_or(0, |(line, _)| line);
    let broken: Vec<u64> = problems.list().iter().map(line_of).collect();
    let is_header =
        |line: u64| text.lines().nth(line as usize - 1).is_some_and(|line| line.trim_start().starts_with('['));
    if !broken.iter().any(|&line| line == 0 || is_header(line)) {
        for problem in Shape::of(root).unknown.list() {
            if !broken.contains(&line_of(problem)) {
                problems.push(problem.clone());
            }
        }
    }
    problems
}

fn not_utf8(valid: &[u8], path: &Path) -> Problem {
    let line = valid.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    let start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&valid[start..]).chars().count() as u64 + 1;
    Problem::at(path, line, column, "is not UTF-8 text here; save the file as UTF-8")
}

/// Reads a scenario from a tree, such as that of a manifest.
///
/// # Errors
/// As [`load`].
pub fn of_tree(mut root: Node, path: &Path, overrides: &Overrides) -> Result<Scenario, Problems> {
    let mut problems = Problems::new();
    let mut notices = Vec::new();
    apply(overrides, &mut root, &mut problems, &mut notices);
    report_shape(&root, &mut problems);
    let variants = take_variants(&mut root);
    let scenario = read_plain(&root, path, notices, &mut problems);
    let read = read_variants(variants, &root, path, &mut problems);
    match (scenario, read, problems.is_empty()) {
        (Some(mut scenario), variants, true) => {
            scenario.variants = variants;
            Ok(scenario)
        }
        _ => Err(problems),
    }
}

fn apply(overrides: &Overrides, root: &mut Node, problems: &mut Problems, notices: &mut Vec<String>) {
    let mut overlay = Overlay { root, problems, notices };
    for key in &overrides.unset {
        overlay.unset(key.trim(), &Place::whole(&format!("--unset {}", key.trim())));
    }
    if let Some(name) = &overrides.policy {
        overlay.choose_policy(name, &Place::whole("--policy"));
    }
    if let Some(trace) = &overrides.trace {
        let place = Place::whole(workload::TRACE_ARGUMENT);
        overlay.set("workload.trace", Node::new(Data::Text(trace.display().to_string()), &place), &place);
    }
    for argument in &overrides.set {
        overlay.set_argument("--set", argument);
    }
    if let Some(seed) = overrides.seed {
        let place = Place::whole("--seed");
        let data = Data::Integer { text: seed.to_string(), value: Some(seed) };
        overlay.set("seed", Node::new(data, &place), &place);
    }
    if let Some(until) = &overrides.until {
        let place = Place::whole("--until");
        overlay.set("measure.until", Node::new(Data::Text(until.clone()), &place), &place);
    }
    for (option, argument) in &overrides.axis {
        overlay.set_argument(option, argument);
    }
}

fn report_shape(root: &Node, problems: &mut Problems) {
    let shape = Shape::of(root);
    problems.extend(shape.unknown);
    problems.extend(shape.misplaced);
}

/// Reads a tree without variants; nothing where a part is missing, which is then among the problems.
fn read_plain(root: &Node, path: &Path, mut notices: Vec<String>, problems: &mut Problems) -> Option<Scenario> {
    let top = Section::read(root, &root.place, ROOT.keys, ROOT.required, "", problems);
    let mut cluster = pools::read(root, problems);
    let folder = path.parent().unwrap_or(Path::new(""));
    let workload = workload::read(root, folder, cluster.spec.gpu_count(), problems);
    let measure = measure::read(root, problems);
    let physics = physics::read(root, &mut cluster.spec, problems);
    let policy = policy::read(root, problems);
    notices.extend(cluster.notices);
    notices.extend(policy.as_ref().and_then(|policy| unshared_notice(&cluster.spec, policy)));
    let stem = || path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Some(Scenario {
        name: top.text("name").map_or_else(stem, str::to_owned),
        seed: top.count("seed").unwrap_or(0),
        cluster: cluster.spec,
        spare_types: cluster.spare_types,
        prices: cluster.prices,
        workload: workload?,
        physics,
        policy: policy?,
        measure,
        variants: Vec::new(),
        notices,
    })
}

/// What to say where GPUs are to be shared under a policy that gives out whole ones.
fn unshared_notice(cluster: &ClusterSpec, policy: &PolicyChoice) -> Option<String> {
    let shared = cluster.pools.iter().any(|pool| pool.gpus.is_some_and(|gpus| gpus.sharing.is_some()));
    let whole = shared && policy.build(0).grain() == Grain::WholeGpus;
    whole.then(|| format!("{} reserves whole GPUs: jobs do not share any under it", policy.entry.name))
}

/// Cuts the `[[variant]]`s out of a scenario, where they are tables as they should be.
fn take_variants(root: &mut Node) -> Vec<Node> {
    let shape_is_right = |entry: &Entry| match &entry.node.data {
        Data::List(variants) => entry.key == "variant" && variants.iter().all(|variant| variant.table().is_some()),
        _ => false,
    };
    let Data::Table(entries) = &mut root.data else { return Vec::new() };
    let Some(at) = entries.iter().position(shape_is_right) else { return Vec::new() };
    match entries.remove(at).node.data {
        Data::List(variants) => variants,
        _ => Vec::new(),
    }
}

fn read_variants(nodes: Vec<Node>, base: &Node, path: &Path, problems: &mut Problems) -> Vec<Variant> {
    // Against a wrong scenario every variant would repeat its problems.
    let base_is_right = problems.is_empty();
    let mut variants: Vec<Variant> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for node in nodes {
        let keys = Section::read(&node, &node.place, VARIANT_KEYS, &["name", "set"], "variant", problems);
        let Some(name) = keys.text("name").map(str::to_owned) else { continue };
        if name.is_empty() {
            problems.push(keys.place("name").problem("`name`: a variant needs a name"));
        } else if names.contains(&name) {
            problems.push(keys.place("name").problem(format!("`name`: there is a variant \"{name}\" already")));
        }
        names.push(name.clone());
        let mut changed = base.clone();
        let mut notices = Vec::new();
        let mut wrong = Problems::new();
        apply_set(&node, &mut changed, &mut wrong, &mut notices);
        let mut scenario = None;
        if base_is_right {
            report_shape(&changed, &mut wrong);
            scenario = read_plain(&changed, path, notices, &mut wrong);
        }
        problems.extend(wrong);
        variants.extend(scenario.map(|scenario| Variant { name, scenario }));
    }
    variants
}

fn apply_set(variant: &Node, root: &mut Node, problems: &mut Problems, notices: &mut Vec<String>) {
    let Some(set) = variant.entry("set") else { return };
    let Some(changes) = set.node.table() else {
        let message = format!("`set`: expected a table of dotted keys and values, found {}", set.node.shown());
        problems.push(set.node.place.problem(message));
        return;
    };
    let mut overlay = Overlay { root, problems, notices };
    for change in changes {
        if change.key.contains('.') {
            overlay.set(&change.key, change.node.clone(), &change.place);
        } else {
            // The places inside stay those of the file.
            overlay.merge(Node::new(Data::Table(vec![change.clone()]), &change.place));
        }
    }
}
