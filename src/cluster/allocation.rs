//! What a job holds: on which nodes, how many units, from which islands.

use super::request::Request;

/// Islands of a node are told apart up to this many.
pub const MAX_ISLANDS: usize = 16;

/// GPUs by island of one node; all zero where the pool does not tell islands apart.
pub type Lanes = [u8; MAX_ISLANDS];

/// Units of one job on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The node's number in its pool.
    pub node: u32,
    /// How many units lie there.
    pub units: u32,
    /// Their GPUs by island; for a seat, the island in which its GPU lies.
    pub lanes: Lanes,
    /// What it holds of GPUs.
    pub seat: Seat,
}

/// What a part holds of the GPUs of its node. A unit with slices of several GPUs has a part for each, of which only the
/// first counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// Whole GPUs.
    Whole,
    /// A share of one GPU.
    Share {
        /// The GPU, by its number among the shared ones of the node.
        gpu: u16,
    },
    /// A MIG instance.
    Instance {
        /// The GPU, by its number among the shared ones of the node.
        gpu: u16,
        /// Its first memory slice.
        start: u8,
        /// Which of [`crate::units::mig::PROFILES`].
        profile: u8,
    },
}

/// The parts of an allocation; nearly all are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts {
    /// All on one node.
    One(Part),
    /// On several nodes, each at most once a placement step; slices of GPUs one by one.
    Many(Vec<Part>),
}

/// The resources that a job holds in one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The pool's number.
    pub pool: u16,
    /// Where in it.
    pub parts: Parts,
}

/// Resources of one node, as they are taken from it or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Take {
    /// GPUs.
    pub gpus: u32,
    /// The same GPUs by island.
    pub lanes: Lanes,
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes of memory.
    pub mem: u64,
}

impl Part {
    /// What the part holds of its node beside slices of shared GPUs.
    #[must_use]
    pub fn take(&self, request: &Request) -> Take {
        let units = u64::from(self.units);
        let (cpu, mem) = (units * request.cpu, units * request.mem);
        match self.seat {
            Seat::Whole => Take { gpus: self.units * request.gpus, lanes: self.lanes, cpu, mem },
            Seat::Share { .. } | Seat::Instance { .. } => Take { gpus: 0, lanes: Lanes::default(), cpu, mem },
        }
    }
}

impl Parts {
    /// From a list of at least one.
    #[must_use]
    pub fn of(parts: Vec<Part>) -> Self {
        assert!(!parts.is_empty(), "an allocation has a part");
        if let [part] = parts[..] { Parts::One(part) } else { Parts::Many(parts) }
    }
}

impl Allocation {
    /// The parts of a placement in a pool.
    #[must_use]
    pub fn new(pool: u16, parts: Parts) -> Self {
        Allocation { pool, parts }
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        match &self.parts {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }

    /// Whether it lies on whole GPUs.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.parts().iter().all(|part| part.seat == Seat::Whole)
    }

    /// Whether any of it is a MIG instance.
    #[must_use]
    pub fn has_instances(&self) -> bool {
        self.parts().iter().any(|part| matches!(part.seat, Seat::Instance { .. }))
    }

    /// Units of all parts.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.parts().iter().map(|p| p.units).sum()
    }

    /// On how many different nodes the job lies.
    #[must_use]
    pub fn node_count(&self) -> usize {
        match &self.parts {
            Parts::One(_) => 1,
            Parts::Many(parts) => {
                let mut nodes: Vec<u32> = parts.iter().map(|p| p.node).collect();
                nodes.sort_unstable();
                nodes.dedup();
                nodes.len()
            }
        }
    }

    /// What is left of it without all that lies on a node, and that; nothing where either has no unit.
    #[must_use]
    pub fn without(&self, node: u32) -> Option<(Allocation, Allocation)> {
        let (there, elsewhere): (Vec<Part>, Vec<Part>) =
            self.parts().iter().copied().partition(|part: &Part| part.node == node);
        if there.is_empty() || elsewhere.is_empty() {
            return None;
        }
        let of = |parts| Allocation { pool: self.pool, parts: Parts::of(parts) };
        Some((of(elsewhere), of(there)))
    }

    /// Takes in the parts of a further placement in the same pool.
    pub fn grow(&mut self, more: Allocation) {
        assert_eq!(self.pool, more.pool, "all GPUs of a job lie in one pool");
        let mut parts = self.parts().to_vec();
        parts.extend_from_slice(more.parts());
        self.parts = Parts::Many(parts);
    }
}
