//! Free GPUs over time, as far as running jobs and reservations say: a step function.

use super::steps::Steps;
use crate::units::{Span, Time};

/// Free GPUs from the present on. Below zero where a job has outlived its estimate.
#[derive(Debug, Clone)]
pub struct Profile(Steps<i64>);

impl Profile {
    /// `free` GPUs for ever.
    #[must_use]
    pub fn new(free: u64) -> Self {
        Profile(Steps::new(free as i64))
    }

    /// Forgets what lies before `now`.
    pub fn advance(&mut self, now: Time) {
        self.0.advance(now);
    }

    /// Adds `gpus` to what is free in `[from, to)`; negative takes away.
    pub fn add(&mut self, from: Time, to: Time, gpus: i64) {
        if gpus != 0 {
            self.0.alter(from, to, |_, free| *free += gpus);
        }
    }

    /// The earliest instant in `[from, before)` from which `gpus` are free for `length`, at least for that instant.
    #[must_use]
    pub fn earliest(&self, from: Time, before: Time, length: Span, gpus: u64) -> Option<Time> {
        self.search(from, before, Time::MAX, length, gpus)
    }

    /// The earliest instant in `[from, before)` from which `gpus` that are held for `length` from `start` on could be
    /// held instead. From `start` on, what is held already will do.
    #[must_use]
    pub fn earlier(&self, from: Time, before: Time, start: Time, length: Span, gpus: u64) -> Option<Time> {
        self.search(from, before.min(start), start, length, gpus)
    }

    /// The earliest instant in `[from, before)` from which `gpus` are free for `length` or until `enough`.
    fn search(&self, from: Time, before: Time, enough: Time, length: Span, gpus: u64) -> Option<Time> {
        if gpus == 0 {
            return (from < before).then_some(from);
        }
        let needed = gpus as i64;
        let length = length.max(Span::from_micros(1));
        let (instants, free) = self.0.from(from);
        let mut at = 0;
        loop {
            at += free[at..].iter().position(|&free| free >= needed)?;
            let start = instants[at].max(from);
            if start >= before {
                return None;
            }
            let until = start.after(length).min(enough);
            let Some(run) = free[at..].iter().position(|&free| free < needed) else { return Some(start) };
            at += run;
            if instants[at] >= until {
                return Some(start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(t: u64) -> Time {
        Time::from_micros(t)
    }

    proptest! {
        #[test]
        fn agrees_with_one_number_per_instant(
            holds in proptest::collection::vec((0u64..60, 1u64..30, 1i64..6), 0..25),
            from in 0u64..50, before in 1u64..100, length in 0u64..20, gpus in 1u64..12,
        ) {
            let mut profile = Profile::new(10);
            let mut plain = vec![10i64; 200];
            for &(start, length, gpus) in &holds {
                profile.add(at(start), at(start + length), -gpus);
                plain[start as usize..(start + length) as usize].iter_mut().for_each(|f| *f -= gpus);
            }
            let run = length.max(1) as usize;
            let expected = (from..before).find(|&t| {
                plain[t as usize..t as usize + run].iter().all(|&f| f >= gpus as i64)
            });
            let found = profile.earliest(at(from), at(before), Span::from_micros(length), gpus);
            prop_assert_eq!(found.map(Time::micros), expected);
            let expected = (from..before).find(|&t| {
                plain[t as usize..(t as usize + run).min(before as usize)].iter().all(|&f| f >= gpus as i64)
            });
            let found = profile.earlier(at(from), Time::MAX, at(before), Span::from_micros(length), gpus);
            prop_assert_eq!(found.map(Time::micros), expected);
        }
    }
}
