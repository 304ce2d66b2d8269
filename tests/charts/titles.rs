//! What charts say, in cases where it is easily said wrongly.

use std::fs;
use std::path::Path;

use super::{busy, check, check_scene, fleetsim, folder, pool, scenario, text};
use fleetsim::chart::frontier::{self, Frontier, Setting};
use fleetsim::chart::{self, Chart, Drawn};
use fleetsim::experiments::stored::{StoredComparison, StoredSweep};
use fleetsim::results::StoredRun;

fn titles<T>(charts: &[Chart<T>], of: &T) -> Vec<String> {
    chart::drawn(charts, of).into_iter().map(|(_, scene)| scene.title).collect()
}

/// What is written in a chart.
fn texts<'d>(drawn: &'d [Drawn], name: &str) -> Vec<&'d str> {
    let (_, scene) = drawn.iter().find(|(of, _)| *of == name).unwrap();
    scene.texts().into_iter().map(|(text, _)| text).collect()
}

/// Under `pods`, a job that waits for four more GPUs holds four: they are idle no more, and nobody has anything of it.
#[test]
fn gpus_held_in_vain_are_no_saving() {
    let folder = folder("in-vain");
    let trace = "job_id,submit_s,duration_s,gpus,tasks\na,0,1000,4,4\nb,10,100,8,8\n";
    let path = scenario(&folder, trace, &pool("a", 2, 4));
    let out = folder.join("out");
    fleetsim(&["compare", text(&path), "--policies", "fifo,pods", "--out", text(&out)]);
    let compared = StoredComparison::read(&out).unwrap();
    let idle = |at| compared.value(at, "cost.idle_usd_per_year").unwrap();
    assert!(idle(1) < 0.5 * idle(0), "pods holds them");
    let said = titles(&chart::OF_COMPARISONS, &compared);
    assert_eq!(said[0], "Nothing does much better than fifo");
    // As much waits for more under the one as is held for more under the other.
    assert!(said[2].contains(" takes ") && said[2].contains(", none with "), "{said:?}");
}

/// Policies that start all jobs at the same instants have one line, which names them all; others have their own.
#[test]
fn lines_on_one_another_are_one() {
    let folder = folder("equal");
    let trace = "job_id,submit_s,duration_s,gpus\na,0,100,6\nb,10,100,8\nc,20,40,2\n";
    let path = scenario(&folder, trace, &pool("a", 1, 8));
    let out = folder.join("out");
    fleetsim(&["compare", text(&path), "--policies", "fifo,priority,best-effort-fifo", "--out", text(&out)]);
    let drawn = chart::drawn(&chart::OF_COMPARISONS, &StoredComparison::read(&out).unwrap());
    let told = texts(&drawn, "queue-time-by-contender");
    assert!(told.contains(&"fifo = priority") && told.contains(&"best-effort-fifo"), "{told:?}");
}

/// Whole, none, and nearly either are told as such; what has no price is not told in dollars.
#[test]
fn titles_of_runs_say_what_is_so() {
    let folder = folder("said");
    let trace = "job_id,submit_s,duration_s,gpus\na,0,100000,4\nb,10,20,1\n";
    let unpriced = "[cluster.gpus.own]\n[cluster.pools.a]\ngpu = \"own\"\nnodes = 2\ngpus_per_node = 4\n";
    let run = |trace: &str, pools: &str| {
        let out = folder.join("out");
        fleetsim(&["run", text(&scenario(&folder, trace, pools)), "--out", text(&out)]);
        let run = StoredRun::read(&out).unwrap();
        (titles(&chart::CHARTS, &run), chart::drawn(&chart::CHARTS, &run))
    };
    let (said, drawn) = run(trace, unpriced);
    let all = said.join("; ");
    for title in [
        // 4 GPUs of 8 all the time, and one more for 20 s of 100,000 s.
        "No demand takes 50.0 % of the capacity",
        "Jobs held 50.0 % of 8 GPUs, all of it usefully",
        "No job waits, whatever its size",
        "Every job that started did so at once",
        "Jobs hold 4 GPUs on average, and name no tenant",
    ] {
        assert!(all.contains(title), "{title}: {said:?}");
    }
    assert!(all.contains("<0.1 % of the quietest"), "{said:?}");
    assert!(drawn.iter().all(|(_, scene)| scene.texts().iter().all(|(text, _)| !text.contains('$'))));
    // Half of the GPUs have a price: their dollars are not set beside shares of all GPUs.
    let (said, drawn) = run(trace, &(unpriced.to_owned() + &pool("b", 2, 4)));
    assert!(said[0].starts_with("No demand takes 75.0 % of the capacity"), "{said:?}");
    assert!(texts(&drawn, "idle-waterfall").iter().all(|text| !text.contains('$')));
    // Nothing can run.
    let (said, _) = run("job_id,submit_s,duration_s,gpus\na,0,10,99\n", unpriced);
    assert_eq!(said.iter().filter(|title| *title == "Nothing ran").count(), 6, "{said:?}");
}

