//! Charts as scenes: no text stands on another or outside the picture, whatever is drawn; what is drawn adds up.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "charts/real.rs"]
mod real;
#[path = "charts/titles.rs"]
mod titles;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetsim::chart::frontier::{self, Frontier, Setting};
use fleetsim::chart::palette::{Ink, Theme};
use fleetsim::chart::scene::{Align, Scene, WIDTH};
use fleetsim::chart::svg::{self, Target};
use fleetsim::chart::{self, Drawn};
use fleetsim::experiments::stored::{StoredComparison, StoredSweep};
use fleetsim::results::StoredRun;
use fleetsim::results::stored::places::{BINS, Row};

const POLICIES: [&str; 10] = [
    "fifo",
    "best-effort-fifo",
    "sjf",
    "priority",
    "gang",
    "pods",
    "easy-backfill",
    "conservative-backfill",
    "srtf",
    "priority-preempt",
];

const HEADER: &str = "job_id,submit_s,duration_s,gpus,tenant\n";

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts").join(name);
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn fleetsim(args: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetsim"));
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"] {
        command.env_remove(name);
    }
    let output = command.args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A scenario over `trace`, with these pools' tables.
fn scenario(folder: &Path, trace: &str, pools: &str) -> PathBuf {
    fs::write(folder.join("t.csv"), trace).unwrap();
    let path = folder.join("s.toml");
    fs::write(&path, format!("name = \"drawn\"\n{pools}[workload]\ntrace = \"t.csv\"\n[policy.fifo]\n")).unwrap();
    path
}

fn pool(name: &str, nodes: u32, gpus: u32) -> String {
    format!(
        "[cluster.pools.{name}]\ngpu = \"h100-sxm\"\nnodes = {nodes}\ngpus_per_node = {gpus}\nprice = \"$2.50/gpu-h\"\n"
    )
}

fn run(name: &str, trace: &str, pools: &str) -> PathBuf {
    let folder = folder(name);
    let out = folder.join("run");
    fleetsim(&["run", text(&scenario(&folder, trace, pools)), "--out", text(&out)]);
    out
}

/// So many jobs of many sizes, lengths and tenants.
fn busy(jobs: u32, tenants: u32) -> String {
    let job = |i: u32| {
        let (length, gpus) = (300 + i * 7919 % 20_000, [1, 2, 4, 8, 1, 16, 32][i as usize % 7]);
        format!("job-{i},{},{length},{gpus},team {} of the department of long names\n", i * 60, i * 13 % tenants)
    };
    HEADER.to_owned() + &(0..jobs).map(job).collect::<String>()
}

#[track_caller]
fn check(what: &str, drawn: &[Drawn]) {
    for (name, scene) in drawn {
        check_scene(&format!("{what}, {name}"), scene);
    }
}

/// No text overlaps another, none lies outside.
#[track_caller]
fn check_scene(what: &str, scene: &Scene) {
    let texts = scene.texts();
    assert!(!texts.is_empty() && !scene.title.is_empty() && !scene.subtitle.is_empty(), "{what}");
    for (i, (text, own)) in texts.iter().enumerate() {
        let inside = own.x >= 0.0 && own.right() <= WIDTH && own.y >= 0.0 && own.bottom() <= scene.height;
        assert!(inside, "{what}: `{text}` lies outside: {own:?}, height {}", scene.height);
        for (other, frame) in &texts[..i] {
            assert!(!own.overlaps(*frame), "{what}: `{text}` lies on `{other}`: {own:?}, {frame:?}");
        }
    }
}

/// The check finds what it is to find.
#[test]
fn texts_on_one_another_are_found() {
    let found = |at: (f64, f64)| {
        let mut scene = Scene { height: 50.0, title: "t".to_owned(), subtitle: "s".to_owned(), shapes: Vec::new() };
        scene.label((10.0, 20.0), Align::Start, Ink::Text, "a text");
        scene.series("one", |scene| scene.label(at, Align::Start, Ink::Text, "another"));
        std::panic::catch_unwind(|| check_scene("on purpose", &scene)).is_err()
    };
    assert!(found((40.0, 22.0)) && found((WIDTH - 10.0, 20.0)) && found((10.0, 49.0)));
    assert!(!found((10.0, 40.0)) && !found((100.0, 20.0)));
}

