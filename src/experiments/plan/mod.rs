//! The smallest or cheapest setting of some keys that meets targets.
//!
//! What a setting costs, the price of its GPUs by the hour, is known before anything runs (of rented ones the most that they
//! can cost); so settings have an order,
//! and the [`search`] only has to find the first in it that meets the [`target`]s. Of keys that are ranges it is expected what
//! more does to a target ([`lattice`]), which saves most trials. All settings meet the same workloads (common random numbers), so a difference
//! between two of them is theirs alone.

pub mod files;
pub mod knob;
pub mod lattice;
pub mod search;
pub mod setting;
pub mod target;
pub mod verdict;

use std::collections::BTreeMap;
use std::path::Path;

use super::axes::{self, Axis};
use super::design::Design;
use super::grid::{self, Grid};
use super::interval::Draws;
use super::parallel::{self, Observer, Pace};
use super::replicate::Replicates;
use super::run::Cell;
use super::stop::Stop;
use super::workload::Library;
use crate::input::{Problem, Problems};
use crate::scenario::{Overrides, Scenario, Source};
use crate::units::suggest;
use knob::Knob;
use lattice::{Lattice, Need};
use search::Found;
use setting::Setting;
use target::{Reading, Target};
use verdict::Verdict;

/// Settings of one plan; more take too long to be read.
const MOST_SETTINGS: u64 = 10_000;

/// What is planned.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The scenario file.
    pub file: &'a Path,
    /// What the command line changes in it at all settings.
    pub overrides: Overrides,
    /// `KEY=LO..HI` or `KEY=a,b,c`, at least one.
    pub vary: &'a [String],
    /// `METRIC<=VALUE` or `METRIC>=VALUE`, at least one.
    pub slo: &'a [String],
    /// The replicates of each setting.
    pub replicates: Replicates,
    /// How many settings are tried at most, at least 1.
    pub budget: usize,
    /// Whether a target counts as met only where its whole interval meets it, for which replicates must be enough.
    pub only_sure: bool,
}

/// A plan that was checked at all settings and can be searched.
#[derive(Debug)]
pub struct Plan {
    /// What the reader should know.
    pub notices: Vec<String>,
    /// The keys.
    pub knobs: Vec<Knob>,
    /// The targets.
    pub targets: Vec<Target>,
    /// All settings, the cheapest first.
    pub settings: Vec<Setting>,
    /// How many replicates of each.
    pub replicates: u32,
    /// How many settings are tried at most.
    pub budget: usize,
    /// What the replicates are to each other.
    pub draws: Draws,
    /// Whether a target counts as met only where its whole interval meets it.
    pub only_sure: bool,
    lattice: Lattice,
    library: Library,
}

/// What came of it.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What the search came to.
    pub found: Found,
    /// The runs of each setting tried, by replicate.
    pub trials: BTreeMap<usize, Vec<Cell>>,
    /// How fast they went.
    pub pace: Pace,
}

