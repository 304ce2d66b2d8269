//! `sweep`: a grid, a list or a sample over scenario keys; `sweep merge` and `sweep submit`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand, value_parser};

use super::Output;
use super::failure::Failure;
use super::format::{count, plural};
use super::many::{self, ManyArgs};
use super::progress::pace;
use crate::experiments::bootstrap::Period;
use crate::experiments::merge::{Merged, merge};
use crate::experiments::store::RESULTS;
use crate::experiments::stored::StoredSweep;
use crate::experiments::submit::{self, Job};
use crate::experiments::sweep::{Request, Sample};
use crate::experiments::{Shard, Sweep};
use crate::input::Problem;
use crate::report;

/// Missing runs that are named; more of them help nobody.
const MOST_NAMED: usize = 20;

/// What `sweep` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Example: fleetsim sweep scenarios/quickstart.toml --axis cluster.pools.h100.nodes=14,16,20 \
                        --axis policy=fifo,easy-backfill --replicates 10 --out sweep\n\n\
                        --list points.csv takes points from a file instead: its columns are keys, a row is a point. \
                        --lhs 50 --axis cluster.pools.h100.nodes=12..32 --axis workload.scale=0.80..1.20 draws 50 \
                        points by Latin hypercube, in steps of the last place written. Each of these points meets \
                        all values of the other axes.\n\n\
                        DIR/results.csv has a row a run, in grid order (the last axis turns fastest). Interrupted in \
                        any way and started again, a sweep goes on where it ended, with the same bytes in the end. In \
                        a Slurm job array (SLURM_ARRAY_TASK_ID) or a Kubernetes Indexed Job (JOB_COMPLETION_INDEX \
                        and JOB_COMPLETIONS) a task takes its shard from there and works in DIR/shard-I-of-N.")]
pub struct SweepArgs {
    /// What else can be done with sweeps.
    #[command(subcommand)]
    pub command: Option<SweepCommand>,
    /// The grid.
    #[command(flatten)]
    pub grid: GridArgs,
    /// Only the I-th of N shards, counted from 1.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Make all runs anew where the folder belongs to another sweep, or to this one.
    #[arg(long)]
    pub recompute: bool,
    /// Write no charts and no HTML report when all runs are done.
    #[arg(long)]
    pub no_report: bool,
}

/// A grid and where its results go.
#[derive(Debug, Args)]
pub struct GridArgs {
    /// The scenario, a TOML file.
    #[arg(required = true)]
    pub scenario: Option<PathBuf>,
    /// A key of the scenario with the values that it takes; may be repeated. With --lhs also KEY=LO..HI.
    #[arg(long, value_name = "KEY=V1,V2,...")]
    pub axis: Vec<String>,
    /// Points from a CSV whose columns are keys of the scenario.
    #[arg(long, value_name = "FILE", conflicts_with = "lhs")]
    pub list: Option<PathBuf>,
    /// So many points, drawn by Latin hypercube from the axes that are ranges.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub lhs: Option<u32>,
    /// Replicates and changes.
    #[command(flatten)]
    pub many: ManyArgs,
    /// The folder of the sweep.
    #[arg(long, value_name = "DIR", required = true)]
    pub out: Option<PathBuf>,
}

/// What else can be done with sweeps.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// Join the shards of a sweep: the same bytes as one machine gives.
    #[command(after_help = "Example: fleetsim sweep merge shard-1 shard-2 shard-3 --out sweep\n\
                            Missing runs are named, and the exit code is 1.")]
    Merge {
        /// The folders of the shards, or a folder that they lie in.
        #[arg(required = true, value_name = "SHARD")]
        shards: Vec<PathBuf>,
        /// The folder of the whole sweep.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Leave charts and report out.
        #[arg(long)]
        no_report: bool,
    },
    /// Print the script or manifest under which Slurm or Kubernetes makes a sweep; with --yes, submit it.
    #[command(after_help = "Example: fleetsim sweep submit --slurm scenarios/quickstart.toml \
                            --axis policy=fifo,easy-backfill --replicates 10 --out /shared/sweep --tasks 8 > sweep.sh")]
    Submit(SubmitArgs),
}