#[test]
fn no_text_overlaps_in_charts_of_runs() {
    let many_pools: String = (0..30).map(|i| pool(&format!("a-pool-with-quite-a-long-name-{i}"), 2, 4)).collect();
    let cases = [
        ("two-nodes", busy(60, 3), pool("a", 2, 32)),
        ("hundred-nodes", busy(3000, 40), pool("a", 100, 8)),
        ("three-pools", busy(300, 12), pool("h100", 40, 8) + &pool("h200", 7, 8) + &pool("b200", 1, 4)),
        ("thirty-pools", busy(200, 8), many_pools),
        ("one-job", format!("{HEADER}one,5,100,1,\n"), pool("a", 2, 8)),
        ("one-node", busy(30, 1), pool("a", 1, 32)),
        ("no-job-fits", format!("{HEADER}big,0,10,999,x\n"), pool("a", 2, 8)),
        ("no-time", format!("{HEADER}none,5,0,1,x\n"), pool("a", 2, 8)),
        (
            "no-gpus",
            format!("{HEADER}cpu,5,50,0,x\n"),
            "[cluster.pools.cpus]\nnodes = 2\ncpus_per_node = 8\n".to_owned(),
        ),
        ("no-gpu-asked", format!("{HEADER}cpu,5,50,0,x\n"), pool("a", 2, 8)),
        ("years", format!("{HEADER}long,5,200000000,8,x\nlater,100000000,200000000,16,y\n"), pool("a", 3, 8)),
    ];
    for (name, trace, pools) in cases {
        let out = run(name, &trace, &pools);
        check(name, &chart::drawn(&chart::CHARTS, &StoredRun::read(&out).unwrap()));
        for file in fs::read_dir(out.join("charts")).unwrap().map(|entry| entry.unwrap().path()) {
            let is_number = |text: String| !text.contains("NaN") && !text.contains("\"inf");
            assert!(fs::read_to_string(&file).map_or(true, is_number), "{}", file.display());
        }
    }
}

#[test]
fn charts_say_that_places_were_not_recorded() {
    let folder = folder("unrecorded");
    let out = folder.join("run");
    let path = scenario(&folder, &busy(20, 2), &pool("a", 2, 32));
    fleetsim(&["run", text(&path), "--out", text(&out)]);
    assert!(out.join("placements.csv").exists());
    fleetsim(&["run", text(&path), "--out", text(&out), "--no-report"]);
    assert!(!out.join("placements.csv").exists(), "those of the earlier run stay");
    let drawn = chart::drawn(&chart::CHARTS, &StoredRun::read(&out).unwrap());
    check("unrecorded", &drawn);
    assert_eq!(drawn.iter().filter(|(_, scene)| scene.title.contains("was not recorded")).count(), 3);
}

#[test]
fn no_text_overlaps_in_charts_of_comparisons() {
    let folder = folder("comparisons");
    let path = scenario(&folder, &busy(200, 3), &pool("a", 5, 8));
    let out = folder.join("all");
    fleetsim(&["compare", text(&path), "--policies", &POLICIES.join(","), "--out", text(&out)]);
    check("ten policies", &chart::drawn(&chart::OF_COMPARISONS, &StoredComparison::read(&out).unwrap()));
    for (name, trace) in [("one", format!("{HEADER}one,5,100,1,\n")), ("none", format!("{HEADER}big,0,10,999,x\n"))] {
        let path = scenario(&folder, &trace, &pool("a", 5, 8));
        let out = folder.join(name);
        fleetsim(&["compare", text(&path), "--policies", "fifo,gang", "--out", text(&out)]);
        check(name, &chart::drawn(&chart::OF_COMPARISONS, &StoredComparison::read(&out).unwrap()));
    }
    let run = run("side", &busy(50, 3), &pool("a", 5, 8));
    for several in [1, 2, 12] {
        let long = run.with_file_name("the run of the cluster as it would be if it were as it is not");
        drop(fs::remove_dir_all(&long));
        fs::rename(&run, &long).unwrap();
        let stored = StoredComparison::of_runs(&vec![long.clone(); several]).unwrap();
        assert_eq!(stored.contenders.len(), several);
        check(&format!("{several} runs"), &chart::drawn(&chart::OF_COMPARISONS, &stored));
        fs::rename(&long, &run).unwrap();
    }
}

