//! Rules of the clock, the lines, elastic jobs and backfill on cases small enough to follow by hand.

use super::cases::{SECOND, assert_starts, in_queue, job, pool, starts, with_tasks, with_topology};
use super::simulate::simulate;
use super::types::{RefIsland, RefJob, RefPlacement, RefPolicy, RefRun, RefState};

const CONSERVATIVE: RefPolicy = RefPolicy::Conservative { replan: false };

/// Z1 and Z2 take no time and pass through one GPU at one instant, in passes of their own.
#[test]
fn jobs_of_no_length_end_at_the_instant_at_which_they_start() {
    let jobs = [job("Z1", 3, 1, 0), job("Z2", 3, 1, 0), job("J", 3, 1, 2), job("Z3", 3, 1, 0)];
    for policy in [RefPolicy::Fifo, RefPolicy::Pods, RefPolicy::Gang] {
        assert_starts(&[pool("p", 1, 1)], &jobs, RefRun::new(policy), &[3, 3, 3, 5]);
    }
    // Z3 ends no later than the job ahead of it would start, or is kept.
    for policy in [RefPolicy::Easy, CONSERVATIVE] {
        let result = simulate(&vec![pool("p", 1, 1)], &jobs, RefRun::new(policy));
        assert_eq!(starts(&result), [3, 3, 3, 5], "{policy:?}");
    }
}

/// What can never fit is rejected, and the horizon does not know it.
#[test]
fn rejected_jobs_leave_no_trace() {
    let node = with_topology(job("N", 1, 4, 1), "node");
    let wide = with_tasks(job("W", 2, 6, 1), 2);
    let typed = RefJob { gpu_types: vec!["t4".to_owned()], ..job("T", 3, 1, 1) };
    let jobs = [node, wide, typed, job("J", 4, 2, 1), job("L", 9, 5, 1)];
    let result = simulate(&vec![pool("p", 2, 2)], &jobs, RefRun::new(RefPolicy::Fifo));
    let rejected: Vec<bool> = result.jobs.iter().map(|job| job.state == RefState::Rejected).collect();
    assert_eq!(rejected, [true, true, true, false, true]);
    assert_eq!(result.horizon, (4 * SECOND, 5 * SECOND));
}

/// Each line has a head of its own: `a` is blocked by A2, `b` goes on.
#[test]
fn a_blocked_head_blocks_its_own_line_only() {
    let jobs = [
        in_queue(job("A1", 0, 3, 10), "a"),
        in_queue(job("A2", 1, 3, 10), "a"),
        in_queue(job("A3", 2, 1, 30), "a"),
        in_queue(job("B1", 3, 1, 30), "b"),
    ];
    assert_starts(&[pool("p", 1, 4)], &jobs, RefRun::new(RefPolicy::Fifo), &[0, 10, 20, 3]);
}

/// The walltime of K is 3, so that it is killed at 3; F is done at its walltime and finished.
#[test]
fn walltimes_kill_only_what_is_not_done() {
    let killed = RefJob { walltime: Some(3 * SECOND), ..job("K", 0, 1, 10) };
    let run = RefRun { enforce_walltime: true, ..RefRun::new(RefPolicy::Fifo) };
    let result = simulate(&vec![pool("p", 1, 1)], &[killed, job("F", 0, 1, 4)], run);
    assert_eq!(result.jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [RefState::Killed, RefState::Finished]);
    assert_eq!((result.jobs[0].end, result.jobs[1].end), (Some(3 * SECOND), Some(7 * SECOND)));
}

/// X leaves 2 of 4 GPUs until 10. G, four tasks of 10 s, starts on 2: 20 of 40 task-seconds are done at 10, the other 20
/// take four tasks 5 s. With three GPUs for ever 40 task-seconds take 13.333334 s, rounded up.
#[test]
fn a_gang_works_in_proportion_to_its_members() {
    let g = RefJob { min_tasks: Some(2), ..with_tasks(job("G", 0, 4, 10), 4) };
    let run = RefRun::new(RefPolicy::Gang);
    let result = simulate(&vec![pool("p", 1, 4)], &[job("X", 0, 2, 10), g.clone()], run);
    assert_eq!((result.jobs[1].start, result.jobs[1].end), (Some(0), Some(15 * SECOND)));
    let result = simulate(&vec![pool("p", 1, 3)], std::slice::from_ref(&g), run);
    assert_eq!(result.jobs[0].end, Some(13_333_334));
    // `pods` starts it with 2 as well, but the duration is as recorded; other policies wait for 4.
    let result = simulate(&vec![pool("p", 1, 3)], std::slice::from_ref(&g), RefRun::new(RefPolicy::Pods));
    assert_eq!(result.jobs[0].end, Some(10 * SECOND));
    let result = simulate(&vec![pool("p", 1, 3)], &[g], RefRun::new(RefPolicy::BestEffortFifo));
    assert_eq!(result.jobs[0].state, RefState::Rejected);
}

