//! From keys to a recipe.

use std::num::NonZeroU32;

use super::{Arrivals, BadKey, Durations, Generator, MOST_MICROS, Overestimate, Rate, Shape, VENUS_HOURS, Weights};
use crate::units::Span;
use crate::units::keys::{Params, Value};

impl Generator {
    /// The recipe of these keys, all values being of the kinds in [`KEYS`](super::KEYS); `cluster_gpus` is what the load refers to
    /// where `gpus` is not given.
    ///
    /// # Errors
    /// Every key that makes no sense, or not together with another.
    pub fn from_params(params: &Params, cluster_gpus: Option<u64>) -> Result<Self, Vec<BadKey>> {
        let mut given = Given { params, bad: Vec::new() };
        given.one_of("rate_per_hour", &["load", "gpus"]);
        given.one_of("tenants", &["zipf_tenants", "zipf_exponent"]);
        let default = Generator::default();
        let jobs = given.count("jobs").map(|n| n as u32);
        let span = given.span("span");
        let recipe = Generator {
            jobs: if jobs.is_none() && span.is_none() { default.jobs } else { jobs },
            span,
            arrivals: given.arrivals(),
            rate: given.rate(cluster_gpus),
            durations: given.durations(&default.durations),
            sizes: given.weighted("sizes", |gpus| gpus.parse().ok()).unwrap_or(default.sizes),
            gpus_per_task: given.count("gpus_per_task").and_then(|n| NonZeroU32::new(n as u32)),
            tenants: given.tenants(),
            queues: given.names("queues").unwrap_or_default(),
            walltimes: given.walltimes(),
            failed: given.number("failed").unwrap_or(default.failed),
            cancelled: given.number("cancelled").unwrap_or(default.cancelled),
            resolution: given.span("resolution").unwrap_or(default.resolution),
        };
        let bad = given.bad;
        if bad.is_empty() { recipe.check().map(|()| recipe) } else { Err(bad) }
    }
}

/// The keys that were given, and what was wrong with them.
struct Given<'a> {
    params: &'a Params,
    bad: Vec<BadKey>,
}

impl Given<'_> {
    fn count(&self, key: &str) -> Option<u64> {
        match self.params.value(key) {
            Some(Value::Count(n)) => Some(*n),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<f64> {
        match self.params.value(key) {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        }
    }

    fn span(&self, key: &str) -> Option<Span> {
        match self.params.value(key) {
            Some(Value::Duration(span)) => Some(*span),
            _ => None,
        }
    }

    fn fault(&mut self, key: &'static str, message: String) {
        self.bad.push(BadKey { key, message });
    }

    /// That `key` is not given together with any of its alternatives.
    fn one_of(&mut self, key: &'static str, others: &[&str]) {
        let both = others.iter().find(|other| self.params.value(other).is_some());
        if let (Some(_), Some(other)) = (self.params.value(key), both) {
            self.fault(key, format!("{key} and {other} exclude each other; give one of them"));
        }
    }

    /// That none of `keys` is given, since `why`.
    fn unused(&mut self, keys: &[&'static str], why: &str) {
        for &key in keys {
            if self.params.value(key).is_some() {
                self.fault(key, format!("{key} has no effect {why}"));
            }
        }
    }

    fn arrivals(&mut self) -> Arrivals {
        if self.params.text_or("arrivals", "hour-of-day") == "poisson" {
            self.unused(&["hours"], "on poisson arrivals");
            return Arrivals::Poisson;
        }
        let Some(Value::Text(text)) = self.params.value("hours") else {
            return Arrivals::HourOfDay(VENUS_HOURS);
        };
        let weights: Option<Vec<f64>> =
            text.split([' ', ',']).filter(|w| !w.is_empty()).map(|w| w.parse().ok()).collect();
        match weights.and_then(|weights| <[f64; 24]>::try_from(weights).ok()) {
            Some(weights) => Arrivals::HourOfDay(weights),
            None => {
                self.fault("hours", format!("expected 24 numbers separated by blanks; found \"{text}\""));
                Arrivals::HourOfDay(VENUS_HOURS)
            }
        }
    }

    fn rate(&self, cluster_gpus: Option<u64>) -> Rate {
        match self.number("rate_per_hour") {
            Some(rate) => Rate::PerHour(rate),
            None => {
                let gpus = self.count("gpus").or(cluster_gpus).unwrap_or(128);
                Rate::Load { load: self.number("load").unwrap_or(0.85), gpus }
            }
        }
    }

    fn durations(&mut self, default: &Durations) -> Durations {
        let (shape, min, max) = if self.params.text_or("duration", "lognormal") == "exponential" {
            self.unused(&["duration_median", "duration_sigma"], "on exponential durations");
            let mean = self.span("duration_mean").unwrap_or(Span::from_seconds(3600));
            (
                Shape::Exponential { mean },
                Span::ZERO,
                Span::from_micros(mean.micros().saturating_mul(1000).min(MOST_MICROS)),
            )
        } else {
            self.unused(&["duration_mean"], "on lognormal durations");
            let median = self.span("duration_median").unwrap_or(Span::from_seconds(900));
            let sigma = self.number("duration_sigma").unwrap_or(2.0);
            (Shape::LogNormal { median, sigma }, default.min, default.max)
        };
        Durations {
            shape,
            min: self.span("duration_min").unwrap_or(min),
            max: self.span("duration_max").unwrap_or(max),
        }
    }

    /// A list of `item:weight`, the weight being 1 where there is none.
    fn weighted<T>(&mut self, key: &'static str, item: impl Fn(&str) -> Option<T>) -> Option<Weights<T>> {
        let Some(Value::Texts(list)) = self.params.value(key) else { return None };
        let mut pairs = Vec::with_capacity(list.len());
        for entry in list {
            let (name, weight) = entry.rsplit_once(':').unwrap_or((entry, "1"));
            let weight = weight.trim().parse::<f64>().ok().filter(|w| w.is_finite() && *w >= 0.0);
            match (item(name.trim()), weight) {
                (Some(item), Some(weight)) => pairs.push((item, weight)),
                (None, _) => self.fault(key, format!("\"{name}\" in \"{entry}\" is not what `{key}` holds")),
                (_, None) => self.fault(key, format!("the weight in \"{entry}\" is not a number >= 0")),
            }
        }
        Some(Weights::new(pairs))
    }

    fn names(&mut self, key: &'static str) -> Option<Weights<String>> {
        self.weighted(key, |name| (!name.is_empty()).then(|| name.to_owned()))
    }

    fn tenants(&mut self) -> Weights<String> {
        if let Some(names) = self.names("tenants") {
            return names;
        }
        let count = self.count("zipf_tenants").unwrap_or(4) as u32;
        Weights::zipf("team-", count, self.number("zipf_exponent").unwrap_or(1.0))
    }

    fn walltimes(&mut self) -> Option<Overestimate> {
        if !self.params.bool_or("walltimes", true) {
            self.unused(&["walltime_low", "walltime_high"], "without walltimes");
            return None;
        }
        let low = self.number("walltime_low").unwrap_or(1.1);
        Some(Overestimate { low, high: self.number("walltime_high").unwrap_or(f64::max(low, 10.0)) })
    }
}
