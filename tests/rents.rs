//! Pools whose nodes are rented: who gets them when, what they cost, and that nothing is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "instants that are compared are whole seconds")]

mod renting;
mod runs;

use std::num::NonZeroU32;

use fleetsim::engine::{Leaving, Options, Outcome, Setup, simulate_watched};
use fleetsim::experiments::explain::{Departure, Reason, Story};
use fleetsim::ledger::Leaf;
use fleetsim::results::Metrics;
use fleetsim::scenario::Scenario;
use fleetsim::sched::{PolicyChoice, Stage, policies};
use fleetsim::trace::{JobId, JobRow, JobTable, Level, Topology};
use fleetsim::units::gpus::MILLI_PER_GPU;
use fleetsim::units::rng::Stream;
use fleetsim::units::{Span, Time, rng};
use rand::RngExt;
use renting::Case;
use runs::{job, options, parsed, simulated};

/// So many nodes of one's own with eight GPUs at $1, and four that are rented at $3 as `rent` says; and more of the scenario.
fn scenario_of(own: usize, kind: &str, rent: &str, more: &str) -> Scenario {
    parsed(&format!(
        "[cluster.pools.own]\ngpu = \"h100-sxm\"\nnodes = {own}\ngpus_per_node = 8\nprice = 1\n[cluster.pools.cloud]\n\
         kind = \"{kind}\"\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\nprice = 3\n[cluster.pools.cloud.rent]\n{rent}\n\
         [workload]\ntrace = \"none.csv\"\n{more}\n[policy.fifo]\n"
    ))
}

fn scenario(kind: &str, rent: &str, more: &str) -> Scenario {
    scenario_of(1, kind, rent, more)
}

fn run_under(scenario: &Scenario, jobs: &JobTable, policy: &str) -> Outcome {
    simulated(scenario, jobs, &PolicyChoice::named(policy).unwrap(), &options(scenario))
}

fn run(scenario: &Scenario, jobs: &JobTable) -> Outcome {
    run_under(scenario, jobs, "best-effort-fifo")
}

fn start(outcome: &Outcome, job: u32) -> f64 {
    outcome.fates.start(JobId(job)).unwrap().as_seconds()
}

/// GPU-seconds of the rented pool that were paid for.
fn rented(outcome: &Outcome) -> f64 {
    outcome.ledger.iter().filter(|e| e.pool == 1).map(|e| e.time.as_gpu_hours() * 3600.0).sum()
}

fn named(rows: impl Iterator<Item = JobRow>) -> JobTable {
    rows.enumerate().map(|(number, row)| JobRow { job_id: number.to_string(), ..row }).collect()
}

/// The own node is taken for 1,000 s. A second job waits 300 s for the threshold and 60 s for its node, which it has for its
/// 200 s; then the node goes back. A job of three nodes gets three.
#[test]
fn a_job_bursts_when_it_has_waited_long_enough() {
    let scenario = scenario("on-demand", "after = \"300s\"\ndelay = \"60s\"", "");
    let jobs: JobTable = [job(0, 1000, 8), job(0, 200, 8), job(100, 50, 24)].into_iter().collect();
    let outcome = run(&scenario, &jobs);
    assert_eq!([start(&outcome, 0), start(&outcome, 1), start(&outcome, 2)], [0.0, 360.0, 460.0]);
    assert_eq!(outcome.fates.pool(JobId(1)), Some(1));
    assert!((rented(&outcome) - (8.0 * 200.0 + 24.0 * 50.0)).abs() < 1e-6);
    // The horizon is the 1,000 s of the first job: its node costs all of them.
    let metrics = Metrics::of(&outcome, &jobs, &scenario.cluster, false);
    let dollars = (8000.0 + 3.0 * (1600.0 + 1200.0)) / 3600.0;
    assert!((metrics.total_usd.as_dollars() - dollars).abs() < 1e-6, "{}", metrics.total_usd);
    assert!((metrics.capacity.as_gpu_hours() * 3600.0 - (8000.0 + 2800.0)).abs() < 1e-6);
    assert!((metrics.utilization.allocated - 1.0).abs() < 1e-12);
    assert!((metrics.pools[1].utilization.productive - 1.0).abs() < 1e-12);
    assert_eq!(metrics.pools[1].rented.map(|time| time.as_gpu_hours() * 3600.0), Some(2800.0));
}