#[test]
fn no_text_overlaps_in_charts_of_sweeps() {
    let folder = folder("sweeps");
    let path = scenario(&folder, &busy(60, 3), &pool("a", 5, 32));
    let many: Vec<String> = (2..40).map(|n| n.to_string()).collect();
    let nodes = format!("cluster.pools.a.nodes={}", many.join(","));
    let policies = format!("policy={}", POLICIES.join(","));
    let cases: [(&str, Vec<&str>); 5] = [
        ("no axis", Vec::new()),
        ("point", vec!["cluster.pools.a.nodes=4"]),
        ("curve", vec![&nodes]),
        ("names", vec![&policies, "cluster.pools.a.nodes=3,5"]),
        ("lines", vec!["cluster.pools.a.nodes=2,3,5,9", &policies]),
    ];
    for (name, axes) in cases {
        let out = folder.join(name);
        let mut args = vec!["sweep", text(&path), "--out", text(&out)];
        axes.iter().for_each(|axis| args.extend(["--axis", axis]));
        fleetsim(&args);
        let stored = StoredSweep::read(&out).unwrap().unwrap();
        check(name, &chart::drawn(&chart::OF_SWEEPS, &stored));
        assert!(out.join("report.html").exists() && out.join("charts/sweep-queue-time.svg").exists());
    }
}

#[test]
fn no_text_overlaps_in_frontiers() {
    let setting = |i: u32| Setting {
        name: format!("h100 nodes {i}, h200 nodes {}", i * 7 % 13),
        cost: f64::from(i) * 123_456.0,
        wait: 1e6 / f64::from(i + 1) + f64::from(i * 31 % 17) * 600.0,
    };
    for several in [0, 1, 2, 100] {
        for most_wait in [None, Some(3600.0)] {
            let points = (0..several).map(setting).collect();
            let frontier = Frontier { wait_is: "95 % of jobs start within".to_owned(), points, most_wait };
            check_scene(&format!("{several} settings"), &(frontier::CHART.draw)(&frontier));
        }
    }
}

/// Rows of a CSV by the names of its columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row =
        |record: csv::StringRecord| header.iter().zip(&record).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

/// GPU-seconds of a row of `placements.csv`.
fn gpu_seconds(row: &BTreeMap<String, String>) -> f64 {
    let gpus = number(row, "gpus") * number(row, "milli_per_gpu") / 1000.0;
    gpus * (number(row, "end_s") - number(row, "start_s"))
}

/// GPU-seconds of some pools that jobs held, by the ledger of a run.
fn held(run: &Path, of: impl Fn(&str) -> bool) -> f64 {
    const NOT_HELD: [&str; 10] = [
        "no_demand",
        "head_of_line",
        "reserved",
        "quota",
        "fragmentation",
        "stranded",
        "capacity_wait",
        "wrong_type",
        "failed",
        "maintenance",
    ];
    let leaves = rows(&run.join("ledger.csv"));
    let counts = |row: &&BTreeMap<String, String>| of(&row["pool"]) && !NOT_HELD.contains(&row["leaf"].as_str());
    leaves.iter().filter(counts).map(|row| number(row, "gpu_seconds")).sum()
}

/// So it is where jobs share GPUs; where they have slices, but for what cannot be given to anybody.
#[test]
fn shared_gpus_are_counted_once() {
    let out = folder("shared").join("run");
    fleetsim(&["run", "scenarios/sharing.toml", "--out", text(&out)]);
    let stays = rows(&out.join("placements.csv"));
    assert!(stays.iter().any(|row| row["milli_per_gpu"] != "1000"));
    let placed = |pool: &str| stays.iter().filter(|row| row["pool"] == pool).map(gpu_seconds).sum::<f64>();
    let (shared, sliced) = (held(&out, |pool| pool == "l40s"), held(&out, |pool| pool == "a100"));
    assert!((shared - placed("l40s")).abs() < 1e-6 * shared, "{shared} {}", placed("l40s"));
    // Slices that no instance beside the present ones can have are wasted, and nobody's.
    let waste =
        rows(&out.join("ledger.csv")).into_iter().find(|row| row["pool"] == "a100" && row["leaf"] == "slice_waste");
    let nobodys = sliced - placed("a100");
    assert!(nobodys >= 0.0 && nobodys <= number(&waste.unwrap(), "gpu_seconds"), "{nobodys}");
    let places = StoredRun::read(&out).unwrap().places.unwrap();
    let all = |row: &Row| (0..BINS).map(|bin| row.held_in(bin)).sum::<f64>();
    assert!(places.rows.iter().all(|row| all(row) <= row.gpus as f64 * places.bin * BINS as f64));
}

