//! Policies that know the tasks of a job: `gang` and `pods`.

use super::state::Status;
use super::world::World;

/// `gang`: missing members of running jobs first, by (submit, row), as many as fit; then line after line, each job
/// with as many tasks as fit if these are at least `min_tasks`.
pub fn gang_pass(world: &mut World) {
    for j in world.running() {
        if world.jobs[j].missing() > 0
            && let Some(place) = world.place(&world.free, j)
        {
            world.settle_work(j);
            world.hold(j, place);
            world.foresee_end(j);
        }
    }
    super::queue::pass(world, true);
}

/// `pods`: pod after pod by (submit, row, task), each skipped if it has no place and holding the place that it has.
pub fn pods_pass(world: &mut World) {
    for j in world.waiting() {
        for _ in 0..world.jobs[j].missing() {
            if let Some(place) = world.place_one(j) {
                world.hold(j, place);
            }
        }
        let job = &world.jobs[j];
        if job.status == Status::Waiting && job.placed() >= job.least {
            world.start(j);
        }
    }
}

/// Whether some job under `pods` holds places, and no such job can complete even after all running jobs end.
pub fn deadlocked(world: &World) -> bool {
    let partial = |j: &usize| world.jobs[*j].status == Status::Waiting && world.jobs[*j].placed() > 0;
    let holders: Vec<usize> = world.waiting().into_iter().filter(partial).collect();
    let mut later = world.clone();
    for j in later.running() {
        later.end(j);
    }
    !holders.is_empty() && holders.iter().all(|j| later.place(&later.free, *j).is_none())
}
