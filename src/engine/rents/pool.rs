//! One pool whose nodes are rented.

mod racks;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use libm::log;
use rand::RngExt;
use rustc_hash::FxHashMap;

use super::absent::Absent;
use super::demand::{Demand, NODE};
use crate::cluster::{PoolSpec, Rent, Request};
use crate::engine::lives::earliest;
use crate::engine::outages::Node;
use crate::sched::{Holder, World};
use crate::trace::JobId;
use crate::units::gpus::MILLI_PER_GPU;
use crate::units::rng::{Stream, stream};
use crate::units::{Span, Time};

/// What happens to a rented node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It comes.
    Comes(Node),
    /// The provider takes it back.
    TakenBack(Node),
}

/// What a waiting job has to expect of a pool whose nodes are rented, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlook {
    /// Nodes that were asked for come then.
    Coming(Time),
    /// They were refused, and are asked for again then.
    Refused(Time),
    /// It will have waited long enough then for nodes to be asked for.
    Patient(Time),
}

/// Where a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Absent,
    Coming,
    There,
}

/// A pool whose nodes are rented.
#[derive(Debug)]
pub(super) struct Rented {
    /// Its number in the cluster.
    pub number: u16,
    /// Who waits for its nodes.
    pub demand: Demand,
    rent: Rent,
    /// Mean time until the provider takes a node back.
    reclaim: Option<Span>,
    /// Decides over requests.
    refusals: Stream,
    /// Draws how long spot nodes stay.
    stays: Stream,
    presence: Vec<Presence>,
    /// How often each node has come.
    rentals: Vec<u32>,
    /// Nodes that can be asked for: absent and not out of service.
    absent: Absent,
    /// Nodes that something else keeps out of service.
    out: BTreeSet<u32>,
    /// Nodes that are asked for, the first to come first.
    coming: VecDeque<(Time, u32)>,
    /// When nodes are taken back, each in one rental of its.
    reclaims: BinaryHeap<Reverse<(Time, u32, u32)>>,
    /// The jobs on each node that has any.
    users: BTreeMap<u32, BTreeSet<JobId>>,
    /// How many parts of what each of them holds are known.
    known: FxHashMap<JobId, usize>,
    /// Nodes that are there and have none, since when; and the same by node.
    idle: BTreeSet<(Time, u32)>,
    idle_since: BTreeMap<u32, Time>,
    /// Idle nodes that went out of service.
    spoilt: Vec<u32>,
    /// Jobs that have waited long enough, and need several nodes of one rack.
    racked: BTreeSet<JobId>,
    /// After a refusal, nothing is asked for until then.
    closed_until: Time,
}

impl Rented {
    /// None of its nodes is there yet; nothing, where they are there all the time.
    pub fn new(number: u16, spec: &PoolSpec, seed: u64) -> Option<Self> {
        let rent = spec.tenure.rent()?;
        Some(Rented {
            number,
            demand: Demand::new(rent.after),
            rent,
            reclaim: spec.tenure.reclaim(),
            refusals: stream(seed, &format!("refusals/{}", spec.name)),
            stays: stream(seed, &format!("reclaims/{}", spec.name)),
            presence: vec![Presence::Absent; spec.nodes as usize],
            rentals: vec![0; spec.nodes as usize],
            absent: Absent::all(spec.nodes, spec.nodes_per_rack.unwrap_or(spec.nodes)),
            out: BTreeSet::new(),
            coming: VecDeque::new(),
            reclaims: BinaryHeap::new(),
            users: BTreeMap::new(),
            known: FxHashMap::default(),
            idle: BTreeSet::new(),
            idle_since: BTreeMap::new(),
            spoilt: Vec::new(),
            racked: BTreeSet::new(),
            closed_until: Time::ZERO,
        })
    }

    /// When anything happens next.
    pub fn next(&self, now: Time) -> Option<Time> {
        let comes = self.coming.front().map(|&(at, _)| at);
        let goes = self.reclaims.peek().map(|Reverse((at, ..))| *at);
        let asks_again = || self.lacking() > 0 || !self.racked.is_empty();
        let again = Some(self.closed_until).filter(|&at| at > now && asks_again());
        let back = self.idle.first().map(|&(since, _)| since.after(self.rent.keep));
        let back = back.filter(|&at| at > now && self.surplus() > 0);
        earliest(earliest(earliest(comes, goes), self.demand.next()), earliest(again, back))
    }