/// What `sweep submit` takes.
#[derive(Debug, Args)]
#[group(id = "system", required = true, multiple = false, args = ["slurm", "kubernetes"])]
pub struct SubmitArgs {
    /// A Slurm job array.
    #[arg(long)]
    pub slurm: bool,
    /// A Kubernetes Indexed Job.
    #[arg(long)]
    pub kubernetes: bool,
    /// The grid.
    #[command(flatten)]
    pub grid: GridArgs,
    /// Tasks of the job array, at most one a run.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = value_parser!(u64).range(1..=100_000))]
    pub tasks: u64,
    /// CPU cores of a task.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(1..=1024))]
    pub cpus: u32,
    /// The container image with fleetsim in it.
    #[arg(long, value_name = "IMAGE", default_value = "fleetsim:latest")]
    pub image: String,
    /// The volume claim that is mounted at /data, with the scenario and room for the results.
    #[arg(long, value_name = "NAME", default_value = "fleetsim")]
    pub claim: String,
    /// Submit it, by `sbatch` or `kubectl apply`.
    #[arg(long)]
    pub yes: bool,
}

/// Runs the command.
///
/// # Errors
/// Everything that is wrong with the input, runs that are missing, or files that cannot be written.
pub fn run(args: &SweepArgs, output: &mut Output) -> Result<(), Failure> {
    match &args.command {
        Some(SweepCommand::Merge { shards, out, no_report }) => join(shards, out, !no_report, output),
        Some(SweepCommand::Submit(args)) => submit_sweep(args, output),
        None => sweep(args, output),
    }
}

fn plan(grid: &GridArgs, output: &mut Output) -> Result<(Sweep, PathBuf), Failure> {
    // Both are required where no subcommand stands in for them.
    let (file, out) = (grid.scenario.clone().unwrap_or_default(), grid.out.clone().unwrap_or_default());
    let (overrides, replicates) = (grid.many.overrides(), grid.many.replicates());
    let sample = match (&grid.list, grid.lhs) {
        (Some(list), _) => Sample::List(list),
        (None, Some(points)) => Sample::LatinHypercube(points),
        (None, None) => Sample::None,
    };
    let sweep = Sweep::plan(&Request { file: &file, overrides, axes: &grid.axis, sample, replicates })?;
    for notice in &sweep.notices {
        output.notice(notice);
    }
    Ok((sweep, out))
}

fn sweep(args: &SweepArgs, output: &mut Output) -> Result<(), Failure> {
    let of_array = match args.shard {
        Some(_) => None,
        None => Shard::of_environment(|name| std::env::var(name).ok())?,
    };
    let (sweep, mut folder) = plan(&args.grid, output)?;
    if let Some(shard) = of_array {
        folder = folder.join(shard.folder());
        output.notice(&format!("shard {shard} of a job array, in {}", folder.display()));
    }
    let store = sweep.open(&folder, args.recompute)?;
    let shard = args.shard.or(of_array).unwrap_or(Shard::WHOLE);
    let (pending, before) = Sweep::pending(&store, shard);
    let others = store.present().difference(&store.runs().collect()).count() as u64;
    if others > 0 {
        let stay = if others == 1 { "stays" } else { "stay" };
        output.notice(&format!(
            "{} of further replicates {stay} in the folder, outside its table",
            plural(others, "run")
        ));
    }
    if before > 0 {
        output.notice(&format!("{} done before", plural(before as u64, "run")));
    }
    let (rows, speed) =
        many::make(&[], pending.len() as u64, output, |observer| sweep.run(&store, &pending, observer))?;
    report::clear(&folder)?;
    if rows == sweep.runs() && !args.no_report {
        write_report(&folder)?;
    }
    let of = if rows == sweep.runs() { String::new() } else { format!(" of {}", count(sweep.runs())) };
    output.text(&format!("{}{of} in {}\n", plural(rows, "run"), folder.join(RESULTS).display()));
    output.notice(&pace(&speed));
    Ok(())
}

