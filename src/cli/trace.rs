//! `trace`: import, generate, describe, check and convert traces.

use std::path::{Path, PathBuf};

use super::Output;
use super::args::TraceCommand;
use super::failure::Failure;
use super::format::plural;
use crate::experiments::gpu_types;
use crate::export;
use crate::input::Problems;
use crate::trace::native::{self, ReadOptions};

/// Runs a trace command.
///
/// # Errors
/// Everything that is wrong with the files.
pub fn run(command: &TraceCommand, output: &mut Output) -> Result<(), Failure> {
    match command {
        TraceCommand::Validate { traces } => validate(traces, output),
        TraceCommand::Convert { from, file, to } => convert(from, file, to.as_deref(), output),
        TraceCommand::Import(args) => super::import::run(args, output),
        TraceCommand::Generate(args) => super::generate::run(args, output),
        TraceCommand::Stats(args) => super::stats::run(args, output),
    }
}

/// Looks at every trace, also behind a wrong one.
fn validate(paths: &[PathBuf], output: &mut Output) -> Result<(), Failure> {
    let mut problems = Problems::new();
    for path in paths {
        match native::read(path, &ReadOptions::default()) {
            Ok(trace) => {
                for notice in trace.notices.iter().chain(&gpu_types::notice(&trace.table)) {
                    output.notice(notice);
                }
                output.text(&format!(
                    "{}: {}, nothing wrong\n",
                    path.display(),
                    plural(trace.table.len() as u64, "job")
                ));
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    problems.or(()).map_err(Failure::from)
}

fn convert(from: &Path, to: &Path, format: Option<&str>, output: &mut Output) -> Result<(), Failure> {
    let format = format.map(|name| export::find("--to", name, |f| f.of_trace.is_some())).transpose()?;
    let trace = native::read(from, &ReadOptions::default())?;
    for notice in &trace.notices {
        output.notice(notice);
    }
    if !trace.foreign.is_empty() {
        output.notice(&format!(
            "{} of your own left out: {}",
            plural(trace.foreign.len() as u64, "column"),
            trace.foreign.join(", ")
        ));
    }
    match format {
        None => native::write_table(to, &trace.table)?,
        Some(format) => {
            for notice in export::trace(format, &trace.table, to)? {
                output.notice(&notice);
            }
        }
    }
    output.text(&format!("{}: {}\n", to.display(), plural(trace.table.len() as u64, "job")));
    Ok(())
}
