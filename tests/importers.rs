//! Every import format on small files of the datasets' shapes: what becomes of each row, the trace and the cluster that
//! are written, and the whole text of the errors of wrong files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetsim::engine::{Options, Setup, Silent, simulate};
use fleetsim::import::{self, Request};
use fleetsim::scenario::{Overrides, load};
use fleetsim::sched::{PolicyChoice, registry};
use fleetsim::trace::native::{self, ReadOptions};
use fleetsim::trace::source::Source;
use fleetsim::units::rng;
use rand::RngExt;

const FOLDER: &str = "tests/fixtures/import";

/// A folder of this test run's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("importers").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Imports fixtures, runs what was written under every policy, and says all that came out: rows, notices, trace, cluster.
fn imported(name: &str, from: &str, files: &[&str], options: &[&str], map: &[String]) -> String {
    let format = import::find(from).unwrap();
    let files: Vec<PathBuf> = files.iter().map(|file| Path::new(FOLDER).join(file)).collect();
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let request = Request::new(format, &files, &options, map).unwrap();
    let dataset = format.import(&request).unwrap_or_else(|problems| panic!("{name}: {problems}"));
    let folder = scratch(name);
    // What an earlier version wrote may differ, and would be kept.
    drop(std::fs::remove_file(folder.join("scenario.toml")));
    import::write(format, &dataset, &request.options, &folder).unwrap();

    let mut text = format!("{} rows, {} jobs\n", dataset.rows, dataset.jobs.len());
    for skipped in &dataset.skipped {
        writeln!(text, "{} skipped, {}", skipped.rows, skipped.reason).unwrap();
    }
    for notice in &dataset.notices {
        writeln!(text, "note: {notice}").unwrap();
    }
    let trace = folder.join("trace.csv.gz");
    writeln!(text, "\n{}", std::io::read_to_string(Source::open(&trace).unwrap()).unwrap()).unwrap();
    let scenario = std::fs::read_to_string(folder.join("scenario.toml")).unwrap();
    let cluster = scenario.split_once("\n\n").unwrap().1;
    text.push_str(cluster);
    run_everywhere(name, &folder);
    text
}

fn run_everywhere(name: &str, folder: &Path) {
    let scenario = load(&folder.join("scenario.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let trace = native::read(&folder.join("trace.csv.gz"), &ReadOptions::default()).unwrap();
    for policy in registry::policies() {
        let choice = PolicyChoice::named(policy.name).unwrap();
        let options = Options::default();
        let setup = Setup { cluster: &scenario.cluster, jobs: &trace.table, policy: &choice, options: &options };
        let outcome = simulate(setup, &mut Silent).unwrap();
        for job in trace.table.ids() {
            let ended = outcome.fates.end(job).is_some() || outcome.deadlock.is_some();
            assert!(ended, "{name}: {} does not end under {}", trace.table.name(job), policy.name);
        }
    }
}

macro_rules! imports {
    ($($name:ident: $from:literal [$($file:literal),+] $($option:literal),*;)+) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(imported(stringify!($name), $from, &[$($file),+], &[$($option),*], &[]));
        }
    )+ };
}

imports! {
    openb: "openb" ["openb-nodes.csv", "openb-pods.csv"];
    openb_with_survivors: "openb" ["openb-pods.csv"] "from=0", "gpu=t4";
    philly_log: "philly" ["philly-log.json", "philly-machines.csv"];
    philly_log_by_spans_and_users: "philly" ["philly-log.json"] "run_time=span", "tenant=user";
    philly_completed: "philly" ["philly-completed.csv", "philly-vcs.csv"];
    philly_attempts: "philly" ["philly-attempts.csv"];
    helios: "helios" ["helios-log.csv", "helios-sizes.csv"];
    helios_mean: "helios" ["helios-log.csv", "helios-sizes.csv"] "vc_size=mean", "tenant=user";
    helios_by_name: "helios" ["helios-log.csv"] "cluster=saturn";
    helios_short: "helios" ["helios-jobs.csv"];
    helios_short_of_nodes: "helios" ["helios-jobs.csv", "helios-nodes.csv"];
    acme_kalos: "acme" ["acme-kalos.csv"];
    acme_seren: "acme" ["acme-seren.csv"] "tenant=user";
    acme_converted: "acme" ["acme-converted.csv"];
    pai: "pai" ["pai_task_table.csv", "pai_job_table.csv", "pai_task_table.header", "pai_machine_spec.tar.gz"];
    pai_tasks_only: "pai" ["pai_task_table.csv", "pai_machine_spec.csv"];
    pai_sample: "pai" ["pai-sample.csv"];
    swf: "swf" ["small.swf"];
    swf_of_cores: "swf" ["small.swf"] "processors=cores", "queue=queue";
    swf_four_to_a_gpu: "swf" ["small.swf"] "processors_per_gpu=4", "queue=partition";
    swf_extended_of_cores: "swf" ["extended.swf", "extended.swf.machines"] "processors=cores", "queue=queue";
    swf_extended: "swf" ["extended.swf", "extended.swf.machines"] "queue=queue";
    slurm: "slurm" ["sacct.txt"] "gpu=v100";
    slurm_by_user: "slurm" ["sacct.txt"] "tenant=user", "partitions=false";
    slurm_with_its_nodes: "slurm" ["sacct.txt", "slurm-typed.conf"];
    slurm_old_columns: "slurm" ["slurm_acct.txt"];
    slurm_completion_log: "slurm" ["jobcomp.log", "slurm.conf"];
    dlrm: "dlrm" ["dlrm.csv"];
    lingjun: "lingjun" ["lingjun-jobs.csv", "lingjun-topo.csv"];
    thetagpu: "thetagpu" ["thetagpu.csv"];
    thetagpu_of_gpus: "thetagpu" ["thetagpu.csv"] "unit=gpu";
    muri: "muri" ["muri-trace.csv"];
    muri_measured: "muri" ["muri-result.csv"];
    tiresias: "tiresias" ["tiresias-jobs.csv", "tiresias-cluster.csv"];
}

