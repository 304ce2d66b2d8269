//! Exports: what other programs would read in them agrees with the run, and what SWF can hold comes back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
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

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports").join(name);
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

/// A run of a scenario with all exports; the run folder, and what was told of the exports.
fn exported(name: &str, scenario: &str, policy: &str) -> (PathBuf, String) {
    let run = folder(name).join("run");
    good(fleetsim(&["run", scenario, "--policy", policy, "--no-report", "--out", text(&run)]));
    let formats = ["batsim", "swf", "chrome", "openmetrics"].map(|format| ["--export", format]).concat();
    let output = fleetsim(&[&["report", text(&run)], formats.as_slice()].concat());
    let notices = told(&output);
    let said = good(output);
    for file in ["batsim_jobs.csv", "batsim_schedule.csv", "jobs.swf", "trace.json", "metrics.prom"] {
        assert!(said.contains(text(&run.join("export").join(file))), "{said}");
    }
    (run, notices)
}

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn close(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{what}: {a} {b}");
}

/// The GPUs of a row of Batsim's jobs.
fn resources(row: &Row) -> Vec<u64> {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse::<u64>().unwrap()..=last.parse::<u64>().unwrap()
    };
    row["allocated_resources"].split_whitespace().flat_map(part).collect()
}

/// No GPU has two jobs at a time; GPU-time and queue times are those of the summary. Also with failing nodes and
/// preemption, where jobs have several rows.
#[test]
fn batsim_rows_are_the_schedule() {
    for (name, scenario, policy) in [
        ("quickstart", "scenarios/quickstart.toml", "easy-backfill"),
        ("failing", "scenarios/failures.toml", "priority-preempt"),
        ("pools", "scenarios/pools-and-queues.toml", "conservative-backfill"),
    ] {
        let (run, notices) = exported(&format!("batsim-{name}"), scenario, policy);
        let summary = json(&run.join("summary.json"));
        let rows = rows(&run.join("export/batsim_jobs.csv"));
        let mut last_end: HashMap<u64, f64> = HashMap::new();
        let mut gpu_seconds = 0.0;
        for row in &rows {
            let (start, end) = (number(&row["starting_time"]), number(&row["finish_time"]));
            close(number(&row["execution_time"]), end - start, "execution_time");
            close(number(&row["waiting_time"]), start - number(&row["submission_time"]), "waiting_time");
            let gpus = resources(row);
            assert_eq!(gpus.len().to_string(), row["requested_number_of_resources"]);
            gpu_seconds += gpus.len() as f64 * (end - start);
            for gpu in gpus {
                let before = last_end.insert(gpu, end).unwrap_or(0.0);
                assert!(before <= start, "{name}: GPU {gpu} has two jobs at {start} s");
            }
        }
        let capacity = summary["capacity_gpu_s"].as_f64().unwrap();
        close(gpu_seconds / capacity, summary["utilization"]["allocated"].as_f64().unwrap(), "allocated");
        let first: Vec<&Row> = rows.iter().filter(|row| !row["job_id"].contains('#')).collect();
        let mean = first.iter().map(|row| number(&row["waiting_time"])).sum::<f64>() / first.len() as f64;
        close(mean, summary["wait_s"]["mean"].as_f64().unwrap(), "mean queue time");
        assert_eq!(first.len() as u64, summary["jobs"]["submitted"].as_u64().unwrap(), "{name}");
        assert_eq!(notices.contains("of jobs that had run before"), name == "failing", "{notices}");
    }
}

/// Slices of a track never overlap, and job by job they are as long as the job ran on its nodes. Seats of GPUs that jobs
/// share have tracks of their own.
#[test]
fn chrome_slices_are_the_schedule() {
    check_chrome("chrome", "scenarios/failures.toml", "priority-preempt");
    let trace = check_chrome("chrome-sharing", "scenarios/sharing.toml", "best-effort-fifo");
    assert!(trace.contains(", seat 2\"") && trace.contains(", seat 4\""), "no GPU is shared");
}

