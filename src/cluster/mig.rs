//! One GPU cut into MIG instances, and where the next instance begins.
//!
//! An instance stays when its job ends: it can be used again as it is, and the room beside it can be cut further, but a
//! GPU is cut anew only when none of its instances is in use. So a start is chosen that leaves the most open.

use crate::units::mig::{MEMORY_SLICES, PROFILE_COUNT, PROFILES};

/// The instances of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Partition {
    /// The instance that begins at each memory slice: one more than its profile, 0 for none.
    made: [u8; MEMORY_SLICES as usize],
    /// The starts of the instances in use, one bit each.
    busy: u8,
}

impl Partition {
    /// The instances, by start and profile.
    fn instances(&self) -> impl Iterator<Item = (u8, u8)> + use<> {
        let made = self.made;
        (0..MEMORY_SLICES).filter_map(move |start| Some((start, made[start as usize].checked_sub(1)?)))
    }

    /// The memory slices that belong to an instance.
    #[must_use]
    pub fn cut(&self) -> u8 {
        self.instances().fold(0, |mask, (start, profile)| mask | PROFILES[profile as usize].mask(start))
    }

    fn is_busy(&self, start: u8) -> bool {
        self.busy & (1 << start) != 0
    }

    /// Whether there is an instance of `profile` at `start`, in use.
    #[must_use]
    pub fn is_used_at(&self, profile: u8, start: u8) -> bool {
        self.made[start as usize] == profile + 1 && self.is_busy(start)
    }

    /// All instances stay, unused.
    pub fn vacate(&mut self) {
        self.busy = 0;
    }

    /// Whether no instance is in use.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.busy == 0
    }

    /// Whether an instance of `profile` can be used or made at `start`.
    #[must_use]
    pub fn holds(&self, profile: u8, start: u8) -> bool {
        if self.made[start as usize] == profile + 1 {
            return !self.is_busy(start);
        }
        let shape = &PROFILES[profile as usize];
        let engines_taken = shape.media && self.instances().any(|(_, other)| PROFILES[other as usize].media);
        shape.starts.contains(&start) && self.cut() & shape.mask(start) == 0 && !engines_taken
    }

    /// How many more instances of `profile` it can give at once.
    #[must_use]
    pub fn room(&self, profile: u8) -> u32 {
        let shape = &PROFILES[profile as usize];
        let starts = shape.starts.iter().filter(|&&start| self.holds(profile, start)).count() as u32;
        if shape.media { starts.min(1) } else { starts }
    }

    /// Where the next instance of `profile` should be: one that is there and unused, else the start that leaves the most
    /// open, the lowest where several do.
    #[must_use]
    pub fn start_for(&self, profile: u8) -> Option<u8> {
        let starts = PROFILES[profile as usize].starts.iter().copied().filter(|&start| self.holds(profile, start));
        starts.min_by_key(|&start| {
            let there = self.made[start as usize] == profile + 1;
            let mask = self.cut() | PROFILES[profile as usize].mask(start);
            (!there, std::cmp::Reverse(if there { 0 } else { open_starts(mask) }), start)
        })
    }

    /// Uses an instance, making it where it is not there.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn take(&mut self, profile: u8, start: u8) {
        assert!(self.holds(profile, start), "a MIG instance is taken where it does not fit");
        self.made[start as usize] = profile + 1;
        self.busy |= 1 << start;
    }

    /// Gives an instance back; it stays, unused. Whoever cuts the GPU anew when none is in use starts from a new partition.
    ///
    /// # Panics
    /// When it is not in use.
    pub fn give(&mut self, profile: u8, start: u8) {
        assert!(self.is_used_at(profile, start), "a MIG instance is given back that is not in use");
        self.busy &= !(1 << start);
    }

    /// Thousandths of the GPU in unused instances.
    fn unused_milli(&self) -> u16 {
        self.instances().filter(|&(start, _)| !self.is_busy(start)).map(|(_, p)| PROFILES[p as usize].milli()).sum()
    }
}

/// How many starts of profiles are open beside the slices in `mask`, each weighed with its compute slices.
fn open_starts(mask: u8) -> u32 {
    let open = |start: &&u8, profile: usize| PROFILES[profile].mask(**start) & mask == 0;
    let starts = |p: usize| PROFILES[p].starts.iter().filter(|s| open(s, p)).count() as u32;
    (0..PROFILE_COUNT).map(|p| u32::from(PROFILES[p].compute) * starts(p)).sum()
}

/// How much of a GPU the best filling of what is not cut yet comes to, by the mask of the slices that are.
#[derive(Debug, Clone)]
pub struct Fillings(Box<[u16; 256]>);

