//! What is expected of settings before any was tried: more of a range is better.
//!
//! Settings that agree in all keys but the ranges are a group, a grid of as many dimensions as there are ranges. Of two
//! settings of a group the one is expected to be as good as the other where it has no less of any range. Between groups, as
//! between two settings of which each has more of something, nothing is expected.

/// Settings, which are numbers, by their places on the grids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lattice {
    /// How many values each range has; none where no key is a range, so that each group is one setting.
    sizes: Vec<usize>,
    /// The settings of each group by their cells, the last range turning fastest.
    groups: Vec<Vec<usize>>,
    /// The group and the cell of each setting.
    places: Vec<(usize, usize)>,
}

impl Lattice {
    /// Of ranges with `sizes` values, and of each setting the number of its group and its place in each range. Groups are
    /// numbered from 0, and all of them are whole.
    #[must_use]
    pub fn new(sizes: Vec<usize>, settings: &[(usize, Vec<usize>)]) -> Self {
        let cell = |along: &[usize]| sizes.iter().zip(along).fold(0, |cell, (size, place)| cell * size + place);
        let places: Vec<(usize, usize)> = settings.iter().map(|(group, along)| (*group, cell(along))).collect();
        let cells: usize = sizes.iter().product();
        let mut groups = vec![vec![0; cells]; places.len() / cells];
        for (setting, &(group, cell)) in places.iter().enumerate() {
            groups[group][cell] = setting;
        }
        Lattice { sizes, groups, places }
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

    /// Whether `lesser`, of the same group, has no more of any range than `greater`, which is then expected to be as good.
    #[must_use]
    pub fn is_at_most(&self, lesser: usize, greater: usize) -> bool {
        let (lesser, greater) = (self.places[lesser], self.places[greater]);
        lesser.0 == greater.0 && self.steps().all(|(step, size)| lesser.1 / step % size <= greater.1 / step % size)
    }

    /// All settings that are at most `greater`, it among them.
    pub fn at_most(&self, greater: usize) -> impl Iterator<Item = usize> {
        self.groups[self.places[greater].0].iter().copied().filter(move |&lesser| self.is_at_most(lesser, greater))
    }

    /// The settings that have one step less of one range, and as much of the others.
    pub fn one_less(&self, setting: usize) -> impl Iterator<Item = usize> {
        let (group, cell) = self.places[setting];
        let less = self.steps().filter(move |(step, size)| cell / step % size > 0);
        less.map(move |(step, _)| self.groups[group][cell - step])
    }

    /// The settings at the end of every range, the one or the other.
    pub fn corners(&self) -> impl Iterator<Item = usize> {
        let is_end = |place: usize, size: usize| place == 0 || place == size - 1;
        let is_corner = move |cell: usize| self.steps().all(|(step, size)| is_end(cell / step % size, size));
        (0..self.len()).filter(move |&setting| is_corner(self.places[setting].1))
    }

    /// Of each setting how many of the `counted` ones are at most it: sums along one range after the other, so that it takes
    /// no longer than to look at every setting once a range.
    #[must_use]
    pub fn count_at_most(&self, counted: &[bool]) -> Vec<usize> {
        let mut counts = vec![0; self.len()];
        for group in &self.groups {
            let mut sums: Vec<usize> = group.iter().map(|&setting| usize::from(counted[setting])).collect();
            for (step, size) in self.steps() {
                for cell in (0..sums.len()).filter(|cell| cell / step % size > 0) {
                    sums[cell] += sums[cell - step];
                }
            }
            group.iter().zip(sums).for_each(|(&setting, sum)| counts[setting] = sum);
        }
        counts
    }

    /// How far apart the cells of neighbours along each range are, and how many values it has, the last range first.
    fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sizes.iter().rev().scan(1, |step, &size| {
            let this = *step;
            *step *= size;
            Some((this, size))
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
        (Lattice::new(vec![2, 3], &settings), settings)
    }

    #[test]
    fn order_counts_and_neighbours_are_those_of_the_places() {
        let (lattice, settings) = lattice();
        let is_at_most = |lesser: usize, greater: usize| {
            let (lesser, greater) = (&settings[lesser], &settings[greater]);
            lesser.0 == greater.0 && lesser.1[0] <= greater.1[0] && lesser.1[1] <= greater.1[1]
        };
        let counted: Vec<bool> = (0..12).map(|setting| setting % 3 != 1).collect();
        let counts = lattice.count_at_most(&counted);
        for (greater, &count) in counts.iter().enumerate() {
            let lesser: Vec<usize> = (0..12).filter(|&lesser| is_at_most(lesser, greater)).collect();
            assert_eq!(count, lesser.iter().filter(|&&lesser| counted[lesser]).count());
            let sum = |setting: usize| settings[setting].1.iter().sum::<usize>();
            let one_less = |&lesser: &usize| sum(lesser) + 1 == sum(greater);
            let mut near: Vec<usize> = lattice.one_less(greater).collect();
            near.sort_unstable();
            assert_eq!(near, lesser.iter().copied().filter(one_less).collect::<Vec<_>>());
            let mut found: Vec<usize> = lattice.at_most(greater).collect();
            found.sort_unstable();
            assert_eq!(found, lesser);
        }
        let corners: Vec<usize> = lattice.corners().collect();
        assert_eq!(corners, (0..12).filter(|&s| settings[s].1[1] != 1).collect::<Vec<_>>());
    }

    #[test]
    fn without_a_range_each_setting_is_by_itself() {
        let settings: Vec<(usize, Vec<usize>)> = [2, 0, 1].map(|group| (group, Vec::new())).to_vec();
        let lattice = Lattice::new(Vec::new(), &settings);
        assert_eq!(lattice.count_at_most(&[true, false, true]), [1, 0, 1]);
        assert!(lattice.is_at_most(1, 1) && !lattice.is_at_most(0, 1) && lattice.one_less(2).next().is_none());
    }
}
