//! Reasons read off by hand: the tables T1 and T2, and a case for each reason.

use fleetsim::experiments::explain::Reason::{self, *};
use fleetsim::ledger::Leaf;
use fleetsim::trace::{JobId, JobRow, JobSpec, RecordedState, Topology};
use std::num::NonZeroU32;

use super::{job, policy, scenario, table, watch};

const C4: &str = "[cluster.pools.c4]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 4";

/// (arrival, GPUs, run time) in seconds, by job.
type Rows = [(u64, u32, u64); 6];

const T1: Rows = [(0, 2, 10), (1, 3, 10), (2, 4, 5), (3, 1, 30), (4, 1, 6), (5, 1, 6)];
const T2: Rows = [(0, 2, 10), (1, 4, 10), (2, 3, 5), (3, 1, 30), (4, 1, 6), (5, 1, 6)];

/// From, until and reason of each wait of the job of a number, and whom it waited behind.
fn waits(rows: &Rows, name: &str, number: u32) -> Vec<(u64, u64, Reason, Option<String>)> {
    let jobs = table(rows.iter().map(|&(submit, gpus, run)| job(submit, gpus, run)));
    let (_, story) = watch(&scenario(C4), &jobs, &policy(name, None), JobId(number - 1));
    let second = |time: fleetsim::units::Time| time.micros() / 1_000_000;
    let head = |job: JobId| jobs.name(job).to_owned();
    let read = |wait: &fleetsim::experiments::explain::Blocked| {
        (second(wait.from), second(wait.to.unwrap()), wait.reason, wait.scene.head.map(head))
    };
    story.waits.iter().map(read).collect()
}

