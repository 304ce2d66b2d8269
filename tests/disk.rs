//! Disks that are full or read-only: a clear error, nothing half-written, and all as ever once there is room.
//!
//! A full disk is a small `tmpfs`, mounted in a name space of the test's own, which takes no rights on most systems.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod folders;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use folders::files;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fleetsim");

/// What `unshare` and `mount` are followed by; `$disk` is the disk, `$out` stays when it is gone. `try NAME ARGUMENTS` runs
/// the program and keeps what it says in `$out/NAME.said` and its exit code in `$out/NAME.code`. `fill` leaves no room.
const SCRIPT: &str = r#"
set -u
mount -t tmpfs -o size=40k fleetsim "$disk" || exit 77
try() {
    name=$1; shift
    code=0; "$program" "$@" > "$out/$name.printed" 2> "$out/$name.said" || code=$?
    echo $code > "$out/$name.code"
}
fill() { cat /dev/zero > "$disk/ballast" 2> /dev/null; }
room() { rm -f "$disk/ballast"; mount -o remount,size=64m "$disk"; }
"#;

/// A folder with the scenario `small.toml`, and what came of a script there; `None` where nothing can be mounted.
fn on_disk(name: &str, script: &str) -> Option<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk").join(name);
    drop(fs::remove_dir_all(&out));
    let disk = out.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let toml = "name = \"small\"\nseed = 7\n[cluster.pools.a]\ngpu = \"h100-sxm\"\nnodes = 4\ngpus_per_node = 8\n\
                [workload.generate]\njobs = 150\nload = 1.2\n[policy.easy-backfill]\n";
    fs::write(out.join("small.toml"), toml).unwrap();
    let ran = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &format!("{SCRIPT}{script}")])
        .envs([("disk", &*disk), ("out", &*out), ("program", Path::new(PROGRAM))])
        .env("RAYON_NUM_THREADS", "2")
        .output();
    let why = match ran {
        Ok(ran) if ran.status.success() => return Some(out),
        // As which `sh` ends here where it can mount nothing, and `unshare` where it can share nothing.
        Ok(ran) if matches!(ran.status.code(), Some(77 | 1)) => String::from_utf8(ran.stderr).unwrap(),
        Ok(ran) => panic!("{}: {}", ran.status, String::from_utf8_lossy(&ran.stderr)),
        Err(error) => error.to_string(),
    };
    eprintln!("skipped: NO FULL DISK CAN BE MADE HERE: {why}");
    None
}

impl Tried {
    /// What a call of the script came to.
    fn of(out: &Path, name: &str) -> Self {
        let read = |end: &str| fs::read_to_string(out.join(format!("{name}.{end}"))).unwrap();
        Tried { code: read("code").trim().parse().unwrap(), printed: read("printed"), said: read("said") }
    }

    #[track_caller]
    fn assert_refused(&self, why: &str) {
        assert_eq!(self.code, 2, "{}", self.said);
        assert!(self.said.starts_with("error: ") || self.said.contains("\nerror: "), "{}", self.said);
        assert!(self.said.contains(why), "{}", self.said);
    }

    #[track_caller]
    fn assert_good(&self) {
        assert_eq!(self.code, 0, "{}", self.said);
    }
}

struct Tried {
    code: i32,
    printed: String,
    said: String,
}

/// No file on its way into its place is left.
#[track_caller]
fn assert_no_halves(folder: &Path) {
    let left: Vec<PathBuf> = files(folder).into_keys().collect();
    assert!(left.iter().all(|file| file.extension().is_none_or(|end| end != "tmp")), "{left:?}");
}

const FULL: &str = "No space left on device";

