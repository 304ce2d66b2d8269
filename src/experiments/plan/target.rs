//! What a setting must meet: a bound on a figure.

use std::fmt;

use super::lattice::Need;
use crate::experiments::interval::{Draws, Interval};
use crate::experiments::run::Cell;
use crate::input::{Problem, Problems};
use crate::results::Unit;

/// Which side of its bound is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// A bound on a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The figure, a flattened key of `summary.json`.
    pub figure: String,
    /// Which side is good.
    pub sense: Sense,
    /// The bound, in the figure's unit.
    pub bound: f64,
    /// The bound as it was given.
    pub given: String,
    /// Whether nobody named it: that all jobs run is meant wherever nothing else is said.
    pub is_implied: bool,
}

/// A figure of a setting over its replicates, held against a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The trace's own value, or the mean over independent workloads; `None` where a replicate does not know it.
    pub value: Option<f64>,
    /// Its 95 % interval; `None` for too few replicates.
    pub interval: Option<Interval>,
    /// Whether the value meets the target. What is implied holds for the trace, or for every one of independent workloads.
    pub meets: bool,
    /// Whether the whole interval does, or none of it; of what is implied, whether every replicate does, or none. `None`
    /// for too few replicates.
    pub is_sure: Option<bool>,
    /// How many replicates miss it by themselves.
    pub missed_in: usize,
    /// By how much the value misses the bound, relative to the bound; 0 where it meets it.
    pub miss: f64,
}

impl Target {
    /// Reads `wait_s.p95<=30m`.
    ///
    /// # Errors
    /// What is wrong with it; whether there is such a figure is known after the first run.
    pub fn parse(argument: &str) -> Result<Self, Problem> {
        let wrong = |message: String| Problem { source: format!("--slo '{argument}'"), at: None, message };
        let parts = [("<=", Sense::AtMost), (">=", Sense::AtLeast)]
            .into_iter()
            .find_map(|(word, sense)| argument.split_once(word).map(|(figure, bound)| (figure.trim(), sense, bound)));
        let Some((figure, sense, bound)) = parts.filter(|(figure, ..)| !figure.is_empty()) else {
            return Err(wrong("expected METRIC<=VALUE or METRIC>=VALUE, such as wait_s.p95<=30m".to_owned()));
        };
        let value = Unit::of(figure).read(bound).map_err(|error| wrong(format!("`{figure}`: {error}")))?;
        let given = bound.trim().to_owned();
        Ok(Target { figure: figure.to_owned(), sense, bound: value, given, is_implied: false })
    }

    /// Reads all of them and adds those that are meant: no job is rejected and, where the run is not cut short, none is
    /// left unfinished, unless a target says something else of it.
    ///
    /// # Errors
    /// What is wrong with any of them, or that there is none.
    pub fn parse_all(arguments: &[String], is_cut_short: bool) -> Result<Vec<Self>, Problems> {
        let mut problems = Problems::new();
        let mut targets = Vec::new();
        for argument in arguments {
            match Target::parse(argument) {
                Ok(target) => targets.push(target),
                Err(problem) => problems.push(problem),
            }
        }
        let implied: &[&str] = if is_cut_short { &["jobs.rejected"] } else { &["jobs.rejected", "jobs.unfinished"] };
        for figure in implied {
            if !targets.iter().any(|target| target.figure == *figure) {
                let (figure, given) = ((*figure).to_owned(), "0".to_owned());
                targets.push(Target { figure, sense: Sense::AtMost, bound: 0.0, given, is_implied: true });
            }
        }
        problems.or(targets)
    }

    /// What would help a setting that misses it. Shares of the capacity and costs are better where there is less of what is
    /// paid for, all else where there is more.
    #[must_use]
    pub fn need(&self) -> Need {
        let last = self.figure.rsplit('.').next().unwrap_or_default();
        let is_of_pool = self.figure.starts_with("pools.");
        let is_share = self.figure.starts_with("utilization.") || is_of_pool && !last.ends_with("_usd");
        let is_spent = self.figure.starts_with("cost.") || is_of_pool && last.ends_with("_usd");
        let is_idle = matches!(self.figure.as_str(), "capacity_gpu_s" | "ledger.no_demand");
        match self.sense {
            Sense::AtLeast if is_share => Need::Thrift,
            Sense::AtMost if is_spent || is_idle => Need::Thrift,
            _ => Need::More,
        }
    }

