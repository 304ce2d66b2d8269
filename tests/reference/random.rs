//! Small random scenarios, each from one number: everything that the rules know of, in small whole numbers, so that
//! ties abound.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fleetsim::trace::Topology;

use super::types::{RefCluster, RefIsland, RefJob, RefPlacement, RefPolicy, RefPool, RefRun, RefStop};

/// Every policy with every switch.
pub const POLICIES: [RefPolicy; 14] = [
    RefPolicy::Fifo,
    RefPolicy::BestEffortFifo,
    RefPolicy::Sjf { skip: false },
    RefPolicy::Sjf { skip: true },
    RefPolicy::Priority { skip: false },
    RefPolicy::Priority { skip: true },
    RefPolicy::Gang,
    RefPolicy::Pods,
    RefPolicy::Easy,
    RefPolicy::Conservative { replan: false },
    RefPolicy::Conservative { replan: true },
    RefPolicy::Srtf,
    RefPolicy::PriorityPreempt { skip: false },
    RefPolicy::PriorityPreempt { skip: true },
];

/// Every placement that has a reference.
pub const PLACEMENTS: [RefPlacement; 4] =
    [RefPlacement::FirstFit, RefPlacement::Pack, RefPlacement::Spread, RefPlacement::IslandPack];

/// A scenario without its policy.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The pools.
    pub cluster: RefCluster,
    /// The jobs in file order, most often not by submission.
    pub jobs: Vec<RefJob>,
    /// Placement, walltimes, factor and end; the policy is to be replaced.
    pub run: RefRun,
}

/// SplitMix64 (Steele, Lea, Flood 2014): one state word, good enough to choose small numbers.
struct Dice(u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.word() % end
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize].clone()
    }

    /// Whether something with the chance of `percent` in 100 happens.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What the jobs of one scenario have in common.
struct Habits {
    /// Microseconds of a unit of time: seconds, or so few that shares of it are rounded.
    unit: u64,
    /// Jobs whose GPUs any free GPU will do for, so that EASY and conservative go by count.
    plain: bool,
    /// GPUs of a node, where all of these jobs are of whole nodes.
    whole: Option<u32>,
    /// How walltimes are to durations.
    walltimes: Walltimes,
    lines: Vec<String>,
    has_min_tasks: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Walltimes {
    Absent,
    Exact,
    Over,
    Mixed,
}

/// The scenario of a number.
pub fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5EED);
    let plain = dice.chance(35);
    let lines = match dice.below(3) {
        0 => vec![String::new()],
        1 => vec!["a".to_owned(), "b".to_owned()],
        _ => vec![String::new(), "a".to_owned(), "b".to_owned()],
    };
    let whole = (plain && dice.chance(40)).then(|| dice.pick(&[2, 4, 8]));
    let habits = Habits {
        unit: dice.pick(&[1_000_000, 1_000_000, 7, 2]),
        plain,
        whole,
        walltimes: dice.pick(&[Walltimes::Absent, Walltimes::Exact, Walltimes::Over, Walltimes::Mixed]),
        lines,
        has_min_tasks: dice.chance(50),
    };
    let pools = if plain { 1 } else { 1 + dice.below(3) };
    let cluster: RefCluster = (0..pools).map(|p| pool(&mut dice, p, &habits)).collect();
    let shapes: Vec<RefJob> = (0..2 + dice.below(6)).map(|_| shape(&mut dice, &habits)).collect();
    let span = 1 + dice.below(25);
    let mut jobs: Vec<RefJob> = (0..1 + dice.below(25)).map(|n| job(&mut dice, &habits, &shapes, n, span)).collect();
    let until = dice.chance(15).then(|| dice.below(30) * habits.unit);
    let mut run = RefRun {
        placement: dice.pick(&PLACEMENTS),
        enforce_walltime: dice.chance(30),
        estimate_factor: if habits.walltimes == Walltimes::Mixed {
            dice.pick(&[(1, 1), (1, 1), (1, 2), (3, 2), (2, 1)])
        } else {
            dice.pick(&[(1, 1), (1, 1), (2, 1)])
        },
        until,
        ..RefRun::new(RefPolicy::Fifo)
    };
    run.stops = dice.pick(&[RefStop::Suspend, RefStop::Requeue, RefStop::Cancel]);
    run.min_runtime = if dice.chance(50) { 0 } else { dice.below(16) * habits.unit };
    run.grace = if dice.chance(60) { 0 } else { dice.below(12) * habits.unit };
    let share = dice.pick(&[0, 0, 25]);
    for job in &mut jobs {
        job.preemptible = dice.pick(&[None, Some(true)]);
        if dice.chance(share) {
            job.preemptible = Some(false);
        }
    }
    Scenario { cluster, jobs, run }
}