/// A job that has started elsewhere meanwhile wants nothing: the node that was asked for comes and goes at once.
#[test]
fn nobody_keeps_what_nobody_needs() {
    let scenario = scenario("on-demand", "after = \"100s\"\ndelay = \"50s\"", "");
    let jobs: JobTable = [job(0, 120, 8), job(0, 500, 8)].into_iter().collect();
    let outcome = run(&scenario, &jobs);
    assert_eq!((start(&outcome, 1), outcome.fates.pool(JobId(1))), (120.0, Some(0)));
    assert_eq!(rented(&outcome), 0.0);
    // It is kept for a while where that is said.
    let kept = self::scenario("on-demand", "after = \"100s\"\ndelay = \"50s\"\nkeep = \"30s\"", "");
    assert!((rented(&run(&kept, &jobs)) - 8.0 * 30.0).abs() < 1e-6);
}

/// Eight jobs of a GPU fill a node, and a ninth wants another. Jobs that could not run in the pool want nothing of it.
#[test]
fn as_many_nodes_are_asked_for_as_the_jobs_would_fill() {
    let rent = "keep = \"1h\"";
    let held = |jobs: JobTable, own: usize| {
        let outcome = run(&scenario_of(own, "on-demand", rent, ""), &jobs);
        rented(&outcome) / 8.0 / outcome.window.as_seconds()
    };
    let small = |count| named(std::iter::once(job(0, 100, 8)).chain((0..count).map(|_| job(0, 100, 1))));
    assert_eq!([held(small(8), 1), held(small(9), 1), held(small(80), 1)], [1.0, 2.0, 4.0]);
    // Five nodes of one's own: the job of 40 GPUs waits for them, and would not fit into the four others.
    assert_eq!(held(named([job(0, 50, 40), job(0, 50, 40)].into_iter()), 5), 0.0);
}

/// Requests are refused with a probability of 0.8, each for itself, and made again after 100 s: geometric, a mean of four
/// refusals. The standard error of the mean of 400 runs is 0.22.
#[test]
fn refusals_are_geometric() {
    let jobs: JobTable = [job(0, 100_000, 8), job(0, 10, 8)].into_iter().collect();
    let scenario = scenario("on-demand", "refusal = 0.8\nretry_after = \"100s\"", "");
    let refusals = |seed: u64| {
        let options = Options { seed, ..options(&scenario) };
        let outcome = simulated(&scenario, &jobs, &PolicyChoice::named("best-effort-fifo").unwrap(), &options);
        let start = start(&outcome, 1);
        assert_eq!(start % 100.0, 0.0);
        start / 100.0
    };
    let mean = (0..400).map(refusals).sum::<f64>() / 400.0;
    assert!((mean - 4.0).abs() < 0.8, "{mean}");
}

/// A spot node is taken back after 1,000 s on average, and the job begins anew: with work w and rate r a run takes
/// (exp(r w) - 1) / r in all. The standard error over 3,000 jobs one after the other is 2.5 %.
#[test]
fn spot_nodes_are_taken_back() {
    let scenario = parsed(
        "seed = 3\n[cluster.pools.cloud]\nkind = \"spot\"\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 8\n\
         [cluster.pools.cloud.rent]\nreclaim = \"1000s\"\n[workload]\ntrace = \"none.csv\"\n[policy.fifo]\n",
    );
    let jobs: JobTable = named((0..3000).map(|_| job(0, 1000, 8)));
    let outcome = run(&scenario, &jobs);
    let held = outcome.horizon().as_seconds() / 3000.0;
    let expected = 1000.0 * (1.0_f64.exp() - 1.0);
    assert!((held / expected - 1.0).abs() < 0.08, "{held} against {expected}");
    let times = [Leaf::Useful, Leaf::LostWork].map(|leaf| outcome.leaf(leaf).as_gpu_hours() * 450.0);
    assert!((times[0] - 3e6).abs() < 1.0 && (times[0] + times[1] - outcome.horizon().as_seconds()).abs() < 1.0);
    assert!(jobs.ids().map(|job| outcome.fates.stops(job)).max() > Some(1));
}

