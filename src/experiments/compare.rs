//! Scenarios side by side, on the same workloads.

use std::path::Path;

use super::interval::{Draws, Interval};
use super::parallel::{self, Observer, Pace};
use super::replicate::Replicates;
use super::run::Cell;
use super::stop::Stop;
use super::workload::{self, Library};
use crate::input::{Problem, Problems};
use crate::scenario::{self, Overrides, Scenario};
use crate::units::Span;
use crate::units::quantile::{Ppm, quantiles};

/// What is compared.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The scenario file.
    pub file: &'a Path,
    /// What the command line changes in it.
    pub overrides: Overrides,
    /// These policies instead of the scenario's variants, where there are any.
    pub policies: &'a [String],
    /// The replicates of each.
    pub replicates: Replicates,
}

/// One of those compared.
#[derive(Debug, Clone)]
pub struct Contender {
    /// The scenario's name, its variant's or its policy's.
    pub name: String,
    /// The whole of it.
    pub scenario: Scenario,
}

/// A comparison that was checked and can be run.
#[derive(Debug)]
pub struct Comparison {
    /// The first is the one that the others are held against.
    pub contenders: Vec<Contender>,
    /// What the reader should know.
    pub notices: Vec<String>,
    replicates: u32,
    library: Library,
}

/// The runs of a comparison.
#[derive(Debug)]
pub struct Compared {
    /// What was compared.
    pub contenders: Vec<Contender>,
    /// By contender and replicate.
    pub cells: Vec<Vec<Cell>>,
    /// By contender: the queue time in seconds that each of [`wait_shares`] of the jobs of replicate 0 does not exceed;
    /// empty where no job started.
    pub waits: Vec<Vec<f64>>,
    /// By contender: what its replicates, held against the first one's, are to each other.
    pub draws: Vec<Draws>,
}

/// The shares of jobs whose queue times a comparison keeps, in millionths: none to all.
pub fn wait_shares() -> impl Iterator<Item = Ppm> {
    (0..=200).map(|step| step * 5_000)
}

impl Comparison {
    /// Reads the scenarios and their traces.
    ///
    /// # Errors
    /// Everything that is wrong with them, or that nothing can be compared.
    pub fn plan(request: &Request<'_>) -> Result<Self, Problems> {
        let contenders = contenders(request)?;
        check_names(request.file, &contenders)?;
        let scenarios = contenders.iter().map(|contender| &contender.scenario);
        let library = Library::read(request.file, scenarios, request.replicates)?;
        let notices = notices(&contenders, &library);
        Ok(Comparison { contenders, notices, replicates: request.replicates.count, library })
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.contenders.len() * self.replicates as usize
    }

    /// Makes all runs.
    ///
    /// # Errors
    /// What makes no sense in a workload, or what breaks in a run.
    pub fn run(self, observer: Observer<'_>) -> Result<(Compared, Pace), Stop> {
        let replicates = self.replicates as usize;
        let (cells, pace) = parallel::all(self.runs(), observer, |number| {
            let (contender, replicate) = (&self.contenders[number / replicates], number % replicates);
            let which = || format!("`{}`, replicate {replicate}", contender.name);
            let scenario = &contender.scenario;
            if replicate > 0 {
                return Ok((Cell::of(scenario, &self.library, replicate as u32, which)?, Vec::new()));
            }
            let (cell, mut waits) = Cell::with_waits(scenario, &self.library, 0, which)?;
            let shares: Vec<Ppm> = wait_shares().collect();
            let seconds = |micros| Span::from_micros(micros).as_seconds();
            Ok((cell, quantiles(&mut waits, &shares, seconds).unwrap_or_default()))
        })?;
        let (cells, mut waits): (Vec<Cell>, Vec<Vec<f64>>) = cells.into_iter().unzip();
        let waits = waits.iter_mut().step_by(replicates).map(std::mem::take).collect();
        let cells = cells.chunks(replicates).map(<[Cell]>::to_vec).collect();
        let of = |contender: &Contender| self.library.draws(&contender.scenario);
        let draws = self.contenders.iter().map(|own| of(own).and(of(&self.contenders[0]))).collect();
        Ok((Compared { contenders: self.contenders, cells, waits, draws }, pace))
    }
}

impl Compared {
    /// How a figure of a contender differs from the first one's, over the replicates. `None` where they are too few, or
    /// where one of them does not have the figure.
    #[must_use]
    pub fn difference(&self, contender: usize, figure: &str) -> Option<Interval> {
        let pairs = self.cells[contender].iter().zip(&self.cells[0]);
        let differences: Option<Vec<f64>> =
            pairs.map(|(own, first)| Some(own.figures.number(figure)? - first.figures.number(figure)?)).collect();
        Interval::of_figure(figure, &differences?, self.draws[contender])
    }

    /// How many replicates there are.
    #[must_use]
    pub fn replicates(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }
}

/// The option that names policies.
const POLICIES: &str = "--policies";

fn contenders(request: &Request<'_>) -> Result<Vec<Contender>, Problems> {
    if request.policies.is_empty() {
        let mut first = scenario::load(request.file, &request.overrides)?;
        let variants = std::mem::take(&mut first.variants);
        let first = Contender { name: first.name.clone(), scenario: first };
        let others = variants.into_iter().map(|variant| Contender { name: variant.name, scenario: variant.scenario });
        return Ok(std::iter::once(first).chain(others).collect());
    }
    let with = |policy: &String| {
        if policy.is_empty() {
            let message = "expected names of policies with commas between them, found an empty name".to_owned();
            return Err(Problem { source: POLICIES.to_owned(), at: None, message }.into());
        }
        let overrides = Overrides { policy: Some(policy.clone()), ..request.overrides.clone() };
        let loaded = scenario::load(request.file, &overrides);
        let mut scenario = loaded.map_err(|problems| problems.of_source("--policy", POLICIES))?;
        scenario.variants.clear();
        Ok(Contender { name: policy.clone(), scenario })
    };
    request.policies.iter().map(with).collect()
}

fn check_names(file: &Path, contenders: &[Contender]) -> Result<(), Problem> {
    if let [only] = contenders {
        let message = format!(
            "there is only `{}` here; `compare` needs [[variant]]s in the scenario, or --policies with two or more",
            only.name
        );
        return Err(Problem::of_file(file, message));
    }
    for (at, contender) in contenders.iter().enumerate() {
        if contenders[..at].iter().any(|earlier| earlier.name == contender.name) {
            return Err(Problem::of_file(file, format!("`{}` would be compared with itself", contender.name)));
        }
    }
    Ok(())
}

/// Each notice once, with the names of those it is about where it is not about all.
fn notices(contenders: &[Contender], library: &Library) -> Vec<String> {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for contender in contenders {
        let own = contender.scenario.notices.iter().cloned().chain(library.notices(&contender.scenario));
        for notice in own {
            match told.iter_mut().find(|(known, _)| *known == notice) {
                Some((_, names)) => names.push(&contender.name),
                None => told.push((notice, vec![&contender.name])),
            }
        }
    }
    let tell = |(notice, names): (String, Vec<&str>)| {
        if names.len() == contenders.len() { notice } else { format!("{}: {notice}", names.join(", ")) }
    };
    let growth = workload::growth_notice(contenders.iter().map(|contender| &contender.scenario));
    growth.into_iter().chain(library.bootstrap_notice()).chain(told.into_iter().map(tell)).collect()
}
