//! A sweep as a job array of a real Slurm: a node dies, a task is requeued, and the end is what one machine gives.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "slurm/cluster.rs"]
mod cluster;
mod folders;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use cluster::{Cluster, within};
use folders::files;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fleetsim");
/// Tasks of the array, each with 15 of the 60 runs.
const TASKS: usize = 4;
const RUNS_OF_A_TASK: usize = 15;

/// Runs long enough that a task can be met in the middle of its own.
const SCENARIO: &str = "name = \"array\"\nseed = 11\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 16\n\
                        gpus_per_node = 8\n[workload.generate]\njobs = 40000\nload = 0.9\n[policy.easy-backfill]\n";

#[test]
fn a_job_array_that_loses_a_node_ends_as_one_machine_does() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slurm");
    drop(fs::remove_dir_all(&out));
    fs::create_dir_all(&out).unwrap();
    let mut cluster = match Cluster::start(&out) {
        Ok(cluster) => cluster,
        Err(why) => {
            eprintln!("skipped: NO SWEEP IS RUN ON A REAL SLURM: {why}");
            return;
        }
    };
    fs::write(out.join("array.toml"), SCENARIO).unwrap();
    let array = submit(&cluster);
    let (killed, node) = wait_for_one_in_the_middle(&cluster, &out, None);
    cluster.kill(&node);
    let (requeued, _) = wait_for_one_in_the_middle(&cluster, &out, Some(&killed));
    let done = cluster.command("scontrol").args(["requeue", &format!("{array}_{requeued}")]).status().unwrap();
    assert!(done.success());
    cluster.restart(&node).unwrap();
    let ended = || cluster.asked("squeue", &["-h"]).is_empty();
    assert!(within(Duration::from_secs(150), ended), "{}", cluster.asked("squeue", &[]));

    for task in [&killed, &requeued] {
        let job = cluster.asked("scontrol", &["show", "job", &format!("{array}_{task}")]);
        assert!(job.contains("JobState=COMPLETED") && job.contains("Restarts=1"), "{job}");
        let log = fs::read_to_string(out.join(format!("fleetsim-array-{array}_{task}.log"))).unwrap();
        assert!(log.contains("done before"), "it went on where it was killed: {log}");
    }
    let merged = out.join("merged");
    let said = good(Command::new(PROGRAM).args(["sweep", "merge"]).arg(out.join("sweep")).arg("--out").arg(&merged));
    assert!(said.starts_with("60 runs in "), "{said}");
    let local = out.join("local");
    good(cluster.command(PROGRAM).args(["sweep", "array.toml"]).args(GRID).arg("--out").arg(&local));
    let (merged, local) = (files(&merged), files(&local));
    assert_eq!(merged.keys().collect::<Vec<_>>(), local.keys().collect::<Vec<_>>());
    assert!(merged == local, "the bytes differ");
}

/// 3 x 4 points with 5 replicates each.
const GRID: [&str; 6] =
    ["--axis", "policy=fifo,sjf,easy-backfill", "--axis", "cluster.pools.a.nodes=14,16,18,20", "--replicates", "5"];

/// Submits the sweep as a user does; the number of the array.
fn submit(cluster: &Cluster) -> String {
    let bin = Path::new(PROGRAM).parent().unwrap();
    let tasks = TASKS.to_string();
    let mut command = cluster.command(PROGRAM);
    // The tasks inherit the path, as they do the rest of the submitter's environment.
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", bin.display()));
    command.args(["sweep", "submit", "--slurm", "array.toml"]).args(GRID).args(["--out", "sweep"]);
    let said = good(command.args(["--tasks", &tasks, "--cpus", "1", "--yes"]));
    said.trim().strip_prefix("Submitted batch job ").expect(&said).to_owned()
}

/// Waits for a running task other than `but` that has made some of its runs and not all; the task and its node.
fn wait_for_one_in_the_middle(cluster: &Cluster, out: &Path, but: Option<&str>) -> (String, String) {
    let runs = |task: &str| {
        let folder = out.join(format!("sweep/shard-{task}-of-{TASKS}/runs"));
        fs::read_dir(folder).into_iter().flatten().count()
    };
    let mut found = None;
    within(Duration::from_secs(60), || {
        let running = cluster.asked("squeue", &["-h", "-t", "R", "-o", "%K %N"]);
        found = running
            .lines()
            .filter_map(|line| line.trim().split_once(' '))
            .find(|(task, _)| but != Some(*task) && (1..RUNS_OF_A_TASK - 3).contains(&runs(task)))
            .map(|(task, node)| (task.to_owned(), node.to_owned()));
        found.is_some()
    });
    found.unwrap_or_else(|| panic!("no task was met in the middle:\n{}", cluster.asked("squeue", &["-t", "all"])))
}

#[track_caller]
fn good(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}