/// GPU-time in `placements.csv` is that of the held leaves, and no node holds more than it has; under each policy, with
/// failures and preemption, where jobs are stopped, grow and go to other nodes.
#[test]
fn placements_add_up_to_the_ledger() {
    let folder = folder("add-up");
    let job = |i: u32| {
        let gpus = [1, 2, 6, 4, 3, 8][i as usize % 6];
        format!("{i},{},{},{gpus},{gpus},1,{}\n", i * 40, 100 + i * 977 % 3000, i * 5 % 7)
    };
    let trace: String = (0..150).map(job).collect();
    let header = "job_id,submit_s,duration_s,gpus,tasks,min_tasks,priority\n";
    let path = scenario(&folder, &(header.to_owned() + &trace), &pool("a", 3, 4));
    let mut toml = fs::read_to_string(&path).unwrap();
    toml.push_str("[physics.failures.a]\nmtbf = \"20h\"\nrepair = \"10m\"\n");
    for failures in [false, true] {
        if failures {
            fs::write(&path, &toml).unwrap();
        }
        for policy in POLICIES {
            let out = folder.join(policy);
            fleetsim(&["run", text(&path), "--policy", policy, "--out", text(&out)]);
            let held = held(&out, |_| true);
            let stays = rows(&out.join("placements.csv"));
            let placed: f64 = stays.iter().map(gpu_seconds).sum();
            assert!((held - placed).abs() < 1e-6 * held, "{policy}, {failures}: {held} {placed}");
            let mut changes: Vec<(u32, f64, f64)> = Vec::new();
            for stay in &stays {
                let node = stay["node"].parse().unwrap();
                changes.push((node, number(stay, "start_s"), number(stay, "gpus")));
                changes.push((node, number(stay, "end_s"), -number(stay, "gpus")));
            }
            changes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
            for of_node in changes.chunk_by(|a, b| a.0 == b.0) {
                let mut now = 0.0;
                for (node, at, gpus) in of_node {
                    now += gpus;
                    assert!((0.0..=4.0).contains(&now), "{policy}, {failures}: {now} GPUs of node {node} at {at}");
                }
            }
        }
    }
}

/// What charts and tables of a comparison show is what `compare.json` and a run's `summary.json` say.
#[test]
fn numbers_of_comparisons_agree_with_their_files() {
    let folder = folder("agree");
    let path = scenario(&folder, &busy(200, 3), &pool("a", 5, 8));
    let (both, alone) = (folder.join("both"), folder.join("alone"));
    fleetsim(&["compare", text(&path), "--policies", "fifo,easy-backfill", "--out", text(&both)]);
    fleetsim(&["run", text(&path), "--policy", "easy-backfill", "--out", text(&alone)]);
    let compared = StoredComparison::read(&both).unwrap();
    let side = StoredComparison::of_runs(&[alone]).unwrap();
    for figure in ["wait_s.mean", "wait_s.p95", "cost.idle_usd_per_year", "utilization.productive", "ledger.useful"] {
        let one = compared.value(1, figure).unwrap();
        assert!(one.total_cmp(&side.value(0, figure).unwrap()).is_eq(), "{figure}");
    }
    // The same queue times, once all of them, once at steps of half a percent.
    let (steps, all) = (&compared.contenders[1].waits, &side.contenders[0].waits);
    assert_eq!((steps.len(), all.len()), (201, 200));
    assert!(steps.is_sorted() && steps.last().unwrap().total_cmp(all.last().unwrap()).is_eq());
    let html = fs::read_to_string(both.join("report.html")).unwrap();
    assert!(html.contains("easy-backfill") && html.contains("charts") && !html.contains("NaN"));
}

