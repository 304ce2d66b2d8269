//! `sweep`: the grid, what survives a kill, what is refused.

use std::time::Duration;

use fleetsim::units::rng;
use rand::RngExt;

use super::*;

/// A grid of 2 x 3 points with two replicates each, 12 runs.
fn grid<'a>(scenario: &'a str, out: &'a str) -> Vec<&'a str> {
    let axes = ["--axis", "policy=fifo,sjf", "--axis", "cluster.pools.a.nodes=4,5,6"];
    [&["sweep", scenario], &axes[..], &["--replicates", "2", "--out", out]].concat()
}

#[test]
fn rows_go_in_grid_order_and_agree_with_single_runs() {
    let out = folder("grid");
    let scenario = small(&out);
    let to = out.join("sweep");
    let printed = good(fleetsim(&grid(text(&scenario), text(&to))));
    assert_eq!(printed, format!("12 runs in {}\n", to.join("results.csv").display()));
    let header = read(to.join("results.csv"));
    let header: Vec<&str> = header.lines().next().unwrap().split(',').collect();
    assert_eq!(header[..5], ["policy", "cluster.pools.a.nodes", "replicate", "seed", "jobs.submitted"]);
    let rows = rows(&to.join("results.csv"));
    let keys: Vec<String> = rows
        .iter()
        .map(|row| format!("{}{}{}", row["policy"], row["cluster.pools.a.nodes"], row["replicate"]))
        .collect();
    let expected = ["fifo40", "fifo41", "fifo50", "fifo51", "fifo60", "fifo61", "sjf40", "sjf41", "sjf50", "sjf51"];
    assert_eq!(keys[..10], expected);
    for row in &rows[7..9] {
        let single = out.join("single");
        let nodes = format!("cluster.pools.a.nodes={}", row["cluster.pools.a.nodes"]);
        let args = ["run", text(&scenario), "--policy", &row["policy"], "--set", &nodes, "--seed", &row["seed"]];
        good(fleetsim(&[&args[..], &["--no-report", "--out", text(&single)]].concat()));
        let expected = numbers(&read(single.join("summary.json")));
        assert!(expected.len() > 80);
        assert!(expected.iter().all(|(name, value)| row[name] == *value), "{row:?}");
    }
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let out = folder("sweep-threads");
    let scenario = small(&out);
    let on = |threads: &str| {
        let to = out.join(threads);
        good(program(&grid(text(&scenario), text(&to))).env("RAYON_NUM_THREADS", threads).output().unwrap());
        files(&to)
    };
    assert!(on("1") == on("4"));
}

/// Two hundred runs, killed fifty times wherever they are, end as if nothing had happened.
#[test]
fn a_killed_sweep_goes_on_where_it_ended() {
    const KILLS: u32 = 50;
    const RUNS: usize = 200;
    let out = folder("kill");
    let scenario = small(&out);
    let sweep = |to: &Path| {
        let axes = ["--axis", "cluster.pools.a.nodes=4,5,6,7,8", "--axis", "policy=fifo,sjf"];
        let more = ["--set", "workload.generate.jobs=600", "--replicates", "20", "--no-report", "--out", text(to)];
        let mut command = program(&[&["sweep", text(&scenario)][..], &axes, &more].concat());
        command.env("RAYON_NUM_THREADS", "2");
        command
    };
    let (whole, killed) = (out.join("whole"), out.join("killed"));
    let begun = std::time::Instant::now();
    good(sweep(&whole).output().unwrap());
    let length = begun.elapsed();
    let runs = |to: &Path| fs::read_dir(to.join("runs")).into_iter().flatten().count();
    assert_eq!(runs(&whole), RUNS);
    let mut random = rng::stream(4, "kills");
    let mut between = 0;
    for _ in 0..KILLS {
        let mut child = sweep(&killed).stderr(std::process::Stdio::null()).spawn().unwrap();
        // All of it takes `length`, so fifty pieces of a fiftieth each on average are about the whole.
        std::thread::sleep(Duration::from_secs_f64(length.as_secs_f64() * random.random::<f64>() / 20.0));
        // On Unix this is SIGKILL: nothing of the program's runs after it.
        child.kill().unwrap();
        child.wait().unwrap();
        between += u32::from((1..RUNS).contains(&runs(&killed)));
    }
    assert!(between > 0, "no kill came while runs were made; {} are there", runs(&killed));
    eprintln!("{between} of {KILLS} kills came between the first and the last of {RUNS} runs");
    // As a kill leaves it while the table is written.
    fs::write(killed.join(".results.csv.1.tmp"), "half").unwrap();
    good(sweep(&killed).output().unwrap());
    assert!(read(killed.join("results.csv")) == read(whole.join("results.csv")));
    assert!(files(&killed) == files(&whole), "nothing half-written is left either");
}

