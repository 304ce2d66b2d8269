//! How much slower a job runs the further its GPUs lie apart: the short form, a table by class.

use super::allreduce::AllReduce;
use super::plan::Speed;
use crate::cluster::{Allocation, PoolState};

/// How far the GPUs of a job lie apart, closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spread {
    /// All within one NVLink island.
    Island,
    /// On one node, over several islands.
    Node,
    /// On several nodes of one rack.
    Rack,
    /// On several racks.
    Racks,
}

/// How the place of a job slows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Communication {
    /// By a table of speeds.
    Relative(Slowdown),
    /// By what its GPUs have to tell each other, over links of so many bytes per second.
    AllReduce(AllReduce),
}

/// The speed of a class of jobs by the spread of their GPUs, relative to one island.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slowdown {
    /// Over several islands of a node.
    pub node: Speed,
    /// Over several nodes of a rack.
    pub rack: Speed,
    /// Over several racks.
    pub racks: Speed,
}

impl Slowdown {
    /// The speed at a spread.
    #[must_use]
    pub fn speed(&self, spread: Spread) -> Speed {
        match spread {
            Spread::Island => Speed::FULL,
            Spread::Node => self.node,
            Spread::Rack => self.rack,
            Spread::Racks => self.racks,
        }
    }
}

impl Spread {
    /// The spread of an allocation in its pool.
    #[must_use]
    pub fn of(pool: &PoolState, held: &Allocation) -> Spread {
        let shape = pool.shape();
        let rack_of = |node: u32| node / shape.rack;
        let first = held.parts()[0];
        let one_rack = held.parts().iter().all(|part| rack_of(part.node) == rack_of(first.node));
        let one_node = held.parts().iter().all(|part| part.node == first.node);
        match (one_node, one_rack) {
            (false, false) => Spread::Racks,
            (false, true) if shape.island_is_rack => Spread::Island,
            (false, true) => Spread::Rack,
            (true, _) if Self::within_an_island(shape.island, shape.lanes(), held) => Spread::Island,
            (true, _) => Spread::Node,
        }
    }

    /// Whether the GPUs that a job has on its one node lie in one island of so many GPUs.
    fn within_an_island(island: u32, lanes: usize, held: &Allocation) -> bool {
        let in_use = |lane: usize| held.parts().iter().any(|part| part.lanes[lane] > 0);
        match lanes {
            0 => island > 1 || held.units() <= 1,
            lanes => (0..lanes).filter(|&lane| in_use(lane)).count() <= 1,
        }
    }
}
