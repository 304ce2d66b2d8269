//! `scenarios/burst.toml` and the commands on it: what it shows, and that its files are true.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folders;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fleetsim::engine::Silent;
use fleetsim::experiments::run::Run;
use fleetsim::results::Metrics;
use fleetsim::scenario::{Overrides, Scenario};
use fleetsim::trace::native::ReadOptions;
use folders::files;
use serde_json::Value;

const SCENARIO: &str = "scenarios/burst.toml";

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bursting").join(name);
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// A call that may fail.
fn called(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fleetsim")).args(args).output().unwrap()
}

fn fleetsim(args: &[&str]) -> String {
    let output = called(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Jobs burst; that costs less than to have as many nodes for good, and they wait less than without.
#[test]
fn bursting_is_between_having_all_nodes_and_none() {
    let scenario = fleetsim::scenario::load(Path::new(SCENARIO), &Overrides::default());
    let scenario = scenario.unwrap_or_else(|e| panic!("{e}"));
    let trace = fleetsim::trace::native::read(Path::new("traces/quickstart.csv"), &ReadOptions::default());
    let jobs = trace.unwrap_or_else(|e| panic!("{e:?}")).table;
    let of = |scenario: &Scenario| -> Metrics { Run::of(scenario, &jobs, scenario.seed, &mut Silent).unwrap().metrics };
    let variant = |name: &str| of(&scenario.variants.iter().find(|v| v.name == name).unwrap().scenario);
    let (burst, spot, reserved, alone) = (of(&scenario), variant("spot"), variant("reserved"), variant("no-burst"));
    assert!(burst.wait.mean < alone.wait.mean && reserved.wait.mean < burst.wait.mean);
    assert!(burst.total_usd < reserved.total_usd && spot.total_usd < burst.total_usd);
    assert!(burst.capacity < reserved.capacity && alone.capacity < burst.capacity);
    for metrics in [&burst, &spot, &reserved, &alone] {
        assert_eq!(metrics.leaves.iter().map(|leaf| leaf.time).sum::<fleetsim::units::GpuTime>(), metrics.capacity);
    }
}

/// A job that ran in the cloud is told why it waited, and until when; the times fit.
#[test]
fn explain_tells_of_rented_nodes() {
    let out = folder("explained");
    let run = out.to_str().unwrap();
    fleetsim(&["run", SCENARIO, "--no-report", "--out", run]);
    let jobs = std::fs::read_to_string(out.join("jobs.csv")).unwrap();
    let in_cloud: Vec<&str> =
        jobs.lines().filter(|line| line.contains(",cloud,")).filter_map(|line| line.split(',').next()).collect();
    assert!(in_cloud.len() > 5, "{in_cloud:?}");
    let mut reasons: Vec<String> = Vec::new();
    for job in &in_cloud[..6] {
        let told = json(&fleetsim(&["explain", run, job, "--json"]));
        let blocked = told["blocked"].as_array().unwrap();
        reasons.extend(blocked.iter().map(|wait| wait["reason"].as_str().unwrap().to_owned()));
        let patience = blocked.iter().find(|wait| wait["reason"] == "patience");
        if let Some(wait) = patience {
            let outlook = wait["outlooks"].as_array().unwrap().iter().find(|o| o["outlook"] == "patience").unwrap();
            let after = outlook["at_s"].as_f64().unwrap() - told["submit_s"].as_f64().unwrap();
            assert!((after - 7200.0).abs() < 1e-6 && outlook["pool"] == "cloud", "{outlook}");
        }
    }
    for reason in ["patience", "coming"] {
        assert!(reasons.iter().any(|told| told == reason), "{reason}: {reasons:?}");
    }
    let text = fleetsim(&["explain", run, in_cloud[0]]);
    assert!(text.contains("not rented"), "{text}");
}

/// How many nodes may be rented can be planned.
#[test]
fn plan_finds_how_many_nodes_to_rent_at_most() {
    let out = folder("plan");
    let vary = "cluster.pools.cloud.nodes=1..16";
    let args = ["plan", SCENARIO, "--vary", vary, "--slo", "wait_s.mean<=3h", "--budget", "16", "--no-report"];
    let output = called(&[&args[..], &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plan = json(&std::fs::read_to_string(out.join("plan.json")).unwrap());
    assert!(plan.to_string().contains("cluster.pools.cloud.nodes"), "{plan}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("rented"), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The same bytes on one thread and on many.
#[test]
fn threads_change_nothing() {
    let made = |threads: &str| {
        let out = folder(&format!("threads-{threads}"));
        let args = ["compare", SCENARIO, "--replicates", "2", "--out", out.to_str().unwrap()];
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetsim"));
        assert!(command.args(args).env("RAYON_NUM_THREADS", threads).output().unwrap().status.success());
        files(&out)
    };
    let (one, many) = (made("1"), made("4"));
    assert!(one.len() > 3);
    assert_eq!(one.keys().collect::<Vec<_>>(), many.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(many[name] == *bytes, "{}", name.display());
    }
}
