//! Amounts of GPU: integer milli-GPU, a thousand to a whole one.

use std::fmt;

/// Milli-GPU in a whole GPU.
pub const MILLI_PER_GPU: u64 = 1000;

/// Nano-GPU in a milli-GPU: the ledger splits a GPU among leaves this finely.
pub const NANO_PER_MILLI: i64 = 1_000_000;

/// An amount of GPU in thousandths: `MilliGpu::whole(8)` is eight GPUs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct MilliGpu(u64);

impl MilliGpu {
    /// No GPU.
    pub const ZERO: MilliGpu = MilliGpu(0);

    /// `gpus` whole GPUs.
    #[must_use]
    pub const fn whole(gpus: u64) -> Self {
        MilliGpu(gpus * MILLI_PER_GPU)
    }

    /// `milli` thousandths of a GPU.
    #[must_use]
    pub const fn from_milli(milli: u64) -> Self {
        MilliGpu(milli)
    }

    /// The amount in thousandths.
    #[must_use]
    pub const fn milli(self) -> u64 {
        self.0
    }
}

/// Milli-GPU x microseconds, the unit in which the ledger counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct GpuTime(u128);

impl GpuTime {
    /// `1 GPU x 1 s` in the ledger's unit.
    pub const PER_GPU_SECOND: u128 = 1_000_000_000;

    /// From milli-GPU microseconds.
    #[must_use]
    pub const fn from_raw(raw: u128) -> Self {
        GpuTime(raw)
    }

    /// Milli-GPU microseconds.
    #[must_use]
    pub const fn raw(self) -> u128 {
        self.0
    }

    /// GPU-hours, for reports only.
    #[must_use]
    pub fn as_gpu_hours(self) -> f64 {
        self.0 as f64 / (Self::PER_GPU_SECOND as f64 * 3600.0)
    }

    /// This amount as a share of `whole`; 0 when the whole is 0.
    #[must_use]
    pub fn share_of(self, whole: GpuTime) -> f64 {
        if whole.0 == 0 { 0.0 } else { self.0 as f64 / whole.0 as f64 }
    }
}

impl std::ops::Add for GpuTime {
    type Output = GpuTime;
    fn add(self, other: GpuTime) -> GpuTime {
        GpuTime(self.0 + other.0)
    }
}

impl std::iter::Sum for GpuTime {
    fn sum<I: Iterator<Item = GpuTime>>(items: I) -> GpuTime {
        items.fold(GpuTime::default(), |a, b| a + b)
    }
}

/// GPU-seconds as an exact decimal of at most nine places.
impl fmt::Display for GpuTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::PER_GPU_SECOND, self.0 % Self::PER_GPU_SECOND);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{rest:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_time_prints_exact_gpu_seconds() {
        assert_eq!(GpuTime::from_raw(1_500_000_000).to_string(), "1.5");
        assert_eq!(GpuTime::from_raw(7).to_string(), "0.000000007");
        assert_eq!(GpuTime::from_raw(3_000_000_000).to_string(), "3");
    }
}
