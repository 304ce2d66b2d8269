//! What is expected of settings before any was tried: that more of a range is better, or thriftier where it costs nothing.
//!
//! Settings that agree in all keys but the ranges are a group, a grid of as many dimensions as there are ranges. What one
//! setting of a group [`Need`]s, another is expected to need as well that has no more of any range (or, for thrift, no less
//! of any that costs). Between groups, as between two settings of which each has more of something, nothing is expected.

/// What would help a setting that misses a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// More of every range: jobs wait.
    More,
    /// Less of the ranges that cost, more of those that do not: too much of what is paid for goes unused.
    Thrift,
}

/// A key that is a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// How many values it has.
    pub size: usize,
    /// Whether more of it costs more.
    pub is_costly: bool,
}

impl Range {
    fn is_turned(self, need: Need) -> bool {
        need == Need::Thrift && self.is_costly
    }
}

/// Settings, which are numbers, by their places on the grids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lattice {
    /// The ranges; none where no key is one, so that each group is one setting.
    ranges: Vec<Range>,
    /// The settings of each group by their cells, the last range turning fastest.
    groups: Vec<Vec<usize>>,
    /// The group and the cell of each setting.
    places: Vec<(usize, usize)>,
}

impl Lattice {
    /// Of ranges, and of each setting the number of its group and its place in each range. Groups are numbered from 0, and
    /// all of them are whole.
    #[must_use]
    pub fn new(ranges: Vec<Range>, settings: &[(usize, Vec<usize>)]) -> Self {
        let cell = |along: &[usize]| ranges.iter().zip(along).fold(0, |cell, (range, place)| cell * range.size + place);
        let places: Vec<(usize, usize)> = settings.iter().map(|(group, along)| (*group, cell(along))).collect();
        let cells: usize = ranges.iter().map(|range| range.size).product();
        let mut groups = vec![vec![0; cells]; places.len() / cells];
        for (setting, &(group, cell)) in places.iter().enumerate() {
            groups[group][cell] = setting;
        }
        Lattice { ranges, groups, places }
    }

    /// How many settings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether `other`, of the same group, is expected to be without a need if `one` is.
    #[must_use]
    pub fn is_no_better(&self, need: Need, one: usize, other: usize) -> bool {
        let (one, other) = (self.places[one], self.places[other]);
        let is_along = |(step, range): (usize, Range)| {
            let (one, other) = (one.1 / step % range.size, other.1 / step % range.size);
            if range.is_turned(need) { one >= other } else { one <= other }
        };
        one.0 == other.0 && self.steps().all(is_along)
    }

    /// All settings that are expected to have a need as well that this one has, it among them.
    pub fn no_better(&self, need: Need, than: usize) -> impl Iterator<Item = usize> {
        let group = &self.groups[self.places[than].0];
        group.iter().copied().filter(move |&one| self.is_no_better(need, one, than))
    }

    /// The settings that have one step less of one range, and as much of the others.
    pub fn one_less(&self, setting: usize) -> impl Iterator<Item = usize> {
        let (group, cell) = self.places[setting];
        let less = self.steps().filter(move |(step, range)| cell / step % range.size > 0);
        less.map(move |(step, _)| self.groups[group][cell - step])
    }

    /// The settings at the end of every range, the one or the other.
    pub fn corners(&self) -> impl Iterator<Item = usize> {
        let is_end = |place: usize, size: usize| place == 0 || place == size - 1;
        let is_corner =
            move |cell: usize| self.steps().all(|(step, range)| is_end(cell / step % range.size, range.size));
        (0..self.len()).filter(move |&setting| is_corner(self.places[setting].1))
    }

