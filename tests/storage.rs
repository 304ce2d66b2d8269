//! Jobs that share storage: closed forms, an independent fluid simulation, published stalls, the knee.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "storage/fluid.rs"]
mod fluid;

use std::path::Path;

use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate};
use fleetsim::ledger::{Leaf, Traffic};
use fleetsim::physics::Bottleneck;
use fleetsim::scenario::{Overrides, Scenario, of_bytes};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::native::ReadOptions;
use fleetsim::trace::{JobId, JobRow, JobSpec, JobTable};
use fleetsim::units::{Span, Time, rng};
use fluid::{FluidJob, fluid_ends};
use rand::RngExt;

/// 64 nodes of eight GPUs in front of a storage system; `pool`, `storage` and `physics` are more lines of these tables.
fn scenario(pool: &str, storage: &str, physics: &str) -> Scenario {
    let text = format!(
        "[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 64\ngpus_per_node = 8\nstorage = \"s\"\n{pool}\n\
         [cluster.storage.s]\n{storage}\n[workload]\ntrace = \"none.csv\"\n[physics]\ninput = true\n{physics}\n\
         [policy.fifo]\n"
    );
    of_bytes(text.as_bytes(), Path::new("test.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// A job whose GPUs read so many MB/s each.
fn job(submit: u64, duration: u64, gpus: u32, mbs: u64) -> JobRow {
    JobRow {
        job_id: format!("{submit}-{duration}-{gpus}-{mbs}"),
        submit: Time::from_micros(submit * 1_000_000),
        duration: Span::from_seconds(duration),
        spec: JobSpec { gpus, input_mbs: Some(mbs), ..JobSpec::default() },
        ..JobRow::default()
    }
}

fn numbered(rows: impl IntoIterator<Item = JobRow>) -> JobTable {
    rows.into_iter().enumerate().map(|(i, row)| JobRow { job_id: i.to_string(), ..row }).collect()
}

fn run(scenario: &Scenario, jobs: &JobTable) -> Outcome {
    run_with(scenario, jobs, Options::default())
}

fn run_with(scenario: &Scenario, jobs: &JobTable, options: Options) -> Outcome {
    let options = Options { physics: scenario.physics.clone(), ..options };
    let policy = PolicyChoice::named("best-effort-fifo").unwrap();
    let setup = Setup { cluster: &scenario.cluster, jobs, policy: &policy, options: &options };
    simulate(setup, &mut Silent).unwrap_or_else(|e| panic!("{e}"))
}

/// GPU-seconds of a leaf.
fn leaf(outcome: &Outcome, leaf: Leaf) -> f64 {
    outcome.leaf(leaf).as_gpu_hours() * 3600.0
}

fn end(outcome: &Outcome, job: u32) -> f64 {
    outcome.fates.end(JobId(job)).unwrap().as_seconds()
}

/// That two numbers of seconds or GPU-seconds are the same to a millionth.
#[track_caller]
fn same(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found}, not {expected}");
}

/// k jobs that each want 8 GB/s of 16: a k-th each, so 1000 s of work take 1000 x max(1, k / 2).
#[test]
fn equal_jobs_get_equal_shares() {
    for k in [1, 2, 3, 7, 50] {
        let jobs = numbered((0..k).map(|_| job(0, 1000, 8, 1000)));
        let outcome = run(&scenario("", "read = \"16GB/s\"", ""), &jobs);
        let expected = 1000.0 * f64::max(1.0, k as f64 / 2.0);
        jobs.ids().for_each(|id| same(end(&outcome, id.0), expected));
        same(leaf(&outcome, Leaf::Useful), 8000.0 * k as f64);
        same(leaf(&outcome, Leaf::InputStall), 8.0 * k as f64 * (expected - 1000.0));
    }
}

/// Where there is enough for everybody, nobody waits for a microsecond, and the ledger has no input stall at all.
#[test]
fn enough_is_enough() {
    let jobs = numbered((0..40).map(|i| job(i * 7, 100 + i, 8, 333)));
    let outcome = run(&scenario("", "read = \"200GB/s\"", ""), &jobs);
    for id in jobs.ids() {
        assert_eq!(outcome.fates.end(id).unwrap().since(outcome.fates.start(id).unwrap()), jobs.duration(id));
    }
    assert_eq!(outcome.leaf(Leaf::InputStall).raw(), 0);
    // Object stores without a limit of their own are the same.
    let free = run(&scenario("", "kind = \"object\"", ""), &jobs);
    assert_eq!(free.leaf(Leaf::InputStall).raw(), 0);
}

/// A job of two nodes against one of one node, both wanting more than there is: two thirds to one, or halves by job.
#[test]
fn shares_go_by_nodes_or_by_jobs() {
    for share in ["node", "job"] {
        let jobs = numbered([job(0, 300, 16, 1000), job(0, 400, 8, 1000)]);
        let outcome = run(&scenario("", &format!("read = \"8GB/s\"\nshare = \"{share}\""), ""), &jobs);
        // By nodes the first reads 16/3 of its 16 GB/s and ends at 900 s; the second has 300 of 400 s done then.
        let ends = [end(&outcome, 0), end(&outcome, 1)];
        if share == "node" {
            same(ends[0], 900.0);
            same(ends[1], 900.0 + (400.0 - 300.0));
        } else {
            // By jobs each reads 4: 16 x 300 / 4 = 1200 s, 8 x 400 / 4 = 800 s, then the first has 8 for the rest.
            same(ends[1], 800.0);
            same(ends[0], 800.0 + (4800.0 - 3200.0) / 8.0);
        }
    }
}

/// What held a job back, in GPU-seconds by cause; jobs without tasks have a unit for each GPU.
fn stalls(outcome: &Outcome, job: u32) -> [f64; 4] {
    let stalls = outcome.fates.stalls(JobId(job));
    Bottleneck::ALL.map(|by| stalls.by(by) as f64 / 1e15)
}

/// A job that wants 8 GB/s and gets 2 for 400 s: it waits for three quarters of them, for the slowest on the way.
#[test]
fn the_slowest_on_the_way_of_the_data_binds() {
    let cores = "[physics.preparation.default]\nper_core = \"500MB/s\"";
    let cases = [
        ("", "read = \"2GB/s\"", "", Bottleneck::Storage),
        ("", "read = \"9GB/s\"\nclient = \"2GB/s\"", "", Bottleneck::Client),
        ("nic = \"2GB/s\"", "read = \"9GB/s\"\nclient = \"3GB/s\"", "", Bottleneck::Nic),
        ("nic = \"3GB/s\"", "read = \"9GB/s\"\nclient = \"4GB/s\"", cores, Bottleneck::Cores),
        ("nic = \"2GB/s\"", "read = \"9GB/s\"", "[physics.preparation.default]\nper_core = \"2GB/s\"", Bottleneck::Nic),
    ];
    for (pool, storage, physics, expected) in cases {
        let mut row = job(0, 100, 8, 1000);
        (row.spec.cpu_milli, row.spec.tasks) = (4000, std::num::NonZeroU32::new(1));
        let outcome = run(&scenario(pool, storage, physics), &numbered([row]));
        same(end(&outcome, 0), 400.0);
        let stalls = outcome.fates.stalls(JobId(0));
        assert_eq!(stalls.binding(), Some(expected), "{storage}");
        assert_eq!(stalls.by(expected), stalls.total(), "{storage}");
        same(stalls.total() as f64 / 1e15, 300.0);
    }
}

/// Alone a job that wants 8 GB/s is held back by its client to 6, from 100 s on by the 10 that it shares with another to 5:
/// 75 s of its 200 are done then, and the rest takes 200 s.
#[test]
fn what_binds_changes_with_the_others() {
    let jobs = numbered([job(0, 200, 8, 1000), job(100, 900, 8, 1000)]);
    let outcome = run(&scenario("", "read = \"10GB/s\"\nclient = \"6GB/s\"", ""), &jobs);
    same(end(&outcome, 0), 300.0);
    let [cores, client, nic, storage] = stalls(&outcome, 0);
    assert_eq!([cores, nic].map(f64::to_bits), [0, 0]);
    same(client, 8.0 * 25.0);
    same(storage, 8.0 * 75.0);
    let all = [0, 1].map(|job| stalls(&outcome, job).iter().sum::<f64>());
    same(leaf(&outcome, Leaf::InputStall), all[0] + all[1]);
}

/// Random unequal jobs against the fluid simulation, which recomputes every rate at every event.
#[test]
fn unequal_jobs_end_as_in_a_fluid_simulation() {
    let mut random = rng::stream(1, "storage");
    for round in 0..60 {
        let read_gbs = random.random_range(2..60);
        let client = [1, 4, 1000][random.random_range(0..3)];
        let by_job = random.random_bool(0.3);
        let jobs = numbered((0..40).map(|_| {
            let gpus = [1, 4, 8, 16, 32][random.random_range(0..5)];
            let mbs = [0, 50, 333, 1000, 1777][random.random_range(0..5)];
            let mut row = job(random.random_range(0..3000), random.random_range(1..4000), gpus, mbs);
            row.spec.topology = fleetsim::trace::Topology::parse("node?").unwrap();
            row
        }));
        let share = if by_job { "job" } else { "node" };
        let storage = format!("read = \"{read_gbs}GB/s\"\nclient = \"{client}GB/s\"\nshare = \"{share}\"");
        let outcome = run(&scenario("", &storage, ""), &jobs);
        let fluid: Vec<FluidJob> = jobs
            .ids()
            .map(|id| {
                let nodes = f64::from(outcome.fates.nodes(id).unwrap());
                let need = jobs.spec(id).input_mbs.unwrap() as f64 * 1e6 * f64::from(jobs.spec(id).gpus);
                FluidJob {
                    start: outcome.fates.start(id).unwrap().as_seconds(),
                    work: jobs.duration(id).as_seconds(),
                    need,
                    cap: need.min(nodes * f64::from(client) * 1e9),
                    weight: if by_job { 1.0 } else { nodes },
                }
            })
            .collect();
        for (id, expected) in jobs.ids().zip(fluid_ends(&fluid, f64::from(read_gbs) * 1e9)) {
            let found = end(&outcome, id.0);
            assert!((found - expected).abs() < 1e-3, "round {round}, {id:?}: {found}, not {expected}");
        }
        let useful: f64 = jobs.ids().map(|id| jobs.duration(id).as_seconds() * f64::from(jobs.spec(id).gpus)).sum();
        // The ledger counts constant speeds in millionths, rounded up.
        let booked = leaf(&outcome, Leaf::Useful);
        let stalled: f64 = jobs.ids().map(|id| stalls(&outcome, id.0).iter().sum::<f64>()).sum();
        let difference = (stalled - leaf(&outcome, Leaf::InputStall)).abs();
        assert!(difference < 1e-4 * useful, "{stalled} waited for data is {difference} from what is booked");
        assert!((0.0..1e-4).contains(&(booked / useful - 1.0 + 1e-9)), "{booked}, not {useful}");
    }
}

/// Jobs that come and go without reading anything, and looks at the clock, move no end by a microsecond.
#[test]
fn an_irrelevant_event_changes_no_end() {
    let readers: Vec<JobRow> = (0..20).map(|i| job(i * 37, 500 + 13 * i, 8, 700 + 11 * i)).collect();
    let scenario = scenario("", "read = \"17GB/s\"", "");
    let undisturbed = run(&scenario, &numbered(readers.clone()));
    let others = (0..200).map(|i| job(i * 11, 5, 1, 0));
    let jobs: JobTable = readers.into_iter().chain(others).collect();
    let disturbed = run(&scenario, &jobs);
    let mut found: Vec<_> =
        jobs.ids().filter(|&id| jobs.spec(id).gpus == 8).map(|id| disturbed.fates.end(id)).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = (0..20).map(|i| undisturbed.fates.end(JobId(i))).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// The models of CoorDL (VLDB 2021) on eight V100 with 24 cores and 530 MB/s of random reads, ImageNet-1k of which 35 %
/// is cached: images/s that the GPUs take and that three cores for each of them prepare (Synergy's profiles), and the
/// share of a warm epoch in which the GPUs wait, in percent: with a pinned cache, with 3 cores a GPU, with a page cache.
const COORDL: [(&str, f64, f64, [f64; 3]); 5] = [
    ("AlexNet", 20_070.0, 6_830.0, [65.0, 66.0, 73.0]),
    ("ShuffleNet", 19_250.0, 6_660.0, [63.0, 65.0, 72.0]),
    ("ResNet-18", 15_360.0, 6_400.0, [54.0, 58.0, 65.0]),
    ("MobileNetV2", 8_940.0, 5_770.0, [20.0, 36.0, 39.0]),
    ("ResNet-50", 6_040.0, 5_250.0, [0.0, 13.0, 10.0]),
];

const IMAGE_MB: f64 = 0.114;

/// The share of the third epoch in which the GPUs of one node wait: the end of three epochs less that of two.
fn stall_of_an_epoch(images_per_s: f64, cores: u64, policy: &str, physics: &str) -> f64 {
    let dataset_mb = 1_281_167.0 * IMAGE_MB;
    let mbs = (images_per_s / 8.0 * IMAGE_MB).round();
    let ideal = dataset_mb / (8.0 * mbs);
    let ends = [2.0, 3.0].map(|epochs| {
        let mut row = job(0, 0, 8, mbs as u64);
        row.duration = Span::from_micros((ideal * epochs * 1e6) as u64);
        row.spec.dataset_bytes = Some((dataset_mb * 1e6) as u64);
        row.spec.cpu_milli = cores * 1000;
        let pool = format!("cache = {{ size = \"{}MB\", policy = \"{policy}\" }}", (dataset_mb * 0.35).round());
        end(&run(&scenario(&pool, "read = \"530MB/s\"", physics), &numbered([row])), 0)
    });
    1.0 - ideal / (ends[1] - ends[0])
}

#[test]
fn epochs_stall_as_coordl_measured() {
    for (model, gpus, cores, expected) in COORDL {
        let preparation = format!("[physics.preparation.default]\nper_core = \"{:.3}MB/s\"", cores * IMAGE_MB / 24.0);
        let found = [
            stall_of_an_epoch(gpus, 0, "pinned", ""),
            stall_of_an_epoch(gpus, 24, "pinned", &preparation),
            stall_of_an_epoch(gpus, 0, "page-cache", ""),
        ];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found * 100.0 - expected).abs() < 5.0, "{model}: {:.1} %, not {expected} %", found * 100.0);
        }
    }
}

