//! One job explained: a stored run is simulated again and the job is watched.
//!
//! A pass of a policy names reasons only for the jobs that it examines, so a run keeps none. Here the state after the
//! passes of every instant is asked what stops the one job ([`reason`]), which makes up its [`story`].

pub mod json;
pub mod reason;
pub mod story;

use std::path::Path;

pub use reason::Reason;
pub use story::{Blocked, Departure, Scene, Stay, Story};

use super::changes::{self, Change};
use super::parallel;
use super::rerun::Rerun;
use super::run::options;
use super::stop::Stop;
use crate::engine::{Fates, Outcome, Setup, Silent, simulate, simulate_watched};
use crate::input::Problem;
use crate::ledger::Leaf;
use crate::physics::Bottleneck;
use crate::results::stored::find_job;
use crate::results::tables::state_word;
use crate::scenario::{Overrides, Scenario};
use crate::trace::{JobId, JobTable};
use crate::units::{GpuTime, Span, Time, Usd, suggest};

/// A job with everything that can be said of it.
#[derive(Debug)]
pub struct Explained {
    /// The run, from its manifest.
    pub rerun: Rerun,
    /// The job.
    pub job: JobId,
    /// How the run went.
    pub outcome: Outcome,
    /// The job's part in it.
    pub story: Story,
    /// When it would have started otherwise, in the order asked for.
    pub what_ifs: Vec<WhatIf>,
}

/// The job's fate in a counterfactual run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf {
    /// What was changed.
    pub change: Change,
    /// When the job started there.
    pub start: Option<Time>,
    /// When it ended there.
    pub end: Option<Time>,
    /// What became of it there.
    pub state: &'static str,
}

/// What a job held, by what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// What became of the time.
    pub leaf: Leaf,
    /// How much.
    pub time: GpuTime,
    /// What it cost, at the prices of its pools.
    pub usd: Usd,
}

impl Explained {
    /// Explains the job called `name` of a run folder, and simulates each of the changes that `what_if` asks for.
    ///
    /// # Errors
    /// When the folder is not one of a run, its trace is gone or changed, there is no such job, a change is not known, or
    /// the run comes out otherwise than the folder says.
    pub fn of(folder: &Path, name: &str, what_if: &[String]) -> Result<Self, Stop> {
        let mut rerun = Rerun::read(folder)?;
        let job =
            find(&rerun.jobs.table, name).map_err(|message| Problem::of_file(&folder.join("jobs.csv"), message))?;
        rerun.jobs.table.set_apart(job);
        let which = || format!("the run of {}", folder.display());
        let (outcome, story) = watch(&rerun.scenario, &rerun.jobs.table, job, &which)?;
        let explained = Explained { rerun, job, outcome, story, what_ifs: Vec::new() };
        explained.check(folder)?;
        let what_ifs = explained.try_out(what_if)?;
        Ok(Explained { what_ifs, ..explained })
    }

    /// The jobs of the run.
    #[must_use]
    pub fn jobs(&self) -> &JobTable {
        &self.rerun.jobs.table
    }

    /// What the job held from its first start to its end, by leaf, over all pools; all of the run counts.
    #[must_use]
    pub fn spent(&self) -> Vec<Spent> {
        let entries = &self.outcome.apart;
        let of = |leaf: Leaf| {
            let mut spent = Spent { leaf, time: GpuTime::default(), usd: Usd::default() };
            for entry in entries.iter().filter(|entry| entry.leaf == leaf) {
                spent.time = spent.time + entry.time;
                spent.usd = spent.usd + entry.cost.usd();
            }
            spent
        };
        Leaf::ALL.into_iter().map(of).filter(|spent| spent.time.raw() > 0).collect()
    }

    /// What held the job back when it waited for data, with shares of that time, the largest first.
    #[must_use]
    pub fn stalls(&self) -> Vec<(Bottleneck, f64)> {
        let stalls = self.outcome.fates.stalls(self.job);
        let mut by: Vec<Bottleneck> = Bottleneck::ALL.into_iter().filter(|&by| stalls.by(by) > 0).collect();
        by.sort_by_key(|&by| (std::cmp::Reverse(stalls.by(by)), by));
        by.into_iter().map(|by| (by, stalls.by(by) as f64 / stalls.total() as f64)).collect()
    }

    /// How long the job was stopped by each reason, the longest first.
    #[must_use]
    pub fn waited(&self) -> Vec<(Reason, Span)> {
        let length = |wait: &Blocked| wait.to.unwrap_or(self.outcome.end).since_or_zero(wait.from).micros();
        let of = |reason: Reason| {
            let all = self.story.waits.iter().filter(|wait| wait.reason == reason);
            (reason, Span::from_micros(all.map(length).sum()))
        };
        let mut waited: Vec<(Reason, Span)> = Reason::ALL.into_iter().map(of).collect();
        waited.retain(|(_, span)| *span > Span::ZERO);
        waited.sort_by_key(|&(reason, span)| (std::cmp::Reverse(span), reason));
        waited
    }