#[test]
fn any_csv() {
    let map = ["submit_s=submit_time,wait_s=queue,duration_s=duration,gpus=gpu_num,tenant=vc,queue=vc,job_id=job_id"];
    let map = map.map(str::to_owned);
    let text = imported("any_csv", "csv", &["helios-log.csv"], &["time=date", "gpu=v100", "nodes=3"], &map);
    insta::assert_snapshot!(text);
}

/// A scenario that was changed since its import stays as it is, with the trace beside it.
#[test]
fn an_edited_scenario_is_not_overwritten() {
    let folder = scratch("twice");
    let [scenario, trace] = ["scenario.toml", "trace.csv.gz"].map(|file| folder.join(file));
    drop(std::fs::remove_file(&scenario));
    let again = |options: &[&str]| {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let format = import::find("swf").unwrap();
        let files = [Path::new(FOLDER).join("small.swf")];
        let request = Request::new(format, &files, &options, &[]).unwrap();
        let dataset = format.import(&request).unwrap();
        import::write(format, &dataset, &request.options, &folder)
    };
    again(&[]).unwrap();
    again(&[]).unwrap();
    let written = [&scenario, &trace].map(|file| std::fs::read(file).unwrap());
    let refused = |options: &[&str]| again(options).unwrap_err().to_string();
    let told = "scenario.toml: is there already, differs from what the import would write";
    assert!(refused(&["processors=cores"]).contains(told));
    assert_eq!([&scenario, &trace].map(|file| std::fs::read(file).unwrap()), written);
    let edited = [&written[0][..], b"# mine\n"].concat();
    std::fs::write(&scenario, &edited).unwrap();
    assert!(refused(&[]).contains("--out takes another folder"), "{}", refused(&[]));
    assert_eq!(std::fs::read(&scenario).unwrap(), edited);
}

/// The exit code and standard error of an import, paths made the same on every machine.
fn refused(from: &str, files: &[PathBuf], options: &[&str]) -> String {
    refused_with_map(from, files, options, "")
}

fn refused_with_map(from: &str, files: &[PathBuf], options: &[&str], map: &str) -> String {
    let out = scratch("refused");
    let output = Command::new(env!("CARGO_BIN_EXE_fleetsim"))
        .args(["trace", "import", "--from", from])
        .args(files)
        .args(options.iter().flat_map(|option| ["--option", option]))
        .args(if map.is_empty() { vec![] } else { vec!["--map", map] })
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{from} {files:?}: {text}");
    text.replace(&*scratch("").to_string_lossy(), "TMP/")
}

#[test]
fn no_format_takes_what_is_no_file_of_a_dataset() {
    let folder = scratch("strange");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let files = [
        folder.clone(),
        folder.join("not-there.csv"),
        file("empty.csv", b""),
        file("other.csv", b"one,two\n1,2\n"),
        file("archive.zip", b"PK\x03\x04 and so on"),
    ];
    let mut text = String::new();
    for format in import::FORMATS {
        for file in &files {
            text.push_str(&refused(format.name, std::slice::from_ref(file), &[]));
        }
    }
    insta::assert_snapshot!(text);
}

