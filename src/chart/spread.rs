//! How the points of a sweep lie: on curves along its first axis, or scattered over several keys at once.

use crate::experiments::range;
use crate::experiments::stored::StoredSweep;
use crate::results::correlation::spearman;

/// How points lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// Along the first key, a line for each setting of the others.
    Curves,
    /// Several keys change from point to point: they are seen along the one with which the figure goes most closely.
    Scattered {
        /// The number of that key.
        key: usize,
        /// Its rank correlation with the figure; `None` where no key has numbers that vary.
        correlation: Option<f64>,
    },
}

impl Spread {
    /// How the points of a sweep lie with respect to a figure.
    #[must_use]
    pub fn of(sweep: &StoredSweep, figure: &str) -> Self {
        if sweep.design.row_keys() < 2 {
            return Spread::Curves;
        }
        let done: Vec<(usize, f64)> =
            (0..sweep.points.len()).filter_map(|point| Some((point, sweep.value(point, figure)?.0))).collect();
        let values: Vec<f64> = done.iter().map(|(_, value)| *value).collect();
        let settings: Vec<Vec<String>> = done.iter().map(|(point, _)| sweep.settings(*point)).collect();
        let with = |key: usize| {
            let numbers = range::numbers(settings.iter().map(|values| values[key].as_str()))?;
            spearman(&numbers, &values)
        };
        let known = (0..sweep.design.row_keys()).filter_map(|key| Some((key, with(key)?)));
        match known.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then(b.0.cmp(&a.0))) {
            Some((key, correlation)) => Spread::Scattered { key, correlation: Some(correlation) },
            None => Spread::Scattered { key: 0, correlation: None },
        }
    }

    /// The number of the key along which points are seen.
    #[must_use]
    pub fn key(&self) -> usize {
        match self {
            Spread::Curves => 0,
            Spread::Scattered { key, .. } => *key,
        }
    }

    /// Whether points that differ in this key lie on lines of their own.
    #[must_use]
    pub fn tells_lines_apart(&self, sweep: &StoredSweep, key: usize) -> bool {
        match self {
            Spread::Curves => true,
            Spread::Scattered { .. } => key >= sweep.design.row_keys(),
        }
    }

    /// What a subtitle should say of it.
    #[must_use]
    pub fn told(&self, sweep: &StoredSweep) -> String {
        let Spread::Scattered { correlation, .. } = self else { return String::new() };
        let keys = sweep.design.row_keys();
        match correlation {
            Some(correlation) => {
                format!(", of {keys} keys that vary the one it follows most (rank correlation {correlation:+.2})")
            }
            None => format!(", one of {keys} keys that vary"),
        }
    }
}