    /// Holds the replicates of a setting against it.
    #[must_use]
    pub fn read(&self, cells: &[Cell], draws: Draws) -> Reading {
        let values: Option<Vec<f64>> = cells.iter().map(|cell| cell.figures.number(&self.figure)).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            let missed_in = cells.len();
            return Reading {
                value: None,
                interval: None,
                meets: false,
                is_sure: None,
                missed_in,
                miss: f64::INFINITY,
            };
        };
        let value = Interval::centre(&values, draws).unwrap_or(values[0]);
        let interval = Interval::of_figure(&self.figure, &values, draws);
        let missed_in = values.iter().filter(|&&value| !self.is_met_by(value)).count();
        let meets = match (self.is_implied, draws) {
            (true, Draws::Independent) => missed_in == 0,
            _ => self.is_met_by(value),
        };
        let agree = |interval: Interval| match self.is_implied {
            true => missed_in == if meets { 0 } else { values.len() },
            false => [interval.low(), interval.high()].iter().all(|&end| self.is_met_by(end) == meets),
        };
        Reading {
            value: Some(value),
            interval,
            meets,
            is_sure: interval.map(agree),
            missed_in,
            miss: if meets { 0.0 } else { (value - self.bound).abs() / self.scale() },
        }
    }

    fn is_met_by(&self, value: f64) -> bool {
        match self.sense {
            Sense::AtMost => value <= self.bound,
            Sense::AtLeast => value >= self.bound,
        }
    }

    /// What a miss is measured by: the bound, or 1 where that is 0.
    fn scale(&self) -> f64 {
        if self.bound.abs() > 0.0 { self.bound.abs() } else { 1.0 }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.sense {
            Sense::AtMost => "<=",
            Sense::AtLeast => ">=",
        };
        write!(f, "{} {word} {}", self.figure, self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::bootstrap::Period;
    use crate::results::Figures;

    fn cells(values: &[&str]) -> Vec<Cell> {
        let cell = |value: &&str| Cell {
            seed: 0,
            figures: Figures::from_iter([("wait_s.p95".to_owned(), (*value).to_owned())]),
        };
        values.iter().map(cell).collect()
    }

    #[test]
    fn a_target_is_held_against_the_value_and_its_interval() {
        let target = Target::parse("wait_s.p95 <= 30m").unwrap();
        assert_eq!((target.bound, target.to_string().as_str()), (1800.0, "wait_s.p95 <= 30m"));
        let reading = target.read(&cells(&["1799", "1800", "1801"]), Draws::Independent);
        assert!(reading.meets && reading.is_sure == Some(false) && reading.value == Some(1800.0));
        let reading = target.read(&cells(&["3600", "3600", "3600"]), Draws::Independent);
        assert!(!reading.meets && reading.is_sure == Some(true) && (reading.miss - 1.0).abs() < 1e-12);
        let reading = target.read(&cells(&["1000", "9000"]), Draws::Bootstrap { of: Period::Weeks, blocks: 9 });
        assert!(reading.meets && reading.is_sure.is_none(), "the trace itself counts");
        assert!(!target.read(&cells(&["10", ""]), Draws::Independent).meets, "what is not known is not met");
    }

    #[test]
    fn a_quantile_has_the_interval_that_a_comparison_gives_it() {
        // One replicate far above: the interval leans upwards and reaches over a bound that a symmetric one does not.
        let values = ["10", "11", "12", "10", "11", "12", "10", "11", "12", "40"];
        let numbers: Vec<f64> = values.iter().map(|value| value.parse().unwrap()).collect();
        let student = Interval::of(&numbers, Draws::Independent).unwrap();
        let bound = student.high().ceil();
        let target = Target::parse(&format!("wait_s.p95<={bound}s")).unwrap();
        let reading = target.read(&cells(&values), Draws::Independent);
        assert_eq!(reading.interval, Interval::of_figure("wait_s.p95", &numbers, Draws::Independent));
        assert!(student.high() <= bound && reading.meets && reading.is_sure == Some(false), "{reading:?}");
    }

    #[test]
    fn what_is_implied_holds_for_every_replicate_or_the_trace() {
        let target = Target { is_implied: true, ..Target::parse("wait_s.p95<=0").unwrap() };
        let odd = target.read(&cells(&["0", "0", "1", "0"]), Draws::Independent);
        assert_eq!((odd.meets, odd.missed_in, odd.is_sure), (false, 1, Some(false)));
        let of_trace = target.read(&cells(&["0", "0", "1", "0"]), Draws::Bootstrap { of: Period::Weeks, blocks: 9 });
        assert_eq!((of_trace.meets, of_trace.missed_in, of_trace.is_sure), (true, 1, Some(false)));
        let all = target.read(&cells(&["0", "0", "0"]), Draws::Independent);
        assert_eq!((all.meets, all.is_sure), (true, Some(true)));
    }

    #[test]
    fn what_helps_goes_by_the_figure_and_the_side_of_its_bound() {
        for (target, need) in [
            ("wait_s.p95<=30m", Need::More),
            ("utilization.productive>=60%", Need::Thrift),
            ("utilization.productive<=60%", Need::More),
            ("cost.total_usd<=$100", Need::Thrift),
            ("pools.a.allocated>=0.5", Need::Thrift),
            ("pools.a.idle_usd<=100", Need::Thrift),
            ("pools.a.idle_usd>=100", Need::More),
            ("jobs.finished>=100", Need::More),
        ] {
            assert_eq!(Target::parse(target).unwrap().need(), need, "{target}");
        }
    }

    #[test]
    fn all_jobs_are_meant_to_run() {
        let figures = |slo: &[&str], cut| {
            let slo: Vec<String> = slo.iter().map(|text| (*text).to_owned()).collect();
            let targets = Target::parse_all(&slo, cut).unwrap();
            targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(figures(&["jobs.rejected<=3"], false), "jobs.rejected <= 3, jobs.unfinished <= 0");
        assert_eq!(figures(&[], true), "jobs.rejected <= 0");
        assert!(Target::parse("wait_s.p95=3").is_err() && Target::parse("<=3").is_err());
    }
}
