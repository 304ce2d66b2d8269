//! `compare`: agreement with single runs, replicates, what cannot be compared.

use super::*;

/// Every figure of every policy is what its own run writes, digit by digit.
#[test]
fn the_table_agrees_with_single_runs() {
    let out = folder("agree");
    let policies = ["easy-backfill", "fifo", "sjf", "conservative-backfill"];
    let scenario = "scenarios/quickstart.toml";
    let printed = good(fleetsim(&["compare", scenario, "--policies", &policies.join(","), "--out", text(&out)]));
    let compared = rows(&out.join("compare.csv"));
    assert_eq!(compared.len(), policies.len());
    for (row, policy) in compared.iter().zip(policies) {
        let single = out.join(policy);
        good(fleetsim(&["run", scenario, "--policy", policy, "--no-report", "--out", text(&single)]));
        let expected = numbers(&read(single.join("summary.json")));
        assert_eq!((row["variant"].as_str(), row["replicate"].as_str()), (policy, "0"));
        for (name, value) in &expected {
            assert_eq!(row[name], *value, "{policy} {name}");
        }
        assert_eq!(row.len(), expected.len() + 2, "variant and replicate beside the figures and the seed");
        let wait: f64 = row["wait_s.mean"].parse().unwrap();
        assert!(printed.contains(&fleetsim::results::format::duration(wait)), "{printed}");
    }
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let out = folder("threads");
    let on = |threads: &str| {
        let out = out.join(threads);
        let scenario = "scenarios/quickstart.toml";
        let args = ["compare", scenario, "--policies", "fifo,sjf", "--replicates", "4", "--out", text(&out)];
        let printed = good(program(&args).env("RAYON_NUM_THREADS", threads).output().unwrap());
        (printed.replace(text(&out), "OUT"), read(out.join("compare.csv")), read(out.join("compare.json")))
    };
    let one = on("1");
    assert_eq!(one, on("4"));
    assert!(one.0.contains("differences to fifo, 95 % confidence"), "{}", one.0);
    assert_eq!(one.1.lines().count(), 9);
}

/// Both policies of a replicate see the same jobs, and other ones than those of the next replicate.
#[test]
fn replicates_have_common_random_numbers() {
    let out = folder("common");
    let scenario = small(&out);
    let args = ["compare", text(&scenario), "--replicates", "3", "--out", text(&out)];
    let printed = good(fleetsim(&args));
    assert!(printed.contains("differences to small") && printed.contains("more"), "{printed}");
    let rows = rows(&out.join("compare.csv"));
    let seeds: Vec<&str> = rows.iter().map(|row| row["seed"].as_str()).collect();
    assert_eq!(seeds[..3], seeds[3..]);
    assert!(seeds[0] == "7" && seeds[1] != seeds[2]);
    // A generated replicate is what `run --seed` makes of the scenario.
    let single = out.join("single");
    good(fleetsim(&["run", text(&scenario), "--seed", seeds[2], "--out", text(&single)]));
    let summary = read(single.join("summary.json"));
    assert!(summary.contains(&format!("\"makespan_s\": {}", rows[2]["makespan_s"])), "{summary}");
}

#[test]
fn nothing_to_compare_is_an_error() {
    let out = folder("nothing");
    let short = out.join("short.csv");
    fs::write(&short, "job_id,submit_s,duration_s,gpus\na,0,10,1\nb,90000,10,1\n").unwrap();
    let scenario = out.join("short.toml");
    let toml = "name = \"short\"\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 8\n\
                [workload]\ntrace = \"short.csv\"\n[policy.fifo]\n";
    fs::write(&scenario, toml).unwrap();
    let cases: [&[&str]; 6] = [
        &["scenarios/quickstart.toml"],
        &["scenarios/quickstart.toml", "--policies", "fifo"],
        &["scenarios/quickstart.toml", "--policies", "fifo,sjf,fifo"],
        &["scenarios/quickstart.toml", "--policies", "fifo,easy-backfil"],
        &["scenarios/owned.toml", "--set", "cluster.pools.h100.node=3"],
        &[text(&scenario), "--policies", "fifo,sjf", "--replicates", "3"],
    ];
    let mut all = String::new();
    for case in cases {
        let to = out.join("to");
        let output = fleetsim(&[&["compare"], case, &["--out", text(&to)]].concat());
        assert_eq!(output.status.code(), Some(2), "{case:?}");
        assert!(!to.exists() && output.stdout.is_empty());
        all.push_str(&format!("== {}\n{}\n", case.join(" "), told(&output)));
    }
    insta::assert_snapshot!(all.replace(text(&out), "FOLDER"));
}

#[test]
fn every_command_has_an_example() {
    for command in
        [&["compare"][..], &["check"], &["diff"], &["plan"], &["sweep"], &["sweep", "merge"], &["sweep", "submit"]]
    {
        let help = good(fleetsim(&[command, &["--help"]].concat()));
        assert!(help.contains("Example: fleetsim "), "{help}");
    }
}
