//! `report`: the charts and the HTML report again, of a run, a comparison or a sweep, or of several runs side by side; or
//! a run in formats of other programs.

use std::path::Path;

use super::Output;
use super::args::ReportArgs;
use super::failure::Failure;
use crate::experiments::stored::{StoredComparison, StoredSweep};
use crate::export;
use crate::input::{Problem, Problems};
use crate::report;

/// Runs the command.
///
/// # Errors
/// When a file of a run is missing or damaged, or one cannot be written.
pub fn run(args: &ReportArgs, output: &mut Output) -> Result<(), Failure> {
    if !args.export.is_empty() {
        return args.runs.iter().try_for_each(|run| export(args, run, output));
    }
    let to = match (&args.out, args.runs.as_slice()) {
        (Some(out), _) => out,
        (None, [only]) => only,
        (None, _) => {
            let message = "several runs side by side need a folder of their own: --out DIR";
            return Err(Problem { source: "--out".to_owned(), at: None, message: message.to_owned() }.into());
        }
    };
    match args.runs.as_slice() {
        [only] => one(only, to)?,
        several => {
            let runs = StoredComparison::of_runs(several)?;
            report::write_comparison(&runs, to)?;
        }
    }
    output.text(&format!("written to {}\n", to.join("report.html").display()));
    Ok(())
}

fn one(folder: &Path, to: &Path) -> Result<(), Problems> {
    if StoredComparison::is_in(folder) {
        return Ok(report::write_comparison(&StoredComparison::read(folder)?, to)?);
    }
    match StoredSweep::read(folder)? {
        Some(sweep) => Ok(report::write_sweep(&sweep, to)?),
        None => report::write(folder, to),
    }
}

/// Writes a run in each of the formats that were asked for.
fn export(args: &ReportArgs, run: &Path, output: &mut Output) -> Result<(), Failure> {
    if args.out.is_some() && args.runs.len() > 1 {
        let message =
            "the exports of several runs go into their own folders; export them one by one to have them elsewhere";
        return Err(Problem { source: "--out".to_owned(), at: None, message: message.to_owned() }.into());
    }
    let formats: Vec<_> = args
        .export
        .iter()
        .map(|name| export::find("--export", name, |f| f.of_run.is_some()))
        .collect::<Result<_, _>>()?;
    let to = args.out.clone().unwrap_or_else(|| run.join("export"));
    for format in formats {
        let files = export::run(format, run, &to)?;
        for notice in &files.notices {
            output.notice(notice);
        }
        for path in &files.written {
            output.text(&format!("written to {}\n", path.display()));
        }
    }
    Ok(())
}
