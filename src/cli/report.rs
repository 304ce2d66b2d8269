//! `report`: the charts and the HTML report again, from a run folder; or the run in formats of other programs.

use super::Output;
use super::args::ReportArgs;
use super::failure::Failure;
use crate::export;

/// Runs the command.
///
/// # Errors
/// When a file of the run is missing or damaged, or one cannot be written.
pub fn run(args: &ReportArgs, output: &mut Output) -> Result<(), Failure> {
    if !args.export.is_empty() {
        return export(args, output);
    }
    let to = args.out.as_ref().unwrap_or(&args.run);
    crate::report::write(&args.run, to)?;
    output.text(&format!("written to {}\n", to.join("report.html").display()));
    Ok(())
}

fn export(args: &ReportArgs, output: &mut Output) -> Result<(), Failure> {
    let formats: Vec<_> = args
        .export
        .iter()
        .map(|name| export::find("--export", name, |f| f.of_run.is_some()))
        .collect::<Result<_, _>>()?;
    let to = args.out.clone().unwrap_or_else(|| args.run.join("export"));
    for format in formats {
        let files = export::run(format, &args.run, &to)?;
        for notice in &files.notices {
            output.notice(notice);
        }
        for path in &files.written {
            output.text(&format!("written to {}\n", path.display()));
        }
    }
    Ok(())
}
