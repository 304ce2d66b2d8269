//! Each leaf of the ledger on a case small enough to add up by hand.

use super::cases::{assert_leaf, assert_share, in_queue, job, pool, with_tasks, with_topology};
use super::simulate::simulate;
use super::types::{RefIsland, RefJob, RefPlacement, RefPolicy, RefPool, RefResult, RefRun};

fn run_on(pools: &[RefPool], jobs: &[RefJob], policy: RefPolicy) -> RefResult {
    simulate(&pools.to_vec(), jobs, RefRun::new(policy))
}

/// X holds 2 of 4 GPUs until 10, H wants 4, L wants 1 for 20 s, all from 0. L could be placed and claims 1; the other
/// free GPU is all there is for H. Then H runs on 4 for 5 s, then L on 1 for 20 s beside 3 that nobody wants.
#[test]
fn head_of_line_under_fifo_and_reserved_under_backfill() {
    let jobs = [job("X", 0, 2, 10), job("H", 0, 4, 5), job("L", 0, 1, 20)];
    for (policy, leaf) in [
        (RefPolicy::Fifo, "head_of_line"),
        (RefPolicy::Sjf { skip: false }, "head_of_line"),
        (RefPolicy::Priority { skip: false }, "head_of_line"),
        (RefPolicy::Easy, "reserved"),
        (RefPolicy::Conservative { replan: false }, "reserved"),
        (RefPolicy::Conservative { replan: true }, "reserved"),
    ] {
        let mut jobs = jobs.clone();
        if matches!(policy, RefPolicy::Sjf { .. }) {
            // The order X, H, L by estimates of 1, 5 and 20 s; X outlives its own.
            jobs[0].walltime = Some(1_000_000);
        }
        let result = run_on(&[pool("p", 1, 4)], &jobs, policy);
        assert_share(&result, ("p", leaf, "t-L"), 10);
        assert_share(&result, ("p", "capacity_wait", "t-H"), 10);
        assert_share(&result, ("p", "no_demand", ""), 60);
        assert_leaf(&result, "useful", 20 + 20 + 20);
        assert_leaf(&result, leaf, 10);
    }
}

/// `spread` puts X and Y on a node each; Z wants both GPUs of one node: two are free, but not on one node.
#[test]
fn fragmentation_where_the_shape_is_wrong() {
    let z = with_topology(job("Z", 0, 2, 1), "node");
    let jobs = [job("X", 0, 1, 10), job("Y", 0, 1, 10), z];
    let run = RefRun { placement: RefPlacement::Spread, ..RefRun::new(RefPolicy::Fifo) };
    let result = simulate(&vec![pool("p", 2, 2)], &jobs, run);
    assert_share(&result, ("p", "fragmentation", "t-Z"), 20);
    // Z runs for 1 s beside an empty node.
    assert_leaf(&result, "no_demand", 2);
    // An island that is cut in two is another reason; here two islands of one GPU each on one node, all free.
    let mut islands = pool("p", 1, 4);
    islands.island = RefIsland::Gpus(2);
    let y = with_topology(job("Y", 0, 2, 1), "island");
    let run = RefRun { placement: RefPlacement::Spread, ..RefRun::new(RefPolicy::Fifo) };
    // X1 and X2 spread over both islands, which leaves one GPU in each.
    let result = simulate(&vec![islands], &[job("X1", 0, 1, 10), job("X2", 0, 1, 10), y], run);
    assert_share(&result, ("p", "fragmentation", "t-Y"), 20);
}

/// X takes all cores of the only node, so that Y, who wants one, cannot have one of the 3 free GPUs.
#[test]
fn stranded_where_only_cpu_or_memory_is_short() {
    let mut pools = [pool("p", 1, 4)];
    pools[0].cpu_milli = Some(8_000);
    let jobs = [
        RefJob { cpu_milli: 8_000, ..job("X", 0, 1, 10) },
        RefJob { cpu_milli: 1_000, ..job("Y", 0, 1, 10) },
        // Y2 wants more GPUs than Y leaves unclaimed: 2 of 3.
        RefJob { cpu_milli: 1_000, ..job("Y2", 0, 3, 10) },
    ];
    let result = run_on(&pools, &jobs, RefPolicy::BestEffortFifo);
    assert_share(&result, ("p", "stranded", "t-Y"), 10);
    assert_share(&result, ("p", "capacity_wait", "t-Y2"), 20);
    assert_leaf(&result, "stranded", 10);
}

/// H may use both pools and wants 4: 2 are free in `a`, 3 in `b`. It claims 2 and 2; L wants 2 and finds one.
#[test]
fn capacity_wait_claims_pools_in_file_order() {
    let pools = [pool("a", 1, 4), pool("b", 1, 4)];
    let jobs = [
        RefJob { gpu_types: vec!["type-a".to_owned()], ..job("A", 0, 2, 10) },
        RefJob { gpu_types: vec!["type-b".to_owned()], ..job("B", 0, 1, 10) },
        job("H", 0, 4, 10),
        RefJob { gpu_types: vec!["type-b".to_owned()], ..job("L", 0, 4, 10) },
    ];
    let result = run_on(&pools, &jobs, RefPolicy::BestEffortFifo);
    // From 10 on H runs in `a` and L in `b`.
    assert_share(&result, ("a", "capacity_wait", "t-H"), 20);
    assert_share(&result, ("b", "capacity_wait", "t-H"), 20);
    assert_share(&result, ("b", "capacity_wait", "t-L"), 10);
    assert_leaf(&result, "no_demand", 0);
    assert_leaf(&result, "wrong_type", 0);
}

