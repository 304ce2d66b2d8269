//! `sweep --list` and `--lhs`: points that no grid spans.

use super::*;

const LIST: &str = "cluster.pools.a.nodes,workload.scale, cluster.pools.a.price\n4,1.0,$2/gpu-h\n5,0.9,\"$2.5/gpu-h\"\n8, 1.1,$1/gpu-h\n";

fn listed(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("points.csv");
    fs::write(&path, text).unwrap();
    path
}

/// Rows turn slowest, the axes within each of them; each run is the single run with the same keys.
#[test]
fn a_list_agrees_with_single_runs() {
    let out = folder("list");
    let (scenario, list, to) = (small(&out), listed(&out, LIST), out.join("sweep"));
    let args = ["--list", text(&list), "--axis", "policy=fifo,sjf", "--replicates", "2", "--out", text(&to)];
    good(fleetsim(&[&["sweep", text(&scenario)][..], &args].concat()));
    let header = read(to.join("results.csv"));
    let header: Vec<&str> = header.lines().next().unwrap().split(',').take(6).collect();
    let keys = ["cluster.pools.a.nodes", "workload.scale", "cluster.pools.a.price", "policy", "replicate", "seed"];
    assert_eq!(header, keys);
    let rows = rows(&to.join("results.csv"));
    let order: Vec<String> =
        rows.iter().map(|row| keys[..5].iter().map(|key| &*row[*key]).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(order.len(), 12);
    assert_eq!(order[..3], ["4 1.0 $2/gpu-h fifo 0", "4 1.0 $2/gpu-h fifo 1", "4 1.0 $2/gpu-h sjf 0"]);
    assert_eq!(order[11], "8 1.1 $1/gpu-h sjf 1");
    for row in [&rows[6], &rows[11]] {
        let single = out.join("single");
        let sets: Vec<String> = keys[..3].iter().map(|key| format!("{key}={}", row[*key])).collect();
        let mut args = vec!["run", text(&scenario), "--policy", &row["policy"], "--seed", &row["seed"]];
        sets.iter().for_each(|set| args.extend(["--set", set]));
        good(fleetsim(&[&args[..], &["--no-report", "--out", text(&single)]].concat()));
        let expected = numbers(&read(single.join("summary.json")));
        assert!(expected.iter().all(|(name, value)| row[name] == *value), "{row:?}");
    }
}

/// A sample is a function of the seed; it survives interruption, and division into shards, and its folder is its own.
#[test]
fn a_sample_is_resumed_and_merged_as_a_grid_is() {
    let out = folder("lhs");
    let scenario = small(&out);
    let command = |to: &Path, more: &[&str]| {
        let axes = [
            "--axis",
            "cluster.pools.a.nodes=4..9",
            "--axis",
            "workload.scale=0.80..1.20",
            "--axis",
            "policy=fifo,sjf",
        ];
        let args = [&["sweep", text(&scenario), "--lhs", "6"][..], &axes, &["--out", text(to)], more].concat();
        fleetsim(&args)
    };
    let whole = out.join("whole");
    good(command(&whole, &[]));
    let rows = rows(&whole.join("results.csv"));
    let mut nodes: Vec<&str> = rows.iter().step_by(2).map(|row| &*row["cluster.pools.a.nodes"]).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, ["4", "5", "6", "7", "8", "9"]);
    assert!(rows.chunks(2).all(|pair| pair[0]["workload.scale"] == pair[1]["workload.scale"]));
    let shards: Vec<PathBuf> = (1..=3).map(|i| out.join(format!("s{i}"))).collect();
    for (i, shard) in (1..).zip(&shards) {
        good(command(shard, &["--shard", &format!("{i}/3")]));
    }
    let merged = out.join("merged");
    let folders: Vec<&str> = shards.iter().map(|path| text(path)).collect();
    good(fleetsim(&[&["sweep", "merge"], &folders[..], &["--out", text(&merged)]].concat()));
    assert!(files(&merged) == files(&whole));
    // As a kill leaves it: some runs are there, the table is not.
    fs::remove_file(whole.join("runs/000004-00000.csv")).unwrap();
    fs::remove_file(whole.join("results.csv")).unwrap();
    let resumed = command(&whole, &[]);
    assert!(told(&resumed).contains("11 runs done before"), "{}", told(&resumed));
    assert!(files(&merged) == files(&whole));
    let other = command(&whole, &["--seed", "9"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(told(&other).contains("it has other points in a Latin hypercube of 6 points over"), "{}", told(&other));
    let list = listed(&out, LIST);
    let listed = fleetsim(&["sweep", text(&scenario), "--list", text(&list), "--out", text(&whole)]);
    assert!(told(&listed).contains("now they are a list of 3 points over"), "{}", told(&listed));
}

#[test]
fn wrong_points_are_told_with_their_line() {
    let out = folder("wrong-points");
    let scenario = small(&out);
    let to = out.join("to");
    let mut all = String::new();
    let mut told_of = |what: &str, args: &[&str]| {
        let output = fleetsim(&[&["sweep", text(&scenario), "--out", text(&to)], args].concat());
        assert_eq!(output.status.code(), Some(2), "{what}");
        assert!(!to.exists() && output.stdout.is_empty());
        all.push_str(&format!("== {what}\n{}\n", told(&output)));
    };
    for list in [
        "",
        "cluster.pools.a.nodes\n",
        "cluster.pools.a.nodes,,seed,cluster.pools.a.nodes\n4,1,2,3\n",
        "cluster.pools.a.nodes,workload.scale\n4\n5,1.0,2\n6,\n7,1.0\n7,1.0\n",
        "cluster.pools.a.nodes,workload.scale\n4,1.0\nmany,0.0\n",
        "cluster.pools.a.node\n4\n",
    ] {
        let path = listed(&out, list);
        told_of(list, &["--list", text(&path)]);
    }
    let list = listed(&out, LIST);
    told_of("a column that is an axis", &["--list", text(&list), "--axis", "workload.scale=1,2"]);
    told_of("no such file", &["--list", "nowhere.csv"]);
    for axes in [
        &["cluster.pools.a.nodes=4,5"][..],
        &["cluster.pools.a.nodes=9..4"],
        &["cluster.pools.a.nodes=4..9", "cluster.pools.a.nodes=4..8"],
        &["cluster.pools.a.nodes=0..9"],
        &["seed=1..5"],
        &["cluster.pools.a.price=$2..3GB/s"],
    ] {
        let axes: Vec<&str> = axes.iter().flat_map(|axis| ["--axis", axis]).collect();
        told_of(&axes.join(" "), &[&["--lhs", "5"], &axes[..]].concat());
    }
    told_of("a range without --lhs", &["--axis", "cluster.pools.a.nodes=4..9"]);
    insta::assert_snapshot!(all.replace(text(&out), "FOLDER"));
}
