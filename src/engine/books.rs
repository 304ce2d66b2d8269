//! Keeps ledger, series and MFU in step with what happens.

use rustc_hash::FxHashSet;

use crate::ledger::idle::{Charger, Claim};
use crate::ledger::{Account, Accounts, Entry, Flow, Leaf, Payer, Readings, Series};
use crate::sched::{Scheduler, TenantId, World};
use crate::trace::table::SpecId;
use crate::trace::{JobId, JobTable, RecordedState};
use crate::units::gpus::{MILLI_PER_GPU, NANO_PER_MILLI};
use crate::units::{Cost, GpuTime, Span, Time};

use super::booking::{Booking, Step, bookings, held_by_spec, nano};
use super::options::Options;
use super::posting::{Posting, Stretch};

/// An instant, and what the clocks of jobs read.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    pub at: Time,
    pub readings: &'a dyn Readings,
}

/// The books of a run.
#[derive(Debug)]
pub struct Books {
    account: Accounts,
    series: Series,
    charger: Charger,
    claims: Vec<Claim>,
    fresh: Vec<Claim>,
    bookings: Vec<Booking>,
    /// Jobs that will have failed in the end, where what they do is discarded.
    doomed: FxHashSet<JobId>,
    discards_failed: bool,
    /// Thousandths of each of their GPUs that jobs hold, by specification and pool; empty where no pool gives slices.
    held: Vec<u16>,
    pools: usize,
    /// `useful` GPUs x MFU by pool, as one leaf of an account of its own, so that the same window cuts it.
    mfu: Option<Account>,
    /// GPUs of rented pools that are not there, as one leaf; `None` where all are there all the time.
    absent: Option<Box<Accounts>>,
    /// Jobs that wait, as one leaf of an account likewise, where the window is not the whole run.
    queue: Option<Account>,
    /// What has changed since the last charge.
    stale: Stale,
    /// Who pays for the job that was set apart while the books are open, and whose it is.
    apart: Option<(Payer, Payer)>,
}

/// What has changed since the free GPUs were last charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Stale {
    /// Nothing.
    #[default]
    Fresh,
    /// Jobs came to wait.
    Arrivals,
    /// Perhaps all that there is.
    All,
}

/// The closed books.
#[derive(Debug)]
pub struct Closed {
    pub window: Span,
    pub ledger: Vec<Entry>,
    /// The part of it that the job had that was set apart.
    pub apart: Vec<Entry>,
    pub mfu_weighted: Option<Vec<GpuTime>>,
    /// What was not rented of each pool; empty where all was there all the time.
    pub absent: Vec<(GpuTime, Cost)>,
    pub series: Vec<crate::ledger::Bucket>,
    /// Waiting jobs x microseconds in the window.
    pub queued: u128,
}

impl Books {
    /// Opens the books at `origin`, before anything has happened; the last job that can run comes at `last_submit`.
    pub fn open(world: &World<'_>, options: &Options, origin: Time, last_submit: Time) -> Self {
        let tenants = world.classes.tenants().len();
        let pools = world.spec.pools.len();
        let opens = origin.after(options.warmup);
        let mut bookings: Vec<Booking> = bookings(world, options);
        let mfu = bookings.iter().any(|b| b.mfu_ppm.is_some());
        let apart = world.jobs.apart().map(|job| {
            let booking = &mut bookings[world.jobs.spec_id(job).index()];
            let payer = Payer::tenant(TenantId(tenants as u32));
            (payer, std::mem::replace(&mut booking.payer, payer))
        });
        let payers = tenants + usize::from(apart.is_some());
        let rents = world.spec.pools.iter().any(|pool| pool.tenure.rent().is_some());
        let curves = || options.physics.price_curves(world.spec);
        let absent = || Box::new(Accounts::new(0, curves(), opens, options.cooldown));
        Books {
            account: Accounts::new(payers, curves(), opens, options.cooldown),
            series: Series::new(origin, options.until.map_or(last_submit, |until| until.min(last_submit))),
            charger: Charger::new(world),
            claims: Vec::new(),
            fresh: Vec::new(),
            bookings,
            doomed: FxHashSet::default(),
            discards_failed: options.discard.contains(&RecordedState::Failed),
            held: held_by_spec(world),
            pools,
            mfu: mfu.then(|| Account::new(0, pools, opens, options.cooldown)),
            absent: rents.then(absent),
            queue: options.is_cut().then(|| Account::new(0, 1, opens, options.cooldown)),
            stale: Stale::All,
            apart,
        }
    }

