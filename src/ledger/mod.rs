//! The GPU-time ledger: capacity x horizon cut into leaves that add up to it exactly.
//!
//! [`Account`] keeps the integrals, [`idle::Charger`] decides who claims free GPUs, [`Series`] shows it over time.

pub mod account;
pub mod accounts;
mod flows;
pub mod idle;
pub mod leaf;
mod priced;
pub mod series;
mod standing;

pub use account::{Account, Entry, Payer};
pub use accounts::Accounts;
pub use flows::{Flow, Readings, Traffic};
pub use leaf::{LEAVES, Leaf, LeafGroup};
pub use series::{Bucket, Series};
