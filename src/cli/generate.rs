//! `trace generate`: a synthetic trace by the keys of `[workload.generate]`, each a flag.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::Output;
use super::failure::Failure;
use super::format::{duration, gpu_hours, plural};
use crate::input::{Problem, Problems};
use crate::scenario::tree::Place;
use crate::scenario::value;
use crate::trace::generate::{BadKey, Generator, KEYS, Rate};
use crate::trace::native;
use crate::trace::stats::TraceStats;
use crate::units::keys::{Kind, Params};

/// What `trace generate` takes: a flag for each of [`KEYS`], the seed, the file.
#[derive(Debug)]
pub struct GenerateArgs {
    /// The flags that were given: the key's place in [`KEYS`], and its text.
    given: Vec<(usize, String)>,
    seed: u64,
    out: PathBuf,
}

/// The flag of a key: `duration_median` is `--duration-median`.
fn flag(key: &str) -> String {
    key.replace('_', "-")
}

impl Args for GenerateArgs {
    fn augment_args(command: Command) -> Command {
        let of_key = |key: &'static crate::units::keys::Key| {
            let help = format!("{} [default: {}]", key.doc, key.default);
            Arg::new(key.name).long(flag(key.name)).value_name(value_name(key.kind)).help(help)
        };
        let seed = Arg::new("seed").long("seed").value_name("N").value_parser(value_parser!(u64));
        let out = Arg::new("out").long("out").value_name("FILE").value_parser(value_parser!(PathBuf));
        command
            .args(KEYS.iter().map(of_key))
            .arg(seed.default_value("0").help("The seed of all draws"))
            .arg(out.required(true).help("The trace to write: .csv or .csv.gz"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for GenerateArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let text = |key: &crate::units::keys::Key| matches.get_one::<String>(key.name).cloned();
        Ok(GenerateArgs {
            given: KEYS.iter().enumerate().filter_map(|(at, key)| Some((at, text(key)?))).collect(),
            seed: matches.get_one("seed").copied().unwrap_or_default(),
            out: matches.get_one("out").cloned().unwrap_or_default(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true|false",
        Kind::Count { .. } | Kind::CountOr { .. } => "N",
        Kind::Number { .. } => "X",
        Kind::Duration => "TIME",
        Kind::Texts | Kind::Choices(_) => "A,B,...",
        Kind::Text | Kind::Choice(_) | Kind::Bytes | Kind::Bandwidth | Kind::Price => "TEXT",
    }
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the flags, or the file cannot be written.
pub fn run(args: &GenerateArgs, output: &mut Output) -> Result<(), Failure> {
    let generator = Generator::from_params(&params(args)?, None).map_err(|bad| of_flags(&bad))?;
    let jobs = generator.generate(args.seed).map_err(|bad| of_flags(&bad))?;
    native::write_table(&args.out, &jobs)?;
    let stats = TraceStats::of(&jobs);
    let load = match generator.rate {
        Rate::Load { gpus, .. } => {
            stats.offered_load(gpus).map(|load| format!(", offered load {load:.2} on {}", plural(gpus, "GPU")))
        }
        Rate::PerHour(_) => None,
    };
    output.text(&format!(
        "{}: {} over {}, {} GPU-hours{}\n",
        args.out.display(),
        plural(stats.all.jobs, "job"),
        duration(stats.span.as_seconds()),
        gpu_hours(stats.all.gpu_time),
        load.unwrap_or_default()
    ));
    Ok(())
}

fn params(args: &GenerateArgs) -> Result<Params, Problems> {
    let mut params = Params::default();
    let mut problems = Problems::new();
    for (at, text) in &args.given {
        let key = &KEYS[*at];
        let source = format!("--{}", flag(key.name));
        match value::of_argument(text, key.kind, &Place::whole(&source)) {
            Ok(value) => params.set(key.name, value),
            Err(message) => problems.push(Problem { source, at: None, message }),
        }
    }
    problems.or(params)
}

fn of_flags(bad: &[BadKey]) -> Problems {
    let mut problems = Problems::new();
    for bad in bad {
        problems.push(Problem { source: format!("--{}", flag(bad.key)), at: None, message: bad.message.clone() });
    }
    problems
}
