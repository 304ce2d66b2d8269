//! Charts of stored runs, comparisons and sweeps. Each is a file of its own: it takes what it needs from what is stored
//! and says as a [`Scene`] what is to be seen; here and in `svg` and `png` that becomes files.

mod bars;
mod cdf;
mod curve;
mod divided;
mod font;
pub mod frontier;
mod gantt;
mod knee;
mod layout;
mod ledger;
pub mod markup;
mod nodes;
pub mod palette;
mod png;
mod rows;
mod scale;
pub mod scene;
mod sizes;
mod spread;
mod stack;
mod storage;
pub mod svg;
mod tenants;
mod timeline;
mod waiting;
mod waterfall;
pub mod words;
mod xaxis;

use rayon::prelude::*;

use crate::experiments::stored::{StoredComparison, StoredSweep};
use crate::results::StoredRun;
use palette::Theme;
use scene::Scene;
use svg::Target;

/// A kind of chart of something that is stored.
#[derive(Debug)]
pub struct Chart<T> {
    /// What its files are called.
    pub name: &'static str,
    /// Draws it.
    pub draw: fn(&T) -> Scene,
}

/// The charts of every run, in the order of the report.
pub const CHARTS: [Chart<StoredRun>; 8] = [
    waterfall::CHART,
    ledger::CHART,
    waiting::CHART,
    cdf::CHART,
    sizes::CHART,
    nodes::CHART,
    gantt::CHART,
    tenants::CHART,
];

/// Further charts of a run on a cluster with storage systems.
pub const OF_STORAGE: [Chart<StoredRun>; 1] = [storage::CHART];

/// All charts of a comparison.
pub const OF_COMPARISONS: [Chart<StoredComparison>; 3] = [bars::CHART, cdf::OF_COMPARISONS, divided::CHART];

/// All charts of a sweep.
pub const OF_SWEEPS: [Chart<StoredSweep>; 3] = curve::CHARTS;

/// A drawn chart by its name.
pub type Drawn = (&'static str, Scene);

/// Draws charts of a kind.
#[must_use]
pub fn drawn<T>(charts: &[Chart<T>], of: &T) -> Vec<Drawn> {
    charts.iter().map(|chart| (chart.name, (chart.draw)(of))).collect()
}

/// Draws all charts of a run.
#[must_use]
pub fn of_run(run: &StoredRun) -> Vec<Drawn> {
    let mut all = drawn(&CHARTS, run);
    if !run.storage.is_empty() {
        all.extend(drawn(&OF_STORAGE, run));
    }
    all
}

/// What all kinds of charts are called.
pub fn names() -> impl Iterator<Item = &'static str> {
    let of_runs = CHARTS.iter().chain(&OF_STORAGE).map(|chart| chart.name);
    let of_many = OF_COMPARISONS.iter().map(|chart| chart.name).chain(OF_SWEEPS.iter().map(|chart| chart.name));
    of_runs.chain(of_many).chain([frontier::CHART.name])
}

/// What the SVG and the PNG of a chart are called.
#[must_use]
pub fn file_names(name: &str, theme: Theme) -> [String; 2] {
    let end = if theme == Theme::Light { "" } else { "-dark" };
    ["svg", "png"].map(|kind| format!("{name}{end}.{kind}"))
}

/// The files of drawn charts: SVG and PNG, light and dark, by name.
#[must_use]
pub fn files(drawn: &[Drawn]) -> Vec<(String, Vec<u8>)> {
    let file = |((name, scene), theme): (&Drawn, Theme)| {
        let [vector, bitmap] = file_names(name, theme);
        let text = svg::svg(scene, Target::File(theme)).as_str().as_bytes().to_owned();
        [(vector, text), (bitmap, png::png(scene, theme))]
    };
    let all: Vec<_> = drawn.iter().flat_map(|drawn| Theme::ALL.map(|theme| (drawn, theme))).collect();
    all.into_par_iter().map(file).collect::<Vec<_>>().into_iter().flatten().collect()
}
