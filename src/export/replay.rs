//! A run simulated again, with the place of every job: which GPUs of which nodes, from when to when.
//!
//! The engine counts the free GPUs of a node and does not tell them apart. Here they have numbers: a job takes those that
//! the fewest jobs have, the lowest of them. Since the engine never gives more than there are, nobody has them.

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
    /// Node and number of each GPU, in order.
    pub gpus: Vec<(u32, u32)>,
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
    /// The stay of each running job.
    open: FxHashMap<JobId, usize>,
    /// How many jobs have each GPU of a node, by pool and node.
    taken: FxHashMap<(u16, u32), Vec<u32>>,
}

impl Recorder {
    fn take(&mut self, world: &World<'_>, pool: u16, node: u32) -> (u32, u32) {
        let per_node = world.spec.pools[pool as usize].gpus_per_node() as usize;
        let taken = self.taken.entry((pool, node)).or_insert_with(|| vec![0; per_node]);
        let gpu = (0..per_node).min_by_key(|&gpu| taken[gpu]).expect("a node that gives GPUs has some");
        taken[gpu] += 1;
        (node, gpu as u32)
    }

    /// Ends the stay of a job and gives its GPUs, which stay taken.
    fn end(&mut self, job: JobId, now: Time, left: Option<Leaving>) -> Vec<(u32, u32)> {
        let Some(at) = self.open.remove(&job) else { return Vec::new() };
        let stay = &mut self.stays[at];
        (stay.to, stay.left) = (now, left);
        stay.gpus.clone()
    }
}

impl Watch for Recorder {
    fn placed(&mut self, world: &World<'_>, holder: &Holder) {
        let mut gpus = self.end(holder.job, world.now, None);
        let pool = holder.held.pool;
        let each = world.class(holder.job).request.gpus;
        let mut wanted: FxHashMap<u32, usize> = FxHashMap::default();
        for part in holder.held.parts() {
            let wanted = wanted.entry(part.node).or_insert(0);
            *wanted += (part.units * each) as usize;
            let held = gpus.iter().filter(|(node, _)| *node == part.node).count();
            for _ in held..*wanted {
                let gpu = self.take(world, pool, part.node);
                gpus.push(gpu);
            }
        }
        gpus.sort_unstable();
        self.open.insert(holder.job, self.stays.len());
        let (from, to) = (world.now, Time::MAX);
        self.stays.push(Stay { job: holder.job, from, to, left: None, pool, gpus });
    }

    fn left(&mut self, world: &World<'_>, holder: &Holder, why: Leaving) {
        let pool = holder.held.pool;
        for (node, gpu) in self.end(holder.job, world.now, Some(why)) {
            if let Some(taken) = self.taken.get_mut(&(pool, node)) {
                taken[gpu as usize] -= 1;
            }
        }
    }
}
