//! OpenMetrics text of the final figures, which Prometheus' pushgateway and node exporter take too.
//!
//! Every sample is a gauge with the labels `scenario`, `policy` and `seed`. The figures are those of `summary.json`, digit
//! by digit.

use std::io::{self, Write};
use std::path::Path;

use super::{Files, Format, OfRun};
use crate::input::{Problem, Problems};
use crate::results::{Figures, StoredRun};

/// The format.
pub static FORMAT: Format = Format {
    name: "openmetrics",
    summary: "metrics.prom, OpenMetrics text of the final figures, for Prometheus' pushgateway",
    of_run: Some(OfRun::Stored(write)),
    of_trace: None,
};

/// A metric: its name, the figures that it has, the label that tells them apart, and what it is. Figures whose name
/// begins with a prefix that ends in a point have what follows as their label.
struct Metric {
    name: &'static str,
    figures: &'static str,
    label: &'static str,
    help: &'static str,
}

const METRICS: [Metric; 17] = [
    metric("jobs", "jobs.", "state", "Jobs by what they came to."),
    metric("horizon_seconds", "horizon_s", "", "Simulated time from the first submission to the last end."),
    metric("window_seconds", "window_s", "", "The measured part of the horizon."),
    metric("makespan_seconds", "makespan_s", "", "From the first submission to the last end of a job."),
    metric("capacity_gpu_seconds", "capacity_gpu_s", "", "All GPUs over the window."),
    metric("utilization_ratio", "utilization.", "kind", "Share of the capacity."),
    metric("queue_time_seconds", "wait_s.", "statistic", "Time from submission to the first start."),
    metric("completion_time_seconds", "jct_s.", "statistic", "Time from submission to the end."),
    metric(
        "bounded_slowdown_ratio",
        "bounded_slowdown.",
        "statistic",
        "Completion time over run time of 10 s at least.",
    ),
    metric("queue_length_mean", "queue_length_mean", "", "Mean number of waiting jobs."),
    metric("ledger_gpu_seconds", "ledger.", "leaf", "Where the capacity went; the leaves add up to it."),
    metric("ledger_usd", "cost.by_leaf.", "leaf", "What the leaves cost in the window."),
    metric("cost_usd", "cost.total_usd", "", "What the capacity cost in the window."),
    metric("idle_cost_usd", "cost.idle_usd", "", "What idle GPUs cost in the window."),
    metric("idle_cost_usd_per_year", "cost.idle_usd_per_year", "", "What idle GPUs cost a year."),
    metric("deadlock_jobs", "deadlock.holders", "", "Jobs that hold GPUs and can never start."),
    metric("deadlock_held_gpus", "deadlock.held_gpus", "", "GPUs that they hold."),
];

const fn metric(name: &'static str, figures: &'static str, label: &'static str, help: &'static str) -> Metric {
    Metric { name, figures, label, help }
}

fn write(run: &StoredRun, folder: &Path, files: &mut Files<'_>) -> Result<(), Problems> {
    let path = folder.join("summary.json");
    let summary =
        std::fs::read_to_string(&path).map_err(|e| Problem::of_file(&path, format!("cannot be read: {e}")))?;
    let figures = Figures::of_summary(&summary);
    let labels = format!(
        "scenario=\"{}\",policy=\"{}\",seed=\"{}\"",
        escaped(&run.summary.name),
        escaped(&run.summary.policy),
        run.summary.seed
    );
    files.write("metrics.prom", |out| {
        METRICS.iter().try_for_each(|metric| metric.write(&figures, &labels, out))?;
        pools(run, &labels, out)?;
        writeln!(out, "# EOF")
    })?;
    Ok(())
}

impl Metric {
    fn write(&self, figures: &Figures, labels: &str, out: &mut dyn Write) -> io::Result<()> {
        let is_one = |(name, text): (&'_ str, &'_ str)| {
            let rest = if self.label.is_empty() {
                (name == self.figures).then_some("")
            } else {
                name.strip_prefix(self.figures)
            };
            rest.filter(|_| !text.is_empty()).map(|rest| (rest.to_owned(), text.to_owned()))
        };
        let samples: Vec<(String, String)> = figures.iter().filter_map(is_one).collect();
        if samples.is_empty() {
            return Ok(());
        }
        head(self.name, self.help, out)?;
        for (value, text) in samples {
            let own =
                if self.label.is_empty() { String::new() } else { format!(",{}=\"{}\"", self.label, escaped(&value)) };
            writeln!(out, "fleetsim_{}{{{labels}{own}}} {text}", self.name)?;
        }
        Ok(())
    }
}

/// The ledger of each pool.
fn pools(run: &StoredRun, labels: &str, out: &mut dyn Write) -> io::Result<()> {
    use crate::ledger::Leaf;
    head("pool_gpu_seconds", "Where the capacity of each pool went.", out)?;
    for (pool, leaves) in &run.pools {
        for leaf in Leaf::ALL {
            let seconds = leaves.gpu_seconds[leaf as usize];
            let own = format!("pool=\"{}\",leaf=\"{}\"", escaped(pool), leaf.name());
            writeln!(out, "fleetsim_pool_gpu_seconds{{{labels},{own}}} {seconds}")?;
        }
    }
    Ok(())
}

fn head(name: &str, help: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# TYPE fleetsim_{name} gauge\n# HELP fleetsim_{name} {help}")
}

/// A label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