/// The plain model of `renting` agrees with the engine on every job and on what was rented, to the microsecond.
#[test]
fn the_plain_model_agrees() {
    let mut random = rng::stream(4, "cases");
    let [mut in_cloud, mut stops] = [0, 0];
    for seed in 0..400 {
        let case = draw(&mut random, seed);
        let (fates, rented) = renting::simulate(&case);
        let scenario =
            scenario_of(case.own, if case.reclaim.is_some() { "spot" } else { "on-demand" }, &terms(&case), "");
        let jobs = named(case.jobs.iter().map(|&(submit, duration, nodes)| JobRow {
            submit: Time::from_micros(submit),
            duration: Span::from_micros(duration),
            ..job(0, 0, nodes as u32 * 8)
        }));
        let options = Options { seed, ..options(&scenario) };
        let policy = PolicyChoice::named(if case.head_blocks { "fifo" } else { "best-effort-fifo" }).unwrap();
        let outcome = simulated(&scenario, &jobs, &policy, &options);
        for (job, fate) in jobs.ids().zip(&fates) {
            let own = renting::Fate {
                start: outcome.fates.start(job).unwrap().micros(),
                end: outcome.fates.end(job).unwrap().micros(),
                in_cloud: outcome.fates.pool(job) == Some(1),
                stops: outcome.fates.stops(job),
            };
            assert_eq!(own, *fate, "{job:?} of {case:?}");
            in_cloud += u32::from(fate.in_cloud);
            stops += fate.stops;
        }
        let booked: u128 = outcome.ledger.iter().filter(|e| e.pool == 1).map(|e| e.time.raw()).sum();
        assert_eq!(booked, u128::from(rented) * 8 * u128::from(MILLI_PER_GPU), "{case:?}");
    }
    assert!(in_cloud > 1000 && stops > 100, "{in_cloud} {stops}");
}

fn draw(random: &mut Stream, seed: u64) -> Case {
    const SECOND: u64 = 1_000_000;
    let mut one_of = |choices: &[u64]| choices[random.random_range(0..choices.len())];
    let mut case = Case {
        seed,
        own: one_of(&[1, 2, 6]) as usize,
        cloud: 4,
        after: one_of(&[0, 30, 200]) * SECOND,
        delay: one_of(&[0, 1, 45]) * SECOND,
        refusal_ppm: one_of(&[0, 500_000, 900_000]) as u32,
        retry: one_of(&[1, 20, 90]) * SECOND,
        keep: one_of(&[0, 10, 100]) * SECOND,
        reclaim: Some(one_of(&[0, 400, 1500]) * SECOND).filter(|&mean| mean > 0),
        head_blocks: one_of(&[0, 1]) == 1,
        jobs: Vec::new(),
    };
    let most = case.own.max(4) as u64;
    case.jobs = (0..25)
        .map(|_| (random.random_range(0..900), random.random_range(0..200), random.random_range(1..=most)))
        .map(|(submit, duration, nodes)| (submit * SECOND, duration * SECOND, nodes as usize))
        .collect();
    case.jobs.sort_by_key(|job| job.0);
    case
}

fn terms(case: &Case) -> String {
    let seconds = |micros: u64| format!("\"{}s\"", micros / 1_000_000);
    let reclaim = case.reclaim.map_or_else(String::new, |mean| format!("reclaim = {}\n", seconds(mean)));
    format!(
        "after = {}\ndelay = {}\nrefusal = {}\nretry_after = {}\nkeep = {}\n{reclaim}",
        seconds(case.after),
        seconds(case.delay),
        f64::from(case.refusal_ppm) / 1e6,
        seconds(case.retry),
        seconds(case.keep)
    )
}

