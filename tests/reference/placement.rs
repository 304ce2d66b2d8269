//! Which nodes a job gets: ARCHITECTURE.md "Placements", word by word, by looking at every node every time.

use fleetsim::trace::Level;

use super::state::{Job, Node, Place, Spot, Unit, levels};
use super::types::{RefIsland, RefPlacement};

/// The part of a pool within which all units of a job must lie.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Domain {
    /// Some nodes.
    Nodes(Vec<usize>),
    /// One island of one node.
    Lane(usize, usize),
}

/// The nodes of one pool and the rules by which they are chosen.
#[derive(Debug, Clone, Copy)]
pub struct Chooser<'a> {
    /// What is free, node by node.
    pub nodes: &'a [Node],
    /// The pool's islands.
    pub island: RefIsland,
    /// The rule.
    pub rule: RefPlacement,
}

/// Places `count` more units of a job in pool `pool`, beside those that it already has there.
pub fn place_in(chooser: Chooser, pool: usize, job: &Job, count: u32) -> Option<Place> {
    let held: &[Spot] = match &job.held {
        Some(place) if place.pool != pool => return None,
        Some(place) => &place.spots,
        None => &[],
    };
    for level in levels(job.spec.topology) {
        let mut domains = chooser.domains(level);
        let no_gpus = job.unit.gpus == 0 && chooser.island != RefIsland::Rack;
        if level == Level::Island && (chooser.island == RefIsland::Gpus(1) || no_gpus) {
            // An island of one GPU: a need for one is a need for a node, of one GPU at most; and so for no GPU.
            let units: u32 = held.iter().map(|spot| spot.units).sum();
            domains = chooser.domains(Level::Node);
            domains.retain(|_| (units + count) * job.unit.gpus <= 1);
        }
        domains.retain(|d| held.iter().all(|spot| d.contains(spot)) && chooser.capacity(d, job.unit) >= count);
        if let Some(domain) = chooser.best_domain(domains) {
            let mut work = chooser.nodes.to_vec();
            let one_by_one = chooser.rule == RefPlacement::Spread && job.spec.tasks.is_some();
            let spots = chooser.fill(&mut work, &domain, job.unit, count, one_by_one);
            return Some(Place { pool, spots });
        }
    }
    None
}

impl Domain {
    fn contains(&self, spot: &Spot) -> bool {
        match self {
            Domain::Nodes(nodes) => nodes.contains(&spot.node),
            Domain::Lane(node, lane) => {
                *node == spot.node && spot.lanes.iter().enumerate().all(|(l, gpus)| l == *lane || *gpus == 0)
            }
        }
    }
}

