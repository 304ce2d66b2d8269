//! `plan`: the optimum against a search of everything, what is told when there is none.

use fleetsim::experiments::plan::{Plan, Planned, Request};
use fleetsim::experiments::replicate::Replicates;
use fleetsim::scenario::Overrides;

use super::*;

fn planned(scenario: &Path, vary: &[&str], slo: &[&str], budget: usize, replicates: u32) -> Planned {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (vary, slo) = (owned(vary), owned(slo));
    let overrides = Overrides::default();
    let request = Request {
        file: scenario,
        overrides,
        vary: &vary,
        slo: &slo,
        replicates: Replicates { count: replicates, ..Replicates::ONE },
        budget,
        only_sure: false,
    };
    Plan::prepare(&request).unwrap().search(&|| {}).unwrap()
}

fn best(planned: &Planned) -> Option<Vec<String>> {
    planned.found.best.map(|best| planned.plan.settings[best].values.clone())
}

/// A queue of one-GPU jobs on nodes of one GPU: Poisson arrivals, exponential lengths, 12 GPUs' worth of work.
fn mmc(folder: &Path) -> PathBuf {
    let toml = "name = \"mmc\"\nseed = 3\n[cluster.pools.servers]\ngpu = \"h100-sxm\"\nnodes = 20\ngpus_per_node = 1\n\
                price = \"$2/gpu-h\"\n[workload.generate]\njobs = 3000\narrivals = \"poisson\"\nrate_per_hour = 12\n\
                duration = \"exponential\"\nduration_mean = \"1h\"\nsizes = [\"1:1\"]\n[policy.fifo]\n";
    let path = folder.join("mmc.toml");
    fs::write(&path, toml).unwrap();
    path
}

/// More servers never make a queue of this kind slower, so halving must find what a search of all finds.
#[test]
fn halving_finds_the_optimum_of_mmc() {
    let out = folder("plan-mmc");
    let scenario = mmc(&out);
    let all = out.join("all");
    let nodes = (1..=40).map(|nodes| nodes.to_string()).collect::<Vec<_>>().join(",");
    let axis = format!("cluster.pools.servers.nodes={nodes}");
    good(fleetsim(&["sweep", text(&scenario), "--axis", &axis, "--replicates", "3", "--out", text(&all)]));
    let rows = rows(&all.join("results.csv"));
    for (target, figure, bound) in [
        ("wait_s.mean<=10m", "wait_s.mean", 600.0),
        ("wait_s.mean<=1m", "wait_s.mean", 60.0),
        ("wait_s.p95<=2h", "wait_s.p95", 7200.0),
        ("wait_s.p95<=0", "wait_s.p95", 0.0),
        ("wait_s.max<=1s", "wait_s.max", 1.0),
    ] {
        let mean = |point: &[BTreeMap<String, String>]| {
            point.iter().map(|row| row[figure].parse::<f64>().unwrap()).sum::<f64>() / 3.0
        };
        let expected =
            rows.chunks(3).find(|point| mean(point) <= bound).unwrap()[0]["cluster.pools.servers.nodes"].clone();
        // The dearest and six halvings of forty.
        let planned = planned(&scenario, &["cluster.pools.servers.nodes=1..40"], &[target], 7, 3);
        assert_eq!(best(&planned), Some(vec![expected.clone()]), "{target}");
        assert!(planned.found.exceptions.is_empty());
        let next = planned.next_smaller(planned.found.best.unwrap()).unwrap();
        let next: u32 = planned.plan.settings[next].values[0].parse().unwrap();
        assert_eq!(next + 1, expected.parse::<u32>().unwrap());
    }
}

