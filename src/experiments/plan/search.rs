//! The search for the cheapest setting that meets the targets.
//!
//! Settings are numbers, the cheapest first, and lie in rows within which a dearer one is expected to be better. Each row
//! is halved until the boundary is found; what is dearer than the best so far is not looked at. What is left of the budget
//! goes to settings that are cheaper than the best, from the next one down: where all of them were tried, the answer needs
//! no expectation, and where one of them meets the targets after all, it takes the place of the best.

use std::collections::BTreeMap;

use crate::experiments::stop::Stop;

/// Settings that are tried together in the last part; a number of its own, so that no result depends on the threads.
const BATCH: usize = 8;

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The cheapest setting tried that meets the targets.
    pub best: Option<usize>,
    /// Settings tried, with whether they meet the targets.
    pub tried: BTreeMap<usize, bool>,
    /// How many settings are cheaper than the best (all of them, where there is no best).
    pub cheaper: usize,
    /// How many of these were not tried.
    pub cheaper_untried: usize,
    /// Rows that the budget did not reach.
    pub rows_left: usize,
    /// Pairs of settings of a row that are against the expectation: the cheaper one meets the targets, the dearer does
    /// not.
    pub exceptions: Vec<(usize, usize)>,
}

/// Tries settings and says of each whether it meets the targets.
pub type Meets<'m> = dyn FnMut(&[usize]) -> Result<Vec<bool>, Stop> + 'm;

/// Searches `settings` settings, in rows that ascend, trying `budget` at most; `meets` tries several and says of each
/// whether it meets the targets.
///
/// # Errors
/// What stopped a trial.
pub fn search<'m>(
    settings: usize,
    rows: &[Vec<usize>],
    budget: usize,
    meets: &'m mut Meets<'m>,
) -> Result<Found, Stop> {
    let mut search = Search { settings, budget, tried: BTreeMap::new(), meets };
    if budget < settings {
        // An answer that may not be the cheapest is better than none.
        search.ask(&[settings - 1])?;
    }
    let mut rows_left = rows.len();
    for row in rows {
        if !search.halve(row)? {
            break;
        }
        rows_left -= 1;
    }
    search.try_cheaper()?;
    let best = search.best();
    let cheaper = best.unwrap_or(settings);
    Ok(Found {
        best,
        cheaper,
        cheaper_untried: cheaper - search.tried.range(..cheaper).count(),
        rows_left,
        exceptions: exceptions(rows, &search.tried),
        tried: search.tried,
    })
}

struct Search<'m> {
    settings: usize,
    budget: usize,
    tried: BTreeMap<usize, bool>,
    meets: &'m mut Meets<'m>,
}

impl Search<'_> {
    fn best(&self) -> Option<usize> {
        self.tried.iter().find(|(_, meets)| **meets).map(|(setting, _)| *setting)
    }

    fn left(&self) -> usize {
        self.budget.saturating_sub(self.tried.len())
    }

    /// Tries settings that were not tried yet; false where the budget does not reach.
    fn ask(&mut self, settings: &[usize]) -> Result<bool, Stop> {
        let mut new: Vec<usize> = settings.iter().copied().filter(|s| !self.tried.contains_key(s)).collect();
        new.dedup();
        let reaches = new.len() <= self.left();
        new.truncate(self.left());
        if !new.is_empty() {
            let verdicts = (self.meets)(&new)?;
            self.tried.extend(new.into_iter().zip(verdicts));
        }
        Ok(reaches)
    }

    /// Finds the boundary of a row among what is no dearer than the best, which is an end of its own row; false where
    /// the budget did not reach.
    fn halve(&mut self, row: &[usize]) -> Result<bool, Stop> {
        let row = &row[..row.partition_point(|&setting| self.best().is_none_or(|best| setting <= best))];
        let (Some(&first), Some(&last)) = (row.first(), row.last()) else { return Ok(true) };
        if !self.ask(&[first, last])? {
            return Ok(false);
        }
        if self.tried[&first] || !self.tried[&last] {
            return Ok(true);
        }
        let (mut fails, mut holds) = (0, row.len() - 1);
        while holds - fails > 1 {
            let middle = fails.midpoint(holds);
            if !self.ask(&[row[middle]])? {
                return Ok(false);
            }
            if self.tried[&row[middle]] { holds = middle } else { fails = middle }
        }
        Ok(true)
    }

    fn try_cheaper(&mut self) -> Result<(), Stop> {
        loop {
            let below = self.best().unwrap_or(self.settings);
            let next: Vec<usize> =
                (0..below).rev().filter(|s| !self.tried.contains_key(s)).take(BATCH.min(self.left())).collect();
            if next.is_empty() {
                return Ok(());
            }
            self.ask(&next)?;
        }
    }
}

