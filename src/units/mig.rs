//! MIG: how one GPU is cut into instances.
//!
//! A GPU has seven compute slices and eight memory slices. An instance of a profile occupies a run of memory slices that
//! begins at one of the profile's starts; two instances may not overlap. All MIG parts of the catalog have these seven
//! profiles and these starts and differ in their memory alone, so in their profiles' names.
//!
//! Source: NVIDIA MIG User Guide, profile tables of each GPU; the starts are those that `nvidia-smi mig -lgipp` lists
//! on A100 and H100 (`{0,1,2,3,4,5,6}:1`, `{0,2,4,6}:2`, `{0,2,4}:2`, `{0,4}:4`, `{0}:4`, `{0}:8`). For Blackwell the
//! published counts of instances (7, 4, 3, 2, 1, 1) agree with them.

use std::fmt;

use super::gpus::MILLI_PER_GPU;
use super::suggest;

/// Compute slices of a GPU.
pub const COMPUTE_SLICES: u8 = 7;

/// Memory slices of a GPU.
pub const MEMORY_SLICES: u8 = 8;

/// The shape of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Compute slices, of [`COMPUTE_SLICES`].
    pub compute: u8,
    /// Memory slices, of [`MEMORY_SLICES`].
    pub memory: u8,
    /// The memory slices at which it may begin.
    pub starts: &'static [u8],
    /// Whether it has the media engines, of which a GPU has one set.
    pub media: bool,
}

/// Profiles of a GPU.
pub const PROFILE_COUNT: usize = 7;

/// The profiles, smallest first: 1g, 1g with media engines, 1g of double memory, 2g, 3g, 4g, 7g.
pub const PROFILES: [Profile; PROFILE_COUNT] = [
    Profile { compute: 1, memory: 1, starts: &[0, 1, 2, 3, 4, 5, 6], media: false },
    Profile { compute: 1, memory: 1, starts: &[0, 1, 2, 3, 4, 5, 6], media: true },
    Profile { compute: 1, memory: 2, starts: &[0, 2, 4, 6], media: false },
    Profile { compute: 2, memory: 2, starts: &[0, 2, 4], media: false },
    Profile { compute: 3, memory: 4, starts: &[0, 4], media: false },
    Profile { compute: 4, memory: 4, starts: &[0], media: false },
    Profile { compute: 7, memory: 8, starts: &[0], media: false },
];

impl Profile {
    /// Thousandths of a GPU: the compute slices out of seven, rounded down, so that all that fit on a GPU are no more
    /// than the GPU.
    #[must_use]
    pub const fn milli(&self) -> u16 {
        (self.compute as u64 * MILLI_PER_GPU / COMPUTE_SLICES as u64) as u16
    }

    /// The memory slices of an instance that begins at `start`, one bit each.
    #[must_use]
    pub const fn mask(&self, start: u8) -> u8 {
        (((1u16 << self.memory) - 1) << start) as u8
    }
}

