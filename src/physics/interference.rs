//! How much slower a share of a GPU runs beside others: a table by the number of neighbours, or by the classes of both.
//!
//! Shares never ask for more than the GPU together, so their work alone would fit. Of Lucid's 1,388 measured pairs those
//! with a summed utilization of at most 1 each ran at 0.97 to 1.0 of their speed alone (Hu et al., ASPLOS 2023): a loss
//! of 0.03 a neighbour under MPS. Turns cost the switches between them: 2 to 10 % in all. MIG instances do not slow each
//! other down.
//!
//! How much depends on both: on a V100 two ResNet-18 ran at 0.985 of their speed alone each, a language model and a
//! ResNet-18 at 0.83, two ResNet-50 at 0.37 (Gavel, OSDI 2020, medians of its published pairs, halved).

use std::collections::BTreeMap;

use super::DEFAULT_CLASS;
use super::plan::Speed;
use crate::cluster::ShareMode;

/// Speeds by the number of other shares on the GPU, relative to having it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interference {
    /// Beside one.
    pub one: Speed,
    /// Beside two.
    pub two: Speed,
    /// Beside three or more.
    pub more: Speed,
    /// Of a class beside one other, by both classes.
    pub pairs: BTreeMap<String, BTreeMap<String, Speed>>,
}

impl Interference {
    /// The default speeds of a mode: beside one, two, three or more.
    #[must_use]
    pub const fn defaults(mode: ShareMode) -> [f64; 3] {
        match mode {
            ShareMode::Mps => [0.97, 0.94, 0.91],
            ShareMode::TimeSlicing => [0.98, 0.95, 0.9],
        }
    }

    /// The speed of a job of a class beside jobs of these classes: by their number, or, where it is known of any of them, the
    /// product over all, in which the unknown count as one other does.
    #[must_use]
    pub fn among<'c>(&self, class: &str, others: impl Iterator<Item = &'c str> + Clone) -> Speed {
        let pair = |other: &str| self.pair(class, other);
        if self.pairs.is_empty() || others.clone().all(|other| pair(other).is_none()) {
            return self.beside(others.count());
        }
        others.fold(Speed::FULL, |speed, other| speed.and(pair(other).unwrap_or(self.one)))
    }

    /// The speed of a class beside one other of another, if it is known of both, or of the classes that stand for all others.
    fn pair(&self, class: &str, other: &str) -> Option<Speed> {
        let row = self.pairs.get(class).or_else(|| self.pairs.get(DEFAULT_CLASS))?;
        row.get(other).or_else(|| row.get(DEFAULT_CLASS)).copied()
    }

    /// The speed beside so many others.
    #[must_use]
    pub fn beside(&self, others: usize) -> Speed {
        match others {
            0 => Speed::FULL,
            1 => self.one,
            2 => self.two,
            _ => self.more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_before_numbers() {
        let [one, two, more, slow, slower] = [0.9, 0.8, 0.7, 0.5, 0.4].map(Speed::of_share);
        let row = |other: &str, speed| BTreeMap::from([(other.to_owned(), speed)]);
        let pairs = BTreeMap::from([("a".to_owned(), row("b", slow)), (DEFAULT_CLASS.to_owned(), row("a", slower))]);
        let table = Interference { one, two, more, pairs };
        let among = |class: &str, others: &[&str]| table.among(class, others.iter().copied());
        assert_eq!([among("a", &[]), among("a", &["b"]), among("a", &["c"])], [Speed::FULL, slow, one]);
        assert_eq!([among("a", &["c", "c"]), among("a", &["b", "c"])], [two, slow.and(one)]);
        assert_eq!([among("a", &["b", "b"]), among("z", &["a"])], [slow.and(slow), slower]);
        assert_eq!([among("z", &["c"]), among("z", &["c", "c", "c"])], [one, more]);
    }
}
