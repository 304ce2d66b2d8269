//! The charts of real traces (`../shared/traces`): no text on another, in runs, comparisons and sweeps.
//!
//! A trace that is not there is skipped with a loud line on standard error.

use std::path::{Path, PathBuf};

use super::{check, fleetsim, folder, text};
use fleetsim::chart;
use fleetsim::experiments::stored::{StoredComparison, StoredSweep};
use fleetsim::results::StoredRun;

/// The folder of a trace imported by one command, or `None` where one of its files is not on this machine.
fn imported(format: &str, files: &[&str]) -> Option<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces");
    let paths: Vec<PathBuf> = files.iter().map(|name| all.join(name)).collect();
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        eprintln!("skipped: {} IS NOT HERE, SO NO CHART OF IT IS TESTED", path.display());
        return None;
    }
    let out = folder(&format!("real-{}", files.join("+").replace('/', "-")));
    let mut args = vec!["trace", "import", "--from", format, "--out", text(&out)];
    args.extend(paths.iter().map(|path| text(path)));
    fleetsim(&args);
    Some(out)
}

#[test]
fn no_text_overlaps_in_charts_of_real_traces() {
    const TRACES: [(&str, &[&str]); 13] = [
        (
            "openb",
            &["alibaba_openb_2023/openb_pod_list_gpuspec33.csv", "alibaba_openb_2023/openb_node_list_all_node.csv"],
        ),
        ("dlrm", &["alibaba_dlrm_2025/disaggregated_DLRM_trace.csv"]),
        ("lingjun", &["alibaba_lingjun_2023/crux_jobs.csv", "alibaba_lingjun_2023/topo.csv"]),
        ("pai", &["alibaba_pai_2020/pai_gpu_tasks_sample60k.csv.gz", "alibaba_pai_2020/pai_machine_spec.tar.gz"]),
        ("philly", &["philly_2017/philly.csv.gz", "philly_2017/philly_vc.csv"]),
        // No virtual cluster admits the jobs of this one: a run of nothing.
        ("philly", &["philly_2017/philly_data_training.csv", "philly_2017/philly_vc.csv"]),
        ("helios", &["helios_venus_2020/venus_gpu_jobs.csv.gz"]),
        ("acme", &["acme_2023/converted_kalos_trace.csv"]),
        ("thetagpu", &["thetagpu_2023/data_thetagpu.csv"]),
        ("swf", &["swf_kth_sp2_1996/KTH-SP2-1996-2.1-cln.swf"]),
        ("swf", &["swf_cerit_wagap_2013/wagap-2013.swf", "swf_cerit_wagap_2013/wagap-2013.swf.machines"]),
        ("slurm", &["slurm_micro_2021/slurm_acct.out", "slurm_micro_2021/slurm.conf"]),
        ("tiresias", &["tiresias_2019/60_job.csv", "tiresias_2019/n32g4.csv"]),
    ];
    for (format, files) in TRACES {
        let Some(folder) = imported(format, files) else { continue };
        let out = folder.join("run");
        fleetsim(&["run", text(&folder.join("scenario.toml")), "--out", text(&out)]);
        check(files[0], &chart::of_run(&StoredRun::read(&out).unwrap()));
    }
}

#[test]
fn no_text_overlaps_in_charts_of_experiments_on_a_real_trace() {
    let Some(folder) = imported("muri", &["muri_testbed_2022/cluster_trace.csv"]) else { return };
    let (scenario, compared, swept) = (folder.join("scenario.toml"), folder.join("compared"), folder.join("swept"));
    let policies = super::POLICIES.join(",");
    fleetsim(&["compare", text(&scenario), "--policies", &policies, "--replicates", "4", "--out", text(&compared)]);
    check("compared", &chart::drawn(&chart::OF_COMPARISONS, &StoredComparison::read(&compared).unwrap()));
    let (nodes, policies) = ("cluster.pools.testbed.nodes=4,6,8,12,16", format!("policy={policies}"));
    let axes = ["--axis", nodes, "--axis", &policies, "--replicates", "4"];
    fleetsim(&[&["sweep", text(&scenario), "--out", text(&swept)][..], &axes].concat());
    check("swept", &chart::drawn(&chart::OF_SWEEPS, &StoredSweep::read(&swept).unwrap().unwrap()));
}
