//! The jobs of scenarios: traces read once, generated workloads, replicates of both.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::bootstrap::{self, DAY, Period, Periods};
use super::gpu_types;
use super::interval::Draws;
use super::replicate::{self, Replicates};
use crate::input::{Problem, Problems};
use crate::results::folder::InputFile;
use crate::results::format::{count, plural};
use crate::scenario::{Scenario, Source, TraceFile};
use crate::trace::JobTable;
use crate::trace::generate::Generator;
use crate::trace::native::{self, ReadOptions, Trace};
use crate::units::hash::Fingerprint;
use crate::units::keys::Params;

/// The jobs of one run, the files that they came from, and what the reader should know of them.
#[derive(Debug)]
pub struct Jobs {
    /// The jobs.
    pub table: JobTable,
    /// The scenario file first, where it can be read again.
    pub inputs: Vec<InputFile>,
    /// Notices, in full sentences.
    pub notices: Vec<String>,
}

/// The jobs of a scenario that was read from `file`, for a single run.
///
/// # Errors
/// Everything that is wrong with the trace.
pub fn load(scenario: &Scenario, file: &Path) -> Result<Jobs, Problems> {
    let mut inputs = Vec::new();
    if let Ok(bytes) = std::fs::read(file) {
        inputs.push(input(file, Fingerprint::of(0, &bytes).value()));
    }
    let mut notices = Vec::new();
    let mut table = match &scenario.workload.source {
        Source::Trace(file) => {
            let trace = read_file(file)?;
            gpu_types::check(scenario, file, &gpu_types::foreign(&trace.table))?;
            inputs.push(input(file, trace.fingerprint));
            notices.extend(trace.notices);
            trace.table
        }
        Source::Generate { generator, .. } => generate(generator, scenario.seed, file)?,
    };
    scale(scenario, &mut table);
    if scenario.workload.recorded && is_scaled(scenario) {
        notices.push("arrivals are scaled: recorded queue times are not held against simulated ones".to_owned());
    }
    if scenario.workload.recorded && !table.has_recorded_starts() {
        notices.push("no job of the trace has a `recorded_start_s`: there are no recorded queue times".to_owned());
    }
    notices.extend(estimates_notice(scenario, &table));
    Ok(Jobs { table, inputs, notices })
}

/// The traces that some scenarios of one file name, each read once.
#[derive(Debug)]
pub struct Library {
    file: PathBuf,
    traces: Vec<(PathBuf, Trace, Periods)>,
    replicates: Replicates,
}

impl Library {
    /// Reads all traces of scenarios that were read from `file`.
    ///
    /// # Errors
    /// Everything that is wrong with any of them; with several `replicates`, a trace that has too little to draw from too.
    pub fn read<'s>(
        file: &Path,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
        replicates: Replicates,
    ) -> Result<Self, Problems> {
        let mut library = Library { file: file.to_owned(), traces: Vec::new(), replicates };
        let mut problems = Problems::new();
        let mut seen: Vec<&Path> = Vec::new();
        let scenarios: Vec<(&TraceFile, &Scenario)> = scenarios
            .into_iter()
            .filter_map(|scenario| match &scenario.workload.source {
                Source::Trace(file) => Some((file, scenario)),
                Source::Generate { .. } => None,
            })
            .collect();
        for &(file, _) in &scenarios {
            if seen.contains(&&**file) {
                continue;
            }
            seen.push(file);
            match read_trace(file, replicates) {
                Ok((trace, periods)) => library.traces.push((file.path.clone(), trace, periods)),
                Err(wrong) => problems.extend(wrong),
            }
        }
        problems.extend(library.check_types(&scenarios).err().unwrap_or_default());
        problems.or(library)
    }

    /// Checks the GPU types of each trace; of scenarios that know different ones, the first that lacks some is told of.
    fn check_types(&self, scenarios: &[(&TraceFile, &Scenario)]) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (path, trace, _) in &self.traces {
            let foreign = gpu_types::foreign(&trace.table);
            let of_trace = scenarios.iter().filter(|(file, _)| file.path == *path);
            let mut wrong = of_trace.filter_map(|(_, scenario)| gpu_types::check(scenario, path, &foreign).err());
            problems.extend(wrong.next().unwrap_or_default());
        }
        problems.or(())
    }

    /// The traces, in the order in which they were first named.
    pub fn inputs(&self) -> impl Iterator<Item = InputFile> {
        self.traces.iter().map(|(path, trace, _)| input(path, trace.fingerprint))
    }

    /// XXH64 of a trace.
    #[must_use]
    pub fn fingerprint(&self, path: &Path) -> Option<u64> {
        self.find(path).map(|(trace, _)| trace.fingerprint)
    }

    fn find(&self, path: &Path) -> Option<(&Trace, Periods)> {
        self.traces.iter().find(|(known, ..)| known == path).map(|(_, trace, periods)| (trace, *periods))
    }

    /// What the replicates of a scenario are to each other.
    #[must_use]
    pub fn draws(&self, scenario: &Scenario) -> Draws {
        match &scenario.workload.source {
            Source::Trace(path) => match self.find(path) {
                Some((_, periods)) => Draws::Bootstrap { of: periods.period(), blocks: periods.blocks() },
                None => Draws::Bootstrap { of: Period::default(), blocks: 0 },
            },
            Source::Generate { .. } => Draws::Independent,
        }
    }

    /// What the reader should know of the traces, and of their jobs under a scenario.
    pub fn notices(&self, scenario: &Scenario) -> Vec<String> {
        let Source::Trace(path) = &scenario.workload.source else { return Vec::new() };
        let Some((trace, _)) = self.find(path) else { return Vec::new() };
        trace.notices.iter().cloned().chain(estimates_notice(scenario, &trace.table)).collect()
    }

    /// Says so where there is no trace of which weeks could be drawn.
    #[must_use]
    pub fn bootstrap_notice(&self) -> Option<String> {
        let is_asked = self.replicates.bootstrap != Period::default();
        (is_asked && self.traces.is_empty()).then(|| {
            let period = self.replicates.bootstrap;
            format!(
                "the workload is generated: its replicates have other seeds, and --bootstrap {period} changes nothing"
            )
        })
    }

    /// The jobs of a replicate of a scenario. Days and weeks are drawn before arrivals are compressed.
    ///
    /// # Errors
    /// What makes no sense in the recipe of a generated workload.
    pub fn jobs(&self, scenario: &Scenario, replicate: u32) -> Result<Cow<'_, JobTable>, Problems> {
        let seed = replicate::seed(scenario.seed, replicate);
        let mut jobs = match &scenario.workload.source {
            Source::Trace(path) => match self.find(path) {
                Some((trace, _)) if replicate == 0 => Cow::Borrowed(&trace.table),
                Some((trace, periods)) => Cow::Owned(bootstrap::resample(&trace.table, periods, seed)),
                None => return Err(Problem::of_file(path, "was not read").into()),
            },
            Source::Generate { generator, .. } => Cow::Owned(generate(generator, seed, &self.file)?),
        };
        if is_scaled(scenario) {
            scale(scenario, jobs.to_mut());
        }
        Ok(jobs)
    }
}

