//! Wrong scenarios and wrong arguments, each with the whole text of its errors.
//!
//! A case is a file under `tests/bad/scenarios`, or a line of arguments here; both snapshots show case after case.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fleetsim::scenario::{Overrides, load, of_bytes};
use fleetsim::units::rng;
use rand::RngExt;

const FOLDER: &str = "tests/bad/scenarios";

/// The text of the errors of a scenario that must not load.
fn errors(path: &Path, overrides: &Overrides) -> String {
    match load(path, overrides) {
        Ok(scenario) => panic!("{} was read: {scenario:?}", path.display()),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn wrong_files_are_told_in_full() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.push(FOLDER.into());
    paths.push("tests/bad/no-such-file.toml".into());
    assert!(paths.len() >= 80, "{} cases", paths.len());
    let mut text = String::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        writeln!(text, "== {name}\n{}\n", errors(path, &Overrides::default())).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// Overrides from `--set a=1`, `--policy x`, `--until 1d`, each argument on its own.
fn overrides(arguments: &[&str]) -> Overrides {
    let mut overrides = Overrides::default();
    for argument in arguments {
        let (option, value) = argument.split_once(' ').unwrap_or((argument, ""));
        match option {
            "--set" => overrides.set.push(value.to_owned()),
            "--policy" => overrides.policy = Some(value.to_owned()),
            "--until" => overrides.until = Some(value.to_owned()),
            "--unset" => overrides.unset.push(value.to_owned()),
            "--trace" => overrides.trace = Some(value.into()),
            _ => panic!("{option}"),
        }
    }
    overrides
}

#[test]
fn wrong_arguments_are_told_in_full() {
    let cases: &[&[&str]] = &[
        &["--set cluster.pools.h100.nodes"],
        &["--set =3"],
        &["--set cluster..nodes=3"],
        &["--set cluster.pools.h100.node=3"],
        &["--set cluster.pools.h10.nodes=3"],
        &["--set cluster.pools.h100.nodes=many"],
        &["--set cluster.pools.h100.nodes=-3"],
        &["--set cluster.pools.h100.gpus_per_node=8 9"],
        &["--unset cluster.pools.h100.price_"],
        &["--unset cluster.pools.h100.nodes"],
        &["--unset physics.failures"],
        &["--unset name.first"],
        &["--unset "],
        &["--set cluster.pools.h100.island=5"],
        &["--set cluster.pools.h100.price=cheap"],
        &["--set cluster.pools.h100=3"],
        &["--set cluster.gpus.h101-sxm.price=2"],
        &["--set cluster.storage.ceph.read=20GB/s"],
        &["--set workload=jobs.csv"],
        &["--set measure.warmup=30"],
        &["--set seed=1.5"],
        &["--set name=7"],
        &["--set policy=lifo"],
        &["--set policy.easy-backfill.skip=true"],
        &["--set variant=[]"],
        &["--set cluster.pools.h100.queues=[\"a\", \"a\"]"],
        &["--policy lottery"],
        &["--until tomorrow"],
        &["--until 0s"],
        &["--trace "],
        &["--policy sjf", "--set policy.sjf.skip=1", "--set sed=1", "--until 3"],
    ];
    let mut text = String::new();
    for case in cases {
        let path = Path::new("scenarios/quickstart.toml");
        writeln!(text, "== {}\n{}\n", case.join(" "), errors(path, &overrides(case))).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// Cuts, doubled pieces and strange bytes anywhere in good files: whatever they make, reading answers.
#[test]
fn damaged_files_never_panic() {
    let mut random = rng::stream(1, "damage");
    for name in ["quickstart", "nvl72", "owned", "pools-and-queues"] {
        let good = std::fs::read(format!("scenarios/{name}.toml")).unwrap();
        for _ in 0..1500 {
            let mut bytes = good.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..bytes.len());
                let until = random.random_range(at..(at + 40).min(bytes.len()));
                match random.random_range(0..4) {
                    0 => drop(bytes.drain(at..until)),
                    1 => bytes.splice(at..at, bytes[at..until].to_vec()).for_each(drop),
                    2 => bytes[at] = b"\n[]{}=\"'.,-0e#_\\"[random.random_range(0..16)],
                    _ => bytes[at] = random.random(),
                }
            }
            let _ = of_bytes(&bytes, Path::new("damaged.toml"), &Overrides::default());
        }
    }
}

#[test]
fn deep_nesting_is_refused_or_read_but_never_overflows() {
    let deep = [
        format!("a{} = 1", ".a".repeat(50_000)),
        format!("[a{}]", ".a".repeat(50_000)),
        format!("a = {}", "[".repeat(50_000)),
        format!("a = {}", "{a = ".repeat(50_000)),
    ];
    for text in deep {
        assert!(of_bytes(text.as_bytes(), Path::new("deep.toml"), &Overrides::default()).is_err());
    }
}
