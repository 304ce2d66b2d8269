//! The engine by policy, cluster and backlog, without reading or writing files; one iteration is a whole run.
//!
//! `cargo bench --bench engine -- fifo` runs a part. Times are divided by the jobs of the run where Criterion says
//! elements a second. To judge the whole program, compare it with the `floor` benchmark instead.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use fleetsim::cluster::storage::{Share, StorageSpec};
use fleetsim::cluster::{
    ClusterSpec, GpuType, Island, NodeGpus, NodeIo, Placement, Placer, PoolSpec, PoolState, Request, Spares, Tenure,
};
use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate};
use fleetsim::physics::Physics;
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::generate::{Generator, Rate, Weights};
use fleetsim::trace::{JobId, JobRow, JobSpec, JobTable};
use fleetsim::units::keys::Value;
use fleetsim::units::rng::Stream;
use fleetsim::units::{Time, UsdPerGpuHour};

/// A pool of nodes with eight GPUs.
fn cluster(gpus: u32, limited: bool) -> ClusterSpec {
    let per_node = 8;
    let pool = PoolSpec {
        name: "p".to_owned(),
        nodes: gpus / per_node,
        gpus: Some(NodeGpus { gpu_type: 0, per_node, island: Island::Gpus(4), sharing: None }),
        nodes_per_rack: Some(25),
        tenure: Tenure::Reserved,
        spares: Spares::default(),
        cpu_milli: limited.then_some(96_000),
        mem_bytes: None,
        io: NodeIo::default(),
        price: UsdPerGpuHour::default(),
        queues: None,
    };
    ClusterSpec {
        gpu_types: vec![GpuType { id: "gpu".to_owned(), ..GpuType::default() }],
        pools: vec![pool],
        storage: Vec::new(),
    }
}

/// Jobs that ask for `load` of the GPUs on average.
fn jobs(count: u32, gpus: u32, load: f64) -> JobTable {
    let rate = Rate::Load { load, gpus: u64::from(gpus) };
    Generator { jobs: Some(count), rate, ..Generator::default() }.generate(1).expect("the recipe is sound")
}

fn policy(name: &str) -> PolicyChoice {
    let mut choice = PolicyChoice::named(name).expect("the policy is known");
    choice.params.set("placement", Value::Text("pack".to_owned()));
    choice
}

fn run(cluster: &ClusterSpec, jobs: &JobTable, policy: &PolicyChoice, until: Option<Time>) -> Outcome {
    let options = Options { until, ..Options::default() };
    simulate(Setup { cluster, jobs, policy, options: &options }, &mut Silent).expect("the run ends well")
}

/// FIFO, best fit and gang, on clusters that queue (load above 1) and that do not; also what many kinds of jobs cost.
fn list_policies(c: &mut Criterion) {
    let mut group = c.benchmark_group("list");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    for (count, gpus, load) in [
        (100_000, 1000, 0.5),
        (100_000, 1000, 1.05),
        (100_000, 100_000, 0.5),
        (1_000_000, 1000, 1.05),
        (1_000_000, 100_000, 0.5),
        (1_000_000, 100_000, 1.05),
    ] {
        let (cluster, jobs) = (cluster(gpus, false), jobs(count, gpus, load));
        group.throughput(Throughput::Elements(u64::from(count)));
        for name in ["fifo", "best-effort-fifo", "gang", "easy-backfill"] {
            let policy = policy(name);
            let id = BenchmarkId::new(name, format!("{count} jobs, {gpus} GPUs, load {load}"));
            group.bench_function(id, |b| b.iter(|| black_box(run(&cluster, &jobs, &policy, None))));
        }
    }
    group.finish();
}