    /// That the run came out as the folder says: otherwise nothing here would be about that run.
    fn check(&self, folder: &Path) -> Result<(), Problem> {
        let path = folder.join("jobs.csv");
        let name = self.jobs().name(self.job);
        let stored = find_job(&path, name)?;
        let made = fate(&self.outcome.fates, self.job);
        match stored {
            Some(stored) if stored == made => Ok(()),
            Some([start, end, state]) => {
                let [own_start, own_end, own_state] = made;
                Err(Problem::of_file(
                    &path,
                    format!(
                        "says of job `{name}`: start \"{start}\", end \"{end}\", {state}; simulated again it is \
                         \"{own_start}\", \"{own_end}\", {own_state}. Another version of fleetsim made the run, or the \
                         folder was changed"
                    ),
                ))
            }
            None => Err(Problem::of_file(&path, format!("has no job `{name}`, but the trace has"))),
        }
    }

    /// The pool that changes of size are about: where the job ran, else the first that it may use.
    fn home(&self) -> usize {
        let class = self.outcome.classes.class(self.jobs(), self.job);
        let ran = self.story.stays.first().map(|stay| stay.pool);
        usize::from(ran.or_else(|| class.pools.first().copied()).unwrap_or(0))
    }

    fn try_out(&self, words: &[String]) -> Result<Vec<WhatIf>, Stop> {
        let scenario = &self.rerun.scenario;
        let mut changed: Vec<(Change, Scenario)> = Vec::new();
        for word in words {
            let change = changes::parse(word, scenario, self.home())?;
            let scenario = self.rerun.changed(&change.on(&Overrides::default()))?;
            changed.push((change, scenario));
        }
        let one = |number: usize| {
            let (change, scenario) = &changed[number];
            self.what_if(change, scenario)
        };
        parallel::all(changed.len(), &|| {}, one).map(|(what_ifs, _)| what_ifs)
    }

    fn what_if(&self, change: &Change, scenario: &Scenario) -> Result<WhatIf, Stop> {
        let other = self.rerun.other_jobs(scenario)?;
        let jobs = other.as_ref().map_or(self.jobs(), |jobs| &jobs.table);
        let name = self.jobs().name(self.job);
        let job = jobs.ids().find(|&job| jobs.name(job) == name);
        let job = job.ok_or_else(|| Problem {
            source: format!("--what-if {}", change.name),
            at: None,
            message: format!("there is no job `{name}` then"),
        })?;
        let options = options(scenario, scenario.seed);
        let setup = Setup { cluster: &scenario.cluster, jobs, policy: &scenario.policy, options: &options };
        let outcome = simulate(setup, &mut Silent).map_err(|error| Stop::Run { which: change.name.clone(), error })?;
        let (start, end) = (outcome.fates.start(job), outcome.fates.end(job));
        Ok(WhatIf { change: change.clone(), start, end, state: state_word(outcome.fates.stage(job)) })
    }
}

/// The job of a name.
fn find(jobs: &JobTable, name: &str) -> Result<JobId, String> {
    if let Some(job) = jobs.ids().find(|&job| jobs.name(job) == name) {
        return Ok(job);
    }
    let hint = match suggest::nearest(name, jobs.ids().map(|job| jobs.name(job))) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Err(format!("there is no job `{name}` in it{hint}"))
}

/// Simulates a run, which `which` names, and watches a job. All of the run counts, whatever is measured of it.
///
/// # Errors
/// What breaks in the run.
pub fn watch(
    scenario: &Scenario,
    jobs: &JobTable,
    job: JobId,
    which: &dyn Fn() -> String,
) -> Result<(Outcome, Story), Stop> {
    let options =
        crate::engine::Options { warmup: Span::ZERO, cooldown: Span::ZERO, ..options(scenario, scenario.seed) };
    let setup = Setup { cluster: &scenario.cluster, jobs, policy: &scenario.policy, options: &options };
    let mut story = Story::of(job);
    let outcome = simulate_watched(setup, &mut story).map_err(|error| Stop::Run { which: which(), error })?;
    Ok((outcome, story))
}

/// Start, end and state as `jobs.csv` writes them.
fn fate(fates: &Fates, job: JobId) -> [String; 3] {
    let text = |time: Option<Time>| time.map_or_else(String::new, |time| time.to_string());
    [text(fates.start(job)), text(fates.end(job)), state_word(fates.stage(job)).to_owned()]
}
