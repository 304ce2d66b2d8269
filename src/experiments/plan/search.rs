//! The search for the cheapest setting that meets the targets.
//!
//! Settings are numbers, the cheapest first, and more of some keys is expected to be better ([`Lattice`]). So a setting that
//! misses the targets rules out all that are at most it, and one that meets them rules out all that are dearer. The setting
//! is tried that rules out the most in the worse of both cases, until none is left that may be better than the best: with
//! one range that is halving, with several it closes in on the boundary from both sides. What is left of the budget goes to
//! settings that are cheaper than the best, first those with one step less of something, then from the next cheaper one
//! down: where all of them were tried, the answer needs no expectation, and where one of them meets the targets after all,
//! it takes the place of the best.

use std::collections::BTreeMap;

use super::lattice::Lattice;
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
    /// How many of these are not expected to miss the targets either: the budget did not reach them.
    pub undecided: usize,
    /// Pairs of settings that are against the expectation, the cheaper of the pairs first: the one meets the targets, the
    /// other, which has no less of anything, does not, and none tried lies between them.
    pub exceptions: Vec<(usize, usize)>,
}

/// Tries settings and says of each whether it meets the targets.
pub type Meets<'m> = dyn FnMut(&[usize]) -> Result<Vec<bool>, Stop> + 'm;

/// Searches the settings of a lattice, trying `budget` at most; `meets` tries several and says of each whether it meets the
/// targets.
///
/// # Errors
/// What stopped a trial.
pub fn search<'m>(lattice: &Lattice, budget: usize, meets: &'m mut Meets<'m>) -> Result<Found, Stop> {
    let is_ruled_out = vec![false; lattice.len()];
    let mut search = Search { lattice, budget, tried: BTreeMap::new(), is_ruled_out, meets };
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
        exceptions: exceptions(lattice, &search.tried),
        tried: search.tried,
    })
}

struct Search<'s, 'm> {
    lattice: &'s Lattice,
    budget: usize,
    tried: BTreeMap<usize, bool>,
    /// Of each setting whether it, or one that has no less of anything, was tried and misses the targets.
    is_ruled_out: Vec<bool>,
    meets: &'m mut Meets<'m>,
}

impl Search<'_, '_> {
    fn best(&self) -> Option<usize> {
        self.tried.iter().find(|(_, meets)| **meets).map(|(setting, _)| *setting)
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
        let verdicts = (self.meets)(settings)?;
        for (&setting, meets) in settings.iter().zip(verdicts) {
            self.tried.insert(setting, meets);
            if !meets {
                self.lattice.at_most(setting).for_each(|lesser| self.is_ruled_out[lesser] = true);
            }
        }
        Ok(())
    }

