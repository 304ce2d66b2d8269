//! What takes nodes out of service: draining before a maintenance, failing nodes, GPUs and racks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod runs;

use fleetsim::engine::{Options, Outcome};
use fleetsim::ledger::Leaf;
use fleetsim::scenario::Scenario;
use fleetsim::sched::{PolicyChoice, Stage, policies};
use fleetsim::trace::{JobId, JobTable};
use fleetsim::units::{MilliGpu, Span, Time, rng};
use rand::RngExt;
use runs::{job, options, parsed, simulated};

/// A pool `p` of `nodes` nodes of `gpus` GPUs, `rack` to a rack, with some `[physics]` and keys of the pool.
fn scenario(nodes: u32, gpus: u32, rack: u32, physics: &str) -> Scenario {
    let text = format!(
        "seed = 5\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = {nodes}\ngpus_per_node = {gpus}\n\
         nodes_per_rack = {rack}\n[workload]\ntrace = \"none.csv\"\n{physics}\n[policy.fifo]\n"
    );
    parsed(&text)
}

/// Runs to the end, or for so many seconds.
fn run(scenario: &Scenario, jobs: &JobTable, policy: &str, until: Option<u64>) -> Outcome {
    let until = until.map(|seconds| Time::from_micros(seconds * 1_000_000));
    let options = Options { until, ..options(scenario) };
    simulated(scenario, jobs, &PolicyChoice::named(policy).unwrap(), &options)
}

/// GPU-seconds of a leaf, to the nearest.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    (outcome.leaf(leaf).as_gpu_hours() * 3600.0).round()
}

fn seconds(time: Option<Time>) -> f64 {
    time.unwrap().as_seconds()
}

fn maintenance(first: u32, nodes: u32, from: u64, lasts: u64, drain: u64) -> String {
    format!(
        "[physics.outages.m{first}]\npool = \"p\"\nnode = {first}\nnodes = {nodes}\nfrom = \"{from}s\"\nlasts = \"{lasts}s\"\n\
         kind = \"maintenance\"\ndrain = \"{drain}s\"\n"
    )
}

/// One node of eight GPUs, down in [100, 150), drained from 40 on. A has six GPUs in [0, 60), B two in [0, 100): both end in
/// peace; C is submitted at 50 and has to wait until 150, under every policy. What is free meanwhile is booked as
/// maintenance: 6 in [60, 100), all 8 in [100, 150).
#[test]
fn a_draining_node_takes_no_new_jobs() {
    let jobs: JobTable = [job(0, 60, 6), job(0, 100, 2), job(50, 10, 1)].into_iter().collect();
    let scenario = scenario(1, 8, 1, &maintenance(0, 1, 100, 50, 60));
    for policy in policies() {
        let outcome = run(&scenario, &jobs, policy.name, None);
        let ends = jobs.ids().map(|j| seconds(outcome.fates.end(j))).collect::<Vec<_>>();
        assert_eq!(ends, [60.0, 100.0, 160.0], "{}", policy.name);
        assert_eq!(seconds(outcome.fates.start(JobId(2))), 150.0, "{}", policy.name);
        assert_eq!(leaf(&outcome, Leaf::Maintenance), 6.0 * 40.0 + 8.0 * 50.0, "{}", policy.name);
        assert_eq!(leaf(&outcome, Leaf::LostWork), 0.0, "{}", policy.name);
    }
}

/// Jobs that ask for nothing that a node runs out of wait for it as well, under every policy: while it drains, and while it
/// is down. One that runs there goes on until the node goes down, and again from then.
#[test]
fn jobs_without_gpus_stay_off_nodes_out_of_service() {
    let jobs: JobTable = [job(0, 120, 0), job(50, 10, 0), job(120, 5, 0)].into_iter().collect();
    let scenario = scenario(1, 8, 1, &maintenance(0, 1, 100, 50, 60));
    for policy in policies() {
        let outcome = run(&scenario, &jobs, policy.name, None);
        let starts = jobs.ids().map(|j| seconds(outcome.fates.start(j))).collect::<Vec<_>>();
        let ends = jobs.ids().map(|j| seconds(outcome.fates.end(j))).collect::<Vec<_>>();
        assert_eq!((starts, ends), (vec![0.0, 150.0, 150.0], vec![270.0, 160.0, 155.0]), "{}", policy.name);
    }
}

