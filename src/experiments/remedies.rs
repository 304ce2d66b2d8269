//! What would help: a run beside counterfactual ones of the same jobs, each with one change of
//! [`super::changes`], against the largest causes of loss.

use std::path::Path;

use super::changes::{self, Change};
use super::parallel::{self, Observer, Pace};
use super::run::Run;
use super::stop::Stop;
use super::workload;
use crate::engine::Silent;
use crate::input::Problems;
use crate::ledger::{Leaf, LeafGroup};
use crate::results::Metrics;
use crate::results::remedies::{Cause, Effect, Remedies, Remedy, SCHEMA};
use crate::scenario::{self, Overrides, Scenario};
use crate::trace::JobTable;

/// How many causes are looked at.
const CAUSES: usize = 3;

/// Remedies that can be tried on a scenario.
#[derive(Debug)]
pub struct Trials<'a> {
    file: &'a Path,
    base: &'a Scenario,
    jobs: &'a JobTable,
    changed: Vec<(Change, Scenario)>,
}

impl<'a> Trials<'a> {
    /// All remedies that the scenario of `file` with its overrides allows; `jobs` are those that it was run with.
    ///
    /// # Errors
    /// What makes no sense in a changed scenario.
    pub fn of(file: &'a Path, overrides: &Overrides, base: &'a Scenario, jobs: &'a JobTable) -> Result<Self, Problems> {
        let load = |change: Change| {
            let mut scenario = scenario::load(file, &change.on(overrides))?;
            scenario.variants.clear();
            Ok((change, scenario))
        };
        let changed = changes::possible(base).into_iter().map(load).collect::<Result<_, Problems>>()?;
        Ok(Trials { file, base, jobs, changed })
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.changed.len()
    }

    /// Makes all runs and holds them against the figures of the run itself.
    ///
    /// # Errors
    /// What breaks in a run.
    pub fn run(&self, metrics: &Metrics, observer: Observer<'_>) -> Result<(Remedies, Pace), Stop> {
        let (tried, pace) = parallel::all(self.changed.len(), observer, |number| {
            let (change, scenario) = &self.changed[number];
            self.try_out(change, scenario)
        })?;
        let causes = largest(metrics);
        let mut remedies = Remedies {
            schema: SCHEMA.to_owned(),
            run: effect(metrics),
            causes: causes.iter().map(|&leaf| cause(metrics, leaf)).collect(),
            remedies: self.changed.iter().zip(&tried).map(|((c, _), m)| remedy(c, metrics, m, &causes)).collect(),
        };
        remedies.choose();
        Ok((remedies, pace))
    }

    fn try_out(&self, change: &Change, scenario: &Scenario) -> Result<Metrics, Stop> {
        // A generated workload that has to be told what it took from the cluster is made anew, and is the same.
        let other = match scenario.workload == self.base.workload {
            true => None,
            false => Some(workload::load(scenario, self.file)?),
        };
        let jobs = other.as_ref().map_or(self.jobs, |jobs| &jobs.table);
        let run = Run::of(scenario, jobs, scenario.seed, &mut Silent);
        run.map(|run| run.metrics).map_err(|error| Stop::Run { which: format!("remedy `{}`", change.name), error })
    }
}

fn is_loss(leaf: Leaf) -> bool {
    leaf.group() != LeafGroup::Productive
}

/// The largest losses, dearest first, the larger first where there is no price.
fn largest(metrics: &Metrics) -> Vec<Leaf> {
    let lost = |leaf: &Leaf| is_loss(*leaf) && metrics.leaf(*leaf).time.raw() > 0;
    let mut leaves: Vec<Leaf> = Leaf::ALL.into_iter().filter(lost).collect();
    leaves.sort_by_key(|&leaf| {
        let amount = metrics.leaf(leaf);
        (std::cmp::Reverse(amount.usd), std::cmp::Reverse(amount.time), leaf)
    });
    leaves.truncate(CAUSES);
    leaves
}

fn gpu_hours_per_year(metrics: &Metrics, leaf: Leaf) -> f64 {
    const YEAR_H: f64 = 8760.0;
    let window = metrics.window.as_seconds() / 3600.0;
    if window > 0.0 { metrics.leaf(leaf).time.as_gpu_hours() * YEAR_H / window } else { 0.0 }
}

fn usd_per_year(metrics: &Metrics, leaf: Leaf) -> f64 {
    metrics.per_year(metrics.leaf(leaf).usd)
}

fn effect(metrics: &Metrics) -> Effect {
    let lost = || Leaf::ALL.into_iter().filter(|&leaf| is_loss(leaf));
    Effect {
        loss_usd_per_year: metrics.per_year(lost().map(|leaf| metrics.leaf(leaf).usd).sum()),
        loss_gpu_hours_per_year: lost().map(|leaf| gpu_hours_per_year(metrics, leaf)).sum(),
        wait_s_mean: (metrics.wait.count > 0).then_some(metrics.wait.mean),
        rejected: metrics.jobs.rejected,
        unfinished: metrics.jobs.unfinished,
    }
}

fn cause(metrics: &Metrics, leaf: Leaf) -> Cause {
    Cause {
        leaf: leaf.name().to_owned(),
        usd_per_year: usd_per_year(metrics, leaf),
        gpu_hours_per_year: gpu_hours_per_year(metrics, leaf),
        remedy: None,
    }
}

fn remedy(change: &Change, before: &Metrics, after: &Metrics, causes: &[Leaf]) -> Remedy {
    let (run, effect) = (effect(before), effect(after));
    let saved = |of: fn(&Metrics, Leaf) -> f64| causes.iter().map(|&leaf| of(before, leaf) - of(after, leaf)).collect();
    Remedy {
        name: change.name.clone(),
        label: change.label.clone(),
        set: change.set.clone(),
        unset: change.unset.clone(),
        saving_usd_per_year: run.loss_usd_per_year - effect.loss_usd_per_year,
        saving_gpu_hours_per_year: run.loss_gpu_hours_per_year - effect.loss_gpu_hours_per_year,
        by_cause_usd_per_year: saved(usd_per_year),
        by_cause_gpu_hours_per_year: saved(gpu_hours_per_year),
        effect,
    }
}
