//! Student's t distribution: the factor of a confidence interval.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The t for which |T| <= t has probability `confidence` (within (0, 1)) under `freedom` >= 1 degrees of freedom: 12.706
/// at 95 % and 1, 1.96 at 95 % and many.
///
/// The probability is the finite series of Abramowitz & Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and
/// 26.7.4, in the angle whose tangent is t / sqrt(freedom); the angle is found by halving, to the last bit of a double.
#[must_use]
pub fn two_sided(confidence: f64, freedom: u32) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if within(middle, freedom) < confidence { low = middle } else { high = middle }
    }
    libm::sqrt(f64::from(freedom)) * libm::tan(low)
}

/// The probability that |T| is within the t of an angle.
fn within(angle: f64, freedom: u32) -> f64 {
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let square = cosine * cosine;
    let odd = freedom % 2 == 1;
    // Terms go 1, 2/3 cos^2, (2 4)/(3 5) cos^4 ... for odd degrees, 1, 1/2 cos^2, (1 3)/(2 4) cos^4 ... for even ones.
    let (mut sum, mut term) = (0.0, 1.0);
    let terms = if odd { (freedom - 1) / 2 } else { freedom / 2 };
    for i in 0..terms {
        sum += term;
        let step = f64::from(2 * i);
        term *= square * if odd { (step + 2.0) / (step + 3.0) } else { (step + 1.0) / (step + 2.0) };
        if term < sum * 1e-18 {
            break;
        }
    }
    if odd { FRAC_2_PI * (angle + sine * cosine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[test]
    fn agrees_with_printed_tables() {
        for (freedom, expected) in [(1, 12.706), (2, 4.303), (5, 2.571), (9, 2.262), (30, 2.042), (120, 1.980)] {
            assert!((two_sided(0.95, freedom) - expected).abs() < 5e-4, "{freedom}");
        }
    }

    #[test]
    fn agrees_with_an_independent_implementation() {
        for freedom in (1..=60).chain([99, 100, 499, 1000, 20_001]) {
            let reference = StudentsT::new(0.0, 1.0, f64::from(freedom)).unwrap();
            for confidence in [0.5, 0.8, 0.9, 0.95, 0.99, 0.999] {
                let t = two_sided(confidence, freedom);
                let back = 2.0 * reference.cdf(t) - 1.0;
                assert!((back - confidence).abs() < 1e-10, "{freedom} at {confidence}: {t} gives {back}");
            }
        }
    }
}
