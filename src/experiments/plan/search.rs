//! The search for the cheapest setting that meets the targets.
//!
//! Settings are numbers, the cheapest first, and of what a setting needs something is expected of others ([`Lattice`]). So a
//! setting that misses the targets rules out all that are no better, and one that meets them rules out all that are dearer.
//! The setting is tried that rules out the most in the worst case, until none is left that may be better than the best: with
//! one range that is halving, with several it closes in on the boundary from both sides. What is left of the budget goes to
//! settings that are cheaper than the best, first those with one step less of something, then from the next cheaper one
//! down: where all of them were tried, the answer needs no expectation, and where one of them meets the targets after all,
//! it takes the place of the best.

use std::collections::BTreeMap;

use super::lattice::{Lattice, Need};
use super::verdict::{Verdict, exceptions};
use crate::experiments::stop::Stop;

/// Settings that are tried together in the last part; a number of its own, so that no result depends on the threads.
const BATCH: usize = 8;

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The cheapest setting tried that meets the targets.
    pub best: Option<usize>,
    /// Settings tried, with what came of it.
    pub tried: BTreeMap<usize, Verdict>,
    /// How many settings are cheaper than the best (all of them, where there is no best).
    pub cheaper: usize,
    /// How many of these were not tried.
    pub cheaper_untried: usize,
    /// How many of these are not expected to miss the targets either: the budget did not reach them.
    pub undecided: usize,
    /// Pairs of settings that are against the expectation, the cheaper of the pairs first: the one meets the targets, the
    /// other, which is expected to be as good, does not, and none tried lies between them.
    pub exceptions: Vec<(usize, usize)>,
}

/// Tries settings and says what came of each.
pub type Try<'m> = dyn FnMut(&[usize]) -> Result<Vec<Verdict>, Stop> + 'm;

/// Searches the settings of a lattice, trying `budget` at most, for targets that have some `needs`.
///
/// # Errors
/// What stopped a trial.
pub fn search<'m>(lattice: &Lattice, needs: &[Need], budget: usize, make: &'m mut Try<'m>) -> Result<Found, Stop> {
    let is_ruled_out = vec![false; lattice.len()];
    let mut search = Search { lattice, needs, budget, tried: BTreeMap::new(), is_ruled_out, make };
    if budget < lattice.len() {
        // An answer that may not be the cheapest is better than none.
        search.ask(&[lattice.len() - 1])?;
    }
    while search.left() > 0
        && let Some(setting) = search.most_telling()
    {
        search.ask(&[setting])?;
    }
    search.doubt()?;
    let cheaper = search.below();
    Ok(Found {
        best: search.best(),
        cheaper,
        cheaper_untried: cheaper - search.tried.range(..cheaper).count(),
        undecided: search.open().into_iter().filter(|is_open| *is_open).count(),
        exceptions: exceptions(lattice, needs, &search.tried),
        tried: search.tried,
    })
}

struct Search<'s, 'm> {
    lattice: &'s Lattice,
    needs: &'s [Need],
    budget: usize,
    tried: BTreeMap<usize, Verdict>,
    /// Of each setting whether it, or one that is expected to be as good, was tried and misses the targets.
    is_ruled_out: Vec<bool>,
    make: &'m mut Try<'m>,
}

impl Search<'_, '_> {
    fn best(&self) -> Option<usize> {
        self.tried.iter().find(|(_, verdict)| verdict.meets()).map(|(setting, _)| *setting)
    }

    /// The settings that are cheaper than the best are those below.
    fn below(&self) -> usize {
        self.best().unwrap_or(self.lattice.len())
    }

    fn left(&self) -> usize {
        self.budget.saturating_sub(self.tried.len())
    }

    /// Of each setting whether it may be better than the best.
    fn open(&self) -> Vec<bool> {
        let below = self.below();
        self.is_ruled_out.iter().enumerate().map(|(setting, is_out)| setting < below && !is_out).collect()
    }

    /// Tries settings that were not tried yet, no more than are left.
    fn ask(&mut self, settings: &[usize]) -> Result<(), Stop> {
        let verdicts = (self.make)(settings)?;
        for (&setting, verdict) in settings.iter().zip(verdicts) {
            self.tried.insert(setting, verdict);
            for &need in self.needs.iter().filter(|need| verdict.has(**need)) {
                self.lattice.no_better(need, setting).for_each(|one| self.is_ruled_out[one] = true);
            }
        }
        Ok(())
    }

