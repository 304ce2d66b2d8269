//! Parquet says what the CSV beside it says: `cargo test --features parquet --test parquet`.

#![cfg(feature = "parquet")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

fn fleetsim(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_fleetsim")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parquet").join(name);
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

/// Every field of the Parquet file is that of the CSV; gives the kinds of its columns in a letter each.
#[track_caller]
fn assert_same(csv: &Path, parquet: &Path) -> String {
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let header = reader.headers().unwrap().clone();
    let file = SerializedFileReader::new(File::open(parquet).unwrap()).unwrap();
    let mut kinds = vec!['-'; header.len()];
    let mut rows = file.get_row_iter(None).unwrap();
    for record in reader.records() {
        let (record, row) = (record.unwrap(), rows.next().expect("as many rows").unwrap());
        assert_eq!(row.len(), header.len());
        for (at, (name, field)) in row.get_column_iter().enumerate() {
            assert_eq!(*name, header[at]);
            let kind = match field {
                Field::Null => {
                    assert!(record[at].is_empty(), "{name}");
                    continue;
                }
                Field::Str(text) => (text == &record[at], 't'),
                Field::ULong(number) => (number.to_string() == record[at], 'w'),
                Field::Double(number) => (record[at].parse() == Ok(*number), 'r'),
                other => panic!("{name} is {other}"),
            };
            assert!(kind.0, "{name}: {field} for {}", &record[at]);
            kinds[at] = kind.1;
        }
    }
    assert!(rows.next().is_none());
    kinds.into_iter().collect()
}

#[test]
fn a_sweep_has_its_table_with_types() {
    let out = folder("sweep");
    let to = out.join("sweep");
    let args = ["--axis", "cluster.pools.h100.nodes=16,20", "--replicates", "2", "--no-report", "--out"];
    fleetsim(&[&["sweep", "scenarios/quickstart.toml"][..], &args, &[to.to_str().unwrap()]].concat());
    let kinds = assert_same(&to.join("results.csv"), &to.join("results.parquet"));
    assert!(kinds.starts_with("twwr") && !kinds[3..].contains(['t', 'w']), "{kinds}");
    // The same bytes again, whenever they are made.
    let first = fs::read(to.join("results.parquet")).unwrap();
    fleetsim(&[&["sweep", "scenarios/quickstart.toml"][..], &args, &[to.to_str().unwrap()]].concat());
    assert!(fs::read(to.join("results.parquet")).unwrap() == first);
}

#[test]
fn jobs_are_exported_with_types() {
    let out = folder("jobs");
    let run = out.to_str().unwrap();
    fleetsim(&["run", "scenarios/pools-and-queues.toml", "--no-report", "--until", "2d", "--out", run]);
    fleetsim(&["report", run, "--export", "parquet"]);
    let kinds = assert_same(&out.join("jobs.csv"), &out.join("export/jobs.parquet"));
    // job_id, tenant, queue, gpus, five times but for the state, pool, nodes, reason, stops.
    assert!(kinds.starts_with("tttwrrrrttw") && kinds.ends_with('w'), "{kinds}");
}
