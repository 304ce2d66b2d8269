//! What was recorded of a scenario: a few figures with how far they may move, small enough for a review.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::input::Problem;
use crate::output::{AtomicFile, settled};
use crate::results::Figures;
use crate::units::suggest;

/// The version of the file's shape.
pub const SCHEMA: &str = "fleetsim.baseline/1";

/// Which way of moving is a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Worse {
    /// More is worse: queue times.
    Higher,
    /// Less is worse: utilizations.
    Lower,
    /// Any move is.
    Either,
}

/// Figures of a new baseline, with what is worse; others can be added to the file by hand.
const FIGURES: [(&str, Worse); 13] = [
    ("jobs.finished", Worse::Lower),
    ("jobs.rejected", Worse::Higher),
    ("jobs.unfinished", Worse::Higher),
    ("makespan_s", Worse::Higher),
    ("wait_s.mean", Worse::Higher),
    ("wait_s.p50", Worse::Higher),
    ("wait_s.p95", Worse::Higher),
    ("wait_s.p99", Worse::Higher),
    ("jct_s.mean", Worse::Higher),
    ("bounded_slowdown.mean", Worse::Higher),
    ("utilization.allocated", Worse::Lower),
    ("utilization.productive", Worse::Lower),
    ("cost.idle_usd", Worse::Higher),
];

/// A recorded figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Its name, a flattened key of `summary.json`.
    pub figure: String,
    /// Its value; `null` where it is not known.
    pub value: Option<Number>,
    /// What is a regression.
    pub worse: Worse,
    /// So far it may move that way, in its own unit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub absolute: f64,
    /// So far it may move that way, as a share of its value; the wider of both counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub relative: f64,
}

/// The file beside a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    /// XXH64 of the resolved scenario and its trace.
    pub scenario: String,
    /// The figures, in the order of the file.
    pub figures: Vec<Recorded>,
}

/// A figure that is worse than it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// Its name.
    pub figure: String,
    /// As recorded; `None` where it was not known.
    pub before: Option<f64>,
    /// Now; `None` where it is not known.
    pub now: Option<f64>,
    /// How far it may move.
    pub tolerance: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &f64) -> bool {
    *value <= 0.0
}

impl Baseline {
    /// Where the baseline of a scenario lies: `NAME.baseline.json`.
    #[must_use]
    pub fn path(scenario: &Path) -> PathBuf {
        scenario.with_extension("baseline.json")
    }

    /// Records figures; figures and tolerances of an earlier baseline stay.
    #[must_use]
    pub fn record(figures: &Figures, scenario: String, earlier: Option<&Baseline>) -> Self {
        let new = |&(figure, worse): &(&str, Worse)| Recorded {
            figure: figure.to_owned(),
            value: None,
            worse,
            absolute: 0.0,
            relative: 0.0,
        };
        let mut recorded = earlier.map_or_else(|| FIGURES.iter().map(new).collect(), |known| known.figures.clone());
        for entry in &mut recorded {
            let text = figures.iter().find(|(name, _)| *name == entry.figure).map(|(_, text)| text);
            entry.value = text.and_then(|text| serde_json::from_str(text).ok());
        }
        Baseline { schema: SCHEMA.to_owned(), scenario, figures: recorded }
    }

    /// Reads the baseline of a scenario; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(scenario: &Path) -> Result<Option<Self>, Problem> {
        let path = Baseline::path(scenario);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::of_file(&path, format!("cannot be read: {error}"))),
        };
        let baseline: Baseline = serde_json::from_str(&text).map_err(|error| {
            Problem::at(&path, error.line() as u64, error.column() as u64, format!("is no baseline: {error}"))
        })?;
        if baseline.schema != SCHEMA {
            let message = format!("expected \"{SCHEMA}\", found \"{}\"", baseline.schema);
            return Err(Problem::of_file(&path, message));
        }
        match baseline.fault() {
            Some(message) => Err(Problem::of_file(&path, message)),
            None => Ok(Some(baseline)),
        }
    }

    /// What makes no sense in it.
    fn fault(&self) -> Option<String> {
        if self.figures.is_empty() {
            return Some("lists no figure, so that nothing could ever be worse".to_owned());
        }
        let wrong = self.figures.iter().find(|entry| entry.absolute < 0.0 || entry.relative < 0.0);
        wrong.map(|entry| format!("`{}`: expected tolerances of at least 0", entry.figure))
    }

    /// A figure that the run has not and of which nothing is recorded either: surely a slip.
    #[must_use]
    pub fn unknown(&self, figures: &Figures) -> Option<String> {
        let names = || figures.iter().map(|(name, _)| name);
        let entry =
            self.figures.iter().find(|entry| entry.value.is_none() && !names().any(|name| name == entry.figure))?;
        let hint = suggest::nearest(&entry.figure, names())
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Some(format!("there is no figure `{}`{hint}", entry.figure))
    }

    /// Writes it beside a scenario; it is in its place when the file is finished.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// # Panics
    /// Never: it is JSON.
    pub fn write(&self, scenario: &Path) -> Result<AtomicFile, Problem> {
        let mut text = serde_json::to_string_pretty(self).expect("a baseline is JSON");
        text.push('\n');
        settled(&Baseline::path(scenario), text.as_bytes())
    }

    /// Figures that are worse than they may be.
    #[must_use]
    pub fn regressions(&self, figures: &Figures) -> Vec<Regression> {
        let judge = |entry: &Recorded| entry.regression(figures.number(&entry.figure));
        self.figures.iter().filter_map(judge).collect()
    }
}

impl Recorded {
    fn regression(&self, now: Option<f64>) -> Option<Regression> {
        let before = self.value.as_ref().and_then(Number::as_f64);
        let tolerance = self.absolute.max(self.relative * before.unwrap_or(0.0).abs());
        let is_worse = match (before, now) {
            (None, None) => false,
            (Some(before), Some(now)) => match self.worse {
                Worse::Higher => now - before > tolerance,
                Worse::Lower => before - now > tolerance,
                Worse::Either => (now - before).abs() > tolerance,
            },
            // What was known and is not, or the other way round, has moved beyond any tolerance.
            _ => true,
        };
        is_worse.then(|| Regression { figure: self.figure.clone(), before, now, tolerance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_one_sided_absolute_and_relative() {
        let entry = |worse, absolute, relative| Recorded {
            figure: "wait_s.p95".to_owned(),
            value: Number::from_f64(100.0),
            worse,
            absolute,
            relative,
        };
        for (worse, absolute, relative, now, regresses) in [
            (Worse::Higher, 0.0, 0.0, 100.0, false),
            (Worse::Higher, 0.0, 0.0, 100.001, true),
            (Worse::Higher, 0.0, 0.0, 50.0, false),
            (Worse::Higher, 2.0, 0.0, 102.0, false),
            (Worse::Higher, 2.0, 0.0, 102.1, true),
            (Worse::Higher, 0.0, 0.05, 104.9, false),
            (Worse::Higher, 2.0, 0.05, 105.1, true),
            (Worse::Lower, 0.0, 0.0, 101.0, false),
            (Worse::Lower, 0.0, 0.01, 98.0, true),
            (Worse::Either, 1.0, 0.0, 98.5, true),
        ] {
            let found = entry(worse, absolute, relative).regression(Some(now));
            assert_eq!(found.is_some(), regresses, "{worse:?} {absolute} {relative} {now}");
        }
        assert!(entry(Worse::Higher, 9.0, 9.0).regression(None).is_some());
    }
}
