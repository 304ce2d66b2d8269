//! `[workload]`: where the jobs come from and how they are treated.

use std::path::Path;

use super::section::Section;
use super::tables::{GENERATE, WORKLOAD};
use super::tree::{Data, Entry, Node, Place};
use super::types::{Source, TraceFile, Workload};
use crate::input::Problems;
use crate::sched::PPM;
use crate::trace::RecordedState;
use crate::trace::generate::Generator;

/// Where a trace comes from whose path is as the current folder sees it, not the scenario file's.
pub const TRACE_ARGUMENT: &str = "--trace";

/// Reads `[workload]`; `folder` is the scenario file's, `cluster_gpus` what a load refers to.
pub fn read(root: &Node, folder: &Path, cluster_gpus: u64, problems: &mut Problems) -> Option<Workload> {
    let empty = Node::new(Data::Table(Vec::new()), &root.place);
    let entry = root.entry("workload");
    let (node, place) = entry.map_or((&empty, &root.place), |entry| (&entry.node, &entry.place));
    let keys = Section::read(node, place, WORKLOAD.keys, WORKLOAD.required, "workload", problems);
    let source = read_source(&keys, folder, node.entry("generate"), cluster_gpus, problems);
    let recorded = keys.values().bool_or("recorded", false);
    if recorded && matches!(source, Some(Source::Generate { .. })) {
        problems.push(keys.place("recorded").problem("`recorded`: a generated workload has no recorded queue times"));
    }
    Some(Workload {
        source: source?,
        scale: keys.number("scale").unwrap_or(1.0),
        enforce_walltime: keys.values().bool_or("enforce_walltime", false),
        estimate_ppm: keys.number("estimate_factor").map_or(PPM, ppm),
        discard: keys.texts("discard").map_or_else(|| vec![RecordedState::Failed], states),
        mfu_ppm: keys.number("mfu").map(ppm),
        recorded,
    })
}

/// The nearest number of millionths of a number that its key bounds to a thousand.
fn ppm(number: f64) -> u32 {
    (number * f64::from(PPM)).round() as u32
}

fn states(words: &[String]) -> Vec<RecordedState> {
    let mut states: Vec<RecordedState> = words.iter().filter_map(|word| RecordedState::parse(word)).collect();
    states.sort_unstable();
    states
}

fn read_source(
    keys: &Section<'_>,
    folder: &Path,
    generate: Option<&Entry>,
    cluster_gpus: u64,
    problems: &mut Problems,
) -> Option<Source> {
    match (keys.has("trace"), generate) {
        (true, Some(generate)) => {
            problems.push(generate.place.problem(format!(
                "both `trace` ({}) and [workload.generate] are given; a workload takes one of them",
                keys.place("trace").brief()
            )));
            None
        }
        (true, None) => read_trace(keys, folder, problems).map(Source::Trace),
        (false, Some(generate)) => read_generate(generate, cluster_gpus, problems),
        (false, None) if !keys.is_table() => None,
        (false, None) => {
            let message = "the workload has no jobs; it needs `trace` in [workload], or [workload.generate]";
            problems.push(keys.place("trace").problem(message));
            None
        }
    }
}

fn read_trace(keys: &Section<'_>, folder: &Path, problems: &mut Problems) -> Option<TraceFile> {
    let trace = keys.text("trace")?;
    let named = keys.place("trace").clone();
    if trace.is_empty() {
        problems.push(named.problem("`trace`: expected the path of a trace, found an empty text"));
    }
    let path = if named == Place::whole(TRACE_ARGUMENT) { trace.into() } else { folder.join(trace) };
    Some(TraceFile { path, named })
}

fn read_generate(entry: &Entry, cluster_gpus: u64, problems: &mut Problems) -> Option<Source> {
    let title = "workload.generate";
    let mut wrong = Problems::new();
    let keys = Section::read(&entry.node, &entry.place, GENERATE.keys, GENERATE.required, title, &mut wrong);
    let params = keys.values().clone();
    let made = Generator::from_params(&params, generator_gpus(cluster_gpus));
    // What was wrong by itself would only be missed in the keys' sense together.
    if wrong.is_empty() {
        for bad in made.as_ref().err().into_iter().flatten() {
            wrong.push(keys.place(bad.key).problem(format!("`{}`: {}", bad.key, bad.message)));
        }
    }
    let right = wrong.is_empty();
    problems.extend(wrong);
    made.ok().filter(|_| right).map(|generator| Source::Generate { generator: Box::new(generator), params })
}

/// The GPUs that a generated load refers to, where the cluster has any.
#[must_use]
pub fn generator_gpus(cluster_gpus: u64) -> Option<u64> {
    (cluster_gpus > 0).then_some(cluster_gpus)
}
