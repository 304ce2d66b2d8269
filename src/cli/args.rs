//! The command line: what can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::check::CheckArgs;
use super::compare::CompareArgs;
use super::generate::GenerateArgs;
use super::plan::PlanArgs;
use super::sweep::SweepArgs;
use super::threads;

/// Where every GPU-second and every dollar of a cluster went, under any scheduler.
#[derive(Debug, Parser)]
#[command(name = "fleetsim", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 a check or regression failed, 2 usage or input, 3 internal.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Threads that make runs and draw charts; without, RAYON_NUM_THREADS of the environment, else one for each core.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(threads::MOST)))]
    pub threads: Option<u32>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a scenario, print its summary and write the run folder.
    Run(RunArgs),
    /// Simulate variants of a scenario, or policies, on the same workloads and show them side by side.
    Compare(CompareArgs),
    /// Simulate a grid over scenario keys, in parallel, resumable, in shards.
    Sweep(Box<SweepArgs>),
    /// Find the smallest or cheapest setting of some keys that meets targets.
    Plan(PlanArgs),
    /// Hold scenarios against recorded baselines, for continuous integration.
    Check(CheckArgs),
    /// Say where the schedules of two runs part first, and what differs in their ledgers.
    #[command(after_help = "Example: fleetsim diff reports/before reports/after")]
    Diff {
        /// The folder of a run.
        #[arg(value_name = "RUN_A")]
        one: PathBuf,
        /// The folder of another run of the same jobs.
        #[arg(value_name = "RUN_B")]
        other: PathBuf,
    },
    /// Say why a job waited, who held the GPUs that it needed, where it ran, and what it cost.
    Explain(ExplainArgs),
    /// Write the charts and the HTML report again, of a run, a comparison or a sweep, or of runs side by side.
    #[command(after_help = "Example: fleetsim report reports/quickstart\n\
                            Example: fleetsim report reports/before reports/after --out reports/both\n\
                            Example: fleetsim report reports/quickstart --export batsim --export chrome")]
    Report(ReportArgs),
    /// Write a commented starter scenario, for a trace where there is one.
    #[command(after_help = "Example: fleetsim init --from-trace jobs.csv --out cluster.toml")]
    Init(InitArgs),
    /// Import, generate, describe, check and convert traces.
    #[command(subcommand, after_help = "Example: fleetsim trace stats traces/quickstart.csv --gpus 128")]
    Trace(TraceCommand),
    /// List what scenarios can name: GPUs, policies, placements, trace formats.
    #[command(after_help = "Example: fleetsim catalog policies")]
    Catalog {
        /// Only this part.
        #[arg(value_enum)]
        part: Option<CatalogPart>,
    },
    /// Print the JSON Schema of scenario files, for editors.
    #[command(after_help = "Example: fleetsim schema > fleetsim.schema.json")]
    Schema,
    /// Print a completion script for a shell.
    #[command(after_help = "Example: fleetsim completions bash > /etc/bash_completion.d/fleetsim")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Parts of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CatalogPart {
    /// GPU types with their properties and default prices.
    Gpus,
    /// Scheduling policies with their parameters.
    Policies,
    /// Placements.
    Placements,
    /// Trace formats that `trace import` reads.
    Formats,
    /// Formats that `report --export` and `trace convert --to` write.
    Exports,
}

/// What `run` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: fleetsim run scenarios/quickstart.toml --policy fifo --set cluster.pools.h100.nodes=24"
)]
pub struct RunArgs {
    /// The scenario, a TOML file.
    pub scenario: PathBuf,
    /// Another trace than the scenario's.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Another policy; keys that it does not have are dropped with a notice.
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,
    /// Another value for a key of the scenario, such as cluster.pools.h100.nodes=24; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
    /// Leave a key or a table of the scenario out, such as physics.failures; may be repeated.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub unset: Vec<String>,
    /// Another seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// End the run here at the latest: a duration such as 30d, or seconds.
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// The run folder; reports/NAME without.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write no charts and no HTML report.
    #[arg(long)]
    pub no_report: bool,
    /// Simulate remedies as well, each by itself: more nodes, packing, backfill and others that the scenario allows;
    /// writes remedies.json.
    #[arg(long)]
    pub remedies: bool,
}