    /// Of each setting how many of the `counted` ones are no better: sums along one range after the other, so that it takes
    /// no longer than to look at every setting once a range.
    #[must_use]
    pub fn count_no_better(&self, need: Need, counted: &[bool]) -> Vec<usize> {
        let mut counts = vec![0; self.len()];
        for group in &self.groups {
            let mut sums: Vec<usize> = group.iter().map(|&setting| usize::from(counted[setting])).collect();
            for (step, range) in self.steps() {
                let is_turned = range.is_turned(need);
                for at in 0..sums.len() {
                    let cell = if is_turned { sums.len() - 1 - at } else { at };
                    let (place, end) = (cell / step % range.size, if is_turned { range.size - 1 } else { 0 });
                    if place != end {
                        sums[cell] += sums[if is_turned { cell + step } else { cell - step }];
                    }
                }
            }
            group.iter().zip(sums).for_each(|(&setting, sum)| counts[setting] = sum);
        }
        counts
    }

    /// How far apart the cells of neighbours along each range are, the last range first.
    fn steps(&self) -> impl Iterator<Item = (usize, Range)> {
        self.ranges.iter().rev().scan(1, |step, &range| {
            let this = *step;
            *step *= range.size;
            Some((this, range))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of two by three, in the order of their sums, the first group deciding between equals.
    fn lattice() -> (Lattice, Vec<(usize, Vec<usize>)>) {
        let all = (0..2).flat_map(|group| (0..2).flat_map(move |a| (0..3).map(move |b| (group, vec![a, b]))));
        let mut settings: Vec<(usize, Vec<usize>)> = all.collect();
        settings.sort_by_key(|(group, along)| (along.iter().sum::<usize>(), *group));
        let ranges = vec![Range { size: 2, is_costly: false }, Range { size: 3, is_costly: true }];
        (Lattice::new(ranges, &settings), settings)
    }

    #[test]
    fn order_and_counts_are_those_of_the_places() {
        let (lattice, settings) = lattice();
        let counted: Vec<bool> = (0..12).map(|setting| setting % 3 != 1).collect();
        for need in [Need::More, Need::Thrift] {
            let is_no_better = |one: usize, other: usize| {
                let (one, other) = (&settings[one], &settings[other]);
                let is_along = if need == Need::More { one.1[1] <= other.1[1] } else { one.1[1] >= other.1[1] };
                one.0 == other.0 && one.1[0] <= other.1[0] && is_along
            };
            for (than, &count) in lattice.count_no_better(need, &counted).iter().enumerate() {
                let no_better: Vec<usize> = (0..12).filter(|&one| is_no_better(one, than)).collect();
                assert_eq!(count, no_better.iter().filter(|&&one| counted[one]).count());
                let mut found: Vec<usize> = lattice.no_better(need, than).collect();
                found.sort_unstable();
                assert_eq!(found, no_better);
            }
        }
    }

    #[test]
    fn neighbours_and_corners_are_those_of_the_places() {
        let (lattice, settings) = lattice();
        for greater in 0..12 {
            let sum = |setting: usize| settings[setting].1.iter().sum::<usize>();
            let is_one_less =
                |lesser: &usize| lattice.is_no_better(Need::More, *lesser, greater) && sum(*lesser) + 1 == sum(greater);
            let mut near: Vec<usize> = lattice.one_less(greater).collect();
            near.sort_unstable();
            assert_eq!(near, (0..12).filter(is_one_less).collect::<Vec<_>>());
        }
        let corners: Vec<usize> = lattice.corners().collect();
        assert_eq!(corners, (0..12).filter(|&s| settings[s].1[1] != 1).collect::<Vec<_>>());
    }

    #[test]
    fn without_a_range_each_setting_is_by_itself() {
        let settings: Vec<(usize, Vec<usize>)> = [2, 0, 1].map(|group| (group, Vec::new())).to_vec();
        let lattice = Lattice::new(Vec::new(), &settings);
        assert_eq!(lattice.count_no_better(Need::More, &[true, false, true]), [1, 0, 1]);
        assert!(lattice.is_no_better(Need::More, 1, 1) && !lattice.is_no_better(Need::Thrift, 0, 1));
        assert!(lattice.one_less(2).next().is_none());
    }
}