/// Intervals of shares end at all that there is; the axis names no more than that, and round shares as such.
#[test]
fn no_share_is_more_than_all() {
    let folder = folder("shares");
    let trace: String = (0..80).map(|i| format!("{i},{},{},4\n", i / 20 * 86_400, 20_000 * (1 + i / 40))).collect();
    let path = scenario(&folder, &format!("job_id,submit_s,duration_s,gpus\n{trace}"), &pool("a", 6, 4));
    let out = folder.join("out");
    let axes = ["--axis", "cluster.pools.a.nodes=4,5,6", "--replicates", "5", "--out", text(&out)];
    fleetsim(&[&["sweep", text(&path)][..], &axes].concat());
    let swept = StoredSweep::read(&out).unwrap().unwrap();
    let drawn = chart::drawn(&chart::OF_SWEEPS, &swept);
    check("shares", &drawn);
    let past = |point: usize| {
        let (_, interval) = swept.value(point, "utilization.productive").unwrap();
        interval.unwrap().high() > 1.0
    };
    assert!((0..3).any(past), "an interval must reach beyond 100 % for this to test anything");
    let told = texts(&drawn, "sweep-utilization");
    assert!(told.contains(&"100 %") && told.contains(&"50 %"), "{told:?}");
    let most = |text: &&str| text.strip_suffix(" %").and_then(|share| share.parse::<f64>().ok());
    assert!(told.iter().filter_map(most).all(|share| share <= 100.0), "{told:?}");
}

/// Sweeps say what is best and in which unit, and that nothing has a price rather than that it is for nothing.
#[test]
fn titles_of_sweeps_say_what_is_best() {
    let folder = folder("swept");
    let unpriced = "[cluster.gpus.own]\n[cluster.pools.a]\ngpu = \"own\"\nnodes = 2\ngpus_per_node = 32\n";
    let sweep = |pools: &str| {
        let path = scenario(&folder, &busy(60, 3), pools);
        let out = folder.join("out");
        drop(fs::remove_dir_all(&out));
        fleetsim(&["sweep", text(&path), "--axis", "cluster.pools.a.nodes=2,3", "--out", text(&out)]);
        let html = fs::read_to_string(out.join("report.html")).unwrap();
        (titles(&chart::OF_SWEEPS, &StoredSweep::read(&out).unwrap().unwrap()), html)
    };
    let (said, html) = sweep(unpriced);
    assert_eq!(said[2], "No pool has a price");
    assert!(!html.contains('$') && !html.contains("idle a year"), "dollars of nothing");
    let (said, html) = sweep(&pool("a", 2, 32));
    assert!(said[0].starts_with("Jobs start soonest with nodes = 3: 95 % of jobs start within"), "{said:?}");
    assert!(
        said[1].starts_with("The cluster is most productive with nodes = 2: ")
            && said[1].ends_with(" % of the capacity")
    );
    assert!(said[2].starts_with("Idle GPUs cost least with nodes = 2: $") && said[2].ends_with(" a year"), "{said:?}");
    assert!(html.contains("idle a year"));
}

/// Twelve contenders of their own, with long names: each is told, none lies on another.
#[test]
fn no_text_overlaps_with_twelve_contenders() {
    let folder = folder("twelve");
    // Over four days, of which replicates are drawn.
    let job = |i: u32| format!("{i},{},{},{}\n", i * 1800, 1000 + i * 7919 % 40_000, 1 + i * 13 % 32);
    let trace = (0..200).map(job).collect::<String>();
    let path = scenario(&folder, &format!("job_id,submit_s,duration_s,gpus\n{trace}"), &pool("a", 1, 32));
    let variant = |n: u32| {
        format!(
            "[[variant]]\nname = \"the cluster as it would be if it had {n} nodes, which it has not\"\n\
             set = {{ \"cluster.pools.a.nodes\" = {n} }}\n"
        )
    };
    let toml = fs::read_to_string(&path).unwrap() + &(2..13).map(variant).collect::<String>();
    fs::write(&path, toml).unwrap();
    for replicates in ["1", "3"] {
        let out: &Path = &folder.join(replicates);
        fleetsim(&["compare", text(&path), "--replicates", replicates, "--out", text(out)]);
        let compared = StoredComparison::read(out).unwrap();
        assert_eq!(compared.contenders.len(), 12);
        check("twelve", &chart::drawn(&chart::OF_COMPARISONS, &compared));
    }
}

/// The setting that a plan chooses is named among many that crowd around it, and so is the line that it has to keep below.
#[test]
fn a_frontier_names_what_is_chosen() {
    let hours = [33.0, 24.0, 16.7, 10.2, 8.0, 6.3, 3.3, 2.25, 1.7, 0.63, 0.0];
    let nodes = [12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 32];
    let setting = |(nodes, hours): (u32, f64)| Setting {
        name: format!("nodes {nodes}"),
        cost: f64::from(nodes) * 175_200.0,
        wait: hours * 3600.0,
    };
    let points = nodes.into_iter().zip(hours).map(setting).collect();
    let wait_is = "The queue time `wait_s.p95`".to_owned();
    let scene = (frontier::CHART.draw)(&Frontier { wait_is, points, most_wait: Some(7200.0) });
    check_scene("crowded", &scene);
    let told: Vec<&str> = scene.texts().into_iter().map(|(text, _)| text).collect();
    assert!(["nodes 20", "nodes 12", "wanted: 2h", "$0"].iter().all(|text| told.contains(text)), "{told:?}");
    assert_eq!(scene.title, "nodes 20 costs $3,504,000 a year and keeps within 2h");
}
