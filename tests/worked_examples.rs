//! The tables T1 and T2 of the literature's rules on a node of four GPUs, checked start by start.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetsim::cluster::{ClusterSpec, GpuType, Island, NodeGpus, NodeIo, PoolSpec, Spares, Tenure};
use fleetsim::engine::{Options, Setup, Silent, simulate};
use fleetsim::sched::PolicyChoice;
use fleetsim::trace::{JobRow, JobSpec, JobTable};
use fleetsim::units::keys::Value;
use fleetsim::units::{Span, Time, UsdPerGpuHour};

/// One node with four identical GPUs.
fn c4() -> ClusterSpec {
    let gpu = GpuType { id: "x".into(), ..GpuType::default() };
    ClusterSpec {
        gpu_types: vec![gpu],
        pools: vec![PoolSpec {
            name: "c4".into(),
            nodes: 1,
            gpus: Some(NodeGpus { gpu_type: 0, per_node: 4, island: Island::Gpus(4), sharing: None }),
            nodes_per_rack: None,
            tenure: Tenure::Reserved,
            spares: Spares::default(),
            cpu_milli: None,
            mem_bytes: None,
            io: NodeIo::default(),
            price: UsdPerGpuHour::from_micros(0),
            queues: None,
        }],
        storage: Vec::new(),
    }
}

/// (arrival, GPUs, run time, limit) in seconds, by job.
type Rows = [(u64, u32, u64, u64); 6];

const T1: Rows = [(0, 2, 10, 10), (1, 3, 10, 10), (2, 4, 5, 5), (3, 1, 30, 30), (4, 1, 6, 6), (5, 1, 6, 6)];
const T2: Rows = [(0, 2, 10, 10), (1, 4, 10, 10), (2, 3, 5, 5), (3, 1, 30, 30), (4, 1, 6, 6), (5, 1, 6, 6)];

fn starts(rows: &Rows, policy: &str, key: Option<&'static str>) -> Vec<u64> {
    let jobs: JobTable = rows
        .iter()
        .enumerate()
        .map(|(i, &(submit, gpus, run, limit))| JobRow {
            job_id: format!("J{}", i + 1),
            submit: Time::from_micros(submit * 1_000_000),
            duration: Span::from_seconds(run),
            walltime: Some(Span::from_seconds(limit)),
            spec: JobSpec { gpus, ..JobSpec::default() },
            ..JobRow::default()
        })
        .collect();
    let mut choice = PolicyChoice::named(policy).unwrap();
    if let Some(key) = key {
        choice.params.set(key, Value::Bool(true));
    }
    let cluster = c4();
    let options = Options::default();
    let outcome =
        simulate(Setup { cluster: &cluster, jobs: &jobs, policy: &choice, options: &options }, &mut Silent).unwrap();
    jobs.ids().map(|j| outcome.fates.start(j).unwrap().micros() / 1_000_000).collect()
}

#[test]
fn table_t1() {
    assert_eq!(starts(&T1, "fifo", None), [0, 10, 20, 25, 25, 25]);
    assert_eq!(starts(&T1, "best-effort-fifo", None), [0, 10, 33, 3, 4, 20]);
    assert_eq!(starts(&T1, "gang", None), [0, 10, 33, 3, 4, 20]);
    assert_eq!(starts(&T1, "easy-backfill", None), [0, 10, 33, 3, 4, 20]);
    assert_eq!(starts(&T1, "conservative-backfill", None), [0, 10, 20, 25, 4, 5]);
    assert_eq!(starts(&T1, "sjf", None), [0, 21, 10, 21, 15, 15]);
    assert_eq!(starts(&T1, "sjf", Some("skip")), [0, 16, 33, 3, 4, 10]);
}

#[test]
fn table_t2() {
    assert_eq!(starts(&T2, "best-effort-fifo", None), [0, 33, 10, 3, 4, 15]);
    assert_eq!(starts(&T2, "easy-backfill", None), [0, 10, 20, 20, 4, 25]);
    assert_eq!(starts(&T2, "conservative-backfill", None), [0, 10, 20, 20, 4, 25]);
    assert_eq!(starts(&T2, "fifo", None), [0, 10, 20, 20, 25, 25]);
}

/// J1 really ends at 6, limit 10: no start of EASY or conservative changes, since J2 needs all four and J5 runs until 10.
#[test]
fn table_t2_with_an_early_end() {
    let mut rows = T2;
    rows[0].2 = 6;
    assert_eq!(starts(&rows, "easy-backfill", None), [0, 10, 20, 20, 4, 25]);
    assert_eq!(starts(&rows, "conservative-backfill", None), [0, 10, 20, 20, 4, 25]);
    assert_eq!(starts(&rows, "conservative-backfill", Some("replan")), [0, 10, 20, 20, 4, 25]);
}
