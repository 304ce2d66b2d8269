//! Charts and the HTML report of a run folder, made from what is stored there and from nothing else.

mod page;
mod remedies;
mod table;
mod tables;

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::chart;
use crate::input::{Problem, Problems};
use crate::output::AtomicFile;
use crate::results::StoredRun;

/// Writes the charts and the report of the run folder `run` into the folder `to`.
///
/// # Errors
/// When a file of the run is missing or damaged, or one cannot be written.
pub fn write(run: &Path, to: &Path) -> Result<(), Problems> {
    let run = StoredRun::read(run)?;
    let charts = to.join("charts");
    fs::create_dir_all(&charts).map_err(|e| Problem::of_file(&charts, format!("cannot be made: {e}")))?;
    let scenes = chart::scenes(&run);
    for (name, bytes) in chart::files(&scenes) {
        put(&charts.join(name), &bytes)?;
    }
    put(&to.join("report.html"), page::page(&run, &scenes).as_str().as_bytes())?;
    Ok(())
}

fn put(to: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let mut file = AtomicFile::create(to)?;
    file.write_all(bytes).map_err(|e| file.problem(&e))?;
    file.finish()
}
