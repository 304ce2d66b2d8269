//! Remedies: each figure is that of a separate run with the arguments that the file tells.

use serde_json::Value;

use super::*;

/// Quotas, limits, failures, spread jobs and a head that blocks: all that there is a remedy for.
const EVERYTHING: &str = "name = \"ill\"\nseed = 9\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 5\n\
    gpus_per_node = 8\nnodes_per_rack = 5\nprice = \"$2/gpu-h\"\ncpus_per_node = 32\n[cluster.pools.\"b.c\"]\n\
    gpu = \"a100-80\"\nnodes = 2\ngpus_per_node = 8\nprice = \"$1/gpu-h\"\nqueues = [\"team-2\", \"team-1\"]\n\
    [workload.generate]\njobs = 200\nload = 1.1\n[physics.failures.a]\nmtbf = \"5d\"\nrepair = \"1h\"\n\
    [policy.fifo]\nplacement = \"spread\"\n";

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

fn close(a: &Value, b: f64, what: &str) {
    let a = a.as_f64().unwrap();
    assert!((a - b).abs() <= 1e-6 * b.abs().max(1000.0), "{what}: {a} {b}");
}

const YEAR_S: f64 = 8760.0 * 3600.0;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Dollars of a leaf in the window.
fn usd(summary: &Value, leaf: &str) -> f64 {
    number(&summary["cost"]["by_leaf"][leaf])
}

/// Dollars of a leaf in a year of periods of so many seconds, in which nobody wants anything when the jobs are done.
fn a_year(summary: &Value, leaf: &str, period: f64) -> f64 {
    let (total, window) = (number(&summary["cost"]["total_usd"]), number(&summary["window_s"]));
    let later = if leaf == "no_demand" { total / window * (period - window) } else { 0.0 };
    (usd(summary, leaf) + later) * YEAR_S / period
}

/// What a year of a run costs, and with it what is lost though it was wanted.
fn burden(summary: &Value, period: f64) -> f64 {
    let (total, window) = (number(&summary["cost"]["total_usd"]), number(&summary["window_s"]));
    let wanted = total - usd(summary, "useful") - usd(summary, "no_demand");
    total / window * YEAR_S + wanted * YEAR_S / period
}

#[test]
fn each_saving_is_the_difference_of_two_runs() {
    let folder = folder("remedies");
    let scenario = folder.join("s.toml");
    fs::write(&scenario, EVERYTHING).unwrap();
    let out = folder.join("run");
    let run = |more: &[&str], out: &Path| {
        good(fleetsim(&[&["run", text(&scenario), "--seed", "10", "--out", text(out)], more].concat()))
    };
    let printed = run(&["--remedies"], &out);
    let (found, base) = (json(&out.join("remedies.json")), json(&out.join("summary.json")));
    let causes: Vec<&str> = found["causes"].as_array().unwrap().iter().map(|c| c["leaf"].as_str().unwrap()).collect();
    assert_eq!(causes.len(), 3);
    for (cause, leaf) in found["causes"].as_array().unwrap().iter().zip(&causes) {
        close(&cause["usd_per_year"], a_year(&base, leaf, number(&base["window_s"])), leaf);
    }
    let remedies = found["remedies"].as_array().unwrap();
    let names: Vec<&str> = remedies.iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["more-nodes", "fewer-nodes", "packing", "gang", "backfill", "no-quotas", "no-limits", "no-failures"]
    );
    for remedy in remedies {
        let name = remedy["name"].as_str().unwrap();
        let words = |option: &'static str, key: &str| -> Vec<String> {
            let values = remedy[key].as_array().unwrap().iter();
            values.flat_map(|value| [option.to_owned(), value.as_str().unwrap().to_owned()]).collect()
        };
        let arguments = [words("--set", "set"), words("--unset", "unset")].concat();
        let other = folder.join("other");
        run(&[&["--no-report"], arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat(), &other);
        let summary = json(&other.join("summary.json"));
        let period = number(&base["window_s"]).max(number(&summary["window_s"]));
        close(&remedy["saving_usd_per_year"], burden(&base, period) - burden(&summary, period), name);
        for (at, leaf) in causes.iter().enumerate() {
            let expected = a_year(&base, leaf, period) - a_year(&summary, leaf, period);
            close(&remedy["by_cause_usd_per_year"][at], expected, name);
        }
        assert_eq!(remedy["effect"]["wait_s_mean"], summary["wait_s"]["mean"], "{name}");
        assert_eq!(remedy["effect"]["unfinished"], summary["jobs"]["unfinished"], "{name}");
        // The jobs are the same ones.
        assert_eq!(base["jobs"]["submitted"], summary["jobs"]["submitted"], "{name}");
        assert!(printed.contains(name), "{printed}");
    }
    check_chosen(&found);
    check_shown(&out, &found);
    // Another run in the same folder has none.
    run(&["--no-report"], &out);
    assert!(!out.join("remedies.json").exists());
}

