//! How much slower a job runs the further its GPUs lie apart: the long form, from what they have to tell each other.
//!
//! After each step the GPUs of a data-parallel job add up their gradients by a ring all-reduce: over the GPUs of each
//! island, then, with what each has of the sum, over the islands of a node, then over nodes. On one level of n members
//! with S bytes each over links of B bytes per second and a latency of a per hop that takes
//! `2 (n-1)/n S/B + 2 (n-1) a` (nccl-tests, `doc/PERFORMANCE.md`).

use std::collections::BTreeMap;

use super::plan::Speed;
use crate::cluster::pool::Shape;
use crate::cluster::{Allocation, ClusterSpec, Network, PoolState, Seat};
use crate::trace::JobSpec;
use crate::units::Span;

/// The default of [`AllReduce::overlap`].
pub const OVERLAP: f64 = 0.7;

/// Seconds from GPU to GPU on one node: 0.5-1 us (ML Engineering, network benchmarks).
pub const HOP: f64 = 1e-6;

/// What the jobs of a class do in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllReduce {
    /// Bytes of gradients that each GPU adds to the others'.
    pub gradients: u64,
    /// What a step computes, above 0.
    pub step: Span,
    /// The share of the all-reduce that can hide behind computing, from 0 to 1.
    pub overlap: f64,
}

/// The links of a pool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Links {
    /// Bytes per second of one GPU within its island; `None`: no limit.
    pub island: Option<u64>,
    /// Beyond.
    pub network: Network,
}

/// What is told apart of a job's place: the members of each level of its all-reduce, and the slowest way between nodes.
/// Where an NVLink island is a rack, the rack takes the place of the node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// GPUs of its smallest and its largest island.
    pub island: [u32; 2],
    /// The most of its islands on one node.
    pub islands: u32,
    /// Its nodes.
    pub nodes: u32,
    /// Bytes per second out of the one that gets out slowest; `None`: no limit.
    pub exit: Option<f64>,
}

/// What a job has on one node.
#[derive(Debug, Clone, PartialEq)]
struct OnNode {
    rack: u32,
    gpus: u32,
    islands: Vec<u32>,
}

impl Links {
    /// Those of a pool of the cluster.
    #[must_use]
    pub fn of(cluster: &ClusterSpec, pool: u16) -> Links {
        let spec = &cluster.pools[usize::from(pool)];
        let island = spec.gpus.and_then(|gpus| cluster.gpu_types[gpus.gpu_type].link);
        Links { island, network: spec.io.network }
    }
}

impl AllReduce {
    /// The speed of a job where it is, relative to the closest place that the pool has for as many units of as many GPUs.
    #[must_use]
    pub fn speed(&self, spec: &JobSpec, pool: &PoolState, links: &Links, held: &Allocation) -> Speed {
        let each = spec.tasks.map_or(1, |tasks| (spec.gpus / tasks.get()).max(1));
        if spec.gpus == 0 || held.units() * each <= 1 {
            return Speed::FULL;
        }
        let here = Layout::of(on_nodes(pool, held, each), pool.shape(), &links.network);
        let best = Layout::of(closest(pool.shape(), held.units(), each), pool.shape(), &links.network);
        Speed::of_share(self.step_time(&best, links) / self.step_time(&here, links))
    }

    /// Seconds of a step: `max(step, v t) + (1 - v) t` for an all-reduce of t seconds and an overlap of v.
    #[must_use]
    pub fn step_time(&self, layout: &Layout, links: &Links) -> f64 {
        let time = layout.time(self.gradients as f64, links);
        self.step.as_seconds().max(self.overlap * time) + (1.0 - self.overlap) * time
    }
}

impl Layout {
    fn of(nodes: Vec<OnNode>, shape: &Shape, network: &Network) -> Layout {
        let many_racks = nodes.iter().any(|node| node.rack != nodes[0].rack);
        let (nodes, exits) = if shape.island_is_rack {
            let racks = by_rack(&nodes);
            // All that leaves a rack takes its uplink.
            let exit = |nodes: &[OnNode]| nodes.iter().map(|node| way_out(node.gpus, network)).sum::<Option<f64>>();
            let exits: Option<Vec<f64>> =
                racks.iter().map(|nodes| Some(exit(nodes)? / network.oversubscription)).collect();
            (racks.iter().map(|nodes| as_one(nodes)).collect(), exits)
        } else {
            let exits = nodes.iter().map(|node| way_out(node.gpus, network)).collect();
            (nodes, exits)
        };
        let all = || nodes.iter().flat_map(|node| node.islands.iter().copied());
        let mut exit = exits.map(|exits| exits.into_iter().fold(f64::INFINITY, f64::min));
        if many_racks && !shape.island_is_rack {
            // One of the flows between the nodes of a rack leaves it, and gets their fair share of the uplink.
            let fewest = by_rack(&nodes).iter().map(Vec::len).min().unwrap_or(1);
            let crossing = (network.oversubscription / fewest as f64).max(1.0);
            exit = exit.map(|exit| exit / crossing);
        }
        Layout {
            island: [all().min().unwrap_or(1), all().max().unwrap_or(1)],
            islands: nodes.iter().map(|node| node.islands.len()).max().unwrap_or(1) as u32,
            nodes: nodes.len() as u32,
            exit,
        }
    }

