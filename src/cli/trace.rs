//! `trace`: import, generate, describe, check and convert traces.

use std::path::{Path, PathBuf};

use super::Output;
use super::args::TraceCommand;
use super::failure::Failure;
use super::format::plural;
use crate::input::Problems;
use crate::trace::native::{self, ReadOptions};

/// Runs a trace command.
///
/// # Errors
/// Everything that is wrong with the files.
pub fn run(command: &TraceCommand, output: &mut Output) -> Result<(), Failure> {
    match command {
        TraceCommand::Validate { traces } => validate(traces, output),
        TraceCommand::Convert { from, to } => convert(from, to, output),
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
                for notice in &trace.notices {
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

fn convert(from: &Path, to: &Path, output: &mut Output) -> Result<(), Failure> {
    let trace = native::read(from, &ReadOptions::default())?;
    for notice in &trace.notices {
        output.notice(notice);
    }
    native::write_table(to, &trace.table)?;
    output.text(&format!("{}: {}\n", to.display(), plural(trace.table.len() as u64, "job")));
    Ok(())
}
