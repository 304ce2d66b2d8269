//! How the GPUs of each kind of job are booked: whose they are, how much of them a task holds and asks for, what they do
//! while it steps.

use std::collections::BTreeMap;

use super::options::Options;
use super::posting::Losses;
use crate::cluster::{PoolState, Request};
use crate::ledger::{Leaf, Payer};
use crate::sched::{TenantId, World};
use crate::trace::JobSpec;
use crate::trace::table::SpecId;
use crate::units::MilliGpu;
use crate::units::gpus::{MILLI_PER_GPU, NANO_PER_MILLI};

/// How the GPUs of one kind of job are booked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booking {
    /// Whose GPU-time it is.
    pub payer: Payer,
    /// GPUs of a task.
    pub gpus_per_unit: u32,
    /// Thousandths of each GPU that the job asked for.
    pub share: u32,
    /// Where its progress goes.
    pub progress: Leaf,
    /// Share of its stepping time in which it does not use its GPUs at all, in millionths.
    pub inactive_ppm: u32,
    /// Its MFU in millionths, where one is known.
    pub mfu_ppm: Option<u32>,
}

/// The nano-GPU of a stepping job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// They do nothing.
    pub inactive: i64,
    /// Their place slows them down.
    pub slowed: i64,
    /// Neighbours on shared GPUs do.
    pub disturbed: i64,
    /// They wait for data, but for what flows by a clock.
    pub waiting: i64,
    /// They make progress, come what may.
    pub progress: i64,
    /// They make progress as a clock goes.
    pub by_clock: i64,
}

impl Booking {
    /// How the nano-GPU of a stepping job divide.
    pub fn step(&self, asked: i64, losses: Losses) -> Step {
        let inactive = asked * i64::from(self.inactive_ppm);
        let active = nano(asked) - inactive;
        // Most jobs lose nothing, and a division of 128 bits is dear.
        let of_active = |ppm: u32| match ppm {
            0 => 0,
            ppm => (i128::from(active) * i128::from(ppm) / i128::from(NANO_PER_MILLI)) as i64,
        };
        let (slowed, disturbed) = (of_active(losses.communication), of_active(losses.interference));
        let moving = active - slowed - disturbed;
        let (waiting, by_clock) = match losses.clock {
            Some(_) => (moving, active),
            None => (of_active(losses.input), 0),
        };
        Step { inactive, slowed, disturbed, waiting, progress: moving - waiting, by_clock }
    }
}

/// How each spec of the table is booked.
pub(super) fn bookings(world: &World<'_>, options: &Options) -> Vec<Booking> {
    let tenants = world.classes.tenants();
    let number: BTreeMap<&str, u32> = tenants.iter().enumerate().map(|(i, name)| (name.as_str(), i as u32)).collect();
    world
        .jobs
        .specs()
        .iter()
        .map(|spec| Booking {
            payer: Payer::tenant(TenantId(number[spec.tenant.as_str()])),
            gpus_per_unit: Request::of(spec).gpus,
            share: share(spec),
            progress: progress_leaf(spec, options),
            inactive_ppm: activity(spec, options).map_or(0, |active| NANO_PER_MILLI as u32 - active),
            mfu_ppm: mfu(spec, options),
        })
        .collect()
}

/// Thousandths of each of their GPUs that jobs hold, by specification and pool.
pub(super) fn held_by_spec(world: &World<'_>) -> Vec<u16> {
    if world.spec.pools.iter().all(|pool| pool.gpus.is_none_or(|gpus| gpus.sharing.is_none())) {
        return Vec::new();
    }
    let milli = |spec: u32, pool: &PoolState| {
        let cut = pool.cut(&world.classes.of_spec(SpecId(spec)).request);
        cut.map_or(MILLI_PER_GPU as u16, |cut| cut.milli())
    };
    let specs = 0..world.jobs.specs().len() as u32;
    specs.flat_map(|spec| world.pools.iter().map(move |pool| milli(spec, pool))).collect()
}

/// The MFU of a job: its own before its class's before the workload's.
fn mfu(spec: &JobSpec, options: &Options) -> Option<u32> {
    let of_class = || options.physics.class(spec).and_then(|class| class.mfu_ppm);
    spec.mfu_ppm.or_else(of_class).or(options.mfu_ppm)
}

/// The activity of a job: its own before its class's.
fn activity(spec: &JobSpec, options: &Options) -> Option<u32> {
    let of_class = || options.physics.class(spec).and_then(|class| class.activity_ppm);
    spec.activity_ppm.or_else(of_class)
}

fn progress_leaf(spec: &JobSpec, options: &Options) -> Leaf {
    let discarded = spec.state.is_some_and(|state| options.discard.contains(&state));
    if discarded { Leaf::Discarded } else { Leaf::Useful }
}

/// Thousandths of a GPU that a job asks for: its share, or the compute slices of its MIG profile out of seven.
fn share(spec: &JobSpec) -> u32 {
    let by_share = spec.gpu_share.map_or(MILLI_PER_GPU, MilliGpu::milli);
    let milli = spec.mig.map_or(by_share, |profile| by_share.min(u64::from(profile.milli())));
    milli.min(MILLI_PER_GPU) as u32
}

/// Milli-GPU in nano-GPU.
pub(super) fn nano(milli: i64) -> i64 {
    milli * NANO_PER_MILLI
}