fn check_chrome(name: &str, scenario: &str, policy: &str) -> String {
    let (run, _) = exported(name, scenario, policy);
    let events = json(&run.join("export/trace.json"));
    let mut slices: Vec<&serde_json::Value> =
        events["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X").collect();
    slices.sort_by_key(|slice| slice["ts"].as_u64().unwrap());
    let mut last_end = HashMap::new();
    let mut gpu_micros: HashMap<String, u64> = HashMap::new();
    for slice in slices {
        let (from, length) = (slice["ts"].as_u64().unwrap(), slice["dur"].as_u64().unwrap());
        let track = (slice["pid"].as_u64(), slice["tid"].as_u64());
        assert!(last_end.insert(track, from + length).unwrap_or(0) <= from, "{slice}");
        let gpus = slice["args"]["gpus on this node"].as_u64().unwrap();
        *gpu_micros.entry(slice["name"].as_str().unwrap().to_owned()).or_default() += gpus * length;
    }
    for row in rows(&run.join("jobs.csv")).iter().filter(|row| row["stops"] == "0") {
        let expected = number(&row["gpus"]) * (number(&row["end_s"]) - number(&row["start_s"]));
        close(gpu_micros[&row["job_id"]] as f64 / 1e6, expected, &row["job_id"]);
    }
    let counters = events["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "C").count();
    assert!(counters > 100, "{counters}");
    fs::read_to_string(run.join("export/trace.json")).unwrap()
}

/// Jobs that share a GPU are seen on the same one, never more of them than it can hold: at most 1000 thousandths by MPS, at
/// most seven instances by MIG; and whole GPUs are never those that others share.
#[test]
fn seats_lie_on_gpus_that_can_hold_them() {
    let (run, _) = exported("seats", "scenarios/sharing.toml", "best-effort-fifo");
    let asked: HashMap<String, u64> = rows(Path::new("traces/sharing.csv"))
        .into_iter()
        .map(|row| {
            let milli = if row["mig"].is_empty() { row["gpu_milli"].parse().unwrap_or(1000) } else { 0 };
            (row["job_id"].clone(), milli)
        })
        .collect();
    // By GPU: what begins and ends on it, ends first.
    let mut changes: BTreeMap<u64, Vec<(f64, i64, i64)>> = BTreeMap::new();
    for row in rows(&run.join("export/batsim_jobs.csv")) {
        let milli = asked[&row["job_id"]] as i64;
        for gpu in resources(&row) {
            let of_gpu = changes.entry(gpu).or_default();
            of_gpu.push((number(&row["starting_time"]), 1, milli));
            of_gpu.push((number(&row["finish_time"]), -1, -milli));
        }
    }
    let mut most_together = 0;
    for (gpu, mut changes) in changes {
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (mut jobs, mut milli) = (0, 0);
        for (at, count, share) in changes {
            (jobs, milli) = (jobs + count, milli + share);
            // Four nodes of eight A100s under MIG come first, then four of four L40S under MPS with four shares at most.
            assert!(jobs <= if gpu < 32 { 7 } else { 4 }, "{jobs} jobs on GPU {gpu} at {at} s");
            assert!(gpu < 32 || milli <= 1000, "{milli} thousandths of GPU {gpu} at {at} s");
            most_together = most_together.max(jobs);
        }
    }
    assert!(most_together >= 4, "{most_together}");
}

/// Every sample is a figure of the summary; families are declared before their samples and stand together.
#[test]
fn openmetrics_are_the_summary() {
    let (run, _) = exported("openmetrics", "scenarios/pools-and-queues.toml", "fifo");
    let metrics = fs::read_to_string(run.join("export/metrics.prom")).unwrap();
    assert!(metrics.ends_with("\n# EOF\n"));
    let summary = json(&run.join("summary.json"));
    let mut family = String::new();
    let mut seen = std::collections::BTreeSet::new();
    for line in metrics.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            family = declared.strip_suffix(" gauge").unwrap().to_owned();
            assert!(seen.insert(family.clone()), "{family} twice");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(&format!("{family}{{scenario=\"")), "{line}");
            number(line.rsplit(' ').next().unwrap());
        }
    }
    let sample = |name: &str, label: &str| {
        let matches = |line: &&str| line.starts_with(&format!("fleetsim_{name}{{")) && line.contains(label);
        metrics.lines().find(matches).and_then(|line| line.rsplit(' ').next()).unwrap().to_owned()
    };
    assert_eq!(sample("jobs", "state=\"finished\""), summary["jobs"]["finished"].to_string());
    close(
        number(&sample("queue_time_seconds", "statistic=\"p95\"")),
        summary["wait_s"]["p95"].as_f64().unwrap(),
        "p95",
    );
    let leaf = number(&sample("ledger_gpu_seconds", "leaf=\"useful\""));
    close(leaf, summary["ledger"]["useful"].as_f64().unwrap(), "useful");
    close(number(&sample("cost_usd", "")), summary["cost"]["total_usd"].as_f64().unwrap(), "cost");
}

/// A trace to SWF and back: the same jobs, with users and queues by number.
#[test]
fn swf_comes_back() {
    let folder = folder("swf");
    let trace = "job_id,submit_s,duration_s,gpus,tenant,queue,walltime_s,recorded_start_s,state\n\
                 7,0,10,4,red,long,20,1,completed\n3,2.5,10.25,2,blue,,,2.5,failed\n12,3,6,1,red,short,7,,cancelled\n\
                 9,4,5,0,red,,,,\n";
    let (csv, swf, back) = (folder.join("t.csv"), folder.join("t.swf"), folder.join("back"));
    fs::write(&csv, trace).unwrap();
    let output = fleetsim(&["trace", "convert", text(&csv), text(&swf), "--to", "swf"]);
    let notices = told(&output);
    good(output);
    assert!(notices.contains("1 job without GPUs left out") && notices.contains("2 times not in whole"), "{notices}");
    let args = ["trace", "import", "--from", "swf", text(&swf), "--out", text(&back), "--option", "queue=queue"];
    good(fleetsim(&args));
    let plain = folder.join("back.csv");
    good(fleetsim(&["trace", "convert", text(&back.join("trace.csv.gz")), text(&plain)]));
    let jobs = rows(&plain);
    let fields =
        ["job_id", "submit_s", "duration_s", "gpus", "tenant", "queue", "walltime_s", "recorded_start_s", "state"];
    let found: Vec<String> = jobs.iter().map(|row| fields.map(|field| row[field].as_str()).join(",")).collect();
    assert_eq!(
        found,
        ["7,0,10,4,u1,q1,20,1,completed", "3,2.5,10.25,2,u2,,,2.5,failed", "12,3,6,1,u1,q2,7,,cancelled"]
    );
}

