//! The loop: one instant at a time, events first, then passes, then the ledger.

mod close;
mod deeds;
mod rents;
mod stops;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::books::Books;
use super::courses::{Courses, Sequel};
use super::intake::Intakes;
use super::life::Turn;
use super::lives::{Lives, earliest};
use super::neighbours::Neighbours;
use super::options::Options;
use super::outages::Outages;
use super::outcome::{Fates, Outcome};
use super::places::Places;
use super::posting::Posting;
use super::rents::Rents;
use super::watch::{Leaving, View, Watch};
use crate::cluster::{ClusterSpec, PoolSpec, PoolState};
use crate::physics::Preemption;
use crate::sched::waiting::Waiting;
use crate::sched::world::Holders;
use crate::sched::{Classes, Deed, Fault, Pass, PolicyChoice, Scheduler, Stage, World};
use crate::trace::{JobId, JobTable};
use crate::units::{GpuTime, Time, Usd};
use stops::Stopped;

/// Why a run has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// The policy broke a rule.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The ledger of a pool does not add up to its capacity: a bug of fleetsim.
    #[error("the ledger of pool `{pool}` adds up to {booked} GPU-seconds of {capacity}")]
    Unbalanced {
        /// The pool.
        pool: String,
        /// What its leaves hold.
        booked: GpuTime,
        /// What they should hold.
        capacity: GpuTime,
    },
    /// What the ledger of a pool cost is not what its GPUs cost: a bug of fleetsim.
    #[error("the ledger of pool `{pool}` cost ${booked} of ${expected}")]
    Unpaid {
        /// The pool.
        pool: String,
        /// What its leaves cost.
        booked: Usd,
        /// What they should cost.
        expected: Usd,
    },
    /// The time jobs waited is not the time in which jobs waited: a bug of fleetsim.
    #[error("Little's law fails: jobs waited {waited} us, the queue held {queued} job-us")]
    Little {
        /// Summed over jobs.
        waited: u128,
        /// Integrated over time.
        queued: u128,
    },
}

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The hardware.
    pub cluster: &'a ClusterSpec,
    /// The jobs, sorted.
    pub jobs: &'a JobTable,
    /// Who decides.
    pub policy: &'a PolicyChoice,
    /// How.
    pub options: &'a Options,
}

/// Told now and then how far a run is: jobs that have ended or been rejected, and the clock.
pub trait Progress {
    /// Called every few thousand instants.
    fn reached(&mut self, jobs_done: u64, now: Time);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn reached(&mut self, _jobs_done: u64, _now: Time) {}
}

/// Instants between two calls of [`Progress::reached`].
const REPORT_EVERY: u64 = 8192;

/// Runs a simulation to its end.
///
/// # Errors
/// When the policy breaks a rule, or a law that must hold on every run does not.
pub fn simulate(setup: Setup<'_>, progress: &mut dyn Progress) -> Result<Outcome, RunError> {
    let policy = setup.policy.build(setup.options.seed);
    simulate_with(setup, policy, progress)
}

/// Runs a simulation under a scheduler of the caller's own; `setup.policy` gives only its name.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with(
    setup: Setup<'_>,
    policy: Box<dyn Scheduler>,
    progress: &mut dyn Progress,
) -> Result<Outcome, RunError> {
    play(setup, policy, progress, None)
}

/// Runs a simulation under the eyes of a watcher, who changes nothing of it.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_watched(setup: Setup<'_>, watch: &mut dyn Watch) -> Result<Outcome, RunError> {
    play(setup, setup.policy.build(setup.options.seed), &mut Silent, Some(watch))
}

fn play(
    setup: Setup<'_>,
    policy: Box<dyn Scheduler>,
    progress: &mut dyn Progress,
    watch: Option<&mut dyn Watch>,
) -> Result<Outcome, RunError> {
    let classes = Classes::new(setup.cluster, setup.jobs, policy.elasticity(), policy.grain());
    let mut run = Run::new(setup, policy, &classes);
    if let Some(watch) = watch {
        run.watch = Some(watch);
    }
    run.play(progress)?;
    run.finish()
}

