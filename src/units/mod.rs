//! Time, amounts of GPU, money, and the reading of quantities. Knows nothing of clusters or jobs.
//!
//! Everything that the clock, the ledger or a sort key holds is an integer here; floats leave only towards reports.

pub mod decimal;
pub mod distribution;
pub mod gpus;
pub mod hash;
pub mod keys;
pub mod mig;
pub mod money;
pub mod price_curve;
pub mod quantile;
pub mod quantity;
pub mod rng;
pub mod suggest;
pub mod time;

pub use distribution::Distribution;
pub use gpus::{GpuTime, MilliGpu};
pub use mig::MigName;
pub use money::{Cost, Usd, UsdPerGpuHour};
pub use price_curve::PriceCurve;
pub use time::{Span, Time};
