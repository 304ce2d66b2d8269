//! What is used of a node, without an upper bound: two jobs may have been promised the same GPUs.

use crate::cluster::Take;
use crate::cluster::allocation::MAX_ISLANDS;

/// Resources of one node in use by all who hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    gpus: u32,
    lanes: [u16; MAX_ISLANDS],
    cpu: u64,
    mem: u64,
}

impl Usage {
    /// Adds what somebody holds.
    pub fn add(&mut self, take: &Take) {
        self.gpus += take.gpus;
        self.cpu += take.cpu;
        self.mem += take.mem;
        for (lane, &more) in self.lanes.iter_mut().zip(&take.lanes) {
            *lane += u16::from(more);
        }
    }

    /// Takes out what was added.
    pub fn remove(&mut self, take: &Take) {
        self.gpus -= take.gpus;
        self.cpu -= take.cpu;
        self.mem -= take.mem;
        for (lane, &less) in self.lanes.iter_mut().zip(&take.lanes) {
            *lane -= u16::from(less);
        }
    }

    /// The greater of two, resource by resource.
    #[must_use]
    pub fn or_more(mut self, other: &Usage) -> Usage {
        self.gpus = self.gpus.max(other.gpus);
        self.cpu = self.cpu.max(other.cpu);
        self.mem = self.mem.max(other.mem);
        for (lane, &more) in self.lanes.iter_mut().zip(&other.lanes) {
            *lane = (*lane).max(more);
        }
        self
    }

    /// As much of it as a node has. Where islands are told apart, their GPUs are the node's.
    #[must_use]
    pub fn within(&self, node: &Take) -> Take {
        let mut lanes = [0; MAX_ISLANDS];
        for (lane, (&used, &has)) in lanes.iter_mut().zip(self.lanes.iter().zip(&node.lanes)) {
            *lane = used.min(u16::from(has)) as u8;
        }
        let told_apart = node.lanes.iter().any(|&lane| lane > 0);
        let gpus = if told_apart { lanes.iter().map(|&l| u32::from(l)).sum() } else { self.gpus.min(node.gpus) };
        Take { gpus, lanes, cpu: self.cpu.min(node.cpu), mem: self.mem.min(node.mem) }
    }
}
