//! The one place where reference and engine meet: turns a scenario into the library's types, runs the engine, and says
//! where the two differ.

use std::collections::BTreeMap;

use fleetsim::cluster::{ClusterSpec, GpuType, Island, NodeGpus, PoolSpec};
use fleetsim::trace::JobTable;
use fleetsim::units::UsdPerGpuHour;

use super::convert::job_table;
use super::random::{Scenario, for_all};
use super::simulate::simulate;
use super::types::{LedgerKey, RefCluster, RefIsland, RefOutcome, RefResult};

/// The GPU types of the random scenarios.
const GPU_TYPES: [&str; 2] = ["x", "y"];

fn gpu_type(id: &str) -> GpuType {
    GpuType {
        id: id.to_owned(),
        arch: "test".to_owned(),
        memory_gb: 80,
        bandwidth_gbs: 3000,
        tflops: 900,
        fp8_tflops: None,
        power_w: 700,
        mig_instances: 1,
        price: None,
    }
}

/// The cluster as a scenario would have it, without prices.
pub fn cluster_spec(cluster: &RefCluster) -> ClusterSpec {
    let index = |id: &String| GPU_TYPES.iter().position(|known| known == id).expect("the type is one of the tests'");
    let pools = cluster.iter().map(|pool| PoolSpec {
        name: pool.name.clone(),
        nodes: pool.nodes,
        gpus: pool.gpu_type.as_ref().map(|id| NodeGpus {
            gpu_type: index(id),
            per_node: pool.gpus_per_node,
            island: match pool.island {
                RefIsland::Gpus(k) => Island::Gpus(k),
                RefIsland::Rack => Island::Rack,
            },
        }),
        nodes_per_rack: Some(pool.nodes_per_rack),
        cpu_milli: pool.cpu_milli,
        mem_bytes: pool.mem_bytes,
        price: UsdPerGpuHour::default(),
        queues: pool.queues.clone(),
    });
    ClusterSpec { gpu_types: GPU_TYPES.iter().map(|id| gpu_type(id)).collect(), pools: pools.collect() }
}

/// What the engine makes of the scenario: outcomes in file order, and the ledger without zeros.
fn engine(scenario: &Scenario) -> (Vec<RefOutcome>, BTreeMap<LedgerKey, u128>) {
    let cluster: ClusterSpec = cluster_spec(&scenario.cluster);
    let jobs: JobTable = job_table(&scenario.jobs);
    // fleetsim::engine::simulate(&cluster, &jobs, &RunOptions { policy, placement, enforce_walltime, estimate_factor,
    // until }), its outcomes put back in file order by `jobs.file_row(id)`.
    engine_outcome(&cluster, &jobs, scenario.run)
}

/// The first difference between the two.
fn difference(scenario: &Scenario) -> Result<(), String> {
    let expected: RefResult = simulate(&scenario.cluster, &scenario.jobs, scenario.run);
    let (outcomes, ledger) = engine(scenario);
    for ((job, ours), theirs) in scenario.jobs.iter().zip(&expected.jobs).zip(&outcomes) {
        if ours != theirs {
            return Err(format!("{}: reference {ours:?}, engine {theirs:?}", job.name));
        }
    }
    let keys: std::collections::BTreeSet<&LedgerKey> = expected.ledger.keys().chain(ledger.keys()).collect();
    for key in keys {
        let [ours, theirs] = [&expected.ledger, &ledger].map(|side| side.get(key).copied().unwrap_or(0));
        if ours != theirs {
            return Err(format!("{key:?}: reference {ours}, engine {theirs}"));
        }
    }
    Ok(())
}

/// Every policy on 2,000 scenarios, job by job and leaf by leaf.
#[test]
fn engine_and_reference_agree() {
    for_all(0..2_000, difference);
}