/// What is named against a cause is what cuts it the most of those that help.
fn check_chosen(found: &Value) {
    let remedies = found["remedies"].as_array().unwrap();
    let undone = |of: &Value| of["rejected"].as_u64().unwrap() + of["unfinished"].as_u64().unwrap();
    let mut named = 0;
    for (at, cause) in found["causes"].as_array().unwrap().iter().enumerate() {
        let helps = |r: &&Value| {
            let waits = number(&r["effect"]["wait_s_mean"]) <= number(&found["run"]["wait_s_mean"]);
            number(&r["saving_usd_per_year"]) > 0.0
                && number(&r["by_cause_usd_per_year"][at]) >= 0.1 * number(&cause["usd_per_year"])
                && undone(&r["effect"]) <= undone(&found["run"])
                && (waits || cause["leaf"] == "no_demand")
        };
        let cut = |r: &&Value| number(&r["by_cause_usd_per_year"][at]);
        let best = remedies.iter().rev().filter(helps).max_by(|a, b| cut(a).total_cmp(&cut(b)));
        assert_eq!(cause["remedy"], best.map_or(Value::Null, |r| r["name"].clone()), "{cause}");
        named += usize::from(best.is_some());
    }
    assert!(named > 0, "nothing helps against anything");
}

/// The report shows them beside the causes, from what is stored.
fn check_shown(out: &Path, found: &Value) {
    let html = read(out.join("report.html"));
    let best = found["causes"].as_array().unwrap().iter().find_map(|cause| cause["remedy"].as_str()).unwrap();
    assert!(html.contains(&format!("Remedy: {best} (")), "{best}");
    assert!(html.contains("--unset physics.failures") && html.contains("8 remedies tried"));
    good(fleetsim(&["report", text(out)]));
    assert_eq!(read(out.join("report.html")), html);
    fs::remove_file(out.join("remedies.json")).unwrap();
    good(fleetsim(&["report", text(out)]));
    assert!(!read(out.join("report.html")).contains("Remedy: "));
}

/// Where a key is to be taken out that is not there, the nearest one is told.
#[test]
fn what_is_not_there_cannot_be_taken_out() {
    let folder = folder("unset");
    let scenario = folder.join("s.toml");
    fs::write(&scenario, EVERYTHING).unwrap();
    let wrong = |key: &str, expected: &str| {
        let output = fleetsim(&["run", text(&scenario), "--unset", key, "--out", text(&folder.join("run"))]);
        assert_eq!(output.status.code(), Some(2), "{key}");
        assert!(told(&output).contains(expected), "{key}: {}", told(&output));
    };
    wrong(
        "physics.failure",
        "--unset physics.failure: there is no `failure` in the scenario; did you mean `failures`?",
    );
    wrong("cluster.pools.b.queues", "there is no `b` in the scenario");
    wrong("seed.more", "there is no `more` in the scenario");
    wrong("a b", "is not a dotted key");
    wrong("cluster.pools.a.nodes", "lacks `nodes`");
}

/// Of every scenario of the project remedies can be tried; what it does not allow is told and passed over.
#[test]
fn remedies_are_tried_on_every_scenario() {
    for file in fs::read_dir("scenarios").unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let out = folder("remedies-of-all");
        let printed = good(fleetsim(&["run", text(&file), "--remedies", "--no-report", "--out", text(&out)]));
        assert!(printed.contains("remedies, each simulated") || printed.contains("no remedy is known"), "{printed}");
        assert!(out.join("remedies.json").exists());
    }
}
