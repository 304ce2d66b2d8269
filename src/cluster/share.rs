//! The GPUs of a pool that are in use by shares or MIG instances, indexed so that the next slice finds its GPU.
//!
//! To whoever asks for whole GPUs, a shared GPU is taken from its first slice until its last has gone. It has a number
//! among the shared GPUs of its node, so that a slice is given back where it was taken.

use std::collections::{BTreeMap, BTreeSet};

use super::allocation::Seat;
use super::mig::{Fillings, Partition};
use super::request::Slice;
use super::spec::Sharing;
use crate::units::gpus::MILLI_PER_GPU;
use crate::units::mig::{PROFILE_COUNT, PROFILES};

const WHOLE: u16 = MILLI_PER_GPU as u16;

/// A shared GPU: its node and its number there.
pub type GpuId = (u32, u16);

/// What a request takes of each of its GPUs in a pool that shares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A share.
    Share {
        /// Thousandths of the GPU.
        milli: u16,
        /// Megabytes of its memory.
        memory_mb: u32,
    },
    /// A MIG instance.
    Instance {
        /// Which of [`PROFILES`].
        profile: u8,
    },
}

impl Cut {
    /// Thousandths of the GPU that it holds.
    #[must_use]
    pub fn milli(&self) -> u16 {
        match *self {
            Cut::Share { milli, .. } => milli,
            Cut::Instance { profile } => PROFILES[profile as usize].milli(),
        }
    }

    /// The set of the index in which the GPUs are that may hold it.
    fn kind(&self) -> usize {
        match *self {
            Cut::Share { .. } => 0,
            Cut::Instance { profile } => profile as usize,
        }
    }
}

/// What lies on a shared GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Shares { milli: u16, memory_mb: u32, count: u16 },
    Instances { held: u16, partition: Partition },
}

/// A GPU in use by slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedGpu {
    /// The island of its node in which it lies; 0 where islands are not told apart.
    pub lane: u8,
    content: Content,
}

impl SharedGpu {
    /// A GPU with nothing on it yet.
    #[must_use]
    pub fn empty(sharing: Sharing, lane: u8) -> Self {
        let content = match sharing {
            Sharing::Shares { .. } => Content::Shares { milli: 0, memory_mb: 0, count: 0 },
            Sharing::Mig(_) => Content::Instances { held: 0, partition: Partition::default() },
        };
        SharedGpu { lane, content }
    }

    /// Thousandths that nobody holds.
    #[must_use]
    pub fn free_milli(&self) -> u16 {
        match self.content {
            Content::Shares { milli, .. } => WHOLE - milli,
            Content::Instances { held, .. } => WHOLE - held,
        }
    }

    /// How many more of `cut` it holds.
    #[must_use]
    pub fn room(&self, sharing: Sharing, cut: Cut) -> u32 {
        match (self.content, cut, sharing) {
            (
                Content::Shares { milli, memory_mb, count },
                Cut::Share { milli: more, memory_mb: memory },
                Sharing::Shares { most, memory_mb: all, .. },
            ) => {
                let by_milli = u32::from((WHOLE - milli) / more.max(1));
                let memory_left = all.map_or(u32::MAX, |all| all - memory_mb);
                let by_memory = memory_left.checked_div(memory).unwrap_or(u32::MAX);
                by_milli.min(by_memory).min(u32::from(most - count))
            }
            (Content::Instances { partition, .. }, Cut::Instance { profile }, _) => partition.room(profile),
            _ => 0,
        }
    }

    /// Where on it, the GPU `number`, the next `cut` goes.
    #[must_use]
    pub fn seat(&self, sharing: Sharing, cut: Cut, number: u16) -> Option<Seat> {
        match (self.content, cut) {
            (Content::Instances { partition, .. }, Cut::Instance { profile }) => {
                let start = partition.start_for(profile)?;
                Some(Seat::Instance { gpu: number, start, profile })
            }
            _ => (self.room(sharing, cut) > 0).then_some(Seat::Share { gpu: number }),
        }
    }

    /// Whether `cut` can be taken in this very seat.
    #[must_use]
    pub fn holds(&self, sharing: Sharing, cut: Cut, seat: Seat) -> bool {
        match (self.content, cut, seat) {
            (Content::Instances { partition, .. }, Cut::Instance { profile }, Seat::Instance { start, .. }) => {
                partition.holds(profile, start)
            }
            (Content::Shares { .. }, Cut::Share { .. }, Seat::Share { .. }) => self.room(sharing, cut) > 0,
            _ => false,
        }
    }