    /// The open setting that rules out the most of them in the worst case, the cheapest of equals.
    fn most_telling(&self) -> Option<usize> {
        let open = self.open();
        let count = |&need: &Need| self.lattice.count_no_better(need, &open);
        let by_missing: Vec<Vec<usize>> = self.needs.iter().map(count).collect();
        let mut by_meeting = open.iter().filter(|is_open| **is_open).count();
        let mut found: Option<(usize, usize)> = None;
        for setting in (0..open.len()).filter(|&setting| open[setting]) {
            let tells = by_missing.iter().map(|counts| counts[setting]).fold(by_meeting, usize::min);
            if found.is_none_or(|(most, _)| tells > most) {
                found = Some((tells, setting));
            }
            by_meeting -= 1;
        }
        found.map(|(_, setting)| setting)
    }

    /// Tries what is expected to miss the targets.
    fn doubt(&mut self) -> Result<(), Stop> {
        loop {
            let next = self.doubtful(BATCH.min(self.left()));
            if next.is_empty() {
                return Ok(());
            }
            self.ask(&next)?;
        }
    }

    /// Untried settings that are cheaper than the best, those first that would tell the most against the expectation. Where
    /// even the most of everything misses the targets, less of something may meet them.
    fn doubtful(&self, count: usize) -> Vec<usize> {
        let (below, lattice) = (self.below(), self.lattice);
        let likely: Vec<usize> = match self.best() {
            Some(best) => lattice.one_less(best).collect(),
            None => lattice.corners().collect(),
        };
        let mut next: Vec<usize> = Vec::new();
        for setting in likely.into_iter().chain((0..below).rev()) {
            if next.len() == count {
                break;
            }
            if setting < below && !self.tried.contains_key(&setting) && !next.contains(&setting) {
                next.push(setting);
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::super::lattice::Range;
    use super::*;
    use proptest::prelude::*;

    const MEETS: Verdict = Verdict { needs_more: false, needs_thrift: false };
    const LACKS: Verdict = Verdict { needs_more: true, needs_thrift: false };

    /// Settings in the order of what they cost, by group and place, with a truth.
    #[derive(Debug)]
    struct World {
        sizes: Vec<usize>,
        settings: Vec<(usize, Vec<usize>)>,
        lattice: Lattice,
        truth: Vec<Verdict>,
    }

    impl World {
        /// `prices` has the price of a step along each range in each group; one of nothing is a price too.
        fn new(sizes: &[usize], prices: &[Vec<u64>], truth: impl Fn(usize, &[usize]) -> Verdict) -> World {
            let cells = sizes.iter().fold(vec![Vec::new()], |cells: Vec<Vec<usize>>, &size| {
                cells.iter().flat_map(|cell| (0..size).map(|place| [&cell[..], &[place]].concat())).collect()
            });
            let all = (0..prices.len()).flat_map(|group| cells.iter().map(move |cell| (group, cell.clone())));
            let mut settings: Vec<(usize, Vec<usize>)> = all.collect();
            let cost = |(group, cell): &(usize, Vec<usize>)| {
                cell.iter().zip(&prices[*group]).map(|(&place, price)| (place as u64 + 1) * price).sum::<u64>()
            };
            settings.sort_by_key(|setting| (cost(setting), setting.1.clone(), setting.0));
            let ranges = sizes.iter().zip(costly(prices)).map(|(&size, is_costly)| Range { size, is_costly });
            World {
                sizes: sizes.to_vec(),
                lattice: Lattice::new(ranges.collect(), &settings),
                truth: settings.iter().map(|(group, cell)| truth(*group, cell)).collect(),
                settings,
            }
        }

        fn found(&self, budget: usize) -> Found {
            let mut try_them = |settings: &[usize]| Ok(settings.iter().map(|&s| self.truth[s]).collect());
            search(&self.lattice, &self.needs(), budget, &mut try_them).unwrap()
        }

        /// Whether targets of the kind are missed anywhere, as if only then there were any.
        fn needs(&self) -> Vec<Need> {
            let is_there = |need: &Need| self.truth.iter().any(|verdict| verdict.has(*need));
            [Need::More, Need::Thrift].into_iter().filter(is_there).collect()
        }

        fn best(&self) -> Option<usize> {
            self.truth.iter().position(|verdict| verdict.meets())
        }

        fn groups(&self) -> usize {
            self.settings.len() / self.sizes.iter().product::<usize>()
        }

        /// How many settings are cheaper than the best and have a need that no better one of those has.
        fn boundary(&self) -> usize {
            let below = self.best().unwrap_or(self.truth.len());
            let count = |need: Need| {
                let in_need: Vec<usize> = (0..below).filter(|&setting| self.truth[setting].has(need)).collect();
                let is_last = |&&one: &&usize| {
                    in_need.iter().all(|&other| other == one || !self.lattice.is_no_better(need, one, other))
                };
                in_need.iter().filter(is_last).count()
            };
            count(Need::More) + count(Need::Thrift)
        }
    }

    /// Of each range whether it costs anything in some group.
    fn costly(prices: &[Vec<u64>]) -> Vec<bool> {
        (0..prices[0].len()).map(|range| prices.iter().any(|prices| prices[range] > 0)).collect()
    }

    type Few = Vec<Vec<f64>>;

    /// Groups in which a setting needs no more where it has no less of anything than one of a few, and no thrift where it
    /// has no less of what is free than one of a few others and no more of what is not.
    fn expected(sizes: std::ops::Range<usize>, dimensions: std::ops::Range<usize>) -> impl Strategy<Value = World> {
        let few = |ranges: usize| proptest::collection::vec(proptest::collection::vec(0.0..1.0_f64, ranges), 0..6);
        let group = move |ranges: usize| (proptest::collection::vec(0..20_u64, ranges), few(ranges), few(ranges));
        let world =
            (proptest::collection::vec(sizes, dimensions), any::<bool>()).prop_flat_map(move |(sizes, is_thrifty)| {
                (proptest::collection::vec(group(sizes.len()), 1..5), Just(sizes), Just(is_thrifty))
            });
        world.prop_map(|(groups, sizes, is_thrifty)| {
            let prices: Vec<Vec<u64>> = groups.iter().map(|group| group.0.clone()).collect();
            let costly = costly(&prices);
            let is_in_need = |few: &Few, cell: &[usize], need: Need| {
                let is_enough = |(at, share): (usize, &f64)| {
                    let bound = (share * sizes[at] as f64) as usize;
                    if need == Need::Thrift && costly[at] { cell[at] <= bound } else { cell[at] >= bound }
                };
                !few.iter().any(|one| one.iter().enumerate().all(is_enough))
            };
            World::new(&sizes, &prices, |group, cell| Verdict {
                needs_more: is_in_need(&groups[group].1, cell, Need::More),
                needs_thrift: is_thrifty && is_in_need(&groups[group].2, cell, Need::Thrift),
            })
        })
    }

    fn halvings(settings: usize) -> usize {
        settings.ilog2() as usize + 1
    }

    proptest! {
        /// Where the expectation holds, one range takes an end and halvings for each group.
        #[test]
        fn halving_finds_the_optimum(world in expected(1..200, 1..2)) {
            let found = world.found(world.groups() * (1 + halvings(world.sizes[0])));
            prop_assert_eq!(found.best, world.best());
            prop_assert_eq!((found.undecided, found.exceptions.len()), (0, 0));
        }

        /// With several ranges each setting of the boundary may have to be tried; it takes no more than twice that, and
        /// halvings to come near. Needs of both kinds take more, but nothing of what is expected misleads.
        #[test]
        fn several_ranges_take_their_boundary(world in expected(1..16, 2..4)) {
            let near = 2 * (world.boundary() + world.groups() * halvings(world.settings.len()));
            let found = world.found(if world.needs() == [Need::More] { near } else { world.settings.len() });
            prop_assert_eq!(found.best, world.best());
            prop_assert_eq!((found.undecided, found.exceptions.len()), (0, 0));
        }

        /// Where it does not, a budget for all settings finds it as well; a smaller one is kept and never lies.
        #[test]
        fn nothing_is_expected_in_vain(
            mut world in expected(1..6, 0..4),
            odd in proptest::collection::vec(any::<bool>(), 125 * 4),
            budget in 1..150_usize,
        ) {
            for (verdict, odd) in world.truth.iter_mut().zip(odd) {
                verdict.needs_more ^= odd;
            }
            let found = world.found(budget);
            prop_assert!(found.tried.len() <= budget);
            prop_assert!(found.tried.iter().all(|(&setting, &verdict)| world.truth[setting] == verdict));
            if found.cheaper_untried == 0 {
                prop_assert_eq!(found.best, world.best());
            } else {
                prop_assert_eq!(found.tried.len(), budget, "cheaper ones are left only by the budget");
            }
            let is_against = |met: usize, missed: usize| {
                let is_missed = |need: &Need| found.tried[&missed].has(*need) && world.lattice.is_no_better(*need, met, missed);
                found.tried[&met].meets() && [Need::More, Need::Thrift].iter().any(is_missed)
            };
            prop_assert!(found.exceptions.iter().all(|&(met, missed)| is_against(met, missed)));
            let any = found.tried.keys().any(|&met| found.tried.keys().any(|&missed| is_against(met, missed)));
            prop_assert_eq!(any, !found.exceptions.is_empty());
        }
    }

    fn line(size: usize, truth: impl Fn(usize) -> Verdict) -> World {
        World::new(&[size], &[vec![1]], |_, place| truth(place[0]))
    }

    fn lacks(is_lacking: bool) -> Verdict {
        if is_lacking { LACKS } else { MEETS }
    }

    #[test]
    fn the_dearest_is_no_trial_too_many() {
        for boundary in 0..40 {
            let found = line(40, |place| lacks(place < boundary)).found(7);
            assert_eq!((found.best, found.undecided), (Some(boundary), 0));
        }
    }

    /// Enough from 17 on, too much for its utilization from 21 on, as targets on both ask for.
    #[test]
    fn too_much_is_known_from_too_little() {
        let world = line(400, |place| Verdict { needs_more: place < 17, needs_thrift: place > 20 });
        let found = world.found(10);
        assert_eq!((found.best, found.undecided), (Some(17), 0));
        assert!(found.exceptions.is_empty());
    }

    /// The same of two ranges, whatever is enough and too much: a fraction of the 400 settings.
    #[test]
    fn two_ranges_close_in_from_both_sides() {
        for enough in [10, 40, 70, 100] {
            for too_much in [8, 16, 24, 40] {
                let truth = |place: &[usize]| Verdict {
                    needs_more: 3 * place[0] + 5 * place[1] < enough,
                    needs_thrift: place[0] + place[1] > too_much,
                };
                let world = World::new(&[20, 20], &[vec![7, 30]], |_, place| truth(place));
                let found = world.found(60);
                assert_eq!((found.best, found.undecided), (world.best(), 0), "{enough} {too_much}");
            }
        }
    }

    #[test]
    fn an_exception_is_told() {
        let found = line(6, |place| lacks([true, false, true, true, false, false][place])).found(6);
        assert_eq!((found.best, found.cheaper_untried), (Some(1), 0));
        assert_eq!(found.exceptions, [(1, 2)]);
    }

    /// The most fails, so all are expected to; the ends are tried before what lies between them.
    #[test]
    fn less_may_be_better() {
        let found = line(40, |place| lacks(place >= 10)).found(2);
        assert_eq!((found.best, found.cheaper), (Some(0), 0));
        assert_eq!(found.exceptions, [(0, 39)]);
    }

    /// A range of which the most is the cheapest: what is expected to be as good as the best is tried while it is cheaper.
    #[test]
    fn more_may_be_cheaper() {
        let settings: Vec<(usize, Vec<usize>)> = (0..40).rev().map(|place| (0, vec![place])).collect();
        let lattice = Lattice::new(vec![Range { size: 40, is_costly: false }], &settings);
        let truth = (0..40).map(|setting| lacks(setting >= 20)).collect();
        assert_eq!(World { sizes: vec![40], settings, lattice, truth }.found(2).best, Some(0));
    }
}
