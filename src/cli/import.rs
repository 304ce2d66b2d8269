//! `trace import`: a published dataset becomes a native trace and a scenario.

use super::Output;
use super::args::ImportArgs;
use super::failure::Failure;
use super::format::{count, plural};
use crate::import::{self, Dataset, Request};

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the arguments or the files.
pub fn run(args: &ImportArgs, output: &mut Output) -> Result<(), Failure> {
    let format = import::find(&args.from)?;
    let request = Request::new(format, &args.inputs, &args.options, &args.map)?;
    let dataset = format.import(&request)?;
    import::write(format, &dataset, &request.options, &args.out)?;
    for notice in &dataset.notices {
        output.notice(notice);
    }
    output.text(&tally(&dataset));
    let folder = args.out.display();
    output.text(&format!(
        "\nwritten: {folder}/trace.csv.gz, {folder}/scenario.toml\nnext: fleetsim run {folder}/scenario.toml\n"
    ));
    Ok(())
}

/// The rows: what became of each.
fn tally(dataset: &Dataset) -> String {
    let rows = dataset.rows;
    let mut text = format!("{}: {}\n", plural(rows, "row"), plural(dataset.jobs.len() as u64, "job"));
    for skipped in &dataset.skipped {
        text.push_str(&format!("  {} skipped, {}\n", count(skipped.rows), skipped.reason));
    }
    text
}