/// The pictures of a small comparison and a small sweep.
#[test]
fn charts_of_a_small_comparison_and_sweep() {
    let folder = folder("small");
    let trace = format!("{HEADER}a,0,10,3,red\nb,2,10,2,blue\nc,4,6,4,red\nd,5,3,1,blue\ne,6,20,1,red\n");
    let path = scenario(&folder, &trace, &pool("a", 2, 2));
    let (compared, swept) = (folder.join("c"), folder.join("s"));
    fleetsim(&["compare", text(&path), "--policies", "fifo,best-effort-fifo", "--out", text(&compared)]);
    let axes = ["--axis", "cluster.pools.a.nodes=2,3,4,5,8", "--axis", "policy=fifo,sjf"];
    fleetsim(&[&["sweep", text(&path), "--out", text(&swept)][..], &axes].concat());
    let of_comparisons = chart::OF_COMPARISONS.map(|chart| (&compared, chart.name));
    let of_sweeps = chart::OF_SWEEPS.map(|chart| (&swept, chart.name));
    for (folder, name) in of_comparisons.into_iter().chain(of_sweeps) {
        insta::assert_snapshot!(name, fs::read_to_string(folder.join(format!("charts/{name}.svg"))).unwrap());
    }
}

/// The charts of storage and of a plan.
#[test]
fn charts_of_a_small_storage_and_plan() {
    let folder = folder("stored");
    let trace = "job_id,submit_s,duration_s,gpus,input_gbs\na,0,30,2,2\nb,10,30,2,2\nc,60,40,1,0.5\n";
    let storage = "storage = \"nfs\"\n[cluster.storage.nfs]\nread = \"5GB/s\"\n[physics]\ninput = true\n";
    let path = scenario(&folder, trace, &(pool("a", 2, 2) + storage));
    let out = folder.join("run");
    fleetsim(&["run", text(&path), "--out", text(&out)]);
    insta::assert_snapshot!("storage-demand", fs::read_to_string(out.join("charts/storage-demand.svg")).unwrap());
    assert!(fs::read_to_string(out.join("report.html")).unwrap().contains("nfs grants"));
    let stored = StoredRun::read(&out).unwrap();
    check("storage", &chart::of_run(&stored));
    let setting = |name: &str, cost, wait| Setting { name: name.to_owned(), cost, wait };
    let points =
        vec![setting("4 nodes", 1e6, 7200.0), setting("5 nodes", 1.25e6, 1500.0), setting("6 nodes", 1.5e6, 0.0)];
    let frontier = Frontier { wait_is: "95 % of jobs start within".to_owned(), points, most_wait: Some(1800.0) };
    let scene = (frontier::CHART.draw)(&frontier);
    insta::assert_snapshot!("frontier", svg::svg(&scene, Target::File(Theme::Light)).as_str());
}

/// Many systems, none used, and names that are too long.
#[test]
fn no_text_overlaps_in_charts_of_storage() {
    let system =
        |i: u32| format!("[cluster.storage.{}-{i}]\nread = \"{}MB/s\"\n", "long".repeat(25), 1 + i * i * i * 700);
    let systems: String = (0..6).map(system).collect();
    let pools: String =
        (0..6).map(|i| pool(&format!("p{i}"), 2, 4) + &format!("storage = \"{}-{i}\"\n", "long".repeat(25))).collect();
    let physics = "[physics]\ninput = true\n";
    let job = |i: u32| format!("j{i},{},{},8,0.{}\n", i * 7, 60 + i * 31 % 400, i % 9);
    let trace = "job_id,submit_s,duration_s,gpus,input_gbs\n".to_owned() + &(0..40).map(job).collect::<String>();
    let unread = HEADER.to_owned() + "a,0,10,1,x\n";
    for (name, trace) in [("six-systems", trace), ("unread", unread)] {
        let out = run(name, &trace, &format!("{pools}{systems}{physics}"));
        check(name, &chart::of_run(&StoredRun::read(&out).unwrap()));
    }
}

/// What cannot be put side by side is told.
#[test]
fn several_runs_need_a_folder() {
    let run = run("alone", &busy(5, 1), &pool("a", 5, 8));
    let output =
        Command::new(env!("CARGO_BIN_EXE_fleetsim")).args(["report", text(&run), text(&run)]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--out"));
    let out = folder("side-by-side");
    fleetsim(&["report", text(&run), text(&run), "--out", text(&out)]);
    assert!(fs::read_to_string(out.join("report.html")).unwrap().contains("2 runs side by side"));
}
