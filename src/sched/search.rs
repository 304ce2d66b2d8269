//! Passing over: the jobs of a line that may start now, in order, without looking at those that cannot.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::classes::{Class, LineId};
use super::pass::{Fault, Pass};
use super::waiting::{GroupId, Rank};
use crate::trace::JobId;

/// The next job of a group that a bound admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: Rank,
    group: GroupId,
    position: usize,
    job: JobId,
    /// How many jobs had started when the bound was asked for.
    asked: u32,
}

/// Walks a line in order and lets `start` start each job whose value does not exceed what `bound` says for its class.
///
/// `bound` gives the highest admitted value of a class in the world as it is, `None` for none at all; it must never
/// grow while jobs start. It is asked again for a class only after a job has started.
///
/// # Errors
/// The fault of the policy.
pub fn serve_passing_over<'a>(
    pass: &mut Pass<'_, 'a>,
    line: LineId,
    mut bound: impl FnMut(&mut Pass<'_, 'a>, &'a Class) -> Option<u64>,
    mut start: impl FnMut(&mut Pass<'_, 'a>, JobId) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let mut starts = 0;
    let mut candidates = BinaryHeap::new();
    let free = pass.most_free_gpus();
    for at in 0..pass.waiting.groups(line).len() {
        let group = pass.waiting.groups(line)[at];
        let of = pass.waiting.group(group);
        if pass.classes.classes()[of.class.index()].fewest_gpus > free {
            break;
        }
        if of.waiting() > 0 {
            push_next(pass, &mut candidates, group, 0, starts, &mut bound);
        }
    }
    while let Some(Reverse(candidate)) = candidates.pop() {
        let Candidate { group, position, job, asked, .. } = candidate;
        if asked != starts {
            push_next(pass, &mut candidates, group, position, starts, &mut bound);
            continue;
        }
        if start(pass, job)? {
            starts += 1;
        }
        push_next(pass, &mut candidates, group, position + 1, starts, &mut bound);
    }
    Ok(())
}

fn push_next<'a>(
    pass: &mut Pass<'_, 'a>,
    candidates: &mut BinaryHeap<Reverse<Candidate>>,
    group: GroupId,
    from: usize,
    asked: u32,
    bound: &mut impl FnMut(&mut Pass<'_, 'a>, &'a Class) -> Option<u64>,
) {
    let class = &pass.classes.classes()[pass.waiting.group(group).class.index()];
    let Some(highest) = bound(pass, class) else { return };
    if let Some((position, job)) = pass.waiting.group(group).next(from, highest) {
        let rank = pass.waiting.rank(job);
        candidates.push(Reverse(Candidate { rank, group, position, job, asked }));
    }
}
