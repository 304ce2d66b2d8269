//! What must hold of every simulation, checked on random scenarios.

use super::random::{Scenario, for_all};
use super::simulate::simulate;
use super::types::{RefOutcome, RefPolicy, RefResult, RefState};

fn seeds(count: u64) -> std::ops::Range<u64> {
    0..count
}

/// Whether no job runs longer than it is expected to.
pub fn nobody_outlives(scenario: &Scenario) -> bool {
    let (numerator, denominator) = scenario.run.estimate_factor;
    scenario.jobs.iter().all(|job| {
        let Some(walltime) = job.walltime else { return true };
        let runs = if scenario.run.enforce_walltime { job.duration.min(walltime) } else { job.duration };
        runs <= walltime * numerator / denominator
    })
}

#[test]
fn ledger_horizon_and_run_times_add_up() {
    for_all(seeds(400), |scenario| {
        let result = simulate(&scenario.cluster, &scenario.jobs, scenario.run);
        let gpus: u32 = scenario.cluster.iter().map(|pool| pool.nodes * pool.gpus_per_node).sum();
        let span = result.horizon.1 - result.horizon.0;
        let capacity = u128::from(gpus) * 1000 * u128::from(span);
        let charged: u128 = result.ledger.values().sum();
        if charged != capacity {
            return Err(format!("charged {charged} of {capacity}"));
        }
        for (job, outcome) in scenario.jobs.iter().zip(&result.jobs) {
            let expected = match outcome.state {
                RefState::Finished => Some(job.duration),
                RefState::Killed => job.walltime,
                RefState::Cancelled | RefState::Unfinished | RefState::Rejected => None,
            };
            if outcome.state == RefState::Cancelled {
                continue;
            }
            let ran = outcome.end.zip(outcome.start).map(|(end, start)| end - start);
            let elastic = scenario.run.policy == RefPolicy::Gang && job.min_tasks.is_some();
            if outcome.stops > 0 && ran >= expected {
                continue;
            }
            if !elastic && ran != expected {
                return Err(format!("{} ran {ran:?} instead of {expected:?}", job.name));
            }
            if outcome.start.is_some_and(|start| start < job.submit) {
                return Err(format!("{} started before its submission", job.name));
            }
        }
        everything_is_done(scenario, &result)
    });
}

/// Without an end and without a deadlock every job that is not rejected ends, and the last end ends the horizon.
fn everything_is_done(scenario: &Scenario, result: &RefResult) -> Result<(), String> {
    let open = |job: &RefOutcome| job.state == RefState::Unfinished;
    if scenario.run.until.is_some() {
        return Ok(());
    }
    if result.jobs.iter().any(open) != result.deadlocked {
        return Err("jobs are open without a deadlock, or the other way round".to_owned());
    }
    let last = result.jobs.iter().filter_map(|job| job.end).max();
    if !result.deadlocked && last.is_some_and(|last| last != result.horizon.1) {
        return Err(format!("the horizon ends at {} and the last job at {last:?}", result.horizon.1));
    }
    Ok(())
}

/// No reservation of a job is ever later than the one before it, nor its start.
fn reservations_are_kept(result: &RefResult) -> Result<(), String> {
    for (row, outcome) in result.jobs.iter().enumerate() {
        let mut promised: Vec<u64> = result.reservations.iter().filter(|r| r.1 == row).map(|r| r.2).collect();
        promised.extend(outcome.start);
        if !promised.is_sorted_by(|a, b| a >= b) {
            return Err(format!("row {row} was promised {promised:?}"));
        }
    }
    Ok(())
}

/// DESIGN.md: the guarantees hold where nobody outlives the estimate; EASY's is given by a line to its own jobs only.
#[test]
fn backfill_never_delays_a_reservation() {
    for_all(seeds(800), |scenario| {
        let one_line = scenario.jobs.iter().all(|job| job.queue == scenario.jobs[0].queue);
        let guaranteed = match scenario.run.policy {
            RefPolicy::Easy => one_line,
            RefPolicy::Conservative { replan } => !replan,
            _ => false,
        };
        if !guaranteed || !nobody_outlives(scenario) {
            return Ok(());
        }
        reservations_are_kept(&simulate(&scenario.cluster, &scenario.jobs, scenario.run))
    });
}

/// Where the head blocks, the jobs of a line start in its order; here for `fifo`, whose order never changes.
#[test]
fn nobody_passes_a_blocked_head() {
    for_all(seeds(200), |scenario| {
        if scenario.run.policy != RefPolicy::Fifo {
            return Ok(());
        }
        let result = simulate(&scenario.cluster, &scenario.jobs, scenario.run);
        let mut rows: Vec<usize> = (0..scenario.jobs.len()).collect();
        rows.retain(|row| result.jobs[*row].state != RefState::Rejected);
        rows.sort_by_key(|row| (&scenario.jobs[*row].queue, scenario.jobs[*row].submit, *row));
        for pair in rows.windows(2).filter(|p| scenario.jobs[p[0]].queue == scenario.jobs[p[1]].queue) {
            let [first, second] = [pair[0], pair[1]].map(|row| result.jobs[row].start.unwrap_or(u64::MAX));
            if first > second {
                return Err(format!("row {} passed row {}", pair[1], pair[0]));
            }
        }
        Ok(())
    });
}

/// The random scenarios reach what they are made for.
#[test]
fn every_leaf_and_every_end_occurs() {
    let leaves = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let states = std::cell::RefCell::new(Vec::new());
    for_all(seeds(200), |scenario| {
        let result = simulate(&scenario.cluster, &scenario.jobs, scenario.run);
        leaves.borrow_mut().extend(result.ledger.keys().map(|key| key.1));
        states.borrow_mut().extend(result.jobs.iter().map(|job| job.state));
        Ok(())
    });
    let expected = [
        "capacity_wait",
        "discarded",
        "fragmentation",
        "gang_hold",
        "head_of_line",
        "lost_work",
        "no_demand",
        "quota",
        "reserved",
        "slice_waste",
        "stranded",
        "useful",
        "wrong_type",
    ];
    assert_eq!(leaves.into_inner().into_iter().collect::<Vec<_>>(), expected);
    let states = states.into_inner();
    for state in [RefState::Finished, RefState::Killed, RefState::Cancelled, RefState::Unfinished, RefState::Rejected] {
        assert!(states.contains(&state), "no job is {state:?}");
    }
}