/// A trace of 200 lines and 5,000 tenants, and one of 1,000 sizes: the walks over lines, classes and shapes.
fn many_kinds(c: &mut Criterion) {
    let (gpus, count) = (1000, 20_000);
    let plain =
        Generator { jobs: Some(count), rate: Rate::Load { load: 1.05, gpus: u64::from(gpus) }, ..Generator::default() };
    let lines = Generator {
        queues: Weights::new((0..200).map(|i| (format!("line-{i}"), 1.0))),
        tenants: Weights::zipf("tenant-", 5000, 0.5),
        ..plain.clone()
    };
    let sizes = Generator { sizes: Weights::new((1..=1000).map(|n| (n, 1.0 / f64::from(n)))), ..plain };
    let mut group = c.benchmark_group("kinds");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(u64::from(count)));
    for (title, recipe) in [("200 lines, 5,000 tenants", lines), ("1,000 sizes", sizes)] {
        let (cluster, jobs) = (cluster(gpus, false), recipe.generate(1).expect("the recipe is sound"));
        for name in ["fifo", "best-effort-fifo", "easy-backfill"] {
            let policy = policy(name);
            let id = BenchmarkId::new(name, title);
            group.bench_function(id, |b| b.iter(|| black_box(run(&cluster, &jobs, &policy, None))));
        }
    }
    group.finish();
}

/// EASY at a steady load with 10^2 and with 10^5 jobs waiting all the time: the cost of a job must not grow with them.
fn backlog(c: &mut Criterion) {
    let (gpus, count) = (1000, 100_000);
    let (cluster, policy) = (cluster(gpus, false), policy("easy-backfill"));
    let mut group = c.benchmark_group("backlog");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(u64::from(count)));
    for waiting in [100, 100_000] {
        let (jobs, end) = backlogged(count, waiting, gpus);
        let id = BenchmarkId::new("easy-backfill", waiting);
        group.bench_function(id, |b| b.iter(|| black_box(run(&cluster, &jobs, &policy, Some(end)))));
    }
    group.finish();
}

/// `count` jobs that come one by one as fast as they can be served, behind `waiting` that are there from the start; and
/// when the last one comes.
fn backlogged(count: u32, waiting: u32, gpus: u32) -> (JobTable, Time) {
    let all = jobs(count + waiting, gpus, 1.0);
    let begin = all.submit(JobId(waiting));
    let at_once = |job: JobId| JobRow { submit: all.submit(job).max(begin), ..all.row(job) };
    (all.ids().map(at_once).collect(), all.submit(JobId(count + waiting - 1)))
}

/// Conservative backfilling under pressure.
fn conservative(c: &mut Criterion) {
    let mut group = c.benchmark_group("conservative");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    for (title, limited, count, load) in
        [("by count", false, 20_000, 0.9), ("by count, overloaded", false, 5_000, 1.5), ("by nodes", true, 500, 0.9)]
    {
        let cluster = cluster(1000, limited);
        let jobs = limited_jobs(&jobs(count, 1000, load));
        let policy = policy("conservative-backfill");
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_function(title, |b| b.iter(|| black_box(run(&cluster, &jobs, &policy, None))));
    }
    group.finish();
}

/// The same jobs, each asking for cores.
fn limited_jobs(jobs: &JobTable) -> JobTable {
    let with_cores = |row: JobRow| {
        let spec = JobSpec { cpu_milli: 12_000 * u64::from(row.spec.gpus), ..row.spec };
        JobRow { spec, ..row }
    };
    jobs.ids().map(|job| with_cores(jobs.row(job))).collect()
}

/// Finding a place, taking it and giving it back on 100,000 GPUs of which nine in ten are taken.
fn free_gpu_index(c: &mut Criterion) {
    let cluster = cluster(100_000, false);
    let mut pool = PoolState::new(&cluster.pools[0]);
    let filler = Request::of(&JobSpec { gpus: 7, ..JobSpec::default() });
    let mut placer = Placer::new(Placement::Random, Stream::new(1));
    while pool.free_gpus() > 10_000 {
        let Some(place) = placer.place(&pool, 0, &filler) else { break };
        for part in place.parts() {
            pool.take(part.node as usize, &part.take(&filler));
        }
    }
    let mut group = c.benchmark_group("index");
    for (word, placement, _) in Placement::WORDS {
        let mut placer = Placer::new(placement, Stream::new(2));
        for gpus in [1, 8, 64] {
            let request = Request::of(&JobSpec { gpus, ..JobSpec::default() });
            group.bench_function(BenchmarkId::new(word, gpus), |b| {
                b.iter(|| {
                    let place = placer.place(&pool, 0, black_box(&request)).expect("there is room");
                    for part in place.parts() {
                        pool.take(part.node as usize, &part.take(&request));
                    }
                    for part in place.parts() {
                        pool.give(part.node as usize, &part.take(&request));
                    }
                });
            });
        }
    }
    group.finish();
}

