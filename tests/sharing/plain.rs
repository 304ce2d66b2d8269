//! A second opinion: first come, first served on shared GPUs, by looking at every GPU every time. It knows nothing of the
//! index, nor of masks; what it does is ARCHITECTURE.md "Slices", word by word.

use fleetsim::sched::{PolicyChoice, Stage};
use fleetsim::trace::{JobTable, Topology};
use fleetsim::units::keys::Value;
use fleetsim::units::rng;
use rand::RngExt;

use super::{JobRow, Scenario, job, mig, run_with, scenario_with, share, table};

/// The profiles of an A100 with 80 GB: name, compute slices, memory slices, starts.
const PROFILES: [(&str, u64, u64, &[u64]); 7] = [
    ("1g.10gb", 1, 1, &[0, 1, 2, 3, 4, 5, 6]),
    ("1g.10gb+me", 1, 1, &[0, 1, 2, 3, 4, 5, 6]),
    ("1g.20gb", 1, 2, &[0, 2, 4, 6]),
    ("2g.20gb", 2, 2, &[0, 2, 4]),
    ("3g.40gb", 3, 4, &[0, 4]),
    ("4g.40gb", 4, 4, &[0]),
    ("7g.80gb", 7, 8, &[0]),
];

/// Who holds what of a shared GPU.
#[derive(Debug, Clone, Default)]
struct Gpu {
    /// Job, thousandths, gigabytes.
    shares: Vec<(usize, u64, u64)>,
    /// Start, profile, and the job that uses the instance.
    instances: Vec<(u64, usize, Option<usize>)>,
}

#[derive(Debug, Clone)]
struct Node {
    free: u32,
    cores: u64,
    /// By number; `None` where a number is not in use.
    shared: Vec<Option<Gpu>>,
}

/// What a job asks for of each of its GPUs.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Whole,
    Share { milli: u64, gigabytes: u64 },
    Instance(usize),
}

#[derive(Debug, Clone)]
struct Job {
    submit: u64,
    gpus: u32,
    cores: u64,
    wanted: Wanted,
    /// Microseconds x billionths of full speed.
    left: u128,
    /// Whole GPUs by node.
    held: Vec<(usize, u32)>,
    start: Option<u64>,
    end: Option<u64>,
    rejected: bool,
}

struct World {
    nodes: Vec<Node>,
    rule: &'static str,
    most: usize,
    /// Billionths beside none, one, two, three or more.
    speeds: [u128; 4],
}

impl Gpu {
    fn free_milli(&self) -> u64 {
        let shares: u64 = self.shares.iter().map(|share| share.1).sum();
        let used = self.instances.iter().filter(|instance| instance.2.is_some());
        1000 - shares - used.map(|instance| PROFILES[instance.1].1 * 1000 / 7).sum::<u64>()
    }

    fn is_free(&self, start: u64, size: u64) -> bool {
        self.instances.iter().all(|&(at, p, _)| start + size <= at || at + PROFILES[p].2 <= start)
    }

    /// The compute slices of all profiles at all their starts that are open.
    fn open(&self) -> u64 {
        let all =
            PROFILES.iter().flat_map(|&(_, compute, size, starts)| starts.iter().map(move |&s| (compute, s, size)));
        all.filter(|&(_, start, size)| self.is_free(start, size)).map(|(compute, ..)| compute).sum()
    }

    /// Takes it for a job, if it has room; `most` shares at most.
    fn take(&mut self, job: usize, wanted: Wanted, most: usize) -> bool {
        match wanted {
            Wanted::Whole => false,
            Wanted::Share { milli, gigabytes } => {
                let memory: u64 = self.shares.iter().map(|share| share.2).sum();
                let fits = milli <= self.free_milli() && memory + gigabytes <= 80_000 && self.shares.len() < most;
                if fits {
                    self.shares.push((job, milli, gigabytes));
                }
                fits
            }
            Wanted::Instance(profile) => {
                self.instances.sort_unstable();
                if let Some(there) = self.instances.iter_mut().find(|i| i.1 == profile && i.2.is_none()) {
                    there.2 = Some(job);
                    return true;
                }
                let (_, _, size, starts) = PROFILES[profile];
                let engines = profile == 1 && self.instances.iter().any(|i| i.1 == 1);
                let open = starts.iter().copied().filter(|&start| !engines && self.is_free(start, size));
                let after = |start: u64| {
                    let mut more = self.clone();
                    more.instances.push((start, profile, Some(job)));
                    more.open()
                };
                let best = open.min_by_key(|&start| (std::cmp::Reverse(after(start)), start));
                if let Some(start) = best {
                    self.instances.push((start, profile, Some(job)));
                }
                best.is_some()
            }
        }
    }

