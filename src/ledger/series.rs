//! The run over time in a bounded number of buckets, whatever its length.

use super::account::{Cell, whole_milli};
use super::flows::{Flow, Flows, Readings, Traffic, settle};
use super::leaf::{LEAVES, Leaf};
use crate::units::{Span, Time};

/// The most buckets; when there would be more, two become one.
pub const MOST_BUCKETS: usize = 1024;

/// Everything up to an instant, added up.
#[derive(Debug, Clone, Default)]
struct Sums {
    leaves: [i128; LEAVES],
    /// What has flown to each leaf by clocks, in nano-GPU microseconds x millionths.
    flown: [i128; LEAVES],
    /// What each clock reads.
    readings: Vec<u128>,
    /// What went through each bandwidth.
    traffic: Vec<Traffic>,
    queue: i128,
    submitted: u64,
    started: u64,
    ended: u64,
}

/// The one owner of the flows.
const EVERYBODY: u32 = 0;

impl Sums {
    /// Milli-GPU microseconds by leaf since `before`.
    fn leaves_since(&self, before: &Sums) -> [u128; LEAVES] {
        let mut nano: [i128; LEAVES] = std::array::from_fn(|leaf| self.leaves[leaf] - before.leaves[leaf]);
        for leaf in Leaf::ALL {
            let flown = self.flown[leaf as usize] - before.flown[leaf as usize];
            if flown != 0 {
                settle(&mut nano, leaf, flown);
            }
        }
        whole_milli(|leaf| nano[leaf as usize])
    }

    /// What went through each bandwidth since `before`.
    fn traffic_since(&self, before: &Sums) -> Vec<Traffic> {
        let earlier = before.traffic.iter().copied().chain(std::iter::repeat(Traffic::default()));
        self.traffic.iter().zip(earlier).map(|(now, before)| now.since(before)).collect()
    }
}

/// Sums at equidistant instants.
#[derive(Debug)]
pub struct Series {
    origin: Time,
    width: Span,
    sums: Vec<Sums>,
    next: Time,
    leaves: [Cell; LEAVES],
    flows: Flows,
    queue: Cell,
    submitted: u64,
    started: u64,
    ended: u64,
}

/// One bucket, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Where it begins.
    pub start: Time,
    /// How long it is; the last one may be shorter.
    pub width: Span,
    /// Milli-GPU microseconds by leaf.
    pub leaves: [u128; LEAVES],
    /// What went through each bandwidth of the storage systems, by channel.
    pub traffic: Vec<Traffic>,
    /// Waiting jobs x microseconds.
    pub queue: u128,
    /// Jobs submitted in it.
    pub submitted: u64,
    /// Jobs started in it.
    pub started: u64,
    /// Jobs ended in it.
    pub ended: u64,
}

impl Series {
    /// An empty series from `origin` on, which goes on until `certain` at least.
    ///
    /// Sums at bounds that would go again are not even made: to work them out takes as many steps as there are clocks.
    #[must_use]
    pub fn new(origin: Time, certain: Time) -> Self {
        let length = certain.since_or_zero(origin).micros();
        let mut width = Span::from_seconds(1);
        while width.micros().saturating_mul(MOST_BUCKETS as u64) <= length {
            width = Span::from_micros(width.micros() * 2);
        }
        Series {
            origin,
            width,
            sums: vec![Sums::default()],
            next: origin.after(width),
            leaves: [Cell::default(); LEAVES],
            flows: Flows::default(),
            queue: Cell::default(),
            submitted: 0,
            started: 0,
            ended: 0,
        }
    }

    /// The clock goes on to `now`: what stood until then is booked at the bounds it passes.
    pub fn advance(&mut self, now: Time, readings: &dyn Readings) {
        while self.next <= now {
            self.sums.push(self.sums_at(self.next, readings));
            if self.sums.len() > MOST_BUCKETS {
                self.halve();
            }
            self.next = self.origin.after(Span::from_micros(self.width.micros() * self.sums.len() as u64));
        }
    }

    /// Every second bound goes.
    fn halve(&mut self) {
        let mut keep = false;
        self.sums.retain(|_| {
            keep = !keep;
            keep
        });
        self.width = Span::from_micros(self.width.micros() * 2);
    }

    fn sums_at(&self, at: Time, readings: &dyn Readings) -> Sums {
        let traffic = readings.traffic(at);
        let readings = readings.all(at);
        let mut leaves = [0; LEAVES];
        for (sum, cell) in leaves.iter_mut().zip(&self.leaves) {
            *sum = cell.until(at);
        }
        Sums {
            leaves,
            flown: self.flows.by_leaf(&readings),
            readings,
            traffic,
            queue: self.queue.until(at),
            submitted: self.submitted,
            started: self.started,
            ended: self.ended,
        }
    }

    /// From `at` on, `delta` nano-GPU more are in a leaf.
    pub fn change(&mut self, leaf: Leaf, delta: i64, at: Time) {
        self.leaves[leaf as usize].change(delta, at);
    }

    /// From a moment on, `delta` nano-GPU more of those that wait for data make progress by a clock.
    pub fn flow(&mut self, flow: Flow, delta: i64) {
        self.flows.change(EVERYBODY, flow, delta, false);
    }