    /// The clock goes on to `now`.
    pub fn advance(&mut self, now: Time, readings: &dyn Readings) {
        self.series.advance(now, readings);
        self.account.advance(now, readings);
        if let Some(mfu) = &mut self.mfu {
            mfu.advance(now, readings);
        }
        if let Some(absent) = &mut self.absent {
            absent.advance(now, readings);
        }
    }

    /// A job came and waits.
    pub fn submitted(&mut self, now: Time) {
        self.series.submitted(now);
        self.count_waiting(1, now);
        self.stale = self.stale.max(Stale::Arrivals);
    }

    /// A job that ran waits again.
    pub fn requeued(&mut self, now: Time) {
        self.series.requeued(now);
        self.count_waiting(1, now);
        self.stale = Stale::All;
    }

    /// So many jobs more (or fewer) wait.
    fn count_waiting(&mut self, jobs: i64, now: Time) {
        if let Some(queue) = &mut self.queue {
            // The leaf has no meaning.
            queue.change(Payer::NOBODY, 0, Leaf::Useful, nano(jobs), now);
        }
    }

    fn change(&mut self, payer: Payer, pool: u16, leaf: Leaf, delta: i64, now: Time) {
        if delta != 0 {
            self.account.change(payer, pool, leaf, delta, now);
            self.series.change(leaf, delta, now);
        }
    }

    /// A job that starts for the first time will have failed in the end.
    pub fn doom(&mut self, job: JobId) {
        if self.discards_failed {
            self.doomed.insert(job);
        }
    }

    fn booking(&self, jobs: &JobTable, job: JobId) -> Booking {
        let mut booking = self.bookings[jobs.spec_id(job).index()];
        if !self.doomed.is_empty() && self.doomed.contains(&job) {
            booking.progress = Leaf::Discarded;
        }
        booking
    }

    /// A job that has not started holds so many units more (or fewer).
    pub fn held(&mut self, jobs: &JobTable, job: JobId, pool: u16, units: i64, now: Time) {
        self.posted(jobs, job, (pool, units), Posting::Whole(Leaf::GangHold), Now { at: now, readings: &() });
    }

    /// Thousandths of each of its GPUs that a job holds in a pool.
    fn held_milli(&self, spec: SpecId, pool: u16) -> i64 {
        let held = self.held.get(spec.index() * self.pools + pool as usize);
        held.map_or(MILLI_PER_GPU as i64, |&milli| i64::from(milli))
    }

    /// So many units more (or fewer) of a job are booked in some way.
    pub fn posted(&mut self, jobs: &JobTable, job: JobId, held: (u16, i64), posting: Posting, now: Now<'_>) {
        let ((pool, units), at) = (held, now.at);
        let booking = self.booking(jobs, job);
        let gpus = units * i64::from(booking.gpus_per_unit);
        let asked = gpus * i64::from(booking.share);
        let held = gpus * self.held_milli(jobs.spec_id(job), pool);
        self.change(booking.payer, pool, Leaf::SliceWaste, nano(held - asked), at);
        match posting {
            Posting::Whole(leaf) => self.change(booking.payer, pool, leaf, nano(asked), at),
            Posting::Step(losses) => {
                let step = booking.step(asked, losses);
                self.change(booking.payer, pool, Leaf::Inactive, step.inactive, at);
                self.change(booking.payer, pool, Leaf::Communication, step.slowed, at);
                self.change(booking.payer, pool, Leaf::Interference, step.disturbed, at);
                self.change(booking.payer, pool, Leaf::InputStall, step.waiting, at);
                self.change(booking.payer, pool, booking.progress, step.progress, at);
                let reading = losses.clock.map(|clock| (clock, now.readings.reading(clock, at)));
                if let Some((clock, reading)) = reading {
                    let flow = Flow { clock, reading, leaf: booking.progress };
                    self.account.flow(booking.payer, pool, flow, step.by_clock, at);
                    self.series.flow(flow, step.by_clock);
                }
                self.weigh(booking, pool, &step, reading, at);
            }
        }
        self.stale = Stale::All;
    }