impl Plan {
    /// Reads the scenario at all settings, and its traces.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn prepare(request: &Request<'_>) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let knobs = Knob::parse_all(request.vary).map_err(|wrong| problems.extend(wrong));
        let read = Target::parse_all(request.slo, false).map_err(|wrong| problems.extend(wrong));
        let (Ok(knobs), Ok(_)) = (knobs, read) else { return Err(problems) };
        let axes: Vec<Axis> = knobs.iter().map(|knob| knob.axis.clone()).collect();
        let Some(count) = axes::points(&axes).filter(|&count| count <= MOST_SETTINGS) else {
            let message = format!("there are more than {MOST_SETTINGS} settings; name larger steps: LO..HI..STEP");
            return Err(Problem { source: "--vary".to_owned(), at: None, message }.into());
        };
        let design = Design::of_axes(axes.clone());
        let (file, overrides) = (request.file, &request.overrides);
        let grid = Grid { file, overrides, design: &design, option: "--vary", list: None };
        let scenarios = grid.scenarios(count)?;
        check_same_demand(&scenarios, &axes)?;
        let library = Library::read(request.file, &scenarios, request.replicates)?;
        let draws = scenarios.iter().fold(Draws::Independent, |draws, one| draws.and(library.draws(one)));
        if request.only_sure {
            check_enough(request.replicates.count, draws)?;
        }
        let is_cut_short = scenarios.iter().any(|scenario| scenario.measure.until.is_some());
        let notices = notices(&scenarios, &library);
        let settings = Setting::in_order(scenarios, &axes);
        Ok(Plan {
            notices,
            targets: Target::parse_all(request.slo, is_cut_short)?,
            draws,
            lattice: setting::lattice(&settings, &knobs),
            settings,
            knobs,
            replicates: request.replicates.count,
            budget: request.budget,
            only_sure: request.only_sure,
            library,
        })
    }

    /// How many runs it takes at most.
    #[must_use]
    pub fn most_runs(&self) -> u64 {
        self.budget.min(self.settings.len()) as u64 * u64::from(self.replicates)
    }

    /// Searches.
    ///
    /// # Errors
    /// What makes no sense in a workload, what breaks in a run, or a target on a figure that no run has.
    pub fn search(self, observer: Observer<'_>) -> Result<Planned, Stop> {
        let mut trials = BTreeMap::new();
        let mut pace = Pace::NONE;
        let needs =
            [Need::More, Need::Thrift].map(|need| self.targets.iter().any(|t| t.need() == need).then_some(need));
        let needs: Vec<Need> = needs.into_iter().flatten().collect();
        let mut make = |settings: &[usize]| {
            let (cells, took) = self.make(settings, observer)?;
            pace = pace.and(took);
            if trials.is_empty() {
                check_figures(&self.targets, &cells)?;
            }
            let verdicts = cells.iter().map(|cells| self.verdict(cells)).collect();
            trials.extend(settings.iter().copied().zip(cells));
            Ok(verdicts)
        };
        let found = search::search(&self.lattice, &needs, self.budget, &mut make)?;
        Ok(Planned { plan: self, found, trials, pace })
    }

    /// The runs of some settings.
    fn make(&self, settings: &[usize], observer: Observer<'_>) -> Result<(Vec<Vec<Cell>>, Pace), Stop> {
        let replicates = self.replicates as usize;
        let (cells, pace) = parallel::all(settings.len() * replicates, observer, |number| {
            let (setting, replicate) = (&self.settings[settings[number / replicates]], number % replicates);
            let which = || format!("{}, replicate {replicate}", self.name(setting));
            Cell::of(&setting.scenario, &self.library, replicate as u32, which)
        })?;
        Ok((cells.chunks(replicates).map(<[Cell]>::to_vec).collect(), pace))
    }

    fn verdict(&self, cells: &[Cell]) -> Verdict {
        let is_missed = |target: &&Target| !self.passes(target.read(cells, self.draws));
        let mut verdict = Verdict::default();
        for target in self.targets.iter().filter(is_missed) {
            match target.need() {
                Need::More => verdict.needs_more = true,
                Need::Thrift => verdict.needs_thrift = true,
            }
        }
        verdict
    }

    /// Whether a target counts as met; what is not known does not.
    fn passes(&self, reading: Reading) -> bool {
        reading.meets && (!self.only_sure || reading.is_sure == Some(true))
    }

    /// A setting in words: `cluster.pools.h100.nodes=17`.
    #[must_use]
    pub fn name(&self, setting: &Setting) -> String {
        let parts = self.knobs.iter().zip(&setting.values).map(|(knob, value)| format!("{}={value}", knob.axis.key));
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl Planned {
    /// The targets of a setting that was tried, in their order.
    #[must_use]
    pub fn readings(&self, setting: usize) -> Vec<Reading> {
        let cells = self.trials.get(&setting).map_or(&[][..], Vec::as_slice);
        self.plan.targets.iter().map(|target| target.read(cells, self.plan.draws)).collect()
    }

    /// The setting tried that comes nearest to the targets: whose worst miss is the least, the cheapest of equals.
    #[must_use]
    pub fn nearest(&self) -> Option<usize> {
        let worst = |setting: usize| self.readings(setting).iter().map(|r| r.miss).fold(0.0, f64::max);
        let tried = self.trials.keys().map(|&setting| (setting, worst(setting)));
        tried.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(setting, _)| setting)
    }

    /// The cheapest setting tried that would be better than the best but for a few of its replicates, in which it misses
    /// one target that is implied, with that target.
    #[must_use]
    pub fn but_for_a_few(&self) -> Option<(usize, &Target, Reading)> {
        let below = self.found.best.unwrap_or(self.plan.settings.len());
        let few = |reading: &Reading| (1..self.plan.replicates as usize).contains(&reading.missed_in);
        self.trials.range(..below).find_map(|(&setting, _)| {
            let readings = self.plan.targets.iter().zip(self.readings(setting));
            let missed: Vec<_> = readings.filter(|(_, reading)| !self.plan.passes(*reading)).collect();
            let [(target, reading)] = missed[..] else { return None };
            (target.is_implied && few(&reading)).then_some((setting, target, reading))
        })
    }

    /// The next cheaper setting that was tried, one with no more of any range where there is one: what the best is needed for.
    #[must_use]
    pub fn next_smaller(&self, best: usize) -> Option<usize> {
        let cheaper = || self.trials.range(..best).rev().map(|(&setting, _)| setting);
        let lesser = cheaper().find(|&setting| self.plan.lattice.is_no_better(Need::More, setting, best));
        lesser.or_else(|| cheaper().next())
    }

    /// The queue time that the frontier is drawn in: that of the first target on one, or the 95 % quantile of all.
    #[must_use]
    pub fn frontier_figure(&self) -> &str {
        let on_wait = self.plan.targets.iter().find(|target| target.figure.starts_with("wait_s"));
        on_wait.map_or("wait_s.p95", |target| &target.figure)
    }

    /// The settings tried, the cheapest first, with their queue times. Those that leave jobs out are not among them: they
    /// are cheap and quick for that reason.
    #[must_use]
    pub fn waits(&self) -> Vec<(usize, f64)> {
        let axis = Target {
            figure: self.frontier_figure().to_owned(),
            sense: target::Sense::AtMost,
            bound: f64::INFINITY,
            given: String::new(),
            is_implied: false,
        };
        let runs_all = |cells: &[Cell]| {
            let mut implied = self.plan.targets.iter().filter(|target| target.is_implied);
            implied.all(|target| target.read(cells, self.plan.draws).meets)
        };
        let whole = self.trials.iter().filter(|(_, cells)| runs_all(cells));
        whole.filter_map(|(&setting, cells)| Some((setting, axis.read(cells, self.plan.draws).value?))).collect()
    }

    /// Those than which none is both cheaper (or as cheap) and quicker.
    #[must_use]
    pub fn frontier(&self) -> Vec<(usize, f64)> {
        let mut quickest = f64::INFINITY;
        let mut waits = self.waits();
        waits.retain(|&(_, wait)| {
            let is_quicker = wait < quickest;
            quickest = quickest.min(wait);
            is_quicker
        });
        waits
    }
}

