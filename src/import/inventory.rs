//! From a list of machines to pools: one for each shape of node.

use std::collections::BTreeMap;

use super::site::{Site, SitePool};

/// What makes two nodes alike. In the order of the pools: nodes without GPUs first, so that CPU jobs leave the others
/// alone where they can.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Shape {
    /// GPUs of the node.
    pub gpus: u32,
    /// The scenario's id of their type; empty without GPUs.
    pub gpu: String,
    /// Thousandths of a core; 0 where it is not known.
    pub cpu_milli: u64,
    /// Bytes of memory; 0 where it is not known.
    pub mem_bytes: u64,
}

/// Nodes by shape.
#[derive(Debug, Default)]
pub struct Inventory(BTreeMap<Shape, u32>);

impl Inventory {
    /// Adds nodes of a shape.
    pub fn add(&mut self, shape: Shape, nodes: u32) {
        let count = self.0.entry(shape).or_default();
        *count = count.saturating_add(nodes);
    }

    /// The cluster, its pools called by type, GPUs to a node and, where that is not enough, by number; `about` is
    /// where the list comes from.
    #[must_use]
    pub fn site(self, about: impl Into<String>) -> Site {
        let mut pools: Vec<SitePool> = Vec::new();
        for (shape, nodes) in self.0 {
            let has_gpus = shape.gpus > 0;
            let name =
                if has_gpus { format!("{}-x{}", shape.gpu.to_lowercase(), shape.gpus) } else { "cpu".to_owned() };
            pools.push(SitePool {
                name,
                gpu: has_gpus.then_some(shape.gpu),
                nodes,
                gpus_per_node: shape.gpus,
                // A scenario counts whole cores.
                cpu_milli: Some(shape.cpu_milli / 1000 * 1000).filter(|&milli| milli > 0),
                mem_bytes: Some(shape.mem_bytes).filter(|&bytes| bytes > 0),
                ..SitePool::default()
            });
        }
        Site::new(about, pools)
    }
}