    /// How many slices are in use.
    fn residents(&self) -> usize {
        self.shares.len() + self.instances.iter().filter(|i| i.2.is_some()).count()
    }
}

impl World {
    /// Places all GPUs of a job, or none of them.
    fn place(&mut self, number: usize, job: &mut Job) -> bool {
        let before = self.nodes.clone();
        let placed = match job.wanted {
            Wanted::Whole => self.place_whole(job),
            wanted => (0..job.gpus).all(|_| self.place_slice(number, job.cores, wanted)),
        };
        if !placed {
            self.nodes = before;
            job.held.clear();
        }
        placed
    }

    fn place_slice(&mut self, number: usize, cores: u64, wanted: Wanted) -> bool {
        let on_free = |world: &mut World| {
            let nodes = (0..world.nodes.len()).filter(|&n| world.nodes[n].free > 0 && world.nodes[n].cores >= cores);
            let node = match world.rule {
                "first-fit" => nodes.min(),
                "pack" => nodes.min_by_key(|&n| (world.nodes[n].free, n)),
                _ => nodes.min_by_key(|&n| (std::cmp::Reverse(world.nodes[n].free), n)),
            };
            let Some(node) = node else { return false };
            let at = world.nodes[node].shared.iter().position(Option::is_none).unwrap();
            let mut gpu = Gpu::default();
            let fits = gpu.take(number, wanted, world.most);
            if fits {
                world.nodes[node].free -= 1;
                world.nodes[node].cores -= cores;
                world.nodes[node].shared[at] = Some(gpu);
            }
            fits
        };
        let on_shared = |world: &mut World| {
            let mut found: Vec<(u64, usize, usize)> = Vec::new();
            for (n, node) in world.nodes.iter().enumerate().filter(|(_, node)| node.cores >= cores) {
                for (at, gpu) in node.shared.iter().enumerate() {
                    if let Some(gpu) = gpu
                        && gpu.clone().take(number, wanted, world.most)
                    {
                        found.push((gpu.free_milli(), n, at));
                    }
                }
            }
            let best = match world.rule {
                "first-fit" => found.into_iter().min_by_key(|&(_, n, at)| (n, at)),
                "pack" => found.into_iter().min(),
                _ => found.into_iter().min_by_key(|&(free, n, at)| (std::cmp::Reverse(free), n, at)),
            };
            let Some((_, n, at)) = best else { return false };
            world.nodes[n].cores -= cores;
            world.nodes[n].shared[at].as_mut().unwrap().take(number, wanted, world.most)
        };
        let free_first = [self.rule == "spread", self.rule != "spread"];
        free_first.into_iter().any(|free| if free { on_free(self) } else { on_shared(self) })
    }

    fn place_whole(&mut self, job: &mut Job) -> bool {
        let mut left = job.gpus;
        while left > 0 {
            let nodes = 0..self.nodes.len();
            let holds = |node: &Node| {
                let by_cores = node.cores.checked_div(job.cores).map_or(u32::MAX, |n| n as u32);
                node.free.min(by_cores)
            };
            let holding: Vec<usize> = nodes.filter(|&n| holds(&self.nodes[n]) > 0).collect();
            let most_free = holding.iter().copied().min_by_key(|&n| (std::cmp::Reverse(self.nodes[n].free), n));
            let node = match self.rule {
                "first-fit" => holding.first().copied(),
                "pack" => {
                    let all = holding.iter().copied().filter(|&n| holds(&self.nodes[n]) >= left);
                    all.min_by_key(|&n| (self.nodes[n].free, n)).or(most_free)
                }
                _ => most_free,
            };
            let Some(node) = node else { return false };
            let taken = left.min(holds(&self.nodes[node]));
            self.nodes[node].free -= taken;
            self.nodes[node].cores -= u64::from(taken) * job.cores;
            job.held.push((node, taken));
            left -= taken;
        }
        true
    }

