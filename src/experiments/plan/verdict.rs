//! What came of a trial, and which trials are against what was expected.

use std::collections::BTreeMap;

use super::lattice::{Lattice, Need};

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Whether it misses a target that more would help.
    pub needs_more: bool,
    /// Whether it misses a target that thrift would help.
    pub needs_thrift: bool,
}

impl Verdict {
    /// Whether it misses no target.
    #[must_use]
    pub fn meets(self) -> bool {
        !self.needs_more && !self.needs_thrift
    }

    /// Whether it misses a target that this would help.
    #[must_use]
    pub fn has(self, need: Need) -> bool {
        match need {
            Need::More => self.needs_more,
            Need::Thrift => self.needs_thrift,
        }
    }
}

/// Each setting that meets the targets, with the cheapest that does not though it is expected to be as good; not those
/// between which another lies.
#[must_use]
pub fn exceptions(lattice: &Lattice, needs: &[Need], tried: &BTreeMap<usize, Verdict>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for &need in needs {
        let met = || tried.iter().filter(|(_, verdict)| verdict.meets()).map(|(&setting, _)| setting);
        let missed = || tried.iter().filter(|(_, verdict)| verdict.has(need)).map(|(&setting, _)| setting);
        let is_up = |one: usize, other: usize| lattice.is_no_better(need, one, other);
        for met_one in met() {
            let Some(missed_one) = missed().find(|&missed| is_up(met_one, missed)) else { continue };
            if !met().any(|one| one != met_one && is_up(met_one, one) && is_up(one, missed_one)) {
                found.push((met_one, missed_one));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::lattice::Range;
    use super::*;

    /// On a line of six of which 0, 1 and 4 meet the targets, 1 and 2 are neighbours, and 4 and 5; 0 is against no more than 1.
    #[test]
    fn exceptions_are_neighbours() {
        let settings: Vec<(usize, Vec<usize>)> = (0..6).map(|place| (0, vec![place])).collect();
        let lattice = Lattice::new(vec![Range { size: 6, is_costly: true }], &settings);
        let verdict = |needs_more: bool, needs_thrift: bool| Verdict { needs_more, needs_thrift };
        let (meets, lacks, wastes) = (verdict(false, false), verdict(true, false), verdict(false, true));
        let found =
            |tried: [Verdict; 6]| exceptions(&lattice, &[Need::More, Need::Thrift], &(0..6).zip(tried).collect());
        assert_eq!(found([meets, meets, lacks, lacks, meets, lacks]), [(1, 2), (4, 5)]);
        assert_eq!(found([lacks, lacks, meets, meets, wastes, wastes]), [], "too much is no exception");
        assert_eq!(found([wastes, lacks, meets, meets, meets, meets]), [(2, 0)]);
    }
}
