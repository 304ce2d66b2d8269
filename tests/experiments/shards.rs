//! A sweep in parts: shards, job arrays, merging.

use super::*;

const AXIS: &str = "cluster.pools.a.nodes=4,5,6,7,8";

fn sweep<'a>(scenario: &'a Path, out: &'a Path) -> Vec<&'a str> {
    vec!["sweep", text(scenario), "--axis", AXIS, "--replicates", "3", "--out", text(out)]
}

/// Shards in folders of their own, joined, are what one machine leaves; a missing one is named.
#[test]
fn merged_shards_are_the_whole() {
    let out = folder("shards");
    let scenario = small(&out);
    let whole = out.join("whole");
    good(fleetsim(&sweep(&scenario, &whole)));
    let shards: Vec<PathBuf> = (1..=4).map(|i| out.join(format!("s{i}"))).collect();
    for (i, shard) in shards.iter().enumerate() {
        let number = format!("{}/4", i + 1);
        let printed = good(fleetsim(&[&sweep(&scenario, shard)[..], &["--shard", &number]].concat()));
        assert!(printed.contains("of 15 in"), "{printed}");
    }
    let merge = |of: &[PathBuf], to: &Path| {
        let folders: Vec<&str> = of.iter().map(|path| text(path)).collect();
        fleetsim(&[&["sweep", "merge"], &folders[..], &["--out", text(to)]].concat())
    };
    let merged = out.join("merged");
    let missing = merge(&shards[..3], &merged);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(
        told(&missing),
        "3 of 15 runs are missing; nothing was written:\n  cluster.pools.a.nodes=5, replicate 0\n  \
         cluster.pools.a.nodes=6, replicate 1\n  cluster.pools.a.nodes=7, replicate 2\n"
    );
    assert!(!merged.exists());
    good(merge(&shards, &merged));
    assert!(files(&merged) == files(&whole));
    // A run that somebody changed by hand is none; one that two shards tell differently is refused.
    let run = shards[0].join("runs/000000-00000.csv");
    let (before, two) = (read(&run), out.join("two"));
    fs::write(&run, before.replace("\"jobs.submitted\",150", "\"jobs.submitted\",151")).unwrap();
    assert!(told(&merge(&shards, &two)).starts_with("1 of 15 runs is missing"));
    fs::write(&run, &before).unwrap();
    let twin = out.join("twin");
    good(fleetsim(&[&sweep(&scenario, &twin)[..], &["--shard", "1/4"]].concat()));
    fs::copy(shards[1].join("runs/000000-00001.csv"), twin.join("runs/000000-00000.csv")).unwrap();
    let torn = merge(&[&shards[..], &[twin]].concat(), &two);
    assert!(torn.status.code() == Some(2) && told(&torn).contains("has other figures of the run"), "{}", told(&torn));
    assert!(!two.exists());
    // A shard of something else does not pass for one of these.
    let stranger = out.join("stranger");
    good(fleetsim(&[&sweep(&scenario, &stranger)[..], &["--seed", "9", "--shard", "4/4"]].concat()));
    let refused = merge(&[shards[0].clone(), stranger], &merged);
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("`seed` was 9, now it is 7"), "{}", told(&refused));
    let nothing = merge(&[out.join("nowhere")], &merged);
    assert!(nothing.status.code() == Some(2) && told(&nothing).contains("holds no sweep"));
}

/// All tasks of a job array have the same command; each finds its part and a folder for it.
#[test]
fn tasks_of_job_arrays_find_their_shard() {
    let out = folder("arrays");
    let scenario = small(&out);
    let whole = out.join("whole");
    good(fleetsim(&sweep(&scenario, &whole)));
    let shared = out.join("shared");
    for task in ["7", "8", "9"] {
        let mut command = program(&sweep(&scenario, &shared));
        command.envs([("SLURM_ARRAY_TASK_ID", task), ("SLURM_ARRAY_TASK_MIN", "7"), ("SLURM_ARRAY_TASK_COUNT", "3")]);
        let output = command.output().unwrap();
        assert!(told(&output).contains("/3 of a job array"), "{}", told(&output));
        good(output);
    }
    // Which task is to be made again can be told by its folder.
    fs::rename(shared.join("shard-2-of-3/runs"), out.join("lost")).unwrap();
    let missing = fleetsim(&["sweep", "merge", text(&shared), "--out", text(&shared)]);
    assert!(told(&missing).ends_with("they are those of --shard 2/3\n"), "{}", told(&missing));
    fs::rename(out.join("lost"), shared.join("shard-2-of-3/runs")).unwrap();
    good(fleetsim(&["sweep", "merge", text(&shared), "--out", text(&shared), "--no-report"]));
    assert!(
        read(shared.join("results.csv")) == read(whole.join("results.csv")) && !shared.join("report.html").exists()
    );
    let pods = out.join("pods");
    for index in ["0", "1"] {
        let mut command = program(&sweep(&scenario, &pods));
        good(command.envs([("JOB_COMPLETION_INDEX", index), ("JOB_COMPLETIONS", "2")]).output().unwrap());
    }
    good(fleetsim(&["sweep", "merge", text(&pods), "--out", text(&pods)]));
    assert!(read(pods.join("results.csv")) == read(whole.join("results.csv")));
    let unknown = program(&sweep(&scenario, &pods)).env("JOB_COMPLETION_INDEX", "0").output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown).contains("JOB_COMPLETIONS: is not set"), "{}", told(&unknown));
}

#[test]
fn job_arrays_are_printed() {
    let submit = |system: &str| {
        good(fleetsim(
            &[
                &["sweep", "submit", system, "scenarios/quickstart.toml", "--axis", "policy=fifo,sjf"][..],
                &[
                    "--axis",
                    "cluster.pools.h100.price=\"$2/gpu-h\"",
                    "--replicates",
                    "5",
                    "--tasks",
                    "4",
                    "--out",
                    "out",
                ],
            ]
            .concat(),
        ))
    };
    insta::assert_snapshot!(format!("{}\n{}", submit("--slurm"), submit("--kubernetes")));
    let wrong =
        fleetsim(&["sweep", "submit", "--slurm", "scenarios/quickstart.toml", "--axis", "policy=x", "--out", "o"]);
    assert_eq!(wrong.status.code(), Some(2));
    // A system that does not take the job is no check that failed.
    let path = folder("no-sbatch");
    let args = ["sweep", "submit", "--slurm", "scenarios/quickstart.toml", "--out", "o", "--yes"];
    let without = program(&args).env("PATH", &path).output().unwrap();
    assert!(without.status.code() == Some(2) && told(&without).contains("sbatch: cannot be used"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::write(path.join("sbatch"), "#!/bin/sh\nwhile read -r _; do :; done\nexit 1\n").unwrap();
        fs::set_permissions(path.join("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
        let refused = program(&args).env("PATH", &path).output().unwrap();
        assert!(refused.status.code() == Some(2) && told(&refused).contains("could not submit"), "{}", told(&refused));
    }
    assert_eq!(fleetsim(&["sweep", "submit", "scenarios/quickstart.toml", "--out", "o"]).status.code(), Some(2));
}