    /// Seconds of the all-reduce of so many bytes: the slowest member of each level sets its pace.
    #[must_use]
    pub fn time(&self, bytes: f64, links: &Links) -> f64 {
        let [least, most] = self.island;
        let link = links.island.map(|link| link as f64);
        let bridge = links.network.bridge.map(|bridge| bridge as f64).or(link);
        let latency = links.network.latency.as_seconds();
        // Between nodes each GPU sends what it has of the sum, and all of a node's together all of it.
        ring(most, bytes, link, HOP)
            + ring(self.islands, bytes / f64::from(least), bridge, HOP)
            + ring(self.nodes, bytes, self.exit, latency)
    }
}

/// Seconds of a ring all-reduce over so many members.
#[must_use]
pub fn ring(members: u32, bytes: f64, bandwidth: Option<f64>, hop: f64) -> f64 {
    let hops = 2.0 * f64::from(members.saturating_sub(1));
    let sending = bandwidth.map_or(0.0, |bandwidth| hops / f64::from(members.max(1)) * bytes / bandwidth);
    sending + hops * hop
}

/// Bytes per second out of a node on which a job has so many GPUs.
fn way_out(gpus: u32, network: &Network) -> Option<f64> {
    Some(network.fabric? as f64 * f64::from(gpus.min(network.cards)) / f64::from(network.cards))
}

fn by_rack(nodes: &[OnNode]) -> Vec<Vec<OnNode>> {
    let mut racks: BTreeMap<u32, Vec<OnNode>> = BTreeMap::new();
    for node in nodes {
        racks.entry(node.rack).or_default().push(node.clone());
    }
    racks.into_values().collect()
}

/// A rack that is one island.
fn as_one(nodes: &[OnNode]) -> OnNode {
    let gpus = nodes.iter().map(|node| node.gpus).sum();
    OnNode { rack: nodes[0].rack, gpus, islands: vec![gpus] }
}

/// What a job has where, with so many GPUs to a unit.
fn on_nodes(pool: &PoolState, held: &Allocation, each: u32) -> Vec<OnNode> {
    let shape = pool.shape();
    let mut nodes: BTreeMap<u32, (u32, Vec<u32>)> = BTreeMap::new();
    for part in held.parts() {
        let (gpus, islands) = nodes.entry(part.node).or_insert_with(|| (0, vec![0; shape.lanes()]));
        *gpus += if part.seat == Seat::Whole { part.units * each } else { 1 };
        for (island, lane) in islands.iter_mut().zip(part.lanes) {
            *island += u32::from(lane);
        }
    }
    let on_node = |(node, (gpus, mut islands)): (u32, (u32, Vec<u32>))| {
        islands.retain(|&gpus| gpus > 0);
        if islands.is_empty() {
            islands = evenly(gpus, shape.island);
        }
        OnNode { rack: node / shape.rack, gpus, islands }
    };
    nodes.into_iter().map(on_node).collect()
}

/// So many units in as few racks, nodes and islands as can be, evenly.
fn closest(shape: &Shape, units: u32, each: u32) -> Vec<OnNode> {
    let to_a_node = (shape.gpus / each).max(1);
    let counts = evenly(units, to_a_node);
    let racks = (counts.len() as u64).div_ceil(u64::from(shape.rack.max(1)));
    let rack = |at: usize| (at as u64 * racks / counts.len() as u64) as u32;
    let on_node = |(at, &units): (usize, &u32)| OnNode {
        rack: rack(at),
        gpus: units * each,
        islands: evenly(units * each, shape.island),
    };
    counts.iter().enumerate().map(on_node).collect()
}

