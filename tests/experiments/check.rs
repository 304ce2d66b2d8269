//! `check`: what is worse is caught with the job where it begins; what is the same passes.

use super::*;

/// One GPU; `a` runs, `b` and `c` wait, then `d` comes.
fn suite(name: &str) -> (PathBuf, PathBuf) {
    let out = folder(name);
    let suite = out.join("suite");
    fs::create_dir_all(&suite).unwrap();
    fs::write(out.join("t.csv"), "job_id,submit_s,duration_s,gpus\na,0,10,1\nb,1,20,1\nc<&,2,5,1\nd,99,1,1\n").unwrap();
    for policy in ["sjf", "fifo"] {
        fs::write(suite.join(format!("{policy}.toml")), scenario(policy)).unwrap();
    }
    (out, suite)
}

fn scenario(policy: &str) -> String {
    format!(
        "[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 1\nprice = \"$1/gpu-h\"\n\
         [workload]\ntrace = \"../t.csv\"\n[policy.{policy}]\n"
    )
}

/// A policy made worse (shortest first loses its order) is caught: the figures, the instant, the job, what went there
/// instead.
#[test]
fn a_worse_policy_is_caught_with_its_first_job() {
    let (out, suite) = suite("check-worse");
    let missing = fleetsim(&["check", text(&suite)]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(told(&missing).contains("fifo.toml: has no baseline beside it"), "{}", told(&missing));
    assert_eq!(good(fleetsim(&["check", text(&suite), "--bless"])), "fifo: recorded\nsjf: recorded\n");
    let recorded = files(&suite);
    // The same again: nothing moves, by figures or by schedule, and blessing it changes no byte.
    assert_eq!(good(fleetsim(&["check", text(&suite)])), "fifo: passes\nsjf: passes\n");
    good(fleetsim(&["check", text(&suite), "--bless"]));
    assert!(files(&suite) == recorded);

    fs::write(suite.join("sjf.toml"), scenario("fifo")).unwrap();
    fs::write(suite.join("fifo.toml"), scenario("sjf")).unwrap();
    let (junit, markdown) = (out.join("check.xml"), out.join("check.md"));
    let args = ["check", text(&suite), "--junit", text(&junit), "--markdown", text(&markdown)];
    let output = fleetsim(&args);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let all = format!("{printed}{}\n{}\n{}", told(&output), read(&junit), read(&markdown));
    // By hand: from 10 s on `c` ran for 5 s before `b`; now `b` runs first, and `c` waits for 28 s instead of 8 s.
    assert!(printed.contains("part at 10 s: job `b` (1 GPU, submitted at 1 s)"), "{printed}");
    assert!(printed.contains("only here `c<&` (1 GPU) started"), "{printed}");
    // The policy that was is gone, so only counts are known of it; the one that is can be asked.
    assert!(printed.contains("it waited then (0 of 1 GPU free)"), "{printed}");
    assert!(printed.contains("it waited then (since 1 s, `capacity_wait`: too few free GPUs)"), "{printed}");
    insta::assert_snapshot!(all);
}

/// Within its tolerance a figure may move; what is better passes, and blessing keeps tolerances.
#[test]
fn tolerances_are_kept() {
    let (_, suite) = suite("check-tolerance");
    let file = suite.join("sjf.toml");
    good(fleetsim(&["check", text(&file), "--bless"]));
    let baseline = suite.join("sjf.baseline.json");
    let loose = read(&baseline).replace("\"worse\": \"higher\"", "\"worse\": \"higher\",\n      \"relative\": 9.0");
    fs::write(&baseline, &loose).unwrap();
    fs::write(&file, scenario("fifo")).unwrap();
    assert!(good(fleetsim(&["check", text(&file)])).starts_with("sjf: passes, schedule moved\n"));
    good(fleetsim(&["check", text(&file), "--bless"]));
    assert!(read(&baseline).contains("\"relative\": 9.0"));
    // From here back to shortest first is better, whatever is allowed.
    fs::write(&file, scenario("sjf")).unwrap();
    good(fleetsim(&["check", text(&file)]));
    fs::write(&baseline, loose.replace("relative", "relativ")).unwrap();
    let damaged = fleetsim(&["check", text(&file)]);
    assert!(
        damaged.status.code() == Some(2) && told(&damaged).contains("unknown field `relativ`"),
        "{}",
        told(&damaged)
    );
}

/// Files that are damaged are recorded anew, with a word about what was lost.
#[test]
fn damaged_baselines_are_blessed_anew() {
    let (_, suite) = suite("check-damaged");
    good(fleetsim(&["check", text(&suite), "--bless"]));
    let recorded = files(&suite);
    for (name, advice, lost) in [
        ("sjf.baseline.json", "or let --bless record it anew", "recorded anew, so what was allowed in it is gone"),
        ("fifo.baseline.csv.gz", "--bless records it anew", "recorded anew\n"),
    ] {
        let damaged = suite.join(name);
        let bytes = fs::read(&damaged).unwrap();
        fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
        let output = fleetsim(&["check", text(&suite)]);
        assert!(output.status.code() == Some(2) && told(&output).contains(advice), "{}", told(&output));
        let output = fleetsim(&["check", text(&suite), "--bless"]);
        assert!(told(&output).contains(name) && told(&output).contains(lost), "{}", told(&output));
        assert_eq!(good(output), "fifo: recorded\nsjf: recorded\n");
        assert!(files(&suite) == recorded);
    }
}

/// What would make a check pass for ever without checking anything is refused.
#[test]
fn baselines_that_check_nothing_are_refused() {
    let (out, suite) = suite("check-faults");
    good(fleetsim(&["check", text(&suite), "--bless"]));
    let baseline = suite.join("sjf.baseline.json");
    let recorded = read(&baseline);
    let refused = |text_of: &str, why: &str| {
        fs::write(&baseline, text_of).unwrap();
        let output = fleetsim(&["check", text(&suite)]);
        assert!(output.status.code() == Some(2) && told(&output).contains(why), "{}", told(&output));
    };
    let mut tree: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    tree["figures"][0]["absolute"] = serde_json::json!(-5.0);
    refused(&tree.to_string(), "expected tolerances of at least 0");
    tree["figures"][0] = serde_json::json!({ "figure": "wait_s.p59", "value": null, "worse": "higher" });
    refused(&tree.to_string(), "there is no figure `wait_s.p59`; did you mean `wait_s.p50`?");
    tree["figures"] = serde_json::json!([]);
    refused(&tree.to_string(), "lists no figure");
    fs::write(&baseline, &recorded).unwrap();
    // Reports that cannot be written are known before anything runs.
    let nowhere = out.join("nowhere/check.xml");
    let output = fleetsim(&["check", text(&suite), "--junit", text(&nowhere)]);
    assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{}", told(&output));
    fs::remove_file(suite.join("sjf.toml")).unwrap();
    refused(&recorded, "is the baseline of a scenario that is gone");
}
