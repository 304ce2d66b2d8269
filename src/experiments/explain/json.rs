//! An explanation as JSON, for other programs. Times are seconds of the trace, exactly.

use std::fmt::Display;

use serde::Serialize;
use serde_json::value::RawValue;

use super::story::{Blocked, Departure, Stay};
use super::{Explained, WhatIf};
use crate::engine::posting::Posting;
use crate::engine::{Leaving, Outlook};
use crate::results::tables::state_word;
use crate::trace::JobId;
use crate::units::{Time, Usd};

/// The version of its shape.
pub const SCHEMA: &str = "fleetsim.explain/1";

type Exact = Box<RawValue>;

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    scenario: &'a str,
    policy: &'static str,
    job_id: &'a str,
    tenant: &'a str,
    queue: &'a str,
    gpus: u32,
    state: &'static str,
    rejected: Option<&'a str>,
    submit_s: Exact,
    start_s: Option<Exact>,
    end_s: Option<Exact>,
    wait_s: Option<Exact>,
    stops: u32,
    passed_by: PassedBy,
    blocked: Vec<Wait<'a>>,
    runs: Vec<Run<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_stall: Vec<Stall>,
    cost: Cost,
    what_if: Vec<Otherwise<'a>>,
}

/// Jobs submitted later that started earlier.
#[derive(Serialize)]
struct PassedBy {
    jobs: u64,
    gpus: u64,
}

#[derive(Serialize)]
struct Wait<'a> {
    from_s: Exact,
    to_s: Option<Exact>,
    reason: &'static str,
    free_gpus: u64,
    down_gpus: u64,
    held_gpus: u64,
    #[serde(skip_serializing_if = "is_zero")]
    absent_gpus: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outlooks: Vec<Expectation<'a>>,
    head: Option<&'a str>,
    head_promised_s: Option<Exact>,
    promised_s: Option<Exact>,
    holders: u64,
    largest: Vec<Holding<'a>>,
    tenants: Vec<Tenant<'a>>,
}

/// What a job had to expect of a rented pool, and when.
#[derive(Serialize)]
struct Expectation<'a> {
    pool: &'a str,
    outlook: &'static str,
    at_s: Exact,
}

#[derive(Serialize)]
struct Holding<'a> {
    job_id: &'a str,
    tenant: &'a str,
    gpus: u64,
}

#[derive(Serialize)]
struct Tenant<'a> {
    tenant: &'a str,
    jobs: u64,
    gpus: u64,
}

#[derive(Serialize)]
struct Run<'a> {
    from_s: Exact,
    to_s: Option<Exact>,
    ended: Option<&'static str>,
    failed_node: Option<u32>,
    stopped_for: Vec<&'a str>,
    pool: &'a str,
    nodes: Vec<Node>,
    phases: Vec<Phase>,
}

#[derive(Serialize)]
struct Node {
    node: u32,
    gpus: u64,
}

#[derive(Serialize)]
struct Phase {
    from_s: Exact,
    phase: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<f64>,
}

/// Waiting for data, by what held the job back.
#[derive(Serialize)]
struct Stall {
    bound_by: &'static str,
    share: f64,
}

#[derive(Serialize)]
struct Cost {
    total_usd: Exact,
    leaves: std::collections::BTreeMap<&'static str, Leaf>,
}

#[derive(Serialize)]
struct Leaf {
    gpu_seconds: Exact,
    usd: Exact,
}

#[derive(Serialize)]
struct Otherwise<'a> {
    name: &'a str,
    label: &'a str,
    set: &'a [String],
    unset: &'a [String],
    state: &'static str,
    start_s: Option<Exact>,
    end_s: Option<Exact>,
    wait_s: Option<Exact>,
}