/// So many in as few groups of at most so many as can be, evenly.
fn evenly(count: u32, most: u32) -> Vec<u32> {
    let groups = count.div_ceil(most.max(1)).max(1);
    (0..groups).map(|at| count / groups + u32::from(at < count % groups)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: f64 = 1e6;

    fn links(fabric: u64, cards: u32) -> Links {
        let network = Network { fabric: Some(fabric), cards, latency: Span::ZERO, ..Network::default() };
        Links { island: Some(450_000_000_000), network }
    }

    fn shape(gpus: u32, rack: u32) -> Shape {
        Shape { nodes: 64, gpus, island: gpus, island_is_rack: false, rack, cpu: None, mem: None }
    }

    /// BERT-Large (680 MB) in an island of eight H100 that reaches 360 GB/s, and over eight such nodes whose eight cards
    /// of 400 Gb/s reach 74 % of the line rate: 3.3 and 7.3 ms.
    #[test]
    fn the_examples_of_bert_are_met() {
        let mut links = links(296_000_000_000, 8);
        links.island = Some(360_000_000_000);
        let time = |nodes: u32| {
            let shape = shape(8, 64);
            Layout::of(closest(&shape, nodes * 8, 1), &shape, &links.network).time(680.0 * MB, &links)
        };
        assert!((time(1) - 3.3e-3).abs() < 5e-5, "{}", time(1));
        assert!((time(8) - 7.3e-3).abs() < 5e-5, "{}", time(8));
    }

    /// Round by round: each member sends a chunk to the next and adds what it gets, until all have the sum; the formula
    /// is what that takes.
    #[test]
    fn the_closed_form_is_the_ring_played_out() {
        for members in 1..=24_usize {
            let (bandwidth, hop) = (3.0e9, 2e-6);
            let chunk = 96.0 * MB / members as f64;
            // has[member][chunk]: how many members' gradients are in it.
            let mut has = vec![vec![1_usize; members]; members];
            let (mut time, mut rounds) = (0.0, 0);
            while has.iter().flatten().any(|&gradients| gradients < members) {
                let before = has.clone();
                for (member, sums) in before.iter().enumerate() {
                    let sent = (member + 2 * members - rounds) % members;
                    let there = &mut has[(member + 1) % members][sent];
                    // The first time around adds up, the second passes the sums on.
                    *there = if rounds < members - 1 { *there + sums[sent] } else { sums[sent] };
                }
                time += chunk / bandwidth + hop;
                rounds += 1;
                assert!(rounds <= 2 * members, "{members} members never finish");
            }
            let formula = ring(members as u32, 96.0 * MB, Some(bandwidth), hop);
            assert!((formula - time).abs() < 1e-9, "{members}: {formula} against {time}");
        }
    }

    /// Four GPUs on four nodes have four cards, on two nodes two: with one card a node the wider place is the faster one
    /// when islands cost nothing, as Sia measured on T4 nodes (4+4 is the slowest).
    #[test]
    fn cards_are_shared_by_the_gpus_of_a_node() {
        let one = links(3_000_000_000, 1);
        let eight = links(24_000_000_000, 8);
        assert_eq!(way_out(1, &one.network), way_out(8, &one.network));
        assert_eq!(way_out(1, &eight.network), Some(3e9));
        assert_eq!(way_out(8, &eight.network), Some(24e9));
        assert_eq!(way_out(9, &eight.network), Some(24e9));
    }

    /// Racks of four nodes at 1:7: where a job has one node in a rack, its flow gets a seventh; with four, 4/7.
    #[test]
    fn an_oversubscribed_uplink_divides_what_crosses_it() {
        let mut links = links(100_000_000_000, 1);
        links.network.oversubscription = 7.0;
        let shape = shape(8, 4);
        let exit = |racks: &[u32]| {
            let node = |&rack: &u32| OnNode { rack, gpus: 8, islands: vec![8] };
            Layout::of(racks.iter().map(node).collect(), &shape, &links.network).exit.unwrap_or(0.0)
        };
        assert!((exit(&[0, 0, 0, 0]) - 100e9).abs() < 1.0);
        assert!((exit(&[0, 1]) - 100e9 / 7.0).abs() < 1.0);
        assert!((exit(&[0, 0, 0, 0, 1, 1, 1, 1]) - 100e9 * 4.0 / 7.0).abs() < 1.0);
        assert!((exit(&[0, 0, 0, 0, 1]) - 100e9 / 7.0).abs() < 1.0);
    }

    #[test]
    fn the_overlap_hides_at_most_its_share() {
        let links = links(1_000_000_000, 1);
        let layout = Layout { island: [1, 1], islands: 1, nodes: 2, exit: Some(1e9) };
        // An all-reduce of 1 GB over two nodes at 1 GB/s: one second.
        let step = |seconds: f64, overlap| {
            let step = Span::from_micros((seconds * 1e6) as u64);
            AllReduce { gradients: 1_000_000_000, step, overlap }.step_time(&layout, &links)
        };
        assert!((step(2.0, 1.0) - 2.0).abs() < 1e-12);
        assert!((step(2.0, 0.0) - 3.0).abs() < 1e-12);
        assert!((step(2.0, 0.7) - 2.3).abs() < 1e-12);
        assert!((step(0.5, 0.7) - 1.0).abs() < 1e-12);
    }
}
