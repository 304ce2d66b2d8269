//! Exact quantiles, linearly interpolated.

/// A probability in millionths, so that no float decides which value is taken.
pub type Ppm = u32;

/// Millionths in a whole.
const WHOLE: u64 = 1_000_000;

/// The quantiles of `values`, `number` giving what they stand for, at ascending `probabilities`, by type 7 of Hyndman & Fan (1996), the default of R and
/// NumPy: linear interpolation between the order statistics around `(n - 1) p`. `None` when there is no value.
///
/// Reorders `values`; takes O(n) steps a probability, and fewer for each further one.
///
/// # Panics
/// When the probabilities do not ascend or exceed a million.
#[must_use]
pub fn quantiles<T: Copy + Ord>(
    values: &mut [T],
    probabilities: &[Ppm],
    number: impl Fn(T) -> f64,
) -> Option<Vec<f64>> {
    assert!(probabilities.is_sorted(), "quantiles are asked for in ascending order");
    let last = values.len().checked_sub(1)?;
    let mut settled = 0;
    let quantile = |&p: &Ppm| {
        let position = last as u64 * u64::from(p);
        let (index, rest) = ((position / WHOLE) as usize, position % WHOLE);
        assert!(index <= last, "a probability exceeds 1");
        let (_, &mut low, above) = values[settled..].select_nth_unstable(index - settled);
        let high = if rest == 0 { low } else { above.iter().copied().min().unwrap_or(low) };
        settled = index;
        number(low) + (number(high) - number(low)) * (rest as f64 / WHOLE as f64)
    };
    Some(probabilities.iter().map(quantile).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn interpolates_as_type_7() {
        let mut values = [40u32, 10, 30, 20];
        // NumPy: quantile([10, 20, 30, 40], [0, 0.25, 0.5, 0.9, 1]) = 10, 17.5, 25, 37, 40.
        let got = quantiles(&mut values, &[0, 250_000, 500_000, 900_000, 1_000_000], f64::from).unwrap();
        assert_eq!(got, [10.0, 17.5, 25.0, 37.0, 40.0]);
        assert_eq!(quantiles(&mut [0u32; 0], &[500_000], f64::from), None);
        assert_eq!(quantiles(&mut [7u32], &[500_000], f64::from), Some(vec![7.0]));
    }

    proptest! {
        #[test]
        fn agrees_with_sorting(values in proptest::collection::vec(0u64..1000, 1..200), mut ps in proptest::collection::vec(0u32..=1_000_000, 1..8)) {
            ps.sort_unstable();
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let plain = |&p: &u32| {
                let at = (sorted.len() - 1) as f64 * f64::from(p) / 1e6;
                let (low, high) = (sorted[at.floor() as usize] as f64, sorted[at.ceil() as usize] as f64);
                low + (high - low) * at.fract()
            };
            let got = quantiles(&mut values.clone(), &ps, |v| v as f64).unwrap();
            for (got, p) in got.iter().zip(&ps) {
                prop_assert!((got - plain(p)).abs() < 1e-6, "{got} at {p}");
            }
        }
    }
}