    /// While its clock went from `from` to `to`, from the instant `since` on, `rate` nano-GPU more flowed to a leaf.
    pub fn amend_flow(&mut self, from: Flow, to: u128, rate: i64, since: Time) {
        self.flow(from, rate);
        self.flow(Flow { reading: to, ..from }, -rate);
        let first = self.first_bound_after(since);
        for sums in self.sums.iter_mut().skip(first) {
            let read = sums.readings.get(from.clock as usize).map_or(from.reading, |&r| r.clamp(from.reading, to));
            sums.flown[from.leaf as usize] += i128::from(rate) * (read - from.reading) as i128;
        }
    }

    fn first_bound_after(&self, at: Time) -> usize {
        (at.since_or_zero(self.origin).micros() / self.width.micros() + 1) as usize
    }

    /// Over `[from, to)`, `rate` nano-GPU more were in a leaf than was booked; `to` lies before `now` or is it.
    pub fn amend(&mut self, leaf: Leaf, rate: i64, from: Time, to: Time, now: Time) {
        assert!(to <= now && self.next > now, "only the past is amended");
        let cell = leaf as usize;
        self.leaves[cell].change(rate, from);
        self.leaves[cell].change(-rate, to);
        let width = self.width.micros();
        for at in self.first_bound_after(from)..self.sums.len() {
            let bound = self.origin.after(Span::from_micros(width * at as u64));
            let passed = bound.min(to).since_or_zero(from);
            self.sums[at].leaves[cell] += i128::from(rate) * i128::from(passed.micros());
        }
    }

    /// A job was submitted and waits.
    pub fn submitted(&mut self, at: Time) {
        self.submitted += 1;
        self.queue.change(1, at);
    }

    /// A job that ran waits again.
    pub fn requeued(&mut self, at: Time) {
        self.queue.change(1, at);
    }

    /// A job started.
    pub fn started(&mut self, at: Time) {
        self.started += 1;
        self.queue.change(-1, at);
    }

    /// A job ended.
    pub fn ended(&mut self) {
        self.ended += 1;
    }

    /// Waiting jobs x microseconds up to `end`: the left side of Little's law.
    #[must_use]
    pub fn queue_integral(&self, end: Time) -> u128 {
        self.queue.until(end).unsigned_abs()
    }

    /// The buckets of a run that ended at `end`.
    #[must_use]
    pub fn close(mut self, end: Time, readings: &dyn Readings) -> Vec<Bucket> {
        self.advance(end, readings);
        let last = self.sums_at(end, readings);
        let mut buckets = Vec::with_capacity(self.sums.len());
        for (i, before) in self.sums.iter().enumerate() {
            let start = self.origin.after(Span::from_micros(self.width.micros() * i as u64));
            let (after, stop) = match self.sums.get(i + 1) {
                Some(sums) => (sums, start.after(self.width)),
                None => (&last, end),
            };
            if stop <= start && !buckets.is_empty() {
                continue;
            }
            let leaves = after.leaves_since(before);
            buckets.push(Bucket {
                start,
                width: stop.since_or_zero(start),
                leaves,
                traffic: after.traffic_since(before),
                queue: (after.queue - before.queue).unsigned_abs(),
                submitted: after.submitted - before.submitted,
                started: after.started - before.started,
                ended: after.ended - before.ended,
            });
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::gpus::NANO_PER_MILLI;

    #[test]
    fn buckets_stay_few_and_lose_nothing() {
        let mut series = Series::new(Time::ZERO, Time::ZERO);
        let mut expected = 0u128;
        for i in 0..5000u64 {
            let now = Time::from_micros(i * 3_700_000);
            series.advance(now, &());
            series.change(Leaf::Useful, if i % 2 == 0 { 5 } else { -5 } * NANO_PER_MILLI, now);
            if i % 2 == 0 {
                expected += 5 * 3_700_000;
            }
        }
        let end = Time::from_micros(5000 * 3_700_000);
        let buckets = series.close(end, &());
        assert!(buckets.len() <= MOST_BUCKETS && buckets.len() > MOST_BUCKETS / 4, "{}", buckets.len());
        assert_eq!(buckets.iter().map(|b| b.leaves[0]).sum::<u128>(), expected);
        assert_eq!(buckets.iter().map(|b| b.width.micros()).sum::<u64>(), end.micros());
        assert!(buckets.windows(2).all(|w| w[0].start.after(w[0].width) == w[1].start));
    }

    /// Known beforehand or not, how long the run lasts makes no difference.
    #[test]
    fn a_length_that_is_certain_changes_no_bucket() {
        let of = |instants: u64, certain: u64| {
            let second = 1_000_000;
            let mut series = Series::new(Time::from_micros(7), Time::from_micros(7 + certain * second));
            for i in 0..=instants {
                let now = Time::from_micros(7 + i * second);
                series.advance(now, &());
                series.change(Leaf::Useful, if i % 3 == 0 { 2 } else { -1 } * NANO_PER_MILLI, now);
                series.submitted(now);
            }
            series.close(Time::from_micros(7 + instants * second), &())
        };
        for instants in [0, 1, 1023, 1024, 1025, 2047, 2048, 5000] {
            let unknown = of(instants, 0);
            for certain in [instants / 3, instants.saturating_sub(1), instants] {
                assert!(of(instants, certain) == unknown, "{certain} of {instants}");
            }
        }
    }
}
