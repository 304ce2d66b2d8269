//! The series in as many slots as a chart can show.

use super::scene::{Frame, Point};
use crate::ledger::LEAVES;
use crate::results::StoredRun;
use crate::results::stored::Bucket;

/// The most slots: about three units wide each.
const MOST: usize = 170;

/// Some buckets as one.
pub type Slot = Bucket;

/// A run's series as slots.
#[derive(Debug)]
pub struct Timeline {
    /// At least one.
    pub slots: Vec<Slot>,
    /// Seconds from the first to the end of the last, more than none.
    pub span: f64,
}

impl Timeline {
    /// The run's; `None` where no time passed.
    #[must_use]
    pub fn of(run: &StoredRun) -> Option<Self> {
        let slots = slots(&run.series);
        let span = slots.last()?.start + slots.last()?.width - slots.first()?.start;
        (span > 0.0).then_some(Timeline { slots, span })
    }

    /// Seconds of the trace where it begins.
    #[must_use]
    pub fn start(&self) -> f64 {
        self.slots.first().map_or(0.0, |slot| slot.start)
    }
}

/// Slots of the same number of buckets each; the last may have fewer.
#[must_use]
pub fn slots(series: &[Bucket]) -> Vec<Slot> {
    series.chunks(each(series.len())).map(merged).collect()
}

/// How many buckets of so many a slot has.
#[must_use]
pub fn each(buckets: usize) -> usize {
    buckets.div_ceil(MOST).max(1)
}

fn merged(buckets: &[Bucket]) -> Slot {
    let width: f64 = buckets.iter().map(|b| b.width).sum();
    let mean = |of: &dyn Fn(&Bucket) -> f64| match width > 0.0 {
        true => buckets.iter().map(|b| of(b) * b.width).sum::<f64>() / width,
        false => 0.0,
    };
    let mut leaves = [0.0; LEAVES];
    for (i, leaf) in leaves.iter_mut().enumerate() {
        *leaf = mean(&|b| b.leaves[i]);
    }
    Slot { start: buckets[0].start, width, waiting: mean(&|b| b.waiting), leaves }
}

/// The column of a slot.
#[must_use]
pub fn column(frame: Frame, i: usize, of: usize) -> Frame {
    let w = frame.w / of as f64;
    Frame { x: frame.x + i as f64 * w, w, ..frame }
}

/// A line over the slots, of shares of the frame's height: from middle to middle, and level to both ends.
#[must_use]
pub fn outline(frame: Frame, shares: impl ExactSizeIterator<Item = f64>) -> Vec<Point> {
    let w = frame.w / shares.len().max(1) as f64;
    let last = shares.len().saturating_sub(1);
    let mut points = Vec::with_capacity(shares.len() + 2);
    for (i, share) in shares.enumerate() {
        let y = frame.bottom() - frame.h * share.clamp(0.0, 1.0);
        if i == 0 {
            points.push((frame.x, y));
        }
        points.push((frame.x + (i as f64 + 0.5) * w, y));
        if i == last {
            points.push((frame.right(), y));
        }
    }
    points
}
