//! Each placement rule on a row of nodes, by what a job takes from each of them.

use super::cases::{job, pool, with_tasks, with_topology};
use super::state::{Node, Place};
use super::types::{RefIsland, RefJob, RefPlacement, RefPolicy, RefPool, RefRun};
use super::world::World;

use RefPlacement::{FirstFit, IslandPack, Pack, Spread};

/// Nodes of 8 GPUs in islands of 4.
fn eights(nodes: u32) -> RefPool {
    RefPool { island: RefIsland::Gpus(4), ..pool("p", nodes, 8) }
}

/// What `job` takes, node by node and island by island, where so much is `free`.
fn taken(pool: RefPool, free: &[&[u32]], job: RefJob, placement: RefPlacement) -> Vec<Vec<u32>> {
    let run = RefRun { placement, ..RefRun::new(RefPolicy::Fifo) };
    let world = World::new(&vec![pool], &[job], run);
    let mut nodes = world.free.clone();
    for (node, lanes) in nodes[0].iter_mut().zip(free) {
        node.lanes = lanes.to_vec();
    }
    let place = world.place(&nodes, 0).expect("the job fits");
    sums(&nodes[0], &place)
}

fn sums(nodes: &[Node], place: &Place) -> Vec<Vec<u32>> {
    let mut sums: Vec<Vec<u32>> = nodes.iter().map(|node| vec![0; node.lanes.len()]).collect();
    for spot in &place.spots {
        for (sum, gpus) in sums[spot.node].iter_mut().zip(&spot.lanes) {
            *sum += gpus;
        }
    }
    sums
}

#[test]
fn a_job_without_tasks_fills_nodes_as_the_rule_says() {
    // 3, 5, 4 and 5 free.
    let free: [&[u32]; 4] = [&[1, 2], &[4, 1], &[2, 2], &[3, 2]];
    for (gpus, placement, expected) in [
        // The lowest node to its end, then the next, where an island holds all that is left.
        (6, FirstFit, [[1, 2], [3, 0], [0, 0], [0, 0]]),
        // The fullest node that holds all 4, though no island of it does.
        (4, Pack, [[0, 0], [0, 0], [2, 2], [0, 0]]),
        // None holds 6: the emptiest takes 5, then of those that hold the last one the fullest.
        (6, Pack, [[1, 0], [4, 1], [0, 0], [0, 0]]),
        // The emptiest takes all it can, from the island with the most free.
        (2, Spread, [[0, 0], [2, 0], [0, 0], [0, 0]]),
        (6, Spread, [[0, 0], [4, 1], [0, 0], [1, 0]]),
        // 2 fit in an island of exactly 2: the first of these.
        (2, IslandPack, [[0, 2], [0, 0], [0, 0], [0, 0]]),
        // Only one island holds 4.
        (4, IslandPack, [[0, 0], [4, 0], [0, 0], [0, 0]]),
        // None holds 5: as `pack`.
        (5, IslandPack, [[0, 0], [4, 1], [0, 0], [0, 0]]),
    ] {
        assert_eq!(taken(eights(4), &free, job("J", 0, gpus, 1), placement), expected, "{gpus} by {placement:?}");
    }
}

#[test]
fn tasks_are_units() {
    let free: [&[u32]; 3] = [&[1, 2], &[4, 3], &[2, 2]];
    let tasks = |gpus, tasks| with_tasks(job("J", 0, gpus, 1), tasks);
    for (job, placement, expected) in [
        // A task of 3 finds no island on node 0 and takes the fuller one first.
        (tasks(3, 1), FirstFit, [[1, 2], [0, 0], [0, 0]]),
        // Two tasks of 3: the second goes to node 1, to its island of exactly 3.
        (tasks(6, 2), FirstFit, [[1, 2], [0, 3], [0, 0]]),
        // `pack`: node 1 alone holds both, none of its islands does: the one of 4 gives all.
        (tasks(6, 2), Pack, [[0, 0], [4, 2], [0, 0]]),
        // `spread`: a task at a time on the node with the most free: 7 to 5, 5 to 3, then node 2 with 4.
        (tasks(6, 3), Spread, [[0, 0], [2, 2], [2, 0]]),
        // Without tasks node 1 takes all six at once.
        (super::cases::job("J", 0, 6, 1), Spread, [[0, 0], [4, 2], [0, 0]]),
    ] {
        assert_eq!(taken(eights(3), &free, job.clone(), placement), expected, "{job:?} by {placement:?}");
    }
}

#[test]
fn the_same_words_choose_racks_nodes_and_islands() {
    // Racks of two nodes: 5, 9 and 6 free.
    let racks = RefPool { nodes_per_rack: 2, ..eights(6) };
    let free: [&[u32]; 6] = [&[1, 0], &[2, 2], &[4, 1], &[2, 2], &[3, 0], &[3, 0]];
    for (need, gpus, placement, nodes) in [
        ("rack", 5, FirstFit, vec![0, 1]),
        ("rack", 6, FirstFit, vec![2, 3]),
        ("rack", 6, Pack, vec![4, 5]),
        ("rack", 5, Spread, vec![2]),
        ("node", 4, FirstFit, vec![1]),
        ("node", 3, Pack, vec![4]),
        ("node", 2, Spread, vec![2]),
        ("island", 2, FirstFit, vec![1]),
        ("island", 3, Pack, vec![4]),
        ("island", 1, IslandPack, vec![0]),
        ("island", 2, Spread, vec![2]),
        // No island holds 5, but a node does; no node holds 7, but a rack does; no rack holds 12.
        ("island?", 5, Pack, vec![2]),
        ("node?", 7, Pack, vec![2, 3]),
        ("rack?", 12, FirstFit, vec![0, 1, 2, 3]),
    ] {
        let asked = with_topology(job("J", 0, gpus, 1), need);
        let taken = taken(racks.clone(), &free, asked, placement);
        let used: Vec<usize> = (0..6).filter(|n| taken[*n].iter().sum::<u32>() > 0).collect();
        assert_eq!(used, nodes, "{gpus} in one {need} by {placement:?}");
    }
}

#[test]
fn cpu_and_memory_must_be_free_on_the_node_of_a_unit() {
    let mut limited = eights(2);
    (limited.cpu_milli, limited.mem_bytes) = (Some(4_000), Some(3));
    // 5 GPUs without tasks share 5 cores: a unit has one, of which a node has 4, and a byte, of which it has 3.
    let asked = RefJob { cpu_milli: 5_000, mem_bytes: 5, ..job("J", 0, 5, 1) };
    let empty: [&[u32]; 2] = [&[4, 4], &[4, 4]];
    assert_eq!(taken(limited.clone(), &empty, asked.clone(), FirstFit), [[3, 0], [2, 0]]);
    let world = World::new(&vec![limited], &[with_topology(asked, "node")], RefRun::new(RefPolicy::Fifo));
    assert!(world.place(&world.free, 0).is_none());
}
