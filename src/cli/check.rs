//! `check`: scenarios against their recorded baselines.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::Output;
use super::failure::Failure;
use super::format::plural;
use super::many;
use crate::experiments::check::{self, Verdict, reports};
use crate::input::Problem;
use crate::output::AtomicFile;

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example: fleetsim check scenarios --junit check.xml --markdown check.md\n\n\
                        Beside NAME.toml lie NAME.baseline.json, whose figures and tolerances (absolute, relative; worse: \
                        higher, lower or either) may be edited, and NAME.baseline.csv.gz, the schedule. --bless records \
                        both anew and keeps the tolerances. Exit codes: 0 nothing is worse, 1 something is, 2 usage or \
                        input.")]
pub struct CheckArgs {
    /// A scenario, or a folder of them.
    pub path: PathBuf,
    /// Record what comes out as the new baselines.
    #[arg(long)]
    pub bless: bool,
    /// Write the verdicts as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the verdicts as GitHub-flavoured Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the input, files that cannot be written, or figures that are worse.
pub fn run(args: &CheckArgs, output: &mut Output) -> Result<(), Failure> {
    let cases = check::cases(&args.path, args.bless)?;
    // A file that cannot be written is to be known before the runs, not after.
    let create = |file: &Option<PathBuf>| file.as_deref().map(AtomicFile::create).transpose();
    let (junit, markdown) = (create(&args.junit)?, create(&args.markdown)?);
    let verdicts = many::make(&[], cases.len() as u64, output, |observer| check::run(&cases, args.bless, observer))?;
    for verdict in &verdicts {
        if let Some(problem) = &verdict.replaced {
            output.notice(&problem.to_string());
        }
        output.text(&text(verdict, args.bless));
    }
    write(junit, || reports::junit(&verdicts))?;
    write(markdown, || reports::markdown(&verdicts))?;
    let worse = verdicts.iter().filter(|verdict| !verdict.regressions.is_empty()).count();
    match worse {
        0 => Ok(()),
        worse => {
            let of = plural(verdicts.len() as u64, "scenario");
            Err(Failure::Check(format!("{worse} of {of} worse than recorded; --bless accepts it")))
        }
    }
}

fn write(file: Option<AtomicFile>, text: impl FnOnce() -> String) -> Result<(), Problem> {
    let Some(mut file) = file else { return Ok(()) };
    file.write_all(text().as_bytes()).map_err(|error| file.problem(&error))?;
    file.finish()
}

fn text(verdict: &Verdict, blessed: bool) -> String {
    let word = match (verdict.regressions.is_empty(), &verdict.parted) {
        _ if blessed => "recorded",
        (false, _) => "worse",
        (true, Some(_)) => "passes, schedule moved",
        (true, None) => "passes",
    };
    let mut text = format!("{}: {word}\n", reports::name(verdict));
    for line in reports::lines(verdict) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
