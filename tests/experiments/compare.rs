//! `compare`: agreement with single runs, replicates, what cannot be compared.

use std::collections::BTreeSet;

use super::*;

/// Every figure of every policy is what its own run writes, digit by digit.
#[test]
fn the_table_agrees_with_single_runs() {
    let out = folder("agree");
    let policies = ["easy-backfill", "fifo", "sjf", "conservative-backfill"];
    assert_table_agrees("scenarios/quickstart.toml", &policies, &out);
}

/// The same for all policies on a published trace of a real cluster, parts of GPUs, cores and memory among its requests.
#[test]
fn the_table_agrees_with_single_runs_on_a_real_trace() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces");
    let file = traces.join("swf_kth_sp2_1996/KTH-SP2-1996-2.1-cln.swf");
    if !file.exists() {
        eprintln!("skipped: {} IS NOT HERE, SO NO REAL TRACE IS COMPARED", file.display());
        return;
    }
    let out = folder("agree-kth");
    let imported = out.join("kth");
    good(fleetsim(&["trace", "import", "--from", "swf", text(&file), "--out", text(&imported)]));
    let policies: Vec<&str> = fleetsim::sched::registry::policies().iter().map(|policy| policy.name).collect();
    assert!(policies.len() >= 8);
    assert_table_agrees(text(&imported.join("scenario.toml")), &policies, &out);
    // Jobs wait there, so that a table of one policy under several names would be noticed.
    let waits: BTreeSet<String> = rows(&out.join("compare.csv")).iter().map(|row| row["wait_s.mean"].clone()).collect();
    assert!(waits.len() >= 6, "{waits:?}");
}

fn assert_table_agrees(scenario: &str, policies: &[&str], out: &Path) {
    let args = ["compare", scenario, "--policies", &policies.join(","), "--no-report", "--out", text(out)];
    let printed = good(fleetsim(&args));
    let compared = rows(&out.join("compare.csv"));
    assert_eq!(compared.len(), policies.len());
    for (row, policy) in compared.iter().zip(policies) {
        let single = out.join(policy);
        good(fleetsim(&["run", scenario, "--policy", policy, "--no-report", "--out", text(&single)]));
        let expected = numbers(&read(single.join("summary.json")));
        assert_eq!((row["variant"].as_str(), row["replicate"].as_str()), (*policy, "0"));
        for (name, value) in &expected {
            assert_eq!(row[name], *value, "{policy} {name}");
        }
        let told = row.values().filter(|value| !value.is_empty()).count();
        let known = expected.values().filter(|value| !value.is_empty()).count();
        assert_eq!(told, known + 2, "variant and replicate beside the figures and the seed, of {policy}");
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
        let differences = out.join("differences.csv");
        let kept = (read(out.join("compare.csv")), read(out.join("compare.json")), read(differences));
        (printed.replace(text(&out), "OUT"), kept.0, kept.1, kept.2)
    };
    let one = on("1");
    assert_eq!(one, on("4"));
    assert!(one.0.contains("differences to fifo, 95 % confidence"), "{}", one.0);
    assert_eq!(one.1.lines().count(), 9);
    assert!(one.3.contains("sjf,wait_s.p95,") && one.3.contains(",block-bootstrap\n"), "{}", one.3);
}

