//! From values to places, and the values that axes name.

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Steps of an axis of time.
const TIME_STEPS: [f64; 24] = [
    1.0,
    5.0,
    15.0,
    60.0,
    300.0,
    900.0,
    1800.0,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    5.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    60.0 * DAY,
    90.0 * DAY,
    180.0 * DAY,
    365.0 * DAY,
    730.0 * DAY,
    3650.0 * DAY,
];

/// Values that an axis of waiting names: everything below a second stands at its left end.
const WAITS: [(f64, &str); 9] = [
    (1.0, "≤ 1s"),
    (10.0, "10s"),
    (60.0, "1m"),
    (600.0, "10m"),
    (HOUR, "1h"),
    (6.0 * HOUR, "6h"),
    (DAY, "1d"),
    (10.0 * DAY, "10d"),
    (100.0 * DAY, "100d"),
];

/// Round values from 0 to the first that is no less than `max`; some `count` of them.
#[must_use]
pub fn round_values(max: f64, count: usize) -> Vec<f64> {
    if max <= 0.0 {
        return vec![0.0, 1.0];
    }
    let rough = max / count as f64;
    let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let last = (max / step * 0.999).ceil() as usize;
    (0..=last.max(1)).map(|i| i as f64 * step).collect()
}

/// Round durations from 0 to the first that is no less than `max` seconds; about `count` of them.
#[must_use]
pub fn round_times(max: f64, count: usize) -> Vec<f64> {
    let step = TIME_STEPS.into_iter().find(|step| max / step <= count as f64 + 1.0);
    match step.filter(|_| max >= 1.0) {
        Some(step) => (0..=((max / step * 0.999).ceil() as usize).max(1)).map(|i| i as f64 * step).collect(),
        None => round_values(max, count),
    }
}

/// Seconds that an axis of a span names.
#[must_use]
pub fn time_values(span: f64) -> Vec<f64> {
    const MOST: f64 = 7.0;
    let step = TIME_STEPS.into_iter().find(|step| span / step <= MOST).unwrap_or(span);
    if step <= 0.0 || span <= 0.0 {
        return vec![0.0];
    }
    (0..=(span / step) as usize).map(|i| i as f64 * step).collect()
}

/// A logarithmic axis of queue times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitAxis {
    from: f64,
    width: f64,
    decades: f64,
}

impl WaitAxis {
    /// From a second to at least `longest` seconds, over `width` from `from` on.
    #[must_use]
    pub fn new(longest: f64, from: f64, width: f64) -> Self {
        WaitAxis { from, width, decades: libm::log10(longest.max(60.0)) }
    }

    /// Where a queue time stands.
    #[must_use]
    pub fn place(&self, seconds: f64) -> f64 {
        self.from + self.width * libm::log10(seconds.max(1.0)) / self.decades
    }

    /// The queue time that stands there.
    #[must_use]
    pub fn value(&self, place: f64) -> f64 {
        libm::pow(10.0, (place - self.from) / self.width * self.decades)
    }

    /// The values that it names, and where; those that would touch the one before are left out.
    #[must_use]
    pub fn named(&self) -> Vec<(f64, &'static str)> {
        const APART: f64 = 38.0;
        let mut named: Vec<(f64, &'static str)> = Vec::new();
        for (seconds, name) in WAITS {
            let place = self.place(seconds);
            if place <= self.from + self.width + 0.5 && named.last().is_none_or(|(last, _)| place - last >= APART) {
                named.push((place, name));
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_name_round_values() {
        assert_eq!(round_values(128.0, 4), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(round_values(0.0, 4), [0.0, 1.0]);
        assert_eq!(round_values(2.0, 4), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(round_times(9100.0, 4), [0.0, HOUR, 2.0 * HOUR, 3.0 * HOUR]);
        assert_eq!(time_values(9.2 * DAY).len(), 5);
        assert_eq!(time_values(0.0), [0.0]);
        let axis = WaitAxis::new(100_000.0, 0.0, 500.0);
        assert!((axis.value(axis.place(600.0)) - 600.0).abs() < 1e-6);
        assert!(axis.named().len() >= 6);
    }
}