fn join(shards: &[PathBuf], out: &Path, with_report: bool, output: &mut Output) -> Result<(), Failure> {
    match merge(shards, out)? {
        Merged::Whole(rows) => {
            report::clear(out)?;
            if with_report {
                write_report(out)?;
            }
            output.text(&format!("{} in {}\n", plural(rows, "run"), out.join(RESULTS).display()));
            Ok(())
        }
        Merged::Missing { runs, of, shards } => {
            let are = if runs.len() == 1 { "is" } else { "are" };
            let missing = count(runs.len() as u64);
            let mut text = format!("{missing} of {} {are} missing; nothing was written:", plural(of, "run"));
            for name in runs.iter().take(MOST_NAMED) {
                text.push_str(&format!("\n  {name}"));
            }
            if runs.len() > MOST_NAMED {
                text.push_str(&format!("\n  and {} more", count((runs.len() - MOST_NAMED) as u64)));
            }
            if !shards.is_empty() {
                let named: Vec<String> = shards.iter().take(MOST_NAMED).map(Shard::to_string).collect();
                let more = if shards.len() > MOST_NAMED { ", ..." } else { "" };
                text.push_str(&format!("\nthey are those of --shard {}{more}", named.join(", ")));
            }
            Err(Failure::Check(text))
        }
    }
}

/// The charts and the report of a whole sweep.
fn write_report(folder: &Path) -> Result<(), Failure> {
    if let Some(stored) = StoredSweep::read(folder)? {
        report::write_sweep(&stored, folder)?;
    }
    Ok(())
}

fn submit_sweep(args: &SubmitArgs, output: &mut Output) -> Result<(), Failure> {
    let (sweep, out) = plan(&args.grid, output)?;
    let job = Job {
        name: sweep.name().to_owned(),
        command: command(&args.grid),
        out: out.display().to_string(),
        tasks: args.tasks.min(sweep.runs()),
        cpus: args.cpus,
    };
    let (text, by): (String, &[&str]) = match args.kubernetes {
        true => (submit::kubernetes(&job, &args.image, &args.claim), &["kubectl", "apply", "-f", "-"]),
        false => (submit::slurm(&job), &["sbatch"]),
    };
    if !args.yes {
        output.text(&text);
        return Ok(());
    }
    hand_over(by, &text)
}

/// The sweep's own command line, without what only `submit` takes.
fn command(grid: &GridArgs) -> Vec<String> {
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let mut words = vec!["fleetsim".to_owned(), "sweep".to_owned(), shown(&grid.scenario)];
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    grid.axis.iter().for_each(|axis| add("--axis", axis));
    if let Some(list) = &grid.list {
        add("--list", &list.display().to_string());
    }
    if let Some(points) = grid.lhs {
        add("--lhs", &points.to_string());
    }
    add("--replicates", &grid.many.replicates.to_string());
    if grid.many.bootstrap != Period::default() {
        add("--bootstrap", &grid.many.bootstrap.to_string());
    }
    grid.many.set.iter().for_each(|set| add("--set", set));
    if let Some(seed) = grid.many.seed {
        add("--seed", &seed.to_string());
    }
    add("--out", &shown(&grid.out));
    words
}

/// Gives a text to a program's standard input.
fn hand_over(program: &[&str], text: &str) -> Result<(), Failure> {
    let name = program[0];
    let failed = |error: &dyn std::fmt::Display| {
        let message = format!("cannot be used: {error}; without --yes the text is printed");
        Failure::from(Problem { source: name.to_owned(), at: None, message })
    };
    let mut child =
        Command::new(name).args(&program[1..]).stdin(Stdio::piped()).spawn().map_err(|error| failed(&error))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let message = format!("could not submit the sweep, {status}; without --yes the text is printed");
            Err(Problem { source: name.to_owned(), at: None, message }.into())
        }
        Err(error) => Err(failed(&error)),
    }
}
