//! Charts of a stored run. Each is a file of its own: it takes what it needs from the run and says as a [`Scene`] what is
//! to be seen; here and in `svg` and `png` that becomes files.

mod cdf;
mod font;
mod layout;
mod ledger;
pub mod markup;
pub mod palette;
mod png;
mod scale;
pub mod scene;
mod sizes;
pub mod svg;
mod timeline;
mod waiting;
mod waterfall;
pub mod words;

use rayon::prelude::*;

use crate::results::StoredRun;
use palette::Theme;
use scene::Scene;
use svg::Target;

/// A kind of chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// What its files are called.
    pub name: &'static str,
    /// Draws it.
    pub draw: fn(&StoredRun) -> Scene,
}

/// All charts, in the order of the report.
pub const CHARTS: [Chart; 5] = [waterfall::CHART, ledger::CHART, waiting::CHART, cdf::CHART, sizes::CHART];

/// The files of scenes that [`Chart::draw`] gave: SVG and PNG, light and dark, by name.
#[must_use]
pub fn files(scenes: &[(Chart, Scene)]) -> Vec<(String, Vec<u8>)> {
    let file = |((chart, scene), theme): (&(Chart, Scene), Theme)| {
        let end = if theme == Theme::Light { "" } else { "-dark" };
        let drawn = svg::svg(scene, Target::File(theme)).as_str().as_bytes().to_owned();
        let name = format!("{}{end}", chart.name);
        [(format!("{name}.svg"), drawn), (format!("{name}.png"), png::png(scene, theme))]
    };
    let all: Vec<_> = scenes.iter().flat_map(|scene| Theme::ALL.map(|theme| (scene, theme))).collect();
    all.into_par_iter().map(file).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// All charts of a run.
#[must_use]
pub fn scenes(run: &StoredRun) -> Vec<(Chart, Scene)> {
    CHARTS.into_iter().map(|chart| (chart, (chart.draw)(run))).collect()
}
