//! A choice among things with weights.

use rand::RngExt;

use crate::units::rng::Stream;

/// Things and how often each is drawn, in proportion to its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights<T> {
    items: Vec<T>,
    /// Sums of the weights up to and including each.
    sums: Vec<f64>,
}

impl<T> Default for Weights<T> {
    /// Nothing to choose from.
    fn default() -> Self {
        Weights { items: Vec::new(), sums: Vec::new() }
    }
}

impl<T> Weights<T> {
    /// Weights are finite and >= 0, and one of them is above 0; [`Weights::is_sound`] says so.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (T, f64)>) -> Self {
        let mut weights = Weights::default();
        let mut sum = 0.0;
        for (item, weight) in pairs {
            sum += weight;
            weights.items.push(item);
            weights.sums.push(sum);
        }
        weights
    }

    /// Whether the weights can be drawn from; no items at all are sound too.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let grows = self.sums.is_sorted_by(|a, b| a <= b) && self.sums.first().is_none_or(|&first| first >= 0.0);
        grows && self.sums.last().is_none_or(|&total| total > 0.0 && total.is_finite())
    }

    /// Whether there is nothing to choose from.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The item of an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    /// The mean of what `value` says of the items.
    #[must_use]
    pub fn mean(&self, value: impl Fn(&T) -> f64) -> f64 {
        let mut before = 0.0;
        let mut sum = 0.0;
        for (item, &upto) in self.items.iter().zip(&self.sums) {
            sum += value(item) * (upto - before);
            before = upto;
        }
        sum / before
    }

    /// The index of an item, or `None` when there are none; one number of the stream is used either way.
    pub(super) fn draw(&self, stream: &mut Stream) -> Option<usize> {
        let unit = stream.random::<f64>();
        let total = self.sums.last()?;
        let at = self.sums.partition_point(|&sum| sum <= unit * total);
        Some(at.min(self.items.len() - 1))
    }
}

impl Weights<String> {
    /// `count` names `prefix` + 1, 2, ..., the n-th with weight `n^-exponent` (Zipf's law).
    #[must_use]
    pub fn zipf(prefix: &str, count: u32, exponent: f64) -> Self {
        Weights::new((1..=count).map(|n| (format!("{prefix}{n}"), libm::pow(f64::from(n), -exponent))))
    }
}
