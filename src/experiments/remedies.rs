//! What would help: a run beside counterfactual ones of the same jobs, each with one change of [`super::changes`],
//! against the largest causes of loss.
//!
//! The work is the same in all of them, so on the same cluster the GPUs do not stand idle any less: a better schedule turns
//! GPUs that stood idle while jobs waited into GPUs that nobody wants. That is what it saves: they can be given to
//! others. More nodes cost what they cost.

use std::path::Path;

use super::changes::{self, Change};
use super::parallel::{self, Observer, Pace};
use super::run::Run;
use super::stop::Stop;
use super::workload;
use crate::engine::Silent;
use crate::input::Problems;
use crate::ledger::{LEAVES, Leaf, LeafGroup};
use crate::results::Metrics;
use crate::results::remedies::{Cause, Effect, Remedies, Remedy, SCHEMA};
use crate::scenario::{self, Overrides, Scenario};
use crate::trace::JobTable;
use crate::units::Span;

/// How many causes are looked at.
const CAUSES: usize = 3;

/// Remedies that can be tried on a scenario.
#[derive(Debug)]
pub struct Trials<'a> {
    file: &'a Path,
    base: &'a Scenario,
    jobs: &'a JobTable,
    changed: Vec<(Change, Scenario)>,
    /// Remedies that the scenario does not allow, and why.
    pub impossible: Vec<(Change, Problems)>,
}