/// A run under way.
struct Run<'a> {
    setup: Setup<'a>,
    policy: Box<dyn Scheduler>,
    world: World<'a>,
    lives: Lives,
    neighbours: Neighbours,
    intakes: Intakes<'a>,
    courses: Courses<'a>,
    /// Whether jobs have lives even where nobody stops them or lets them grow.
    physics_on: bool,
    outages: Outages,
    /// GPUs that draining nodes withhold, by pool, as they are booked; empty where none drains.
    drained: Vec<i64>,
    rents: Rents,
    stopped: Stopped,
    touched: Touched,
    books: Books,
    fates: Fates,
    places: Option<Places>,
    deeds: Vec<Deed>,
    /// The next job to be submitted.
    next_arrival: u32,
    wake: Option<Time>,
    origin: Time,
    last_end: Time,
    /// Jobs that are not rejected and have not ended.
    open: u64,
    deadlocked_since: Option<Time>,
    instants: u64,
    passes: u64,
    watch: Option<&'a mut dyn Watch>,
}

/// Running jobs that go on otherwise because others came or went.
#[derive(Debug, Default)]
struct Touched {
    /// Their neighbours on shared GPUs have changed.
    paced: BTreeSet<JobId>,
    /// They get their data otherwise.
    fed: BTreeSet<JobId>,
}

impl<'a> Run<'a> {
    fn new(setup: Setup<'a>, policy: Box<dyn Scheduler>, classes: &'a Classes) -> Self {
        let jobs = setup.jobs;
        let times = setup.options.times;
        let order = policy.order();
        let world = World {
            now: Time::ZERO,
            jobs,
            spec: setup.cluster,
            classes,
            pools: setup.cluster.pools.iter().map(PoolState::new).collect(),
            waiting: Waiting::new(jobs, classes, order, |job| times.estimate(jobs, job)),
            holders: Holders::new(jobs.len()),
            times,
            elasticity: policy.elasticity(),
            stages: vec![Stage::Future; jobs.len()],
            down: BTreeMap::new(),
            draining: BTreeMap::new(),
            done_before: FxHashMap::default(),
            stops_are_ends: setup.options.physics.preemption == Preemption::Cancel,
            has_grace: setup.options.physics.grace.is_some(),
            leaving: BTreeSet::new(),
        };
        let runnable = || jobs.ids().filter(|&job| classes.rejection(jobs, job).is_none());
        let (open, first, last) = (runnable().count() as u64, runnable().next(), runnable().next_back());
        let origin = first.map_or(Time::ZERO, |job| jobs.submit(job));
        let last_submit = last.map_or(origin, |job| jobs.submit(job));
        let interference = |pool: &PoolSpec| setup.options.physics.interference.get(&pool.name).cloned();
        let books = Books::open(&world, setup.options, origin, last_submit);
        let intakes = Intakes::new(setup.cluster, jobs, &setup.options.physics);
        let fates = Fates::new(jobs.len(), intakes.is_on());
        Run {
            setup,
            policy,
            world,
            lives: Lives::new(intakes.sharing(setup.options.cooldown)),
            neighbours: Neighbours::new(setup.cluster.pools.iter().map(interference).collect()),
            intakes,
            courses: Courses::new(&setup.options.physics, setup.options.seed),
            physics_on: setup.options.physics.is_on(),
            outages: Outages::new(&setup.options.physics, setup.cluster, setup.options.seed, origin),
            drained: Vec::new(),
            rents: Rents::new(setup.cluster, setup.options.seed),
            stopped: Stopped::default(),
            touched: Touched::default(),
            books,
            fates,
            places: setup.options.places.then(Places::default),
            deeds: Vec::new(),
            next_arrival: 0,
            wake: None,
            origin,
            last_end: origin,
            open,
            deadlocked_since: None,
            instants: 0,
            passes: 0,
            watch: None,
        }
    }

