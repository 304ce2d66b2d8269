//! Many runs, in-process and through the program: what they say agrees with single runs and depends on no thread, no
//! interruption and no division into shards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::folders::files;

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetsim"));
    command.args(args);
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"] {
        command.env_remove(name);
    }
    command
}

fn fleetsim(args: &[&str]) -> Output {
    program(args).env("RAYON_NUM_THREADS", "2").output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn good(output: Output) -> String {
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("experiments").join(name);
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// A scenario with a generated workload, small enough for hundreds of runs.
fn small(folder: &Path) -> PathBuf {
    let toml = "name = \"small\"\nseed = 7\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\n\
                price = \"$2/gpu-h\"\n[workload.generate]\njobs = 150\nload = 1.2\n[policy.easy-backfill]\n\
                [[variant]]\nname = \"more\"\nset = { \"cluster.pools.a.nodes\" = 6 }\n";
    let path = folder.join("small.toml");
    fs::write(&path, toml).unwrap();
    path
}

/// The rows of a CSV by column name.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// The flattened numbers of a `summary.json`, digit by digit, by another way than the program's own: line by line.
fn numbers(summary: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut path: Vec<&str> = Vec::new();
    for line in summary.lines().map(str::trim) {
        let Some((key, value)) = line.split_once(": ") else {
            path.pop();
            continue;
        };
        path.push(key.trim_matches('"'));
        let value = value.trim_end_matches(',');
        if value == "{" {
            continue;
        }
        if value == "null" || value.parse::<f64>().is_ok() {
            found.insert(path.join("."), if value == "null" { String::new() } else { value.to_owned() });
        }
        path.pop();
    }
    found
}

mod check;
mod compare;
mod diff;
mod plan;
mod points;
mod remedies;
mod shards;
mod sweep;