/// What `explain` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example: fleetsim explain reports/quickstart job-17 --what-if packing --what-if gpus=+8\n\n\
                        A what-if is a remedy (more-nodes, fewer-nodes, packing, gang, backfill, no-quotas, no-limits, \
                        faster-storage, no-failures), a policy, a placement, gpus=+N, nodes=+N, or a key of the scenario with a value \
                        (cluster.pools.h100.nodes=24). The run is simulated again from its manifest, so the trace must \
                        be where the run found it.")]
pub struct ExplainArgs {
    /// The run folder.
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
    /// The job's id.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Simulate this change too and say when the job would have started; may be repeated.
    #[arg(long = "what-if", value_name = "CHANGE")]
    pub what_if: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `report` takes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of a run, a comparison or a sweep; several runs are put side by side.
    #[arg(value_name = "RUN_DIR", required = true)]
    pub runs: Vec<PathBuf>,
    /// Another folder for report.html and charts, required with several runs; with --export, for its files:
    /// RUN_DIR/export without.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the run in a format of other programs instead; `fleetsim catalog exports` lists them; may be repeated.
    #[arg(long, value_name = "FORMAT")]
    pub export: Vec<String>,
}

/// What `init` takes.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A native trace that the cluster is to fit.
    #[arg(long, value_name = "FILE")]
    pub from_trace: Option<PathBuf>,
    /// The scenario to write, which must not be there yet; standard output without.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What can be done with traces.
#[derive(Debug, Subcommand)]
pub enum TraceCommand {
    /// Turn a published dataset into a native trace and a scenario that runs at once.
    #[command(after_help = "Example: fleetsim trace import --from openb pods.csv nodes.csv --out openb\n\
                            `fleetsim catalog formats` lists the formats and the files that each takes.")]
    Import(ImportArgs),
    /// Make a synthetic trace.
    #[command(after_help = "Example: fleetsim trace generate --jobs 10000 --gpus 128 --load 0.9 --out trace.csv.gz")]
    Generate(GenerateArgs),
    /// Describe a trace in numbers.
    #[command(after_help = "Example: fleetsim trace stats traces/quickstart.csv --gpus 128")]
    Stats(StatsArgs),
    /// Say whether a trace can be read, and all that is wrong with it.
    #[command(after_help = "Example: fleetsim trace validate trace.csv.gz")]
    Validate {
        /// The traces.
        #[arg(required = true)]
        traces: Vec<PathBuf>,
    },
    /// Write a native trace again: sorted, with only the columns in use, compressed or not by its ending; or in another
    /// format.
    #[command(after_help = "Example: fleetsim trace convert trace.csv trace.csv.gz\n\
                            Example: fleetsim trace convert trace.csv trace.swf --to swf")]
    Convert {
        /// The trace to read.
        from: PathBuf,
        /// The file to write: .csv or .csv.gz for the native format.
        #[arg(value_name = "OUT")]
        file: PathBuf,
        /// Another format than the native one: swf.
        #[arg(long, value_name = "FORMAT")]
        to: Option<String>,
    },
}

/// What `trace import` takes.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The dataset's format.
    #[arg(long, value_name = "FORMAT")]
    pub from: String,
    /// Its files.
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// The folder for trace.csv.gz and scenario.toml.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// For the csv format: which of its columns is which, such as submit_s=arrival_s.
    #[arg(long, value_name = "COLUMN=SOURCE,...")]
    pub map: Vec<String>,
    /// An option of the format.
    #[arg(long = "option", value_name = "KEY=VALUE")]
    pub options: Vec<String>,
}

/// What `trace stats` takes.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// The trace.
    pub trace: PathBuf,
    /// GPUs of the cluster that the load is offered to.
    #[arg(long, value_name = "N", conflicts_with = "scenario", value_parser = clap::value_parser!(u64).range(1..))]
    pub gpus: Option<u64>,
    /// A scenario whose cluster the load is offered to.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}