    fn play(&mut self, progress: &mut dyn Progress) -> Result<(), RunError> {
        let until = self.setup.options.until.unwrap_or(Time::MAX);
        while let Some(now) = self.next_instant().filter(|&t| t <= until) {
            if now > self.world.now && self.world.now >= self.origin {
                self.books.charge_idle(&mut self.world, &*self.policy);
                // The horizon ends with the last job, whoever is rejected afterwards.
                if self.open > 0 {
                    self.books.advance(now, self.lives.sharing());
                }
            }
            self.world.now = now;
            self.instant()?;
            if let Some(watch) = &mut self.watch {
                watch.settled(&View::new(&self.world, &*self.policy, &self.lives, &self.rents));
            }
            self.instants += 1;
            if self.instants.is_multiple_of(REPORT_EVERY) {
                progress.reached(self.setup.jobs.len() as u64 - self.open, now);
            }
        }
        self.world.now = self.world.now.max(self.origin);
        self.books.charge_idle(&mut self.world, &*self.policy);
        Ok(())
    }

    fn next_instant(&mut self) -> Option<Time> {
        let arrival = (self.next_arrival < self.setup.jobs.len() as u32)
            .then(|| self.setup.jobs.submit(JobId(self.next_arrival)));
        // Nodes fail for ever; when the last job has ended, nobody minds.
        let outage = self.outages.next().filter(|_| self.open > 0);
        let event = earliest(earliest(arrival, self.lives.next()), earliest(outage, self.wake));
        if self.rents.is_empty() { event } else { earliest(event, self.next_rent()) }
    }

    /// Applies all events of the present instant, then lets the policy pass until nothing more ends now. It is not asked
    /// where nothing happened but inside jobs.
    fn instant(&mut self) -> Result<(), RunError> {
        let now = self.world.now;
        let mut news = self.wake.is_some_and(|wake| wake <= now);
        self.wake = self.wake.filter(|&wake| wake > now);
        loop {
            news |= self.take_turns();
            news |= self.apply_outages();
            news |= !self.rents.is_empty() && self.apply_rents();
            news |= self.submit_arrivals();
            if std::mem::take(&mut news) {
                self.pass()?;
                self.book_drains();
            }
            let again = !self.rents.is_empty() && self.settle_rents();
            if self.lives.next() != Some(now) && !again {
                return Ok(());
            }
        }
    }

    /// What happens to running jobs now; says whether any ended.
    fn take_turns(&mut self) -> bool {
        let mut ended = false;
        while let Some((job, turn)) = self.lives.pop_at(self.world.now) {
            let stage = match turn {
                None if self.outlives_walltime(job) => Stage::Killed,
                None | Some(Turn::Finished) => Stage::Finished,
                Some(Turn::Killed) => Stage::Killed,
                Some(Turn::Failed) if self.courses.failed(job) == Sequel::End => Stage::Failed,
                Some(Turn::Failed) => {
                    self.retry(job);
                    ended = true;
                    continue;
                }
                Some(Turn::Left) => {
                    self.depart(job);
                    ended = true;
                    continue;
                }
                Some(Turn::Changed) => {
                    self.rebook(job);
                    continue;
                }
                Some(Turn::EpochEnded) => {
                    self.rebook(job);
                    let readers = self.world.holders.of(job).and_then(|holder| self.intakes.epoch_ended(holder));
                    self.refresh(readers);
                    self.settle_touched();
                    continue;
                }
            };
            self.end(job, stage);
            ended = true;
        }
        ended
    }

    /// Books a job as what it does now.
    fn rebook(&mut self, job: JobId) {
        let Some(holder) = self.world.holders.of(job) else { return };
        let Some((old, new)) = self.lives.rebook(job) else { return };
        let (pool, units) = (holder.held.pool, i64::from(holder.units));
        self.post(job, pool, -units, old);
        self.post(job, pool, units, new);
    }