    fn end(&mut self, number: usize, job: &mut Job) {
        for (node, gpus) in job.held.drain(..) {
            self.nodes[node].free += gpus;
            self.nodes[node].cores += u64::from(gpus) * job.cores;
        }
        for node in &mut self.nodes {
            for slot in &mut node.shared {
                let Some(gpu) = slot else { continue };
                let before = gpu.residents();
                gpu.shares.retain(|share| share.0 != number);
                gpu.instances.iter_mut().filter(|i| i.2 == Some(number)).for_each(|i| i.2 = None);
                node.cores += (before - gpu.residents()) as u64 * job.cores;
                if gpu.residents() == 0 {
                    *slot = None;
                    node.free += 1;
                }
            }
        }
    }

    fn speed(&self, number: usize) -> u128 {
        let gpus = self.nodes.iter().flat_map(|node| node.shared.iter().flatten());
        let mine = gpus.filter(|gpu| gpu.shares.iter().any(|share| share.0 == number));
        mine.map(|gpu| self.speeds[(gpu.shares.len() - 1).min(3)]).min().unwrap_or(self.speeds[0])
    }
}

/// Starts and ends of all jobs in order of submission; `skip`: who does not fit is passed over.
fn simulate(mut world: World, mut jobs: Vec<Job>, skip: bool) -> Vec<Job> {
    let empty = world.nodes.clone();
    for (number, job) in jobs.iter_mut().enumerate() {
        let mut alone = job.clone();
        job.rejected = !world.place(number, &mut alone);
        world.nodes = empty.clone();
    }
    let mut now = 0;
    loop {
        let ending: Vec<usize> = running(&jobs).filter(|&j| jobs[j].left == 0).collect();
        for number in ending {
            jobs[number].end = Some(now);
            let mut job = jobs[number].clone();
            world.end(number, &mut job);
        }
        for (number, job) in jobs.iter_mut().enumerate() {
            if job.submit > now || job.start.is_some() || job.rejected {
                continue;
            }
            if world.place(number, job) {
                job.start = Some(now);
            } else if !skip {
                break;
            }
        }
        let speeds: Vec<u128> = (0..jobs.len()).map(|number| world.speed(number)).collect();
        let ends = running(&jobs).map(|j| now + jobs[j].left.div_ceil(speeds[j]) as u64);
        let arrivals = jobs.iter().map(|job| job.submit).filter(|&submit| submit > now);
        let Some(next) = ends.chain(arrivals).min() else { return jobs };
        let steps: Vec<usize> = running(&jobs).collect();
        for j in steps {
            jobs[j].left = jobs[j].left.saturating_sub(u128::from(next - now) * speeds[j]);
        }
        now = next;
    }
}

fn running(jobs: &[Job]) -> impl Iterator<Item = usize> {
    (0..jobs.len()).filter(|&j| jobs[j].start.is_some() && jobs[j].end.is_none())
}

/// What a row asks for in a pool that is shared in this mode.
fn wanted(row: &JobRow, mode: &str) -> Wanted {
    let megabytes = row.spec.gpu_mem_bytes.map(|bytes| bytes / 1_000_000);
    match (row.spec.mig, row.spec.gpu_share.map(|share| share.milli())) {
        (Some(name), _) if mode == "mig" => {
            Wanted::Instance(PROFILES.iter().position(|p| p.0 == name.as_str()).unwrap())
        }
        (None, Some(milli)) if mode == "mig" => {
            let covers = |&p: &usize| {
                p != 1 && PROFILES[p].1 * 1000 / 7 >= milli && PROFILES[p].2 * 10_000 >= megabytes.unwrap_or(0)
            };
            Wanted::Instance((0..7).filter(covers).min_by_key(|&p| (PROFILES[p].2, PROFILES[p].1)).unwrap())
        }
        (None, Some(milli)) => Wanted::Share { milli, gigabytes: megabytes.unwrap_or(milli * 80) },
        _ => Wanted::Whole,
    }
}