/// H would like one node of 4. On two nodes of which each has lost a GPU it takes what there is; where the need is no
/// preference, it waits. With a second pool the first is taken at a wider level before the second is looked at.
#[test]
fn a_preferred_topology_widens_within_a_pool() {
    let spread = RefRun { placement: RefPlacement::Spread, ..RefRun::new(RefPolicy::Fifo) };
    let others = [with_tasks(job("X", 0, 2, 10), 2)];
    let with = |need: &str| [others[0].clone(), with_topology(job("H", 1, 4, 1), need)];
    assert_eq!(starts(&simulate(&vec![pool("p", 2, 4)], &with("node?"), spread)), [0, 1]);
    assert_eq!(starts(&simulate(&vec![pool("p", 2, 4)], &with("node"), spread)), [0, 10]);
    let result = simulate(&vec![pool("p", 2, 4), pool("q", 1, 4)], &with("node?"), spread);
    assert!(result.ledger.contains_key(&("p".to_owned(), "useful", "t-H".to_owned())));
}

/// Racks of two nodes with two GPUs each, the rack being the island: the third rack has one node only.
#[test]
fn a_rack_may_be_an_island() {
    let mut racks = pool("p", 5, 2);
    (racks.nodes_per_rack, racks.island) = (2, RefIsland::Rack);
    let jobs = [
        with_topology(job("A", 0, 3, 10), "island"),
        with_topology(job("B", 0, 3, 10), "rack"),
        with_topology(job("C", 0, 3, 10), "island"),
        with_topology(job("D", 0, 5, 10), "island"),
    ];
    let result = simulate(&vec![racks], &jobs, RefRun::new(RefPolicy::BestEffortFifo));
    let starts: Vec<_> = result.jobs.iter().map(|job| job.start.map(|start| start / SECOND)).collect();
    assert_eq!(starts, [Some(0), Some(0), Some(10), None]);
}

/// Two nodes of 2 GPUs, each with a memory limit so that EASY goes by nodes. X has node 0 until 10, Y one GPU of node 1
/// until 5. H wants 4 at 10. The free GPU of node 1 is needed then: L, 20 s, waits, and S, 8 s from 2 on, does not.
#[test]
fn easy_by_nodes_keeps_the_reserved_nodes_free() {
    let mut pools = [pool("p", 2, 2)];
    pools[0].mem_bytes = Some(1_000);
    let x = RefJob { mem_bytes: 2, ..job("X", 0, 2, 10) };
    let jobs = [x, job("Y", 0, 1, 5), job("H", 1, 4, 10), job("L", 1, 1, 20), job("S", 2, 1, 8)];
    assert_starts(&pools, &jobs, RefRun::new(RefPolicy::Easy), &[0, 0, 10, 20, 2]);
    // A head that wants one node gets node 1 at 5, and neither L nor S may be there then.
    let mut jobs = jobs;
    jobs[2] = with_topology(job("H", 1, 2, 10), "node");
    assert_starts(&pools, &jobs, RefRun::new(RefPolicy::Easy), &[0, 0, 5, 10, 10]);
}

/// A ends at 4 instead of 10. B (4 GPUs) moves from 10 to 4, C behind it from 15 to 9: compression.
#[test]
fn conservative_compresses_after_an_early_end() {
    let a = RefJob { duration: 4 * SECOND, ..job("A", 0, 2, 10) };
    let jobs = [a, job("B", 1, 4, 5), job("C", 2, 4, 5), job("D", 3, 2, 7)];
    let result = simulate(&vec![pool("p", 1, 4)], &jobs, RefRun::new(CONSERVATIVE));
    // D fits beside A until 10 in the plan of instant 3, and so runs from 3 to 10: B stays at 10.
    assert_eq!(starts(&result), [0, 10, 15, 3]);
    let mut jobs = jobs;
    jobs[3].submit = 5 * SECOND;
    let result = simulate(&vec![pool("p", 1, 4)], &jobs, RefRun::new(CONSERVATIVE));
    assert_eq!(starts(&result), [0, 4, 9, 14]);
    assert!(result.reservations.contains(&(SECOND, 1, 10 * SECOND)));
}

/// A holds 2 of 4 GPUs until 30, though it was to end at 10. C (3 GPUs) was promised 10, D (2 GPUs, 15 s) 20. At 10
/// nothing happens but that C's time comes, and C does not fit; at 20, when again nothing else happens, D starts. When A
/// ends C is put back behind D.
#[test]
fn reserved_starts_come_without_any_event() {
    let a = RefJob { walltime: Some(10 * SECOND), ..job("A", 0, 2, 30) };
    let jobs = [a, job("C", 0, 3, 10), job("D", 0, 2, 15)];
    assert_starts(&[pool("p", 1, 4)], &jobs, RefRun::new(CONSERVATIVE), &[0, 35, 20]);
    // From scratch: at 10 A counts as ending, C cannot start, and D is put behind it again; C, and D behind it, wait for
    // A by turns of the length of C, as far as anybody knows.
    assert_starts(&[pool("p", 1, 4)], &jobs, RefRun::new(RefPolicy::Conservative { replan: true }), &[0, 30, 40]);
}
