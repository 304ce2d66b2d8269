//! M/M/c against Erlang C: Poisson arrivals of one-GPU jobs of exponential length on one pool of c GPUs, first come
//! first served, wait C(c, a) / (c mu - lambda) on average (Erlang 1917; Gross & Harris, chapter 2).
//!
//! The comparison is tried on the plainest queue there is, [`plain_waits`], before the engine is held to it.

mod queueing;

use fleetsim::cluster::{ClusterSpec, GpuType, Island, NodeGpus, NodeIo, PoolSpec, Spares, Tenure};
use fleetsim::engine::{Options, Setup, Silent, simulate};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::{JobRow, JobTable};
use fleetsim::units::UsdPerGpuHour;
use queueing::{Queue, plain_waits};

/// Waits in seconds under a policy of the engine, on nodes of one GPU.
fn engine_waits(jobs: &[JobRow], servers: u32, policy: &str) -> Vec<f64> {
    let gpu = GpuType { id: "server".to_owned(), ..GpuType::default() };
    let pool = PoolSpec {
        name: "servers".to_owned(),
        nodes: servers,
        gpus: Some(NodeGpus { gpu_type: 0, per_node: 1, island: Island::Gpus(1), sharing: None }),
        nodes_per_rack: None,
        tenure: Tenure::Reserved,
        spares: Spares::default(),
        cpu_milli: None,
        mem_bytes: None,
        io: NodeIo::default(),
        price: UsdPerGpuHour::default(),
        queues: None,
    };
    let cluster = ClusterSpec { gpu_types: vec![gpu], pools: vec![pool], storage: Vec::new() };
    let table: JobTable = jobs.iter().cloned().collect();
    let policy = PolicyChoice::named(policy).expect("the policy is registered");
    let setup = Setup { cluster: &cluster, jobs: &table, policy: &policy, options: &Options::default() };
    let outcome = simulate(setup, &mut Silent).expect("the run breaks no rule");
    let wait = |job| outcome.fates.start(job).expect("every job starts").since(table.submit(job)).as_seconds();
    table.ids().map(wait).collect()
}

/// Mean of the waits and the half width of its 99.9 % interval, by 30 batch means after a tenth of warm-up: waits of
/// neighbours are alike, means of long batches hardly.
fn mean_and_half_width(waits: &[f64]) -> (f64, f64) {
    const BATCHES: usize = 30;
    // Student's t, 29 degrees of freedom, 0.9995.
    const QUANTILE: f64 = 3.659;
    let settled = &waits[waits.len() / 10..];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let means: Vec<f64> = settled.chunks_exact(settled.len() / BATCHES).take(BATCHES).map(mean).collect();
    let overall = mean(&means);
    let variance = means.iter().map(|m| (m - overall).powi(2)).sum::<f64>() / (BATCHES - 1) as f64;
    (overall, QUANTILE * (variance / BATCHES as f64).sqrt())
}

/// Holds waits against Erlang C.
fn assert_mean_wait(waits: &[f64], queue: Queue) {
    let (mean, half_width) = mean_and_half_width(waits);
    let expected = queue.mean_wait();
    assert!(
        (mean - expected).abs() <= half_width,
        "{queue:?}: mean wait {mean} s +- {half_width}, by Erlang C {expected}"
    );
    // An interval as wide as the mean itself would say nothing.
    assert!(half_width < 0.35 * expected, "{queue:?}: +- {half_width} s is too wide for a mean of {expected} s");
}

const QUEUES: [Queue; 4] = [
    Queue { servers: 1, between: 10.0, length: 5.0 },
    Queue { servers: 2, between: 10.0, length: 16.0 },
    Queue { servers: 8, between: 1.0, length: 7.0 },
    Queue { servers: 64, between: 1.0, length: 60.0 },
];

/// M/M/1 at load 1/2 waits as long as a job takes, M/M/2 has a short formula, and (10, 8) stands in tables as 0.4092.
#[test]
fn erlang_c_has_its_known_values() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} against {b}");
    close(QUEUES[0].mean_wait(), 5.0);
    // A tenth of those jobs wait longer than ln(0.5 / 0.1) / (0.2 - 0.1) s.
    close(QUEUES[0].wait_quantile(0.9), 5.0_f64.ln() * 10.0);
    // rho = 0.8: C = 2 rho^2 / (1 + rho) = 32/45, wait = C length / (2 - 1.6).
    close(QUEUES[1].share_that_waits(), 32.0 / 45.0);
    close(QUEUES[1].mean_wait(), 32.0 / 45.0 * 16.0 / 0.4);
    let ten = Queue { servers: 10, between: 1.0, length: 8.0 };
    assert!((ten.share_that_waits() - 0.4092).abs() < 5e-5, "{}", ten.share_that_waits());
}

/// Jobs of one GPU leave backfilling nothing to do: whatever serves them in the order of their arrival waits as long, job
/// by job.
#[test]
fn the_engine_waits_as_erlang_says() {
    for queue in QUEUES {
        let jobs = queue.jobs(400_000, 2026);
        let plain = plain_waits(&jobs, queue.servers);
        assert_mean_wait(&plain, queue);
        for policy in ["fifo", "best-effort-fifo", "gang", "pods", "easy-backfill"] {
            let waits = engine_waits(&jobs, queue.servers, policy);
            assert_mean_wait(&waits, queue);
            assert!(waits == plain, "{policy}: {queue:?}");
        }
    }
}

/// Shortest job first is better than Erlang C on the same jobs, by conservation of work never for the longest.
#[test]
fn shortest_job_first_waits_less_on_average() {
    let queue = QUEUES[2];
    let jobs = queue.jobs(100_000, 2026);
    let mean = |waits: Vec<f64>| waits.iter().sum::<f64>() / waits.len() as f64;
    let [first, shortest] = ["fifo", "sjf"].map(|policy| mean(engine_waits(&jobs, queue.servers, policy)));
    assert!(shortest < 0.8 * first, "{shortest} s against {first} s");
}

/// The comparison notices what it is for: one server more or less.
#[test]
#[should_panic(expected = "by Erlang C")]
fn one_server_more_is_noticed() {
    let queue = QUEUES[2];
    assert_mean_wait(&plain_waits(&queue.jobs(400_000, 2026), queue.servers + 1), queue);
}
