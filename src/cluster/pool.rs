//! The free state of one pool, indexed so that finding a place does not scan nodes.

use std::collections::BTreeSet;

use super::allocation::{Lanes, MAX_ISLANDS, Part, Seat, Take};
use super::request::Request;
use super::share::Shares;
use super::spec::{Island, PoolSpec};
use crate::collections::BitTree;

/// What is fixed about a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many nodes.
    pub nodes: u32,
    /// GPUs of each.
    pub gpus: u32,
    /// GPUs of an island within a node; equal to `gpus` where a node is one island.
    pub island: u32,
    /// Whether islands are racks.
    pub island_is_rack: bool,
    /// Nodes of a rack.
    pub rack: u32,
    /// Thousandths of a core of each node; `None`: unlimited.
    pub cpu: Option<u64>,
    /// Bytes of memory of each node; `None`: unlimited.
    pub mem: Option<u64>,
}

/// Nodes or racks by how many free GPUs they have.
#[derive(Debug, Clone)]
pub struct Buckets(Vec<BitTree>);

/// The free GPUs, cores and memory of a pool.
#[derive(Debug, Clone)]
pub struct PoolState {
    shape: Shape,
    free_gpus: u64,
    free: Vec<u32>,
    by_free: Buckets,
    /// Free GPUs by island, where a node has several islands of more than one GPU.
    lanes: Vec<Lanes>,
    /// Nodes that have an island with exactly so many free GPUs.
    by_lane: Buckets,
    /// Free GPUs by rack, where there are several racks.
    rack_free: Vec<u32>,
    by_rack: Buckets,
    cpu: Vec<u64>,
    mem: Vec<u64>,
    /// Nodes that take nobody: requests that nothing of a node limits are told by this alone.
    closed: BTreeSet<u32>,
    /// GPUs in use by slices, where the pool shares them.
    pub(super) shares: Option<Box<Shares>>,
}

impl Shape {
    fn of(spec: &PoolSpec) -> Self {
        let gpus = spec.gpus_per_node();
        let (island, island_is_rack) = match spec.gpus.map(|g| g.island) {
            Some(Island::Gpus(k)) => (k, false),
            Some(Island::Rack) => (gpus, true),
            None => (gpus, false),
        };
        Shape {
            nodes: spec.nodes,
            gpus,
            island,
            island_is_rack,
            rack: spec.nodes_per_rack.unwrap_or(spec.nodes).min(spec.nodes),
            cpu: spec.cpu_milli,
            mem: spec.mem_bytes,
        }
    }

    /// Islands of a node that have to be told apart, 0 where the node's free count says all.
    #[must_use]
    pub fn lanes(&self) -> usize {
        if self.island > 1 && self.island < self.gpus { (self.gpus / self.island) as usize } else { 0 }
    }

    /// How many racks there are.
    #[must_use]
    pub fn racks(&self) -> usize {
        self.nodes.div_ceil(self.rack) as usize
    }

    /// The nodes of a rack.
    #[must_use]
    pub fn rack_nodes(&self, rack: usize) -> std::ops::Range<usize> {
        let size = self.rack as usize;
        rack * size..((rack + 1) * size).min(self.nodes as usize)
    }
}

impl Buckets {
    fn new(highest: usize, members: usize) -> Self {
        Buckets(vec![BitTree::new(members); highest + 1])
    }

    fn shift(&mut self, member: usize, from: u32, to: u32) {
        self.0[from as usize].remove(member);
        self.0[to as usize].insert(member);
    }

    /// The members with exactly `free` free GPUs.
    #[must_use]
    pub fn with(&self, free: usize) -> &BitTree {
        &self.0[free]
    }

    /// The highest number of free GPUs that any member may have.
    #[must_use]
    pub fn highest(&self) -> usize {
        self.0.len() - 1
    }

