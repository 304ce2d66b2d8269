//! What a pass did, booked and begun: units held, jobs started, grown and stopped.

use super::Run;
use crate::engine::books::Now;
use crate::engine::life::{Crew, Life, Remainder, work};
use crate::engine::places::per_unit;
use crate::engine::posting::Posting;
use crate::engine::watch::Leaving;
use crate::physics::{Plan, Preemption, Start};
use crate::sched::{Deed, Elasticity, Holder, Stage};
use crate::trace::JobId;
use crate::units::Time;

impl Run<'_> {
    /// Books what a pass did. Units held before a start at the same instant are booked as running at once.
    pub(super) fn apply(&mut self, deeds: &[Deed]) {
        let mut fresh: Option<(JobId, u32)> = None;
        let mut grown: Vec<JobId> = Vec::new();
        for deed in deeds {
            match *deed {
                Deed::Preempted(ref holder) => {
                    self.flush_held(&mut fresh, None);
                    self.leave_places(holder);
                    self.preempt(holder);
                }
                Deed::Held { job, units, pool, running } => {
                    self.flush_held(&mut fresh, Some(job));
                    self.take_places(job);
                    if running {
                        let booked = self.lives.of(job).map_or(Posting::PLAIN, Life::booked);
                        self.post(job, pool, i64::from(units), booked);
                        // It holds already what further deeds are about to give it.
                        if !grown.contains(&job) {
                            grown.push(job);
                        }
                    } else {
                        let before = fresh.map_or(0, |(_, units)| units);
                        fresh = Some((job, before + units));
                    }
                }
                Deed::Noticed { job } => {
                    self.flush_held(&mut fresh, None);
                    self.give_notice(job);
                }
                Deed::Started { job } => {
                    self.flush_held(&mut fresh, Some(job));
                    let new_units = fresh.take().map_or(0, |(_, units)| units);
                    self.start(job, new_units);
                }
            }
        }
        self.flush_held(&mut fresh, None);
        grown.into_iter().for_each(|job| self.grow(job));
        self.settle_touched();
    }

    /// A running job was stopped for another.
    fn preempt(&mut self, holder: &Holder) {
        let preemption = self.setup.options.physics.preemption;
        if preemption == Preemption::Cancel {
            self.cancel(holder);
            return;
        }
        self.stop(holder, preemption == Preemption::Suspend);
        self.tell_left(holder, Leaving::Preempted);
        if self.world.stages[holder.job.index()] == Stage::Waiting {
            self.policy.submitted(&self.world, holder.job);
        } else {
            self.policy.moved(&self.world, holder.job);
        }
    }

    /// Records where a job that got units holds them, where anybody wants to know.
    fn take_places(&mut self, job: JobId) {
        if !self.rents.is_empty() {
            self.rents.took(&self.world, job);
        }
        let Some(places) = &mut self.places else { return };
        if let Some(holder) = self.world.holders.of(job) {
            places.took(job, holder.held.parts().len(), self.world.now);
        }
    }

    /// Records that a job has given back what it held.
    pub(super) fn leave_places(&mut self, holder: &Holder) {
        if !self.rents.is_empty() {
            self.rents.left(&self.world, holder);
        }
        if let Some(places) = &mut self.places {
            places.left(holder, per_unit(&self.world, holder), self.world.now);
        }
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
        self.rents.waits_no_more(job);
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
    pub(super) fn join(&mut self, job: JobId) {
        if let Some(holder) = self.world.holders.of(job) {
            let changed = self.neighbours.come(job, &holder.held);
            self.set_pace(&changed);
        }
    }

    /// Books so many units more (or fewer) of a job.
    pub(super) fn post(&mut self, job: JobId, pool: u16, units: i64, posting: Posting) {
        let now = Now { at: self.world.now, readings: self.lives.sharing() };
        self.books.posted(self.setup.jobs, job, (pool, units), posting, now);
    }

    /// The life of a job that starts now, where it is more than a start and an end.
    fn life_of(&mut self, job: JobId) -> Option<Life> {
        let holder = self.world.holders.of(job)?;
        let crew = self.crew(job, holder.units);
        let left = self.stopped.left.remove(&job);
        if !self.physics_on && crew.pace == crew.all && left.is_none() {
            return None;
        }
        if left.is_none() && self.courses.begin(self.setup.jobs, job) {
            self.books.doom(job);
        }
        let plan = self.plan_of(holder);
        let duration = self.setup.jobs.duration(job);
        let breaks_off = self.courses.breaks_off(job, left.unwrap_or_else(|| work(crew.all, duration)));
        let remainder = left.map_or(Remainder::Whole(duration), Remainder::Left);
        let mut life = Life::start(plan, remainder, crew, self.world.now, self.latest_end(job));
        if let Some(work) = self.intakes.cold_epoch(holder) {
            life.begin_epoch(work);
        }
        life.break_off(breaks_off);
        Some(life)
    }

    /// How a job runs where it lies.
    pub(super) fn plan_of(&self, holder: &Holder) -> Plan {
        let pool = &self.world.pools[holder.held.pool as usize];
        let spec = self.setup.jobs.spec(holder.job);
        let start =
            Start { seed: self.setup.options.seed, row: holder.job.index(), stops: self.fates.stops(holder.job) };
        let mut plan = self.setup.options.physics.plan(spec, self.setup.cluster, pool, &holder.held, start);
        self.intakes.complete(&mut plan, holder);
        plan
    }

    /// A job's units when it holds so many: only under a policy that says so does progress follow them.
    pub(super) fn crew(&self, job: JobId, held: u32) -> Crew {
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
            self.fates.resized(job, holder.held.node_count());
            let (crew, now) = (self.crew(job, holder.units), self.world.now);
            let others = self.intakes.enter(holder);
            let (plan, cold) = (self.plan_of(holder), self.intakes.cold_epoch(holder));
            self.lives.change(job, now, |life, moment| {
                life.grow(moment, crew, &plan);
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

    pub(super) fn tell_placed(&mut self, job: JobId) {
        if let Some(watch) = &mut self.watch
            && let Some(holder) = self.world.holders.of(job)
        {
            watch.placed(&self.world, holder);
        }
    }

    pub(super) fn tell_left(&mut self, holder: &Holder, why: Leaving) {
        if let Some(watch) = &mut self.watch {
            watch.left(&self.world, holder, why);
        }
    }
}
