//! GPUs whose progress goes by a clock: nobody touches them when the clock goes faster or slower.
//!
//! A job that shares a bandwidth makes progress in proportion to the integral of what it gets, which is the reading of
//! a clock that many jobs have in common. It is booked as waiting for data at a constant rate; its flow moves what its
//! clock reads from there to where progress goes. The sum of all leaves does not know of flows, so it stays exact.

use std::collections::BTreeMap;

use super::leaf::{LEAVES, Leaf};
use crate::units::Time;

/// The clocks of a run, in microseconds x millionths of the full speed.
pub trait Readings {
    /// How many clocks there are or have been.
    fn clocks(&self) -> u32;

    /// What a clock reads at an instant: never less than earlier, and no more than a million for a microsecond.
    fn reading(&self, clock: u32, at: Time) -> u128;

    /// What went through each bandwidth until an instant, no earlier than anything changed there.
    fn traffic(&self, _at: Time) -> Vec<Traffic> {
        Vec::new()
    }

    /// What all clocks read at an instant.
    fn all(&self, at: Time) -> Vec<u128> {
        (0..self.clocks()).map(|clock| self.reading(clock, at)).collect()
    }
}

/// Bytes that went through a bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// What jobs would have moved if each had had the bandwidth for itself.
    pub asked: u128,
    /// What they moved.
    pub given: u128,
}

impl Traffic {
    /// What went through after `before`.
    pub(super) fn since(self, before: Traffic) -> Traffic {
        Traffic { asked: self.asked.saturating_sub(before.asked), given: self.given.saturating_sub(before.given) }
    }
}

/// No clocks at all.
impl Readings for () {
    fn clocks(&self) -> u32 {
        0
    }

    fn reading(&self, _clock: u32, _at: Time) -> u128 {
        0
    }
}

/// A moment of a clock, and where the progress that it counts goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Which clock.
    pub clock: u32,
    /// What it reads.
    pub reading: u128,
    /// Where progress goes.
    pub leaf: Leaf,
}

/// GPUs by clock, and what has flown.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    /// Nano-GPU.
    rate: i64,
    /// Of these, so many since before the window opened.
    early: i64,
    /// Open integral: nano-GPU x what the clock reads.
    sum: i128,
}

/// The streams of one clock, by owner and leaf: a few, so that they are quickly looked through.
type OfClock = Vec<((u32, Leaf), Stream)>;

/// Flows by clock, owner and leaf.
#[derive(Debug, Clone, Default)]
pub(super) struct Flows {
    streams: Vec<OfClock>,
    /// What has flown in streams that are no more, in nano-GPU microseconds x millionths.
    settled: BTreeMap<(u32, Leaf), i128>,
    /// What each clock read when the window opened.
    opened: Vec<u128>,
}

impl Flows {
    /// The window opens.
    pub fn open(&mut self, readings: Vec<u128>) {
        self.opened = readings;
    }

    fn opening(&self, clock: u32) -> i128 {
        self.opened.get(clock as usize).map_or(0, |&reading| reading as i128)
    }

    /// `delta` nano-GPU more flow from a moment on; `early`: from when the window opens.
    pub fn change(&mut self, owner: u32, flow: Flow, delta: i64, early: bool) {
        let opening = self.opening(flow.clock);
        let (key, clock) = ((owner, flow.leaf), flow.clock as usize);
        if self.streams.len() <= clock {
            self.streams.resize_with(clock + 1, Vec::new);
        }
        let streams = &mut self.streams[clock];
        let at = streams.iter().position(|&(known, _)| known == key).unwrap_or_else(|| {
            streams.push((key, Stream::default()));
            streams.len() - 1
        });
        let stream = &mut streams[at].1;
        stream.rate += delta;
        if early {
            stream.early += delta;
        } else {
            stream.sum -= i128::from(delta) * (flow.reading as i128).max(opening);
        }
        if stream.rate == 0 {
            let flown = stream.sum - i128::from(stream.early) * opening;
            streams.swap_remove(at);
            *self.settled.entry(key).or_default() += flown;
        }
    }

    /// What has flown to each leaf of each owner when the clocks read so, in nano-GPU microseconds x millionths.
    pub fn until(&self, reading: impl Fn(u32) -> u128) -> BTreeMap<(u32, Leaf), i128> {
        let mut flown = BTreeMap::new();
        self.each(reading, |owner, leaf, more| *flown.entry((owner, leaf)).or_default() += more);
        flown
    }

    /// The same for all owners together, by leaf.
    pub fn by_leaf(&self, readings: &[u128]) -> [i128; LEAVES] {
        let mut flown = [0; LEAVES];
        self.each(|clock| readings[clock as usize], |_, leaf, more| flown[leaf as usize] += more);
        flown
    }

    fn each(&self, reading: impl Fn(u32) -> u128, mut add: impl FnMut(u32, Leaf, i128)) {
        for (&(owner, leaf), &flown) in &self.settled {
            add(owner, leaf, flown);
        }
        for (clock, streams) in (0..).zip(&self.streams) {
            for &((owner, leaf), stream) in streams {
                let flown = stream.sum + i128::from(stream.rate) * reading(clock) as i128;
                // Hardly any stream is older than the window.
                let early = if stream.early == 0 { 0 } else { i128::from(stream.early) * self.opening(clock) };
                add(owner, leaf, flown - early);
            }
        }
    }
}

/// Moves what has flown to a leaf there from where it was booked as waiting; both in nano-GPU microseconds.
pub(super) fn settle(leaves: &mut [i128; LEAVES], leaf: Leaf, flown: i128) {
    leaves[Leaf::InputStall as usize] -= flown / MILLION;
    leaves[leaf as usize] += flown / MILLION;
}

/// Moves what has flown to a leaf there at what it cost, of which rounding must not make more than the waiting cost.
pub(super) fn settle_costs(leaves: &mut [i128; LEAVES], leaf: Leaf, flown: i128) {
    let flown = flown.min(leaves[Leaf::InputStall as usize]);
    leaves[Leaf::InputStall as usize] -= flown;
    leaves[leaf as usize] += flown;
}

/// Millionths in a whole.
const MILLION: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Two GPUs from 10 on and one more from 30 on, read at 50: 2 x 40 + 20. With a window that opens at 20: 2 x 30 + 20.
    #[test]
    fn what_flows_is_the_integral_over_the_clock() {
        let flow = |reading| Flow { clock: 0, reading, leaf: Leaf::Useful };
        for (opens, expected) in [(0, 100), (20, 80)] {
            let mut flows = Flows::default();
            flows.change(7, flow(10), 2, 10 < opens);
            flows.open(vec![opens]);
            flows.change(7, flow(30), 1, false);
            assert_eq!(flows.until(|_| 50), BTreeMap::from([((7, Leaf::Useful), expected)]));
            // It ends, and what lies before the window is moved away to no effect.
            flows.change(7, flow(50), -3, false);
            flows.change(7, flow(10), -1, 10 < opens);
            flows.change(7, flow(15), 1, 15 < opens);
            let moved = if opens == 0 { 5 } else { 0 };
            assert_eq!(flows.until(|_| 99), BTreeMap::from([((7, Leaf::Useful), expected - moved)]));
        }
    }
}