/// The first epoch reads everything: 2 x 65 % of the dataset less than with nothing cached over three epochs.
#[test]
fn the_first_epoch_is_cold_but_for_a_dataset_that_is_there() {
    let reader = |submit, epochs: u64, name: Option<&str>| {
        let mut row = job(submit, epochs * 100, 4, 1000);
        row.spec.dataset = name.map(str::to_owned);
        row.spec.dataset_bytes = Some(400_000_000_000);
        row
    };
    // Four GPUs have half of the node's 400 GB: half of the dataset. 1 GB/s for 4: an epoch takes 400 s cold, 200 s warm.
    let scenario = scenario("cache = { size = \"400GB\", policy = \"pinned\" }", "read = \"1GB/s\"", "");
    same(end(&run(&scenario, &numbered([reader(0, 3, None)])), 0), 400.0 + 200.0 + 200.0);
    // A second job of the same dataset on the node finds it warm, and two jobs have all of it: nothing is read any more.
    let rows = |name| numbered([reader(0, 3, Some("a")), reader(500, 1, Some(name))]);
    let outcome = run(&scenario, &rows("a"));
    same(end(&outcome, 1), 600.0);
    // When it leaves, half of the cache is left for the last 50 s of work.
    same(end(&outcome, 0), 700.0);
    // One of another dataset does not, and takes half of the bandwidth while both read.
    let outcome = run(&scenario, &rows("b"));
    assert!(end(&outcome, 0) > 800.0 && end(&outcome, 1) > 900.0);
}