    /// Takes a seat.
    ///
    /// # Panics
    /// When there is no room: the caller has checked.
    pub fn take(&mut self, cut: Cut, seat: Seat) {
        match (&mut self.content, cut, seat) {
            (Content::Shares { milli, memory_mb, count }, Cut::Share { milli: more, memory_mb: memory }, _) => {
                *milli += more;
                *memory_mb += memory;
                *count += 1;
                assert!(*milli <= WHOLE, "more than a GPU is shared out");
            }
            (Content::Instances { held, partition }, Cut::Instance { profile }, Seat::Instance { start, .. }) => {
                partition.take(profile, start);
                *held += cut.milli();
            }
            _ => unreachable!("a pool has shares or instances, not both"),
        }
    }

    /// Gives a seat back.
    ///
    /// # Panics
    /// When it is not taken.
    fn give(&mut self, cut: Cut, seat: Seat) {
        match (&mut self.content, cut, seat) {
            (Content::Shares { milli, memory_mb, count }, Cut::Share { milli: less, memory_mb: memory }, _) => {
                *milli = milli.checked_sub(less).expect("a share is given back that nobody has");
                *memory_mb -= memory;
                *count -= 1;
            }
            (Content::Instances { held, partition }, Cut::Instance { profile }, Seat::Instance { start, .. }) => {
                partition.give(profile, start);
                *held -= cut.milli();
            }
            _ => unreachable!("a pool has shares or instances, not both"),
        }
    }

    /// The same GPU with its instances, nobody on it.
    fn vacated(mut self) -> Self {
        match &mut self.content {
            Content::Shares { milli, memory_mb, count } => (*milli, *memory_mb, *count) = (0, 0, 0),
            Content::Instances { held, partition } => {
                *held = 0;
                partition.vacate();
            }
        }
        self
    }

    fn is_unused(&self) -> bool {
        match self.content {
            Content::Shares { count, .. } => count == 0,
            Content::Instances { partition, .. } => partition.is_unused(),
        }
    }
}

/// Who takes a seat in a look at the pool in another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// Anybody: a GPU on which nobody has a seat is as good as new.
    Anybody,
    /// Who really has it and has given it back in this look: the GPU is cut as it really is.
    Owner,
}

/// What became of a GPU when a seat was taken or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was a free GPU, in this island, and is shared now; or the other way round.
    Gpu(u8),
    /// It was and is shared.
    None,
}

/// The shared GPUs of a pool.
#[derive(Debug, Clone)]
pub struct Shares {
    sharing: Sharing,
    fillings: Fillings,
    gpus: BTreeMap<GpuId, SharedGpu>,
    /// By [`Cut::kind`]: the GPUs that may hold one more, by free thousandths.
    with_room: Vec<BTreeSet<(u16, GpuId)>>,
    /// Thousandths of shared GPUs that somebody could get yet.
    usable_milli: u64,
    /// Thousandths of shared GPUs that nobody holds nor can get.
    lost_milli: u64,
    /// Nodes whose shared GPUs take nobody more.
    frozen: BTreeSet<u32>,
    /// GPUs as they were before a look at the pool in another state.
    before: Option<BTreeMap<GpuId, Option<SharedGpu>>>,
}

impl Shares {
    /// No GPU is shared yet.
    #[must_use]
    pub fn new(sharing: Sharing) -> Self {
        let kinds = match sharing {
            Sharing::Shares { .. } => 1,
            Sharing::Mig(_) => PROFILE_COUNT,
        };
        Shares {
            sharing,
            fillings: Fillings::new(),
            gpus: BTreeMap::new(),
            with_room: vec![BTreeSet::new(); kinds],
            usable_milli: 0,
            lost_milli: 0,
            frozen: BTreeSet::new(),
            before: None,
        }
    }

