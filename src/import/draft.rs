//! What an import leaves behind: the trace, and a scenario that runs at once.

use std::fs;
use std::path::Path;

use super::site::quoted;
use super::{Dataset, Format, sized};
use crate::input::Problem;
use crate::output;
use crate::trace::native;
use crate::units::keys::Params;

/// Writes `trace.csv.gz` and `scenario.toml` into a folder, which is made where it is not there. A scenario that somebody
/// has changed since is his: nothing is written over it, nor a trace beside it that it may not be about.
///
/// # Errors
/// The folder or a file cannot be written, or another scenario is there.
pub fn write(format: &Format, dataset: &Dataset, options: &Params, folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|e| Problem::of_file(folder, format!("cannot be made: {e}")))?;
    let name =
        folder.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let text = scenario(&name.unwrap_or_else(|| format.name.to_owned()), format, dataset, options);
    let file = folder.join("scenario.toml");
    let is_there = file.symlink_metadata().is_ok();
    let is_the_same = is_there && fs::read(&file).is_ok_and(|bytes| bytes == text.as_bytes());
    if is_there && !is_the_same {
        let message = "is there already, differs from what the import would write, and is not overwritten; \
                       --out takes another folder, or remove the file";
        return Err(Problem::of_file(&file, message));
    }
    native::write_table(&folder.join("trace.csv.gz"), &dataset.jobs)?;
    if is_the_same { Ok(()) } else { output::write_text(&file, &text) }
}

/// The scenario: the dataset's cluster or an assumed one, and the policy that its trace can feed.
fn scenario(name: &str, format: &Format, dataset: &Dataset, options: &Params) -> String {
    let site = dataset.site.clone().unwrap_or_else(|| sized::site(&dataset.jobs, options)).knowing(&dataset.jobs);
    let mut text = format!("# Imported from: {}.\nname = {}\n\n{}", format.summary, quoted(name), site.to_toml());
    text.push_str("[workload]\ntrace = \"trace.csv.gz\"\n");
    if dataset.jobs.has_recorded_starts() {
        text.push_str("recorded = true                # holds recorded queue times against the simulated ones\n");
    }
    text.push('\n');
    text.push_str(if dataset.jobs.has_walltimes() {
        "[policy.easy-backfill]\n"
    } else {
        "# The trace has no requested run times, so nothing to backfill by.\n[policy.best-effort-fifo]\n"
    });
    text.push_str("placement = \"pack\"\n");
    text
}