fn random_jobs(random: &mut rng::Stream) -> JobTable {
    table((0..40).map(|_| {
        let (submit, duration) = (random.random_range(0..400), random.random_range(1..120));
        let gpus = [1, 1, 1, 2, 3][random.random_range(0..5)];
        let mut row = match random.random_range(0..5) {
            0 => job(submit, duration, gpus),
            1 => mig(submit, duration, PROFILES[random.random_range(0..7)].0),
            _ => share(submit, duration, gpus, random.random_range(1..858)),
        };
        row.spec.gpus = gpus;
        row.spec.topology = Topology::default();
        row.spec.cpu_milli = u64::from(gpus) * 1000 * random.random_range(0..3);
        let needs_memory = row.spec.mig.is_none() && random.random_bool(0.2);
        row.spec.gpu_mem_bytes = needs_memory.then(|| random.random_range(1..60) * 1_000_000_000);
        row
    }))
}

/// Random jobs on random small clusters, in every mode and under every placement that draws nothing: the engine and the
/// plain simulator start and end every job at the same microsecond.
#[test]
fn the_engine_agrees_with_a_plain_simulator() {
    let mut random = rng::stream(11, "plain");
    for round in 0..400 {
        let mode = ["mps", "time-slicing", "mig"][random.random_range(0..3)];
        let rule = ["first-fit", "pack", "spread"][random.random_range(0..3)];
        let (policy, skip) = [("fifo", false), ("best-effort-fifo", true)][random.random_range(0..2)];
        let (nodes, gpus, cores) = (random.random_range(1..4), random.random_range(1..4), random.random_range(2..9u64));
        let most = random.random_range(1..6);
        let side_by_side = format!("max_per_gpu = {most}\nbeside_one = 0.83\nbeside_two = 0.61\nbeside_more = 0.37");
        let side_by_side = if mode == "mig" { "" } else { &side_by_side };
        let sharing = format!("[physics.sharing.p]\nmode = \"{mode}\"\n{side_by_side}");
        let scenario: Scenario = scenario_with(nodes, gpus, &format!("cpus_per_node = {cores}"), &sharing);
        let jobs = random_jobs(&mut random);
        let world = World {
            nodes: vec![Node { free: gpus, cores: cores * 1000, shared: vec![None; gpus as usize] }; nodes as usize],
            rule,
            most,
            speeds: [1_000_000_000, 830_000_000, 610_000_000, 370_000_000],
        };
        let plain = jobs.ids().map(|id| {
            let row = jobs.row(id);
            Job {
                submit: row.submit.micros(),
                gpus: row.spec.gpus,
                cores: row.spec.cpu_milli.div_ceil(u64::from(row.spec.gpus)),
                wanted: wanted(&row, mode),
                left: u128::from(row.duration.micros()) * 1_000_000_000,
                held: Vec::new(),
                start: None,
                end: None,
                rejected: false,
            }
        });
        let plain = simulate(world, plain.collect(), skip);
        let mut choice = PolicyChoice::named(policy).unwrap();
        choice.params.set("placement", Value::Text(rule.to_owned()));
        let outcome = run_with(&scenario, &jobs, &choice);
        for (id, expected) in jobs.ids().zip(&plain) {
            let context = format!("round {round}: {mode}, {rule}, {policy}, {id:?} {:?}", jobs.row(id).spec);
            assert_eq!(outcome.fates.stage(id) == Stage::Rejected, expected.rejected, "{context}");
            let found = [outcome.fates.start(id), outcome.fates.end(id)].map(|t| t.map(|t| t.micros()));
            assert_eq!(found, [expected.start, expected.end], "{context}");
        }
    }
}