#[test]
fn a_sweep_on_a_full_disk_goes_on_when_there_is_room() {
    let Some(out) = on_disk(
        "sweep",
        r#"
        sweep() { try "$1" sweep "$out/small.toml" --axis cluster.pools.a.nodes=4,5,6 --replicates 8 --out "$2"; }
        sweep first "$disk/sweep"
        cp -r "$disk/sweep" "$out/full"
        room
        sweep second "$disk/sweep"
        cp -r "$disk/sweep" "$out/resumed"
        sweep whole "$out/whole"
        "#,
    ) else {
        return;
    };
    Tried::of(&out, "first").assert_refused(FULL);
    let full = out.join("full");
    assert_no_halves(&full);
    let runs = fs::read_dir(full.join("runs")).unwrap().count();
    assert!((1..24).contains(&runs) && !full.join("results.csv").exists(), "{runs} runs");
    let second = Tried::of(&out, "second");
    second.assert_good();
    // Whatever is there was believed, so it was whole.
    assert!(second.said.contains(&format!("{runs} run")) && second.said.contains("done before"), "{}", second.said);
    Tried::of(&out, "whole").assert_good();
    assert!(files(&out.join("resumed")) == files(&out.join("whole")));
}

#[test]
fn a_run_on_a_full_disk_is_made_again() {
    let Some(out) = on_disk(
        "run",
        r#"
        try first run "$out/small.toml" --out "$disk/run"
        cp -r "$disk/run" "$out/full"
        room
        try second run "$out/small.toml" --out "$disk/run"
        cp -r "$disk/run" "$out/again"
        try whole run "$out/small.toml" --out "$out/whole"
        "#,
    ) else {
        return;
    };
    Tried::of(&out, "first").assert_refused(FULL);
    assert_no_halves(&out.join("full"));
    let whole = files(&out.join("whole"));
    // What did come into its place is what it should be.
    for (name, bytes) in files(&out.join("full")) {
        assert!(whole.get(&name) == Some(&bytes), "{}", name.display());
    }
    Tried::of(&out, "second").assert_good();
    Tried::of(&out, "whole").assert_good();
    assert!(files(&out.join("again")) == whole);
}

#[test]
fn a_check_on_a_full_disk_keeps_its_baselines_and_tells_its_verdicts() {
    let Some(out) = on_disk(
        "check",
        r#"
        mkdir "$disk/suite"
        cp "$out/small.toml" "$disk/suite"
        try recorded check "$disk/suite" --bless
        cp -r "$disk/suite" "$out/before"
        sed -i 's/nodes = 4/nodes = 3/' "$disk/suite/small.toml"
        fill
        try blessed check "$disk/suite" --bless
        cp -r "$disk/suite" "$out/after"
        room
        try worse check "$disk/suite"
        try again check "$disk/suite" --bless
        try passes check "$disk/suite" --junit "$disk/check.xml"
        fill
        try unwritten check "$disk/suite" --junit "$disk/check.xml"
        cp "$disk/check.xml" "$out"
        "#,
    ) else {
        return;
    };
    Tried::of(&out, "recorded").assert_good();
    Tried::of(&out, "blessed").assert_refused(FULL);
    let (before, after) = (files(&out.join("before")), files(&out.join("after")));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, bytes) in &before {
        assert!(name.ends_with("small.toml") || after[name] == *bytes, "{}", name.display());
    }
    assert_eq!(Tried::of(&out, "worse").code, 1);
    Tried::of(&out, "again").assert_good();
    Tried::of(&out, "passes").assert_good();
    let unwritten = Tried::of(&out, "unwritten");
    unwritten.assert_refused(FULL);
    assert_eq!(unwritten.printed, "small: passes\n");
    assert!(fs::read_to_string(out.join("check.xml")).unwrap().ends_with("</testsuites>\n"));
}

#[test]
fn a_read_only_disk_is_told_before_anything_runs() {
    let Some(out) = on_disk(
        "read-only",
        r#"
        mkdir "$disk/there"
        mount -o remount,ro "$disk"
        try run run "$out/small.toml" --out "$disk/run"
        try there run "$out/small.toml" --out "$disk/there"
        try sweep sweep "$out/small.toml" --axis policy=fifo,sjf --out "$disk/there"
        try compare compare "$out/small.toml" --policies fifo,sjf --out "$disk/there"
        "#,
    ) else {
        return;
    };
    for name in ["run", "there", "sweep", "compare"] {
        let tried = Tried::of(&out, name);
        tried.assert_refused("Read-only file system");
        assert!(tried.printed.is_empty(), "{}", tried.printed);
    }
}