    /// These jobs get their data otherwise from now on, as [`Run::settle_touched`] sees to.
    fn refresh(&mut self, jobs: Option<BTreeSet<JobId>>) {
        if let Some(jobs) = jobs {
            self.touched.fed.extend(jobs);
        }
    }

    /// Lets jobs go on otherwise whose neighbours or data have changed: only when all deeds of a pass are booked, since
    /// before that a job may be told of as running that the pass has stopped or moved.
    fn settle_touched(&mut self) {
        let now = self.world.now;
        while let Some(job) = self.touched.paced.pop_first() {
            self.lives.set_beside(job, now, self.neighbours.speed(job, self.setup.jobs));
            self.rebook(job);
        }
        while let Some(job) = self.touched.fed.pop_first() {
            let Some(holder) = self.world.holders.of(job) else { continue };
            let intake = self.intakes.of(holder);
            self.lives.change(job, now, |life, moment| life.set_intake(moment, intake));
            self.rebook(job);
        }
    }

    /// Jobs whose neighbours on shared GPUs have changed go on at another speed, as [`Run::settle_touched`] sees to.
    fn set_pace(&mut self, changed: &[JobId]) {
        self.touched.paced.extend(changed);
    }

    /// Jobs that are submitted now; says whether any came to wait: one that is rejected changes nothing for others.
    fn submit_arrivals(&mut self) -> bool {
        let now = self.world.now;
        let mut any = false;
        while self.next_arrival < self.setup.jobs.len() as u32 {
            let job = JobId(self.next_arrival);
            if self.setup.jobs.submit(job) != now {
                break;
            }
            self.next_arrival += 1;
            if self.world.classes.rejection(self.setup.jobs, job).is_some() {
                self.world.stages[job.index()] = Stage::Rejected;
                continue;
            }
            any = true;
            self.world.submit(job);
            self.books.submitted(now);
            self.policy.submitted(&self.world, job);
            if !self.rents.is_empty() {
                self.rents.waits(&self.world, job);
            }
        }
        any
    }

    fn pass(&mut self) -> Result<(), RunError> {
        if self.world.waiting.is_empty() && self.policy.incomplete().0.is_empty() {
            return Ok(());
        }
        self.passes += 1;
        let mut deeds = std::mem::take(&mut self.deeds);
        deeds.clear();
        let verdict = {
            let mut pass = Pass::new(&mut self.world, &mut deeds, self.setup.policy.entry.name);
            self.policy.pass(&mut pass)?
        };
        self.wake = verdict.wake;
        self.apply(&deeds);
        self.deeds = deeds;
        if verdict.deadlocked {
            self.deadlocked_since.get_or_insert(self.world.now);
        }
        Ok(())
    }

    fn end(&mut self, job: JobId, stage: Stage) {
        let now = self.world.now;
        let Some(holder) = self.world.end(job, stage) else { return };
        self.leave_places(&holder);
        let booked = match self.lives.remove(job, now) {
            None => Posting::PLAIN,
            Some((mut life, moment)) => {
                self.fates.stalled(job, &life.stalls(moment));
                life.booked()
            }
        };
        self.post(job, holder.held.pool, -i64::from(holder.units), booked);
        let others = self.intakes.leave(&holder);
        self.refresh(others);
        self.books.ended();
        let beside = self.neighbours.go(job);
        self.set_pace(&beside);
        self.settle_touched();
        self.fates.ended(job, now);
        let why = match stage {
            Stage::Killed => Leaving::Killed,
            Stage::Failed => Leaving::Failed,
            _ => Leaving::Finished,
        };
        self.tell_left(&holder, why);
        self.policy.ended(&self.world, &holder);
        self.last_end = self.last_end.max(now);
        self.open -= 1;
    }

    /// Whether the job's walltime ends it before it is done. One that ends at that very instant is not killed.
    fn outlives_walltime(&self, job: JobId) -> bool {
        let jobs = self.setup.jobs;
        self.world.times.enforce_walltime && jobs.walltime(job).is_some_and(|walltime| jobs.duration(job) > walltime)
    }
}
