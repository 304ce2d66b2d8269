//! What an hour of an owned GPU costs: capital, power, operation, space.
//!
//! The usual straight-line total cost of ownership, with an annuity in place of straight-line depreciation where money
//! has an interest rate:
//!
//! ```text
//! capex = A x (1 - v) / (Y x 8760)          A capex per GPU, Y years, v resale share at the end
//! power = P x L x PUE x e                   P kW per GPU at node level, L load factor, e USD per kWh
//! opex  = A x o / 8760                      o yearly share: staff, support contracts, spares
//! space = P x s x 12 / 8760                 s USD per kW-month of leased space
//! with interest r: A x (1 - v) / Y becomes (A - v A (1 + r)^-Y) x r / (1 - (1 + r)^-Y)
//! ```
//!
//! Defaults: five years is in the middle of what operators depreciate over (AWS 5, Meta 5.5, CoreWeave 6, Nebius 4);
//! PUE 1.25 is a modern AI hall (the Uptime Institute's survey average over all halls is 1.55); 0.08 USD/kWh lies
//! between SemiAnalysis' 0.078 and the 0.094 of ORNL's RAPS. Owned capacity is paid for whether it runs or not.

use crate::units::UsdPerGpuHour;
use crate::units::keys::{Key, Kind};

const HOURS_PER_YEAR: f64 = 8760.0;

/// USD per kWh without another figure.
pub const ELECTRICITY: f64 = 0.08;

const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };

/// What `[cluster.pools.NAME.owned]` takes.
pub const KEYS: &[Key] = &[
    Key {
        name: "capex",
        kind: Kind::Number { min: 0.0, max: 100_000_000.0 },
        default: "required",
        doc: "All-in purchase price per GPU in USD: its share of chassis, NICs, switches, storage and installation too.",
    },
    Key {
        name: "power_kw",
        kind: Kind::Number { min: 0.0, max: 1000.0 },
        default: "required",
        doc: "Power per GPU at node level in kW, such as 1.275 in a DGX H100.",
    },
    Key {
        name: "years",
        kind: Kind::Number { min: 0.25, max: 50.0 },
        default: "5",
        doc: "Years over which the purchase is written off.",
    },
    Key { name: "resale", kind: SHARE, default: "0", doc: "Share of the purchase price that it sells for at the end." },
    Key { name: "load", kind: SHARE, default: "0.75", doc: "Average power as a share of power_kw." },
    Key {
        name: "pue",
        kind: Kind::Number { min: 1.0, max: 5.0 },
        default: "1.25",
        doc: "Power of the whole hall over that of its computers.",
    },
    Key {
        name: "electricity",
        kind: Kind::Number { min: 0.0, max: 100.0 },
        default: "0.08, or 0 with space, whose rent usually includes it",
        doc: "USD per kWh.",
    },
    Key {
        name: "opex",
        kind: Kind::Number { min: 0.0, max: 10.0 },
        default: "0.05",
        doc: "Staff, support and spares per year as a share of the purchase price.",
    },
    Key {
        name: "space",
        kind: Kind::Number { min: 0.0, max: 100_000.0 },
        default: "0",
        doc: "Rent of leased space in USD per kW and month, power and cooling usually included.",
    },
    Key { name: "interest", kind: SHARE, default: "0", doc: "Yearly interest rate of the capital, such as 0.08." },
];

/// Purchase and running of one GPU with its share of everything around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Owned {
    /// Purchase price in USD.
    pub capex: f64,
    /// Years of use, > 0.
    pub years: f64,
    /// Share of the price that is left at the end.
    pub resale: f64,
    /// Power in kW at node level.
    pub power_kw: f64,
    /// Average over maximum power.
    pub load: f64,
    /// Power of the hall over that of its computers.
    pub pue: f64,
    /// USD per kWh.
    pub electricity: f64,
    /// Running costs per year as a share of the price.
    pub opex: f64,
    /// USD per kW-month of leased space.
    pub space: f64,
    /// Yearly interest.
    pub interest: f64,
}

/// The parts of an owned GPU-hour in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnedCost {
    /// Depreciation, or the annuity.
    pub capex: f64,
    /// Electricity with the hall's overhead.
    pub power: f64,
    /// Staff, support, spares.
    pub opex: f64,
    /// Leased space.
    pub space: f64,
}

impl Default for Owned {
    /// No purchase price and no power, the rest as documented in [`KEYS`].
    fn default() -> Self {
        Owned {
            capex: 0.0,
            years: 5.0,
            resale: 0.0,
            power_kw: 0.0,
            load: 0.75,
            pue: 1.25,
            electricity: ELECTRICITY,
            opex: 0.05,
            space: 0.0,
            interest: 0.0,
        }
    }
}

