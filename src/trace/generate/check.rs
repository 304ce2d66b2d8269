//! Whether a recipe makes sense.

use super::{Arrivals, BadKey, Durations, Generator, MOST_MICROS, Overestimate, Rate, Shape};
use crate::units::Span;

impl Generator {
    /// That the parts make sense by themselves and together.
    ///
    /// # Errors
    /// Every part that does not.
    pub fn check(&self) -> Result<(), Vec<BadKey>> {
        let mut bad = Vec::new();
        let mut expect = |holds: bool, key: &'static str, message: &str| {
            if !holds {
                bad.push(BadKey { key, message: message.to_owned() });
            }
        };
        expect(
            self.jobs.is_some() || self.span.is_some(),
            "jobs",
            "neither jobs nor span is given: the trace never ends",
        );
        expect(self.jobs.is_none_or(|n| n > 0 && n < u32::MAX), "jobs", "expected at least 1 job, and fewer than 2^32");
        if let Arrivals::HourOfDay(weights) = &self.arrivals {
            let sound = weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().any(|w| *w > 0.0);
            expect(sound, "hours", "expected weights >= 0, one of them above 0");
        }
        let Durations { shape, min, max } = self.durations;
        expect(min <= max, "duration_min", "duration_min is above duration_max");
        expect(max.micros() <= MOST_MICROS, "duration_max", "expected at most 285 years");
        expect(max > Span::ZERO, "duration_max", "expected a duration above 0");
        match shape {
            Shape::LogNormal { median, sigma } => {
                expect(median > Span::ZERO, "duration_median", "expected a duration above 0");
                expect(sigma.is_finite() && sigma >= 0.0, "duration_sigma", "expected a number >= 0");
            }
            Shape::Exponential { mean } => expect(mean > Span::ZERO, "duration_mean", "expected a duration above 0"),
        }
        expect(
            !self.sizes.is_empty() && self.sizes.is_sound(),
            "sizes",
            "expected sizes with weights >= 0, one of them above 0",
        );
        expect(self.tenants.is_sound(), "tenants", "expected weights >= 0, one of them above 0");
        expect(self.queues.is_sound(), "queues", "expected weights >= 0, one of them above 0");
        if let Some(Overestimate { low, high }) = self.walltimes {
            expect(low > 0.0 && low.is_finite(), "walltime_low", "expected a factor above 0");
            expect(low <= high && high.is_finite(), "walltime_high", "walltime_high is below walltime_low");
            let longest = self.durations.max.as_seconds() * high;
            expect(longest < MOST_MICROS as f64 / 1e6, "walltime_high", "requested run times may exceed 285 years");
        }
        let shares = [self.failed, self.cancelled].iter().all(|s| (0.0..=1.0).contains(s));
        expect(shares && self.failed + self.cancelled <= 1.0, "failed", "failed and cancelled together are above 1");
        expect(self.resolution > Span::ZERO, "resolution", "expected a time above 0");
        if bad.is_empty() {
            self.check_rate(&mut bad);
        }
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }

    /// That there are arrivals, neither too few nor too many for a trace; the other parts make sense.
    fn check_rate(&self, bad: &mut Vec<BadKey>) {
        let per_hour = self.jobs_per_hour();
        let key = if matches!(self.rate, Rate::PerHour(_)) { "rate_per_hour" } else { "load" };
        if !(per_hour.is_finite() && per_hour > 0.0) {
            let message = if self.sizes.items().iter().all(|&gpus| gpus == 0) {
                "CPU jobs make no load on GPUs; give rate_per_hour instead"
            } else {
                "expected an arrival rate above 0"
            };
            bad.push(BadKey { key, message: message.to_owned() });
            return;
        }
        let hours = self.jobs.map(|jobs| f64::from(jobs) / per_hour);
        let planned = self.span.map(|span| span.as_seconds() / 3600.0);
        let hours = hours.unwrap_or(f64::INFINITY).min(planned.unwrap_or(f64::INFINITY));
        if hours * 3.6e9 > MOST_MICROS as f64 / 4.0 {
            bad.push(BadKey { key, message: "the jobs would take more than 70 years to arrive".to_owned() });
        }
        if hours * per_hour > 4e9 {
            bad.push(BadKey { key, message: "more than 4,000,000,000 jobs would arrive".to_owned() });
        }
    }
}