impl<'a> Trials<'a> {
    /// All remedies that the scenario of `file` with its overrides allows; `jobs` are those that it was run with.
    #[must_use]
    pub fn of(file: &'a Path, overrides: &Overrides, base: &'a Scenario, jobs: &'a JobTable) -> Self {
        let mut overrides = overrides.clone();
        if !base.variants.is_empty() {
            // They may set what a remedy takes away.
            overrides.unset.push("variant".to_owned());
        }
        let (mut changed, mut impossible) = (Vec::new(), Vec::new());
        for change in changes::possible(base) {
            match scenario::load(file, &change.on(&overrides)) {
                Ok(scenario) => changed.push((change, scenario)),
                Err(problems) => impossible.push((change, problems)),
            }
        }
        Trials { file, base, jobs, changed, impossible }
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
        let own = Year::of(metrics, metrics.window);
        let cause = |&leaf: &Leaf| Cause {
            leaf: leaf.name().to_owned(),
            usd_per_year: own.usd.of_leaf(leaf),
            gpu_hours_per_year: own.gpu_hours.of_leaf(leaf),
            remedy: None,
        };
        let mut remedies = Remedies {
            schema: SCHEMA.to_owned(),
            usd_per_year: own.usd.all,
            run: effect(metrics),
            causes: causes.iter().map(cause).collect(),
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

/// Amounts a year, by leaf and in all.
#[derive(Debug, Clone, Copy)]
struct Amounts {
    by_leaf: [f64; LEAVES],
    all: f64,
}

/// A run as a year of it would be.
#[derive(Debug, Clone, Copy)]
struct Year {
    usd: Amounts,
    gpu_hours: Amounts,
}

impl Amounts {
    /// From amounts of a window of so many seconds. Over a longer `period` nobody wants anything after the window.
    fn of(by_leaf: [f64; LEAVES], window: f64, period: f64) -> Self {
        const YEAR_S: f64 = 8760.0 * 3600.0;
        let all: f64 = by_leaf.iter().sum();
        if window <= 0.0 {
            return Amounts { by_leaf: [0.0; LEAVES], all: 0.0 };
        }
        let mut amounts =
            Amounts { by_leaf: by_leaf.map(|amount| amount * YEAR_S / period), all: all * YEAR_S / window };
        amounts.by_leaf[Leaf::NoDemand as usize] += all * (period - window) / window * YEAR_S / period;
        amounts
    }

    fn of_leaf(&self, leaf: Leaf) -> f64 {
        self.by_leaf[leaf as usize]
    }

    /// What is lost although somebody wanted it: idle while jobs waited, down, or held without progress that was kept.
    fn wasted(&self) -> f64 {
        Leaf::ALL
            .into_iter()
            .filter(|&leaf| is_loss(leaf) && leaf != Leaf::NoDemand)
            .map(|leaf| self.of_leaf(leaf))
            .sum()
    }

    /// What is saved where these come to those of another run: what the cluster costs less, and what is wasted less. What
    /// is not paid for any more may be the same that is not wasted any more, so where both are less, the larger counts.
    fn saving(&self, other: &Amounts) -> f64 {
        let (cheaper, less_wasted) = (self.all - other.all, self.wasted() - other.wasted());
        if cheaper > 0.0 && less_wasted > 0.0 { cheaper.max(less_wasted) } else { cheaper + less_wasted }
    }
}

impl Year {
    /// A run seen over `period`, at least its own window. One that left jobs undone is seen over its window: it would go
    /// on as it was.
    fn of(metrics: &Metrics, period: Span) -> Self {
        let window = metrics.window.as_seconds();
        let period = if metrics.jobs.unfinished > 0 { window } else { period.as_seconds() };
        let of = |amount: &dyn Fn(Leaf) -> f64| Amounts::of(Leaf::ALL.map(amount), window, period);
        Year {
            usd: of(&|leaf| metrics.leaf(leaf).usd.as_dollars()),
            gpu_hours: of(&|leaf| metrics.leaf(leaf).time.as_gpu_hours()),
        }
    }
}

fn effect(metrics: &Metrics) -> Effect {
    Effect {
        wait_s_mean: (metrics.wait.count > 0).then_some(metrics.wait.mean),
        rejected: metrics.jobs.rejected,
        unfinished: metrics.jobs.unfinished,
    }
}

/// What a change did. Both runs are seen over the longer one's window: a schedule that is done sooner leaves GPUs that
/// nobody wants, and does not make the year's work any more.
fn remedy(change: &Change, before: &Metrics, after: &Metrics, causes: &[Leaf]) -> Remedy {
    let period = before.window.max(after.window);
    let (was, is) = (Year::of(before, period), Year::of(after, period));
    let by_cause =
        |was: &Amounts, is: &Amounts| causes.iter().map(|&leaf| was.of_leaf(leaf) - is.of_leaf(leaf)).collect();
    Remedy {
        name: change.name.clone(),
        label: change.label.clone(),
        set: change.set.clone(),
        unset: change.unset.clone(),
        effect: effect(after),
        saving_usd_per_year: was.usd.saving(&is.usd),
        saving_gpu_hours_per_year: was.gpu_hours.saving(&is.gpu_hours),
        by_cause_usd_per_year: by_cause(&was.usd, &is.usd),
        by_cause_gpu_hours_per_year: by_cause(&was.gpu_hours, &is.gpu_hours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A year of 100 useful, and these.
    fn year(fragmentation: f64, no_demand: f64) -> Amounts {
        let mut by_leaf = [0.0; LEAVES];
        by_leaf[Leaf::Useful as usize] = 100.0;
        by_leaf[Leaf::Fragmentation as usize] = fragmentation;
        by_leaf[Leaf::NoDemand as usize] = no_demand;
        Amounts { by_leaf, all: by_leaf.iter().sum() }
    }

    #[test]
    fn what_is_saved_is_counted_once() {
        let was = year(50.0, 20.0);
        for (fragmentation, no_demand, saved) in [
            // The same cluster: what is not wasted is free for others, and the other way round.
            (10.0, 60.0, 40.0),
            (60.0, 10.0, -10.0),
            // What was wasted is not rented any more, or more than that, or nobody wanted it.
            (10.0, 20.0, 40.0),
            (10.0, 10.0, 50.0),
            (50.0, 5.0, 15.0),
            // Part of it only: the rest is free for others.
            (10.0, 40.0, 40.0),
            // Dearer, at less waste; cheaper, at more.
            (10.0, 80.0, 20.0),
            (60.0, 0.0, 0.0),
        ] {
            let saving: f64 = was.saving(&year(fragmentation, no_demand));
            assert!((saving - saved).abs() < 1e-9, "{fragmentation}, {no_demand}: {saving}");
        }
    }
}
