//! Wrong traces, each with the whole text of its errors.
//!
//! A case is a file under `tests/bad/traces`; the snapshot shows case after case.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fleetsim::trace::native::{ReadOptions, read};

const FOLDER: &str = "tests/bad/traces";

#[test]
fn wrong_traces_are_told_in_full() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.extend([PathBuf::from(FOLDER), PathBuf::from("tests/bad/no-such-file.csv")]);
    assert!(paths.len() >= 55, "{} cases", paths.len());
    let mut text = String::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let problems = match read(path, &ReadOptions::default()) {
            Ok(trace) => panic!("{} was read: {} jobs", path.display(), trace.table.len()),
            Err(problems) => problems,
        };
        writeln!(text, "== {name}\n{problems}\n").unwrap();
    }
    insta::assert_snapshot!(text);
}

/// Whatever is cut, doubled or overwritten in a good trace, reading answers.
#[test]
fn damaged_traces_never_panic() {
    use rand::RngExt;
    let mut random = fleetsim::units::rng::stream(2, "damage");
    let good: Vec<u8> = std::fs::read("traces/quickstart.csv").unwrap().into_iter().take(2000).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("damaged.csv");
    for _ in 0..1000 {
        let mut bytes = good.clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..bytes.len());
            let until = random.random_range(at..(at + 40).min(bytes.len()));
            match random.random_range(0..4) {
                0 => drop(bytes.drain(at..until)),
                1 => bytes.splice(at..at, bytes[at..until].to_vec()).for_each(drop),
                2 => bytes[at] = b"\n\r,\"'.-e;\t"[random.random_range(0..10)],
                _ => bytes[at] = random.random(),
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        let _ = read(&path, &ReadOptions::default());
    }
}
