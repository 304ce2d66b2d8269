//! The whole state of a simulation, and the steps that every policy shares.

use std::collections::BTreeSet;

use super::placement::{Chooser, place_in};
use super::state::{Job, Node, Place, Status};
use super::types::{RefCluster, RefJob, RefPolicy, RefRun, RefStop};

/// Everything there is at one instant.
#[derive(Debug, Clone)]
pub struct World {
    /// The pools as described.
    pub cluster: RefCluster,
    /// What is free: node by node, pool by pool.
    pub free: Vec<Vec<Node>>,
    /// All jobs by (submit, row), so that a lower number comes first.
    pub jobs: Vec<Job>,
    /// How the run is to go.
    pub run: RefRun,
    /// The instant.
    pub now: u64,
    /// Whether EASY and conservative go by count.
    pub by_count: bool,
    /// Every reservation made: (pass, row, start).
    pub reservations: Vec<(u64, usize, u64)>,
    /// Runs whose work was thrown away: (job, pool, microseconds).
    pub thrown_away: Vec<(usize, usize, u64)>,
}

/// What happened at an instant before the pass.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// Whether a job ended.
    pub completion: bool,
    /// The jobs that came, by (submit, row), without the rejected ones.
    pub arrivals: Vec<usize>,
}

impl World {
    /// An empty cluster before the first submission.
    pub fn new(cluster: &RefCluster, rows: &[RefJob], run: RefRun) -> World {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|row| (rows[*row].submit, *row));
        let free: Vec<Vec<Node>> = cluster.iter().map(|pool| pool.empty_nodes()).collect();
        let jobs = order.into_iter().map(|row| new_job(cluster, run, row, &rows[row])).collect();
        let mut world = World {
            cluster: cluster.clone(),
            free,
            jobs,
            run,
            now: 0,
            by_count: false,
            reservations: Vec::new(),
            thrown_away: Vec::new(),
        };
        for j in 0..world.jobs.len() {
            if world.place(&world.free, j).is_none() {
                world.jobs[j].status = Status::Rejected;
            }
            let least = world.jobs[j].least;
            let holds = |p: &usize| place_in(world.chooser(&world.free, *p), *p, &world.jobs[j], least).is_some();
            world.jobs[j].homes = world.jobs[j].pools.iter().copied().filter(holds).collect();
        }
        world.by_count = world.any_free_gpu_will_do();
        world
    }

    /// Whether every job that is not rejected may use any free GPU.
    ///
    /// Limits count in the pools that a job may use; jobs without GPUs take no GPU from anybody. Units are of one GPU, or
    /// all of them whole nodes.
    fn any_free_gpu_will_do(&self) -> bool {
        let gpu_pools: Vec<_> = self.cluster.iter().filter(|pool| pool.gpus_per_node > 0).collect();
        let [gpu_pool] = gpu_pools[..] else { return false };
        let rest = || self.jobs.iter().filter(|job| job.status != Status::Rejected);
        let sizes: BTreeSet<u32> = rest().map(|job| job.unit.gpus).filter(|gpus| *gpus > 0).collect();
        let of_one_size = sizes.iter().all(|gpus| *gpus == 1) || sizes.iter().all(|g| *g == gpu_pool.gpus_per_node);
        of_one_size
            && rest().all(|job| {
                let unlimited = job.pools.iter().all(|p| {
                    let pool = &self.cluster[*p];
                    (pool.cpu_milli.is_none() || job.unit.cpu == 0) && (pool.mem_bytes.is_none() || job.unit.mem == 0)
                });
                let anywhere = job.spec.topology.preferred || job.spec.topology == Default::default();
                unlimited && anywhere && gpu_pool.admits_line(&job.spec)
            })
    }

    /// Where job `j` would lie if `nodes` were what is free: pools in file order. An elastic job gets a place for as
    /// many units as it goes, but not for fewer than it needs to start; one that runs gets at least one more.
    pub fn place(&self, nodes: &[Vec<Node>], j: usize) -> Option<Place> {
        (self.least(j)..=self.jobs[j].missing()).rev().find_map(|count| self.place_count(nodes, j, count))
    }

    /// Where one more unit of job `j` would lie.
    pub fn place_one(&self, j: usize) -> Option<Place> {
        let job = &self.jobs[j];
        job.homes.iter().find_map(|p| place_in(self.chooser(&self.free, *p), *p, job, 1))
    }

    /// Whether job `j` could be placed in `pool` as things are.
    pub fn could_be_placed(&self, j: usize, pool: usize) -> bool {
        place_in(self.chooser(&self.free, pool), pool, &self.jobs[j], self.least(j)).is_some()
    }

    fn place_count(&self, nodes: &[Vec<Node>], j: usize, count: u32) -> Option<Place> {
        self.jobs[j].pools.iter().find_map(|p| place_in(self.chooser(nodes, *p), *p, &self.jobs[j], count))
    }

    /// With how many more units job `j` could start or go on growing.
    fn least(&self, j: usize) -> u32 {
        self.jobs[j].least.saturating_sub(self.jobs[j].placed()).max(1)
    }

    fn chooser<'a>(&'a self, nodes: &'a [Vec<Node>], pool: usize) -> Chooser<'a> {
        Chooser { nodes: &nodes[pool], island: self.cluster[pool].island, rule: self.run.placement }
    }

    /// Takes the places for job `j`, beside what it holds.
    pub fn hold(&mut self, j: usize, place: Place) {
        let unit = self.jobs[j].unit;
        for spot in &place.spots {
            assert!(self.free[place.pool][spot.node].take(unit, spot), "{} does not fit", self.jobs[j].spec.name);
        }
        match &mut self.jobs[j].held {
            None => self.jobs[j].held = Some(place),
            Some(held) => {
                assert_eq!(held.pool, place.pool, "all units lie in one pool");
                held.spots.extend(place.spots);
            }
        }
    }

    /// Starts job `j` on what it holds.
    pub fn start(&mut self, j: usize) {
        let now = self.now;
        let job = &mut self.jobs[j];
        assert_eq!(job.status, Status::Waiting, "{} does not wait", job.spec.name);
        (job.status, job.since, job.resumed, job.reservation) = (Status::Running, now, now, None);
        job.start.get_or_insert(now);
        self.foresee_end(j);
    }

    /// Starts job `j` at `place`.
    pub fn start_at(&mut self, j: usize, place: Place) {
        self.hold(j, place);
        self.start(j);
    }

    /// Works out when job `j` ends as things stand: under `gang` its members work side by side, else the recorded
    /// duration counts.
    pub fn foresee_end(&mut self, j: usize) {
        let enforce = self.run.enforce_walltime;
        let elastic = self.run.policy == RefPolicy::Gang;
        let job = &mut self.jobs[j];
        let start = job.resumed;
        let natural = if elastic {
            job.since + job.work_left.div_ceil(u128::from(job.placed())) as u64
        } else {
            start + job.spec.duration - job.kept
        };
        let limit = job.spec.walltime.filter(|_| enforce).map(|walltime| start + walltime);
        job.end = Some(limit.map_or(natural, |limit| natural.min(limit)));
        job.to_be_killed = limit.is_some_and(|limit| limit < natural);
    }

    /// Counts the work done by `gang` job `j` until now; to be called before its members change.
    pub fn settle_work(&mut self, j: usize) {
        let now = self.now;
        let job = &mut self.jobs[j];
        let done = u128::from(job.placed()) * u128::from(now - job.since);
        (job.work_left, job.since) = (job.work_left.saturating_sub(done), now);
    }

    /// Ends job `j`.
    pub fn end(&mut self, j: usize) {
        let job = &mut self.jobs[j];
        let place = job.held.take().expect("a running job holds its place");
        job.status = Status::Done { killed: job.to_be_killed };
        job.leaves = None;
        let unit = job.unit;
        for spot in &place.spots {
            self.free[place.pool][spot.node].give_back(unit, spot);
        }
    }

    /// Stops running job `j` for another; it waits again, or is done for.
    pub fn stop(&mut self, j: usize) {
        let (now, stops) = (self.now, self.run.stops);
        let job = &mut self.jobs[j];
        let place = job.held.take().expect("a running job holds its place");
        let ran = now - job.resumed;
        job.leaves = None;
        match stops {
            RefStop::Suspend => job.kept += ran,
            RefStop::Requeue | RefStop::Cancel => self.thrown_away.push((j, place.pool, ran)),
        }
        if stops == RefStop::Cancel {
            (job.status, job.end) = (Status::Cancelled, Some(now));
        } else {
            (job.status, job.end, job.stops) = (Status::Waiting, None, job.stops + 1);
        }
        let unit = job.unit;
        for spot in &place.spots {
            self.free[place.pool][spot.node].give_back(unit, spot);
        }
    }

    /// The key by which the policy orders the jobs of a line; a job's number is its (submit, row).
    fn order_key(&self, j: usize) -> (i128, usize) {
        match self.run.policy {
            RefPolicy::Sjf { .. } => (i128::from(self.jobs[j].estimate), j),
            // Who was stopped has its old place in the line, whatever it has done.
            RefPolicy::Srtf => (i128::from(self.jobs[j].estimate), j),
            RefPolicy::Priority { .. } | RefPolicy::PriorityPreempt { .. } => {
                (-i128::from(self.jobs[j].spec.priority), j)
            }
            _ => (0, j),
        }
    }

    /// Jobs with units that wait, line after line in the order of their heads, each in the policy's order. Preemptive
    /// policies know one line.
    pub fn lines(&self) -> Vec<Vec<usize>> {
        let mut lines: Vec<Vec<usize>> = Vec::new();
        for j in self.waiting() {
            let together = |other: usize| {
                self.run.policy.is_preemptive() || self.jobs[other].spec.queue == self.jobs[j].spec.queue
            };
            let line = lines.iter_mut().find(|line| together(line[0]));
            match line {
                Some(line) => line.push(j),
                None => lines.push(vec![j]),
            }
        }
        for line in &mut lines {
            line.sort_by_key(|j| self.order_key(*j));
        }
        lines.sort_by_key(|line| line[0]);
        lines
    }

    /// Jobs that wait to start, and under `pods` those that started without some of their pods.
    pub fn waiting(&self) -> Vec<usize> {
        let waits = |job: &Job| match job.status {
            Status::Waiting => true,
            Status::Running => self.run.policy == RefPolicy::Pods && job.missing() > 0,
            _ => false,
        };
        (0..self.jobs.len()).filter(|j| waits(&self.jobs[*j])).collect()
    }

    /// Running jobs by (submit, row).
    pub fn running(&self) -> Vec<usize> {
        (0..self.jobs.len()).filter(|j| self.jobs[*j].status == Status::Running).collect()
    }

    /// Free GPUs of the whole cluster.
    pub fn free_gpus(&self) -> u32 {
        self.free.iter().flatten().map(Node::gpus).sum()
    }
}

/// A job before its submission. Under `gang` and `pods` it can do with `min_tasks`; the other policies ignore them.
fn new_job(cluster: &RefCluster, run: RefRun, row: usize, spec: &RefJob) -> Job {
    let (unit, units) = spec.request();
    let elastic = matches!(run.policy, RefPolicy::Gang | RefPolicy::Pods);
    let (numerator, denominator) = run.estimate_factor;
    let estimate = spec.walltime.map_or(spec.duration, |walltime| walltime * numerator / denominator);
    let usable = |p: &usize| cluster[*p].type_accepted(spec) && cluster[*p].admits_line(spec);
    Job {
        row,
        spec: spec.clone(),
        pools: (0..cluster.len()).filter(usable).collect(),
        homes: Vec::new(),
        unit,
        units,
        least: spec.min_tasks.filter(|_| elastic).unwrap_or(units),
        estimate,
        status: Status::Future,
        held: None,
        start: None,
        resumed: 0,
        kept: 0,
        stops: 0,
        leaves: None,
        end: None,
        to_be_killed: false,
        work_left: u128::from(units) * u128::from(spec.duration),
        since: 0,
        reservation: None,
    }
}