/// The claims on idle GPUs, worked out anew after each of 50,000 arrivals: every job asks for the whole cluster but a
/// GPU, so that hardly anything starts and the walk has all shapes before it.
fn ledger_walk(c: &mut Criterion) {
    let (gpus, count) = (1000, 50_000);
    let recipe = Generator {
        jobs: Some(count),
        rate: Rate::PerHour(3600.0),
        sizes: Weights::new((1..=40).map(|n| (1000 - n, 1.0))),
        tenants: Weights::zipf("tenant-", 100, 1.0),
        ..Generator::default()
    };
    let (cluster, jobs) = (cluster(gpus, false), recipe.generate(1).expect("the recipe is sound"));
    let end = jobs.submit(JobId(count - 1));
    let policy = policy("fifo");
    let mut group = c.benchmark_group("ledger");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(u64::from(count)));
    group.bench_function("walk", |b| b.iter(|| black_box(run(&cluster, &jobs, &policy, Some(end)))));
    group.finish();
}

/// 100,000 jobs in front of one storage system, 2,000 of them running at once all the time, against the same jobs with
/// physics off: jobs of eight kinds that want twice as much as there is, jobs of which each wants something else, and
/// jobs of one kind that want just about what there is, so that all of them cross the water level time and again.
fn shared_storage(c: &mut Criterion) {
    let (count, running) = (100_000, 2000);
    let mut cluster = cluster(8 * running, false);
    cluster.pools[0].io.storage = Some(0);
    let mut group = c.benchmark_group("storage");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(u64::from(count)));
    let recipe = Generator {
        jobs: Some(count),
        rate: Rate::Load { load: 1.2, gpus: u64::from(8 * running) },
        sizes: Weights::new([(8, 1.0)]),
        ..Generator::default()
    };
    let plain = recipe.generate(1).expect("the recipe is sound");
    let policy = policy("fifo");
    group.bench_function("off", |b| b.iter(|| black_box(run(&cluster, &plain, &policy, None))));
    for (title, kinds, share) in
        [("eight kinds", 8, 0.5), ("all different", 1999, 0.5), ("one kind, at the knee", 1, 1.0)]
    {
        let need = |job: JobId| 1000 + 2 * u64::from(job.0.wrapping_mul(2_654_435_761) >> 8) % (2 * kinds);
        let jobs: JobTable = plain
            .ids()
            .map(|job| {
                let row = plain.row(job);
                JobRow { spec: JobSpec { input_mbs: Some(need(job)), ..row.spec }, ..row }
            })
            .collect();
        let read = (f64::from(running) * 8.0 * (1000.0 + (kinds - 1) as f64) * 1e6 * share * 0.999) as u64;
        let system =
            StorageSpec { name: "s".to_owned(), read: Some(read), write: None, client: None, share: Share::Node };
        cluster.storage = vec![system];
        let physics = Physics { input: true, ..Physics::default() };
        let options = Options { physics, ..Options::default() };
        let setup = Setup { cluster: &cluster, jobs: &jobs, policy: &policy, options: &options };
        group.bench_function(title, |b| b.iter(|| black_box(simulate(setup, &mut Silent).expect("the run ends well"))));
    }
    group.finish();
}

criterion_group!(
    benches,
    shared_storage,
    list_policies,
    many_kinds,
    backlog,
    conservative,
    free_gpu_index,
    ledger_walk
);
criterion_main!(benches);
