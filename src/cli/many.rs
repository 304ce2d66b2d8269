//! What all commands take that make many runs of one scenario.

use clap::{Args, value_parser};

use super::Output;
use super::failure::Failure;
use super::progress::Runs;
use crate::experiments::Stop;
use crate::experiments::bootstrap::Period;
use crate::experiments::parallel::Observer;
use crate::experiments::replicate::Replicates;
use crate::scenario::Overrides;

/// Replicates, and what is changed in the scenario in all runs.
#[derive(Debug, Args)]
pub struct ManyArgs {
    /// How often each is run: the trace itself, then its days drawn anew (a generated workload: other seeds).
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=100_000))]
    pub replicates: u32,
    /// What the replicates of a trace are drawn from: its days, in blocks of a few, or whole weeks, so that each day of the
    /// week stays where it is; weeks take a trace of four at least.
    #[arg(long, value_name = "PERIOD", value_enum, default_value_t, requires = "replicates")]
    pub bootstrap: Period,
    /// Another value for a key of the scenario in all runs, such as cluster.pools.h100.nodes=24; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
    /// Another seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl ManyArgs {
    /// The replicates.
    pub fn replicates(&self) -> Replicates {
        Replicates { count: self.replicates, bootstrap: self.bootstrap }
    }

    /// What they change in the scenario.
    pub fn overrides(&self) -> Overrides {
        Overrides { set: self.set.clone(), seed: self.seed, ..Overrides::default() }
    }
}

/// Tells the notices, then makes the runs under a progress bar.
pub fn make<T>(
    notices: &[String],
    runs: u64,
    output: &mut Output,
    make: impl FnOnce(Observer<'_>) -> Result<T, Stop>,
) -> Result<T, Failure> {
    for notice in notices {
        output.notice(notice);
    }
    let bar = Runs::over(runs);
    let made = make(&|| bar.one_more());
    bar.clear();
    Ok(made?)
}
