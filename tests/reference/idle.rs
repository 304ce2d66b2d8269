//! Who leaves a free GPU idle: "Charging idle GPUs" of DESIGN.md section 2.

use super::state::{Job, Node};
use super::types::RefPolicy;
use super::world::World;

/// (pool, leaf, tenant, milli-GPU).
type Claim = (usize, &'static str, String, u64);

/// Every free milli-GPU with the leaf that it goes to.
///
/// # Panics
/// When a policy that skips left a job waiting that could be placed.
pub fn claims(world: &World) -> Vec<Claim> {
    let gpus = |nodes: &Vec<Node>| nodes.iter().map(|node| u64::from(node.gpus())).sum::<u64>();
    let mut unclaimed: Vec<u64> = world.free.iter().map(|nodes| 1000 * gpus(nodes)).collect();
    let mut claims = Vec::new();
    let mut others = Vec::new();
    for j in by_shape(world) {
        let (job, request) = (&world.jobs[j], request(&world.jobs[j]));
        let fits = |p: &usize| request <= unclaimed[*p] && world.could_be_placed(j, *p);
        match job.pools.iter().copied().find(fits) {
            Some(p) => {
                unclaimed[p] -= request;
                claims.push((p, what_stops(world, job), job.spec.tenant.clone(), request));
            }
            None => others.push(j),
        }
    }
    for j in others {
        claim_what_is_left(world, j, &mut unclaimed, &mut claims);
    }
    claims.extend(unclaimed.into_iter().enumerate().map(|(p, milli)| (p, "no_demand", String::new(), milli)));
    claims
}

/// Milli-GPUs of the units without a place; a share takes a whole GPU.
fn request(job: &Job) -> u64 {
    1000 * u64::from(job.missing()) * u64::from(job.unit.gpus)
}

/// Jobs that claim, in the order in which they do: those of one shape together at the place of the first of them.
fn by_shape(world: &World) -> Vec<usize> {
    let mut order = Vec::new();
    if world.run.policy == RefPolicy::Gang {
        // Missing members come before the queue.
        order.extend(world.running().into_iter().filter(|j| world.jobs[*j].missing() > 0));
    }
    match world.run.policy {
        // Pods know one order over all lines.
        RefPolicy::Pods => order.extend(world.waiting()),
        _ => order.extend(world.lines().concat()),
    }
    order.retain(|j| request(&world.jobs[*j]) > 0);
    let mut shapes: Vec<Vec<usize>> = Vec::new();
    for j in order {
        match shapes.iter_mut().find(|shape| same_shape(&world.jobs[shape[0]], &world.jobs[j])) {
            Some(shape) => shape.push(j),
            None => shapes.push(vec![j]),
        }
    }
    shapes.concat()
}

fn same_shape(a: &Job, b: &Job) -> bool {
    a.pools == b.pools
        && (a.spec.tasks, a.spec.gpus, a.missing()) == (b.spec.tasks, b.spec.gpus, b.missing())
        && (a.spec.cpu_milli, a.spec.mem_bytes) == (b.spec.cpu_milli, b.spec.mem_bytes)
        && a.spec.topology == b.spec.topology
        && (&a.spec.queue, &a.spec.tenant) == (&b.spec.queue, &b.spec.tenant)
}

/// The rule that keeps a job waiting which could be placed now.
fn what_stops(world: &World, job: &Job) -> &'static str {
    match world.run.policy {
        RefPolicy::Easy | RefPolicy::Conservative { .. } => "reserved",
        RefPolicy::Fifo
        | RefPolicy::Sjf { skip: false }
        | RefPolicy::Priority { skip: false }
        | RefPolicy::PriorityPreempt { skip: false } => "head_of_line",
        // It is held for somebody more urgent who waits for a job on its way out.
        _ if world.jobs.iter().any(|other| other.leaves.is_some()) => "reserved",
        _ => panic!("{} was skipped though it could be placed", job.spec.name),
    }
}

/// Rule (b): a job that cannot be placed, or not with what is still unclaimed.
fn claim_what_is_left(world: &World, j: usize, unclaimed: &mut [u64], claims: &mut Vec<Claim>) {
    let job = &world.jobs[j];
    let mut lacks = request(job);
    let leaf = if job.pools.iter().all(|p| unclaimed[*p] < lacks) {
        "capacity_wait"
    } else if world.place(&with_unlimited_cpu_and_memory(world), j).is_some() {
        "stranded"
    } else {
        "fragmentation"
    };
    let barred = (0..world.cluster.len()).filter(|p| !job.pools.contains(p));
    let barred = barred.map(|p| (p, if world.cluster[p].admits_line(&job.spec) { "wrong_type" } else { "quota" }));
    for (p, leaf) in job.pools.iter().map(|p| (*p, leaf)).chain(barred) {
        let claimed = lacks.min(unclaimed[p]);
        unclaimed[p] -= claimed;
        lacks -= claimed;
        claims.push((p, leaf, job.spec.tenant.clone(), claimed));
    }
}

fn with_unlimited_cpu_and_memory(world: &World) -> Vec<Vec<Node>> {
    let mut free = world.free.clone();
    for node in free.iter_mut().flatten() {
        (node.cpu, node.mem) = (None, None);
    }
    free
}