    /// A node that comes or is taken back by now.
    pub fn pop(&mut self, now: Time) -> Option<Move> {
        if let Some(&(at, node)) = self.coming.front()
            && at <= now
        {
            self.coming.pop_front();
            self.presence[node as usize] = Presence::There;
            self.rentals[node as usize] += 1;
            self.draw_stay(node, now);
            self.rests(node, now);
            return Some(Move::Comes((self.number, node)));
        }
        while let Some(&Reverse((at, node, rental))) = self.reclaims.peek()
            && at <= now
        {
            self.reclaims.pop();
            if self.presence[node as usize] == Presence::There && self.rentals[node as usize] == rental {
                self.goes(node);
                return Some(Move::TakenBack((self.number, node)));
            }
        }
        None
    }

    /// Draws when the provider takes a node back that has just come: the time is exponential.
    fn draw_stay(&mut self, node: u32, now: Time) {
        let Some(mean) = self.reclaim else { return };
        let uniform: f64 = self.stays.random();
        let micros = (mean.micros() as f64 * -log(1.0 - uniform)).round().clamp(1.0, 1e18);
        let at = now.after(Span::from_micros(micros as u64));
        self.reclaims.push(Reverse((at, node, self.rentals[node as usize])));
    }

    /// A node is rented no more.
    fn goes(&mut self, node: u32) {
        self.is_used(node);
        self.presence[node as usize] = Presence::Absent;
        if !self.out.contains(&node) {
            self.absent.insert(node);
        }
    }

    fn is_used(&mut self, node: u32) {
        if let Some(since) = self.idle_since.remove(&node) {
            self.idle.remove(&(since, node));
        }
    }

    /// Nobody may be on a node, if it is there.
    fn rests(&mut self, node: u32, now: Time) {
        let rests = self.presence[node as usize] == Presence::There && !self.users.contains_key(&node);
        if rests && !self.idle_since.contains_key(&node) {
            self.idle_since.insert(node, now);
            self.idle.insert((now, node));
            if self.out.contains(&node) {
                self.spoilt.push(node);
            }
        }
    }

    /// A job holds this.
    pub fn took(&mut self, holder: &Holder) {
        let parts = holder.held.parts();
        let known = self.known.insert(holder.job, parts.len()).unwrap_or(0);
        for part in &parts[known..] {
            self.is_used(part.node);
            self.users.entry(part.node).or_default().insert(holder.job);
        }
    }

    /// A job that held this has given back what it held on some of these nodes.
    pub fn left(&mut self, holder: &Holder, gone: impl Fn(u32) -> bool, now: Time) {
        let mut kept = 0;
        for part in holder.held.parts() {
            if !gone(part.node) {
                kept += 1;
                continue;
            }
            if let Some(users) = self.users.get_mut(&part.node) {
                users.remove(&holder.job);
                if users.is_empty() {
                    self.users.remove(&part.node);
                    self.rests(part.node, now);
                }
            }
        }
        if kept > 0 {
            self.known.insert(holder.job, kept);
        } else {
            self.known.remove(&holder.job);
        }
    }

    /// Who is on a node.
    pub fn users_of(&self, node: u32) -> Vec<JobId> {
        self.users.get(&node).map_or_else(Vec::new, |users| users.iter().copied().collect())
    }

    /// Nodes that are not there.
    pub fn absent_nodes(&self) -> u64 {
        self.presence.iter().filter(|&&presence| presence != Presence::There).count() as u64
    }

    /// A node goes out of service, or is in service again, but for not being rented.
    pub fn set_service(&mut self, node: u32, in_service: bool) {
        let changed = if in_service { self.out.remove(&node) } else { self.out.insert(node) };
        match self.presence[node as usize] {
            _ if !changed => {}
            Presence::Absent if in_service => self.absent.insert(node),
            Presence::Absent => self.absent.remove(node),
            Presence::There if !in_service && self.idle_since.contains_key(&node) => self.spoilt.push(node),
            Presence::Coming | Presence::There => {}
        }
    }

    /// Hears who has waited long enough.
    pub fn hear(&mut self, world: &World<'_>) {
        while let Some(job) = self.demand.hear(world.now) {
            self.measure(world, job);
        }
    }

