//! Where a curve turns: beyond it, more of the one brings little of the other.

/// How far a curve must bend away from its chord, in parts of its height, for its turn to be called a knee.
const LEAST: f64 = 0.15;

/// The place of the knee in a curve of ascending `x`: where it is farthest from the chord between its ends, both axes
/// scaled to one (V. Satopaa, J. Albrecht, D. Irwin, B. Raghavan, Finding a "Kneedle" in a Haystack, ICDCS Workshops
/// 2011, section III, without smoothing: a mean over replicates is smooth). `None` where four points or more do not bend.
#[must_use]
pub fn knee(points: &[(f64, f64)]) -> Option<usize> {
    let (first, last) = (points.first()?, points.last()?);
    let (width, height) = (last.0 - first.0, last.1 - first.1);
    if points.len() < 4 || width <= 0.0 || height.abs() <= f64::EPSILON * first.1.abs() {
        return None;
    }
    // A saturating curve bends the same way all along: steep first, level later.
    let bend = |&(x, y): &(f64, f64)| (y - first.1) / height - (x - first.0) / width;
    let bends = points.iter().map(bend).enumerate();
    let (at, most) = bends.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (most > LEAST).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knee_is_where_the_curve_turns() {
        // A corner at 3: steep before, level after.
        let corner = [(1.0, 90.0), (2.0, 50.0), (3.0, 10.0), (4.0, 9.0), (8.0, 5.0)];
        assert_eq!(knee(&corner), Some(2));
        // y = x / (x + 1) on [0, 8], scaled: the bend is greatest where the slope is that of the chord, x = 2.
        let saturating: Vec<(f64, f64)> = (0..=8).map(|x| (f64::from(x), f64::from(x) / f64::from(x + 1))).collect();
        assert_eq!(knee(&saturating), Some(2));
    }

    #[test]
    fn lines_and_level_curves_have_none() {
        let line: Vec<(f64, f64)> = (0..9).map(|x| (f64::from(x), 3.0 * f64::from(x))).collect();
        assert_eq!(knee(&line), None);
        assert_eq!(knee(&[(1.0, 5.0); 6]), None);
        assert_eq!(knee(&[(1.0, 5.0), (2.0, 5.0), (3.0, 5.0), (4.0, 5.0)]), None);
        assert_eq!(knee(&[(1.0, 5.0), (2.0, 1.0), (3.0, 0.0)]), None);
        // Steep only at its end: more of x brings more and more.
        let convex: Vec<(f64, f64)> = (0..9).map(|x| (f64::from(x), f64::from(x * x))).collect();
        assert_eq!(knee(&convex), None);
    }
}
