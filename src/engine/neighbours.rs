//! Who runs on which shared GPU: a job that comes or goes changes the speed of those beside it.

use rustc_hash::FxHashMap;

use crate::cluster::Allocation;
use crate::cluster::share::GpuId;
use crate::physics::{DEFAULT_CLASS, Interference, Speed};
use crate::trace::{JobId, JobTable};

/// A shared GPU of a pool.
type Gpu = (u16, GpuId);

/// The running jobs by the shared GPUs on which they have seats, and how they slow each other down.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// By pool; nothing where shares do not disturb each other.
    tables: Vec<Option<Interference>>,
    /// A job once for each of its seats.
    on: FxHashMap<Gpu, Vec<JobId>>,
    seats: FxHashMap<JobId, Vec<Gpu>>,
}

impl Neighbours {
    /// Nobody runs yet; the tables are by pool.
    #[must_use]
    pub fn new(tables: Vec<Option<Interference>>) -> Self {
        Neighbours { tables, ..Neighbours::default() }
    }

    /// A job runs in `place`, or in more than before; gives all whose speed may have changed, itself among them.
    pub fn come(&mut self, job: JobId, place: &Allocation) -> Vec<JobId> {
        if self.tables.get(place.pool as usize).is_none_or(Option::is_none) {
            return Vec::new();
        }
        let mut changed = self.go(job);
        let gpus = place.parts().iter().filter_map(|part| Some((place.pool, part.shared_gpu()?)));
        let gpus: Vec<Gpu> = gpus.collect();
        for gpu in &gpus {
            let there = self.on.entry(*gpu).or_default();
            there.push(job);
            changed.extend_from_slice(there);
        }
        if !gpus.is_empty() {
            self.seats.insert(job, gpus);
        }
        in_order(changed)
    }

    /// A job runs no more; gives those beside it.
    pub fn go(&mut self, job: JobId) -> Vec<JobId> {
        let mut changed = Vec::new();
        if self.seats.is_empty() {
            return changed;
        }
        for gpu in self.seats.remove(&job).unwrap_or_default() {
            if let Some(there) = self.on.get_mut(&gpu) {
                there.retain(|&other| other != job);
                changed.extend_from_slice(there);
                if there.is_empty() {
                    self.on.remove(&gpu);
                }
            }
        }
        in_order(changed)
    }

    /// What its neighbours leave of a job's speed: the slowest of its GPUs sets the pace.
    #[must_use]
    pub fn speed(&self, job: JobId, jobs: &JobTable) -> Speed {
        let class = |job: JobId| jobs.spec(job).comm.as_deref().unwrap_or(DEFAULT_CLASS);
        let seats = self.seats.get(&job).map(Vec::as_slice).unwrap_or_default();
        let speeds = seats.iter().filter_map(|gpu| {
            let table = self.tables.get(gpu.0 as usize)?.as_ref()?;
            let there = self.on.get(gpu).map(Vec::as_slice).unwrap_or_default();
            // Of its own slices on the GPU one is itself, the others are neighbours.
            let own = there.iter().position(|&other| other == job);
            let others = there.iter().enumerate().filter(|&(at, _)| Some(at) != own);
            Some(table.among(class(job), others.map(|(_, &other)| class(other))))
        });
        speeds.min().unwrap_or(Speed::FULL)
    }
}

/// Each once, in the order of their numbers.
fn in_order(mut jobs: Vec<JobId>) -> Vec<JobId> {
    jobs.sort_unstable();
    jobs.dedup();
    jobs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::allocation::{Lanes, Parts};
    use crate::cluster::{Part, Seat};
    use crate::trace::JobRow;

    fn place(seats: &[(u32, u16)]) -> Allocation {
        let part = |&(node, gpu)| Part { node, units: 1, lanes: Lanes::default(), seat: Seat::Share { gpu } };
        Allocation::new(0, Parts::of(seats.iter().map(part).collect()))
    }

    #[test]
    fn the_most_crowded_gpu_sets_the_pace() {
        let [one, two, more] = [0.9, 0.8, 0.7].map(Speed::of_share);
        let mut neighbours = Neighbours::new(vec![Some(Interference { one, two, more, pairs: BTreeMap::new() })]);
        let jobs: JobTable = (0..5).map(|at| JobRow { job_id: at.to_string(), ..JobRow::default() }).collect();
        assert_eq!(neighbours.come(JobId(3), &place(&[(0, 0), (1, 0)])), [JobId(3)]);
        assert_eq!(neighbours.come(JobId(1), &place(&[(1, 0)])), [JobId(1), JobId(3)]);
        assert_eq!(neighbours.come(JobId(2), &place(&[(1, 0)])), [JobId(1), JobId(2), JobId(3)]);
        assert_eq!([1, 2, 3].map(|job| neighbours.speed(JobId(job), &jobs)), [two; 3]);
        assert_eq!(neighbours.go(JobId(1)), [JobId(2), JobId(3)]);
        assert_eq!([2, 3].map(|job| neighbours.speed(JobId(job), &jobs)), [one; 2]);
        assert_eq!(neighbours.go(JobId(2)), [JobId(3)]);
        assert_eq!((neighbours.speed(JobId(3), &jobs), neighbours.speed(JobId(1), &jobs)), (Speed::FULL, Speed::FULL));
        // Its own slices on one GPU are neighbours like any others.
        assert_eq!(neighbours.come(JobId(4), &place(&[(2, 1), (2, 1)])), [JobId(4)]);
        assert_eq!(neighbours.speed(JobId(4), &jobs), one);
    }
}
