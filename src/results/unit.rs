//! What figures are counted in, by their names: how a bound is read and a value shown.

use super::format::{dollars, duration, percent};
use crate::units::quantity;

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of the capacity, within 0 and 1.
    Share,
    /// Seconds.
    Seconds,
    /// Dollars.
    Dollars,
    /// GPU-seconds.
    GpuSeconds,
    /// A number of its own: jobs, GPUs, ratios.
    Number,
}

impl Unit {
    /// The unit of a figure of `summary.json`.
    #[must_use]
    pub fn of(figure: &str) -> Self {
        let parts: Vec<&str> = figure.split('.').collect();
        let last = parts.last().copied().unwrap_or_default();
        let is_wait = parts[0].starts_with("wait_s") || parts[0] == "jct_s" || parts.contains(&"recorded_wait_s");
        match last {
            "allocated" | "occupied" | "productive" | "mfu" => Unit::Share,
            "jobs" => Unit::Number,
            _ if parts.iter().any(|part| part.contains("usd")) || parts[..parts.len() - 1].contains(&"by_leaf") => {
                Unit::Dollars
            }
            "capacity_gpu_s" => Unit::GpuSeconds,
            _ if parts[0] == "ledger" => Unit::GpuSeconds,
            _ if is_wait || last.ends_with("_s") || parts.contains(&"simulated_wait_s") => Unit::Seconds,
            _ => Unit::Number,
        }
    }

    /// Reads a bound: `30m` or seconds, `60%` or `0.6`, `$1,000` or `1000`.
    ///
    /// # Errors
    /// What was expected.
    pub fn read(self, text: &str) -> Result<f64, String> {
        let text = text.trim();
        let number = |text: &str| text.replace(['_', ','], "").trim().parse().ok().filter(|n: &f64| n.is_finite());
        let read = number(text).or_else(|| match self {
            Unit::Seconds => quantity::span(text).ok().map(|span| span.as_seconds()),
            Unit::Share => number(text.strip_suffix('%')?).map(|percent| percent / 100.0),
            Unit::Dollars => number(text.strip_prefix('$')?),
            Unit::GpuSeconds | Unit::Number => None,
        });
        read.ok_or_else(|| format!("expected {}, found \"{text}\"", self.expected()))
    }

    fn expected(self) -> &'static str {
        match self {
            Unit::Seconds => "a duration such as 30m, or seconds",
            Unit::Share => "a share such as 0.6 or 60%",
            Unit::Dollars => "dollars such as $1000",
            Unit::GpuSeconds => "a number of GPU-seconds",
            Unit::Number => "a number",
        }
    }

    /// A value as a person reads it.
    #[must_use]
    pub fn shown(self, value: f64) -> String {
        let sign = if value < 0.0 { "-" } else { "" };
        let size = value.abs();
        let text = match self {
            Unit::Share => percent(size),
            Unit::Seconds => duration(size),
            Unit::Dollars => dollars(size),
            Unit::GpuSeconds => format!("{:.1} GPU-h", size / 3600.0),
            Unit::Number if size.fract() < 1e-9 => format!("{size:.0}"),
            Unit::Number => format!("{size:.2}"),
        };
        format!("{sign}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_unit() {
        for (name, unit) in [
            ("wait_s.p95", Unit::Seconds),
            ("wait_s_by_gpus.5-8.p95", Unit::Seconds),
            ("wait_s_by_gpus.5-8.jobs", Unit::Number),
            ("makespan_s", Unit::Seconds),
            ("utilization.productive", Unit::Share),
            ("pools.h100.allocated", Unit::Share),
            ("pools.h100.idle_usd", Unit::Dollars),
            ("cost.by_leaf.no_demand", Unit::Dollars),
            ("ledger.no_demand", Unit::GpuSeconds),
            ("bounded_slowdown.mean", Unit::Number),
            ("jobs.rejected", Unit::Number),
        ] {
            assert_eq!(Unit::of(name), unit, "{name}");
        }
    }

    #[test]
    fn bounds_are_read_in_their_unit() {
        assert_eq!(Unit::Seconds.read("30m"), Ok(1800.0));
        assert_eq!(Unit::Seconds.read("90"), Ok(90.0));
        assert_eq!(Unit::Share.read("60%"), Ok(0.6));
        assert_eq!(Unit::Dollars.read("$1,000"), Ok(1000.0));
        assert!(Unit::Number.read("30m").is_err() && Unit::Share.read("nan").is_err());
    }
}
