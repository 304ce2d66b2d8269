//! `easy-backfill`: the head of each line reserves; the rest of its line may not delay it.

use super::state::{Node, Place};
use super::world::World;

/// Serves line after line.
pub fn pass(world: &mut World) {
    for line in world.lines() {
        serve(world, &line);
    }
}

fn serve(world: &mut World, line: &[usize]) {
    for (position, j) in line.iter().enumerate() {
        match world.place(&world.free, *j) {
            Some(place) => world.start_at(*j, place),
            None if world.by_count => return backfill_by_count(world, *j, &line[position + 1..]),
            None => return backfill_by_nodes(world, *j, &line[position + 1..]),
        }
    }
}

/// Running jobs with their expected ends, in the order of these, then of (submit, row).
fn expected_ends(world: &World) -> Vec<(u64, usize)> {
    let mut ends: Vec<(u64, usize)> =
        world.running().into_iter().filter_map(|j| Some((world.jobs[j].expected_end(world.now)?, j))).collect();
    ends.sort_unstable();
    ends
}

fn backfill_by_count(world: &mut World, head: usize, others: &[usize]) {
    let need = |world: &World, j: usize| world.jobs[j].units * world.jobs[j].unit.gpus;
    let ends = expected_ends(world);
    let free_at = |at: u64| {
        let released: u32 = ends.iter().filter(|(end, _)| *end <= at).map(|(_, j)| need(world, *j)).sum();
        world.free_gpus() + released
    };
    let shadow = ends.iter().map(|(end, _)| *end).find(|at| free_at(*at) >= need(world, head));
    let shadow = shadow.expect("the head fits when all running jobs have ended");
    let mut extra = free_at(shadow) - need(world, head);
    world.reservations.push((world.now, world.jobs[head].row, shadow));
    for j in others {
        let in_time = world.now + world.jobs[*j].estimate <= shadow;
        if !in_time && need(world, *j) > extra {
            continue;
        }
        if let Some(place) = world.place(&world.free, *j) {
            if !in_time {
                extra -= need(world, *j);
            }
            world.start_at(*j, place);
        }
    }
}

fn backfill_by_nodes(world: &mut World, head: usize, others: &[usize]) {
    let (shadow, place, free_then) = reserve(world, head);
    world.reservations.push((world.now, world.jobs[head].row, shadow));
    let mut long_jobs = free_then.clone();
    for spot in &place.spots {
        long_jobs[place.pool][spot.node].take(world.jobs[head].unit, spot);
    }
    for j in others {
        let in_time = world.now + world.jobs[*j].estimate <= shadow;
        let usable = if in_time { world.free.clone() } else { least_of(&world.free, &long_jobs) };
        if let Some(found) = world.place(&usable, *j) {
            if !in_time {
                for spot in &found.spots {
                    long_jobs[found.pool][spot.node].take(world.jobs[*j].unit, spot);
                }
            }
            world.start_at(*j, found);
        }
    }
}

/// When and where the head has a place as running jobs end, those of one instant together, and what is free then.
fn reserve(world: &World, head: usize) -> (u64, Place, Vec<Vec<Node>>) {
    let mut free = world.free.clone();
    let ends = expected_ends(world);
    for (position, (end, j)) in ends.iter().enumerate() {
        let job = &world.jobs[*j];
        let held = job.held.as_ref().expect("a running job holds its place");
        for spot in &held.spots {
            free[held.pool][spot.node].give_back(job.unit, spot);
        }
        let more_now = ends.get(position + 1).is_some_and(|(next, _)| next == end);
        if more_now {
            continue;
        }
        if let Some(place) = world.place(&free, head) {
            return (*end, place, free);
        }
    }
    unreachable!("the head fits when all running jobs have ended")
}

/// The lesser of two amounts of everything, node by node.
pub fn least_of(a: &[Vec<Node>], b: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let node = |a: &Node, b: &Node| Node {
        rack: a.rack,
        lanes: a.lanes.iter().zip(&b.lanes).map(|(x, y)| *x.min(y)).collect(),
        cpu: a.cpu.min(b.cpu),
        mem: a.mem.min(b.mem),
    };
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| node(a, b)).collect()).collect()
}
