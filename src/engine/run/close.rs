//! How a run ends: its horizon, what it leaves behind, and the two laws that it is held against.

use super::{Run, RunError, Setup};
use crate::cluster::ClusterSpec;
use crate::engine::outcome::{Deadlock, Outcome};
use crate::engine::places::{Stay, per_unit};
use crate::sched::Stage;
use crate::units::{Cost, GpuTime, Span, Time};

impl Run<'_> {
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

    pub(super) fn finish(mut self) -> Result<Outcome, RunError> {
        let end = self.horizon_end();
        self.check_little(end)?;
        let deadlock = self.deadlocked_since.map(|at| self.describe_deadlock(at));
        let places = self.close_places(end);
        self.close_stalls(end);
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
            absent: closed.absent,
            series: closed.series,
            queued: closed.queued,
            places,
            deadlock,
            instants: self.instants,
            passes: self.passes,
        };
        check_balance(self.setup.cluster, &outcome)?;
        check_costs(self.setup, &outcome)?;
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

    /// Counts how long the jobs that run still have waited for data.
    fn close_stalls(&mut self, end: Time) {
        if !self.fates.may_stall() {
            return;
        }
        for holder in self.world.holders.iter() {
            if let Some(stalls) = self.lives.stalls(holder.job, end) {
                self.fates.stalled(holder.job, &stalls);
            }
        }
    }

    /// The places of a run that ended at `end`, with those of the jobs that hold something still.
    fn close_places(&mut self, end: Time) -> Option<Vec<Stay>> {
        let mut places = self.places.take()?;
        for holder in self.world.holders.iter() {
            places.left(holder, per_unit(&self.world, holder), end);
        }
        Some(places.close())
    }
}

/// What the leaves of each pool cost adds up to what its GPUs cost in the window, while they were rented.
fn check_costs(setup: Setup<'_>, outcome: &Outcome) -> Result<(), RunError> {
    let mut booked = vec![Cost::default(); setup.cluster.pools.len()];
    for entry in &outcome.ledger {
        let cost = &mut booked[entry.pool as usize];
        *cost = *cost + entry.cost;
    }
    let (opens, closes) = (outcome.window_opens, outcome.window_opens.after(outcome.window));
    let curves = setup.options.physics.price_curves(setup.cluster);
    for (number, ((pool, curve), booked)) in setup.cluster.pools.iter().zip(curves).zip(booked).enumerate() {
        let booked = booked + outcome.absent_from(number).1;
        let milli = u128::from(pool.gpu_count()) * u128::from(crate::units::gpus::MILLI_PER_GPU);
        let expected = Cost::from_raw(milli * (curve.paid_until(closes) - curve.paid_until(opens)));
        if booked != expected {
            let pool = pool.name.clone();
            return Err(RunError::Unpaid { pool, booked: booked.usd(), expected: expected.usd() });
        }
    }
    Ok(())
}

/// The leaves of each pool add up to its capacity: all of its GPUs, while they were rented.
fn check_balance(cluster: &ClusterSpec, outcome: &Outcome) -> Result<(), RunError> {
    let mut booked = vec![0u128; cluster.pools.len()];
    for entry in &outcome.ledger {
        booked[entry.pool as usize] += entry.time.raw();
    }
    for (number, (pool, booked)) in cluster.pools.iter().zip(booked).enumerate() {
        let booked = booked + outcome.absent_from(number).0.raw();
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