/// W wants 3 GPUs of `a`, where 1 is free; it lacks 2, and claims them in the pools that it may not use: `b` is of the
/// wrong type, and so is `c`, which its line may not use either.
#[test]
fn wrong_type_and_quota_take_what_is_still_lacking() {
    let mut pools = [pool("a", 1, 4), pool("b", 1, 1), pool("c", 1, 4)];
    pools[2].queues = Some(vec!["other".to_owned()]);
    let jobs = [job("X", 0, 3, 10), RefJob { gpu_types: vec!["type-a".to_owned()], ..job("W", 0, 3, 10) }];
    let result = run_on(&pools, &jobs, RefPolicy::Fifo);
    assert_share(&result, ("a", "capacity_wait", "t-W"), 10);
    assert_share(&result, ("b", "wrong_type", "t-W"), 10);
    assert_share(&result, ("c", "quota", "t-W"), 10);
    // 3 of `c` while W waits; then 1 of `a`, 1 of `b`, 4 of `c` while it runs.
    assert_share(&result, ("c", "no_demand", ""), 30 + 40);
    assert_share(&result, ("b", "no_demand", ""), 10);
    assert_share(&result, ("a", "no_demand", ""), 10);
}

/// 3 of 4 GPUs are free; behind H (4 GPUs) wait S1 (1), T (2) and S2 (1, of S1's shape and tenant). S1 and S2 claim
/// together, then T finds but one, too few for rule (a). Then, in order, H claims that one as `capacity_wait`.
#[test]
fn one_shape_claims_together_at_the_place_of_its_first_job() {
    let tenant = |name: &str, job: RefJob| RefJob { tenant: name.to_owned(), ..job };
    let jobs = [
        job("X", 0, 1, 10),
        job("H", 0, 4, 10),
        tenant("s", job("S1", 0, 1, 5)),
        job("T", 0, 2, 5),
        tenant("s", job("S2", 0, 1, 5)),
    ];
    let mut run = RefRun::new(RefPolicy::Fifo);
    run.until = Some(10_000_000);
    let result = simulate(&vec![pool("p", 1, 4)], &jobs, run);
    assert_share(&result, ("p", "head_of_line", "s"), 20);
    assert_share(&result, ("p", "capacity_wait", "t-H"), 10);
    assert_share(&result, ("p", "head_of_line", "t-T"), 0);
    // With a tenant of its own S2 comes after T, which takes the two that S1 leaves.
    let mut others = jobs.clone();
    others[4].tenant = "s2".to_owned();
    let result = simulate(&vec![pool("p", 1, 4)], &others, run);
    assert_share(&result, ("p", "head_of_line", "s"), 10);
    assert_share(&result, ("p", "head_of_line", "t-T"), 20);
    assert_leaf(&result, "capacity_wait", 0);
}

/// Lines are walked in the order of their heads, each to its end: b's head came first, so that B2 claims before A2.
#[test]
fn the_walk_goes_line_after_line() {
    let jobs = [
        in_queue(job("X", 0, 3, 10), "a"),
        in_queue(job("B1", 1, 4, 10), "b"),
        in_queue(job("A1", 2, 4, 10), "a"),
        in_queue(job("A2", 3, 1, 10), "a"),
        in_queue(job("B2", 4, 1, 10), "b"),
    ];
    let run = RefRun { until: Some(10_000_000), ..RefRun::new(RefPolicy::Fifo) };
    let result = simulate(&vec![pool("p", 1, 4)], &jobs, run);
    // The free GPU: nobody's until 1, for B1 until 3, kept from A2 until 4, kept from B2 until 10. At 10 B1 starts.
    assert_share(&result, ("p", "no_demand", ""), 1);
    assert_share(&result, ("p", "capacity_wait", "t-B1"), 2);
    assert_share(&result, ("p", "head_of_line", "t-A2"), 1);
    assert_share(&result, ("p", "head_of_line", "t-B2"), 6);
}

/// H has asked for half of each of its 2 GPUs and is recorded as failed: 10 s x 2 x 0.5 each of progress and waste.
#[test]
fn shares_waste_the_rest_and_failed_jobs_are_discarded() {
    let h = RefJob { share_milli: 500, failed: true, ..job("H", 0, 2, 10) };
    let result = run_on(&[pool("p", 1, 4)], &[h], RefPolicy::Fifo);
    assert_share(&result, ("p", "discarded", "t-H"), 10);
    assert_share(&result, ("p", "slice_waste", "t-H"), 10);
    assert_share(&result, ("p", "no_demand", ""), 20);
    assert_leaf(&result, "useful", 0);
}

/// G, four tasks of 12 s, has cores for three: it works at 3/4 from 0 to 16, and the fourth GPU is stranded for it, not
/// for Q, which wants two.
#[test]
fn missing_members_of_a_gang_claim_before_the_queue() {
    let mut pools = [pool("p", 1, 4)];
    pools[0].cpu_milli = Some(3_000);
    let g = RefJob { min_tasks: Some(2), cpu_milli: 1_000, ..with_tasks(job("G", 0, 4, 12), 4) };
    let result = run_on(&pools, &[g, job("Q", 0, 2, 1)], RefPolicy::Gang);
    assert_eq!(result.jobs[0].end, Some(16_000_000));
    assert_share(&result, ("p", "stranded", "t-G"), 16);
    assert_share(&result, ("p", "useful", "t-G"), 48);
    // Q runs from 16 to 17 on two GPUs.
    assert_share(&result, ("p", "no_demand", ""), 2);
    assert_leaf(&result, "capacity_wait", 0);
}
