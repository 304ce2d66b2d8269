//! What jobs ask for beside processors: memory, and in CERIT-SC's logs properties of nodes. What cannot be kept is counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::assembly::Assembly;
use crate::results::format::count;

/// At most so many properties are told by name.
const MOST_TOLD: usize = 8;

/// What was left out so far, by jobs.
#[derive(Debug, Default)]
pub struct LeftOut {
    memory: u64,
    properties: BTreeMap<String, u64>,
}

impl LeftOut {
    /// The memory that a job asks for.
    pub fn memory(&mut self) {
        self.memory += 1;
    }

    /// Those properties of a node specification that `is_kept` does not take: of `2:ppn=8:x86_64:cl_big#excl` perhaps
    /// `x86_64` and `excl`. Hosts count together, whatever their names.
    pub fn properties(&mut self, asked: &str, is_kept: impl Fn(&str) -> bool) {
        let mut words: BTreeSet<&str> = BTreeSet::new();
        if asked.contains('+') {
            words.insert("nodes of several kinds");
        }
        for part in asked.split([':', '#', '+']) {
            let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number && !part.starts_with("ppn=") && !is_kept(part) {
                words.insert(property(part));
            }
        }
        for word in words {
            *self.properties.entry(word.to_owned()).or_default() += 1;
        }
    }

    /// Tells of all of it.
    pub fn tell(self, jobs: &mut Assembly) {
        let noun = |count: u64| if count == 1 { "job" } else { "jobs" };
        if self.memory > 0 {
            jobs.notice(format!("requested memory is left out: {} {}", count(self.memory), noun(self.memory)));
        }
        let mut properties: Vec<(String, u64)> = self.properties.into_iter().collect();
        properties.sort_by_key(|&(_, jobs)| Reverse(jobs));
        let more = properties.len().saturating_sub(MOST_TOLD);
        let told = properties.iter().take(MOST_TOLD);
        let mut told: Vec<String> = told.map(|(word, n)| format!("{word} ({} {})", count(*n), noun(*n))).collect();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        if !told.is_empty() {
            jobs.notice(format!("what jobs ask of nodes beside their processors is left out: {}", told.join(", ")));
        }
    }
}

/// The kind of a property: a host's name says nothing to other logs, nor does what stands behind `=`.
fn property(part: &str) -> &str {
    let name = part.split_once('=').map_or(part, |(name, _)| name);
    match (name.contains('.'), name.starts_with('^')) {
        (true, true) => "^host",
        (true, false) => "host",
        (false, _) => name,
    }
}
