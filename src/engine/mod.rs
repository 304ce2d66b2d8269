//! The discrete-event engine: the clock, the events of each instant, the scheduling passes.
//!
//! An instant goes: completions, repairs, failures, arrivals, a wake-up the policy asked for; then passes until nothing
//! more ends at the instant; then the idle GPUs are charged for the interval to come. The engine trusts no policy (see
//! [`crate::sched::Pass`]) and checks two laws on every run: the ledger balances, and Little's law holds exactly.

mod booking;
mod books;
mod caches;
mod courses;
mod intake;
pub mod life;
mod lives;
mod neighbours;
pub mod options;
mod outages;
pub mod outcome;
mod places;
pub mod posting;
mod rents;
mod run;
pub mod sharing;
mod spares;
pub mod watch;

pub use options::Options;
pub use outcome::{Deadlock, Fates, Outcome};
pub use places::Stay;
pub use rents::Outlook;
pub use run::{Progress, RunError, Setup, Silent, simulate, simulate_watched, simulate_with};
pub use watch::{Leaving, View, Watch};