    /// How the pool is shared.
    #[must_use]
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// What a request takes of each of its GPUs; `None`: all of it.
    #[must_use]
    pub fn cut(&self, slice: Slice) -> Option<Cut> {
        match (slice, self.sharing) {
            (Slice::Whole, _) | (Slice::Mig(_), Sharing::Shares { .. }) => None,
            (Slice::Mig(name), Sharing::Mig(names)) => names.find(name).map(|profile| Cut::Instance { profile }),
            (Slice::Share { milli, memory_mb }, Sharing::Mig(names)) => {
                names.covering(milli, memory_mb.unwrap_or(0)).map(|profile| Cut::Instance { profile })
            }
            (Slice::Share { milli, memory_mb }, Sharing::Shares { memory_mb: all, .. }) => {
                let part = |all: u32| (u64::from(all) * u64::from(milli) / MILLI_PER_GPU) as u32;
                let memory_mb = all.map_or(0, |all| memory_mb.unwrap_or_else(|| part(all)));
                (all.is_none_or(|all| memory_mb <= all)).then_some(Cut::Share { milli, memory_mb })
            }
        }
    }

    /// How many GPUs are shared.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gpus.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gpus.is_empty()
    }

    /// Thousandths of shared GPUs that somebody could get yet, and those that nobody holds nor can get.
    #[must_use]
    pub fn free_milli(&self) -> (u64, u64) {
        (self.usable_milli, self.lost_milli)
    }

    /// A shared GPU.
    #[must_use]
    pub fn gpu(&self, id: GpuId) -> Option<&SharedGpu> {
        self.gpus.get(&id)
    }

    /// Whether any GPU of a node is shared.
    #[must_use]
    pub fn any_on(&self, node: u32) -> bool {
        self.gpus.range((node, 0)..=(node, u16::MAX)).next().is_some()
    }

    /// Whether the shared GPUs of a node take nobody more.
    #[must_use]
    pub fn is_frozen(&self, node: u32) -> bool {
        self.frozen.contains(&node)
    }

    /// Lets the shared GPUs of a node take nobody more, or again.
    pub fn freeze(&mut self, node: u32, frozen: bool) {
        if frozen {
            self.frozen.insert(node);
        } else {
            self.frozen.remove(&node);
        }
    }

    /// The numbers of free thousandths, ascending, of the GPUs that may hold one more `cut`.
    pub fn levels(&self, cut: Cut) -> impl Iterator<Item = u16> {
        let set = &self.with_room[cut.kind()];
        let lowest = if matches!(cut, Cut::Share { .. }) { cut.milli() } else { 0 };
        let mut from = lowest;
        std::iter::from_fn(move || {
            let &(level, _) = set.range((from, (0, 0))..).next()?;
            from = level + 1;
            Some(level)
        })
    }

    /// The GPUs of a range of nodes with so many free thousandths that may hold one more `cut`.
    pub fn at_level(&self, cut: Cut, level: u16, nodes: &std::ops::Range<usize>) -> impl Iterator<Item = GpuId> {
        let (from, to) = (nodes.start as u32, nodes.end as u32);
        self.with_room[cut.kind()].range((level, (from, 0))..(level, (to, 0))).map(|&(_, id)| id)
    }

    /// Takes a seat on the GPU `id`, which lies in island `lane` if it is not shared yet.
    pub fn take(&mut self, id: GpuId, lane: u8, cut: Cut, seat: Seat, taker: Taker) -> Change {
        let before = self.gpus.get(&id).copied();
        let mut gpu = before.unwrap_or_else(|| self.opened(id, lane, taker));
        gpu.take(cut, seat);
        self.set(id, Some(gpu));
        if before.is_none() { Change::Gpu(lane) } else { Change::None }
    }

    /// A GPU on which nobody has a seat.
    fn opened(&self, id: GpuId, lane: u8, taker: Taker) -> SharedGpu {
        let really = self.before.as_ref().and_then(|before| before.get(&id).copied().flatten());
        match really.filter(|_| taker == Taker::Owner) {
            Some(gpu) => gpu.vacated(),
            None => SharedGpu::empty(self.sharing, lane),
        }
    }

    /// Gives a seat back.
    ///
    /// # Panics
    /// When it is not taken.
    pub fn give(&mut self, id: GpuId, cut: Cut, seat: Seat) -> Change {
        let mut gpu = *self.gpus.get(&id).expect("a slice of a GPU is given back that is not shared");
        gpu.give(cut, seat);
        let unused = gpu.is_unused();
        self.set(id, Some(gpu).filter(|_| !unused));
        if unused { Change::Gpu(gpu.lane) } else { Change::None }
    }

    /// Puts a GPU into another state, and the index with it.
    fn set(&mut self, id: GpuId, state: Option<SharedGpu>) {
        let old = match state {
            Some(state) => self.gpus.insert(id, state),
            None => self.gpus.remove(&id),
        };
        if let Some(before) = &mut self.before {
            before.entry(id).or_insert(old);
        }
        if let Some(old) = old {
            for kind in self.kinds(&old) {
                self.with_room[kind].remove(&(old.free_milli(), id));
            }
            let (usable, lost) = self.split(&old);
            self.usable_milli -= usable;
            self.lost_milli -= lost;
        }
        if let Some(new) = state {
            for kind in self.kinds(&new) {
                self.with_room[kind].insert((new.free_milli(), id));
            }
            let (usable, lost) = self.split(&new);
            self.usable_milli += usable;
            self.lost_milli += lost;
        }
    }

    /// The sets of the index in which a GPU belongs.
    fn kinds(&self, gpu: &SharedGpu) -> Vec<usize> {
        match (gpu.content, self.sharing) {
            (Content::Shares { milli, count, .. }, Sharing::Shares { most, .. }) => {
                if milli < WHOLE && count < most {
                    vec![0]
                } else {
                    Vec::new()
                }
            }
            (Content::Instances { partition, .. }, _) => {
                (0..PROFILE_COUNT).filter(|&profile| partition.room(profile as u8) > 0).collect()
            }
            (Content::Shares { .. }, Sharing::Mig(_)) => Vec::new(),
        }
    }

    /// Of what nobody holds of a GPU: what somebody could get, and what is lost.
    fn split(&self, gpu: &SharedGpu) -> (u64, u64) {
        let free = gpu.free_milli();
        let usable = match gpu.content {
            Content::Shares { .. } => free,
            Content::Instances { partition, .. } => self.fillings.usable_milli(&partition),
        };
        (u64::from(usable), u64::from(free - usable))
    }

    /// From now on every change is remembered, until [`Shares::restore`].
    pub fn remember(&mut self) {
        self.before = Some(BTreeMap::new());
    }

    /// All GPUs are again as they were when [`Shares::remember`] was called: also instances that nobody uses, which
    /// giving back what was taken would not restore.
    pub fn restore(&mut self) {
        for (id, state) in self.before.take().unwrap_or_default() {
            self.set(id, state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::mig::GB80;
    use proptest::prelude::*;

    /// Everything that the index says, and the sums.
    fn shown(shares: &Shares) -> String {
        format!("{:?} {:?} {:?}", shares.gpus, shares.with_room, shares.free_milli())
    }

    /// Takes a seat for each step that has one, gives another back for each that has none.
    fn walk(shares: &mut Shares, seats: &mut Vec<(GpuId, Cut, Seat)>, steps: &[(u16, u8, usize)]) {
        for &(gpu, profile, at) in steps {
            let (id, cut) = ((0, gpu), Cut::Instance { profile });
            let there = shares.gpu(id).copied().unwrap_or_else(|| SharedGpu::empty(shares.sharing(), 0));
            if let Some(seat) = there.seat(shares.sharing(), cut, gpu) {
                shares.take(id, 0, cut, seat, Taker::Anybody);
                seats.push((id, cut, seat));
            } else if !seats.is_empty() {
                let (id, cut, seat) = seats.swap_remove(at % seats.len());
                shares.give(id, cut, seat);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// After a look at other states all is as before, also the instances that nobody uses; and the index is what a
        /// scan of the GPUs would make.
        #[test]
        fn a_look_leaves_nothing_behind(
            steps in proptest::collection::vec((0u16..3, 0u8..7, 0usize..20), 1..40),
            looks in proptest::collection::vec((0u16..3, 0u8..7, 0usize..20), 1..40),
        ) {
            let mut shares = Shares::new(Sharing::Mig(&GB80));
            let mut seats = Vec::new();
            walk(&mut shares, &mut seats, &steps);
            let before = shown(&shares);
            shares.remember();
            walk(&mut shares, &mut seats.clone(), &looks);
            shares.restore();
            prop_assert_eq!(shown(&shares), before);
            for profile in 0..PROFILE_COUNT as u8 {
                let cut = Cut::Instance { profile };
                let room = |gpu: &SharedGpu| gpu.room(shares.sharing(), cut) > 0;
                let scan: BTreeSet<GpuId> = shares.gpus.iter().filter(|(_, gpu)| room(gpu)).map(|(&id, _)| id).collect();
                let found: BTreeSet<GpuId> = shares.levels(cut).flat_map(|l| shares.at_level(cut, l, &(0..1))).collect();
                prop_assert_eq!(found, scan);
            }
        }
    }
}
