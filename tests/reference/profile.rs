//! What is free over time, as far as anybody knows: running jobs until their expected ends, and reservations.

use super::easy::least_of;
use super::state::{Node, Place, Reservation, Status};
use super::types::RefPolicy;
use super::world::World;

/// Somebody holds something from one instant until just before another.
struct Holding {
    job: usize,
    from: u64,
    to: u64,
    place: Option<Place>,
}

/// The earliest start of job `j` from now on, given all running jobs and all other reservations.
pub fn earliest(world: &World, j: usize) -> Reservation {
    let holdings = holdings_but(world, j);
    let mut instants: Vec<u64> = holdings.iter().map(|h| h.to).filter(|to| *to > world.now).collect();
    instants.push(world.now);
    instants.sort_unstable();
    let reservation = instants.into_iter().find_map(|start| {
        let end = start + planned_span(world, j);
        let mut looked_at: Vec<u64> = holdings.iter().map(|h| h.from).filter(|x| start < *x && *x < end).collect();
        looked_at.push(start);
        if world.by_count {
            let need = i64::from(world.jobs[j].units * world.jobs[j].unit.gpus);
            let fits = need == 0 || looked_at.iter().all(|x| free_count(world, &holdings, *x) >= need);
            return fits.then_some(Reservation { start, place: None });
        }
        let frees = looked_at.iter().map(|x| free_nodes(world, &holdings, *x));
        let window = frees.reduce(|a, b| least_of(&a, &b)).expect("the start is looked at");
        world.place(&window, j).map(|place| Reservation { start, place: Some(place) })
    });
    reservation.expect("every job that is not rejected fits when all others have ended")
}

/// How long job `j` holds its place in the plan: with compression at least a microsecond (see `readings`).
fn planned_span(world: &World, j: usize) -> u64 {
    let shortest = if world.run.policy == (RefPolicy::Conservative { replan: true }) { 0 } else { 1 };
    world.jobs[j].estimate.max(shortest)
}

fn holdings_but(world: &World, without: usize) -> Vec<Holding> {
    let mut holdings = Vec::new();
    for (j, job) in world.jobs.iter().enumerate().filter(|(j, _)| *j != without) {
        let span = planned_span(world, j);
        match (&job.status, &job.reservation) {
            (Status::Running, _) => {
                let from = job.start.expect("a running job has started");
                // One that has outlived its estimate counts as ending now.
                holdings.push(Holding { job: j, from, to: (from + span).max(world.now), place: job.held.clone() });
            }
            (Status::Waiting, Some(reservation)) => {
                let from = reservation.start.max(world.now);
                holdings.push(Holding { job: j, from, to: from + span, place: reservation.place.clone() });
            }
            _ => {}
        }
    }
    holdings
}

/// Free GPUs at `at`; below 0 where somebody outlived the estimate.
fn free_count(world: &World, holdings: &[Holding], at: u64) -> i64 {
    let all: u32 = world.cluster.iter().map(|pool| pool.nodes * pool.gpus_per_node).sum();
    let of = |h: &Holding| i64::from(world.jobs[h.job].units * world.jobs[h.job].unit.gpus);
    i64::from(all) - holdings.iter().filter(|h| h.from <= at && at < h.to).map(of).sum::<i64>()
}

fn free_nodes(world: &World, holdings: &[Holding], at: u64) -> Vec<Vec<Node>> {
    let mut free: Vec<Vec<Node>> = world.cluster.iter().map(|pool| pool.empty_nodes()).collect();
    for holding in holdings.iter().filter(|h| h.from <= at && at < h.to) {
        let place = holding.place.as_ref().expect("by nodes everything has a place");
        for spot in &place.spots {
            // Takes no more than there is: two may have been promised one place, where somebody outlived the estimate.
            free[place.pool][spot.node].take(world.jobs[holding.job].unit, spot);
        }
    }
    free
}