/// Two jobs write 104 GB each at once: 20 s at 10.4 GB/s together, 10 s alone. Writes do not disturb reads.
#[test]
fn checkpoints_share_the_write_bandwidth() {
    let checkpoint = "[physics.checkpoint]\nevery = \"100s\"\ncost = \"1s\"\nparams_per_gpu = 1e9";
    let with = |storage: &str, count: u64| {
        let jobs = numbered((0..count).map(|_| job(0, 250, 8, 100)));
        run(&scenario("nic = \"50GB/s\"", storage, checkpoint), &jobs)
    };
    let alone = with("read = \"100GB/s\"\nwrite = \"10.4GB/s\"", 1);
    same(end(&alone, 0), 250.0 + 2.0 * 11.0);
    let both = with("read = \"100GB/s\"\nwrite = \"10.4GB/s\"", 2);
    same(end(&both, 0), 250.0 + 2.0 * 21.0);
    same(leaf(&both, Leaf::Checkpoint), 2.0 * 8.0 * 42.0);
    // A client that writes 5.2 GB/s at most needs 20 s also alone, and two of them still 20 s.
    for count in [1, 2] {
        same(end(&with("read = \"100GB/s\"\nwrite = \"10.4GB/s\"\nclient = \"5.2GB/s\"", count), 0), 292.0);
    }
}

