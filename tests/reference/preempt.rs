//! Preemptive lists, `srtf` and `priority-preempt`: running jobs make room for more urgent ones.
//!
//! A pass goes through the jobs by urgency on a copy of the world in which whoever is stopped counts as waiting. Who
//! gets back the very place that it had was never stopped. Urgency is what it was when the pass began.
//!
//! With a time of grace, who is stopped is only told so, and gets no other place in that pass. From the first job on that does
//! not fit in what is free, what those have who were told before counts as free. A place that is not free in the real
//! cluster is found again, or another one, in a later pass.

use std::collections::BTreeMap;

use super::state::{Place, Status};
use super::types::{RefPolicy, RefStop};
use super::world::World;

/// A job that the pass has stopped, in a cluster that is not the real one yet.
struct Stopped {
    job: usize,
    had: Place,
}

/// Serves all lines as one, the most urgent first.
///
/// # Panics
/// When a place that was found does not hold in the end.
pub fn pass(world: &mut World, skip: bool) {
    let mut thought = world.clone();
    let mut stopped: Vec<Stopped> = Vec::new();
    let mut starts: Vec<(usize, Place)> = Vec::new();
    let mut served: Vec<usize> = Vec::new();
    let grace = world.run.grace;
    let urgency: Vec<(i128, usize)> = (0..world.jobs.len()).map(|j| urgency_of(world, j)).collect();
    // Who is stopped on the way is less urgent than the one served, so its turn comes later in the same pass.
    while let Some(j) = most_urgent(&thought, &urgency, &served) {
        served.push(j);
        let own = stopped.iter().position(|s| s.job == j && fits(&thought, j, &s.had));
        if let Some(own) = own {
            let back = stopped.remove(own);
            thought.jobs[j].status = Status::Running;
            thought.hold(j, back.had);
            continue;
        }
        if (grace > 0 || world.run.stops == RefStop::Cancel) && stopped.iter().any(|s| s.job == j) {
            continue;
        }
        if thought.place(&thought.free, j).is_none() {
            let leaving: Vec<usize> =
                thought.running().into_iter().filter(|l| thought.jobs[*l].leaves.is_some()).collect();
            for l in leaving {
                set_aside(&mut thought, l);
                thought.jobs[l].status = Status::Cancelled;
            }
        }
        let victims = victims_for(&thought, &urgency, &starts, j);
        for v in &victims {
            let had = set_aside(&mut thought, *v);
            stopped.push(Stopped { job: *v, had });
        }
        match thought.place(&thought.free, j) {
            Some(place) => {
                thought.hold(j, place.clone());
                thought.jobs[j].status = Status::Running;
                match stopped.iter().position(|s| s.job == j && same_place(&s.had, &place)) {
                    Some(own) => drop(stopped.remove(own)),
                    None => starts.push((j, place)),
                }
            }
            None if skip => {}
            None => break,
        }
    }
    for s in &stopped {
        match grace {
            0 => world.stop(s.job),
            grace => world.jobs[s.job].leaves = Some(world.now + grace),
        }
    }
    for (j, place) in starts {
        if grace == 0 || fits(world, j, &place) {
            world.start_at(j, place);
        } else if !skip {
            break;
        }
    }
}

/// The more urgent, the smaller; a job's number is its (submit, row).
fn urgency_of(world: &World, j: usize) -> (i128, usize) {
    let job = &world.jobs[j];
    match world.run.policy {
        RefPolicy::Srtf => (i128::from(job.remaining(world.now)), j),
        _ => (-i128::from(job.spec.priority), j),
    }
}

/// The next in order of urgency, ties by (submit, row).
fn most_urgent(world: &World, urgency: &[(i128, usize)], served: &[usize]) -> Option<usize> {
    world.waiting().into_iter().filter(|j| !served.contains(j)).min_by_key(|j| urgency[*j])
}

/// Whether job `j` could lie there now.
fn fits(world: &World, j: usize, place: &Place) -> bool {
    let mut free = world.free.clone();
    place.spots.iter().all(|spot| free[place.pool][spot.node].take(world.jobs[j].unit, spot))
}

/// Whether two places are the same GPUs of the same nodes, in whatever steps they were chosen.
fn same_place(a: &Place, b: &Place) -> bool {
    let gpus = |place: &Place| {
        let mut nodes: BTreeMap<usize, (u32, Vec<u32>)> = BTreeMap::new();
        for spot in &place.spots {
            let (units, lanes) = nodes.entry(spot.node).or_insert_with(|| (0, vec![0; spot.lanes.len()]));
            *units += spot.units;
            lanes.iter_mut().zip(&spot.lanes).for_each(|(all, more)| *all += more);
        }
        nodes
    };
    a.pool == b.pool && gpus(a) == gpus(b)
}

/// Takes a running job from its place, in thought.
fn set_aside(world: &mut World, v: usize) -> Place {
    let place = world.jobs[v].held.take().expect("a running job holds its place");
    for spot in &place.spots {
        world.free[place.pool][spot.node].give_back(world.jobs[v].unit, spot);
    }
    world.jobs[v].status = Status::Waiting;
    place
}

/// Who is stopped so that job `j` fits; nobody where it fits anyway or not even then.
fn victims_for(world: &World, urgency: &[(i128, usize)], new: &[(usize, Place)], j: usize) -> Vec<usize> {
    let fits_without = |victims: &[usize]| {
        let mut without = world.clone();
        victims.iter().for_each(|v| drop(set_aside(&mut without, *v)));
        without.place(&without.free, j).is_some()
    };
    let mut least_urgent_first: Vec<usize> = world.running();
    // Only a strictly more urgent job stops another.
    least_urgent_first.retain(|v| urgency[j].0 < urgency[*v].0 && !new.iter().any(|(job, _)| job == v));
    least_urgent_first.retain(|v| may_be_stopped(world, *v));
    least_urgent_first.sort_by_key(|v| std::cmp::Reverse(urgency[*v]));
    let enough = (0..=least_urgent_first.len()).find(|count| fits_without(&least_urgent_first[..*count]));
    let Some(enough) = enough else { return Vec::new() };
    let mut victims = least_urgent_first[..enough].to_vec();
    // Those without whom it still fits are given back, in the order in which they were taken.
    for v in least_urgent_first[..enough].iter() {
        let others: Vec<usize> = victims.iter().copied().filter(|other| other != v).collect();
        if fits_without(&others) {
            victims = others;
        }
    }
    victims
}

/// Whether a job allows it, has run long enough and has not been told before.
fn may_be_stopped(world: &World, v: usize) -> bool {
    let victim = &world.jobs[v];
    victim.spec.preemptible != Some(false)
        && victim.leaves.is_none()
        && victim.resumed + world.run.min_runtime <= world.now
}