fn behind(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// FIFO: J3 always lacks GPUs; J4 would fit into the two, then the one, that J2 and J3 leave, and then J3 takes all.
#[test]
fn t1_under_fifo() {
    assert_eq!(waits(&T1, "fifo", 1), []);
    assert_eq!(waits(&T1, "fifo", 2), [(1, 10, CapacityWait, None)]);
    assert_eq!(waits(&T1, "fifo", 3), [(2, 20, CapacityWait, behind("J2"))]);
    assert_eq!(waits(&T1, "fifo", 4), [(3, 20, HeadOfLine, behind("J2")), (20, 25, CapacityWait, None)]);
}

/// Conservative: J4 would delay J2, until J5 and J6 hold the two GPUs; J6's is free again from 11 s on, and J3 is promised
/// all four at 20 s.
#[test]
fn t1_under_conservative() {
    let expected = [
        (3, 5, Reserved, behind("J2")),
        (5, 11, CapacityWait, behind("J2")),
        (11, 20, Reserved, behind("J3")),
        (20, 25, CapacityWait, None),
    ];
    assert_eq!(waits(&T1, "conservative-backfill", 4), expected);
}

/// EASY on T2: one GPU is free from 4 s to 10 s, but J6 would keep it beyond, when J2 is to have all; then J2 has all.
#[test]
fn t2_under_easy() {
    let expected =
        [(5, 10, Reserved, behind("J2")), (10, 20, CapacityWait, behind("J3")), (20, 25, CapacityWait, None)];
    let mut found = waits(&T2, "easy-backfill", 6);
    // The job in front changes while the reason stays.
    assert_eq!(found.len(), 2);
    assert_eq!(found.remove(0), expected[0]);
    assert_eq!(found[0], (10, 25, CapacityWait, behind("J3")));
    assert_eq!(waits(&T2, "best-effort-fifo", 2), [(1, 33, CapacityWait, None)]);
}

/// SRTF: J1 is stopped for J3 at 2 s, waits for its GPUs, and goes on at 7 s.
#[test]
fn t1_under_srtf() {
    let jobs = table(T1.iter().map(|&(submit, gpus, run)| job(submit, gpus, run)));
    let (outcome, story) = watch(&scenario(C4), &jobs, &policy("srtf", None), JobId(0));
    let stays: Vec<(u64, u64)> =
        story.stays.iter().map(|s| (s.from.micros(), s.to.as_ref().unwrap().0.micros())).collect();
    assert_eq!(stays, [(0, 2_000_000), (7_000_000, 15_000_000)]);
    assert_eq!(story.stays[0].stopped_for, [JobId(2)]);
    assert_eq!(story.waits.len(), 1);
    assert_eq!((story.waits[0].from, story.waits[0].reason), (story.stays[0].to.as_ref().unwrap().0, CapacityWait));
    assert_eq!(outcome.fates.stops(JobId(0)), 1);
}

fn with(row: JobRow, change: impl FnOnce(&mut JobSpec)) -> JobRow {
    let mut row = row;
    change(&mut row.spec);
    row
}

/// The last job of each case waits alone, for one reason, while others run: the ledger, which is worked out otherwise,
/// charges what is idle then to the leaf of that name.
#[test]
fn each_reason_is_the_leaf_that_the_ledger_charges() {
    let two_nodes = "[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 4\ncpus_per_node = 16";
    let two_pools = "[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 4\n\
                     [cluster.pools.b]\ngpu = \"a100-80\"\nnodes = 1\ngpus_per_node = 4\nqueues = [\"b\"]";
    let at_node = Topology::parse("node").unwrap();
    let on_node = |row: JobRow| with(row, |spec| spec.topology = at_node);
    let one_task = |row: JobRow, cpus: u64| {
        with(row, |spec| {
            spec.tasks = NonZeroU32::new(1);
            spec.cpu_milli = cpus * 1000;
        })
    };
    let in_b = |row: JobRow| with(row, |spec| spec.queue = "b".into());
    let of_h100 = |row: JobRow| with(row, |spec| spec.gpu_types = vec!["h100-sxm".into()]);
    let cases: Vec<(&str, &str, Vec<JobRow>, Reason)> = vec![
        (two_nodes, "fifo", vec![job(0, 6, 10), job(1, 4, 10)], CapacityWait),
        (two_nodes, "fifo", vec![on_node(job(0, 1, 10)), on_node(job(0, 4, 10)), job(1, 4, 10)], CapacityWait),
        (
            two_nodes,
            "best-effort-fifo",
            vec![one_task(job(0, 3, 10), 1), one_task(job(0, 3, 10), 1), on_node(job(1, 2, 5))],
            Fragmentation,
        ),
        (
            two_nodes,
            "fifo",
            vec![one_task(job(0, 1, 10), 12), one_task(job(0, 1, 10), 12), one_task(job(1, 2, 5), 6)],
            Stranded,
        ),
        (two_pools, "fifo", vec![job(0, 4, 10), job(1, 2, 5)], Quota),
        (two_pools, "fifo", vec![of_h100(in_b(job(0, 4, 10))), of_h100(in_b(job(1, 2, 5)))], WrongType),
    ];
    for (number, (cluster, name, rows, reason)) in cases.into_iter().enumerate() {
        let (scenario, jobs) = (scenario(cluster), table(rows));
        let last = JobId(jobs.len() as u32 - 1);
        let (outcome, story) = watch(&scenario, &jobs, &policy(name, None), last);
        assert_eq!(story.waits.iter().map(|w| w.reason).collect::<Vec<_>>(), [reason], "case {number}");
        let leaf = reason.leaf().unwrap();
        let waits = [Leaf::CapacityWait, Leaf::Fragmentation, Leaf::Stranded, Leaf::Quota, Leaf::WrongType];
        for other in waits {
            // What is closed to the job is charged beside what it lacks in its own pools, of which none is free here.
            assert_eq!(outcome.leaf(other).raw() > 0, other == leaf, "case {number}: {}", other.name());
        }
    }
}

#[test]
fn cpu_jobs_wait_for_cores_and_rejected_ones_not_at_all() {
    let cluster = scenario("[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 4\ncpus_per_node = 16");
    let cores = |submit, cpus: u64| with(job(submit, 0, 10), |spec| spec.cpu_milli = cpus * 1000);
    let jobs = table([cores(0, 10), cores(1, 10), job(2, 5, 5)]);
    let (_, story) = watch(&cluster, &jobs, &policy("fifo", None), JobId(1));
    assert_eq!(story.waits.iter().map(|w| w.reason).collect::<Vec<_>>(), [Cores]);
    let (outcome, story) = watch(&cluster, &jobs, &policy("fifo", None), JobId(2));
    assert!(story.waits.is_empty() && story.stays.is_empty() && outcome.apart.is_empty());
}

/// Setting a job apart changes nothing of the ledger, and its part is all that it held.
#[test]
fn a_job_is_booked_apart_and_yet_in_the_ledger() {
    let mut rows: Vec<JobRow> = T1.iter().map(|&(submit, gpus, run)| job(submit, gpus, run)).collect();
    for row in &mut rows[..3] {
        row.spec.tenant = "red".into();
    }
    rows[1].spec.state = Some(RecordedState::Failed);
    let jobs = table(rows);
    let plain = watch(&scenario(C4), &jobs, &policy("fifo", None), JobId(0)).0;
    for number in 0..6 {
        let outcome = watch(&scenario(C4), &jobs, &policy("fifo", None), JobId(number)).0;
        assert_eq!(outcome.ledger, plain.ledger);
        let leaf = if number == 1 { Leaf::Discarded } else { Leaf::Useful };
        let [entry] = outcome.apart.as_slice() else { panic!("{:?}", outcome.apart) };
        let (_, gpus, run) = T1[number as usize];
        assert_eq!((entry.leaf, entry.time.raw()), (leaf, u128::from(gpus) * u128::from(run) * 1_000_000_000));
    }
}
