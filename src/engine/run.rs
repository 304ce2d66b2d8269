//! The loop: one instant at a time, events first, then passes, then the ledger.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::books::{Books, Now};
use super::intake::Intakes;
use super::life::{Crew, Life, Posting, Remainder, Stretch, Turn, span_of, work};
use super::lives::Lives;
use super::neighbours::Neighbours;
use super::options::Options;
use super::outages::{Node, Outages};
use super::outcome::{Deadlock, Fates, Outcome};
use super::places::{Places, Stay};
use super::watch::{Leaving, View, Watch};
use crate::cluster::{ClusterSpec, PoolSpec, PoolState};
use crate::physics::Preemption;
use crate::sched::waiting::Waiting;
use crate::sched::world::Holders;
use crate::sched::{Classes, Deed, Elasticity, Fault, Holder, Pass, PolicyChoice, Scheduler, Stage, World};
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
    outages: Outages,
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

/// Jobs that were stopped and wait again.
#[derive(Debug, Default)]
struct Stopped {
    /// What each has to do yet, in the unit of [`Life`].
    left: FxHashMap<JobId, u128>,
    /// Since when each waits.
    since: FxHashMap<JobId, Time>,
    /// Microseconds that jobs have waited after a stop until they ran again.
    waited: u128,
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
            done_before: FxHashMap::default(),
        };
        let mut runnable = jobs.ids().filter(|&job| classes.rejection(jobs, job).is_none());
        let origin = runnable.next().map(|job| jobs.submit(job));
        let open = origin.map_or(0, |_| 1 + runnable.count() as u64);
        let origin = origin.unwrap_or(Time::ZERO);
        let interference = |pool: &PoolSpec| setup.options.physics.interference.get(&pool.name).copied();
        let books = Books::open(&world, setup.options, origin);
        let intakes = Intakes::new(setup.cluster, jobs, &setup.options.physics);
        Run {
            setup,
            policy,
            world,
            lives: Lives::new(intakes.sharing(setup.options.cooldown)),
            neighbours: Neighbours::new(setup.cluster.pools.iter().map(interference).collect()),
            intakes,
            outages: Outages::new(&setup.options.physics, setup.cluster, setup.options.seed, origin),
            stopped: Stopped::default(),
            touched: Touched::default(),
            books,
            fates: Fates::new(jobs.len()),
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
                watch.settled(&View::new(&self.world, &*self.policy, &self.lives));
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
        [arrival, self.lives.next(), outage, self.wake].into_iter().flatten().min()
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
            news |= self.submit_arrivals();
            if std::mem::take(&mut news) {
                self.pass()?;
            }
            if self.lives.next() != Some(now) {
                return Ok(());
            }
        }
    }

    /// What happens to running jobs now; says whether any ended.
    fn take_turns(&mut self) -> bool {
        let mut ended = false;
        while let Some((job, turn)) = self.lives.pop_at(self.world.now) {
            let killed = match turn {
                None => self.outlives_walltime(job),
                Some(Turn::Finished) => false,
                Some(Turn::Killed) => true,
                Some(Turn::Changed) => {
                    self.rebook(job);
                    continue;
                }
                Some(Turn::EpochEnded) => {
                    self.rebook(job);
                    let readers = self.world.holders.of(job).map(|holder| self.intakes.epoch_ended(holder));
                    self.refresh(readers.unwrap_or_default());
                    self.settle_touched();
                    continue;
                }
            };
            self.end(job, if killed { Stage::Killed } else { Stage::Finished });
            ended = true;
        }
        ended
    }

    /// Books a job as what it does now.
    fn rebook(&mut self, job: JobId) {
        let Some(holder) = self.world.holders.of(job) else { return };
        let Some((old, new)) = self.lives.rebook(job) else { return };
        let (pool, units) = (holder.held.pool, i64::from(holder.units));
        let now = Now { at: self.world.now, readings: self.lives.sharing() };
        self.books.posted(self.setup.jobs, job, (pool, -units), old, now);
        self.books.posted(self.setup.jobs, job, (pool, units), new, now);
    }

    /// These jobs get their data otherwise from now on, as [`Run::settle_touched`] sees to.
    fn refresh(&mut self, jobs: BTreeSet<JobId>) {
        self.touched.fed.extend(jobs);
    }

    /// Lets jobs go on otherwise whose neighbours or data have changed: only when all deeds of a pass are booked, since
    /// before that a job may be told of as running that the pass has stopped or moved.
    fn settle_touched(&mut self) {
        let now = self.world.now;
        for job in std::mem::take(&mut self.touched.paced) {
            self.lives.set_beside(job, now, self.neighbours.speed(job));
            self.rebook(job);
        }
        for job in std::mem::take(&mut self.touched.fed) {
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

    /// Nodes that come back and go down now; says whether any did.
    fn apply_outages(&mut self) -> bool {
        let now = self.world.now;
        let mut changed = false;
        while let Some(node) = self.outages.pop_repair(now) {
            self.world.repair_node(node.0, node.1);
            self.books.failed(node.0, -self.gpus_of_node(node), now);
            self.outages.up(node, now);
            changed = true;
        }
        while let Some(node) = self.outages.pop_failure(now) {
            self.empty_node(node);
            self.world.fail_node(node.0, node.1);
            self.books.failed(node.0, self.gpus_of_node(node), now);
            self.outages.down(node, now);
            changed = true;
        }
        if changed {
            self.policy.capacity_changed();
        }
        changed
    }

    fn gpus_of_node(&self, (pool, _): Node) -> i64 {
        i64::from(self.setup.cluster.pools[pool as usize].gpus_per_node())
    }

    /// Stops every job that has a part on a node: whole gangs, back to their last checkpoints.
    fn empty_node(&mut self, (pool, node): Node) {
        let there =
            |holder: &&Holder| holder.held.pool == pool && holder.held.parts().iter().any(|part| part.node == node);
        let mut jobs: Vec<JobId> = self.world.holders.iter().filter(there).map(|holder| holder.job).collect();
        jobs.sort_unstable();
        for job in jobs {
            let Some(holder) = self.world.release(job) else { continue };
            self.leave_places(&holder);
            if holder.start.is_some() {
                self.stop(&holder, false);
                self.settle_touched();
                self.tell_left(&holder, Leaving::NodeFailed(node));
                self.world.submit(job);
                self.policy.ended(&self.world, &holder);
                self.policy.submitted(&self.world, job);
            } else {
                self.books.held(self.setup.jobs, job, pool, -i64::from(holder.units), self.world.now);
                self.policy.ended(&self.world, &holder);
            }
        }
    }

    /// A running job that has been released stops, with its progress or back at its last checkpoint, and waits again.
    fn stop(&mut self, holder: &Holder, keeps_progress: bool) {
        let (job, jobs, now) = (holder.job, self.setup.jobs, self.world.now);
        let (pool, all) = (holder.held.pool, self.world.class(job).request.units);
        let booked = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
        self.post(job, pool, -i64::from(holder.units), booked);
        let (left, lost) = match self.lives.remove(job, now) {
            Some((life, moment)) if keeps_progress => (life.suspend(moment), Vec::new()),
            Some((life, moment)) => life.fall_back(moment),
            None => {
                self.lives.stop_plain(job);
                let from = holder.start.unwrap_or(now);
                let whole = work(all, jobs.duration(job));
                if keeps_progress {
                    (whole.saturating_sub(work(all, now.since(from))), Vec::new())
                } else {
                    (whole, vec![Stretch::plain(from, now, holder.units)])
                }
            }
        };
        let others = self.intakes.leave(holder);
        self.refresh(others);
        for stretch in &lost {
            self.books.lost(jobs, job, pool, stretch, now);
        }
        let beside = self.neighbours.go(job);
        self.set_pace(&beside);
        let done = work(all, jobs.duration(job)).saturating_sub(left);
        self.world.done_before.insert(job, span_of(done, all));
        self.stopped.left.insert(job, left);
        self.stopped.since.insert(job, now);
        self.books.requeued(now);
        self.fates.stopped(job);
    }

    /// Jobs that are submitted now; says whether any were.
    fn submit_arrivals(&mut self) -> bool {
        let now = self.world.now;
        let first = self.next_arrival;
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
            self.world.submit(job);
            self.books.submitted(now);
            self.policy.submitted(&self.world, job);
        }
        self.next_arrival > first
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
        let mut fresh: Option<(JobId, u32)> = None;
        for deed in deeds {
            match *deed {
                Deed::Preempted(ref holder) => {
                    self.flush_held(&mut fresh, None);
                    self.leave_places(holder);
                    self.stop(holder, self.setup.options.physics.preemption == Preemption::Suspend);
                    self.tell_left(holder, Leaving::Preempted);
                    if self.world.stages[holder.job.index()] == Stage::Waiting {
                        self.policy.submitted(&self.world, holder.job);
                    } else {
                        self.policy.moved(&self.world, holder.job);
                    }
                }
                Deed::Held { job, units, pool, running } => {
                    self.flush_held(&mut fresh, Some(job));
                    self.take_places(job);
                    if running {
                        let booked = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
                        self.post(job, pool, i64::from(units), booked);
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
        self.settle_touched();
    }

    /// Records where a job that got units holds them, where anybody wants to know.
    fn take_places(&mut self, job: JobId) {
        let Some(places) = &mut self.places else { return };
        if let Some(holder) = self.world.holders.of(job) {
            places.took(job, holder.held.parts().len(), self.world.now);
        }
    }

    /// Records that a job has given back what it held.
    fn leave_places(&mut self, holder: &Holder) {
        if let Some(places) = &mut self.places {
            let gpus_per_unit = self.world.class(holder.job).request.gpus;
            places.left(holder, gpus_per_unit, self.world.now);
        }
    }

    /// The places of a run that ended at `end`, with those of the jobs that hold something still.
    fn close_places(&mut self, end: Time) -> Option<Vec<Stay>> {
        let mut places = self.places.take()?;
        for holder in self.world.holders.iter() {
            places.left(holder, self.world.class(holder.job).request.gpus, end);
        }
        Some(places.close())
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
        if let Some(since) = self.stopped.since.remove(&job) {
            self.stopped.waited += u128::from(now.since(since).micros());
        }
        self.books.started(now);
        let others = self.intakes.enter(holder);
        match self.life_of(job) {
            Some(life) => self.lives.add(job, life, now),
            None => self.lives.add_plain(job, now.after(jobs.duration(job)).min(self.latest_end(job))),
        }
        let posting = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
        self.post(job, pool, i64::from(units), posting);
        self.tell_placed(job);
        self.refresh(others);
        self.join(job);
    }

    /// A job runs beside others on the shared GPUs that it has now.
    fn join(&mut self, job: JobId) {
        if let Some(holder) = self.world.holders.of(job) {
            let changed = self.neighbours.come(job, &holder.held);
            self.set_pace(&changed);
        }
    }

    /// Books so many units more (or fewer) of a job.
    fn post(&mut self, job: JobId, pool: u16, units: i64, posting: Posting) {
        let now = Now { at: self.world.now, readings: self.lives.sharing() };
        self.books.posted(self.setup.jobs, job, (pool, units), posting, now);
    }

    /// The life of a job that starts now, where it is more than a start and an end.
    fn life_of(&mut self, job: JobId) -> Option<Life> {
        let physics = &self.setup.options.physics;
        let holder = self.world.holders.of(job)?;
        let crew = self.crew(job, holder.units);
        let left = self.stopped.left.remove(&job);
        if !physics.is_on() && crew.pace == crew.all && left.is_none() {
            return None;
        }
        let pool = &self.world.pools[holder.held.pool as usize];
        let mut plan = physics.plan(self.setup.jobs.spec(job), pool, &holder.held);
        self.intakes.complete(&mut plan, holder);
        let remainder = left.map_or(Remainder::Whole(self.setup.jobs.duration(job)), Remainder::Left);
        let mut life = Life::start(plan, remainder, crew, self.world.now, self.latest_end(job));
        if let Some(work) = self.intakes.cold_epoch(holder) {
            life.begin_epoch(work);
        }
        Some(life)
    }

    /// A job's units when it holds so many: only under a policy that says so does progress follow them.
    fn crew(&self, job: JobId, held: u32) -> Crew {
        let all = self.world.class(job).request.units;
        let pace = if self.world.elasticity == Elasticity::Proportional { held } else { all };
        Crew { held, pace, all }
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
            let (crew, now) = (self.crew(job, holder.units), self.world.now);
            let others = self.intakes.enter(holder);
            let (intake, cold) = (self.intakes.of(holder), self.intakes.cold_epoch(holder));
            self.lives.change(job, now, |life, moment| {
                life.set_crew(moment, crew, intake);
                if let Some(work) = cold {
                    life.begin_epoch(work);
                }
            });
            self.rebook(job);
            self.refresh(others);
            self.join(job);
            self.tell_placed(job);
        }
    }

    fn tell_placed(&mut self, job: JobId) {
        if let Some(watch) = &mut self.watch
            && let Some(holder) = self.world.holders.of(job)
        {
            watch.placed(&self.world, holder);
        }
    }

    fn tell_left(&mut self, holder: &Holder, why: Leaving) {
        if let Some(watch) = &mut self.watch {
            watch.left(&self.world, holder, why);
        }
    }

    fn end(&mut self, job: JobId, stage: Stage) {
        let now = self.world.now;
        let Some(holder) = self.world.end(job, stage) else { return };
        self.leave_places(&holder);
        let booked = self.lives.remove(job, now).map_or(Posting::PLAIN, |(life, _)| life.booked());
        self.post(job, holder.held.pool, -i64::from(holder.units), booked);
        let others = self.intakes.leave(&holder);
        self.refresh(others);
        self.books.ended();
        let beside = self.neighbours.go(job);
        self.set_pace(&beside);
        self.settle_touched();
        self.fates.ended(job, now);
        self.tell_left(&holder, if stage == Stage::Killed { Leaving::Killed } else { Leaving::Finished });
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
        let places = self.close_places(end);
        let closed = self.books.close(end, self.lives.sharing());
        self.fates.settle(std::mem::take(&mut self.world.stages));
        let outcome = Outcome {
            fates: self.fates,
            classes: self.world.classes.clone(),
            origin: self.origin,
            end,
            window_opens: self.origin.after(self.setup.options.warmup),
            window: closed.window,
            ledger: closed.ledger,
            apart: closed.apart,
            mfu_weighted: closed.mfu_weighted,
            series: closed.series,
            places,
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
        let waits = jobs.ids().map(|job| match (self.fates.start(job), self.world.stages[job.index()]) {
            (Some(start), _) => start.since(jobs.submit(job)),
            (None, Stage::Waiting) => end.since_or_zero(jobs.submit(job)),
            (None, _) => Span::ZERO,
        });
        let again = self.stopped.since.values().map(|&since| u128::from(end.since_or_zero(since).micros()));
        let waited = waits.map(|w| u128::from(w.micros())).sum::<u128>() + self.stopped.waited + again.sum::<u128>();
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
    Ok(())
}