fn notices(scenarios: &[Scenario], library: &Library) -> Vec<String> {
    let mut notices = grid::notices(scenarios, library);
    if scenarios.iter().any(|scenario| scenario.cluster.rented_gpus() > 0) {
        let order = "settings are in the order of what they cost at most, as if all nodes were rented all the time; what \
                     they did cost is cost.total_usd";
        notices.push(order.to_owned());
    }
    notices
}

/// Without an interval nothing is sure.
fn check_enough(replicates: u32, draws: Draws) -> Result<(), Problem> {
    let message = match (draws, draws.fewest()) {
        (_, Some(fewest)) if replicates >= fewest => return Ok(()),
        (Draws::Independent, Some(fewest)) => {
            format!("an interval takes at least {fewest} replicates, and there is {replicates}; try --replicates 10")
        }
        (Draws::Bootstrap { of, .. }, Some(fewest)) => format!(
            "an interval takes at least {fewest} replicates, the trace and two drawn from its {of}, and there {} \
             {replicates}; try --replicates 20",
            if replicates == 1 { "is" } else { "are" }
        ),
        (_, None) => "the trace is too short for an interval: its days make no two blocks to draw from".to_owned(),
    };
    Err(Problem { source: "--sure".to_owned(), at: None, message })
}

/// A generated load that is a share of the cluster grows with it: every setting would be given other jobs.
fn check_same_demand(scenarios: &[Scenario], axes: &[Axis]) -> Result<(), Problem> {
    if axes.iter().any(|axis| axis.key.starts_with("workload")) {
        return Ok(());
    }
    let generator = |scenario: &Scenario| match &scenario.workload.source {
        Source::Generate { generator, .. } => Some(generator.clone()),
        Source::Trace(_) => None,
    };
    if scenarios.windows(2).all(|pair| generator(&pair[0]) == generator(&pair[1])) {
        return Ok(());
    }
    let message = "the generated load is a share of the cluster, so a larger cluster would be given more jobs; name the \
                   GPUs that it refers to: workload.generate.gpus";
    Err(Problem { source: "--vary".to_owned(), at: None, message: message.to_owned() })
}

/// Whether the first runs have the figures that targets name.
fn check_figures(targets: &[Target], cells: &[Vec<Cell>]) -> Result<(), Problems> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in cells.iter().flatten().flat_map(|cell| cell.figures.iter()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut problems = Problems::new();
    for target in targets.iter().filter(|target| !names.contains(&target.figure.as_str())) {
        let hint = match suggest::nearest(&target.figure, names.iter().copied()) {
            Some(name) => format!("; did you mean `{name}`?"),
            None => "; expected a flattened key of summary.json, such as wait_s.p95".to_owned(),
        };
        let message = format!("there is no figure `{}`{hint}", target.figure);
        problems.push(Problem { source: format!("--slo '{target}'"), at: None, message });
    }
    problems.or(())
}
