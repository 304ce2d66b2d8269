//! One scheduling pass: what a policy may do, checked as it does it.

use std::ops::Deref;

use thiserror::Error;

use super::world::{Holder, Stage, World};
use crate::cluster::Allocation;
use crate::trace::JobId;
use crate::units::Time;

/// What a pass did to a job, in the order in which it did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It got its first GPUs, or more of them.
    Held {
        /// Which job.
        job: JobId,
        /// Units that it got.
        units: u32,
        /// The pool.
        pool: u16,
        /// Whether it ran already.
        running: bool,
    },
    /// It ran, was stopped for another, and waits again.
    Preempted(Holder),
    /// It runs and has been told to make room for another.
    Noticed {
        /// Which job.
        job: JobId,
    },
    /// It started with what it holds.
    Started {
        /// Which job.
        job: JobId,
    },
}

/// A policy broke a rule: the run ends with this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("policy `{policy}` broke a rule at {now} s: job `{job}` {rule}")]
pub struct Fault {
    /// The policy.
    pub policy: String,
    /// The job's id in the trace.
    pub job: String,
    /// The instant.
    pub now: Time,
    /// The rule.
    pub rule: String,
}

/// The world during a pass. Reading is free; every change goes through a method that checks it.
#[derive(Debug)]
pub struct Pass<'p, 'a> {
    world: &'p mut World<'a>,
    deeds: &'p mut Vec<Deed>,
    policy: &'static str,
}

impl<'p, 'a> Pass<'p, 'a> {
    /// A pass of `policy` over the world, whose deeds are appended to `deeds`.
    pub fn new(world: &'p mut World<'a>, deeds: &'p mut Vec<Deed>, policy: &'static str) -> Self {
        Pass { world, deeds, policy }
    }

    /// Starts a waiting job that holds nothing on `place`, which must have its least number of units.
    ///
    /// # Errors
    /// When the job does not wait, may not lie there, or the place is not free.
    pub fn start(&mut self, job: JobId, place: Allocation) -> Result<(), Fault> {
        self.hold(job, place)?;
        self.launch(job)
    }

    /// Gives units a place without starting the job.
    ///
    /// # Errors
    /// When the job neither waits nor runs, may not lie there, has enough already, or the place is not free.
    pub fn hold(&mut self, job: JobId, place: Allocation) -> Result<(), Fault> {
        self.check_place(job, &place)?;
        let (units, pool) = (place.units(), place.pool);
        self.world.take(job, &place);
        match self.world.holders.of_mut(job) {
            Some(holder) => {
                holder.units += units;
                holder.held.grow(place);
            }
            None => self.world.holders.add(Holder { job, held: place, units, start: None }),
        }
        let running = self.world.stages[job.index()] == Stage::Running;
        self.deeds.push(Deed::Held { job, units, pool, running });
        Ok(())
    }

    /// Starts a job with what it holds.
    ///
    /// # Errors
    /// When it does not wait, or holds less than it needs to start.
    pub fn launch(&mut self, job: JobId) -> Result<(), Fault> {
        if self.world.stages[job.index()] != Stage::Waiting {
            return Err(self.fault(job, "is started although it does not wait"));
        }
        let least = self.world.least_units(job);
        let now = self.world.now;
        let Some(holder) = self.world.holders.of_mut(job).filter(|h| h.units >= least) else {
            return Err(self.fault(job, "is started with less than it needs"));
        };
        holder.start = Some(now);
        self.world.stages[job.index()] = Stage::Running;
        let shape = self.world.classes.shape_id(self.world.jobs, job);
        self.world.waiting.remove(job, shape);
        self.deeds.push(Deed::Started { job });
        Ok(())
    }

    /// Stops a running job for another; it waits again in its old place of the line, or it has ended where
    /// [`World::stops_are_ends`]. Where [`World::has_grace`], it is told to go and runs until it does.
    ///
    /// # Errors
    /// When it does not run, has been told already, or its trace says that it may not be stopped.
    pub fn preempt(&mut self, job: JobId) -> Result<(), Fault> {
        if self.world.stages[job.index()] != Stage::Running {
            return Err(self.fault(job, "is preempted although it does not run"));
        }
        if self.world.jobs.spec(job).preemptible == Some(false) {
            return Err(self.fault(job, "is preempted although it is not preemptible"));
        }
        if self.world.has_grace {
            if !self.world.leaving.insert(job) {
                return Err(self.fault(job, "is preempted twice"));
            }
            self.deeds.push(Deed::Noticed { job });
            return Ok(());
        }
        let holder = self.world.release(job).expect("a running job holds something");
        if self.world.stops_are_ends {
            self.world.stages[job.index()] = Stage::Cancelled;
        } else {
            self.world.submit(job);
        }
        self.deeds.push(Deed::Preempted(holder));
        Ok(())
    }

    /// Runs `look` on the world with other resources free than now, and takes care that they are as before afterwards.
    pub fn imagine<T>(&mut self, look: impl FnOnce(&mut World<'a>) -> T) -> T {
        let free: u64 = self.world.pools.iter().map(crate::cluster::PoolState::free_gpus).sum();
        self.world.pools.iter_mut().for_each(crate::cluster::PoolState::remember_shares);
        let seen = look(self.world);
        self.world.pools.iter_mut().for_each(crate::cluster::PoolState::restore_shares);
        let after: u64 = self.world.pools.iter().map(crate::cluster::PoolState::free_gpus).sum();
        assert_eq!(free, after, "policy `{}` imagined a change and left it behind", self.policy);
        seen
    }

    fn check_place(&self, job: JobId, place: &Allocation) -> Result<(), Fault> {
        let world = &*self.world;
        if !matches!(world.stages[job.index()], Stage::Waiting | Stage::Running) {
            return Err(self.fault(job, "is placed although it neither waits nor runs"));
        }
        let class = world.class(job);
        if !class.pools.contains(&place.pool) {
            return Err(self.fault(job, "is placed in a pool that it may not use"));
        }
        if place.units() > world.missing_units(job) {
            return Err(self.fault(job, "is given more than it asks for"));
        }
        if world.holders.of(job).is_some_and(|h| h.held.pool != place.pool) {
            return Err(self.fault(job, "is divided over two pools"));
        }
        if !world.is_free(job, place) {
            return Err(self.fault(job, "is placed on resources that are not free"));
        }
        Ok(())
    }

    fn fault(&self, job: JobId, rule: &str) -> Fault {
        Fault {
            policy: self.policy.to_owned(),
            job: self.world.jobs.name(job).to_owned(),
            now: self.world.now,
            rule: rule.to_owned(),
        }
    }
}

impl<'a> Deref for Pass<'_, 'a> {
    type Target = World<'a>;

    fn deref(&self) -> &World<'a> {
        self.world
    }
}
