//! `diff`: two run folders, job by job.

use super::*;

/// One GPU, three jobs of one GPU. FIFO runs a, b, c; shortest first runs a, c, b: they part when `a` ends.
#[test]
fn the_first_job_that_goes_otherwise_is_named() {
    let out = folder("diff");
    fs::write(out.join("t.csv"), "job_id,submit_s,duration_s,gpus\na,0,10,1\nb,1,20,1\nc,2,5,1\nd,99,1,1\n").unwrap();
    let toml = "name = \"three\"\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 1\ngpus_per_node = 1\n\
                price = \"$1/gpu-h\"\n[workload]\ntrace = \"t.csv\"\n[policy.fifo]\n";
    let scenario = out.join("three.toml");
    fs::write(&scenario, toml).unwrap();
    let (fifo, sjf) = (out.join("fifo"), out.join("sjf"));
    for (policy, to) in [("fifo", &fifo), ("sjf", &sjf)] {
        good(fleetsim(&["run", text(&scenario), "--policy", policy, "--no-report", "--out", text(to)]));
    }
    let printed = good(fleetsim(&["diff", text(&fifo), text(&sjf)]));
    assert!(
        printed.starts_with(
            "4 jobs: 2 went otherwise\nthe schedules part at 10 s of the trace: job `b` (1 GPU, submitted at 1 s)\n  \
             A: started at 10 s in p, ended at 30 s, finished\n  B: started at 15 s in p, ended at 35 s, finished\n  \
             under B it waited then (since 1 s, `capacity_wait`: too few free GPUs)\n"
        ),
        "{printed}"
    );
    // Without its trace the run cannot be made again; its schedule is told all the same.
    fs::remove_file(out.join("t.csv")).unwrap();
    let blind = good(fleetsim(&["diff", text(&sjf), text(&fifo)]));
    assert!(blind.contains("why it waited under A cannot be told: ") && blind.contains("t.csv"), "{blind}");
    let same = good(fleetsim(&["diff", text(&fifo), text(&fifo)]));
    assert_eq!(same, "4 jobs: the same schedule\n\nthe same ledger\n");
    let none = fleetsim(&["diff", text(&fifo), text(&out)]);
    assert!(none.status.code() == Some(2) && told(&none).contains("is missing"), "{}", told(&none));
}

/// Two nodes, two jobs of half a node each: packed both start on the first, spread the second starts on the other. Nothing
/// else differs, in a run folder as in a check.
#[test]
fn a_job_that_starts_on_other_nodes_is_named() {
    let out = folder("diff-nodes");
    fs::write(out.join("t.csv"), "job_id,submit_s,duration_s,gpus\na,0,10,4\nb,1,10,4\nc,2,10,4\n").unwrap();
    let toml = |placement: &str| {
        format!(
            "name = \"two\"\n[cluster.pools.p]\ngpu = \"h100-sxm\"\nnodes = 2\ngpus_per_node = 8\n\
             price = \"$1/gpu-h\"\n[workload]\ntrace = \"t.csv\"\n[policy.fifo]\nplacement = \"{placement}\"\n"
        )
    };
    let (scenario, pack, spread) = (out.join("two.toml"), out.join("pack"), out.join("spread"));
    fs::write(&scenario, toml("pack")).unwrap();
    good(fleetsim(&["check", text(&scenario), "--bless"]));
    good(fleetsim(&["run", text(&scenario), "--out", text(&pack)]));
    fs::write(&scenario, toml("spread")).unwrap();
    good(fleetsim(&["run", text(&scenario), "--out", text(&spread)]));
    let expected = "the schedules part at 1 s";
    let elsewhere = "job `b` (4 GPUs, submitted at 1 s), on other nodes\n";
    let printed = good(fleetsim(&["diff", text(&pack), text(&spread)]));
    assert!(printed.starts_with("3 jobs: 2 went otherwise\n") && printed.contains(expected), "{printed}");
    assert!(printed.contains(elsewhere), "{printed}");
    let checked = good(fleetsim(&["check", text(&scenario)]));
    assert!(checked.starts_with("two: passes, schedule moved\n") && checked.contains(expected), "{checked}");
    assert!(checked.contains(elsewhere), "{checked}");
    // Where a folder does not say on which nodes jobs ran, times are all there is.
    fs::remove_file(pack.join("placements.csv")).unwrap();
    assert!(good(fleetsim(&["diff", text(&pack), text(&spread)])).starts_with("3 jobs: the same schedule\n"));
}
