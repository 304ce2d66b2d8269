//! `fleetsim explain` as a user meets it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fleetsim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fleetsim")).args(args).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn good(output: Output) -> String {
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with a scenario of its own trace, and a run of it.
fn run(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain").join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    fs::copy("traces/quickstart.csv", folder.join("t.csv")).unwrap();
    let scenario = fs::read_to_string("scenarios/quickstart.toml").unwrap();
    fs::write(folder.join("s.toml"), scenario.replace("../traces/quickstart.csv", "t.csv")).unwrap();
    let out = folder.join("run");
    good(fleetsim(&["run", text(&folder.join("s.toml")), "--no-report", "--out", text(&out)]));
    (folder, out)
}

/// The rows of `jobs.csv` by id.
fn rows(run: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_path(run.join("jobs.csv")).unwrap().deserialize().map(Result::unwrap).collect();
    rows.into_iter().map(|row| (row["job_id"].clone(), row)).collect()
}

fn json(run: &Path, job: &str, more: &[&str]) -> serde_json::Value {
    let args = [&["explain", text(run), job, "--json"], more].concat();
    serde_json::from_str(&good(fleetsim(&args))).unwrap()
}

/// What held a job's input back for the largest part of its wait: `jobs.csv` and `explain` say the same.
#[test]
fn it_says_what_held_the_input_back() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain").join("bound");
    drop(fs::remove_dir_all(&out));
    good(fleetsim(&["run", "scenarios/storage.toml", "--no-report", "--out", text(&out)]));
    let stored = rows(&out);
    for by in ["cores", "client", "storage", ""] {
        let (job, _) = stored.iter().find(|(_, row)| row["bound_by"] == by && row["state"] == "finished").unwrap();
        let told = json(&out, job, &[]);
        match by {
            "" => assert!(told.get("input_stall").is_none(), "{told}"),
            by => {
                assert_eq!(told["input_stall"][0]["bound_by"], by, "{told}");
                let text = good(fleetsim(&["explain", text(&out), job]));
                assert!(text.contains("it waited for data"), "{text}");
            }
        }
    }
}

/// What `explain` says of a job is what `jobs.csv` says; what-ifs are what other runs say.
#[test]
fn it_agrees_with_the_run_and_with_others() {
    let (folder, out) = run("agrees");
    let stored = rows(&out);
    let others = [
        ("gpus=+8", vec!["--set", "cluster.pools.h100.nodes=17"]),
        ("fifo", vec!["--policy", "fifo"]),
        ("spread", vec!["--set", "policy.easy-backfill.placement=spread"]),
        ("workload.estimate_factor=1.5", vec!["--set", "workload.estimate_factor=1.5"]),
    ];
    let mut longest: Vec<&String> = stored.keys().collect();
    longest
        .sort_by(|a, b| stored[*b]["wait_s"].parse::<f64>().unwrap().total_cmp(&stored[*a]["wait_s"].parse().unwrap()));
    let asked: Vec<&str> = others.iter().flat_map(|(change, _)| ["--what-if", change]).collect();
    let compared: Vec<_> = others
        .iter()
        .map(|(_, args)| {
            let other = folder.join("other");
            let file = folder.join("s.toml");
            let base = ["run", text(&file), "--no-report", "--out", text(&other)].to_vec();
            good(fleetsim(&[base, args.clone()].concat()));
            rows(&other)
        })
        .collect();
    for id in [longest[0], longest[7], longest[500], longest[1999]] {
        let row = &stored[id];
        let said = json(&out, id, &asked);
        for key in ["submit_s", "start_s", "end_s", "wait_s", "gpus", "stops"] {
            assert_eq!(said[key].to_string(), row[key], "{id} {key}");
        }
        assert_eq!(said["runs"][0]["nodes"].as_array().unwrap().len().to_string(), row["nodes"]);
        let waited: f64 =
            said["blocked"].as_array().unwrap().iter().map(|b| number(&b["to_s"]) - number(&b["from_s"])).sum();
        assert!((waited - row["wait_s"].parse::<f64>().unwrap()).abs() < 1e-6, "{id}");
        for (at, other) in compared.iter().enumerate() {
            assert_eq!(said["what_if"][at]["start_s"].to_string(), other[id]["start_s"], "{id} {}", others[at].0);
        }
    }
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn the_terminal_says_it_in_words() {
    let (_, out) = run("words");
    let said = good(fleetsim(&["explain", text(&out), "538", "--what-if", "packing", "--what-if", "gpus=+8"]));
    insta::assert_snapshot!(said);
}

#[test]
fn what_cannot_be_explained_is_told() {
    let (folder, out) = run("wrong");
    let wrong = |args: &[&str], expected: &str| {
        let output = fleetsim(&[&["explain"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(told(&output).contains(expected), "{args:?}: {}", told(&output));
    };
    wrong(&[text(&out), "19999"], "there is no job `19999` in it; did you mean `1999`?");
    wrong(&[text(&out), "nothing-like-it"], "there is no job `nothing-like-it` in it\n");
    wrong(&[text(&folder), "538"], "manifest.json: is missing: a folder that `fleetsim run` wrote is expected");
    wrong(&[text(&out), "538", "--what-if", "paking"], "--what-if paking: is not known; did you mean `packing`?");
    wrong(&[text(&out), "538", "--what-if", "cluster.pools.h100.node=3"], "did you mean `nodes`?");
    let jobs = fs::read_to_string(out.join("jobs.csv")).unwrap();
    fs::write(out.join("jobs.csv"), jobs.replace(",285306,", ",285307,")).unwrap();
    wrong(&[text(&out), "538"], "says of job `538`: start \"285307\"");
    let trace = fs::read_to_string(folder.join("t.csv")).unwrap();
    fs::write(folder.join("t.csv"), trace + "\n").unwrap();
    wrong(&[text(&out), "538"], "has changed since the run: its XXH64 was ");
    fs::remove_file(folder.join("t.csv")).unwrap();
    wrong(&[text(&out), "538"], "t.csv: does not exist");
    wrong(&[text(&out), "538"], "the run is simulated again, from the trace that it read then");
}
