//! Nodes and what is free on them; jobs and what they hold. No index, no sums: whoever asks counts.

use fleetsim::trace::{Level, Topology};

use super::types::{RefIsland, RefJob, RefPool};

/// What is free on one node (or what it has altogether, when it is empty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The number of its rack in the pool.
    pub rack: usize,
    /// Free GPUs of each island on it; a single entry where the rack is the island.
    pub lanes: Vec<u32>,
    /// Free milli-cores; `None`: unlimited.
    pub cpu: Option<u64>,
    /// Free bytes; `None`: unlimited.
    pub mem: Option<u64>,
}

/// What lies on one node or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Whole GPUs.
    pub gpus: u32,
    /// Milli-cores.
    pub cpu: u64,
    /// Bytes.
    pub mem: u64,
}

/// Units that were placed on one node in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The node in its pool.
    pub node: usize,
    /// How many.
    pub units: u32,
    /// GPUs taken from each island of the node.
    pub lanes: Vec<u32>,
}

/// Units of one job in their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The pool.
    pub pool: usize,
    /// The units.
    pub spots: Vec<Spot>,
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not yet submitted.
    Future,
    /// Can never fit.
    Rejected,
    /// Submitted and not started; under `pods` it may hold places.
    Waiting,
    /// Started.
    Running,
    /// Stopped for another, for good.
    Cancelled,
    /// Ended.
    Done {
        /// Whether at its walltime.
        killed: bool,
    },
}

/// When and where a waiting job is to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// When.
    pub start: u64,
    /// Where; `None` by count.
    pub place: Option<Place>,
}

/// A job with all that the simulation knows of it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its row in the file.
    pub row: usize,
    /// What the trace says.
    pub spec: RefJob,
    /// The pools that it may use, in file order.
    pub pools: Vec<usize>,
    /// Those of them in which it could start if they were empty.
    pub homes: Vec<usize>,
    /// Its units, all alike.
    pub unit: Unit,
    /// How many.
    pub units: u32,
    /// With how many it starts at least.
    pub least: u32,
    /// Its expected run time.
    pub estimate: u64,
    /// Where it is in its life.
    pub status: Status,
    /// What it holds.
    pub held: Option<Place>,
    /// When it started for the first time.
    pub start: Option<u64>,
    /// When it started for the last time.
    pub resumed: u64,
    /// Run time of earlier runs that counts.
    pub kept: u64,
    /// How often it was stopped for another.
    pub stops: u32,
    /// When it goes, if it has been told to make room for another.
    pub leaves: Option<u64>,
    /// When it ended, or will as things stand.
    pub end: Option<u64>,
    /// Whether that is because of its walltime.
    pub to_be_killed: bool,
    /// Unit-microseconds of work left at `since`.
    pub work_left: u128,
    /// When `work_left` was counted.
    pub since: u64,
    /// Where and when it is to start.
    pub reservation: Option<Reservation>,
}

impl RefPool {
    /// The nodes of the pool when nothing runs.
    pub fn empty_nodes(&self) -> Vec<Node> {
        let lanes = match self.island {
            // Islands of one GPU need not be told apart: a node's GPUs are all alike.
            RefIsland::Gpus(1) if self.gpus_per_node > 0 => vec![self.gpus_per_node],
            RefIsland::Gpus(k) if self.gpus_per_node > 0 => vec![k; (self.gpus_per_node / k) as usize],
            // A node without GPUs counts as one island of none.
            RefIsland::Gpus(_) => vec![0],
            RefIsland::Rack => vec![self.gpus_per_node],
        };
        let node = |n: u32| Node {
            rack: (n / self.nodes_per_rack) as usize,
            lanes: lanes.clone(),
            cpu: self.cpu_milli,
            mem: self.mem_bytes,
        };
        (0..self.nodes).map(node).collect()
    }

    /// Whether the pool's `queues` let the job's line in.
    pub fn admits_line(&self, job: &RefJob) -> bool {
        self.queues.as_ref().is_none_or(|queues| queues.contains(&job.queue))
    }