impl Fillings {
    /// Works all of them out, the fuller before the emptier.
    #[must_use]
    pub fn new() -> Self {
        let mut best = Box::new([0u16; 256]);
        for mask in (0..=u8::MAX).rev() {
            let fitting = PROFILES.iter().flat_map(|p| p.starts.iter().map(move |&start| (p.milli(), p.mask(start))));
            let filled = fitting.filter(|(_, slices)| slices & mask == 0);
            best[mask as usize] =
                filled.map(|(milli, slices)| milli + best[(mask | slices) as usize]).max().unwrap_or(0);
        }
        Fillings(best)
    }

    /// Thousandths of the GPU that jobs could get beside those that have some: unused instances, and the best filling of
    /// the room that is not cut.
    #[must_use]
    pub fn usable_milli(&self, partition: &Partition) -> u16 {
        partition.unused_milli() + self.0[partition.cut() as usize]
    }
}

impl Default for Fillings {
    fn default() -> Self {
        Fillings::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The configurations of the MIG User Guide ("MIG Profiles on A100"; the same on Hopper and Blackwell), by compute
    /// slices from left to right. Profiles of double memory and with media engines are not in that table.
    const GUIDE: [&[u8]; 19] = [
        &[7],
        &[4, 3],
        &[4, 2, 1],
        &[4, 1, 1, 1],
        &[3, 3],
        &[3, 2, 1],
        &[3, 1, 1, 1],
        &[2, 2, 3],
        &[2, 1, 1, 3],
        &[1, 1, 2, 3],
        &[1, 1, 1, 1, 3],
        &[2, 2, 2, 1],
        &[2, 1, 1, 2, 1],
        &[1, 1, 2, 2, 1],
        &[2, 2, 1, 1, 1],
        &[1, 1, 1, 1, 2, 1],
        &[2, 1, 1, 1, 1, 1],
        &[1, 1, 2, 1, 1, 1],
        &[1, 1, 1, 1, 1, 1, 1],
    ];

    /// 1g, 2g, 3g, 4g, 7g in [`PROFILES`].
    const PLAIN: [u8; 5] = [0, 3, 4, 5, 6];

    fn compute(profile: u8) -> u8 {
        PROFILES[profile as usize].compute
    }

    /// Every way to add instances of `profiles` from left to right until none fits; each as compute slices by start.
    fn fillings(profiles: &[u8], partition: Partition, found: &mut std::collections::BTreeSet<Vec<(u8, u8)>>) {
        let mut full = true;
        for &profile in profiles {
            for &start in PROFILES[profile as usize].starts {
                if partition.made[start as usize] == 0 && partition.holds(profile, start) {
                    full = false;
                    let mut more = partition;
                    more.take(profile, start);
                    fillings(profiles, more, found);
                }
            }
        }
        if full {
            found.insert(partition.instances().map(|(start, p)| (start, compute(p))).collect());
        }
    }

    /// Whether the instances fit together, by trying every start of each.
    fn fits(profiles: &[u8], partition: Partition) -> bool {
        let Some((&first, rest)) = profiles.split_first() else { return true };
        PROFILES[first as usize].starts.iter().any(|&start| {
            let free = partition.made[start as usize] == 0 && partition.holds(first, start);
            free && fits(rest, {
                let mut more = partition;
                more.take(first, start);
                more
            })
        })
    }

    /// All full partitions are the nineteen of the guide, no more and no fewer.
    #[test]
    fn the_full_partitions_are_those_of_the_guide() {
        let mut found = std::collections::BTreeSet::new();
        fillings(&PLAIN, Partition::default(), &mut found);
        let mut found: Vec<Vec<u8>> =
            found.into_iter().map(|one| one.into_iter().map(|(_, compute)| compute).collect()).collect();
        let mut guide: Vec<Vec<u8>> = GUIDE.iter().map(|one| one.to_vec()).collect();
        found.sort();
        guide.sort();
        assert_eq!(found, guide);
    }

    /// Of all multisets of up to seven instances those fit that are part of one of the guide's configurations.
    #[test]
    fn as_many_combinations_fit_as_the_guide_says() {
        let (mut all, mut fitting) = (0, 0);
        for code in 0..8u32.pow(5) {
            let counts: Vec<u32> = (0..5).map(|at| code / 8u32.pow(at) % 8).collect();
            if counts.iter().sum::<u32>() > 7 {
                continue;
            }
            let wanted: Vec<u8> = (0..5).flat_map(|at| vec![PLAIN[at]; counts[at] as usize]).collect();
            let within = |config: &&[u8]| {
                let has = |c: u8| config.iter().filter(|&&one| one == c).count() as u32;
                (0..5).all(|at| counts[at] <= has(compute(PLAIN[at])))
            };
            let expected = GUIDE.iter().any(within);
            assert_eq!(fits(&wanted, Partition::default()), expected, "{counts:?}");
            all += 1;
            fitting += u32::from(expected);
        }
        // 12 choose 5 multisets, of which 38 fit (none at all among them).
        assert_eq!((all, fitting), (792, 38));
    }

    /// Instances of one profile alone: as many as the guide's table of each profile says.
    #[test]
    fn one_profile_alone_fits_as_often_as_the_guide_says() {
        for (profile, expected) in [7, 1, 4, 3, 2, 1, 1].into_iter().enumerate() {
            assert_eq!(Partition::default().room(profile as u8), expected);
            let mut partition = Partition::default();
            let mut count = 0;
            while let Some(start) = partition.start_for(profile as u8) {
                partition.take(profile as u8, start);
                count += 1;
            }
            assert_eq!(count, expected, "profile {profile}");
        }
    }

    /// A 1g goes where a 4g is still possible, and a 2g beside it: all seven compute slices are used in the end.
    #[test]
    fn starts_leave_the_largest_profiles_open() {
        let mut partition = Partition::default();
        for (profile, start) in [(0, 6), (3, 4), (5, 0)] {
            assert_eq!(partition.start_for(profile), Some(start));
            partition.take(profile, start);
        }
        assert_eq!((partition.start_for(0), Fillings::new().usable_milli(&partition)), (None, 0));
        let mut halves = Partition::default();
        halves.take(4, halves.start_for(4).unwrap());
        assert!(halves.holds(5, 0), "a 3g leaves the place of the 4g");
    }

    /// While one instance is in use, the others stay as they are.
    #[test]
    fn a_gpu_is_cut_anew_only_when_it_is_empty() {
        let mut partition = Partition::default();
        partition.take(3, 0);
        partition.take(0, 2);
        partition.give(3, 0);
        assert!(!partition.holds(5, 0) && !partition.holds(0, 0) && partition.holds(3, 0));
        assert_eq!(partition.start_for(3), Some(0));
        assert!(!partition.is_unused());
        partition.give(0, 2);
        assert!(partition.is_unused());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is taken and given back: what is held and what could be had never exceed the GPU, and as much as
        /// is called usable can really be had.
        #[test]
        fn held_and_usable_are_never_more_than_a_gpu(steps in proptest::collection::vec((0u8..7, 0u8..8), 1..40)) {
            let table = Fillings::new();
            let mut partition = Partition::default();
            for (profile, start) in steps {
                if partition.holds(profile, start) {
                    partition.take(profile, start);
                } else if let Some((start, profile)) = partition.instances().find(|&(s, _)| partition.is_busy(s)) {
                    partition.give(profile, start);
                    if partition.is_unused() {
                        partition = Partition::default();
                    }
                }
                let held: u16 = partition.instances().filter(|&(s, _)| partition.is_busy(s))
                    .map(|(_, p)| PROFILES[p as usize].milli()).sum();
                prop_assert!(held + table.usable_milli(&partition) <= 1000);
                prop_assert_eq!(best(partition), table.usable_milli(&partition));
            }
        }
    }

    /// The most that jobs can get, by trying all that can be taken.
    fn best(partition: Partition) -> u16 {
        let choices = (0..PROFILE_COUNT as u8).flat_map(|p| PROFILES[p as usize].starts.iter().map(move |&s| (p, s)));
        let fitting = choices.filter(|&(p, s)| partition.holds(p, s));
        let first = fitting.min_by_key(|&(_, start)| start).map(|(_, start)| start);
        let here = |start: u8| {
            let here = (0..PROFILE_COUNT as u8).filter(move |&p| partition.holds(p, start));
            here.map(move |p| {
                let mut more = partition;
                more.take(p, start);
                PROFILES[p as usize].milli() + best(more)
            })
        };
        // Either something begins at the first open start, or nothing does.
        let Some(start) = first else { return 0 };
        here(start).chain([best_without(partition, start)]).max().unwrap_or(0)
    }

    /// The same with nothing at `start`: as if its slice were cut off.
    fn best_without(partition: Partition, start: u8) -> u16 {
        let mut blocked = partition;
        if blocked.made[start as usize] == 0 {
            blocked.made[start as usize] = 1;
        }
        blocked.busy |= 1 << start;
        best(blocked)
    }
}