/// Random jobs under every policy, with prices that change and all that takes nodes and time: the engine holds the ledger
/// against what was rented and Little's law against the queue; every job ends.
#[test]
fn conservation_holds_with_rented_pools() {
    let mut random = rng::stream(9, "rents");
    for round in 0..24 {
        let case = draw(&mut random, round);
        let more = "[physics.prices.cloud]\nchanges = [\"200s: $5\", \"900s: $2\"]\n[physics.startup]\ntime = \"3s\"\n\
                    [physics.checkpoint]\nevery = \"40s\"\ncost = \"1s\"\n[physics.failures.cloud]\nmtbf = \"900s\"\n\
                    repair = \"100s\"\n[physics.failures.own]\nmtbf = \"2000s\"\nrepair = \"50s\"\n\
                    [physics.outages.o]\npool = \"cloud\"\nkind = \"maintenance\"\nnode = 1\nfrom = \"300s\"\n\
                    lasts = \"400s\"\ndrain = \"150s\"\n[physics.sharing.cloud]\nmode = \"mps\"\n";
        let kind = if case.reclaim.is_some() { "spot" } else { "on-demand" };
        let mut scenario = scenario_of(1, kind, &terms(&case), more);
        scenario.seed = round;
        scenario.cluster.pools[1].nodes_per_rack = Some(2);
        let jobs = named((0..60).map(|_| {
            let gpus = [0, 1, 2, 4, 8, 16, 32][random.random_range(0..7)];
            let mut row = job(random.random_range(0..1500), random.random_range(0..200), gpus);
            row.spec.priority = random.random_range(0..3);
            row.spec.topology = Topology {
                level: if gpus <= 16 && random.random_bool(0.3) { Level::Rack } else { Level::Any },
                preferred: false,
            };
            row.spec.min_tasks = None;
            row.walltime = Some(Span::from_seconds(random.random_range(1..300)));
            row
        }));
        let cut = [[0, 0], [200, 0], [0, 300], [100, 100]][round as usize % 4];
        let [warmup, cooldown] = cut.map(Span::from_seconds);
        for policy in policies() {
            let options = Options { warmup, cooldown, places: true, ..options(&scenario) };
            let outcome = simulated(&scenario, &jobs, &PolicyChoice::named(policy.name).unwrap(), &options);
            for job in jobs.ids() {
                assert_eq!(outcome.fates.stage(job), Stage::Finished, "{}, round {round}, {job:?}", policy.name);
            }
            let series: u128 = outcome.series.iter().flat_map(|bucket| bucket.leaves).sum();
            let booked: u128 = outcome.ledger.iter().map(|entry| entry.time.raw()).sum();
            assert!(series >= booked && (cut != [0, 0] || series == booked), "{series} {booked}");
        }
    }
}

/// Rented in no time when they are asked for, nodes are as good as reserved ones.
#[test]
fn nodes_that_come_at_once_are_as_good_as_reserved_ones() {
    let mut random = rng::stream(5, "as good");
    for _ in 0..30 {
        let jobs = named((0..60).map(|_| {
            let gpus = 8 * random.random_range(1..=4);
            let mut row = job(random.random_range(0..900), random.random_range(1..200), gpus);
            row.spec.priority = random.random_range(0..3);
            row.walltime = Some(row.duration);
            row
        }));
        let [rented, reserved] = ["on-demand", "reserved"].map(|kind| scenario(kind, "", ""));
        // Who may stop others does so rather than to wait for nodes, be it for no time.
        for policy in policies().iter().filter(|policy| !["srtf", "priority-preempt"].contains(&policy.name)) {
            let [one, other] = [&rented, &reserved].map(|scenario| run_under(scenario, &jobs, policy.name));
            for job in jobs.ids() {
                assert_eq!(one.fates.start(job), other.fates.start(job), "{} {job:?}", policy.name);
                assert_eq!(one.fates.pool(job), other.fates.pool(job), "{} {job:?}", policy.name);
            }
        }
    }
}

/// Two nodes are kept after short jobs, in different racks. Who needs two nodes of one rack gets a third.
#[test]
fn a_rack_is_completed() {
    let mut scenario = scenario("on-demand", "delay = \"10s\"\nkeep = \"1h\"", "");
    scenario.cluster.pools[1].nodes_per_rack = Some(2);
    let mut racked = job(200, 50, 16);
    racked.spec.topology = Topology { level: Level::Rack, preferred: false };
    let jobs: JobTable = [job(0, 5000, 8), job(0, 50, 8), job(20, 50, 8), racked].into_iter().collect();
    let outcome = run(&scenario, &jobs);
    assert_eq!([start(&outcome, 1), start(&outcome, 2), start(&outcome, 3)], [10.0, 30.0, 210.0]);
}