/// Jobs of many sizes under backfill: more nodes may well be worse. With a budget for all settings, two keys, one of them a
/// list, and two targets, the answer is that of a search of everything, every time.
#[test]
fn a_small_trace_is_searched_to_the_end() {
    let out = folder("plan-trace");
    let toml = "name = \"trace\"\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\n\
                price = \"$2/gpu-h\"\n[workload]\ntrace = \"t.csv\"\n[policy.easy-backfill]\n";
    let scenario = out.join("trace.toml");
    fs::write(&scenario, toml).unwrap();
    good(fleetsim(&[
        "trace",
        "generate",
        "--jobs",
        "120",
        "--gpus",
        "40",
        "--load",
        "1.1",
        "--out",
        text(&out.join("t.csv")),
    ]));
    let all = out.join("all");
    let (nodes, policies) = ("3,4,5,6,7,8,9,10,11,12,13,14", "fifo,easy-backfill,best-effort-fifo");
    let axes = [format!("cluster.pools.a.nodes={nodes}"), format!("policy={policies}")];
    good(fleetsim(&["sweep", text(&scenario), "--axis", &axes[0], "--axis", &axes[1], "--out", text(&all)]));
    let rows = rows(&all.join("results.csv"));
    let number = |row: &BTreeMap<String, String>, figure: &str| row[figure].parse::<f64>().unwrap_or(f64::INFINITY);
    let mut answers = std::collections::BTreeSet::new();
    for (wait, productive) in
        [(40.0, 0.0), (12.0, 0.2), (4.0, 0.0), (2.0, 0.3), (1.0, 0.4), (0.5, 0.0), (0.25, 0.5), (0.05, 0.2), (0.0, 0.0)]
    {
        // The sweep's order is the plan's: the nodes decide over the cost, then the policy as given.
        let expected = rows.iter().find(|row| {
            number(row, "wait_s.p90") <= wait * 3600.0
                && number(row, "utilization.productive") >= productive
                && number(row, "jobs.rejected") <= 9.0
        });
        let expected = expected.map(|row| vec![row["cluster.pools.a.nodes"].clone(), row["policy"].clone()]);
        let slo = [format!("wait_s.p90<={wait}h"), format!("utilization.productive>={productive}")];
        let vary = ["cluster.pools.a.nodes=3..14", &axes[1]];
        let planned = planned(&scenario, &vary, &[&slo[0], &slo[1], "jobs.rejected<=9"], 36, 1);
        assert_eq!(best(&planned), expected, "{slo:?}");
        assert_eq!(planned.found.cheaper_untried, 0);
        answers.insert(expected);
    }
    assert!(answers.len() >= 4, "targets that all have one answer test nothing: {answers:?}");
}

/// Jobs that run on the one pool's GPUs, the other's, or either's: of two pools, each of which takes nodes of its own, the
/// cheapest pair is found in a tenth of the runs that a search of everything takes.
#[test]
fn two_pools_are_searched_together() {
    let out = folder("plan-pools");
    let toml = "name = \"pools\"\n[cluster.pools.a]\ngpu = \"v100\"\nnodes = 4\ngpus_per_node = 1\nprice = \"$0.7/gpu-h\"\n\
                [cluster.pools.b]\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 1\nprice = \"$3/gpu-h\"\n\
                [workload]\ntrace = \"t.csv\"\n[policy.fifo]\n";
    let scenario = out.join("pools.toml");
    fs::write(&scenario, toml).unwrap();
    let job = |job: u32| {
        let gpu = ["v100", "h100-sxm", "v100|h100-sxm"][(job * 31 % 7 % 3) as usize];
        format!("{job},{},{},1,{gpu}\n", job * 300, 1800 + job * 7919 % 5400)
    };
    let jobs: String = (0..400).map(job).collect();
    fs::write(out.join("t.csv"), format!("job_id,submit_s,duration_s,gpus,gpu_type\n{jobs}")).unwrap();
    let all = out.join("all");
    let nodes = (1..=20).map(|nodes| nodes.to_string()).collect::<Vec<_>>().join(",");
    let axes = ["a", "b"].map(|pool| format!("cluster.pools.{pool}.nodes={nodes}"));
    good(fleetsim(&["sweep", text(&scenario), "--axis", &axes[0], "--axis", &axes[1], "--out", text(&all)]));
    let mut rows = rows(&all.join("results.csv"));
    let nodes =
        |row: &BTreeMap<String, String>| ["a", "b"].map(|pool| row[&format!("cluster.pools.{pool}.nodes")].clone());
    rows.sort_by_key(|row| {
        let [a, b] = nodes(row).map(|nodes| nodes.parse::<u32>().unwrap());
        (7 * a + 30 * b, a + b, a, b)
    });
    let mut answers = std::collections::BTreeSet::new();
    for (figure, bound, productive) in [
        ("wait_s.mean", 6000.0, 0.0),
        ("wait_s.mean", 600.0, 0.0),
        ("wait_s.mean", 60.0, 0.6),
        ("wait_s.p95", 7200.0, 0.0),
        ("wait_s.p95", 1200.0, 0.8),
        ("wait_s.p95", 0.0, 0.4),
        ("wait_s.max", 60.0, 0.0),
        ("wait_s.max", 60.0, 0.9),
    ] {
        let number = |row: &BTreeMap<String, String>, figure: &str| row[figure].parse::<f64>().unwrap();
        let meets = |row: &&BTreeMap<String, String>| {
            number(row, figure) <= bound && number(row, "utilization.productive") >= productive
        };
        let expected = rows.iter().find(meets).map(|row| nodes(row).to_vec());
        let vary = ["cluster.pools.a.nodes=1..20", "cluster.pools.b.nodes=1..20"];
        let slo = [format!("{figure}<={bound}s"), format!("utilization.productive>={productive}")];
        // What is too much is asked for only where it is said.
        let slo: Vec<&str> = slo.iter().take(if productive > 0.0 { 2 } else { 1 }).map(String::as_str).collect();
        let planned = planned(&scenario, &vary, &slo, 40, 1);
        assert_eq!(best(&planned), expected, "{slo:?}");
        assert_eq!((planned.found.undecided, planned.found.tried.len()), (0, 40), "{slo:?}");
        // One node less of either is what it is held against.
        if let Some(best) = planned.found.best {
            let next = planned.next_smaller(best).unwrap();
            assert!(planned.plan.settings[next].gpus + 1 == planned.plan.settings[best].gpus);
        }
        answers.insert(expected);
    }
    assert!(answers.len() >= 6, "targets that all have one answer test nothing: {answers:?}");
}