/// A fixture of each format, by the name of the format.
const ONE_OF_EACH: [(&str, &str); 13] = [
    ("csv", "helios-jobs.csv"),
    ("openb", "openb-pods.csv"),
    ("philly", "philly-log.json"),
    ("philly", "philly-completed.csv"),
    ("helios", "helios-log.csv"),
    ("acme", "acme-kalos.csv"),
    ("pai", "pai_task_table.csv"),
    ("swf", "small.swf"),
    ("slurm", "sacct.txt"),
    ("slurm", "jobcomp.log"),
    ("dlrm", "dlrm.csv"),
    ("muri", "muri-trace.csv"),
    ("tiresias", "tiresias-jobs.csv"),
];

#[test]
fn damaged_bytes_are_told() {
    let mut text = String::new();
    for (format, name) in ONE_OF_EACH {
        let good = std::fs::read(Path::new(FOLDER).join(name)).unwrap();
        let map = if format == "csv" { "submit_s=arrival_s,duration_s=service_sec,gpus=gpu_count" } else { "" };
        // Behind the last but one line, so that what is before it is good.
        let end = good.len() - 1;
        let cut = good[..end].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
        let latin1 = [&good[..cut], b"\xE9", &good[cut..]].concat();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(&good).unwrap();
        let gzip = gzip.finish().unwrap();
        let folder = scratch("bytes");
        for (file, bytes) in
            [(format!("latin-1-{name}"), &latin1[..]), (format!("{name}.gz"), &gzip[..gzip.len() - 20])]
        {
            let path = folder.join(file);
            std::fs::write(&path, bytes).unwrap();
            text.push_str(&refused_with_map(format, &[path], &[], map));
        }
    }
    insta::assert_snapshot!(text);
}

/// A fixture with a piece replaced by another.
fn changed(name: &str, from: &str, to: &str) -> PathBuf {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    let path = scratch("changed").join(name);
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    path
}

