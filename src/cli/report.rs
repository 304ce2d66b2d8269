//! `report`: the charts and the HTML report again, from a run folder.

use super::Output;
use super::args::ReportArgs;
use super::failure::Failure;

/// Runs the command.
///
/// # Errors
/// When a file of the run is missing or damaged, or one cannot be written.
pub fn run(args: &ReportArgs, output: &mut Output) -> Result<(), Failure> {
    let to = args.out.as_ref().unwrap_or(&args.run);
    crate::report::write(&args.run, to)?;
    output.text(&format!("written to {}\n", to.join("report.html").display()));
    Ok(())
}
