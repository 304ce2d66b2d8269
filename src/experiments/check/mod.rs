//! Scenarios against what was recorded of them: has a change of a scheduler made anything worse, and where does it begin?

pub mod baseline;
pub mod reports;
pub mod schedule;

use std::path::{Path, PathBuf};

use super::parallel::{self, Observer};
use super::replicate::Replicates;
use super::run::Run;
use super::stop::Stop;
use super::sweep::identity;
use super::why::Why;
use super::workload::Library;
use crate::engine::Silent;
use crate::input::{Problem, Problems};
use crate::scenario::{self, Overrides, Scenario};
use crate::units::hash::Fingerprint;
use baseline::{Baseline, Regression};
use schedule::{Parted, Schedule};

/// A scenario to be checked.
#[derive(Debug)]
pub struct Case {
    /// Its file.
    pub file: PathBuf,
    scenario: Scenario,
    library: Library,
    baseline: Option<Baseline>,
    /// What is wrong with the baseline that is to be recorded anew.
    damage: Option<Problem>,
}

/// How a scenario fared.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Its file.
    pub file: PathBuf,
    /// Figures that are worse than they may be.
    pub regressions: Vec<Regression>,
    /// Where the schedule parts from the recorded one, worse or not.
    pub parted: Option<Parted>,
    /// Whether the scenario or its trace is another one than when the baseline was recorded.
    pub is_another: bool,
    /// What was wrong with a recorded file, which was recorded anew.
    pub replaced: Option<Problem>,
}

/// Reads a scenario file, or all in a folder (`*.toml`, by name), with their traces and baselines.
///
/// # Errors
/// Everything that is wrong with them; without `may_lack`, baselines that are missing.
pub fn cases(path: &Path, may_lack: bool) -> Result<Vec<Case>, Problems> {
    let mut problems = Problems::new();
    let mut cases = Vec::new();
    for file in scenario_files(path)? {
        match case(&file, may_lack) {
            Ok(case) if case.baseline.is_none() && !may_lack => {
                let message = "has no baseline beside it; `fleetsim check --bless` records one";
                problems.push(Problem::of_file(&file, message));
            }
            Ok(case) => cases.push(case),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if path.is_dir() {
        problems.extend(left_behind(path));
    }
    problems.or(cases)
}

/// Baselines whose scenarios are gone: nobody would notice that these are checked no more.
fn left_behind(folder: &Path) -> Problems {
    let mut problems = Problems::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let stem = name.as_deref().and_then(|name| name.strip_suffix(".baseline.json"));
        if stem.is_some_and(|stem| !folder.join(format!("{stem}.toml")).exists()) {
            problems.push(Problem::of_file(&file, "is the baseline of a scenario that is gone; remove it too"));
        }
    }
    problems
}

fn scenario_files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| Problem::of_file(path, format!("cannot be read: {e}")))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    match files.is_empty() {
        true => Err(Problem::of_file(path, "holds no scenario; expected files that end in .toml")),
        false => Ok(files),
    }
}

/// With `may_lack`, a baseline that is damaged counts as none.
fn case(file: &Path, may_lack: bool) -> Result<Case, Problems> {
    let mut scenario = scenario::load(file, &Overrides::default())?;
    scenario.variants.clear();
    let library = Library::read(file, [&scenario], Replicates::ONE)?;
    let (baseline, damage) = match Baseline::read(file) {
        Ok(baseline) => (baseline, None),
        Err(problem) if may_lack => (None, Some(also(problem, "recorded anew, so what was allowed in it is gone"))),
        Err(problem) => return Err(also(problem, "mend it, or let --bless record it anew").into()),
    };
    Ok(Case { file: file.to_owned(), scenario, library, baseline, damage })
}

fn also(problem: Problem, more: &str) -> Problem {
    Problem { message: format!("{}; {more}", problem.message), ..problem }
}

/// Simulates all cases in parallel; the verdicts are in their order. With `bless`, what comes out is recorded, and nothing
/// is worse than itself.
///
/// # Errors
/// What breaks in a run, a baseline that is damaged or cannot be written.
pub fn run(cases: &[Case], bless: bool, observer: Observer<'_>) -> Result<Vec<Verdict>, Stop> {
    let (verdicts, _) = parallel::all(cases.len(), observer, |number| cases[number].run(bless))?;
    Ok(verdicts)
}

impl Case {
    fn run(&self, bless: bool) -> Result<Verdict, Stop> {
        let scenario = &self.scenario;
        let jobs = self.library.jobs(scenario, 0)?;
        let run = Run::with_places(scenario, &jobs, scenario.seed, &mut Silent)
            .map_err(|error| Stop::Run { which: self.file.display().to_string(), error })?;
        let figures = run.figures(scenario, scenario.seed);
        let now = Schedule::of(&run.outcome, &jobs, scenario);
        let identity = self.fingerprint();
        let (mut parted, damage) = match self.parting(&now) {
            Ok(parted) => (parted, None),
            Err(problem) if bless => (None, Some(also(problem, "recorded anew"))),
            Err(problem) => return Err(also(problem, "--bless records it anew").into()),
        };
        if let Some(parted) = &mut parted
            && parted.first.waits().1
        {
            let (first, which) = (&parted.first, || self.file.display().to_string());
            parted.moments[1].why = Why::of(scenario, &jobs, &first.job, first.at, &which)?;
        }
        if bless {
            // Both or, on a full disk, none: a schedule beside another one's figures would mislead.
            let baseline = Baseline::record(&figures, identity.clone(), self.baseline.as_ref()).write(&self.file)?;
            let schedule = now.write(&self.file)?;
            baseline.finish()?;
            schedule.finish()?;
        }
        if let Some(message) = self.baseline.as_ref().and_then(|baseline| baseline.unknown(&figures)) {
            return Err(Stop::from(Problem::of_file(&Baseline::path(&self.file), message)));
        }
        let known = self.baseline.as_ref().filter(|_| !bless);
        Ok(Verdict {
            file: self.file.clone(),
            regressions: known.map_or_else(Vec::new, |baseline| baseline.regressions(&figures)),
            parted,
            is_another: known.is_some_and(|baseline| baseline.scenario != identity),
            replaced: self.damage.clone().or(damage),
        })
    }

    /// Where the schedule parts from the recorded one, if there is one.
    fn parting(&self, now: &Schedule) -> Result<Option<Parted>, Problem> {
        match Schedule::read(&self.file)? {
            Some(recorded) => recorded.parting(now, self.scenario.cluster.gpu_count()),
            None => Ok(None),
        }
    }

    /// XXH64 of all that decides over the run but the program itself.
    fn fingerprint(&self) -> String {
        format!("{:016x}", Fingerprint::of(0, identity(&self.scenario, &self.library).as_bytes()).value())
    }
}