    /// The open setting that rules out the most of them in the worse of both cases, the cheapest of equals.
    fn most_telling(&self) -> Option<usize> {
        let open = self.open();
        let by_missing = self.lattice.count_at_most(&open);
        let mut by_meeting = open.iter().filter(|is_open| **is_open).count();
        let mut found: Option<(usize, usize)> = None;
        for setting in (0..open.len()).filter(|&setting| open[setting]) {
            let tells = by_missing[setting].min(by_meeting);
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

/// Each setting that meets the targets, with the cheapest that does not though it has no less of anything; not those
/// between which another lies.
fn exceptions(lattice: &Lattice, tried: &BTreeMap<usize, bool>) -> Vec<(usize, usize)> {
    let of = |verdict: bool| tried.iter().filter(move |(_, meets)| **meets == verdict).map(|(&setting, _)| setting);
    let is_between = |one: usize, lesser: usize, greater: usize| {
        one != lesser && lattice.is_at_most(lesser, one) && lattice.is_at_most(one, greater)
    };
    let pairs = of(true).filter_map(|met| Some((met, of(false).find(|&missed| lattice.is_at_most(met, missed))?)));
    pairs.filter(|&(met, missed)| !of(true).any(|one| is_between(one, met, missed))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(lattice: &Lattice, budget: usize, truth: &[bool]) -> Found {
        let mut try_them = |settings: &[usize]| Ok(settings.iter().map(|&s| truth[s]).collect());
        search(lattice, budget, &mut try_them).unwrap()
    }

    /// Settings in the order of what they cost, by group and place, with a truth.
    #[derive(Debug)]
    struct World {
        sizes: Vec<usize>,
        settings: Vec<(usize, Vec<usize>)>,
        lattice: Lattice,
        truth: Vec<bool>,
    }

    impl World {
        /// `prices` has the price of a step along each range in each group; one of nothing is a price too.
        fn new(sizes: &[usize], prices: &[Vec<u64>], meets: impl Fn(usize, &[usize]) -> bool) -> World {
            let cells = sizes.iter().fold(vec![Vec::new()], |cells: Vec<Vec<usize>>, &size| {
                cells.iter().flat_map(|cell| (0..size).map(|place| [&cell[..], &[place]].concat())).collect()
            });
            let all = (0..prices.len()).flat_map(|group| cells.iter().map(move |cell| (group, cell.clone())));
            let mut settings: Vec<(usize, Vec<usize>)> = all.collect();
            let cost = |(group, cell): &(usize, Vec<usize>)| {
                cell.iter().zip(&prices[*group]).map(|(&place, price)| (place as u64 + 1) * price).sum::<u64>()
            };
            settings.sort_by_key(|setting| (cost(setting), setting.1.clone(), setting.0));
            World {
                sizes: sizes.to_vec(),
                lattice: Lattice::new(sizes.to_vec(), &settings),
                truth: settings.iter().map(|(group, cell)| meets(*group, cell)).collect(),
                settings,
            }
        }

        fn best(&self) -> Option<usize> {
            self.truth.iter().position(|&meets| meets)
        }

        fn is_at_most(&self, lesser: usize, greater: usize) -> bool {
            let (lesser, greater) = (&self.settings[lesser], &self.settings[greater]);
            lesser.0 == greater.0 && lesser.1.iter().zip(&greater.1).all(|(a, b)| a <= b)
        }

        /// How many settings are cheaper than the best, and so are none with one step more of something.
        fn boundary(&self) -> usize {
            let below = self.best().unwrap_or(self.truth.len());
            let is_greatest = |s: usize| (s + 1..below).all(|greater| !self.is_at_most(s, greater));
            (0..below).filter(|&setting| is_greatest(setting)).count()
        }
    }

    /// Groups in which a setting meets the targets where it has no less of anything than one of a few.
    fn monotone(sizes: std::ops::Range<usize>, dimensions: std::ops::Range<usize>) -> impl Strategy<Value = World> {
        let group = |ranges: usize| {
            let few = proptest::collection::vec(proptest::collection::vec(0.0..1.0_f64, ranges), 0..6);
            (proptest::collection::vec(0..20_u64, ranges), few)
        };
        let world = proptest::collection::vec(sizes, dimensions)
            .prop_flat_map(move |sizes| (proptest::collection::vec(group(sizes.len()), 1..5), Just(sizes)));
        world.prop_map(|(groups, sizes)| {
            let (prices, few): (Vec<Vec<u64>>, Vec<Vec<Vec<f64>>>) = groups.into_iter().unzip();
            let enough = |one: &[f64], cell: &[usize]| {
                cell.iter().zip(one).zip(&sizes).all(|((&place, share), &size)| place >= (share * size as f64) as usize)
            };
            World::new(&sizes, &prices, |group, cell| few[group].iter().any(|one| enough(one, cell)))
        })
    }

    fn halvings(settings: usize) -> usize {
        settings.ilog2() as usize + 1
    }

    proptest! {
        /// Where the expectation holds, one range takes an end and halvings for each group.
        #[test]
        fn halving_finds_the_optimum(world in monotone(1..200, 1..2)) {
            let groups = world.settings.len() / world.sizes[0];
            let found = found(&world.lattice, groups * (1 + halvings(world.sizes[0])), &world.truth);
            prop_assert_eq!(found.best, world.best());
            prop_assert_eq!((found.undecided, found.exceptions.len()), (0, 0));
        }

        /// With several ranges each setting of the boundary may have to be tried; it takes no more than twice that, and
        /// halvings to come near.
        #[test]
        fn several_ranges_take_their_boundary(world in monotone(1..16, 2..4)) {
            let groups = world.settings.len() / world.sizes.iter().product::<usize>();
            let budget = 2 * world.boundary() + 2 * groups * halvings(world.settings.len());
            let found = found(&world.lattice, budget, &world.truth);
            prop_assert_eq!(found.best, world.best());
            prop_assert_eq!((found.undecided, found.exceptions.len()), (0, 0));
        }

        /// Where it does not, a budget for all settings finds it as well; a smaller one is kept and never lies.
        #[test]
        fn nothing_is_expected_in_vain(
            mut world in monotone(1..6, 0..4),
            odd in proptest::collection::vec(any::<bool>(), 125 * 4),
            budget in 1..150_usize,
        ) {
            world.truth = world.truth.iter().zip(odd).map(|(&truth, odd)| truth != odd).collect();
            let found = found(&world.lattice, budget, &world.truth);
            prop_assert!(found.tried.len() <= budget);
            prop_assert!(found.tried.iter().all(|(&setting, &meets)| world.truth[setting] == meets));
            if found.cheaper_untried == 0 {
                prop_assert_eq!(found.best, world.best());
            } else {
                prop_assert_eq!(found.tried.len(), budget, "cheaper ones are left only by the budget");
            }
            let tried = |verdict: bool| found.tried.iter().filter(move |(_, meets)| **meets == verdict).map(|(s, _)| *s);
            let is_against = |&(met, missed): &(usize, usize)| {
                found.tried[&met] && !found.tried[&missed] && world.is_at_most(met, missed)
            };
            prop_assert!(found.exceptions.iter().all(is_against));
            let any = tried(true).any(|met| tried(false).any(|missed| world.is_at_most(met, missed)));
            prop_assert_eq!(any, !found.exceptions.is_empty());
        }
    }

    fn line(truth: &[bool]) -> World {
        World::new(&[truth.len()], &[vec![1]], |_, place| truth[place[0]])
    }

    #[test]
    fn the_dearest_is_no_trial_too_many() {
        for boundary in 0..40 {
            let world = line(&(0..40).map(|setting| setting >= boundary).collect::<Vec<_>>());
            let found = found(&world.lattice, 7, &world.truth);
            assert_eq!((found.best, found.undecided), (Some(boundary), 0));
        }
    }

    #[test]
    fn an_exception_is_told() {
        let world = line(&[false, true, false, false, true, true]);
        let found = found(&world.lattice, 6, &world.truth);
        assert_eq!((found.best, found.cheaper_untried), (Some(1), 0));
        assert_eq!(found.exceptions, [(1, 2)]);
    }

    /// The most fails, so all are expected to; the ends are tried before what lies between them.
    #[test]
    fn less_may_be_better() {
        let world = line(&(0..40).map(|setting| setting < 10).collect::<Vec<_>>());
        let found = found(&world.lattice, 2, &world.truth);
        assert_eq!((found.best, found.cheaper), (Some(0), 0));
        assert_eq!(found.exceptions, [(0, 39)]);
    }

    /// A range of which the most is the cheapest: what is expected to be as good as the best is tried while it is cheaper.
    #[test]
    fn more_may_be_cheaper() {
        let settings: Vec<(usize, Vec<usize>)> = (0..40).rev().map(|place| (0, vec![place])).collect();
        let lattice = Lattice::new(vec![40], &settings);
        let truth: Vec<bool> = (0..40).map(|setting| setting < 20).collect();
        assert_eq!(found(&lattice, 2, &truth).best, Some(0));
    }
}
