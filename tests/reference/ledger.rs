//! The GPU-time ledger of DESIGN.md section 2, job by job in every interval, and a check that it adds up.

use std::collections::BTreeMap;

use super::idle::claims;
use super::state::{Job, Status};
use super::types::LedgerKey;
use super::world::World;

/// Where the GPU-time went so far.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    amounts: BTreeMap<LedgerKey, u128>,
}

impl Ledger {
    /// Charges `span` microseconds from the state as it is.
    ///
    /// # Panics
    /// When what is charged is not the capacity of the cluster.
    pub fn charge(&mut self, world: &World, span: u64) {
        let mut charged = 0;
        for (pool, leaf, tenant, milli) in held(world).into_iter().chain(claims(world)) {
            charged += milli;
            if milli > 0 {
                let key = (world.cluster[pool].name.clone(), leaf, tenant);
                *self.amounts.entry(key).or_default() += u128::from(milli) * u128::from(span);
            }
        }
        let capacity: u64 = world.cluster.iter().map(|p| 1000 * u64::from(p.nodes) * u64::from(p.gpus_per_node)).sum();
        assert_eq!(charged, capacity, "every milli-GPU is charged once");
    }

    /// Moves the progress of runs that were thrown away to `lost_work`.
    ///
    /// # Panics
    /// When it was not charged as progress.
    pub fn relabel_thrown_away(&mut self, world: &World) {
        for (j, pool, span) in &world.thrown_away {
            let job = &world.jobs[*j];
            let asked = u128::from(job.units) * u128::from(job.unit.gpus) * u128::from(job.spec.share_milli);
            let key = |leaf| (world.cluster[*pool].name.clone(), leaf, job.spec.tenant.clone());
            let amount = asked * u128::from(*span);
            if amount > 0 {
                let progress = self.amounts.get_mut(&key(progress_of(job))).expect("a run is charged");
                *progress = progress.checked_sub(amount).expect("all of a run is charged");
                *self.amounts.entry(key("lost_work")).or_default() += amount;
            }
        }
        self.amounts.retain(|_, amount| *amount > 0);
    }

    /// Milli-GPU x microseconds.
    pub fn amounts(self) -> BTreeMap<LedgerKey, u128> {
        self.amounts
    }
}

/// The leaf of a job's progress that is kept.
fn progress_of(job: &Job) -> &'static str {
    if job.spec.failed { "discarded" } else { "useful" }
}

/// (pool, leaf, tenant, milli-GPU) of everything that somebody holds.
fn held(world: &World) -> Vec<(usize, &'static str, String, u64)> {
    let mut held = Vec::new();
    for job in &world.jobs {
        let Some(place) = &job.held else { continue };
        let gpus = u64::from(job.placed()) * u64::from(job.unit.gpus);
        let asked = gpus * u64::from(job.spec.share_milli);
        let leaf = match job.status {
            Status::Running => progress_of(job),
            _ => "gang_hold",
        };
        held.push((place.pool, leaf, job.spec.tenant.clone(), asked));
        held.push((place.pool, "slice_waste", job.spec.tenant.clone(), gpus * 1000 - asked));
    }
    held
}