/// What runs still when the window begins is stopped, and not before for others, to whom the draining node would be of no
/// use; the node beside takes jobs then.
#[test]
fn a_job_that_outlasts_the_drain_is_stopped() {
    let jobs: JobTable = [job(0, 120, 16), job(50, 10, 8)].into_iter().collect();
    let scenario = scenario(2, 8, 2, &maintenance(1, 1, 100, 50, 60));
    for policy in ["fifo", "easy-backfill", "conservative-backfill", "srtf"] {
        let outcome = run(&scenario, &jobs, policy, None);
        assert_eq!(leaf(&outcome, Leaf::Maintenance), 8.0 * 50.0, "{policy}");
        assert_eq!(leaf(&outcome, Leaf::Useful), 120.0 * 16.0 + 10.0 * 8.0, "{policy}");
        assert_eq!(outcome.fates.stops(JobId(0)), 1, "{policy}");
    }
}

/// A node that fails while it drains drains on when it is back.
#[test]
fn a_failure_interrupts_a_drain() {
    let failure = "[physics.outages.f]\npool = \"p\"\nfrom = \"50s\"\nlasts = \"10s\"\n";
    let scenario = scenario(1, 8, 1, &(failure.to_owned() + &maintenance(0, 1, 100, 50, 60)));
    let jobs: JobTable = [job(0, 10, 8), job(45, 10, 8)].into_iter().collect();
    let outcome = run(&scenario, &jobs, "fifo", None);
    assert_eq!(seconds(outcome.fates.start(JobId(1))), 150.0);
    assert_eq!(leaf(&outcome, Leaf::Failed), 10.0 * 8.0);
    assert_eq!(leaf(&outcome, Leaf::Maintenance), (10.0 + 40.0 + 50.0) * 8.0);
}

/// The share of GPU-time that is not `failed` over a long time in which one job waits that can never be done in it.
fn availability(scenario: &Scenario, duration: u64) -> f64 {
    let jobs: JobTable = [job(0, 4 * duration, 1)].into_iter().collect();
    let outcome = run(scenario, &jobs, "fifo", Some(duration));
    let gpus = scenario.cluster.pools[0].gpu_count() as f64;
    1.0 - leaf(&outcome, Leaf::Failed) / (gpus * duration as f64)
}

/// MTBF / (MTBF + MTTR), whatever the shape: of a node by its own failures, by those of its GPUs (all of them must be up),
/// and by those of its rack. What fails goes on failing while the node is down, so the shares multiply.
#[test]
fn availability_is_up_time_over_all_time() {
    let repair = |sigma: f64| 100.0 * (sigma * sigma / 2.0).exp();
    let node = "[physics.failures.p]\nmtbf = \"900s\"\nrepair = \"100s\"\nshape = 0.8\n";
    let gpu = "[physics.failures.p.gpu]\nmtbf = \"8000s\"\nrepair = \"100s\"\nrepair_sigma = 0.5\n";
    let rack = "[physics.failures.p.rack]\nmtbf = \"2000s\"\nrepair = \"100s\"\nshape = 1.5\n";
    let up = |mtbf: f64, mttr: f64| mtbf / (mtbf + mttr);
    let (by_node, by_gpu, by_rack) = (up(900.0, 100.0), up(8000.0, repair(0.5)).powi(4), up(2000.0, 100.0));
    for (physics, expected) in [
        (node.to_owned(), by_node),
        (gpu.to_owned(), by_gpu),
        (rack.to_owned(), by_rack),
        (format!("{node}{gpu}{rack}"), by_node * by_gpu * by_rack),
    ] {
        let found = availability(&scenario(8, 4, 2, &physics), 1_000_000);
        // Of some thousand failures at the least: a standard error of a fifth of a percent.
        assert!((found - expected).abs() < 0.006, "{physics}: {found} against {expected}");
    }
}

/// All that runs in a rack stops with it, whole gangs, and nothing else.
#[test]
fn a_rack_fails_as_one() {
    let physics = "[physics.failures.p.rack]\nmtbf = \"1000s\"\nrepair = \"50s\"\n";
    let scenario = scenario(2, 8, 2, physics);
    let jobs: JobTable = [job(0, 5000, 2), job(0, 5000, 8)].into_iter().collect();
    let outcome = run(&scenario, &jobs, "fifo", Some(4000));
    assert!(outcome.fates.stops(JobId(0)) > 0);
    assert_eq!(outcome.fates.stops(JobId(0)), outcome.fates.stops(JobId(1)));
}

fn spares(nodes: u32, swap: u64) -> String {
    format!("[physics.spares.p]\nnodes = {nodes}\nswap = \"{swap}s\"\n")
}

/// The share of GPU-time that is in service.
fn service(outcome: &Outcome, capacity: f64) -> f64 {
    1.0 - (leaf(outcome, Leaf::Failed) + leaf(outcome, Leaf::Maintenance)) / capacity
}

