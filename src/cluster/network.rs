//! How the GPUs of a pool reach each other beyond an NVLink island.

use crate::units::Span;

/// The network of a pool. What is not known costs nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Bytes per second, in one direction, of one GPU to those of other islands of its node; `None`: as within an island.
    pub bridge: Option<u64>,
    /// Bytes per second, in one direction, of a node to other nodes, all its cards together; `None`: no limit.
    pub fabric: Option<u64>,
    /// The cards of a node, at least 1: a job reaches as many of them as it has GPUs there.
    pub cards: u32,
    /// From node to node.
    pub latency: Span,
    /// What the nodes of a rack can send together, over what its uplink carries; at least 1.
    pub oversubscription: f64,
}

impl Default for Network {
    fn default() -> Self {
        Network { bridge: None, fabric: None, cards: 1, latency: Span::from_micros(10), oversubscription: 1.0 }
    }
}