    /// Books useful progress in a pool with its MFU, where it has one; negative amounts take it back.
    fn weigh(&mut self, booking: Booking, pool: u16, step: &Step, clock: Option<(u32, u128)>, at: Time) {
        let (Some(mfu), Some(ppm), Leaf::Useful) = (&mut self.mfu, booking.mfu_ppm, booking.progress) else { return };
        mfu.change(Payer::NOBODY, pool, Leaf::Useful, weighted(step.progress, ppm), at);
        if let Some((clock, reading)) = clock {
            // What flows is taken from there; rounding must not make it less than nothing.
            let waiting = weighted(step.by_clock, ppm);
            mfu.change(Payer::NOBODY, pool, Leaf::InputStall, waiting, at);
            mfu.flow(Payer::NOBODY, pool, Flow { clock, reading, leaf: Leaf::Useful }, waiting, at);
        }
    }

    /// Progress that was booked turns out to be lost.
    pub fn lost(&mut self, jobs: &JobTable, job: JobId, pool: u16, stretch: &Stretch, now: Time) {
        let Posting::Step(losses) = stretch.posting else { return };
        let booking = self.booking(jobs, job);
        let asked = i64::from(stretch.units) * i64::from(booking.gpus_per_unit) * i64::from(booking.share);
        let step = booking.step(asked, losses);
        let clock = losses.clock;
        for (leaf, sign) in [(booking.progress, -1), (Leaf::LostWork, 1)] {
            let rate = sign * step.progress;
            self.account.change(booking.payer, pool, leaf, rate, stretch.from);
            self.account.change(booking.payer, pool, leaf, -rate, stretch.to);
            self.series.amend(leaf, rate, stretch.from, stretch.to, now);
            if let Some(clock) = clock {
                let (flow, rate) = (Flow { clock, reading: stretch.readings.0, leaf }, sign * step.by_clock);
                self.account.flow(booking.payer, pool, flow, rate, stretch.from);
                let end = Flow { reading: stretch.readings.1, ..flow };
                self.account.flow(booking.payer, pool, end, -rate, stretch.to);
                self.series.amend_flow(flow, stretch.readings.1, rate, stretch.from);
            }
        }
        let back = Step { progress: -step.progress, by_clock: -step.by_clock, ..step };
        self.weigh(booking, pool, &back, clock.map(|clock| (clock, stretch.readings.0)), stretch.from);
        self.weigh(booking, pool, &step, clock.map(|clock| (clock, stretch.readings.1)), stretch.to);
    }

    /// So many GPUs of a pool more (or fewer) are down, for what `leaf` says.
    pub fn down(&mut self, pool: u16, leaf: Leaf, gpus: i64, now: Time) {
        self.change(Payer::NOBODY, pool, leaf, nano(gpus * MILLI_PER_GPU as i64), now);
        self.stale = Stale::All;
    }

    /// So many GPUs of a rented pool more (or fewer) are not there.
    pub fn absent(&mut self, pool: u16, gpus: i64, now: Time) {
        if let Some(absent) = &mut self.absent {
            // The leaf has no meaning; it is one that nothing flows to.
            absent.change(Payer::NOBODY, pool, Leaf::Useful, nano(gpus * MILLI_PER_GPU as i64), now);
        }
        self.stale = Stale::All;
    }

    /// A job left the queue.
    pub fn started(&mut self, now: Time) {
        self.series.started(now);
        self.count_waiting(-1, now);
    }

    /// A job ended.
    pub fn ended(&mut self) {
        self.series.ended();
    }

