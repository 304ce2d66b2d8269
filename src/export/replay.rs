//! A run simulated again, with the place of every job: which GPUs of which nodes, from when to when.
//!
//! The engine counts the free GPUs of a node and does not tell them apart. Here they have numbers: a job takes the lowest
//! that nobody has. Of GPUs that jobs share the engine knows which seats are on the same one; here each is one of the
//! node's GPUs from its first seat until its last is given back.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::engine::{Leaving, Outcome, Setup, Watch, simulate_watched};
use crate::experiments::Stop;
use crate::experiments::rerun::Rerun;
use crate::experiments::run::options;
use crate::sched::{Holder, World};
use crate::trace::JobId;
use crate::units::Time;

/// A time in which a job ran in one place with the same GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The job.
    pub job: JobId,
    /// Since when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// Why it ended; `None`: it got more GPUs, or the run ended.
    pub left: Option<Leaving>,
    /// The pool's number.
    pub pool: u16,
    /// The GPUs, in order; one on which it has several seats is there as often.
    pub gpus: Vec<Gpu>,
}

/// A GPU, or a seat on a shared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gpu {
    /// Its node's number in the pool.
    pub node: u32,
    /// Its number in the node.
    pub number: u32,
    /// Which of the seats on it, the lowest that was free; 0 where it is not shared.
    pub seat: u32,
}

/// A run with the stays of its jobs.
#[derive(Debug)]
pub struct Replay {
    /// What it was made from.
    pub rerun: Rerun,
    /// How it went.
    pub outcome: Outcome,
    /// All stays by their start, at one instant in the order in which the jobs started; those that took no time too.
    pub stays: Vec<Stay>,
}

impl Replay {
    /// Simulates a stored run again.
    ///
    /// # Errors
    /// What breaks in the run.
    pub fn of(rerun: Rerun) -> Result<Self, Stop> {
        let scenario = &rerun.scenario;
        let options = options(scenario, scenario.seed);
        let jobs = &rerun.jobs.table;
        let setup = Setup { cluster: &scenario.cluster, jobs, policy: &scenario.policy, options: &options };
        let mut recorder = Recorder::default();
        let outcome = simulate_watched(setup, &mut recorder)
            .map_err(|error| Stop::Run { which: format!("the run of {}", rerun.folder.display()), error })?;
        for stay in recorder.stays.iter_mut().filter(|stay| stay.to == Time::MAX) {
            stay.to = outcome.end.max(stay.from);
        }
        Ok(Replay { rerun, outcome, stays: recorder.stays })
    }
}

#[derive(Debug, Default)]
struct Recorder {
    stays: Vec<Stay>,
    /// What each running job has.
    open: FxHashMap<JobId, Open>,
    /// The GPUs of each node that anybody has, by pool and node.
    taken: FxHashMap<(u16, u32), Vec<Use>>,
}

/// A running job.
#[derive(Debug)]
struct Open {
    /// Its current stay.
    stay: usize,
    /// Its GPUs, with the number that the engine gives to a shared one.
    gpus: Vec<(Gpu, Option<u16>)>,
}

/// Who has a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Use {
    /// Nobody.
    #[default]
    Free,
    /// One job.
    Whole,
    /// Jobs that share it: the number that the engine gives to it, and which of its seats are taken.
    Shared(u16, Vec<bool>),
}

impl Recorder {
    fn node(&mut self, world: &World<'_>, pool: u16, node: u32) -> &mut Vec<Use> {
        let per_node = world.spec.pools[pool as usize].gpus_per_node() as usize;
        self.taken.entry((pool, node)).or_insert_with(|| vec![Use::Free; per_node])
    }

    /// The lowest free GPU of a node.
    fn take_whole(&mut self, world: &World<'_>, pool: u16, node: u32) -> Gpu {
        let gpus = self.node(world, pool, node);
        let number = free(gpus);
        gpus[number] = Use::Whole;
        Gpu { node, number: number as u32, seat: 0 }
    }

    /// The lowest free seat of a shared GPU, which is the lowest free GPU where nobody shared it yet.
    fn take_seat(&mut self, world: &World<'_>, pool: u16, node: u32, shared: u16) -> Gpu {
        let gpus = self.node(world, pool, node);
        let known = gpus.iter().position(|gpu| matches!(gpu, Use::Shared(number, _) if *number == shared));
        let number = known.unwrap_or_else(|| free(gpus));
        if known.is_none() {
            gpus[number] = Use::Shared(shared, Vec::new());
        }
        let Use::Shared(_, seats) = &mut gpus[number] else { unreachable!("it was made a shared one") };
        let seat = seats.iter().position(|taken| !taken).unwrap_or(seats.len());
        seats.resize(seats.len().max(seat + 1), false);
        seats[seat] = true;
        Gpu { node, number: number as u32, seat: seat as u32 }
    }

    /// Ends the stay of a job and gives its GPUs, which stay taken.
    fn end(&mut self, job: JobId, now: Time, left: Option<Leaving>) -> Vec<(Gpu, Option<u16>)> {
        let Some(open) = self.open.remove(&job) else { return Vec::new() };
        let stay = &mut self.stays[open.stay];
        (stay.to, stay.left) = (now, left);
        open.gpus
    }
}

/// The lowest GPU that nobody has.
fn free(gpus: &[Use]) -> usize {
    gpus.iter().position(|gpu| *gpu == Use::Free).expect("a node gives no more GPUs than it has")
}

impl Watch for Recorder {
    fn placed(&mut self, world: &World<'_>, holder: &Holder) {
        let mut gpus = self.end(holder.job, world.now, None);
        let pool = holder.held.pool;
        let each = world.class(holder.job).request.gpus;
        // What it has of each node and each shared GPU; of that it may have some already.
        let mut wanted: BTreeMap<(u32, Option<u16>), usize> = BTreeMap::new();
        for part in holder.held.parts() {
            let shared = part.shared_gpu().map(|(_, gpu)| gpu);
            let count = if shared.is_some() { 1 } else { (part.units * each) as usize };
            *wanted.entry((part.node, shared)).or_insert(0) += count;
        }
        for ((node, shared), wanted) in wanted {
            let held = gpus.iter().filter(|(gpu, own)| gpu.node == node && *own == shared).count();
            for _ in held..wanted {
                let gpu = match shared {
                    Some(number) => self.take_seat(world, pool, node, number),
                    None => self.take_whole(world, pool, node),
                };
                gpus.push((gpu, shared));
            }
        }
        gpus.sort_unstable();
        let (from, to) = (world.now, Time::MAX);
        let own = gpus.iter().map(|(gpu, _)| *gpu).collect();
        self.open.insert(holder.job, Open { stay: self.stays.len(), gpus });
        self.stays.push(Stay { job: holder.job, from, to, left: None, pool, gpus: own });
    }

    fn left(&mut self, world: &World<'_>, holder: &Holder, why: Leaving) {
        let pool = holder.held.pool;
        for (gpu, _) in self.end(holder.job, world.now, Some(why)) {
            let Some(taken) = self.taken.get_mut(&(pool, gpu.node)) else { continue };
            let place = &mut taken[gpu.number as usize];
            match place {
                Use::Shared(_, seats) => {
                    seats[gpu.seat as usize] = false;
                    if seats.iter().all(|taken| !taken) {
                        *place = Use::Free;
                    }
                }
                Use::Whole | Use::Free => *place = Use::Free,
            }
        }
    }
}
