//! The loop: one instant at a time, events first, then passes, then the ledger.

use thiserror::Error;

use super::books::Books;
use super::completions::Completions;
use super::options::Options;
use super::outcome::{Deadlock, Fates, Outcome};
use crate::cluster::{ClusterSpec, PoolState};
use crate::ledger::Leaf;
use crate::sched::waiting::Waiting;
use crate::sched::world::Holders;
use crate::sched::{Classes, Deed, Elasticity, Fault, Pass, PolicyChoice, Scheduler, Stage, World};
use crate::trace::{JobId, JobTable};
use crate::units::{GpuTime, Span, Time};

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
    let classes = Classes::new(setup.cluster, setup.jobs, policy.elasticity());
    let mut run = Run::new(setup, policy, &classes);
    run.play(progress)?;
    run.finish()
}

/// A run under way.
struct Run<'a> {
    setup: Setup<'a>,
    policy: Box<dyn Scheduler>,
    world: World<'a>,
    completions: Completions,
    books: Books,
    fates: Fates,
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
        };
        let mut runnable = jobs.ids().filter(|&job| classes.rejection(jobs, job).is_none());
        let origin = runnable.next().map(|job| jobs.submit(job));
        let open = origin.map_or(0, |_| 1 + runnable.count() as u64);
        let origin = origin.unwrap_or(Time::ZERO);
        let lines = if order.one_line { 1 } else { classes.lines().len() };
        let books = Books::open(&world, lines, setup.options, origin);
        Run {
            setup,
            policy,
            world,
            completions: Completions::default(),
            books,
            fates: Fates::new(jobs.len()),
            deeds: Vec::new(),
            next_arrival: 0,
            wake: None,
            origin,
            last_end: origin,
            open,
            deadlocked_since: None,
            instants: 0,
            passes: 0,
        }
    }

    fn play(&mut self, progress: &mut dyn Progress) -> Result<(), RunError> {
        let until = self.setup.options.until.unwrap_or(Time::MAX);
        while let Some(now) = self.next_instant().filter(|&t| t <= until) {
            if now > self.world.now && self.world.now >= self.origin {
                self.books.charge_idle(&mut self.world, &*self.policy);
                self.books.advance(now);
            }
            self.world.now = now;
            self.instant()?;
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
        [arrival, self.completions.next(), self.wake].into_iter().flatten().min()
    }

    /// Applies all events of the present instant, then lets the policy pass until nothing more ends now.
    fn instant(&mut self) -> Result<(), RunError> {
        let now = self.world.now;
        self.wake = self.wake.filter(|&wake| wake > now);
        loop {
            while let Some((job, killed)) = self.completions.pop_at(now) {
                let killed = killed.unwrap_or_else(|| self.outlives_walltime(job));
                self.end(job, if killed { Stage::Killed } else { Stage::Finished });
            }
            self.submit_arrivals();
            self.pass()?;
            if self.completions.next() != Some(now) {
                return Ok(());
            }
        }
    }

    fn submit_arrivals(&mut self) {
        let now = self.world.now;
        while self.next_arrival < self.setup.jobs.len() as u32 {
            let job = JobId(self.next_arrival);
            if self.setup.jobs.submit(job) != now {
                return;
            }
            self.next_arrival += 1;
            if self.world.classes.rejection(self.setup.jobs, job).is_some() {
                self.world.stages[job.index()] = Stage::Rejected;
                continue;
            }
            self.world.submit(job);
            self.books.submitted(now);
            self.policy.submitted(&self.world, job);
        }
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

    /// Books what a pass did. Units held before a start at the same instant are booked as running at once.
    fn apply(&mut self, deeds: &[Deed]) {
        let now = self.world.now;
        let jobs = self.setup.jobs;
        let mut fresh: Option<(JobId, u32)> = None;
        for deed in deeds {
            match *deed {
                Deed::Held { job, units, pool } => {
                    self.flush_held(&mut fresh, Some(job));
                    if self.fates.start(job).is_some() {
                        self.books.running(jobs, job, pool, i64::from(units), now);
                        self.grow(job);
                    } else {
                        let before = fresh.map_or(0, |(_, units)| units);
                        fresh = Some((job, before + units));
                    }
                }
                Deed::Started { job } => {
                    self.flush_held(&mut fresh, Some(job));
                    let new_units = fresh.take().map_or(0, |(_, units)| units);
                    self.start(job, new_units);
                }
            }
        }
        self.flush_held(&mut fresh, None);
    }

    /// Books units held by a job other than `next` as held.
    fn flush_held(&mut self, fresh: &mut Option<(JobId, u32)>, next: Option<JobId>) {
        if let Some((job, units)) = fresh.take_if(|(job, _)| Some(*job) != next)
            && let Some(holder) = self.world.holders.of(job)
        {
            self.books.held(self.setup.jobs, job, holder.held.pool, i64::from(units), self.world.now);
        }
    }

    fn start(&mut self, job: JobId, new_units: u32) {
        let (now, jobs) = (self.world.now, self.setup.jobs);
        let Some(holder) = self.world.holders.of(job) else { return };
        let (pool, units) = (holder.held.pool, holder.units);
        self.fates.started(job, now, pool, holder.held.node_count());
        if new_units < units {
            self.books.held(jobs, job, pool, i64::from(new_units) - i64::from(units), now);
        }
        self.books.running(jobs, job, pool, i64::from(units), now);
        self.books.started(now);
        let latest = self.latest_end(job);
        let all = self.world.class(job).request.units;
        let duration = jobs.duration(job);
        if units < all && self.world.elasticity == Elasticity::Proportional {
            self.completions.add_partial(job, now, duration, all, units, latest);
        } else {
            self.completions.add(job, now.after(duration).min(latest));
        }
    }

    /// When the walltime ends a job that starts now.
    fn latest_end(&self, job: JobId) -> Time {
        match self.setup.jobs.walltime(job) {
            Some(walltime) if self.world.times.enforce_walltime => self.world.now.after(walltime),
            _ => Time::MAX,
        }
    }

    fn grow(&mut self, job: JobId) {
        if let Some(holder) = self.world.holders.of(job) {
            self.fates.grown(job, holder.held.node_count());
            self.completions.set_members(job, self.world.now, holder.units);
        }
    }

    fn end(&mut self, job: JobId, stage: Stage) {
        let (now, jobs) = (self.world.now, self.setup.jobs);
        let Some(holder) = self.world.end(job, stage) else { return };
        self.books.running(jobs, job, holder.held.pool, -i64::from(holder.units), now);
        self.books.ended();
        self.fates.ended(job, now);
        self.policy.ended(&self.world, &holder);
        self.last_end = self.last_end.max(now);
        self.open -= 1;
    }

    /// Whether the job's walltime ends it before it is done. One that ends at that very instant is not killed.
    fn outlives_walltime(&self, job: JobId) -> bool {
        let jobs = self.setup.jobs;
        self.world.times.enforce_walltime && jobs.walltime(job).is_some_and(|walltime| jobs.duration(job) > walltime)
    }

    /// Who holds what for good when the run ends.
    fn describe_deadlock(&self, at: Time) -> Deadlock {
        let mut gpus = vec![0; self.setup.cluster.pools.len()];
        let mut holders = 0;
        for holder in self.world.holders.iter().filter(|h| h.start.is_none()) {
            holders += 1;
            let per_unit = self.world.class(holder.job).request.gpus;
            gpus[holder.held.pool as usize] += u64::from(holder.units) * u64::from(per_unit);
        }
        Deadlock { at, holders, gpus }
    }

    /// Where the horizon ends: with the last job, or, where some are left, with the last event or `until`.
    fn horizon_end(&self) -> Time {
        if self.open == 0 {
            return self.last_end;
        }
        self.setup.options.until.unwrap_or(self.world.now).max(self.origin)
    }

    fn finish(mut self) -> Result<Outcome, RunError> {
        let end = self.horizon_end();
        self.check_little(end)?;
        let deadlock = self.deadlocked_since.map(|at| self.describe_deadlock(at));
        let closed = self.books.close(end);
        self.fates.settle(std::mem::take(&mut self.world.stages));
        let outcome = Outcome {
            fates: self.fates,
            classes: self.world.classes.clone(),
            origin: self.origin,
            end,
            window_opens: self.origin.after(self.setup.options.warmup),
            window: closed.window,
            ledger: closed.ledger,
            mfu_weighted: closed.mfu_weighted,
            series: closed.series,
            deadlock,
            instants: self.instants,
            passes: self.passes,
        };
        check_balance(self.setup.cluster, &outcome)?;
        Ok(outcome)
    }

    /// The time that jobs waited equals the queue's length integrated over time.
    fn check_little(&self, end: Time) -> Result<(), RunError> {
        let jobs = self.setup.jobs;
        let waits = jobs.ids().map(|job| match self.world.stages[job.index()] {
            Stage::Future | Stage::Rejected => Span::ZERO,
            Stage::Waiting => end.since_or_zero(jobs.submit(job)),
            _ => self.fates.start(job).map_or(Span::ZERO, |start| start.since(jobs.submit(job))),
        });
        let waited: u128 = waits.map(|w| u128::from(w.micros())).sum();
        let queued = self.books.queue_integral(end);
        if waited == queued { Ok(()) } else { Err(RunError::Little { waited, queued }) }
    }
}

/// The leaves of each pool add up to its capacity.
fn check_balance(cluster: &ClusterSpec, outcome: &Outcome) -> Result<(), RunError> {
    let mut booked = vec![0u128; cluster.pools.len()];
    for entry in &outcome.ledger {
        booked[entry.pool as usize] += entry.time.raw();
    }
    for (pool, booked) in cluster.pools.iter().zip(booked) {
        let milli = u128::from(pool.gpu_count()) * u128::from(crate::units::gpus::MILLI_PER_GPU);
        let capacity = milli * u128::from(outcome.window.micros());
        if booked != capacity {
            return Err(RunError::Unbalanced {
                pool: pool.name.clone(),
                booked: GpuTime::from_raw(booked),
                capacity: GpuTime::from_raw(capacity),
            });
        }
    }
    debug_assert!(outcome.ledger.iter().all(|e| e.leaf != Leaf::Failed));
    Ok(())
}
