//! On which nodes jobs held their GPUs, and from when to when: recorded only where somebody asks for it, as a run of
//! millions of jobs need not pay for what nobody looks at.

use rustc_hash::FxHashMap;

use crate::cluster::Part;
use crate::sched::{Holder, World};
use crate::trace::JobId;
use crate::units::Time;
use crate::units::gpus::MILLI_PER_GPU;

/// A job held GPUs of a node over `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names say it")]
pub struct Stay {
    pub job: JobId,
    pub from: Time,
    pub pool: u16,
    pub node: u32,
    pub gpus: u32,
    /// Thousandths of each of them: others may hold the rest.
    pub milli: u32,
    pub to: Time,
}

/// What a unit of a job holds.
#[derive(Debug, Clone, Copy)]
pub struct PerUnit {
    /// GPUs.
    pub gpus: u32,
    /// Thousandths of each of them.
    pub milli: u32,
}

/// What each unit of what a job holds is.
#[must_use]
pub fn per_unit(world: &World<'_>, holder: &Holder) -> PerUnit {
    let request = &world.class(holder.job).request;
    let cut = world.pools[usize::from(holder.held.pool)].cut(request);
    PerUnit { gpus: request.gpus, milli: cut.map_or(MILLI_PER_GPU as u32, |cut| u32::from(cut.milli())) }
}

/// The stays of a run so far.
#[derive(Debug, Default)]
pub struct Places {
    /// Since when each part of what a job holds is held, in the order of its parts.
    open: FxHashMap<JobId, Vec<Time>>,
    stays: Vec<Stay>,
}

impl Places {
    /// A job holds so many parts now; what it held before it goes on to hold.
    pub fn took(&mut self, job: JobId, parts: usize, now: Time) {
        self.open.entry(job).or_default().resize(parts, now);
    }

    /// A job has given back all that it held.
    pub fn left(&mut self, holder: &Holder, of: PerUnit, now: Time) {
        let Some(since) = self.open.remove(&holder.job) else { return };
        let stay = |(part, from): (&Part, Time)| Stay {
            job: holder.job,
            from,
            pool: holder.held.pool,
            node: part.node,
            gpus: part.units * of.gpus,
            milli: of.milli,
            to: now,
        };
        let stays = holder.held.parts().iter().zip(since).map(stay);
        self.stays.extend(stays.filter(|stay| stay.gpus > 0 && stay.to > stay.from));
    }

    /// A job has given back what it held on a node, of what `before` says, and holds the rest.
    pub fn left_node(&mut self, before: &Holder, node: u32, of: PerUnit, now: Time) {
        let Some(since) = self.open.remove(&before.job) else { return };
        let mut kept = Vec::new();
        for (part, from) in before.held.parts().iter().zip(since) {
            let (gpus, milli) = (part.units * of.gpus, of.milli);
            if part.node != node {
                kept.push(from);
            } else if gpus > 0 && now > from {
                self.stays.push(Stay { job: before.job, from, pool: before.held.pool, node, gpus, milli, to: now });
            }
        }
        self.open.insert(before.job, kept);
    }

    /// All of them, by job, instant and node.
    #[must_use]
    pub fn close(mut self) -> Vec<Stay> {
        self.stays.sort_unstable();
        self.stays
    }
}