#[test]
fn more_replicates_keep_the_runs_that_are_there() {
    let out = folder("extend");
    let scenario = small(&out);
    let with = |replicates: &str, to: &Path| {
        let args = ["sweep", text(&scenario), "--replicates", replicates, "--out", text(to)];
        let output = fleetsim(&args);
        let notices = told(&output);
        good(output);
        notices
    };
    let (grown, whole) = (out.join("grown"), out.join("whole"));
    with("2", &grown);
    assert!(with("5", &grown).contains("2 runs done before"));
    with("5", &whole);
    assert!(files(&grown) == files(&whole));
    // Fewer of them leave the others where they are, and say so: they may be asked for again.
    assert!(with("2", &grown).contains("3 runs of further replicates stay in the folder, outside its table"));
    assert_eq!(read(grown.join("results.csv")).lines().count(), 3);
    assert!(with("5", &grown).contains("5 runs done before"));
    assert!(files(&grown) == files(&whole));
}

/// A folder of another sweep is left alone, with an explanation; by option it is emptied.
#[test]
fn what_has_changed_is_told() {
    let out = folder("changed");
    let scenario = small(&out);
    let to = out.join("sweep");
    let first = grid(text(&scenario), text(&to));
    good(fleetsim(&first));
    let before = files(&to);
    let mut all = String::new();
    for change in
        [&["--set", "cluster.pools.a.gpus_per_node=4"][..], &["--seed", "8"], &["--axis", "workload.scale=1,2"]]
    {
        let output = fleetsim(&[&first, change].concat());
        assert_eq!(output.status.code(), Some(2));
        all.push_str(&format!("== {}\n{}\n", change.join(" "), told(&output)));
        assert!(files(&to) == before);
    }
    insta::assert_snapshot!(all.replace(text(&out), "FOLDER"));
    // As a power cut may leave it.
    fs::write(to.join("sweep.json"), "").unwrap();
    let output = fleetsim(&first);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("is no manifest of a sweep") && told(&output).contains("--recompute to make"));
    // Only runs give way; what somebody else put beside them stays.
    fs::write(to.join("runs/notes.csv"), "mine").unwrap();
    good(fleetsim(&[&first[..], &["--seed", "8", "--recompute"]].concat()));
    assert_eq!(read(to.join("runs/notes.csv")), "mine");
    assert!(read(to.join("results.csv")).contains(",8,"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let out = folder("blocked");
    let scenario = small(&out);
    let output = fleetsim(&grid(text(&scenario), text(&scenario)));
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("cannot be made"), "{}", told(&output));
    let sealed = out.join("sealed");
    fs::create_dir_all(&sealed).unwrap();
    let mut permissions = fs::metadata(&sealed).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&sealed, permissions).unwrap();
    if fs::write(sealed.join("probe"), "").is_ok() {
        eprintln!("skipped: PERMISSIONS DO NOT BIND THIS USER, SO A READ-ONLY FOLDER IS NOT TESTED");
        return;
    }
    let output = fleetsim(&grid(text(&scenario), text(&sealed)));
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("cannot be written into"), "{}", told(&output));
}

/// Whatever is wrong with an axis is told before anything is made.
#[test]
fn wrong_axes_are_told_in_full() {
    let out = folder("wrong-axes");
    let cases: &[&[&str]] = &[
        &["--axis", "cluster.pools.h100.nodes"],
        &["--axis", "=1,2"],
        &["--axis", "cluster.pools.h100.nodes="],
        &["--axis", "cluster.pools.h100.nodes=1,,2"],
        &["--axis", "cluster.pools.h100.nodes=1,2,1"],
        &["--axis", "cluster.pools.h100.node=1,2"],
        &["--axis", "cluster.pools.h10.nodes=1,2"],
        &["--axis", "cluster.pools.h100.nodes=16,many,20", "--axis", "policy=fifo,lifo"],
        &["--axis", "policy=fifo", "--axis", "policy=sjf"],
        &["--axis", "workload.scale=1,0"],
        &["--axis", "workload.trace=nowhere.csv"],
        &["--axis", "seed=1,2"],
        &["--set", "cluster.pools.h100.node=3"],
        &["--shard", "3/2"],
        &["--replicates", "0"],
    ];
    let mut all = String::new();
    for case in cases {
        let to = out.join("to");
        let output = fleetsim(&[&["sweep", "scenarios/quickstart.toml", "--out", text(&to)], *case].concat());
        assert_eq!(output.status.code(), Some(2), "{case:?}");
        assert!(!to.exists() && output.stdout.is_empty());
        all.push_str(&format!("== {}\n{}\n", case.join(" "), told(&output)));
    }
    insta::assert_snapshot!(all);
}
