//! Money: integer micro-dollars, and the price of a GPU-hour.

use std::fmt;

use super::gpus::GpuTime;

/// Micro-dollars in a dollar.
pub const MICROS_PER_DOLLAR: u64 = 1_000_000;

/// An amount of US dollars, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Usd(u128);

/// What GPU-time costs before any rounding: milli-GPU microseconds x micro-dollars per GPU-hour.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Cost(u128);

/// A price in micro-dollars per GPU-hour.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct UsdPerGpuHour(u64);

impl Usd {
    /// From micro-dollars.
    #[must_use]
    pub const fn from_micros(micros: u128) -> Self {
        Usd(micros)
    }

    /// Dollars, for reports only.
    #[must_use]
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / MICROS_PER_DOLLAR as f64
    }
}

impl Cost {
    /// From milli-GPU microseconds x micro-dollars per GPU-hour.
    #[must_use]
    pub const fn from_raw(raw: u128) -> Self {
        Cost(raw)
    }

    /// Milli-GPU microseconds x micro-dollars per GPU-hour.
    #[must_use]
    pub const fn raw(self) -> u128 {
        self.0
    }

    /// In dollars, rounded to the nearest micro-dollar (half up).
    #[must_use]
    pub const fn usd(self) -> Usd {
        const RAW_PER_MICRO: u128 = GpuTime::PER_GPU_SECOND * 3600;
        Usd((self.0 + RAW_PER_MICRO / 2) / RAW_PER_MICRO)
    }
}

impl UsdPerGpuHour {
    /// From micro-dollars per GPU-hour.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        UsdPerGpuHour(micros)
    }

    /// Micro-dollars per GPU-hour.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// What `time` costs at this price.
    #[must_use]
    pub fn exact_cost_of(self, time: GpuTime) -> Cost {
        Cost(time.raw() * u128::from(self.0))
    }

    /// What `time` costs at this price, rounded to the nearest micro-dollar (half up).
    #[must_use]
    pub fn cost_of(self, time: GpuTime) -> Usd {
        self.exact_cost_of(time).usd()
    }
}

impl std::ops::Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost(self.0 + other.0)
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Cost>>(items: I) -> Cost {
        items.fold(Cost::default(), |a, b| a + b)
    }
}

impl std::ops::Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(items: I) -> Usd {
        items.fold(Usd::default(), |a, b| a + b)
    }
}

/// Dollars with exactly six decimals, as the files hold them.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = u128::from(MICROS_PER_DOLLAR);
        write!(f, "{}.{:06}", self.0 / per, self.0 % per)
    }
}

/// As a scenario writes it, with at least two decimals: `$2.50/gpu-h`.
impl fmt::Display for UsdPerGpuHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % MICROS_PER_DOLLAR);
        let shown = decimals.trim_end_matches('0').len().max(2);
        write!(f, "${}.{}/gpu-h", self.0 / MICROS_PER_DOLLAR, &decimals[..shown])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_eight_gpus_costs_eight_times_the_price() {
        let price = UsdPerGpuHour::from_micros(2_500_000);
        let time = GpuTime::from_raw(8 * 3600 * GpuTime::PER_GPU_SECOND);
        assert_eq!(price.cost_of(time).to_string(), "20.000000");
        assert_eq!(price.to_string(), "$2.50/gpu-h");
        assert_eq!(UsdPerGpuHour::from_micros(1_239_909).to_string(), "$1.239909/gpu-h");
    }
}