/// How many threads there are is asked for by an option, else by the environment, and told; nothing else is taken for a
/// number.
#[test]
fn threads_are_those_asked_for() {
    let out = folder("asked-threads");
    let scenario = small(&out);
    let compare = |option: &[&str], variable: &str| {
        let args = ["compare", text(&scenario), "--no-report", "--out", text(&out)];
        program(&[&args[..], option].concat()).env("RAYON_NUM_THREADS", variable).output().unwrap()
    };
    for (option, variable, threads) in
        [(&[][..], "3", "3 threads"), (&["--threads", "5"], "3", "5 threads"), (&["--threads", "1"], "no", "1 thread")]
    {
        let output = compare(option, variable);
        assert!(told(&output).contains(&format!(" on {threads}")), "{}", told(&output));
        assert!(!cfg!(target_os = "linux") || told(&output).contains("parallel efficiency "), "{}", told(&output));
        good(output);
    }
    for (option, variable, why) in [
        (&[][..], "abc", "RAYON_NUM_THREADS: expected a number of threads, 1 to 1024, found `abc`"),
        (&[], "0", "RAYON_NUM_THREADS: expected a number of threads, 1 to 1024, found `0`"),
        (&["--threads", "0"], "2", "invalid value '0' for '--threads <N>'"),
    ] {
        let output = compare(option, variable);
        assert!(output.status.code() == Some(2) && told(&output).contains(why), "{}", told(&output));
    }
}