/// A rented node that fails at 100 is given back at once, and another one comes 10 s later; nothing of it is `failed`.
#[test]
fn a_failed_node_is_given_back() {
    let outage = "[physics.outages.o]\npool = \"cloud\"\nnode = 0\nfrom = \"100s\"\nlasts = \"1h\"\n";
    let scenario = scenario("on-demand", "delay = \"10s\"", outage);
    let jobs: JobTable = [job(0, 1000, 8), job(0, 200, 8)].into_iter().collect();
    let outcome = run(&scenario, &jobs);
    assert_eq!(outcome.fates.end(JobId(1)).map(Time::as_seconds), Some(310.0));
    assert_eq!((outcome.fates.stops(JobId(1)), outcome.leaf(Leaf::Failed).raw()), (1, 0));
    assert!((rented(&outcome) - 8.0 * (90.0 + 200.0)).abs() < 1e-6);
}

/// What a job is told to wait for: patience for 300 s, a node on its way for 60 s; after the node was taken back, the same
/// again. A pool of which nobody can get more nodes is nothing to wait for.
#[test]
fn reasons_are_told() {
    let scenario = scenario("spot", "after = \"300s\"\ndelay = \"60s\"\nreclaim = \"400s\"", "");
    let jobs: JobTable = [job(0, 5000, 8), job(0, 2000, 32)].into_iter().collect();
    let mut story = Story::of(JobId(1));
    let (policy, options) = (PolicyChoice::named("fifo").unwrap(), options(&scenario));
    let setup = Setup {
        cluster: &scenario.cluster,
        jobs: &jobs,
        policy: &policy,
        options: &Options { until: Some(Time::from_micros(5_000_000_000)), ..options },
    };
    simulate_watched(setup, &mut story).unwrap();
    let waits: Vec<(Reason, f64, f64)> = story
        .waits
        .iter()
        .take(4)
        .map(|wait| (wait.reason, wait.from.as_seconds(), wait.to.map_or(f64::NAN, Time::as_seconds)))
        .collect();
    let taken_back = waits[2].1;
    assert_eq!(waits[..2], [(Reason::Patience, 0.0, 300.0), (Reason::Coming, 300.0, 360.0)]);
    assert_eq!(
        waits[2..],
        [(Reason::Patience, taken_back, taken_back + 300.0), (Reason::Coming, taken_back + 300.0, taken_back + 360.0)]
    );
    assert!(matches!(story.stays[0].to, Some((_, Departure::Left(Leaving::Reclaimed(_))))));
    assert_eq!(story.waits[0].scene.absent_gpus, 32);
    assert_eq!(story.waits[0].scene.down_gpus, 0);
}

/// A pool of four nodes that are kept for an hour, and no other.
fn cloud(rent: &str, more: &str) -> Scenario {
    parsed(&format!(
        "[cluster.pools.cloud]\nkind = \"on-demand\"\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\n\
         [cluster.pools.cloud.rent]\nkeep = \"1h\"\n{rent}\n[workload]\ntrace = \"none.csv\"\n{more}\n[policy.fifo]\n"
    ))
}

/// GPU-seconds that were rented in all.
fn all_rented(outcome: &Outcome) -> f64 {
    outcome.ledger.iter().map(|e| e.time.as_gpu_hours() * 3600.0).sum()
}

/// A job of `pods` takes the node that is kept after another job, and holds it: no deadlock, since the second node is asked
/// for when its patience ends, at 220.
#[test]
fn pods_are_not_deadlocked_while_nodes_are_to_come() {
    let scenario = cloud("delay = \"5s\"\nafter = \"20s\"", "");
    let jobs = named([job(0, 100, 8), job(200, 50, 16)].into_iter());
    let outcome = run_under(&scenario, &jobs, "pods");
    assert_eq!((start(&outcome, 1), outcome.deadlock.is_none()), (225.0, true));
    assert_eq!(all_rented(&outcome), 8.0 * (250.0 + 50.0));
}

