//! Small clusters and jobs for hand-made cases, in seconds.

use fleetsim::trace::Topology;

use super::simulate::simulate;
use super::types::{RefIsland, RefJob, RefPool, RefResult, RefRun};

/// Microseconds in a second.
pub const SECOND: u64 = 1_000_000;

/// One GPU-second in the ledger's unit.
pub const GPU_SECOND: u128 = 1_000_000_000;

/// A job that asks for `gpus` from `submit` on and runs for `duration`, both in seconds, its walltime being the same.
pub fn job(name: &str, submit: u64, gpus: u32, duration: u64) -> RefJob {
    RefJob {
        name: name.to_owned(),
        submit: submit * SECOND,
        duration: duration * SECOND,
        walltime: Some(duration * SECOND),
        gpus,
        tasks: None,
        min_tasks: None,
        gpu_types: Vec::new(),
        share_milli: 1000,
        cpu_milli: 0,
        mem_bytes: 0,
        tenant: format!("t-{name}"),
        queue: String::new(),
        priority: 0,
        topology: Topology::default(),
        preemptible: None,
        failed: false,
    }
}

/// The job in tasks of equal size.
pub fn with_tasks(job: RefJob, tasks: u32) -> RefJob {
    RefJob { tasks: Some(tasks), ..job }
}

/// The job with a topology need, as the trace writes it.
pub fn with_topology(job: RefJob, need: &str) -> RefJob {
    RefJob { topology: Topology::parse(need).expect("the word is one of the trace's"), ..job }
}

/// The job in a line of its own.
pub fn in_queue(job: RefJob, queue: &str) -> RefJob {
    RefJob { queue: queue.to_owned(), ..job }
}

/// `nodes` nodes of `gpus` GPUs in one island each, in one rack, without limits.
pub fn pool(name: &str, nodes: u32, gpus: u32) -> RefPool {
    RefPool {
        name: name.to_owned(),
        gpu_type: (gpus > 0).then(|| format!("type-{name}")),
        nodes,
        gpus_per_node: gpus,
        island: RefIsland::Gpus(gpus.max(1)),
        nodes_per_rack: nodes,
        cpu_milli: None,
        mem_bytes: None,
        queues: None,
    }
}

/// The starts of all jobs in seconds, in file order.
///
/// # Panics
/// When a job has not started.
pub fn starts(result: &RefResult) -> Vec<u64> {
    result.jobs.iter().map(|job| job.start.expect("every job starts") / SECOND).collect()
}

/// Simulates and compares the starts, in seconds.
pub fn assert_starts(pools: &[RefPool], jobs: &[RefJob], run: RefRun, expected: &[u64]) {
    let result = simulate(&pools.to_vec(), jobs, run);
    assert_eq!(starts(&result), expected, "{run:?}");
}

/// Compares a leaf with an amount in GPU-seconds.
pub fn assert_leaf(result: &RefResult, leaf: &str, gpu_seconds: u128) {
    assert_eq!(result.leaf(leaf), gpu_seconds * GPU_SECOND, "{leaf} of {:?}", result.ledger);
}

/// Compares what one tenant pays for a leaf in one pool with an amount in GPU-seconds.
pub fn assert_share(result: &RefResult, (pool, leaf, tenant): (&str, &'static str, &str), gpu_seconds: u128) {
    let found = result.ledger.get(&(pool.to_owned(), leaf, tenant.to_owned())).copied().unwrap_or(0);
    assert_eq!(found, gpu_seconds * GPU_SECOND, "{leaf} of {tenant} in {pool}: {:?}", result.ledger);
}
