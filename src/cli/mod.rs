//! The commands of the terminal: one file each.

pub mod args;
pub mod catalog;
mod check;
mod compare;
mod diff;
mod explain;
mod failure;
mod generate;
mod import;
mod init;
mod many;
mod plan;
mod progress;
mod remedies;
mod report;
mod run;
mod stats;
mod summary;
mod sweep;
mod table;
mod threads;
mod trace;

use std::borrow::Cow;
use std::io::{self, Write};

use clap::{CommandFactory, Parser};

use crate::input::Problem;
pub use crate::results::format;
use args::{CatalogPart, Cli, Command};
pub use failure::Failure;

/// Where commands write: results to standard output, everything else to standard error.
#[derive(Debug)]
pub struct Output {
    out: io::StdoutLock<'static>,
    /// Why not all of the text could be written.
    failed: Option<io::Error>,
}

impl Output {
    fn text(&mut self, text: &str) {
        let written = self.out.write_all(printable(text).as_bytes()).and_then(|()| self.out.flush());
        self.failed = self.failed.take().or(written.err());
    }

    /// Says whether all text was written. A reader that has gone away (a closed pipe) is no failure of ours.
    fn close(self) -> Result<(), Failure> {
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("cannot be written: {error}");
                Err(Problem { source: "standard output".to_owned(), at: None, message }.into())
            }
            _ => Ok(()),
        }
    }

    fn notice(&mut self, notice: &str) {
        drop(writeln!(io::stderr(), "note: {}", printable(notice)));
    }
}

/// A text in which names from files cannot move the cursor or colour the rest: control characters become their codes.
fn printable(text: &str) -> Cow<'_, str> {
    let is_code = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_code) {
        return Cow::Borrowed(text);
    }
    let written = |c: char| if is_code(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(written).collect())
}

/// Parses the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let mut output = Output { out: io::stdout().lock(), failed: None };
    let done = threads::set(cli.threads, &cli.command).and_then(|()| dispatch(&cli.command, &mut output));
    match done.and_then(|()| output.close()) {
        Ok(()) => 0,
        Err(failure) => {
            drop(writeln!(io::stderr(), "{}", printable(&failure.to_string())));
            failure.exit_code()
        }
    }
}

fn dispatch(command: &Command, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, output),
        Command::Compare(args) => compare::run(args, output),
        Command::Sweep(args) => sweep::run(args, output),
        Command::Plan(args) => plan::run(args, output),
        Command::Check(args) => check::run(args, output),
        Command::Diff { one, other } => diff::run(one, other, output),
        Command::Explain(args) => explain::run(args, output),
        Command::Report(args) => report::run(args, output),
        Command::Init(args) => init::run(args, output),
        Command::Trace(command) => trace::run(command, output),
        Command::Catalog { part } => {
            output.text(&catalog_text(*part));
            Ok(())
        }
        Command::Schema => {
            let schema = serde_json::to_string_pretty(&crate::scenario::schema()).expect("a schema is JSON");
            output.text(&format!("{schema}\n"));
            Ok(())
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "fleetsim", &mut script);
            output.text(&String::from_utf8_lossy(&script));
            Ok(())
        }
    }
}

fn catalog_text(part: Option<CatalogPart>) -> String {
    let placements = || {
        let words = crate::cluster::Placement::WORDS.map(|(word, _, doc)| (word, doc));
        catalog::placements(words)
    };
    match part {
        Some(CatalogPart::Gpus) => catalog::gpus(),
        Some(CatalogPart::Policies) => catalog::policies(),
        Some(CatalogPart::Placements) => placements(),
        Some(CatalogPart::Formats) => catalog::formats(),
        Some(CatalogPart::Exports) => catalog::exports(),
        None => [
            ("GPUs", catalog::gpus()),
            ("Policies", catalog::policies()),
            ("Placements", placements()),
            ("Trace formats", catalog::formats()),
            ("Export formats", catalog::exports()),
        ]
        .map(|(title, text)| format!("{title}\n\n{text}"))
        .join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_colour_a_terminal() {
        assert_eq!(printable("a job\n\tof\u{1b}[31mred\u{0}"), "a job\n\tof\\u{1b}[31mred\\u{0}");
        assert!(matches!(printable("日本"), Cow::Borrowed("日本")));
    }
}