    /// Whether the job accepts the pool's GPU type; a CPU job accepts every pool.
    pub fn type_accepted(&self, job: &RefJob) -> bool {
        match &self.gpu_type {
            _ if job.gpus == 0 => true,
            None => false,
            Some(id) => job.gpu_types.is_empty() || job.gpu_types.contains(id),
        }
    }
}

impl RefJob {
    /// The unit of which the job asks for several, and how many.
    pub fn request(&self) -> (Unit, u32) {
        match self.tasks {
            Some(t) => (Unit { gpus: self.gpus / t, cpu: self.cpu_milli, mem: self.mem_bytes }, t),
            None if self.gpus == 0 => (Unit { gpus: 0, cpu: self.cpu_milli, mem: self.mem_bytes }, 1),
            None => {
                let g = u64::from(self.gpus);
                (Unit { gpus: 1, cpu: self.cpu_milli.div_ceil(g), mem: self.mem_bytes.div_ceil(g) }, self.gpus)
            }
        }
    }
}

impl Job {
    /// How many units have a place.
    pub fn placed(&self) -> u32 {
        self.held.as_ref().map_or(0, |place| place.spots.iter().map(|spot| spot.units).sum())
    }

    /// How many units have none.
    pub fn missing(&self) -> u32 {
        self.units - self.placed()
    }

    /// The estimated run time that it has yet at `now`.
    pub fn remaining(&self, now: u64) -> u64 {
        let running = if self.status == Status::Running { now - self.resumed } else { 0 };
        self.estimate.saturating_sub(self.kept + running)
    }

    /// When it is expected to end, if it runs; never before `now`.
    pub fn expected_end(&self, now: u64) -> Option<u64> {
        let start = self.start.filter(|_| self.status == Status::Running)?;
        Some((start + self.estimate).max(now))
    }
}

impl Node {
    /// Free GPUs.
    pub fn gpus(&self) -> u32 {
        self.lanes.iter().sum()
    }

    /// How many units it holds, if `gpus` of its GPUs may be used.
    pub fn holds(&self, unit: Unit, gpus: u32) -> u32 {
        let mut most = u64::from(gpus.checked_div(unit.gpus).unwrap_or(u32::MAX));
        if let Some(cpu) = self.cpu.filter(|_| unit.cpu > 0) {
            most = most.min(cpu / unit.cpu);
        }
        if let Some(mem) = self.mem.filter(|_| unit.mem > 0) {
            most = most.min(mem / unit.mem);
        }
        most as u32
    }

    /// Takes what the units of a spot need, or as much of it as there is (`false` then).
    pub fn take(&mut self, unit: Unit, spot: &Spot) -> bool {
        let mut enough = true;
        for (free, gpus) in self.lanes.iter_mut().zip(&spot.lanes) {
            enough &= *free >= *gpus;
            *free = free.saturating_sub(*gpus);
        }
        for (free, need) in [(&mut self.cpu, unit.cpu), (&mut self.mem, unit.mem)] {
            let need = need * u64::from(spot.units);
            if let Some(free) = free {
                enough &= *free >= need;
                *free = free.saturating_sub(need);
            }
        }
        enough
    }

    /// Gives back what the units of a spot held.
    pub fn give_back(&mut self, unit: Unit, spot: &Spot) {
        for (free, gpus) in self.lanes.iter_mut().zip(&spot.lanes) {
            *free += gpus;
        }
        for (free, held) in [(&mut self.cpu, unit.cpu), (&mut self.mem, unit.mem)] {
            if let Some(free) = free {
                *free += held * u64::from(spot.units);
            }
        }
    }
}

/// The levels at which a job is tried in a pool, one after the other.
pub fn levels(topology: Topology) -> Vec<Level> {
    if !topology.preferred {
        return vec![topology.level];
    }
    let wider = [Level::Island, Level::Node, Level::Rack, Level::Any];
    let from = wider.iter().position(|l| *l == topology.level).expect("every level is listed");
    wider[from..].to_vec()
}