/// The text, with a line end.
///
/// # Panics
/// Never: it is JSON.
#[must_use]
pub fn text(explained: &Explained) -> String {
    let (jobs, job, fates) = (explained.jobs(), explained.job, &explained.outcome.fates);
    let (spec, submit, scenario) = (jobs.spec(job), jobs.submit(job), &explained.rerun.scenario);
    let spent = explained.spent();
    let json = Json {
        schema: SCHEMA,
        scenario: &scenario.name,
        policy: scenario.policy.entry.name,
        job_id: jobs.name(job),
        tenant: &spec.tenant,
        queue: &spec.queue,
        gpus: spec.gpus,
        state: state_word(fates.stage(job)),
        rejected: explained.outcome.classes.rejection(jobs, job),
        submit_s: exact(submit),
        start_s: fates.start(job).map(exact),
        end_s: fates.end(job).map(exact),
        wait_s: fates.start(job).map(|start| exact(start.since(submit))),
        stops: fates.stops(job),
        passed_by: PassedBy { jobs: explained.story.passed_by.0, gpus: explained.story.passed_by.1 },
        blocked: explained.story.waits.iter().map(|wait| blocked(explained, wait)).collect(),
        runs: explained.story.stays.iter().map(|stay| run(explained, stay)).collect(),
        input_stall: explained.stalls().iter().map(|&(by, share)| Stall { bound_by: by.word(), share }).collect(),
        cost: Cost {
            total_usd: exact(spent.iter().map(|spent| spent.usd).sum::<Usd>()),
            leaves: spent
                .iter()
                .map(|s| (s.leaf.name(), Leaf { gpu_seconds: exact(s.time), usd: exact(s.usd) }))
                .collect(),
        },
        what_if: explained.what_ifs.iter().map(|what_if| otherwise(submit, what_if)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&json).expect("an explanation is JSON");
    text.push('\n');
    text
}

fn exact(number: impl Display) -> Exact {
    RawValue::from_string(number.to_string()).expect("a decimal number is JSON")
}

fn blocked<'a>(explained: &'a Explained, wait: &'a Blocked) -> Wait<'a> {
    let (jobs, scene) = (explained.jobs(), &wait.scene);
    let name = |job: JobId| jobs.name(job);
    Wait {
        from_s: exact(wait.from),
        to_s: wait.to.map(exact),
        reason: wait.reason.name(),
        free_gpus: scene.free_gpus,
        down_gpus: scene.down_gpus,
        held_gpus: scene.held_gpus,
        absent_gpus: scene.absent_gpus,
        outlooks: scene.outlooks.iter().map(|outlook| expectation(explained, outlook)).collect(),
        head: scene.head.map(name),
        head_promised_s: scene.head_promised.map(exact),
        promised_s: scene.promised.map(exact),
        holders: scene.holders,
        largest: scene
            .largest
            .iter()
            .map(|&(job, gpus)| Holding { job_id: name(job), tenant: &jobs.spec(job).tenant, gpus })
            .collect(),
        tenants: scene.tenants.iter().map(|(tenant, jobs, gpus)| Tenant { tenant, jobs: *jobs, gpus: *gpus }).collect(),
    }
}

fn expectation<'a>(explained: &'a Explained, &(pool, outlook): &(u16, Outlook)) -> Expectation<'a> {
    let (outlook, at) = match outlook {
        Outlook::Coming(at) => ("coming", at),
        Outlook::Refused(at) => ("refused", at),
        Outlook::Patient(at) => ("patience", at),
    };
    let pool = &explained.rerun.scenario.cluster.pools[usize::from(pool)].name;
    Expectation { pool, outlook, at_s: exact(at) }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn run<'a>(explained: &'a Explained, stay: &'a Stay) -> Run<'a> {
    let (ended, failed_node) = match stay.to {
        None => (None, None),
        Some((_, Departure::Grew)) => (Some("grew"), None),
        Some((_, Departure::Left(Leaving::Finished))) => (Some("finished"), None),
        Some((_, Departure::Left(Leaving::Killed))) => (Some("killed"), None),
        Some((_, Departure::Left(Leaving::Preempted))) => (Some("preempted"), None),
        Some((_, Departure::Left(Leaving::Failed))) => (Some("failed"), None),
        Some((_, Departure::Left(Leaving::Cancelled))) => (Some("cancelled"), None),
        Some((_, Departure::Left(Leaving::LostNode(node)))) => (Some("shrank"), Some(node)),
        Some((_, Departure::Left(Leaving::Reclaimed(node)))) => (Some("reclaimed"), Some(node)),
        Some((_, Departure::Left(Leaving::NodeFailed(node)))) => (Some("node_failed"), Some(node)),
    };
    Run {
        from_s: exact(stay.from),
        to_s: stay.to.as_ref().map(|(to, _)| exact(to)),
        ended,
        failed_node,
        stopped_for: stay.stopped_for.iter().map(|&job| explained.jobs().name(job)).collect(),
        pool: &explained.rerun.scenario.cluster.pools[stay.pool as usize].name,
        nodes: stay.nodes.iter().map(|(&node, &gpus)| Node { node, gpus }).collect(),
        phases: stay.phases.iter().map(|&(from, posting)| phase(from, posting)).collect(),
    }
}

fn phase(from: Time, posting: Posting) -> Phase {
    let (phase, speed) = match posting {
        Posting::Whole(leaf) => (leaf.name(), None),
        Posting::Step { .. } => ("step", Some(posting.speed())),
    };
    Phase { from_s: exact(from), phase, speed }
}

fn otherwise(submit: Time, what_if: &WhatIf) -> Otherwise<'_> {
    Otherwise {
        name: &what_if.change.name,
        label: &what_if.change.label,
        set: &what_if.change.set,
        unset: &what_if.change.unset,
        state: what_if.state,
        start_s: what_if.start.map(exact),
        end_s: what_if.end.map(exact),
        wait_s: what_if.start.map(|start| exact(start.since(submit))),
    }
}