    /// The most free GPUs that any member has.
    #[must_use]
    pub fn most_free(&self) -> Option<usize> {
        (0..self.0.len()).rev().find(|&f| !self.0[f].is_empty())
    }
}

impl PoolState {
    /// The pool with everything free.
    #[must_use]
    pub fn new(spec: &PoolSpec) -> Self {
        let shape = Shape::of(spec);
        let nodes = shape.nodes as usize;
        let mut by_free = Buckets::new(shape.gpus as usize, nodes);
        by_free.0[shape.gpus as usize] = BitTree::full(nodes);
        let mut state = PoolState {
            shape,
            free_gpus: spec.gpu_count(),
            free: vec![shape.gpus; nodes],
            by_free,
            lanes: Vec::new(),
            by_lane: Buckets(Vec::new()),
            rack_free: Vec::new(),
            by_rack: Buckets(Vec::new()),
            cpu: shape.cpu.map_or_else(Vec::new, |c| vec![c; nodes]),
            mem: shape.mem.map_or_else(Vec::new, |m| vec![m; nodes]),
            closed: BTreeSet::new(),
            shares: spec.gpus.and_then(|gpus| gpus.sharing).map(|sharing| Box::new(Shares::new(sharing))),
        };
        state.index_lanes();
        state.index_racks();
        state
    }

    /// The pool with everything free but its spares.
    #[must_use]
    pub fn without_spares(spec: &PoolSpec) -> Self {
        let mut state = Self::new(spec);
        for spare in spec.nodes_in_use()..spec.nodes {
            let all = state.node_resources(spare as usize);
            state.take(spare as usize, &all);
            state.close(spare);
        }
        state
    }

    fn index_lanes(&mut self) {
        let count = self.shape.lanes();
        if count == 0 {
            return;
        }
        let nodes = self.shape.nodes as usize;
        let mut whole = [0; MAX_ISLANDS];
        whole[..count].fill(u8::try_from(self.shape.island).expect("an island of a node has at most 255 GPUs"));
        self.lanes = vec![whole; nodes];
        self.by_lane = Buckets::new(self.shape.island as usize, nodes);
        self.by_lane.0[self.shape.island as usize] = BitTree::full(nodes);
    }

    fn index_racks(&mut self) {
        let racks = self.shape.racks();
        if racks < 2 || self.shape.gpus == 0 {
            return;
        }
        self.rack_free = (0..racks).map(|r| self.shape.rack_nodes(r).len() as u32 * self.shape.gpus).collect();
        self.by_rack = Buckets::new((self.shape.rack * self.shape.gpus) as usize, racks);
        for (rack, &free) in self.rack_free.iter().enumerate() {
            self.by_rack.0[free as usize].insert(rack);
        }
    }

    /// What is fixed about the pool.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Free GPUs of all nodes together.
    #[must_use]
    pub fn free_gpus(&self) -> u64 {
        self.free_gpus
    }

    /// Free GPUs of a node.
    #[must_use]
    pub fn node_free(&self, node: usize) -> u32 {
        self.free[node]
    }

    /// Nodes by free GPUs.
    #[must_use]
    pub fn by_free(&self) -> &Buckets {
        &self.by_free
    }

    /// Nodes by the free GPUs of any of their islands; meaningful where [`Shape::lanes`] is not 0.
    #[must_use]
    pub fn by_lane(&self) -> &Buckets {
        &self.by_lane
    }

    /// Racks by free GPUs, where there are several racks of nodes with GPUs.
    #[must_use]
    pub fn by_rack(&self) -> Option<&Buckets> {
        if self.rack_free.is_empty() { None } else { Some(&self.by_rack) }
    }

    /// Free GPUs of a node by island.
    #[must_use]
    pub fn node_lanes(&self, node: usize) -> &[u8] {
        match self.shape.lanes() {
            0 => &[],
            count => &self.lanes[node][..count],
        }
    }

