//! Verdicts in words, as JUnit XML and as GitHub-flavoured Markdown.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Verdict;
use super::baseline::Regression;
use super::schedule::{Moment, Parted};
use crate::experiments::divergence::Fate;
use crate::results::Unit;
use crate::results::format::{count, plural};

/// The name of a scenario in reports.
#[must_use]
pub fn name(verdict: &Verdict) -> String {
    verdict.file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// A regression in words: by how much, and how far it may move.
#[must_use]
pub fn regression(regression: &Regression) -> String {
    let unit = Unit::of(&regression.figure);
    let rounded = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), |value| unit.shown(value));
    // What differs is not to look the same.
    let is_plain = rounded(regression.before) == rounded(regression.now);
    let shown = |value: Option<f64>| match value {
        Some(value) if is_plain => value.to_string(),
        _ => rounded(value),
    };
    let by = match (regression.before, regression.now) {
        (Some(before), Some(now)) if before.abs() > 0.0 => {
            format!(" ({:+.*} %)", if is_plain { 6 } else { 2 }, (now - before) / before.abs() * 100.0)
        }
        _ => String::new(),
    };
    let tolerance = if regression.tolerance > 0.0 {
        format!(", {} allowed", unit.shown(regression.tolerance))
    } else {
        String::new()
    };
    format!("{}: {} -> {}{by}{tolerance}", regression.figure, shown(regression.before), shown(regression.now))
}

/// Where the schedules part, in lines.
#[must_use]
pub fn parting(parted: &Parted) -> Vec<String> {
    let first = &parted.first;
    let gpus = plural(first.gpus.parse().unwrap_or_default(), "GPU");
    let side =
        |name: &str, fate: &Fate, moment: &Moment| format!("{name}: {}; {}", fate_words(fate), moment_words(moment));
    vec![
        format!(
            "{} of {} went otherwise; the schedules part at {} s: job `{}` ({gpus}, submitted at {} s){}",
            count(parted.differing),
            plural(parted.jobs, "job"),
            first.at,
            first.job,
            first.submit,
            first.elsewhere()
        ),
        side("recorded", &first.one, &parted.moments[0]),
        side("now", &first.other, &parted.moments[1]),
    ]
}

/// What became of a job.
#[must_use]
pub fn fate_words(fate: &Fate) -> String {
    let Fate { start, end, state, pool, .. } = fate;
    match (start.is_empty(), end.is_empty()) {
        (true, _) => format!("never started, {state}"),
        (false, true) => format!("started at {start} s in {pool}, {state}"),
        (false, false) => format!("started at {start} s in {pool}, ended at {end} s, {state}"),
    }
}

fn moment_words(moment: &Moment) -> String {
    let busy = plural(moment.busy_gpus, "GPU");
    let more = if moment.more > 0 { format!(" and {} more", count(moment.more as u64)) } else { String::new() };
    let why = moment.why.as_ref().map_or_else(String::new, |why| format!("it waited then {}; ", why.words()));
    match moment.starts.is_empty() {
        true => format!("{why}at that instant nothing started only here, {busy} busy after it"),
        false => {
            format!("{why}at that instant only here {}{more} started, {busy} busy after it", moment.starts.join(", "))
        }
    }
}

/// All that is to be said of a scenario, in lines; empty where nothing moved.
#[must_use]
pub fn lines(verdict: &Verdict) -> Vec<String> {
    let mut lines: Vec<String> = verdict.regressions.iter().map(regression).collect();
    if verdict.is_another {
        lines.push("the scenario or its trace is not the one that was recorded".to_owned());
    }
    lines.extend(verdict.parted.iter().flat_map(parting));
    lines
}

/// The verdicts as JUnit XML: a test case each. Characters that XML forbids are left out.
///
/// # Panics
/// Never: it is written into memory.
#[must_use]
pub fn junit(verdicts: &[Verdict]) -> String {
    let mut suite = TestSuite::new(SUITE);
    suite.add_test_cases(verdicts.iter().map(test_case));
    let mut report = Report::new(SUITE);
    report.add_test_suite(suite);
    report.to_string().expect("memory takes all that is written")
}

const SUITE: &str = "fleetsim check";

fn test_case(verdict: &Verdict) -> TestCase {
    let text = lines(verdict).join("\n");
    let (status, output) = match verdict.regressions.first() {
        Some(first) => {
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(regression(first)).set_type("regression").set_description(text);
            (failure, String::new())
        }
        None => (TestCaseStatus::success(), text),
    };
    let mut case = TestCase::new(name(verdict), status);
    case.set_classname("fleetsim.check");
    if !output.is_empty() {
        case.set_system_out(output);
    }
    case
}

/// The verdicts as GitHub-flavoured Markdown: a table, then what moved.
#[must_use]
pub fn markdown(verdicts: &[Verdict]) -> String {
    let mut text = "| scenario | verdict | figure | recorded | now |\n| --- | --- | --- | ---: | ---: |\n".to_owned();
    for verdict in verdicts {
        let name = cell(&name(verdict));
        if verdict.regressions.is_empty() {
            let moved = if verdict.parted.is_some() { "passes, schedule moved" } else { "passes" };
            text.push_str(&format!("| {name} | {moved} | | | |\n"));
        }
        for regression in &verdict.regressions {
            let unit = Unit::of(&regression.figure);
            let shown = |value: Option<f64>| value.map_or_else(|| "n/a".to_owned(), |value| unit.shown(value));
            let (before, now) = (shown(regression.before), shown(regression.now));
            text.push_str(&format!("| {name} | **worse** | `{}` | {before} | {now} |\n", cell(&regression.figure)));
        }
    }
    for verdict in verdicts {
        for line in verdict.parted.iter().flat_map(parting).enumerate().map(|(at, line)| match at {
            0 => format!("\n**{}**: {}\n", cell(&name(verdict)), cell(&line)),
            _ => format!("- {}\n", cell(&line)),
        }) {
            text.push_str(&line);
        }
    }
    text
}

/// Text from a trace cannot end a cell or become markup.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