    /// Works out what a job that has waited long enough would fill.
    pub fn measure(&mut self, world: &World<'_>, job: JobId) {
        if !self.demand.wants(job) {
            return;
        }
        let request = world.class(job).request;
        let units = match world.holders.of(job) {
            Some(holder) if holder.held.pool != self.number => 0,
            Some(holder) => request.units - holder.units,
            None => request.units,
        };
        let to_a_node = self.units_to_a_node(world, &request);
        let nodes = self.presence.len() as u64;
        let parts = (u64::from(units) * NODE / to_a_node).min(nodes * NODE);
        // The least that there is, where a node holds more units than it has parts.
        self.demand.set(job, parts.max(u64::from(units > 0)));
        if parts > NODE && self.needs_a_rack(world, &request) {
            self.racked.insert(job);
        }
    }

    /// How many units of a request an empty node holds, at least 1.
    fn units_to_a_node(&self, world: &World<'_>, request: &Request) -> u64 {
        let spec = &world.spec.pools[usize::from(self.number)];
        let to_a_gpu = match world.pools[usize::from(self.number)].cut(request) {
            Some(cut) => MILLI_PER_GPU / u64::from(cut.milli()).max(1),
            None => 1,
        };
        let gpus = u64::from(spec.gpus_per_node()) * to_a_gpu;
        let held = |have: Option<u64>, want: u64| have.and_then(|have| have.checked_div(want)).unwrap_or(u64::MAX);
        let by_gpus = held(Some(gpus), u64::from(request.gpus));
        by_gpus.min(held(spec.cpu_milli, request.cpu)).min(held(spec.mem_bytes, request.mem)).max(1)
    }

    /// Nodes that are wanted and neither idle nor coming, as far as they can be asked for.
    fn lacking(&self) -> u64 {
        let provided = (self.idle.len() + self.coming.len()) as u64;
        self.demand.nodes().saturating_sub(provided).min(self.absent.len() as u64)
    }

    /// Idle nodes that nobody has waited long enough for.
    fn surplus(&self) -> u64 {
        (self.idle.len() as u64).saturating_sub(self.demand.nodes())
    }

    /// Asks for what is lacking, all of it at once, and gets all of it or nothing.
    pub fn ask(&mut self, world: &World<'_>) {
        if world.now < self.closed_until {
            return;
        }
        let lacking = self.lacking();
        if lacking > 0 {
            if self.is_granted(world.now) {
                let nodes: Vec<u32> = (0..lacking).map_while(|_| self.absent.pop()).collect();
                self.expect(nodes, world.now);
            }
        } else if !self.racked.is_empty() && self.coming.is_empty() && self.absent.len() > 0 {
            self.complete_a_rack(world);
        }
    }

    /// Whether the provider has what is asked for; where not, nothing is asked for a while.
    fn is_granted(&mut self, now: Time) -> bool {
        let refused = self.rent.refusal_ppm > 0 && self.refusals.random_range(0..1_000_000) < self.rent.refusal_ppm;
        if refused {
            self.closed_until = now.after(self.rent.retry);
        }
        !refused
    }

    fn expect(&mut self, nodes: Vec<u32>, now: Time) {
        let at = now.after(self.rent.delay);
        for node in nodes {
            self.presence[node as usize] = Presence::Coming;
            self.coming.push_back((at, node));
        }
    }

    /// Gives back what is out of service, and what has been idle for long enough and nobody wants, the longest idle first.
    pub fn give_back(&mut self, now: Time) -> Vec<u32> {
        let mut gone = Vec::new();
        for node in std::mem::take(&mut self.spoilt) {
            if self.out.contains(&node) && self.idle_since.contains_key(&node) {
                self.goes(node);
                gone.push(node);
            }
        }
        while self.surplus() > 0
            && let Some(&(since, node)) = self.idle.first()
            && since.after(self.rent.keep) <= now
        {
            self.goes(node);
            gone.push(node);
        }
        gone
    }

    /// What a waiting job has to expect; nothing where there are no nodes to be asked for.
    pub fn outlook(&self, job: JobId, now: Time) -> Option<Outlook> {
        let could_ask = self.absent.len() > 0;
        match (self.demand.patient_until(job), self.coming.front()) {
            (Some(until), _) => Some(Outlook::Patient(until)).filter(|_| could_ask),
            (None, Some(&(at, _))) => Some(Outlook::Coming(at)),
            (None, None) => Some(Outlook::Refused(self.closed_until)).filter(|_| could_ask && now < self.closed_until),
        }
    }
}
