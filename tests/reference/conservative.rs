//! `conservative-backfill`: every waiting job has a reservation.

use super::profile::earliest;
use super::state::{Place, Reservation, Status};
use super::world::{Happened, World};

/// Starts what is due; after a completion compresses in one walk; places the arrivals last.
pub fn pass(world: &mut World, happened: &Happened) {
    let order: Vec<usize> = world.lines().concat();
    start_due(world, &order);
    if happened.completion {
        for j in order.iter().filter(|j| !happened.arrivals.contains(j)) {
            if world.jobs[*j].status == Status::Waiting {
                put_back(world, *j);
            }
        }
    }
    for j in order.iter().filter(|j| happened.arrivals.contains(j)) {
        reserve(world, *j, None);
    }
}

/// Plans everything anew in queue order.
pub fn replan_pass(world: &mut World) {
    let order: Vec<usize> = world.lines().concat();
    for j in &order {
        world.jobs[*j].reservation = None;
    }
    for j in order {
        reserve(world, j, None);
    }
}

/// Starts jobs whose reservation has come, in queue order. Those that find their place taken, by a job that outlived its
/// estimate, keep their turn.
fn start_due(world: &mut World, order: &[usize]) {
    for j in order {
        if world.jobs[*j].reservation.as_ref().is_some_and(|r| r.start <= world.now) {
            start_if_it_fits(world, *j);
        }
    }
}

/// Takes a reservation out and puts it back at its earliest place, all others keeping theirs.
fn put_back(world: &mut World, j: usize) {
    let old = world.jobs[j].reservation.take();
    reserve(world, j, old);
}

fn reserve(world: &mut World, j: usize, old: Option<Reservation>) {
    let mut new = earliest(world, j);
    if let Some(old) = old {
        if new.start > old.start.max(world.now) {
            // It never moves back, although somebody outlived the estimate.
            new = old.clone();
        }
        if new.start == old.start {
            // Not chosen anew.
            new.place = old.place;
        }
        if new.start == world.now {
            // One that should have started keeps its turn.
            new.start = new.start.min(old.start);
        }
    }
    world.reservations.push((world.now, world.jobs[j].row, new.start));
    world.jobs[j].reservation = Some(new);
    start_if_it_fits(world, j);
}

fn start_if_it_fits(world: &mut World, j: usize) {
    let Some(reservation) = world.jobs[j].reservation.clone().filter(|r| r.start <= world.now) else { return };
    let place = match reservation.place {
        Some(place) => really_free(world, j, &place).then_some(place),
        None => world.place(&world.free, j),
    };
    if let Some(place) = place {
        world.start_at(j, place);
    }
}

fn really_free(world: &World, j: usize, place: &Place) -> bool {
    let mut nodes = world.free[place.pool].clone();
    place.spots.iter().all(|spot| nodes[spot.node].take(world.jobs[j].unit, spot))
}