/// Neighbours among the tried ones of each row.
fn exceptions(rows: &[Vec<usize>], tried: &BTreeMap<usize, bool>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for row in rows {
        let tried: Vec<(usize, bool)> = row.iter().filter_map(|s| Some((*s, *tried.get(s)?))).collect();
        let against = tried.windows(2).filter(|pair| pair[0].1 && !pair[1].1);
        found.extend(against.map(|pair| (pair[0].0, pair[1].0)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(rows: &[Vec<usize>], budget: usize, truth: &[bool]) -> Found {
        let mut try_them = |settings: &[usize]| Ok(settings.iter().map(|&s| truth[s]).collect());
        search(truth.len(), rows, budget, &mut try_them).unwrap()
    }

    /// Settings dealt out to rows; within each, all from some place on meet the targets.
    fn monotone() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<bool>)> {
        let rows = proptest::collection::vec(0..5_usize, 1..60);
        (rows, proptest::collection::vec(0..60_usize, 5)).prop_map(|(of, from)| {
            let rows: Vec<Vec<usize>> =
                (0..5).map(|row| (0..of.len()).filter(|&s| of[s] == row).collect::<Vec<_>>()).collect();
            let truth = (0..of.len()).map(|s| rows[of[s]].iter().position(|&t| t == s) >= Some(from[of[s]])).collect();
            (rows.into_iter().filter(|row| !row.is_empty()).collect(), truth)
        })
    }

    proptest! {
        /// Where the expectation holds, halving alone finds the optimum, in a number of trials that grows as the
        /// logarithm.
        #[test]
        fn halving_finds_the_optimum((rows, truth) in monotone()) {
            let needed: usize = rows.iter().map(|row| 2 + row.len().ilog2() as usize + 1).sum();
            let found = found(&rows, needed, &truth);
            prop_assert_eq!(found.best, truth.iter().position(|&meets| meets));
            prop_assert_eq!((found.rows_left, found.exceptions.len()), (0, 0));
        }

        /// Where it does not, a budget for all settings finds it as well; a smaller one is kept and never lies.
        #[test]
        fn nothing_is_expected_in_vain(truth in proptest::collection::vec(any::<bool>(), 1..60), budget in 1..80_usize) {
            let row: Vec<usize> = (0..truth.len()).collect();
            let found = found(&[row], budget, &truth);
            prop_assert!(found.tried.len() <= budget);
            prop_assert!(found.tried.iter().all(|(&setting, &meets)| truth[setting] == meets));
            if found.cheaper_untried == 0 {
                prop_assert_eq!(found.best, truth.iter().position(|&meets| meets));
            } else {
                prop_assert_eq!(found.tried.len(), budget, "cheaper ones are left only by the budget");
            }
        }
    }

    #[test]
    fn an_exception_is_told() {
        let truth = [false, true, false, false, true, true];
        let found = found(&[(0..6).collect()], 6, &truth);
        assert_eq!((found.best, found.cheaper_untried), (Some(1), 0));
        assert!(!found.exceptions.is_empty() && found.exceptions[0].0 == 1);
    }
}