impl Chooser<'_> {
    /// All domains of a level, lowest numbers first.
    fn domains(self, level: Level) -> Vec<Domain> {
        let all = 0..self.nodes.len();
        match level {
            Level::Any => vec![Domain::Nodes(all.collect())],
            Level::Rack => self.racks(),
            Level::Node => all.map(|n| Domain::Nodes(vec![n])).collect(),
            Level::Island if self.island == RefIsland::Rack => self.racks(),
            Level::Island => {
                all.flat_map(|n| (0..self.nodes[n].lanes.len()).map(move |l| Domain::Lane(n, l))).collect()
            }
        }
    }

    fn racks(self) -> Vec<Domain> {
        let racks = self.nodes.last().map_or(0, |node| node.rack + 1);
        let of_rack = |r| (0..self.nodes.len()).filter(|n| self.nodes[*n].rack == r).collect();
        (0..racks).map(|r| Domain::Nodes(of_rack(r))).collect()
    }

    /// How many units a domain holds.
    fn capacity(self, domain: &Domain, unit: Unit) -> u32 {
        match domain {
            Domain::Nodes(nodes) => nodes
                .iter()
                .fold(0, |sum: u32, n| sum.saturating_add(self.nodes[*n].holds(unit, self.nodes[*n].gpus()))),
            Domain::Lane(node, lane) => self.nodes[*node].holds(unit, self.nodes[*node].lanes[*lane]),
        }
    }

    fn free_gpus(self, domain: &Domain) -> u32 {
        match domain {
            Domain::Nodes(nodes) => nodes.iter().map(|n| self.nodes[*n].gpus()).sum(),
            Domain::Lane(node, lane) => self.nodes[*node].lanes[*lane],
        }
    }

    /// The domain that the rule takes among those that hold the request; they come lowest number first.
    fn best_domain(self, domains: Vec<Domain>) -> Option<Domain> {
        match self.rule {
            RefPlacement::FirstFit => domains.into_iter().next(),
            RefPlacement::Pack | RefPlacement::IslandPack => domains.into_iter().min_by_key(|d| self.free_gpus(d)),
            RefPlacement::Spread => first_max(domains, |d| self.free_gpus(d)),
        }
    }

    /// Fills a domain that holds `count` units.
    fn fill(self, work: &mut [Node], domain: &Domain, unit: Unit, count: u32, one_by_one: bool) -> Vec<Spot> {
        let nodes = match domain {
            Domain::Lane(node, lane) => return take_on_lane(work, *node, *lane, unit, count),
            Domain::Nodes(nodes) => nodes,
        };
        // Islands of one GPU are none to pack, and a request of no GPU needs none.
        if self.rule == RefPlacement::IslandPack && unit.gpus > 0 && self.island != RefIsland::Gpus(1) {
            match self.best_domain(self.islands_holding(nodes, unit, count)) {
                Some(Domain::Lane(node, lane)) => return take_on_lane(work, node, lane, unit, count),
                Some(Domain::Nodes(rack)) => return self.fill_nodes(work, &rack, unit, count, one_by_one),
                None => {}
            }
        }
        self.fill_nodes(work, nodes, unit, count, one_by_one)
    }

    /// The islands among `nodes` that hold the whole request.
    fn islands_holding(self, nodes: &[usize], unit: Unit, count: u32) -> Vec<Domain> {
        let within = |domain| match domain {
            Domain::Lane(node, _) => nodes.contains(&node).then_some(domain),
            Domain::Nodes(rack) => Some(Domain::Nodes(rack.into_iter().filter(|n| nodes.contains(n)).collect())),
        };
        let islands = self.domains(Level::Island).into_iter().filter_map(within);
        islands.filter(|d| self.capacity(d, unit) >= count).collect()
    }

    fn fill_nodes(self, work: &mut [Node], nodes: &[usize], unit: Unit, count: u32, one_by_one: bool) -> Vec<Spot> {
        let mut spots = Vec::new();
        let mut left = count;
        while left > 0 {
            let holds = |n: &usize| work[*n].holds(unit, work[*n].gpus());
            let holding: Vec<usize> = nodes.iter().copied().filter(|n| holds(n) > 0).collect();
            let node = match self.rule {
                RefPlacement::FirstFit => holding.first().copied(),
                RefPlacement::Spread => first_max(holding, |n| work[*n].gpus()),
                RefPlacement::Pack | RefPlacement::IslandPack => {
                    let all_left = holding.iter().copied().filter(|n| holds(n) >= left);
                    all_left.min_by_key(|n| work[*n].gpus()).or_else(|| first_max(holding, |n| work[*n].gpus()))
                }
            };
            let node = node.expect("the domain holds the whole request");
            let units = if one_by_one { 1 } else { left.min(work[node].holds(unit, work[node].gpus())) };
            let spot = Spot { node, units, lanes: self.lanes_of_step(&work[node].lanes, units * unit.gpus) };
            work[node].take(unit, &spot);
            spots.push(spot);
            left -= units;
        }
        spots
    }

    /// How many GPUs a step takes from each island of its node.
    fn lanes_of_step(self, free: &[u32], gpus: u32) -> Vec<u32> {
        let mut taken = vec![0; free.len()];
        let holding = (0..free.len()).filter(|l| free[*l] >= gpus);
        let single = match self.rule {
            RefPlacement::Spread => first_max(holding.collect(), |l| free[*l]),
            _ => holding.min_by_key(|l| free[*l]),
        };
        if let Some(lane) = single {
            taken[lane] = gpus;
            return taken;
        }
        let mut left = gpus;
        while left > 0 {
            let fullest = first_max((0..free.len()).collect(), |l| free[*l] - taken[*l]).expect("a node has an island");
            let here = left.min(free[fullest] - taken[fullest]);
            taken[fullest] += here;
            left -= here;
        }
        taken
    }
}

fn take_on_lane(work: &mut [Node], node: usize, lane: usize, unit: Unit, count: u32) -> Vec<Spot> {
    let mut lanes = vec![0; work[node].lanes.len()];
    lanes[lane] = unit.gpus * count;
    let spot = Spot { node, units: count, lanes };
    work[node].take(unit, &spot);
    vec![spot]
}

/// The first of those with the greatest key (`max_by_key` gives the last).
fn first_max<T>(items: Vec<T>, key: impl Fn(&T) -> u32) -> Option<T> {
    let greatest = items.iter().map(&key).max()?;
    items.into_iter().find(|item| key(item) == greatest)
}
