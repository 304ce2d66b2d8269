//! `init`: a starter scenario.

use std::path::Path;

use super::Output;
use super::args::InitArgs;
use super::failure::Failure;
use crate::import::sized;
use crate::input::Problem;
use crate::output;
use crate::trace::JobTable;
use crate::trace::native::{self, ReadOptions};
use crate::units::keys::Params;

/// A cluster and generated jobs for it, so that the scenario runs as it is.
const STARTER: &str = include_str!("starter.toml");

/// Runs the command.
///
/// # Errors
/// The trace cannot be read, or the scenario is there already.
pub fn run(args: &InitArgs, output: &mut Output) -> Result<(), Failure> {
    if let Some(out) = args.out.as_deref().filter(|out| out.exists()) {
        return Err(Problem::of_file(out, "is there already, and is not overwritten").into());
    }
    let text = match &args.from_trace {
        None => STARTER.to_owned(),
        Some(path) => {
            let trace = native::read(path, &ReadOptions::default())?;
            if trace.table.is_empty() {
                return Err(Problem::of_file(path, "has no jobs to fit a cluster to").into());
            }
            for notice in &trace.notices {
                output.notice(notice);
            }
            fitted(path, args.out.as_deref(), &trace.table)
        }
    };
    match &args.out {
        None => output.text(&text),
        Some(out) => {
            output::write_text(out, &text)?;
            output.text(&format!("written: {0}\nnext: fleetsim run {0}\n", out.display()));
        }
    }
    Ok(())
}

/// A scenario whose cluster fits the trace.
fn fitted(path: &Path, out: Option<&Path>, jobs: &JobTable) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let policy = if jobs.has_walltimes() {
        "[policy.easy-backfill]     # `fleetsim catalog policies` lists them; --policy fifo replaces it\n"
    } else {
        "# The trace has no walltime_s, so nothing to backfill by; `fleetsim catalog policies` lists the others.\n\
         [policy.best-effort-fifo]\n"
    };
    let recorded = match jobs.has_recorded_starts() {
        true => "recorded = true            # recorded queue times beside the simulated ones\n",
        false => "",
    };
    format!(
        "# A cluster that fits {name}: change it, and see what it does to queues and dollars.\n\
         #   `fleetsim schema` lists every key, `fleetsim catalog gpus` the GPU types.\n\
         name = {}\nseed = 42\n\n{}\
         [workload]\ntrace = {}\n{recorded}\n{policy}placement = \"pack\"\n",
        quoted(if stem.is_empty() { "starter" } else { stem }),
        sized::site(jobs, &Params::default()).knowing(jobs).to_toml().replace(
            "The dataset does not say what it ran on. Assumed: ",
            "Nothing is known of the cluster that the trace comes from. Assumed: "
        ),
        quoted(&as_seen_from(path, out)),
    )
}

/// The trace's path as the scenario is to name it: a scenario's paths are relative to its own folder.
fn as_seen_from(path: &Path, out: Option<&Path>) -> String {
    let beside =
        |folder: Option<&Path>| folder.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let folder = out.map_or_else(|| beside(None), |out| beside(out.parent()));
    let same = folder.canonicalize().ok().zip(beside(path.parent()).canonicalize().ok()).is_some_and(|(a, b)| a == b);
    let seen = match (same, path.file_name()) {
        (true, Some(name)) => name.into(),
        _ if out.is_none() || beside(out.and_then(Path::parent)) == Path::new(".") => path.to_owned(),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    };
    seen.display().to_string()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