/// Reads a trace; what is wrong with all of the file is told with the line that names it.
fn read_file(file: &TraceFile) -> Result<Trace, Problems> {
    let named = file.named.full();
    native::read(file, &ReadOptions::default()).map_err(|problems| match named.as_str() {
        "" => problems,
        named => problems.of_whole_inputs(|message| format!("{message} (named by {named})")),
    })
}

fn read_trace(file: &TraceFile, replicates: Replicates) -> Result<(Trace, Periods), Problems> {
    let trace = read_file(file)?;
    let periods = Periods::of(replicates.bootstrap, &trace.table);
    if replicates.count > 1 && !periods.are_enough() {
        return Err(Problem::of_file(file, too_little(periods, &trace.table)).into());
    }
    Ok((trace, periods))
}

/// Says how much there is to draw from, how much it takes, and what else can be done.
fn too_little(periods: Periods, jobs: &JobTable) -> String {
    let (period, whole) = (periods.period(), periods.whole());
    let span = match (jobs.ids().next(), jobs.ids().last()) {
        (Some(first), Some(last)) => jobs.submit(last).since(jobs.submit(first)).as_seconds() / DAY.as_seconds(),
        _ => 0.0,
    };
    let (one, instead) = match period {
        Period::Days => ("whole day", "[workload.generate]"),
        Period::Weeks => ("whole week", "--bootstrap days"),
    };
    format!(
        "replicates are drawn from a trace's {period}, and this one has {} (submissions over {span:.2} days); they need at \
         least {} (or {instead})",
        plural(whole, one),
        count(period.fewest())
    )
}

fn generate(generator: &Generator, seed: u64, file: &Path) -> Result<JobTable, Problems> {
    generator.generate(seed).map_err(|bad| {
        let mut problems = Problems::new();
        for key in bad {
            problems.push(Problem::of_file(file, format!("[workload.generate]: `{}`: {}", key.key, key.message)));
        }
        problems
    })
}

/// What the reader should know where some of these scenarios generate more jobs than others only because their cluster has
/// more GPUs: the same recipe, of which `load` is a share of the cluster.
#[must_use]
pub fn growth_notice<'s>(scenarios: impl IntoIterator<Item = &'s Scenario>) -> Option<String> {
    let mut recipes: Vec<(&Params, &Generator)> = Vec::new();
    for scenario in scenarios {
        let Source::Generate { generator, params } = &scenario.workload.source else { continue };
        match recipes.iter().find(|(known, _)| *known == params) {
            Some((_, first)) if *first != &**generator => return Some(GROWTH.to_owned()),
            Some(_) => {}
            None => recipes.push((params, generator)),
        }
    }
    None
}

const GROWTH: &str = "the generated load is a share of each cluster, so a larger cluster is given more jobs: what differs is \
                      not only the cluster; workload.generate.gpus = N names the GPUs that the load refers to";

/// Whether arrivals come at another pace than the source's.
#[must_use]
pub fn is_scaled(scenario: &Scenario) -> bool {
    scenario.workload.scale.to_bits() != 1.0f64.to_bits()
}

fn scale(scenario: &Scenario, table: &mut JobTable) {
    if is_scaled(scenario) {
        table.compress_arrivals(scenario.workload.scale);
    }
}

/// Says which jobs have no run-time estimate, where the policy looks at estimates at all.
fn estimates_notice(scenario: &Scenario, table: &JobTable) -> Option<String> {
    let without = table.ids().filter(|&job| table.walltime(job).is_none()).count() as u64;
    if without == 0 || !scenario.policy.entry.uses_estimates {
        return None;
    }
    let who = if without == table.len() as u64 {
        "no job has a walltime".to_owned()
    } else {
        format!("{} of {} jobs have no walltime", count(without), count(table.len() as u64))
    };
    Some(format!("{who}: run-time estimates are their true durations"))
}

fn input(path: &Path, fingerprint: u64) -> InputFile {
    InputFile { path: path.display().to_string(), xxh64: format!("{fingerprint:016x}") }
}