/// Work done in 1000 s by jobs of mixed hunger on GPUs `faster` times as fast, in seconds of the slower GPUs.
fn work_done(read_gbs: u64, faster: u64) -> f64 {
    let jobs = numbered((0..30).map(|i| job(0, 1_000_000, 8, faster * [250, 500, 1000][i % 3])));
    let until = Some(Time::from_micros(1_000_000_000));
    let storage = format!("read = \"{read_gbs}GB/s\"");
    leaf(&run_with(&scenario("", &storage, ""), &jobs, Options { until, ..Options::default() }), Leaf::Useful)
        * faster as f64
}

/// 30 jobs ask for 140 GB/s; below 60 GB/s, where even the least hungry get less than they ask for, all goes by bandwidth.
#[test]
fn more_bandwidth_helps_up_to_the_knee_and_faster_gpus_only_beyond() {
    let sweep: Vec<f64> = [10, 20, 40, 80, 140, 200].into_iter().map(|read| work_done(read, 1)).collect();
    assert!((sweep[1] / sweep[0] - 2.0).abs() < 1e-4 && (sweep[2] / sweep[0] - 4.0).abs() < 1e-4, "{sweep:?}");
    assert!(sweep[3] > sweep[2] && sweep[4] > sweep[3], "{sweep:?}");
    same(sweep[4], sweep[5]);
    same(sweep[5], 30.0 * 8.0 * 1000.0);
    for read in [10, 20, 40] {
        let (slow, fast) = (work_done(read, 1), work_done(read, 2));
        assert!((fast / slow - 1.0).abs() < 1e-4, "{read} GB/s: {slow}, {fast}");
    }
    same(work_done(400, 2), 2.0 * work_done(400, 1));
}

