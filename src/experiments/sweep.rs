//! Points over scenario keys, of a grid, a list or a sample: checked as a whole before anything runs, made in parallel, taken
//! up again where it ended.

use std::path::{Path, PathBuf};

use super::axes::{Axis, MOST_RUNS};
use super::design::Design;
use super::grid::{self, Grid};
use super::interval::Draws;
use super::latin;
use super::list::{self, List};
use super::manifest::Manifest;
use super::parallel::{self, Observer, Pace};
use super::replicate::Replicates;
use super::run::Cell;
use super::shard::Shard;
use super::stop::Stop;
use super::store::{RunId, Store};
use super::workload::Library;
use crate::input::{Problem, Problems};
use crate::results::format::plural;
use crate::scenario::resolved::resolved;
use crate::scenario::{Overrides, Scenario, Source};

/// What is swept.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The scenario file.
    pub file: &'a Path,
    /// What the command line changes in it at all points.
    pub overrides: Overrides,
    /// `KEY=v1,v2,...`, in their order; beside [`Sample::LatinHypercube`] `KEY=LO..HI` too.
    pub axes: &'a [String],
    /// Points beside those of the grid.
    pub sample: Sample<'a>,
    /// The replicates of each point.
    pub replicates: Replicates,
}

/// Points that no grid spans.
#[derive(Debug, Clone, Copy)]
pub enum Sample<'a> {
    /// None.
    None,
    /// The rows of a file, its columns the keys.
    List(&'a Path),
    /// So many points, drawn from the ranges among the axes under the scenario's seed.
    LatinHypercube(u32),
}

/// A sweep that was checked at all points and can be run.
#[derive(Debug)]
pub struct Sweep {
    /// What the reader should know.
    pub notices: Vec<String>,
    points: Vec<Scenario>,
    library: Library,
    manifest: Manifest,
}

impl Request<'_> {
    /// The points, and where those of a file stand.
    fn design(&self) -> Result<(Design, Option<List>), Problems> {
        match self.sample {
            Sample::None => Ok((Design::of_axes(Axis::parse_all(self.axes)?), None)),
            Sample::List(file) => {
                let axes = Axis::parse_all(self.axes)?;
                let list = list::read(file)?;
                if let Some(axis) = axes.iter().find(|axis| list.rows.keys.contains(&axis.key)) {
                    let message = format!("`{}` is a column of {} already", axis.key, file.display());
                    return Err(Problem { source: format!("--axis {}", axis.key), at: None, message }.into());
                }
                Ok((Design { rows: Some(list.rows.clone()), axes }, Some(list)))
            }
            Sample::LatinHypercube(points) => {
                let (ranges, axes) = latin::parse_all(self.axes)?;
                // The seed is the scenario's, which shows when it is read at any point.
                let lowest = Design { rows: Some(latin::lowest(&ranges)), axes: axes.clone() };
                let seed = self.grid(&lowest, None).scenarios(1)?.first().map_or(0, |scenario| scenario.seed);
                Ok((Design { rows: Some(latin::draw(&ranges, points, seed)), axes }, None))
            }
        }
    }

    fn grid<'g>(&'g self, design: &'g Design, list: Option<&'g List>) -> Grid<'g> {
        let file = match self.sample {
            Sample::List(file) => Some(file),
            _ => None,
        };
        Grid { file: self.file, overrides: &self.overrides, design, option: "--axis", list: file.zip(list) }
    }
}

impl Sweep {
    /// Reads the scenario at all points, and the traces.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn plan(request: &Request<'_>) -> Result<Self, Problems> {
        let (design, list) = request.design()?;
        let count = design.points().filter(|&n| n.saturating_mul(u64::from(request.replicates.count)) <= MOST_RUNS);
        let Some(count) = count else {
            let message = format!("the grid has more than {MOST_RUNS} runs; take fewer values or replicates");
            return Err(Problem { source: "--axis".to_owned(), at: None, message }.into());
        };
        let points = request.grid(&design, list.as_ref()).scenarios(count)?;
        let library = Library::read(request.file, &points, request.replicates)?;
        let mut notices = grid::notices(&points, &library);
        if let (Sample::LatinHypercube(drawn), Some(rows)) = (request.sample, &design.rows)
            && rows.rows.len() < drawn as usize
        {
            let kept = plural(rows.rows.len() as u64, "point");
            notices.push(format!("the ranges have few values: of {drawn} points drawn, {kept} remain, each once"));
        }
        let scenarios: Vec<String> = points.iter().map(|point| identity(point, &library)).collect();
        let traces = library.inputs().map(|input| input.xxh64).collect();
        let draws = points.iter().fold(Draws::Independent, |draws, point| draws.and(library.draws(point)));
        let manifest = Manifest::new(&design, request.replicates.count, &scenarios, traces, draws);
        Ok(Sweep { notices, points, library, manifest })
    }

    /// The scenario's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.points.first().map_or("", |point| &point.name)
    }

    /// How many runs it takes, over all shards.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.points.len() as u64 * u64::from(self.manifest.replicates)
    }

    /// Opens the folder of the sweep.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, folder: &Path, recompute: bool) -> Result<Store, Problems> {
        Store::open(folder, self.manifest.clone(), recompute)
    }

    /// The runs of a shard that are not in the folder yet, and how many are.
    #[must_use]
    pub fn pending(store: &Store, shard: Shard) -> (Vec<RunId>, usize) {
        let own = store.runs().zip(0..).filter(|&(_, number)| shard.has(number)).map(|(run, _)| run);
        let (done, pending): (Vec<RunId>, Vec<RunId>) = own.partition(|&run| store.get(run).is_some());
        (pending, done.len())
    }

    /// Makes runs, each into its own file as soon as it is done, then the table.
    ///
    /// # Errors
    /// What breaks in a run, or a file that cannot be written; the runs done by then stay.
    pub fn run(&self, store: &Store, pending: &[RunId], observer: Observer<'_>) -> Result<(u64, Pace), Stop> {
        let (_, pace) = parallel::all(pending.len(), observer, |number| {
            let run = pending[number];
            let scenario = &self.points[run.point as usize];
            let cell = Cell::of(scenario, &self.library, run.replicate, || store.name(run))?;
            store.put(run, &cell).map_err(Stop::from)
        })?;
        Ok((store.write_results()?, pace))
    }
}

/// The resolved scenario as JSON, with the fingerprint of its trace instead of its path: where a trace lies changes
/// nothing, and shards may see it at different places.
pub(super) fn identity(scenario: &Scenario, library: &Library) -> String {
    let mut scenario = scenario.clone();
    if let Source::Trace(trace) = &mut scenario.workload.source {
        let fingerprint = library.fingerprint(trace).unwrap_or_default();
        trace.path = PathBuf::from(format!("xxh64:{fingerprint:016x}"));
    }
    serde_json::to_string(&resolved(&scenario)).expect("a resolved scenario is JSON")
}