/// Of N nodes with S spares that are there at once, min(N - S, U) are in service where U are up, binomial with the
/// availability of one: the spares fail like the others.
#[test]
fn availability_with_spares_is_binomial() {
    let up = 900.0 / (900.0 + 150.0);
    let binomial = |n: u32, k: u32| {
        let choose = (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product::<f64>();
        choose * f64::powi(up, k as i32) * f64::powi(1.0 - up, (n - k) as i32)
    };
    for (held_back, shape) in [(0, 1.0), (1, 0.8), (2, 1.0), (4, 1.5)] {
        let failures = format!("[physics.failures.p]\nmtbf = \"900s\"\nrepair = \"150s\"\nshape = {shape}\n");
        let scenario = scenario(8, 4, 2, &(failures + &spares(held_back, 0)));
        let (jobs, duration) = ([job(0, 4_000_000, 1)].into_iter().collect(), 1_000_000);
        let found = service(&run(&scenario, &jobs, "fifo", Some(duration)), 32.0 * duration as f64);
        let expected: f64 = (0..=8).map(|up| binomial(8, up) * f64::from(up.min(8 - held_back))).sum::<f64>() / 8.0;
        assert!((found - expected).abs() < 0.004, "{held_back} spares: {found} against {expected}");
    }
}

/// Two nodes and a spare. Node 0 fails at 100 for 100 s: the gang goes on 10 s later on nodes 1 and 2, and node 0 is the
/// spare from 200 on. Where it is back after 5 s, nobody comes for it; where it fails for good, the spare stays.
#[test]
fn a_spare_comes_after_the_swap_unless_the_node_is_back() {
    let jobs: JobTable = [job(0, 300, 16)].into_iter().collect();
    for (lasts, end, failed, spare) in
        [(100, 410.0, 100.0, 110.0 + 210.0), (5, 405.0, 5.0, 405.0), (999, 410.0, 310.0, 110.0)]
    {
        let outage = format!("[physics.outages.f]\npool = \"p\"\nfrom = \"100s\"\nlasts = \"{lasts}s\"\n");
        let outcome = run(&scenario(3, 8, 3, &(outage + &spares(1, 10))), &jobs, "fifo", None);
        assert_eq!(seconds(outcome.fates.end(JobId(0))), end);
        assert_eq!([leaf(&outcome, Leaf::Failed), leaf(&outcome, Leaf::Maintenance)], [failed * 8.0, spare * 8.0]);
        assert_eq!(outcome.fates.stops(JobId(0)), 1);
    }
}

/// A job that only fits on all nodes, the spares among them, can never run.
#[test]
fn what_needs_the_spares_is_rejected() {
    let jobs: JobTable = [job(0, 10, 16), job(1, 10, 17)].into_iter().collect();
    let outcome = run(&scenario(3, 8, 3, &spares(1, 0)), &jobs, "easy-backfill", None);
    assert_eq!(jobs.ids().map(|j| outcome.fates.stage(j)).collect::<Vec<_>>(), [Stage::Finished, Stage::Rejected]);
}

/// Node-seconds that are out of service within `until`, second by second: each failure opens a vacancy, which the lowest
/// whole spare fills after the swap, the oldest vacancy first.
fn plainly_out_of_service(windows: &[(u32, u64, u64)], nodes: u32, held_back: u32, swap: u64, until: u64) -> u64 {
    let fails = |node: u32, t: u64| windows.iter().any(|&(n, from, lasts)| n == node && from <= t && t < from + lasts);
    let mut is_spare: Vec<bool> = (0..nodes).map(|node| node >= nodes - held_back).collect();
    let mut vacancies: Vec<(u32, Option<(u32, u64)>)> = Vec::new();
    let mut out = 0;
    for t in 0..until {
        vacancies.retain(|&(node, _)| fails(node, t));
        for node in (0..nodes).filter(|&node| fails(node, t) && !is_spare[node as usize]) {
            if vacancies.iter().all(|&(other, _)| other != node) {
                vacancies.push((node, None));
            }
        }
        for at in 0..vacancies.len() {
            if vacancies[at].1.is_some_and(|(spare, _)| fails(spare, t)) {
                let voided = (vacancies.remove(at).0, None);
                let first = vacancies.iter().position(|(_, call)| call.is_none()).unwrap_or(vacancies.len());
                vacancies.insert(first, voided);
            }
        }
        for at in 0..vacancies.len() {
            let called: Vec<u32> = vacancies.iter().filter_map(|(_, call)| Some((*call)?.0)).collect();
            let whole = |node: &u32| is_spare[*node as usize] && !fails(*node, t) && !called.contains(node);
            if vacancies[at].1.is_none() {
                vacancies[at].1 = (0..nodes).find(whole).map(|spare| (spare, t + swap));
            }
        }
        for &(node, call) in &vacancies {
            if let Some((spare, _)) = call.filter(|&(_, at)| at == t) {
                (is_spare[node as usize], is_spare[spare as usize]) = (true, false);
            }
        }
        vacancies.retain(|&(node, _)| !is_spare[node as usize]);
        out += (0..nodes).filter(|&node| fails(node, t) || is_spare[node as usize]).count() as u64;
    }
    out
}

#[test]
fn spares_come_as_a_plain_count_says() {
    let mut random = rng::stream(5, "spares");
    let mut relieved = 0;
    for round in 0..60 {
        let (nodes, held_back, swap) =
            (random.random_range(3..7), random.random_range(1..3), random.random_range(0..40));
        let windows: Vec<(u32, u64, u64)> = (0..random.random_range(1..14))
            .map(|_| (random.random_range(0..nodes), random.random_range(0..400), random.random_range(1..120)))
            .collect();
        let mut text = spares(held_back, swap);
        for (number, (node, from, lasts)) in windows.iter().enumerate() {
            text += &format!(
                "[physics.outages.f{number}]\npool = \"p\"\nnode = {node}\nfrom = \"{from}s\"\nlasts = \"{lasts}s\"\n"
            );
        }
        let jobs: JobTable = [job(0, 5000, 1)].into_iter().collect();
        let outcome = run(&scenario(nodes, 1, nodes, &text), &jobs, "fifo", Some(600));
        let found = leaf(&outcome, Leaf::Failed) + leaf(&outcome, Leaf::Maintenance);
        let expected = plainly_out_of_service(&windows, nodes, held_back, swap, 600);
        assert_eq!(found, expected as f64, "round {round}: {held_back} of {nodes}, {swap} s, {windows:?}");
        relieved += u64::from(expected < plainly_out_of_service(&windows, nodes, held_back, 9999, 600));
    }
    assert!(relieved > 30, "spares made a difference in {relieved} rounds");
}

/// A scenario of failures of each kind, maintenance with drain, slices or whole GPUs, drawn.
fn random_physics(random: &mut rng::Stream) -> String {
    let mut text = String::from("[physics]\npreemption = \"requeue\"\n[physics.startup]\ntime = \"3s\"\n");
    for part in ["", ".gpu", ".rack"] {
        if random.random_bool(0.6) {
            let (mtbf, repair) = (random.random_range(3000..30_000), random.random_range(1..200));
            text += &format!(
                "[physics.failures.p{part}]\nmtbf = \"{mtbf}s\"\nrepair = \"{repair}s\"\nrepair_sigma = 0.5\nshape = 0.8\n"
            );
        }
    }
    for first in 0..3 {
        let from = random.random_range(0..1500);
        text += &maintenance(first, random.random_range(1..3), from, 150, random.random_range(0..600));
    }
    if random.random_bool(0.5) {
        text += &spares(1, random.random_range(0..100));
    }
    if random.random_bool(0.3) {
        text += "[physics.sharing.p]\nmode = \"time-slicing\"\nmax_per_gpu = 4\n";
    }
    text
}

/// Random jobs under every policy: the engine checks the ledger and Little's law itself, and every job ends.
#[test]
fn conservation_holds_whatever_takes_nodes_out_of_service() {
    let mut random = rng::stream(3, "outages");
    for round in 0..25 {
        let physics = random_physics(&mut random);
        let mut scenario = scenario(4, 4, 2, &physics);
        scenario.seed = round;
        let jobs: JobTable = (0..40)
            .map(|number| {
                let gpus = [1, 1, 2, 4, 8, 16][random.random_range(0..6)];
                let mut row = job(random.random_range(0..2000), random.random_range(0..150), gpus);
                row.job_id = number.to_string();
                row.walltime = Some(Span::from_seconds(random.random_range(1..400)));
                row.spec.priority = random.random_range(0..4);
                row.spec.tasks = std::num::NonZeroU32::new(gpus.div_ceil(4)).filter(|_| gpus > 2);
                if gpus == 1 && random.random_bool(0.5) {
                    row.spec.gpu_share = Some(MilliGpu::from_milli(random.random_range(100..900)));
                }
                row
            })
            .collect();
        for policy in policies() {
            let outcome = run(&scenario, &jobs, policy.name, None);
            for job in jobs.ids() {
                let too_large = u64::from(jobs.spec(job).gpus) > scenario.cluster.pools[0].gpus_in_use();
                let expected = if too_large { Stage::Rejected } else { Stage::Finished };
                assert_eq!(outcome.fates.stage(job), expected, "{}, round {round}, {job:?}", policy.name);
            }
            assert!(leaf(&outcome, Leaf::Maintenance) > 0.0);
        }
    }
}
