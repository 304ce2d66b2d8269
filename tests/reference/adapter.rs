//! The one place where reference and engine meet: turns a scenario into the library's types, runs the engine, and says
//! where the two differ.

use std::collections::BTreeMap;

use fleetsim::cluster::{ClusterSpec, GpuType, Island, NodeGpus, NodeIo, PoolSpec, Spares, Tenure};
use fleetsim::engine::{Options, Outcome, Setup, Silent, simulate as simulate_engine};
use fleetsim::physics::{Grace, Physics, Preemption};
use fleetsim::sched::{PPM, PolicyChoice, RunTimes, Stage};
use fleetsim::trace::{JobId, JobTable};
use fleetsim::units::keys::Value;
use fleetsim::units::{Span, Time, UsdPerGpuHour};

use super::convert::job_table;
use super::random::{Scenario, for_all};
use super::simulate::simulate;
use super::types::{
    LedgerKey, RefCluster, RefIsland, RefOutcome, RefPlacement, RefPolicy, RefResult, RefRun, RefState, RefStop,
};

/// The GPU types of the random scenarios.
const GPU_TYPES: [&str; 2] = ["x", "y"];

fn gpu_type(id: &str) -> GpuType {
    GpuType { id: id.to_owned(), ..GpuType::default() }
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
            sharing: None,
        }),
        nodes_per_rack: Some(pool.nodes_per_rack),
        tenure: Tenure::Reserved,
        spares: Spares::default(),
        cpu_milli: pool.cpu_milli,
        mem_bytes: pool.mem_bytes,
        io: NodeIo::default(),
        price: UsdPerGpuHour::default(),
        queues: pool.queues.clone(),
    });
    ClusterSpec {
        gpu_types: GPU_TYPES.iter().map(|id| gpu_type(id)).collect(),
        pools: pools.collect(),
        storage: Vec::new(),
    }
}

/// The treatment of the jobs as a scenario would have it.
pub fn options(run: RefRun) -> Options {
    let (numerator, denominator) = run.estimate_factor;
    Options {
        times: RunTimes {
            enforce_walltime: run.enforce_walltime,
            estimate_ppm: (numerator * u64::from(PPM) / denominator) as u32,
        },
        until: run.until.map(Time::from_micros),
        physics: Physics {
            preemption: match run.stops {
                RefStop::Suspend => Preemption::Suspend,
                RefStop::Requeue => Preemption::Requeue,
                RefStop::Cancel => Preemption::Cancel,
            },
            grace: (run.grace > 0).then_some(Grace { time: Some(Span::from_micros(run.grace)), checkpoint: false }),
            ..Physics::default()
        },
        ..Options::default()
    }
}

/// What the engine makes of the scenario: outcomes in file order, and the ledger without zeros.
fn engine(scenario: &Scenario) -> Result<(Vec<RefOutcome>, BTreeMap<LedgerKey, u128>), String> {
    let cluster: ClusterSpec = cluster_spec(&scenario.cluster);
    let jobs: JobTable = job_table(&scenario.jobs);
    let options = options(scenario.run);
    let policy = policy(scenario.run);
    let setup = Setup { cluster: &cluster, jobs: &jobs, policy: &policy, options: &options };
    let outcome = simulate_engine(setup, &mut Silent).map_err(|e| e.to_string())?;
    let mut fates: Vec<(usize, RefOutcome)> = jobs.ids().map(|job| (jobs.file_row(job), fate(&outcome, job))).collect();
    fates.sort_by_key(|(row, _)| *row);
    let mut ledger = BTreeMap::new();
    for entry in &outcome.ledger {
        let tenant = entry.payer.as_tenant().map_or("", |t| &outcome.classes.tenants()[t.index()]);
        let key = (cluster.pools[entry.pool as usize].name.clone(), entry.leaf.name(), tenant.to_owned());
        *ledger.entry(key).or_insert(0) += entry.time.raw();
    }
    Ok((fates.into_iter().map(|(_, fate)| fate).collect(), ledger))
}

fn fate(outcome: &Outcome, job: JobId) -> RefOutcome {
    let state = match outcome.fates.stage(job) {
        Stage::Finished => RefState::Finished,
        Stage::Killed => RefState::Killed,
        Stage::Cancelled => RefState::Cancelled,
        Stage::Failed => unreachable!("no physics here lets jobs fail"),
        Stage::Rejected => RefState::Rejected,
        Stage::Future | Stage::Waiting | Stage::Running => RefState::Unfinished,
    };
    let micros = |t: Option<Time>| t.map(Time::micros);
    let [start, end] = [outcome.fates.start(job), outcome.fates.end(job)].map(micros);
    RefOutcome { state, start, end, stops: outcome.fates.stops(job) }
}

/// The policy as a scenario would have it.
pub fn policy(run: RefRun) -> PolicyChoice {
    let (name, switch) = match run.policy {
        RefPolicy::Fifo => ("fifo", None),
        RefPolicy::BestEffortFifo => ("best-effort-fifo", None),
        RefPolicy::Sjf { skip } => ("sjf", Some(("skip", skip))),
        RefPolicy::Priority { skip } => ("priority", Some(("skip", skip))),
        RefPolicy::Gang => ("gang", None),
        RefPolicy::Pods => ("pods", None),
        RefPolicy::Easy => ("easy-backfill", None),
        RefPolicy::Conservative { replan } => ("conservative-backfill", Some(("replan", replan))),
        RefPolicy::Srtf => ("srtf", None),
        RefPolicy::PriorityPreempt { skip } => ("priority-preempt", Some(("skip", skip))),
    };
    let placement = match run.placement {
        RefPlacement::FirstFit => "first-fit",
        RefPlacement::Pack => "pack",
        RefPlacement::Spread => "spread",
        RefPlacement::IslandPack => "island-pack",
    };
    let mut choice = PolicyChoice::named(name).expect("the policy is registered");
    choice.params.set("placement", Value::Text(placement.to_owned()));
    if let Some((key, on)) = switch {
        choice.params.set(key, Value::Bool(on));
    }
    if run.policy.is_preemptive() {
        choice.params.set("min_runtime", Value::Duration(Span::from_micros(run.min_runtime)));
    }
    choice
}

/// The first difference between the two.
fn difference(scenario: &Scenario) -> Result<(), String> {
    let expected: RefResult = simulate(&scenario.cluster, &scenario.jobs, scenario.run);
    let (outcomes, ledger) = engine(scenario)?;
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

/// Every policy on 3,000 scenarios, job by job and leaf by leaf.
#[test]
fn engine_and_reference_agree() {
    for_all(0..3_000, difference);
}