/// A tenant and a size class have figures of their own, and a GPU type is a key like another.
#[test]
fn tenants_and_sizes_are_targets() {
    let out = folder("plan-tenants");
    let vary = ["--vary", "cluster.pools.h100.nodes=12..32..4", "--vary", "policy=fifo,easy-backfill"];
    let slo = ["--slo", "wait_s_by_tenant.science.p95<=6h", "--slo", "wait_s_by_gpus.5-8.p50<=30m"];
    let args = [&["plan", "scenarios/quickstart.toml"], &vary[..], &slo, &["--out", text(&out)]].concat();
    let printed = good(fleetsim(&args));
    assert!(printed.starts_with("cluster.pools.h100.nodes="), "{printed}");
    for part in ["wait_s_by_tenant.science.p95 <= 6h", "misses", "fragmentation", "frontier", "settings tried; all"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let rows = rows(&out.join("plan.csv"));
    let best = rows.iter().find(|row| row["meets"] == "true").unwrap();
    assert!(printed.starts_with(&format!(
        "cluster.pools.h100.nodes={}, policy={}: ",
        best["cluster.pools.h100.nodes"], best["policy"]
    )));
    let single = out.join("single");
    let nodes = format!("cluster.pools.h100.nodes={}", best["cluster.pools.h100.nodes"]);
    good(fleetsim(&[
        "run",
        "scenarios/quickstart.toml",
        "--policy",
        &best["policy"],
        "--set",
        &nodes,
        "--no-report",
        "--out",
        text(&single),
    ]));
    let expected = numbers(&read(single.join("summary.json")));
    assert!(expected.contains_key("wait_s_by_tenant.science.p95"));
    assert!(expected.iter().all(|(name, value)| best[name] == *value));
    let json: serde_json::Value = serde_json::from_str(&read(out.join("plan.json"))).unwrap();
    assert_eq!(json["best"]["set"]["policy"], best["policy"].as_str());
    assert_eq!(json["best"]["targets"][0]["meets"], true);
    assert!(json["next_smaller"]["ledger"]["useful"].as_f64().unwrap() > 0.0);
    // Along the frontier, dearer is quicker.
    let waits: Vec<f64> = json["frontier"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["wait_s_by_tenant.science.p95"].as_f64().unwrap())
        .collect();
    assert!(waits.len() > 1 && waits.windows(2).all(|pair| pair[0] > pair[1]), "{waits:?}");
}

#[test]
fn no_setting_is_an_answer_too() {
    let out = folder("plan-none");
    let scenario = mmc(&out);
    let args = ["plan", text(&scenario), "--vary", "cluster.pools.servers.nodes=10..13", "--slo", "wait_s.mean<=1s"];
    let output = fleetsim(&[&args[..], &["--out", text(&out.join("to"))]].concat());
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed
            .starts_with("no setting meets the targets; the nearest is cluster.pools.servers.nodes=13: 13 GPUs, $26"),
        "{printed}"
    );
    let json: serde_json::Value = serde_json::from_str(&read(out.join("to/plan.json"))).unwrap();
    assert!(json["best"].is_null() && json["nearest"]["gpus"] == 13);
    // What waits in no line because it is turned away is no good answer either.
    let few =
        ["plan", "scenarios/quickstart.toml", "--vary", "cluster.pools.h100.nodes=1..4", "--slo", "wait_s.mean<=365d"];
    let output = fleetsim(&[&few[..], &["--out", text(&out.join("few"))]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("jobs.rejected <= 0"));
}

#[test]
fn wrong_plans_are_told_in_full() {
    let out = folder("plan-wrong");
    let scenario = small(&out);
    let nodes = "cluster.pools.h100.nodes=12..20";
    let cases: &[&[&str]] = &[
        &["--vary", nodes, "--slo", "wait_s.p95=30m"],
        &["--vary", nodes, "--slo", "wait_s.p95<=soon", "--slo", "utilization.mfu>=x", "--slo", "cost.total_usd<=1GB"],
        &["--vary", nodes, "--slo", "wait_s.p59<=30m"],
        &["--vary", nodes, "--slo", "wait_s_by_tenant.nobody.p95<=30m"],
        &["--vary", "cluster.pools.h100.node=1..3", "--slo", "wait_s.p95<=1h"],
        &["--vary", "cluster.pools.h100.nodes=20..12", "--vary", "seed=1,2", "--slo", "wait_s.p95<=1h"],
        &["--vary", nodes, "--vary", nodes, "--slo", "wait_s.p95<=1h"],
        &["--vary", "cluster.pools.h100.nodes=1..90000..3", "--slo", "wait_s.p95<=1h"],
        &["--vary", nodes],
        &["--vary", nodes, "--slo", "wait_s.p95<=1h", "--sure"],
    ];
    let mut all = String::new();
    for case in cases {
        let to = out.join("to");
        let output = fleetsim(&[&["plan", "scenarios/quickstart.toml", "--out", text(&to)], *case].concat());
        assert_eq!(output.status.code(), Some(2), "{case:?}");
        // Whether a run has a figure is known after the first one, so the folder may be there, with nothing in it.
        assert!(fs::read_dir(&to).map_or(0, Iterator::count) == 0 && output.stdout.is_empty());
        all.push_str(&format!("== {}\n{}\n", case.join(" "), told(&output)));
    }
    let vary = ["--vary", "cluster.pools.a.nodes=2..8", "--slo", "wait_s.p95<=1h"];
    let load = fleetsim(&[&["plan", text(&scenario), "--out", text(&out)], &vary[..]].concat());
    assert_eq!(load.status.code(), Some(2));
    all.push_str(&format!("== a load that follows the cluster\n{}", told(&load)));
    let alone = ["--vary", "cluster.pools.servers.nodes=2..8", "--slo", "wait_s.p95<=1h", "--sure"];
    let unsure = fleetsim(&[&["plan", text(&mmc(&out))], &alone[..]].concat());
    assert_eq!(unsure.status.code(), Some(2));
    all.push_str(&format!("\n== a generated load, --sure\n{}", told(&unsure)));
    let trace = out.join("trace.toml");
    let toml = "name = \"t\"\n[cluster.pools.h100]\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\n[workload]\n\
                trace = \"t.csv\"\n[policy.fifo]\n";
    fs::write(&trace, toml).unwrap();
    for (days, replicates) in [("3", "2"), ("2", "1"), ("1", "1")] {
        let last = days.parse::<u32>().unwrap() * 86_400;
        fs::write(out.join("t.csv"), format!("job_id,submit_s,duration_s,gpus\n1,0,60,1\n2,{last},60,1\n")).unwrap();
        let vary = ["--vary", "cluster.pools.h100.nodes=2..8", "--slo", "wait_s.p95<=1h", "--sure"];
        let unsure = fleetsim(&[&["plan", text(&trace), "--replicates", replicates], &vary[..]].concat());
        assert_eq!(unsure.status.code(), Some(2));
        all.push_str(&format!("\n== a trace of {days} days, {replicates} replicates, --sure\n{}", told(&unsure)));
    }
    insta::assert_snapshot!(all);
}

/// Few jobs take four GPUs, so that only some replicates have one that two GPUs are too few for.
#[test]
fn an_odd_replicate_that_rejects_a_setting_is_told() {
    let out = folder("plan-odd");
    let scenario = mmc(&out);
    let odd = read(&scenario).replace("jobs = 3000", "jobs = 300").replace("[\"1:1\"]", "[\"1:999\", \"4:1\"]");
    fs::write(&scenario, odd).unwrap();
    let vary = ["--vary", "cluster.pools.servers.nodes=2..6", "--slo", "wait_s.p95<=365d", "--replicates", "10"];
    let to = out.join("to");
    let args = [&["plan", text(&scenario), "--no-report", "--out", text(&to)], &vary[..]].concat();
    let printed = good(fleetsim(&args));
    let rows = rows(&to.join("plan.csv"));
    let odd = rows[..10].iter().filter(|row| row["jobs.rejected"] != "0").count();
    assert!((1..10).contains(&odd), "{odd}");
    assert!(printed.starts_with("cluster.pools.servers.nodes=4: "), "{printed}");
    let told = format!("nodes=2 misses only `jobs.rejected <= 0`, in {odd} of 10 replicates; --slo 'jobs.rejected<=1'");
    assert!(printed.contains(&told) && printed.contains(&format!("misses in {odd} of 10")), "{printed}");
    let allowed = good(fleetsim(&[&args[..], &["--slo", "jobs.rejected<=1"]].concat()));
    assert!(allowed.starts_with("cluster.pools.servers.nodes=2: "), "{allowed}");
}
