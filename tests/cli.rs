//! The program as a user meets it: exit codes, what it prints, what it writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a call gave back.
struct Called {
    code: i32,
    out: String,
    err: String,
}

fn fleetsim_on(threads: &str, args: &[&str]) -> Called {
    let output = Command::new(env!("CARGO_BIN_EXE_fleetsim"))
        .args(args)
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Called { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn fleetsim(args: &[&str]) -> Called {
    fleetsim_on("2", args)
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    drop(std::fs::remove_dir_all(&path));
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// All files below a folder by their path in it.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("it can be listed").flatten() {
            match entry.file_type().expect("it has a type").is_dir() {
                true => open.push(entry.path()),
                false => {
                    let name = entry.path().strip_prefix(root).expect("it lies below").to_owned();
                    found.insert(name, std::fs::read(entry.path()).expect("it can be read"));
                }
            }
        }
    }
    found
}

const RUN_FILES: [&str; 6] =
    ["jobs.csv", "ledger.csv", "ledger_tenants.csv", "manifest.json", "series.csv", "summary.json"];

/// The names of the project's scenarios.
fn scenarios() -> Vec<String> {
    let files = std::fs::read_dir("scenarios").expect("it is there").map(|entry| entry.expect("it is read").path());
    let toml = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<String> =
        toml.map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every scenario of the project under every policy: the same bytes again, on one thread or several.
#[test]
fn outputs_do_not_depend_on_threads_or_repetition() {
    let scenarios = scenarios();
    for policy in fleetsim::sched::policies() {
        for scenario in &scenarios {
            let file = format!("scenarios/{scenario}.toml");
            let write = |threads: &str| {
                let out = folder(&format!("same/{scenario}-{}-{threads}", policy.name));
                let args = ["run", &file, "--policy", policy.name, "--no-report", "--out", text(&out)];
                let called = fleetsim_on(threads, &args);
                assert_eq!(called.code, 0, "{scenario} {}: {}", policy.name, called.err);
                (called.out.replace(text(&out), "OUT"), files(&out))
            };
            let (printed, written) = write("1");
            let names = written.keys().map(|path| path.to_string_lossy());
            assert_eq!(names.filter(|name| name != "storage.csv").collect::<Vec<_>>(), RUN_FILES);
            assert!((printed, written) == write("4"), "{scenario} {}", policy.name);
        }
    }
}

/// The sample report is what the first command of README writes, and README shows what it prints.
#[test]
fn readme_shows_what_the_first_command_prints() {
    let out = folder("readme");
    let called = fleetsim(&["run", "scenarios/quickstart.toml", "--out", text(&out)]);
    assert_eq!((called.code, called.err.as_str()), (0, ""));
    let readme = std::fs::read_to_string("README.md").expect("there is a README");
    let printed = called.out.replace(text(&out), "reports/quickstart");
    let shown = printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(readme.contains(&shown), "README.md does not show this:\n{shown}");
    for name in ["summary.json", "ledger.csv"] {
        let sample = std::fs::read(Path::new("reports/quickstart").join(name)).expect("the sample is there");
        assert!(sample == files(&out)[Path::new(name)], "reports/quickstart/{name} is old");
    }
}

/// Nothing is written where the input is wrong, and the exit code is 2.
#[test]
fn wrong_input_writes_nothing() {
    let cases: [&[&str]; 8] = [
        &["run", "scenarios/no-such.toml"],
        &["run", "tests/bad/scenarios/unknown-key-pool.toml"],
        &["run", "scenarios/quickstart.toml", "--trace", "tests/bad/traces/duplicate-id.csv"],
        &["run", "scenarios/quickstart.toml", "--policy", "lottery"],
        &["run", "scenarios/quickstart.toml", "--set", "cluster.pools.h100.node=3"],
        &["run", "scenarios/quickstart.toml", "--until", "never"],
        &["run", "scenarios/quickstart.toml", "--seed", "-1"],
        &["trace", "import", "--from", "csv", "tests/bad/traces/semicolons.csv"],
    ];
    for case in cases {
        let out = folder("wrong");
        let called = fleetsim(&[case, &["--out", text(&out)]].concat());
        assert_eq!(called.code, 2, "{case:?}: {}", called.err);
        assert!(called.err.starts_with("error: "), "{case:?}: {}", called.err);
        assert!(called.out.is_empty() && !out.exists(), "{case:?}");
    }
}

/// A GPU type that nobody knows is a slip of the hand, also among others that are known; one that no pool has is none.
#[test]
fn unknown_gpu_types_of_a_trace_are_told_with_their_place() {
    let out = folder("strange-types");
    std::fs::create_dir_all(&out).expect("it can be made");
    let (trace, own) = (out.join("t.csv"), out.join("own.toml"));
    let rows = "job_id,submit_s,duration_s,gpus,gpu_type\na,0,1,1,\nb,0,1,1,h100-sxm|h100-smx\nc,0,1,1,h100-smx\n\
                d,0,1,1,a100-80\ne,0,1,1,next\n";
    std::fs::write(&trace, rows).expect("it can be written");
    let run = |args: &[&str]| {
        let out = out.join("run");
        fleetsim(&[&["run"], args, &["--no-report", "--out", text(&out)]].concat())
    };
    let called = run(&["scenarios/quickstart.toml", "--trace", text(&trace)]);
    let place = |line: u32| format!("error: {}:{line}:9: `gpu_type`: unknown GPU type", text(&trace));
    let smx = format!("{} `h100-smx`; did you mean `h100-sxm`? (or define [cluster.gpus.h100-smx])\n", place(3));
    assert_eq!(called.code, 2);
    assert!(called.err.contains(&smx) && called.err.contains(&format!("{} `next`", place(6))), "{}", called.err);
    assert_eq!(called.err.lines().count(), 2, "{}", called.err);

    // Of the scenario's own types, those that no pool has are known too, also to whoever makes the run again.
    let quickstart = std::fs::read_to_string("scenarios/quickstart.toml").expect("it is there");
    let quickstart = quickstart.replace("../traces/quickstart.csv", "t.csv");
    std::fs::write(&own, format!("{quickstart}\n[cluster.gpus.h100-smx]\n[cluster.gpus.next]\n"))
        .expect("it can be written");
    let called = run(&[text(&own)]);
    assert_eq!((called.code, called.out.contains("3 rejected")), (0, true), "{}{}", called.err, called.out);
    let called = fleetsim(&["explain", text(&out.join("run")), "b"]);
    assert_eq!(called.code, 0, "{}", called.err);

    let called = fleetsim(&["trace", "validate", text(&trace)]);
    assert!(called.err.contains("gpu_type: `h100-smx`, `next` are not in the catalog"), "{}", called.err);
    let fitted = out.join("fitted.toml");
    assert_eq!(fleetsim(&["init", "--from-trace", text(&trace), "--out", text(&fitted)]).code, 0);
    let called = run(&[text(&fitted)]);
    assert_eq!(called.code, 0, "{}", called.err);
}

/// A trace that is not there is told with what names it.
#[test]
fn a_missing_trace_is_told_with_the_line_that_names_it() {
    let out = folder("missing-trace");
    std::fs::create_dir_all(&out).expect("it can be made");
    let scenario = out.join("s.toml");
    let rest = "[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 8\n[policy.fifo]\n";
    std::fs::write(&scenario, format!("[workload]\ntrace = \"t.csv\"\n{rest}")).expect("it can be written");
    let missing = out.join("t.csv");
    let told = |by: &str| format!("error: {}: does not exist (named by {by})\n", text(&missing));
    let called = fleetsim(&["run", text(&scenario)]);
    assert_eq!((called.code, called.err), (2, told(&format!("{}:2:9", text(&scenario)))));
    let called = fleetsim(&["run", text(&scenario), "--trace", text(&missing)]);
    assert_eq!((called.code, called.err), (2, told("--trace")));
}

/// A value that begins with a minus is told of by what is wrong with it, not by the shell's rules for options.
#[test]
fn values_with_a_minus_are_told_as_values() {
    for (option, value, told) in [
        ("--until", "-3", "\"-3\" is negative"),
        ("--until", "-3d", "\"-3\" is negative"),
        ("--set", "-name=x", "unknown key `-name`"),
    ] {
        let called = fleetsim(&["run", "scenarios/quickstart.toml", option, value]);
        assert!(called.code == 2 && called.err.contains(told), "{option} {value}: {}", called.err);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let blocked = folder("blocked");
    std::fs::write(&blocked, "a file").expect("it can be written");
    let blocked = blocked.join("run");
    // Not even root writes into /proc.
    let places: &[(&str, &str)] = match cfg!(target_os = "linux") {
        true => &[(text(&blocked), "cannot be made"), ("/proc", "cannot be written into")],
        false => &[(text(&blocked), "cannot be made")],
    };
    // It is told before the first run, after which a plan would know that there is no such figure.
    let plan = ["plan", "--vary", "policy=fifo,sjf", "--slo", "wait_s.p59<=1h"];
    for (place, why) in places {
        for command in [&["run"][..], &["compare", "--policies", "fifo,sjf"], &plan] {
            let called = fleetsim(&[command, &["scenarios/generated.toml", "--out", place]].concat());
            assert_eq!((called.code, called.out.as_str()), (2, ""), "{command:?} {place}");
            assert!(called.err.contains(why), "{}", called.err);
        }
    }
}

/// Two nodes of four GPUs. When r1 and r2 end at 5 s, `a` (two tasks of four) takes the second node and `b` (four tasks
/// of two), which holds half of the first, its other half: each lacks what the other holds. That is a result: it is
/// reported with its cost, and the run ends in good order.
#[test]
fn a_deadlock_ends_in_good_order() {
    let folder = folder("deadlock");
    std::fs::create_dir_all(&folder).expect("it can be made");
    let trace = "job_id,submit_s,duration_s,gpus,tasks\nr1,0,5,2,1\nr2,0,5,4,1\na,1,10,8,2\nb,1,10,8,4\n";
    std::fs::write(folder.join("t.csv"), trace).expect("it can be written");
    let scenario = "name = \"k1\"\n[cluster.pools.v100]\ngpu = \"v100\"\nnodes = 2\ngpus_per_node = 4\n\
                    [workload]\ntrace = \"t.csv\"\n[policy.pods]\n";
    let path = folder.join("k1.toml");
    std::fs::write(&path, scenario).expect("it can be written");
    let out = folder.join("out");
    let pods = fleetsim(&["run", text(&path), "--out", text(&out)]);
    assert_eq!(pods.code, 0, "{}", pods.err);
    let told = "DEADLOCK at 5 s of the trace: 2 jobs hold 8 GPUs and can never start; it costs $6.32 an hour";
    assert!(pods.out.contains(told), "{}", pods.out);
    let summary = String::from_utf8(files(&out)[Path::new("summary.json")].clone()).expect("it is UTF-8");
    assert!(summary.contains("\"deadlock\""), "{summary}");
    let easy = fleetsim(&["run", text(&path), "--policy", "easy-backfill", "--out", text(&out)]);
    assert!(easy.code == 0 && !easy.out.contains("DEADLOCK"), "{}", easy.out);
}

#[test]
fn the_commands_of_the_catalog_answer() {
    for args in [&["catalog"][..], &["schema"], &["completions", "bash"], &["catalog", "formats"]] {
        let called = fleetsim(args);
        assert!(called.code == 0 && called.out.len() > 200, "{args:?}: {}", called.err);
    }
    for args in [&[][..], &["frobnicate"], &["run"], &["trace"]] {
        assert_eq!(fleetsim(args).code, 2, "{args:?}");
    }
    for args in [&["--help"][..], &["run", "--help"], &["trace", "generate", "--help"], &["trace", "import", "--help"]]
    {
        let called = fleetsim(args);
        assert!(called.code == 0 && (args.len() == 1 || called.out.contains("Example: ")), "{args:?}");
    }
}

#[test]
fn stats_and_validate_describe_a_trace() {
    let stats = fleetsim(&["trace", "stats", "traces/quickstart.csv", "--scenario", "scenarios/quickstart.toml"]);
    assert_eq!(stats.code, 0, "{}", stats.err);
    insta::assert_snapshot!(stats.out);
    let valid = fleetsim(&["trace", "validate", "traces/quickstart.csv"]);
    assert_eq!((valid.code, valid.out.as_str()), (0, "traces/quickstart.csv: 2,000 jobs, nothing wrong\n"));
}

/// The command that `traces/README.md` tells makes the file that stands beside it.
#[test]
fn the_command_of_the_trace_readme_makes_the_trace() {
    let readme = std::fs::read_to_string("traces/README.md").expect("there is one");
    let command = readme.split("```sh\n").nth(1).and_then(|rest| rest.split("\n```").next()).expect("it has a command");
    let out = folder("generated").with_extension("csv");
    let command = command.replace("\\\n", " ").replace("traces/quickstart.csv", text(&out));
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let called = fleetsim(&words);
    assert_eq!(called.code, 0, "{}", called.err);
    let made = std::fs::read(&out).expect("it was written");
    assert!(made == std::fs::read("traces/quickstart.csv").expect("it is there"));
}