    /// Everything free on a node; unlimited resources are given as their maximum.
    #[must_use]
    pub fn node_resources(&self, node: usize) -> Take {
        Take {
            gpus: self.free[node],
            lanes: self.lanes.get(node).copied().unwrap_or_default(),
            cpu: self.cpu.get(node).copied().unwrap_or(u64::MAX),
            mem: self.mem.get(node).copied().unwrap_or(u64::MAX),
        }
    }

    /// Lets a node take nobody more.
    pub fn close(&mut self, node: u32) {
        self.closed.insert(node);
        self.freeze(node, true);
    }

    /// Lets a node take jobs again.
    pub fn open(&mut self, node: u32) {
        self.closed.remove(&node);
        self.freeze(node, false);
    }

    /// Whether a node takes nobody although it has all that `request` is limited by, which is nothing.
    pub(super) fn turns_away(&self, node: usize, request: &Request) -> bool {
        request.gpus == 0 && self.closed.contains(&(node as u32))
    }

    /// How many units of `request` the cores and the memory of a node hold, at most `request.units`.
    #[must_use]
    pub fn units_beside_gpus(&self, node: usize, request: &Request) -> u32 {
        if self.turns_away(node, request) {
            return 0;
        }
        let mut units = u64::from(request.units);
        if request.cpu > 0 && !self.cpu.is_empty() {
            units = units.min(self.cpu[node] / request.cpu);
        }
        if request.mem > 0 && !self.mem.is_empty() {
            units = units.min(self.mem[node] / request.mem);
        }
        units as u32
    }

    /// How many units of `request` a node holds now, at most `request.units`.
    #[must_use]
    pub fn units_on(&self, node: usize, request: &Request) -> u32 {
        let by_gpus = self.free[node].checked_div(request.gpus).unwrap_or(request.units);
        if by_gpus == 0 { 0 } else { by_gpus.min(self.units_beside_gpus(node, request)) }
    }

    /// Whether anything but GPUs can stop `request` at all in this pool: cores, memory, or that a node is closed.
    #[must_use]
    pub fn limits_beside_gpus(&self, request: &Request) -> bool {
        (request.cpu > 0 && !self.cpu.is_empty())
            || (request.mem > 0 && !self.mem.is_empty())
            || (request.gpus == 0 && !self.closed.is_empty())
    }

    /// Whether a node has all of `take` free.
    #[must_use]
    pub fn has(&self, node: usize, take: &Take) -> bool {
        let free = self.node_resources(node);
        take.gpus <= free.gpus
            && take.cpu <= free.cpu
            && take.mem <= free.mem
            && (self.lanes.is_empty() || take.lanes.iter().zip(free.lanes).all(|(&t, f)| t <= f))
    }

    /// Takes resources of a node.
    ///
    /// # Panics
    /// When they are not free: the caller has checked.
    pub fn take(&mut self, node: usize, take: &Take) {
        let free = self.free[node].checked_sub(take.gpus).expect("GPUs are taken that are not free");
        self.free_gpus -= u64::from(take.gpus);
        self.set_free(node, free);
        if !self.lanes.is_empty() && take.gpus > 0 {
            let lanes = subtract(self.lanes[node], &take.lanes);
            self.set_lanes(node, lanes);
        }
        if let Some(cpu) = self.cpu.get_mut(node) {
            *cpu = cpu.checked_sub(take.cpu).expect("cores are taken that are not free");
        }
        if let Some(mem) = self.mem.get_mut(node) {
            *mem = mem.checked_sub(take.mem).expect("memory is taken that is not free");
        }
    }

