//! One run: a scenario and its jobs in, figures out. `run`, `compare` and `sweep` all go through here.

use std::borrow::Cow;

use super::replicate;
use super::stop::Stop;
use super::workload::{Library, is_scaled};
use crate::engine::{Options, Outcome, Progress, RunError, Setup, Silent, simulate};
use crate::results::metrics::waits;
use crate::results::summary::{self, Title};
use crate::results::{Figures, Metrics};
use crate::scenario::Scenario;
use crate::sched::RunTimes;
use crate::trace::JobTable;

/// How a run went.
#[derive(Debug)]
pub struct Run {
    /// Everything that happened.
    pub outcome: Outcome,
    /// The figures.
    pub metrics: Metrics,
}

impl Run {
    /// Simulates a scenario under `seed`.
    ///
    /// # Errors
    /// When the policy breaks a rule, or a law that must hold on every run does not.
    pub fn of(scenario: &Scenario, jobs: &JobTable, seed: u64, progress: &mut dyn Progress) -> Result<Self, RunError> {
        Self::with(scenario, jobs, options(scenario, seed), progress)
    }

    /// The same, with a record of where jobs ran.
    ///
    /// # Errors
    /// As [`Run::of`].
    pub fn with_places(
        scenario: &Scenario,
        jobs: &JobTable,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<Self, RunError> {
        Self::with(scenario, jobs, Options { places: true, ..options(scenario, seed) }, progress)
    }

    fn with(
        scenario: &Scenario,
        jobs: &JobTable,
        options: Options,
        progress: &mut dyn Progress,
    ) -> Result<Self, RunError> {
        let setup = Setup { cluster: &scenario.cluster, jobs, policy: &scenario.policy, options: &options };
        let outcome = simulate(setup, progress)?;
        // Recorded starts belong to the arrivals as they were: a denser replay has nothing to be held against.
        let with_recorded = scenario.workload.recorded && !is_scaled(scenario);
        let metrics = Metrics::of(&outcome, jobs, &scenario.cluster, with_recorded);
        Ok(Run { outcome, metrics })
    }

    /// The figures by name.
    #[must_use]
    pub fn figures(&self, scenario: &Scenario, seed: u64) -> Figures {
        let title = Title { name: &scenario.name, policy: scenario.policy.entry.name, seed };
        let deadlock = self.outcome.deadlock.as_ref();
        Figures::of_summary(&summary::json(title, &self.metrics, deadlock, &scenario.cluster))
    }
}

/// What remains of a run among many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The seed that it was made under.
    pub seed: u64,
    /// Its figures.
    pub figures: Figures,
}

impl Cell {
    /// Simulates a replicate of a scenario; `which` names it where something goes wrong.
    ///
    /// # Errors
    /// What makes no sense in the workload, or what breaks in the run.
    pub fn of(
        scenario: &Scenario,
        library: &Library,
        replicate: u32,
        which: impl Fn() -> String,
    ) -> Result<Self, Stop> {
        Ok(Self::run(scenario, library, replicate, which)?.0)
    }

    /// The same, with the queue times of its jobs in microseconds.
    ///
    /// # Errors
    /// As [`Cell::of`].
    pub fn with_waits(
        scenario: &Scenario,
        library: &Library,
        replicate: u32,
        which: impl Fn() -> String,
    ) -> Result<(Self, Vec<u64>), Stop> {
        let (cell, run, jobs) = Self::run(scenario, library, replicate, which)?;
        Ok((cell, waits(&run.outcome, &jobs)))
    }

    fn run<'l>(
        scenario: &Scenario,
        library: &'l Library,
        replicate: u32,
        which: impl Fn() -> String,
    ) -> Result<(Self, Run, Cow<'l, JobTable>), Stop> {
        let jobs = library.jobs(scenario, replicate)?;
        let seed = replicate::seed(scenario.seed, replicate);
        let run = Run::of(scenario, &jobs, seed, &mut Silent).map_err(|error| Stop::Run { which: which(), error })?;
        Ok((Cell { seed, figures: run.figures(scenario, seed) }, run, jobs))
    }
}

/// How a scenario is simulated under `seed`.
#[must_use]
pub fn options(scenario: &Scenario, seed: u64) -> Options {
    let workload = &scenario.workload;
    Options {
        seed,
        times: RunTimes { enforce_walltime: workload.enforce_walltime, estimate_ppm: workload.estimate_ppm },
        discard: workload.discard.clone(),
        mfu_ppm: workload.mfu_ppm,
        physics: scenario.physics.clone(),
        until: scenario.measure.until,
        warmup: scenario.measure.warmup,
        cooldown: scenario.measure.cooldown,
        places: false,
    }
}