fn pool(dice: &mut Dice, number: u64, habits: &Habits) -> RefPool {
    let no_gpus = !habits.plain && number > 0 && dice.chance(20);
    let gpus_per_node = if no_gpus { 0 } else { habits.whole.unwrap_or_else(|| dice.pick(&[1, 2, 2, 4, 4, 8])) };
    let nodes = 1 + dice.below(6) as u32;
    let island = match gpus_per_node {
        0 => RefIsland::Gpus(1),
        _ if dice.chance(20) => RefIsland::Rack,
        g => RefIsland::Gpus(dice.pick(&[1, 2, 4, 8].into_iter().filter(|k| g % k == 0).collect::<Vec<u32>>())),
    };
    let limited = |dice: &mut Dice, most: u64| (!habits.plain && dice.chance(35)).then(|| 1 + dice.below(most));
    RefPool {
        name: format!("p{number}"),
        gpu_type: (gpus_per_node > 0).then(|| dice.pick(&["x", "y"]).to_owned()),
        nodes,
        gpus_per_node,
        island,
        nodes_per_rack: if dice.chance(50) { nodes } else { 1 + dice.below(u64::from(nodes)) as u32 },
        cpu_milli: limited(dice, 16),
        mem_bytes: limited(dice, 16),
        queues: (!habits.plain && dice.chance(25)).then(|| vec![dice.pick(&habits.lines)]),
    }
}

/// What several jobs ask for; their times come later.
fn shape(dice: &mut Dice, habits: &Habits) -> RefJob {
    let gpus = match dice.below(20) {
        0 | 1 => 0,
        _ if habits.whole.is_some() => habits.whole.unwrap_or(1) * (1 + dice.below(7) as u32),
        2..=8 => 1,
        9..=16 => 1 + dice.below(8) as u32,
        17 | 18 => 1 + dice.below(16) as u32,
        _ => 1 + dice.below(40) as u32,
    };
    let divisors: Vec<u32> = (1..=gpus.max(3)).filter(|t| gpus % t == 0).collect();
    let tasks = match habits.plain {
        _ if habits.whole.is_some() => habits.whole.map(|node| gpus / node).filter(|t| *t > 0),
        true if gpus > 0 => dice.chance(50).then_some(gpus),
        _ => dice.chance(60).then(|| dice.pick(&divisors)),
    };
    let needs: &[&str] = if habits.plain { &["any", "any", "node?", "island?", "rack?"] } else { &Topology::WORDS[..] };
    let need = if dice.chance(50) { "any" } else { dice.pick(needs) };
    let some = |dice: &mut Dice, most: u64| if dice.chance(40) { dice.below(most) } else { 0 };
    RefJob {
        name: String::new(),
        submit: 0,
        duration: 0,
        walltime: None,
        gpus,
        tasks,
        // A function of the tasks, so that equal shapes have equal minima.
        min_tasks: tasks.filter(|_| habits.has_min_tasks).map(|t| t.div_ceil(2)),
        gpu_types: if habits.plain {
            Vec::new()
        } else {
            dice.pick(&[vec![], vec![], vec!["x".to_owned()], vec!["x".to_owned(), "y".to_owned()]])
        },
        share_milli: dice.pick(&[1000, 1000, 1000, 500, 333]),
        cpu_milli: some(dice, 9),
        mem_bytes: some(dice, 9),
        tenant: dice.pick(&["", "t", "u"]).to_owned(),
        queue: dice.pick(&habits.lines),
        priority: 0,
        topology: Topology::parse(need).expect("the word is one of the trace's"),
        preemptible: None,
        failed: false,
    }
}

fn job(dice: &mut Dice, habits: &Habits, shapes: &[RefJob], number: u64, span: u64) -> RefJob {
    let duration = if dice.chance(7) { 0 } else { 1 + dice.below(12) };
    let walltime = match habits.walltimes {
        Walltimes::Absent => None,
        Walltimes::Exact => Some(duration),
        Walltimes::Over => Some(duration + dice.below(8)),
        Walltimes::Mixed => dice.chance(85).then(|| (duration + dice.below(8)).saturating_sub(4)),
    };
    // Times are even numbers of units, so that halves of walltimes are whole.
    let micros = |units: u64| 2 * units * habits.unit;
    RefJob {
        name: format!("j{number}"),
        submit: micros(dice.below(span)),
        duration: micros(duration),
        walltime: walltime.map(micros),
        priority: dice.below(3) as i64 - 1,
        failed: dice.chance(15),
        ..dice.pick(shapes)
    }
}

/// Runs `check` on the scenarios of many numbers under every policy. At the first one that fails, jobs are left out as
/// long as it still fails, and what remains is shown with the number.
///
/// # Panics
/// When a check fails or panics.
pub fn for_all(seeds: std::ops::Range<u64>, check: impl Fn(&Scenario) -> Result<(), String>) {
    let failure = |scenario: &Scenario| match catch_unwind(AssertUnwindSafe(|| check(scenario))) {
        Ok(result) => result.err(),
        Err(_) => Some("a panic, as printed above".to_owned()),
    };
    for seed in seeds {
        for policy in POLICIES {
            let mut worst = scenario(seed);
            worst.run.policy = policy;
            let Some(mut message) = failure(&worst) else { continue };
            let mut at = 0;
            while at < worst.jobs.len() {
                let mut smaller = worst.clone();
                smaller.jobs.remove(at);
                match failure(&smaller) {
                    Some(shorter) => (worst, message, at) = (smaller, shorter, 0),
                    None => at += 1,
                }
            }
            panic!("seed {seed} under {policy:?}: {message}\nwith as few jobs as will do:\n{}", lines_of(&worst));
        }
    }
}

/// A line for each pool and job, and one for the run.
fn lines_of(scenario: &Scenario) -> String {
    let pools = scenario.cluster.iter().map(|pool| format!("{pool:?}\n"));
    let jobs = scenario.jobs.iter().map(|job| format!("{job:?}\n"));
    pools.chain(jobs).chain([format!("{:?}\n", scenario.run)]).collect()
}
