//! `catalog`: what scenarios can name. GPUs, policies with their settings, placements.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::cluster::catalog;
use crate::scenario::value;
use crate::sched::registry;
use crate::units::keys::Key;
use crate::{export, import};

/// The known GPU types.
#[must_use]
pub fn gpus() -> String {
    let mut table = plain_table(&[
        "id",
        "architecture",
        "memory\nGB",
        "bandwidth\nGB/s",
        "BF16/FP16\nTFLOPS",
        "FP8\nTFLOPS",
        "power\nW",
        "MIG",
        "link\nGB/s",
        "rental\n$/GPU-h",
        "who asks it",
    ]);
    for gpu in catalog::gpus() {
        table.add_row([
            gpu.id.to_owned(),
            gpu.arch.to_owned(),
            gpu.memory_gb.to_string(),
            gpu.bandwidth_gbs.to_string(),
            gpu.tflops.to_string(),
            gpu.fp8_tflops.map_or_else(dash, |tflops| tflops.to_string()),
            gpu.power_w.to_string(),
            gpu.mig_instances().to_string(),
            gpu.link_mbs.map_or_else(dash, |mbs| (f64::from(mbs) / 1000.0).to_string()),
            gpu.rental.map_or_else(dash, |rental| format!("{}.{:02}", rental.cents / 100, rental.cents % 100)),
            gpu.rental.map_or_else(String::new, |rental| rental.source.to_owned()),
        ]);
    }
    for column in table.column_iter_mut().skip(2).take(8) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let notes = "Dense rates. Link: per GPU and direction to the others of its island, or over PCIe.\n\
                 Rental: a specialist's price on demand; the default where a pool has neither `price` nor `owned`.\n\
                 Change one or add your own under [cluster.gpus.NAME].";
    format!("{}\n\n{notes}\n", table.trim_fmt())
}

/// The policies, each with what can be set.
#[must_use]
pub fn policies() -> String {
    let mut text = String::new();
    for policy in registry::policies() {
        text.push_str(&format!("[policy.{}]\n  {}\n", policy.name, policy.summary));
        text.push_str(&indented(&settings(policy.keys)));
        text.push('\n');
    }
    text
}

/// The placements: their words, and what each does.
#[must_use]
pub fn placements(words: impl IntoIterator<Item = (&'static str, &'static str)>) -> String {
    let mut table = plain_table(&["placement", "takes"]);
    for (word, doc) in words {
        table.add_row([word, doc]);
    }
    format!("{}\n", table.trim_fmt())
}

/// The trace formats that can be imported.
#[must_use]
pub fn formats() -> String {
    let mut text = String::new();
    for format in import::FORMATS {
        text.push_str(&format!("{}\n  {}\n  takes: {}\n", format.name, format.summary, format.files));
        if !format.options.is_empty() {
            text.push_str(&indented(&settings(format.options)));
        }
        text.push('\n');
    }
    let notes = "fleetsim's own CSV, plain, gzip or zstd, needs no import. Every format also takes these options,\n\
                 for the cluster that is assumed where the dataset has none:";
    format!("{text}{notes}\n{}", indented(&settings(import::COMMON)))
}

/// The formats that runs and traces can be written in.
#[must_use]
pub fn exports() -> String {
    let mut table = plain_table(&["format", "of", "is"]);
    for format in export::FORMATS {
        let of = match (format.of_run.is_some(), format.of_trace.is_some()) {
            (true, true) => "runs, traces",
            (true, false) => "runs",
            _ => "traces",
        };
        table.add_row([format.name, of, format.summary]);
    }
    format!("{}\n", table.trim_fmt())
}

fn settings(keys: &[Key]) -> String {
    let mut table = plain_table(&["key", "takes", "default", "does"]);
    for key in keys {
        table.add_row([key.name.to_owned(), value::expected(key.kind), key.default.to_owned(), key.doc.to_owned()]);
    }
    table.trim_fmt()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn dash() -> String {
    "-".to_owned()
}

/// A table without borders, as wide as the terminal at most.
fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gpu_and_policy_is_listed() {
        let text = gpus();
        assert!(catalog::ids().iter().all(|id| text.contains(id)));
        let text = policies();
        assert!(registry::policies().iter().all(|policy| text.contains(policy.name)));
        assert!(placements([("pack", "the fullest node")]).contains("pack"));
    }
}
