//! Charts and HTML reports of runs, comparisons and sweeps, made from what is stored in their folders and from nothing else.

mod page;
mod remedies;
mod shell;
mod side;
mod table;
mod tables;

use std::fs;
use std::path::Path;

use crate::chart::frontier::{self, Frontier};
use crate::chart::markup::Markup;
use crate::chart::palette::Theme;
use crate::chart::{self, Drawn};
use crate::experiments::plan::Planned;
use crate::experiments::stored::{StoredComparison, StoredSweep};
use crate::input::{Problem, Problems};
use crate::output::{remove_file, write_bytes};
use crate::results::StoredRun;

/// What the page is called.
const PAGE: &str = "report.html";

/// Writes the charts and the report of the run folder `run` into the folder `to`.
///
/// # Errors
/// When a file of the run is missing or damaged, or one cannot be written.
pub fn write(run: &Path, to: &Path) -> Result<(), Problems> {
    let run = StoredRun::read(run)?;
    let drawn = chart::of_run(&run);
    Ok(put_all(to, &drawn, &page::page(&run, &drawn))?)
}

/// Writes the charts and the report of a comparison into the folder `to`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_comparison(of: &StoredComparison, to: &Path) -> Result<(), Problem> {
    let drawn = chart::drawn(&chart::OF_COMPARISONS, of);
    put_all(to, &drawn, &side::comparison(of, &drawn))
}

/// Writes the charts and the report of a sweep into the folder `to`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_sweep(of: &StoredSweep, to: &Path) -> Result<(), Problem> {
    let drawn = chart::drawn(&chart::OF_SWEEPS, of);
    put_all(to, &drawn, &side::sweep(of, &drawn))
}

/// Writes the chart of a plan's frontier into the folder `to`; none where nothing costs anything.
///
/// # Errors
/// When a file cannot be written.
pub fn write_plan(of: &Planned, to: &Path) -> Result<(), Problem> {
    let frontier = Frontier::of(of);
    if frontier.points.iter().all(|point| point.cost <= 0.0) {
        return Ok(());
    }
    put_charts(to, &[(frontier::CHART.name, (frontier::CHART.draw)(&frontier))])
}

/// Takes the report and the charts out of `folder`: they tell of what is not there any more, or not much longer.
///
/// # Errors
/// When one of them cannot be removed.
pub fn clear(folder: &Path) -> Result<(), Problem> {
    let charts = folder.join("charts");
    let files = chart::names().flat_map(|name| Theme::ALL.map(|theme| chart::file_names(name, theme)));
    for file in files.flatten() {
        remove_file(&charts.join(file))?;
    }
    // What else is in it is somebody's.
    drop(fs::remove_dir(charts));
    remove_file(&folder.join(PAGE))
}

fn put_all(to: &Path, drawn: &[Drawn], page: &Markup) -> Result<(), Problem> {
    clear(to)?;
    put_charts(to, drawn)?;
    write_bytes(&to.join(PAGE), page.as_str().as_bytes())
}

fn put_charts(to: &Path, drawn: &[Drawn]) -> Result<(), Problem> {
    let charts = to.join("charts");
    fs::create_dir_all(&charts).map_err(|e| Problem::of_file(&charts, format!("cannot be made: {e}")))?;
    for (name, bytes) in chart::files(drawn) {
        write_bytes(&charts.join(name), &bytes)?;
    }
    Ok(())
}