    /// Charges the free GPUs from now on, if anything has changed.
    pub fn charge_idle(&mut self, world: &mut World<'_>, policy: &dyn Scheduler) {
        let incomplete = policy.incomplete();
        let stands = match std::mem::take(&mut self.stale) {
            Stale::Fresh => true,
            Stale::Arrivals => incomplete.0.is_empty() && self.charger.stands(world),
            Stale::All => false,
        };
        if stands {
            return;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        self.charger.claims(world, policy.held_back(), incomplete, &mut fresh);
        let before = std::mem::replace(&mut self.claims, fresh);
        for at in 0..before.len().max(self.claims.len()) {
            self.exchange(before.get(at).copied(), self.claims.get(at).copied(), world.now);
        }
        self.fresh = before;
    }

    /// From `now` on, one claim stands for another. They mostly differ in their amounts, if at all.
    fn exchange(&mut self, before: Option<Claim>, after: Option<Claim>, now: Time) {
        let key = |claim: Claim| (claim.payer, claim.pool, claim.leaf);
        let milli = |claim: Option<Claim>| claim.map_or(0, |claim| claim.milli as i64);
        if before.map(key) == after.map(key) {
            let Some((payer, pool, leaf)) = after.map(key) else { return };
            self.change(payer, pool, leaf, nano(milli(after) - milli(before)), now);
            return;
        }
        for (claim, sign) in [(before, -1), (after, 1)] {
            if let Some((payer, pool, leaf)) = claim.map(key) {
                self.change(payer, pool, leaf, sign * nano(milli(claim)), now);
            }
        }
    }

    /// Waiting jobs x microseconds of the whole run.
    pub fn queue_integral(&self, end: Time) -> u128 {
        self.series.queue_integral(end)
    }

    /// Closes the books of a run that ended at `end`.
    pub fn close(self, end: Time, readings: &dyn Readings) -> Closed {
        let (window, mut ledger) = self.account.close(end, readings);
        let apart = self.apart.map_or_else(Vec::new, |(payer, tenant)| give_back(&mut ledger, payer, tenant));
        let useful = |entries: Vec<Entry>| {
            let mut pools = vec![GpuTime::default(); self.pools];
            for entry in entries.iter().filter(|entry| entry.leaf == Leaf::Useful) {
                pools[usize::from(entry.pool)] = pools[usize::from(entry.pool)] + entry.time;
            }
            pools
        };
        let mfu_weighted = self.mfu.map(|mfu| useful(mfu.close(end, readings).1));
        let absent = self.absent.map(|absent| by_pool(&absent.close(end, readings).1, self.pools));
        let absent = absent.unwrap_or_default();
        let all = self.series.queue_integral(end);
        // Nothing flows by clocks there, and these need not know any more what they read when the window opened.
        let queued = self.queue.map(|queue| queue.close(end, &()).1.iter().map(|entry| entry.time.raw()).sum());
        let series = self.series.close(end, readings);
        Closed { window, ledger, apart, mfu_weighted, absent, series, queued: queued.unwrap_or(all) }
    }
}

/// Time and cost of entries by pool.
fn by_pool(entries: &[Entry], pools: usize) -> Vec<(GpuTime, Cost)> {
    let mut sums = vec![(GpuTime::default(), Cost::default()); pools];
    for entry in entries {
        let (time, cost) = &mut sums[usize::from(entry.pool)];
        (*time, *cost) = (*time + entry.time, *cost + entry.cost);
    }
    sums
}

/// Turns the entries of `payer` into the tenant's, in their order, and gives them as they were.
fn give_back(ledger: &mut Vec<Entry>, payer: Payer, tenant: Payer) -> Vec<Entry> {
    let apart: Vec<Entry> = ledger.extract_if(.., |entry| entry.payer == payer).collect();
    for entry in &apart {
        let key = (tenant, entry.pool, entry.leaf);
        match ledger.binary_search_by_key(&key, |e| (e.payer, e.pool, e.leaf)) {
            Ok(at) => {
                ledger[at].time = ledger[at].time + entry.time;
                ledger[at].cost = ledger[at].cost + entry.cost;
            }
            Err(at) => ledger.insert(at, Entry { payer: tenant, ..*entry }),
        }
    }
    apart
}

/// A rate times an MFU in millionths.
fn weighted(rate: i64, ppm: u32) -> i64 {
    (i128::from(rate) * i128::from(ppm) / i128::from(NANO_PER_MILLI)) as i64
}