/// The window cuts clocks as it cuts everything else: over windows that abut, each leaf is that of the whole.
/// Three jobs ask for 10 GB/s each of 20 GB/s, and a fourth for 4 GB/s when they are gone: what they are given is what they
/// read, and while it is less than they ask for it is all that there is.
#[test]
fn what_is_asked_for_and_given_is_counted() {
    let jobs = numbered([job(0, 100, 8, 1250), job(0, 100, 8, 1250), job(0, 100, 8, 1250), job(200, 50, 8, 500)]);
    let outcome = run(&scenario("", "read = \"20GB/s\"", ""), &jobs);
    let sum = |of: fn(&Traffic) -> u128| outcome.series.iter().map(|bucket| of(&bucket.traffic[0])).sum::<u128>();
    same(sum(|traffic| traffic.given) as f64 / 1e9, 3.0 * 100.0 * 10.0 + 50.0 * 4.0);
    same(sum(|traffic| traffic.asked) as f64 / 1e9, 150.0 * 30.0 + 50.0 * 4.0);
    for bucket in &outcome.series {
        let rate = |bytes: u128| bytes as f64 / bucket.width.as_seconds() / 1e9;
        let (asked, given) = (rate(bucket.traffic[0].asked), rate(bucket.traffic[0].given));
        assert!(given <= asked && given < 20.001, "{bucket:?}");
        if bucket.start.micros() < 100_000_000 {
            assert!((asked - 30.0).abs() < 0.01 && (given - 20.0).abs() < 0.01, "{bucket:?}");
        }
        assert_eq!(bucket.traffic[1], Traffic::default());
    }
}

#[test]
fn windows_that_abut_add_up() {
    let jobs = numbered((0..30).map(|i| job(i * 20, 300 + i, 8, 500 + 37 * i)));
    let scenario = scenario("", "read = \"20GB/s\"", "");
    let cut = |warmup: u64, cooldown: u64| {
        let [warmup, cooldown] = [warmup, cooldown].map(Span::from_micros);
        run_with(&scenario, &jobs, Options { warmup, cooldown, ..Options::default() })
    };
    let whole = cut(0, 0);
    let horizon = whole.horizon().micros();
    for at in [1, 123_456_789, horizon / 2, horizon - 5_000_000] {
        for one in [Leaf::Useful, Leaf::InputStall] {
            let parts = cut(0, horizon - at).leaf(one).raw() + cut(at, 0).leaf(one).raw();
            assert!(parts.abs_diff(whole.leaf(one).raw()) < 100, "{at} {one:?}");
        }
    }
}

/// The scenario that shows it all: jobs wait for data and write checkpoints, and more bandwidth makes them wait less.
#[test]
fn the_scenario_runs_and_more_bandwidth_helps() {
    let path = Path::new("scenarios/storage.toml");
    let scenario = fleetsim::scenario::load(path, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    let trace = fleetsim::trace::native::read(Path::new("traces/storage.csv"), &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{e:?}"));
    let stall = |scenario: &Scenario| {
        let outcome = run(scenario, &trace.table);
        assert!(leaf(&outcome, Leaf::Checkpoint) > 0.0);
        leaf(&outcome, Leaf::InputStall)
    };
    let variant = |name: &str| &scenario.variants.iter().find(|v| v.name == name).unwrap().scenario;
    assert!(stall(variant("twice-the-bandwidth")) < 0.8 * stall(&scenario));
    assert!(stall(variant("pinned")) < stall(&scenario));
}
