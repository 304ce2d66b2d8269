//! Nodes that can be asked for.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Nodes of a pool that are not rented and could be, by rack.
///
/// The fullest rack comes first, so that those who need one rack find one as often as can be.
#[derive(Debug)]
pub(super) struct Absent {
    nodes_per_rack: u32,
    racks: Vec<BTreeSet<u32>>,
    /// Racks by how many of their nodes are here.
    by_size: BTreeSet<(Reverse<usize>, u32)>,
    len: usize,
}

impl Absent {
    /// All of so many nodes.
    pub fn all(nodes: u32, nodes_per_rack: u32) -> Self {
        let racks = vec![BTreeSet::new(); nodes.div_ceil(nodes_per_rack) as usize];
        let mut absent = Absent { nodes_per_rack, racks, by_size: BTreeSet::new(), len: 0 };
        (0..nodes).for_each(|node| absent.insert(node));
        absent
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them are in a rack.
    pub fn in_rack(&self, rack: u32) -> usize {
        self.racks[rack as usize].len()
    }

    /// How many racks the pool has.
    pub fn racks(&self) -> u32 {
        self.racks.len() as u32
    }

    /// The rack of a node.
    pub fn rack_of(&self, node: u32) -> u32 {
        node / self.nodes_per_rack
    }

    /// A node is one of them now; it was none.
    pub fn insert(&mut self, node: u32) {
        self.change(self.rack_of(node), |rack| rack.insert(node));
    }

    /// A node is none of them any more, if it was.
    pub fn remove(&mut self, node: u32) {
        self.change(self.rack_of(node), |rack| rack.remove(&node));
    }

    /// Takes the lowest node out of the fullest rack, the lowest of equals.
    pub fn pop(&mut self) -> Option<u32> {
        let &(_, rack) = self.by_size.first()?;
        self.pop_of(rack)
    }

    /// Takes the lowest node out of a rack.
    pub fn pop_of(&mut self, rack: u32) -> Option<u32> {
        let node = self.racks[rack as usize].first().copied()?;
        self.remove(node);
        Some(node)
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut BTreeSet<u32>) -> bool) {
        let rack = &mut self.racks[number as usize];
        let before = rack.len();
        if !change(rack) {
            return;
        }
        let after = rack.len();
        self.by_size.remove(&(Reverse(before), number));
        if after > 0 {
            self.by_size.insert((Reverse(after), number));
        }
        self.len = self.len + after - before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_rack_comes_first() {
        let mut absent = Absent::all(10, 4);
        absent.remove(1);
        absent.remove(1);
        assert_eq!((absent.len(), absent.in_rack(0), absent.in_rack(2)), (9, 3, 2));
        let taken: Vec<u32> = std::iter::from_fn(|| absent.pop()).collect();
        assert_eq!(taken, [4, 0, 5, 2, 6, 8, 3, 7, 9]);
        absent.insert(9);
        assert_eq!((absent.pop_of(1), absent.pop_of(2), absent.len()), (None, Some(9), 0));
    }
}
