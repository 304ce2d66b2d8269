//! The native trace: what is written reads back as it was, whatever the compression.

use std::num::NonZeroU32;
use std::path::PathBuf;

use fleetsim::trace::native::{self, Column, ReadOptions, Trace};
use fleetsim::trace::{JobRow, JobSpec, JobTable, RecordedState, Topology};
use fleetsim::units::hash::Fingerprint;
use fleetsim::units::{MigName, MilliGpu, Span, Time};
use proptest::prelude::*;

/// A path of this test's own.
fn place(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("native_trace");
    std::fs::create_dir_all(&folder).expect("the test's folder can be made");
    folder.join(name)
}

fn read_text(name: &str, text: impl AsRef<[u8]>) -> Trace {
    let path = place(name);
    std::fs::write(&path, text).expect("the test's file can be written");
    native::read(&path, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn rows_of(table: &JobTable) -> Vec<JobRow> {
    table.ids().map(|job| table.row(job)).collect()
}

prop_compose! {
    fn texts()(tenant in "[a-z]{0,3}", queue in "[ -~é]{0,6}", dataset in proptest::option::of("[a-z,\"\n]{1,8}"),
               comm in proptest::option::of("[a-z-]{1,9}"), mig in proptest::option::of(proptest::sample::select(vec!["1g.5gb+me", "1g.10gb", "7g.278gb"])),
               gpu_types in proptest::collection::vec("[a-z0-9-]{1,8}", 0..3))
              -> JobSpec {
        let mig = mig.and_then(MigName::parse);
        JobSpec { tenant, queue, dataset, comm, mig, gpu_types, ..JobSpec::default() }
    }
}

prop_compose! {
    fn numbers()(tasks in proptest::option::of(1u32..9), per_task in 0u32..9, min in any::<bool>(), max in 0u32..9,
                 share in proptest::option::of(1u64..=1000), cpu_milli in 0u64..100_000, mem_bytes in any::<u32>(),
                 priority in any::<i64>(), topology in 0usize..7, ppm in proptest::option::of(0u32..=1_000_000),
                 input_mbs in proptest::option::of(0u64..100_000), checkpoint in proptest::option::of(1u64..1 << 50),
                 preemptible in any::<Option<bool>>(), state in 0usize..6)
                -> JobSpec {
        let tasks = tasks.and_then(NonZeroU32::new);
        let units = tasks.map_or(per_task.max(1), NonZeroU32::get);
        JobSpec {
            gpus: tasks.map_or(per_task, |t| t.get() * per_task),
            tasks,
            min_tasks: if min { NonZeroU32::new(units) } else { None },
            max_tasks: NonZeroU32::new(max).filter(|m| m.get() >= units),
            gpu_share: share.map(MilliGpu::from_milli),
            gpu_mem_bytes: share.filter(|s| s % 3 == 0),
            cpu_milli,
            mem_bytes: u64::from(mem_bytes),
            priority,
            topology: Topology::parse(Topology::WORDS[topology]).unwrap_or_default(),
            input_mbs,
            dataset_bytes: input_mbs.map(|v| v * 7),
            mfu_ppm: ppm,
            activity_ppm: ppm.map(|v| v / 2),
            checkpoint: checkpoint.map(Span::from_micros),
            preemptible,
            state: RecordedState::WORDS.get(state).and_then(|word| RecordedState::parse(word)),
            ..JobSpec::default()
        }
    }
}

/// Any instant or span that a trace may hold.
const TIME: std::ops::Range<u64> = 0..1 << 53;

prop_compose! {
    fn row()(id in "[ -~é]{1,6}", submit in TIME, duration in TIME, walltime in proptest::option::of(TIME),
             start in proptest::option::of(TIME), end in proptest::option::of(TIME), a in texts(), b in numbers())
            -> JobRow {
        let JobSpec { tenant, queue, dataset, comm, mig, gpu_types, .. } = a;
        JobRow {
            job_id: id,
            submit: Time::from_micros(submit),
            duration: Span::from_micros(duration),
            walltime: walltime.map(Span::from_micros),
            recorded_start: start.map(Time::from_micros),
            recorded_end: end.map(Time::from_micros),
            // A job asks for a share or for a profile.
            spec: JobSpec { tenant, queue, dataset, comm, mig: mig.filter(|_| b.gpu_share.is_none()), gpu_types, ..b },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_survive_and_a_second_writing_has_the_same_bytes(rows in proptest::collection::vec(row(), 1..20)) {
        let mut rows = rows;
        for (at, row) in rows.iter_mut().enumerate() {
            row.job_id = format!("{}{at}", row.job_id);
        }
        rows.sort_by_key(|row| row.submit);
        for name in ["round.csv", "round.csv.gz"] {
            let (first, second) = (place(name), place(&format!("again-{name}")));
            native::write(&first, rows.clone()).unwrap();
            let trace = native::read(&first, &ReadOptions::default()).map_err(|p| TestCaseError::fail(p.to_string()))?;
            prop_assert_eq!(rows_of(&trace.table), rows.clone());
            native::write_table(&second, &trace.table).unwrap();
            let bytes = std::fs::read(&first).unwrap();
            prop_assert_eq!(Fingerprint::of(0, &bytes).value(), trace.fingerprint);
            prop_assert!(bytes == std::fs::read(&second).unwrap());
        }
    }
}

#[test]
fn only_used_columns_are_written_and_decimals_are_exact() {
    let path = place("exact.csv");
    let spec = JobSpec { gpus: 8, cpu_milli: 1500, mem_bytes: 1, ..JobSpec::default() };
    let row = JobRow {
        job_id: "a,b".to_owned(),
        submit: Time::from_micros(1),
        duration: Span::from_micros(2_500_000),
        spec,
        ..JobRow::default()
    };
    native::write(&path, [row]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "job_id,submit_s,duration_s,gpus,cpus,mem_gb\n\"a,b\",0.000001,2.5,8,1.5,0.000000001\n");
}

#[test]
fn unsorted_rows_are_sorted_with_a_notice_and_keep_their_row() {
    let trace = read_text("unsorted.csv", "gpus,job_id,duration_s,submit_s,x_note\n1,b,1,9,\n2,a,1,3,hello\n");
    assert_eq!(trace.notices, ["rows were not sorted by submit_s; sorted"]);
    let names: Vec<&str> = trace.table.ids().map(|j| trace.table.name(j)).collect();
    assert_eq!(names, ["a", "b"]);
    let columns: Vec<Column> = trace.columns.iter().collect();
    assert_eq!(columns, Column::REQUIRED);
}

#[test]
fn what_is_harmless_is_read() {
    let plain = "job_id,submit_s,duration_s,gpus,tenant\n1,0,10,8,ann\n2,5,1,0,bob\n";
    let want = rows_of(&read_text("plain.csv", plain).table);
    for (name, text) in [
        ("bom.csv", format!("\u{feff}{plain}")),
        ("crlf.csv", plain.replace('\n', "\r\n")),
        ("bom-crlf.csv", format!("\u{feff}{}", plain.replace('\n', "\r\n"))),
        ("quoted.csv", plain.replace("ann", "\"ann\"").replace("job_id", "\"job_id\"")),
        ("blank-end.csv", format!("{plain}\n\r\n\n")),
        ("blank-start.csv", format!("\n\n{plain}")),
        ("no-last-newline.csv", plain.trim_end().to_owned()),
        ("spaces.csv", plain.replace("5,1,", " 5, 1 ,")),
        ("exponents.csv", plain.replace("10,8", "1e1,8.0")),
        ("zeros.csv", plain.replace("1,0,10", "1,-0.0,010")),
    ] {
        assert_eq!(rows_of(&read_text(name, text).table), want, "{name}");
    }
}

#[test]
fn several_compressed_parts_in_a_row_are_one_file() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;
    let head = "job_id,submit_s,duration_s,gpus\n1,0,10,8\n";
    let tail = "2,5,1,0\n";
    let want = rows_of(&read_text("parts.csv", format!("{head}{tail}")).table);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let parts = [gzip(head), gzip(tail)].concat();
    assert_eq!(rows_of(&read_text("parts.csv.gz", parts).table), want);

    let zstd = |text: &str| compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    let skippable = b"\x50\x2A\x4D\x18\x03\x00\x00\x00abc".to_vec();
    let parts = [skippable, zstd(head), zstd(tail)].concat();
    let trace = read_text("named-otherwise.csv", &parts);
    assert_eq!(rows_of(&trace.table), want);
    assert_eq!(trace.fingerprint, Fingerprint::of(0, &parts).value());
}

/// Damage never panics, and never passes unnoticed: a changed byte of a compressed file either is an error or leaves
/// the jobs as they were.
#[test]
fn damaged_compression_is_an_error() {
    let text: String = (0..300).map(|i| format!("{i},{},{},{}\n", i * 7, (i * i) % 977, i % 9)).collect();
    let text = format!("job_id,submit_s,duration_s,gpus\n{text}");
    let plain = rows_of(&read_text("whole.csv", &text).table);
    let gz = place("whole.csv.gz");
    native::write(&gz, plain.clone()).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, whole) in [("damaged.gz", std::fs::read(&gz).unwrap()), ("damaged.zst", zstd)] {
        let path = place(name);
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            std::fs::write(&path, &damaged).unwrap();
            match native::read(&path, &ReadOptions::default()) {
                Ok(trace) => assert_eq!(rows_of(&trace.table), plain, "{name} changed at byte {at}"),
                Err(_) => refused += 1,
            }
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(native::read(&path, &ReadOptions::default()).is_err(), "{name} cut at byte {at}");
        }
        assert!(refused > whole.len() * 9 / 10, "{name}: {refused} of {}", whole.len());
    }
}

#[test]
fn a_writer_that_fails_leaves_nothing_behind() {
    let folder = place("no-such-folder");
    let problem = native::write(&folder.join("t.csv"), [JobRow::default()]).unwrap_err();
    assert!(problem.message.starts_with("cannot be written"), "{problem}");
    let problem = native::write(&place("t.csv.zst"), [JobRow::default()]).unwrap_err();
    assert!(problem.message.contains("zstd is only read"), "{problem}");
    let target = place("failing").join("is-a-folder.csv");
    std::fs::create_dir_all(&target).unwrap();
    assert!(native::write(&target, [JobRow::default()]).is_err());
    let left: Vec<_> = std::fs::read_dir(place("failing")).unwrap().flatten().map(|f| f.file_name()).collect();
    assert_eq!(left, ["is-a-folder.csv"]);
}