#[test]
fn mistakes_in_the_files_are_told_with_their_place() {
    let cases: &[(&str, &str, &str, &str)] = &[
        ("openb", "openb-pods.csv", "pod_phase", "pod_phases"),
        ("openb", "openb-pods.csv", "gpu_milli", "milli"),
        ("openb", "openb-pods.csv", ",470,", ",1470,"),
        ("openb", "openb-pods.csv", ",9603700,", ",late,"),
        ("openb", "openb-pods.csv", "Succeeded", "Suceeded"),
        ("openb", "openb-pods.csv", "LS,Running,9600100", "Running,9600100"),
        ("openb", "openb-pods.csv", ",1,470,", ",one,470,"),
        ("openb", "openb-pods.csv", ",9600100,", ",-1e999,"),
        ("philly", "philly-log.json", "2017-10-03 08:05:00", "yesterday"),
        ("philly", "philly-log.json", "Pass", "Passed"),
        ("philly", "philly-log.json", "\"vc\": \"vc1\", ", ""),
        ("philly", "philly-log.json", "\"attempts\": []", "\"attempts\": 3"),
        ("philly", "philly-log.json", "}]}\n]", "}]}"),
        ("philly", "philly-log.json", "\"user\": \"bob\",", "\"user\": \"bob\""),
        ("philly", "philly-completed.csv", "2017-11-01 10:00:50", "2017-13-01 10:00:50"),
        ("philly", "philly-attempts.csv", "Killed", "Kiled"),
        ("helios", "helios-log.csv", "gpu_num", "gpus_num"),
        ("helios", "helios-log.csv", ",16,64,", ",1.5,64,"),
        ("helios", "helios-log.csv", "NODE_FAIL", "NODE_FALL"),
        ("acme", "acme-kalos.csv", "00:18:22+08:00", "00:18:22+99:00"),
        ("acme", "acme-converted.csv", ",8.0,", ",8.5,"),
        ("acme", "acme-converted.csv", ",209,0.5,", ",4000000000,9000000000,"),
        ("pai", "pai_task_table.csv", "50.0", "half"),
        ("pai", "pai_task_table.csv", ",T4", ",T4,extra"),
        ("pai", "pai_task_table.csv", "Terminated", "Terminator"),
        ("swf", "small.swf", "24.5", "24,5"),
        ("swf", "small.swf", "  1  100   60   3000 ", "  1  100   60 "),
        ("slurm", "sacct.txt", "JobID|", "JobId|"),
        ("slurm", "sacct.txt", "gres/gpu=16", "gres/gpu=many"),
        ("slurm", "sacct.txt", "TIMEOUT", "TIMEDOUT"),
        ("slurm", "sacct.txt", "|120|", "|two hours|"),
        ("slurm", "slurm_acct.txt", "02:00:15", "2h"),
        ("slurm", "jobcomp.log", "SubmitTime=", "SubmittedTime="),
        ("slurm", "jobcomp.log", "ProcCnt=12", "ProcCnt=dozen"),
        ("dlrm", "dlrm.csv", "gpu_request", "gpus_request"),
        ("lingjun", "lingjun-jobs.csv", ",24,24,", ",24,-24,"),
        ("thetagpu", "thetagpu.csv", "7.0", "7 s"),
        ("muri", "muri-trace.csv", "500500", "5005oo"),
        ("tiresias", "tiresias-jobs.csv", "duration", "durations"),
    ];
    let mut text = String::new();
    for (format, name, from, to) in cases {
        writeln!(text, "== {name}: {from:?} -> {to:?}").unwrap();
        text.push_str(&refused(format, &[changed(name, from, to)], &[]));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn wrong_arguments_are_told() {
    let fixture = |name: &&str| Path::new(FOLDER).join(name);
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("opnb", &["openb-pods.csv"], &[]),
        ("openb", &["openb-pods.csv"], &["form=0"]),
        ("openb", &["openb-pods.csv"], &["from=soon"]),
        ("openb", &["openb-pods.csv"], &["from"]),
        ("openb", &["openb-nodes.csv"], &[]),
        ("openb", &["openb-pods.csv", "openb-nodes.csv", "openb-nodes.csv"], &[]),
        ("openb", &["openb-pods.csv"], &["from=99999999"]),
        ("philly", &["philly-log.json", "philly-completed.csv"], &[]),
        ("philly", &["philly-machines.csv"], &[]),
        ("philly", &["philly-log.json"], &["run_time=sum"]),
        ("helios", &["helios-sizes.csv"], &[]),
        ("helios", &["helios-log.csv"], &["cluster=pluto"]),
        ("acme", &["acme-kalos.csv", "acme-seren.csv"], &[]),
        ("pai", &["pai_machine_spec.csv"], &[]),
        ("pai", &["pai_task_table.csv", "pai_task_table.csv"], &[]),
        ("swf", &["extended.swf.machines"], &[]),
        ("swf", &["small.swf", "extended.swf"], &[]),
        ("slurm", &["slurm.conf"], &[]),
        ("dlrm", &["dlrm.csv", "dlrm.csv"], &[]),
        ("muri", &["muri-trace.csv", "muri-result.csv"], &[]),
        ("tiresias", &["tiresias-cluster.csv"], &[]),
    ];
    let mut text = String::new();
    for (format, files, options) in cases {
        writeln!(text, "== {format} {} {}", files.join(" "), options.join(" ")).unwrap();
        let files: Vec<PathBuf> = files.iter().map(fixture).collect();
        text.push_str(&refused(format, &files, options));
    }
    insta::assert_snapshot!(text);
}

/// Cuts, doubled pieces and strange bytes anywhere in good files: whatever they make, reading answers.
#[test]
fn damaged_files_never_panic() {
    let mut random = rng::stream(1, "damage");
    let mut names: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let folder = scratch("damaged");
    for path in &names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = name.split(['-', '_', '.']).next().unwrap();
        let format = match start {
            "small" | "extended" => "swf",
            "sacct" | "jobcomp" => "slurm",
            other => other,
        };
        let format = import::find(format).unwrap();
        let good = std::fs::read(path).unwrap();
        let damaged = [folder.join(&name)];
        for _ in 0..150 {
            std::fs::write(&damaged[0], damage(good.clone(), &mut random)).unwrap();
            let request = Request::new(format, &damaged, &[], &[]).unwrap();
            let Ok(dataset) = format.import(&request) else { continue };
            // What was read is written so that it can be read.
            drop(std::fs::remove_file(folder.join("out/scenario.toml")));
            import::write(format, &dataset, &request.options, &folder.join("out")).unwrap();
            native::read(&folder.join("out/trace.csv.gz"), &ReadOptions::default())
                .unwrap_or_else(|problems| panic!("{name}: {problems}"));
            load(&folder.join("out/scenario.toml"), &Overrides::default())
                .unwrap_or_else(|problems| panic!("{name}: {problems}"));
        }
    }
}

fn damage(mut bytes: Vec<u8>, random: &mut impl rand::Rng) -> Vec<u8> {
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..bytes.len());
        let until = random.random_range(at..(at + 40).min(bytes.len()));
        match random.random_range(0..4) {
            0 => drop(bytes.drain(at..until)),
            1 => bytes.splice(at..at, bytes[at..until].to_vec()).for_each(drop),
            2 => bytes[at] = b"\n,|:\"-.0e9 "[random.random_range(0..11)],
            _ => bytes[at] = random.random(),
        }
    }
    bytes
}
