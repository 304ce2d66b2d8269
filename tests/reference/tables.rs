//! Tables T1 and T2 and the examples K-1 and V-3 of SCHEDULERS.md.

use super::cases::{assert_leaf, assert_starts, job, pool, with_tasks};
use super::simulate::simulate;
use super::types::{RefJob, RefPolicy, RefPool, RefRun, RefState};

const EASY: RefPolicy = RefPolicy::Easy;
const CONSERVATIVE: RefPolicy = RefPolicy::Conservative { replan: false };

fn c4() -> [RefPool; 1] {
    [pool("c4", 1, 4)]
}

/// The six jobs of table T1.
pub fn t1() -> Vec<RefJob> {
    let rows = [(0, 2, 10), (1, 3, 10), (2, 4, 5), (3, 1, 30), (4, 1, 6), (5, 1, 6)];
    rows.iter().enumerate().map(|(i, (at, gpus, run))| job(&format!("J{}", i + 1), *at, *gpus, *run)).collect()
}

fn t2() -> Vec<RefJob> {
    let mut jobs = t1();
    (jobs[1].gpus, jobs[2].gpus) = (4, 3);
    jobs
}

#[test]
fn t1_under_every_policy() {
    for (policy, expected) in [
        (RefPolicy::Fifo, [0, 10, 20, 25, 25, 25]),
        (RefPolicy::BestEffortFifo, [0, 10, 33, 3, 4, 20]),
        (EASY, [0, 10, 33, 3, 4, 20]),
        (CONSERVATIVE, [0, 10, 20, 25, 4, 5]),
        (RefPolicy::Conservative { replan: true }, [0, 10, 20, 25, 4, 5]),
        (RefPolicy::Sjf { skip: false }, [0, 21, 10, 21, 15, 15]),
        (RefPolicy::Sjf { skip: true }, [0, 16, 33, 3, 4, 10]),
    ] {
        assert_starts(&c4(), &t1(), RefRun::new(policy), &expected);
    }
}

#[test]
fn t2_under_every_policy() {
    for (policy, expected) in [
        (RefPolicy::BestEffortFifo, [0, 33, 10, 3, 4, 15]),
        (EASY, [0, 10, 20, 20, 4, 25]),
        (CONSERVATIVE, [0, 10, 20, 20, 4, 25]),
        (RefPolicy::Fifo, [0, 10, 20, 20, 25, 25]),
    ] {
        assert_starts(&c4(), &t2(), RefRun::new(policy), &expected);
    }
}

#[test]
fn t2_does_not_change_where_its_first_job_ends_early() {
    let mut jobs = t2();
    jobs[0].duration = 6_000_000;
    for policy in [EASY, CONSERVATIVE] {
        assert_starts(&c4(), &jobs, RefRun::new(policy), &[0, 10, 20, 20, 4, 25]);
    }
}

/// GPUs of a node are interchangeable within C4, so that naming nodes (forced by a memory limit that the first job asks
/// a byte of) must give the tables too.
#[test]
fn tables_by_nodes() {
    let mut pools = c4();
    pools[0].mem_bytes = Some(1_000);
    for (mut jobs, expected) in [(t1(), [0, 10, 20, 25, 4, 5]), (t2(), [0, 10, 20, 20, 4, 25])] {
        jobs[0].mem_bytes = 1;
        assert_starts(&pools, &jobs, RefRun::new(CONSERVATIVE), &expected);
    }
    let mut jobs = t2();
    jobs[0].mem_bytes = 1;
    assert_starts(&pools, &jobs, RefRun::new(EASY), &[0, 10, 20, 20, 4, 25]);
}

/// K-1 has the pods of A and B come alternately. A trace lists a job's pods together, so here the sizes see to it that
/// both hold two of four GPUs: two nodes of two; X keeps one GPU of node 0 until 10, Y node 1 until 5. A wants two pods
/// of two GPUs and finds no node; B wants three of one and gets the other GPU of node 0. At 5 A gets node 1, at 10 B
/// the GPU that X leaves, which is too little for A. Nobody ever starts; by 110 that has burned 4 x 100 GPU-seconds.
#[test]
fn k1_pods_hold_what_they_have_and_deadlock() {
    let pools = [pool("p", 2, 2)];
    let (a, b) = (with_tasks(job("A", 1, 4, 10), 2), with_tasks(job("B", 2, 3, 10), 3));
    let jobs = [job("X", 0, 1, 10), with_tasks(job("Y", 0, 2, 5), 1), a, b];
    let run = RefRun { until: Some(110_000_000), ..RefRun::new(RefPolicy::Pods) };
    let result = simulate(&pools.to_vec(), &jobs, run);
    assert_eq!(result.jobs[2].start.or(result.jobs[3].start), None);
    assert_eq!(result.jobs[3].state, RefState::Unfinished);
    assert!(result.deadlocked);
    // B holds 1 from 2 on and another from 10 on: 108 + 100; A holds 2 from 5 on: 210.
    assert_leaf(&result, "gang_hold", 418);
    assert_leaf(&result, "useful", 20);
    // One GPU is free from 0 to 2. In the first second nobody waits; in the second A wants four, of which one is free.
    assert_leaf(&result, "no_demand", 1);
    assert_leaf(&result, "capacity_wait", 1);
    assert_eq!(result.horizon, (0, 110_000_000));

    // Without an end the run stops where nothing can happen any more.
    let result = simulate(&pools.to_vec(), &jobs, RefRun::new(RefPolicy::Pods));
    assert_eq!((result.horizon, result.deadlocked), ((0, 10_000_000), true));
    // A gang is not caught in this: A starts at 10 on both nodes, B when it ends.
    assert_starts(&pools, &jobs, RefRun::new(RefPolicy::BestEffortFifo), &[0, 0, 15, 5]);
}

#[test]
fn v3_a_gang_starts_whole_or_not_at_all() {
    let jobs = [with_tasks(job("A", 0, 3, 10), 3), with_tasks(job("B", 0, 3, 10), 3)];
    let result = simulate(&c4().to_vec(), &jobs, RefRun::new(RefPolicy::Gang));
    assert_starts(&c4(), &jobs, RefRun::new(RefPolicy::Gang), &[0, 10]);
    // One GPU idles for 10 s beside A, wanted by B, which needs three; then for 10 s beside B, wanted by nobody.
    assert_leaf(&result, "capacity_wait", 10);
    assert_leaf(&result, "no_demand", 10);
    assert_leaf(&result, "useful", 60);
    assert!(result.jobs.iter().all(|job| job.state == RefState::Finished));
}