impl Owned {
    /// What one GPU-hour costs, by part.
    #[must_use]
    pub fn cost(&self) -> OwnedCost {
        OwnedCost {
            capex: self.capex_per_year() / HOURS_PER_YEAR,
            power: self.power_kw * self.load * self.pue * self.electricity,
            opex: self.capex * self.opex / HOURS_PER_YEAR,
            space: self.power_kw * self.space * 12.0 / HOURS_PER_YEAR,
        }
    }

    fn capex_per_year(&self) -> f64 {
        // Below this the annuity loses its digits and equals the straight line anyway.
        if self.interest > 1e-9 {
            let discount = 1.0 / power(1.0 + self.interest, self.years);
            (self.capex - self.resale * self.capex * discount) * self.interest / (1.0 - discount)
        } else {
            self.capex * (1.0 - self.resale) / self.years
        }
    }
}

impl OwnedCost {
    /// All parts together, rounded to the micro-dollar.
    #[must_use]
    pub fn price(&self) -> UsdPerGpuHour {
        let dollars = self.capex + self.power + self.opex + self.space;
        UsdPerGpuHour::from_micros((dollars * 1e6).round() as u64)
    }
}

/// `base ^ exponent` by squaring and square roots, which every platform rounds alike, unlike its `pow`.
fn power(base: f64, exponent: f64) -> f64 {
    let mut result = 1.0;
    let mut factor = base;
    let mut whole = exponent.trunc() as u32;
    while whole > 0 {
        if whole % 2 == 1 {
            result *= factor;
        }
        factor *= factor;
        whole /= 2;
    }
    let mut root = base;
    let mut rest = exponent.fract();
    while rest > 0.0 {
        root = root.sqrt();
        rest *= 2.0;
        if rest >= 1.0 {
            result *= root;
            rest -= 1.0;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(owned: &Owned) -> u64 {
        (owned.cost().price().micros() + 5_000) / 10_000
    }

    fn bought(capex: f64, power_kw: f64, pue: f64) -> Owned {
        Owned { capex, power_kw, pue, ..Owned::default() }
    }

    /// Worked by hand from the formula with published prices and powers: load 0.75, opex 5 %, 0.08 USD/kWh.
    #[test]
    fn worked_examples_agree_to_the_cent() {
        for (name, owned, expected) in [
            ("A100-80 SXM", bought(20_000.0, 0.81, 1.30), 63),
            ("H100 SXM", bought(40_000.0, 1.275, 1.30), 124),
            ("H200 SXM", bought(45_000.0, 1.275, 1.30), 138),
            ("B200 SXM", bought(60_000.0, 1.79, 1.25), 185),
            ("GB200 NVL72", bought(54_000.0, 1.83, 1.20), 167),
            ("MI300X", bought(30_000.0, 1.30, 1.30), 96),
            ("L40S", bought(14_000.0, 0.55, 1.30), 44),
            ("H100 in 3 years", Owned { years: 3.0, ..bought(40_000.0, 1.275, 1.30) }, 185),
            ("H100 in 4 years", Owned { years: 4.0, ..bought(40_000.0, 1.275, 1.30) }, 147),
            ("H100 in 6 years", Owned { years: 6.0, ..bought(40_000.0, 1.275, 1.30) }, 109),
            ("H100 in leased space", Owned { space: 150.0, electricity: 0.0, ..bought(40_000.0, 1.275, 1.0) }, 140),
        ] {
            assert_eq!(cents(&owned), expected, "{name}");
        }
    }

    #[test]
    fn the_parts_are_those_of_the_worked_h100() {
        let cost = bought(40_000.0, 1.275, 1.30).cost();
        for (part, expected) in [(cost.capex, 0.913), (cost.power, 0.099), (cost.opex, 0.228)] {
            assert!((part - expected).abs() < 0.0006, "{part} against {expected}");
        }
    }

    #[test]
    fn an_annuity_pays_the_loan_off() {
        let owned = Owned { interest: 0.08, resale: 0.1, years: 4.5, ..bought(40_000.0, 0.0, 1.0) };
        let rate: f64 = 0.08;
        let discount = (1.0 + rate).powf(-4.5);
        let expected = (40_000.0 - 4_000.0 * discount) * rate / (1.0 - discount) / 8760.0;
        assert!((owned.cost().capex - expected).abs() < 1e-12);
        let nearly_free = Owned { interest: 1e-7, ..owned };
        let free = Owned { interest: 0.0, ..owned };
        assert!((nearly_free.cost().capex - free.cost().capex).abs() < 1e-5);
    }
}
