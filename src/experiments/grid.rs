//! A scenario at many points: some of its keys take values, one set of them a point.

use std::path::Path;

use super::design::Design;
use super::list::List;
use super::workload::{self, Library};
use crate::input::Problems;
use crate::scenario::{self, Overrides, Scenario};

/// A scenario and the axes on which it varies.
#[derive(Debug, Clone)]
pub struct Grid<'a> {
    /// The scenario file.
    pub file: &'a Path,
    /// What the command line changes in it at all points.
    pub overrides: &'a Overrides,
    /// The keys that vary, with their values.
    pub design: &'a Design,
    /// The option by which they were given, for messages.
    pub option: &'static str,
    /// The file in which the rows of the design stand, if there is one.
    pub list: Option<(&'a Path, &'a List)>,
}

impl Grid<'_> {
    /// The scenario at each of the first `count` points. A mistake in a value shows at many points and is told once.
    ///
    /// # Errors
    /// Everything that is wrong at any of them.
    pub fn scenarios(&self, count: u64) -> Result<Vec<Scenario>, Problems> {
        let mut points = Vec::new();
        let mut problems = Problems::new();
        for number in 0..count {
            match self.scenario(number) {
                Ok(mut point) => {
                    point.variants.clear();
                    points.push(point);
                }
                Err(wrong) => {
                    for problem in wrong.list() {
                        if !problems.list().contains(problem) {
                            problems.push(problem.clone());
                        }
                    }
                    if problems.is_full() {
                        break;
                    }
                }
            }
        }
        problems.or(points)
    }

    fn scenario(&self, number: u64) -> Result<Scenario, Problems> {
        let row = self.list.map(|(file, list)| format!("{}:{}:", file.display(), list.lines[self.design.row(number)]));
        let from = |at: usize| row.as_ref().filter(|_| at < self.design.row_keys());
        let set = self.design.keys().zip(self.design.point(number)).enumerate().map(|(at, (key, value))| {
            (from(at).cloned().unwrap_or_else(|| self.option.to_owned()), format!("{key}={value}"))
        });
        let overrides = Overrides { axis: set.collect(), ..self.overrides.clone() };
        scenario::load(self.file, &overrides)
    }
}

/// What the reader should know of scenarios and their jobs, each thing once.
#[must_use]
pub fn notices(scenarios: &[Scenario], library: &Library) -> Vec<String> {
    let mut notices: Vec<String> =
        workload::growth_notice(scenarios).into_iter().chain(library.bootstrap_notice()).collect();
    for scenario in scenarios {
        for notice in scenario.notices.iter().cloned().chain(library.notices(scenario)) {
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
    }
    notices
}