/// The names of the profiles of one GPU type, in the order of [`PROFILES`].
#[derive(Debug, PartialEq, Eq)]
pub struct MigNames([&'static str; PROFILE_COUNT]);

/// A100 with 40 GB.
pub static GB40: MigNames = MigNames(["1g.5gb", "1g.5gb+me", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"]);
/// A100 and H100 with 80 GB.
pub static GB80: MigNames = MigNames(["1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]);
/// H100 NVL.
pub static GB94: MigNames = MigNames(["1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.47gb", "4g.47gb", "7g.94gb"]);
/// GH200 with 96 GB.
pub static GB96: MigNames = MigNames(["1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.48gb", "4g.48gb", "7g.96gb"]);
/// H200.
pub static GB141: MigNames =
    MigNames(["1g.18gb", "1g.18gb+me", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"]);
/// B200.
pub static GB180: MigNames =
    MigNames(["1g.23gb", "1g.23gb+me", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb", "7g.180gb"]);
/// GB200.
pub static GB186: MigNames =
    MigNames(["1g.23gb", "1g.23gb+me", "1g.47gb", "2g.47gb", "3g.93gb", "4g.93gb", "7g.186gb"]);
/// B300.
pub static GB269: MigNames =
    MigNames(["1g.34gb", "1g.34gb+me", "1g.67gb", "2g.67gb", "3g.135gb", "4g.135gb", "7g.269gb"]);
/// GB300.
pub static GB278: MigNames =
    MigNames(["1g.35gb", "1g.35gb+me", "1g.70gb", "2g.70gb", "3g.139gb", "4g.139gb", "7g.278gb"]);

static ALL: [&MigNames; 9] = [&GB40, &GB80, &GB94, &GB96, &GB141, &GB180, &GB186, &GB269, &GB278];

impl MigNames {
    /// The names.
    #[must_use]
    pub fn names(&self) -> &[&'static str; PROFILE_COUNT] {
        &self.0
    }

    /// Which of [`PROFILES`] has this name here, if any.
    #[must_use]
    pub fn find(&self, name: MigName) -> Option<u8> {
        self.0.iter().position(|&known| known == name.as_str()).map(|at| at as u8)
    }

    /// Megabytes of memory of a profile, as its name says.
    #[must_use]
    pub fn memory_mb(&self, profile: u8) -> u32 {
        let gigabytes = self.0[profile as usize].split_once('.').and_then(|(_, rest)| rest.split_once("gb"));
        gigabytes.and_then(|(number, _)| number.parse::<u32>().ok()).map_or(0, |gb| gb * 1000)
    }

    /// The smallest profile, by memory and then by compute, with at least so many thousandths of a GPU and megabytes.
    #[must_use]
    pub fn covering(&self, milli: u16, memory_mb: u32) -> Option<u8> {
        let covers = |&at: &u8| {
            let profile = &PROFILES[at as usize];
            !profile.media && profile.milli() >= milli && self.memory_mb(at) >= memory_mb
        };
        let size = |&at: &u8| (PROFILES[at as usize].memory, PROFILES[at as usize].compute);
        (0..PROFILE_COUNT as u8).filter(covers).min_by_key(size)
    }
}

/// A profile by name, such as `1g.10gb`: one that some GPU type has. What it is depends on the GPU: `1g.10gb` is all
/// of a slice's memory on an A100 with 80 GB, that of two slices on one with 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MigName(u8);

impl MigName {
    /// The profile with this name, if any GPU type has one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        all_names().position(|known| known == name).map(|at| MigName(at as u8))
    }

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ALL[self.0 as usize / PROFILE_COUNT].0[self.0 as usize % PROFILE_COUNT]
    }

    /// Thousandths of a GPU, as [`Profile::milli`]: a name has the same compute slices on every GPU.
    #[must_use]
    pub fn milli(self) -> u16 {
        PROFILES[self.0 as usize % PROFILE_COUNT].milli()
    }

    /// The end of a message about a name that is none: the nearest one, or those with as many compute slices.
    #[must_use]
    pub fn hint(name: &str) -> String {
        let mut names: Vec<&str> = Vec::new();
        all_names().for_each(|known| {
            if !names.contains(&known) {
                names.push(known)
            }
        });
        let slices = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let family: Vec<&str> = names.iter().copied().filter(|known| slices(known) == slices(name)).collect();
        let strange = suggest::nearest(name, names.iter().copied()).is_none();
        suggest::hint(name, if strange && !family.is_empty() { &family } else { &names })
    }
}

impl fmt::Display for MigName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn all_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|names| names.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name says its compute slices, and a profile of double memory has the memory of a 2g.
    #[test]
    fn names_and_shapes_agree() {
        for names in ALL {
            for (at, name) in names.names().iter().enumerate() {
                let compute = name.split_once("g.").unwrap().0;
                assert_eq!(compute, PROFILES[at].compute.to_string(), "{name}");
                assert_eq!(name.ends_with("+me"), PROFILES[at].media, "{name}");
                let found = MigName::parse(name).unwrap();
                assert_eq!((found.as_str(), found.milli()), (*name, PROFILES[at].milli()));
                assert_eq!(names.find(found), Some(at as u8));
            }
            assert_eq!(names.memory_mb(2), names.memory_mb(3));
            assert!(names.memory_mb(6) >= 2 * names.memory_mb(4) - 1000);
        }
        assert_eq!(MigName::parse("1g.11gb"), None);
        assert_eq!(MigName::hint("1g.11gb"), "; did you mean `1g.10gb`?");
    }

    /// The instances of one profile that fit on a GPU: 7 (and one with media engines), 4, 3, 2, 1, 1.
    #[test]
    fn as_many_starts_as_the_guide_has_instances() {
        let starts: Vec<usize> = PROFILES.iter().map(|profile| profile.starts.len()).collect();
        assert_eq!(starts, [7, 7, 4, 3, 2, 1, 1]);
        for profile in PROFILES {
            for pair in profile.starts.windows(2) {
                assert_eq!(profile.mask(pair[0]) & profile.mask(pair[1]), 0);
            }
            assert!(profile.starts.iter().all(|start| start + profile.memory <= MEMORY_SLICES));
        }
    }

    #[test]
    fn a_share_takes_the_smallest_profile_that_covers_it() {
        for (milli, memory_mb, expected) in [
            (100, 0, Some(0)),
            (142, 10_000, Some(0)),
            (100, 20_000, Some(2)),
            (143, 0, Some(3)),
            (300, 0, Some(4)),
            (500, 0, Some(5)),
            (572, 0, Some(6)),
            (1, 81_000, None),
        ] {
            assert_eq!(GB80.covering(milli, memory_mb), expected, "{milli} {memory_mb}");
        }
    }
}