/// Quantiles of independent replicates have intervals of their own, the same in all files and in the table.
#[test]
fn quantiles_have_bootstrap_intervals() {
    let out = folder("bootstrap-t");
    let scenario = small(&out);
    let to = out.join("compare");
    let args = ["compare", text(&scenario), "--replicates", "9", "--no-report", "--out", text(&to)];
    let output = fleetsim(&args);
    assert!(told(&output).contains("a larger cluster is given more jobs"), "{}", told(&output));
    let printed = good(output);
    assert!(printed.contains("of quantiles by bootstrap-t") && printed.contains(" ["), "{printed}");
    let differences = rows(&to.join("differences.csv"));
    let of = |figure: &str| differences.iter().find(|row| row["figure"] == figure).unwrap();
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    assert_eq!((&*of("wait_s.p95")["method"], &*of("wait_s.mean")["method"]), ("bootstrap-t", "student-t"));
    let json: serde_json::Value = serde_json::from_str(&read(to.join("compare.json"))).unwrap();
    let compared = rows(&to.join("compare.csv"));
    for row in [of("wait_s.p95"), of("wait_s.mean"), of("utilization.allocated")] {
        let stored = &json["variants"][1]["differences"]["figures"][&row["figure"]];
        for name in ["difference", "low", "high"] {
            assert_eq!(stored[name].as_f64(), Some(number(row, name)), "{name} of {row:?}");
        }
        // The replicates are paired: the difference is the mean of theirs.
        let mean = (0..9)
            .map(|i| number(&compared[9 + i], &row["figure"]) - number(&compared[i], &row["figure"]))
            .sum::<f64>()
            / 9.0;
        assert!((number(row, "difference") - mean).abs() < 1e-6 * mean.abs().max(1.0));
        assert!(number(row, "low") <= mean && mean <= number(row, "high"));
    }
    // What the load refers to is fixed: nothing is told.
    let fixed = [&args[..5], &["--no-report", "--set", "workload.generate.gpus=32", "--out", text(&to)]].concat();
    assert!(!told(&fleetsim(&fixed)).contains("a larger cluster"));
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
    let cases: [&[&str]; 7] = [
        &["scenarios/quickstart.toml"],
        &["scenarios/quickstart.toml", "--policies", "fifo"],
        &["scenarios/quickstart.toml", "--policies", "fifo,sjf,fifo"],
        &["scenarios/quickstart.toml", "--policies", "fifo,easy-backfil"],
        &["scenarios/quickstart.toml", "--policies", "fifo,,sjf"],
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

/// Jobs of Mondays only, an hour long; blocks of days lay them on other days, blocks of weeks do not.
#[test]
fn weeks_are_drawn_where_they_are_asked_for() {
    let out = folder("weeks");
    let scenario = mondays(&out, 5);
    let compare = |more: &[&str], to: &str| {
        let to = out.join(to);
        let args = ["compare", text(&scenario), "--policies", "fifo,sjf", "--replicates", "5", "--no-report", "--out"];
        let printed = good(fleetsim(&[&args[..], &[text(&to)], more].concat()));
        (printed, read(to.join("compare.json")), rows(&to.join("compare.csv")))
    };
    let submitted = |rows: &[BTreeMap<String, String>]| -> BTreeSet<String> {
        rows.iter().map(|row| row["jobs.submitted"].clone()).collect()
    };
    let (printed, json, by_weeks) = compare(&["--bootstrap", "weeks"], "by-weeks");
    assert!(printed.contains("intervals by bootstrap of its weeks"), "{printed}");
    assert!(json.contains("bootstrap of the trace's weeks") && json.contains("\"blocks\": 5"), "{json}");
    // Each Monday has ten jobs, so each drawn trace has as many as the trace itself; no drawing of days could promise it.
    assert_eq!(submitted(&by_weeks).len(), 1, "{by_weeks:?}");
    let (printed, json, by_days) = compare(&[], "by-days");
    assert!(printed.contains("intervals by bootstrap of its days"), "{printed}");
    assert!(json.contains("bootstrap of the trace's days") && json.contains("\"blocks\": 11"), "{json}");
    assert!(submitted(&by_days).len() > 1, "{by_days:?}");
    good(fleetsim(&["report", text(&out.join("by-weeks"))]));
}

/// So many weeks, in each of which ten jobs come on a Monday, and one at its end.
fn mondays(folder: &Path, weeks: u64) -> PathBuf {
    let mut trace = "job_id,submit_s,duration_s,gpus\n".to_owned();
    for week in 0..weeks {
        let at = |hour: u64| week * 604_800 + hour * 3_600;
        (0..10).for_each(|n| trace.push_str(&format!("w{week}-{n},{},3600,8\n", at(n))));
        trace.push_str(&format!("w{week}-end,{},60,1\n", at(167)));
    }
    fs::write(folder.join("mondays.csv"), trace).unwrap();
    let toml = "name = \"mondays\"\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 8\n\
                [workload]\ntrace = \"mondays.csv\"\n[policy.fifo]\n";
    let scenario = folder.join("mondays.toml");
    fs::write(&scenario, toml).unwrap();
    scenario
}

#[test]
fn too_few_weeks_are_an_error_which_says_how_many() {
    let out = folder("few-weeks");
    let scenario = mondays(&out, 3);
    let to = out.join("to");
    let args = ["compare", text(&scenario), "--policies", "fifo,sjf", "--no-report", "--out", text(&to)];
    let output = fleetsim(&[&args[..], &["--replicates", "3", "--bootstrap", "weeks"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("this one has 3 whole weeks"), "{}", told(&output));
    assert!(told(&output).contains("at least 4 (or --bootstrap days)"), "{}", told(&output));
    good(fleetsim(&[&args[..], &["--replicates", "3"]].concat()));
    // Nothing is drawn for one replicate, nor of a generated workload: it is not asked for in vain without a word.
    let output = fleetsim(&[&args[..], &["--bootstrap", "weeks"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let generated = small(&out);
    let args = ["compare", text(&generated), "--replicates", "2", "--bootstrap", "weeks", "--no-report", "--out"];
    let output = fleetsim(&[&args[..], &[text(&to)]].concat());
    assert!(told(&output).contains("--bootstrap weeks changes nothing"), "{}", told(&output));
    good(output);
}

/// Runs of a sweep that were drawn in one way are not taken for runs drawn in another.
#[test]
fn a_sweep_by_weeks_is_another_than_one_by_days() {
    let out = folder("sweep-weeks");
    let scenario = mondays(&out, 4);
    let to = out.join("to");
    let sweep = |period: &str| {
        let args = ["sweep", text(&scenario), "--axis", "policy=fifo,sjf", "--replicates", "3", "--no-report"];
        fleetsim(&[&args[..], &["--bootstrap", period, "--out", text(&to)]].concat())
    };
    good(sweep("weeks"));
    assert!(read(to.join("sweep.json")).contains("\"bootstrap\": \"weeks\",\n  \"blocks\": 4,"));
    let output = sweep("days");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("its replicates are drawn from weeks, now from days"), "{}", told(&output));
}