/// A run to SWF and back: its jobs, with their simulated starts as the recorded ones.
#[test]
fn the_swf_of_a_run_comes_back() {
    let (run, _) = exported("swf-run", "scenarios/quickstart.toml", "easy-backfill");
    let back = run.join("back");
    let swf = run.join("export/jobs.swf");
    good(fleetsim(&["trace", "import", "--from", "swf", text(&swf), "--out", text(&back)]));
    let plain = run.join("back.csv");
    good(fleetsim(&["trace", "convert", text(&back.join("trace.csv.gz")), text(&plain)]));
    let (jobs, back) = (rows(&run.join("jobs.csv")), rows(&plain));
    assert_eq!(jobs.len(), back.len());
    let origin = number(&jobs[0]["submit_s"]);
    for (job, back) in jobs.iter().zip(&back) {
        assert_eq!((&job["job_id"], &job["gpus"]), (&back["job_id"], &back["gpus"]));
        close(number(&back["submit_s"]) + origin, number(&job["submit_s"]), "submit_s");
        close(number(&back["recorded_start_s"]) + origin, number(&job["start_s"]), "start_s");
        close(number(&back["duration_s"]), number(&job["end_s"]) - number(&job["start_s"]), "duration_s");
    }
    // The scenario has the machine of the header.
    let scenario = fs::read_to_string(run.join("back/scenario.toml")).unwrap();
    assert!(scenario.contains("nodes = 16") && scenario.contains("gpus_per_node = 8"), "{scenario}");
}

#[test]
fn what_cannot_be_exported_is_told() {
    let folder = folder("wrong");
    let wrong = |args: &[&str], expected: &str| {
        let output = fleetsim(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(told(&output).contains(expected), "{args:?}: {}", told(&output));
    };
    let out = folder.join("t.swf");
    wrong(
        &["report", text(&folder), "--export", "batsin"],
        "--export: unknown format \"batsin\"; did you mean `batsim`?",
    );
    wrong(&["report", text(&folder), "--export", "batsim"], "manifest.json: is missing");
    wrong(&["trace", "convert", "traces/quickstart.csv", text(&out), "--to", "chrome"], "expected one of `swf`");
    assert!(!out.exists());
}

/// Columns of the owner's are not kept by the writer, which says so.
#[test]
fn foreign_columns_are_told() {
    let folder = folder("foreign");
    let (csv, to) = (folder.join("t.csv"), folder.join("to.csv"));
    fs::write(&csv, "job_id,x_color,submit_s,duration_s,gpus,x_note\na,red,0,10,1,hm\n").unwrap();
    let output = fleetsim(&["trace", "convert", text(&csv), text(&to)]);
    assert_eq!(told(&output), "note: 2 columns of your own left out: x_color, x_note\n");
    good(output);
    assert_eq!(fs::read_to_string(&to).unwrap(), "job_id,submit_s,duration_s,gpus\na,0,10,1\n");
}

/// evalys (from PyPI) reads the rows and comes to our figures.
#[test]
fn evalys_agrees() {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evalys/bin/python");
    if !python.exists() {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evalys");
        let install = |program: &Path, args: &[&str]| Command::new(program).args(args).output();
        let made = install(Path::new("python3"), &["-m", "venv", text(&venv)]);
        let installed = install(&python, &["-m", "pip", "install", "--quiet", "evalys==4.0.7"]);
        if !made.is_ok_and(|o| o.status.success()) || !installed.as_ref().is_ok_and(|o| o.status.success()) {
            let why = installed.map_or_else(|e| e.to_string(), |o| told(&o));
            drop(fs::remove_dir_all(&venv));
            eprintln!("SKIPPED: evalys cannot be installed from PyPI, so no other program read the export: {why}");
            return;
        }
    }
    for (name, scenario, policy) in [
        ("one", "scenarios/quickstart.toml", "easy-backfill"),
        ("several", "scenarios/failures.toml", "priority-preempt"),
    ] {
        let (run, _) = exported(&format!("evalys-{name}"), scenario, policy);
        let output = Command::new(&python).arg("tests/check_evalys.py").arg(&run).output().unwrap();
        assert!(output.status.success(), "{name}: {}", told(&output));
    }
}
