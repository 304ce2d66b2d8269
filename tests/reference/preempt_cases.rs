//! Preemption on cases small enough to follow by hand, and the table of SCHEDULERS.md section 6.2.

use super::cases::{SECOND, assert_leaf, job, pool, with_tasks};
use super::simulate::simulate;
use super::types::{RefJob, RefPolicy, RefResult, RefRun, RefState, RefStop};

const BY_PRIORITY: RefPolicy = RefPolicy::PriorityPreempt { skip: false };

fn urgent(job: RefJob) -> RefJob {
    RefJob { priority: 1, ..job }
}

/// (start, end, stops) in seconds.
fn fates(result: &RefResult) -> Vec<(u64, u64, u32)> {
    let whole = |at: Option<u64>| at.expect("every job runs") / SECOND;
    result.jobs.iter().map(|job| (whole(job.start), whole(job.end), job.stops)).collect()
}

/// V has run 4 of 10 s when U stops it, and goes on at 7: with what it has done, or from the beginning.
#[test]
fn a_stopped_job_keeps_its_progress_or_loses_it() {
    let jobs = [job("V", 0, 2, 10), urgent(job("U", 4, 1, 3))];
    let kept = simulate(&vec![pool("p", 1, 2)], &jobs, RefRun::new(BY_PRIORITY));
    assert_eq!(fates(&kept), [(0, 13, 1), (4, 7, 0)]);
    assert_leaf(&kept, "useful", 23);
    let lost = simulate(&vec![pool("p", 1, 2)], &jobs, RefRun { stops: RefStop::Requeue, ..RefRun::new(BY_PRIORITY) });
    assert_eq!(fates(&lost), [(0, 17, 1), (4, 7, 0)]);
    assert_leaf(&lost, "lost_work", 8);
    assert_leaf(&lost, "useful", 23);
}

/// V has run 4 of 10 s when U ends it for good.
#[test]
fn a_cancelled_job_is_done_for() {
    let jobs = [job("V", 0, 2, 10), urgent(job("U", 4, 1, 3))];
    let result = simulate(&vec![pool("p", 1, 2)], &jobs, RefRun { stops: RefStop::Cancel, ..RefRun::new(BY_PRIORITY) });
    assert_eq!(fates(&result), [(0, 4, 0), (4, 7, 0)]);
    assert_eq!(result.jobs[0].state, RefState::Cancelled);
    assert_leaf(&result, "lost_work", 8);
    assert_leaf(&result, "useful", 3);
}

/// U waits until V has run for 6 s; V that may not be stopped is waited for. Equal urgency stops nobody.
#[test]
fn only_what_may_be_stopped_is() {
    let jobs = [job("V", 0, 2, 10), urgent(job("U", 4, 1, 3))];
    let run = RefRun { min_runtime: 6 * SECOND, ..RefRun::new(BY_PRIORITY) };
    assert_eq!(fates(&simulate(&vec![pool("p", 1, 2)], &jobs, run)), [(0, 13, 1), (6, 9, 0)]);
    let stays = [RefJob { preemptible: Some(false), ..jobs[0].clone() }, jobs[1].clone()];
    assert_eq!(fates(&simulate(&vec![pool("p", 1, 2)], &stays, run)), [(0, 10, 0), (10, 13, 0)]);
    let equals = [jobs[0].clone(), job("U", 4, 1, 3)];
    let run = RefRun::new(BY_PRIORITY);
    assert_eq!(fates(&simulate(&vec![pool("p", 1, 2)], &equals, run)), [(0, 10, 0), (10, 13, 0)]);
}

/// U needs a node of 2. A has node 0, B and C have node 1, and D, which may not be stopped, one GPU of node 2. C and B
/// go, and B gets the free GPU of node 2: it is stopped once and goes on at once. C waits for U.
#[test]
fn who_is_stopped_may_go_on_elsewhere_at_once() {
    let jobs = [
        job("A", 0, 2, 10),
        job("B", 0, 1, 10),
        job("C", 0, 1, 10),
        RefJob { preemptible: Some(false), ..job("D", 0, 1, 10) },
        urgent(with_tasks(job("U", 4, 2, 3), 1)),
    ];
    let result = simulate(&vec![pool("p", 3, 2)], &jobs, RefRun::new(BY_PRIORITY));
    assert_eq!(fates(&result), [(0, 10, 0), (0, 10, 1), (0, 13, 1), (0, 10, 0), (4, 7, 0)]);
}

/// L is the least urgent but no help to U, which needs a GPU of the other pool.
#[test]
fn who_does_not_help_is_given_back() {
    let other = RefJob { gpu_types: vec!["type-q".to_owned()], ..job("V", 0, 1, 10) };
    let typed = RefJob { gpu_types: vec!["type-q".to_owned()], ..urgent(job("U", 4, 1, 3)) };
    let jobs = [other, job("L", 1, 1, 10), typed];
    let result = simulate(&vec![pool("p", 1, 1), pool("q", 1, 1)], &jobs, RefRun::new(BY_PRIORITY));
    assert_eq!(fates(&result), [(0, 13, 1), (1, 11, 0), (4, 7, 0)]);
}

/// Section 6.2 without restart cost: J1 is stopped at 2 and goes on at 7.
#[test]
fn t1_under_srtf() {
    let result = simulate(&vec![pool("p", 1, 4)], &super::tables::t1(), RefRun::new(RefPolicy::Srtf));
    let expected = [(0, 15, 1), (15, 25, 0), (2, 7, 0), (13, 43, 0), (7, 13, 0), (7, 13, 0)];
    assert_eq!(fates(&result), expected);
    assert!(result.jobs.iter().all(|job| job.state == RefState::Finished));
}

/// L is told at 4 and goes at 9, V meanwhile is spared; S, which would fit beside L, waits for what U waits for.
#[test]
fn who_is_told_runs_on_for_the_grace() {
    let jobs = [job("L", 0, 1, 20), urgent(job("U", 4, 2, 3)), job("S", 5, 1, 2)];
    let run = RefRun { grace: 5 * SECOND, ..RefRun::new(BY_PRIORITY) };
    let result = simulate(&vec![pool("p", 1, 2)], &jobs, run);
    assert_eq!(fates(&result), [(0, 23, 1), (9, 12, 0), (12, 14, 0)]);
    assert_leaf(&result, "head_of_line", 4);
    let early = [job("L", 0, 1, 6), jobs[1].clone()];
    assert_eq!(fates(&simulate(&vec![pool("p", 1, 2)], &early, run)), [(0, 6, 0), (6, 9, 0)]);
}