/// Nodes 2 and 3 are out of service until 100. A job of two nodes that got one at 50 asks for one more then, not for two.
#[test]
fn what_a_job_holds_already_is_not_asked_for() {
    let outage = "[physics.outages.o]\npool = \"cloud\"\nnode = 2\nnodes = 2\nfrom = \"0s\"\nlasts = \"100s\"\n";
    let jobs = named([job(0, 1000, 8), job(0, 50, 8), job(10, 100, 16)].into_iter());
    let outcome = run_under(&cloud("", outage), &jobs, "pods");
    assert_eq!(start(&outcome, 2), 100.0);
    assert_eq!(all_rented(&outcome), 8.0 * (1000.0 + 1000.0 + 900.0));
}

/// A gang goes on without the node that fails at 100, which is given back at once, as it is not held any more.
#[test]
fn a_node_that_a_gang_loses_is_given_back() {
    let outage = "[physics.outages.o]\npool = \"cloud\"\nnode = 0\nfrom = \"100s\"\nlasts = \"1h\"\n";
    let mut gang = job(0, 200, 16);
    (gang.spec.tasks, gang.spec.min_tasks) = (NonZeroU32::new(2), NonZeroU32::new(1));
    let jobs = named([gang].into_iter());
    let outcome = run_under(&cloud("", outage), &jobs, "gang");
    assert_eq!((outcome.fates.stops(JobId(0)), outcome.leaf(Leaf::Failed).raw()), (0, 0));
    // Both did 2 x 100, which is lost; one does 2 x 200 then.
    assert_eq!(outcome.fates.end(JobId(0)).map(Time::as_seconds), Some(500.0));
    assert_eq!(all_rented(&outcome), 8.0 * (500.0 + 100.0));
}

/// Of a pool of which all nodes are there, nobody can expect more.
#[test]
fn there_is_nothing_to_wait_for_where_all_nodes_are_there() {
    let scenario = cloud("after = \"300s\"", "");
    let jobs = named([job(0, 5000, 32), job(310, 100, 8)].into_iter());
    let mut story = Story::of(JobId(1));
    let (policy, options) = (PolicyChoice::named("fifo").unwrap(), options(&scenario));
    simulate_watched(Setup { cluster: &scenario.cluster, jobs: &jobs, policy: &policy, options: &options }, &mut story)
        .unwrap();
    let reasons: Vec<Reason> = story.waits.iter().map(|wait| wait.reason).collect();
    assert_eq!(reasons, [Reason::CapacityWait]);
}

/// Where a run is cut short, requests may be open.
#[test]
fn a_run_may_be_cut_short() {
    let scenario = scenario("on-demand", "after = \"300s\"\ndelay = \"60s\"", "");
    let jobs: JobTable = [job(0, 1000, 8), job(0, 200, 8)].into_iter().collect();
    for until in [100, 300, 330, 360, 400] {
        let options = Options { until: Some(Time::from_micros(until * 1_000_000)), ..options(&scenario) };
        let outcome = simulated(&scenario, &jobs, &PolicyChoice::named("fifo").unwrap(), &options);
        let there = until.saturating_sub(360) as f64;
        assert!((rented(&outcome) - 8.0 * there).abs() < 1e-6, "{until}");
        assert_eq!(outcome.fates.stage(JobId(1)) == Stage::Running, until >= 360);
    }
}

/// Kinds that are there all the time change nothing.
#[test]
fn owned_and_reserved_nodes_are_there_all_the_time() {
    let jobs: JobTable = [job(0, 1000, 8), job(0, 200, 8)].into_iter().collect();
    for kind in ["owned", "reserved"] {
        let text = format!(
            "[cluster.pools.p]\nkind = \"{kind}\"\ngpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 8\n[workload]\n\
             trace = \"none.csv\"\n[policy.fifo]\n"
        );
        let outcome = run(&parsed(&text), &jobs);
        assert_eq!(start(&outcome, 1), 0.0);
        assert!(outcome.absent.is_empty());
    }
}