    /// Gives resources of a node back.
    pub fn give(&mut self, node: usize, take: &Take) {
        self.free_gpus += u64::from(take.gpus);
        let free = self.free[node] + take.gpus;
        assert!(free <= self.shape.gpus, "more GPUs are given back than the node has");
        self.set_free(node, free);
        if !self.lanes.is_empty() && take.gpus > 0 {
            let mut lanes = self.lanes[node];
            for (lane, more) in lanes.iter_mut().zip(take.lanes) {
                *lane += more;
            }
            self.set_lanes(node, lanes);
        }
        if let Some(cpu) = self.cpu.get_mut(node) {
            *cpu += take.cpu;
        }
        if let Some(mem) = self.mem.get_mut(node) {
            *mem += take.mem;
        }
    }

    fn set_free(&mut self, node: usize, free: u32) {
        let before = std::mem::replace(&mut self.free[node], free);
        if before == free {
            return;
        }
        self.by_free.shift(node, before, free);
        if !self.rack_free.is_empty() {
            let rack = node / self.shape.rack as usize;
            let total = self.rack_free[rack];
            let changed = total - before + free;
            self.by_rack.shift(rack, total, changed);
            self.rack_free[rack] = changed;
        }
    }

    fn set_lanes(&mut self, node: usize, lanes: Lanes) {
        let count = self.shape.lanes();
        let before = std::mem::replace(&mut self.lanes[node], lanes);
        for &lane in &before[..count] {
            self.by_lane.0[lane as usize].remove(node);
        }
        for &lane in &lanes[..count] {
            self.by_lane.0[lane as usize].insert(node);
        }
    }

    /// A part that puts `units` units of `request` on `node` in `steps` equal steps. Each step takes its islands: the one
    /// with the fewest free GPUs that holds the step (the most, where `roomiest`), else the fullest first.
    #[must_use]
    pub fn part_on(&self, node: usize, units: u32, steps: u32, request: &Request, roomiest: bool) -> Part {
        let mut lanes = Lanes::default();
        let count = self.shape.lanes();
        if count > 0 {
            let mut free = self.lanes[node];
            for _ in 0..steps {
                let taken = choose_lanes(&free[..count], units / steps * request.gpus, roomiest);
                free = subtract(free, &taken);
                for (lane, more) in lanes.iter_mut().zip(taken) {
                    *lane += more;
                }
            }
        }
        Part { node: node as u32, units, lanes, seat: Seat::Whole }
    }

    /// A part that puts all units of `request` into one island of `node`, the first with `free` free GPUs.
    #[must_use]
    pub fn part_in_lane(&self, node: usize, free: u8, request: &Request) -> Part {
        let lane = self.node_lanes(node).iter().position(|&l| l == free).expect("the island is indexed");
        let mut lanes = Lanes::default();
        lanes[lane] = u8::try_from(request.total_gpus()).expect("an island has at most 255 GPUs");
        Part { node: node as u32, units: request.units, lanes, seat: Seat::Whole }
    }
}

fn subtract(mut lanes: Lanes, take: &Lanes) -> Lanes {
    for (lane, &less) in lanes.iter_mut().zip(take) {
        *lane = lane.checked_sub(less).expect("GPUs of an island are taken that are not free");
    }
    lanes
}

/// Which islands give `gpus` GPUs.
fn choose_lanes(free: &[u8], gpus: u32, roomiest: bool) -> Lanes {
    let mut lanes = Lanes::default();
    let holds_all = (0..free.len()).filter(|&l| u32::from(free[l]) >= gpus);
    let chosen = if roomiest {
        holds_all.min_by_key(|&l| (std::cmp::Reverse(free[l]), l))
    } else {
        holds_all.min_by_key(|&l| (free[l], l))
    };
    if let Some(lane) = chosen {
        lanes[lane] = gpus as u8;
        return lanes;
    }
    let mut order: Vec<usize> = (0..free.len()).collect();
    order.sort_by_key(|&l| (std::cmp::Reverse(free[l]), l));
    let mut left = gpus;
    for lane in order {
        let take = left.min(u32::from(free[lane]));
        lanes[lane] = take as u8;
        left -= take;
    }
    assert_eq!(left, 0, "a node gives more GPUs than its islands have");
    lanes
}
