//! How the nodes of a pool are had: for good, or only while somebody pays for them.

use crate::units::Span;

/// How the nodes of a pool are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tenure {
    /// Bought: there and paid for all the time.
    Owned,
    /// Rented for a term: there and paid for all the time.
    #[default]
    Reserved,
    /// Rented when they are asked for; there, and paid for, until they are given back.
    OnDemand(Rent),
    /// The same, but the provider takes each back at any time, on average so long after it came.
    Spot(Rent, Span),
}

/// When nodes are asked for, and when they come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rent {
    /// A job must have waited so long before nodes are asked for it.
    pub after: Span,
    /// From when they are asked for to when they are there.
    pub delay: Span,
    /// How often a request is refused, in millionths.
    pub refusal_ppm: u32,
    /// When nodes are asked for again after a refusal.
    pub retry: Span,
    /// How long a node that nobody needs is kept.
    pub keep: Span,
}

impl Tenure {
    /// As scenarios say it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Tenure::Owned => "owned",
            Tenure::Reserved => "reserved",
            Tenure::OnDemand(_) => "on-demand",
            Tenure::Spot(..) => "spot",
        }
    }

    /// How nodes are rented, where they are not there all the time.
    #[must_use]
    pub const fn rent(self) -> Option<Rent> {
        match self {
            Tenure::Owned | Tenure::Reserved => None,
            Tenure::OnDemand(rent) | Tenure::Spot(rent, _) => Some(rent),
        }
    }

    /// How long, on average, until the provider takes a node back, where he does.
    #[must_use]
    pub const fn reclaim(self) -> Option<Span> {
        match self {
            Tenure::Spot(_, mean) => Some(mean),
            _ => None,
        }
    }
}
