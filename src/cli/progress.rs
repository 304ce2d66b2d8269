//! A progress bar for long runs, on a terminal only.

use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::format::{count, duration, percent, plural};
use crate::engine::Progress;
use crate::experiments::Pace;
use crate::units::{Span, Time};

/// A bar over the jobs that are done; it appears only when a run takes longer than a second.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar for so many jobs.
    #[must_use]
    pub fn over(jobs: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(jobs), ProgressDrawTarget::hidden());
        if let Some(style) = style("{wide_bar} {human_pos}/{human_len} jobs  simulated {msg}{rate}{left}") {
            bar.set_style(style);
        }
        Bar { bar }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over runs, which end on any thread.
#[derive(Debug)]
pub struct Runs {
    bar: ProgressBar,
}

impl Runs {
    /// A bar for so many runs.
    #[must_use]
    pub fn over(runs: u64) -> Self {
        let target = match stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(runs), target);
        if let Some(style) = style("{wide_bar} {human_pos}/{human_len} runs{left}") {
            bar.set_style(style);
        }
        Runs { bar }
    }

    /// One more is done.
    pub fn one_more(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A style that fits into the terminal whatever its width, with the rate in whole steps and the time that is left, both from
/// when they are known.
fn style(template: &str) -> Option<ProgressStyle> {
    // Nobody reads a bar that fails to be written.
    let rate =
        |state: &ProgressState, out: &mut dyn Write| write!(out, "{}", rate_text(state.per_sec())).unwrap_or_default();
    let left = |state: &ProgressState, out: &mut dyn Write| {
        write!(out, "{}", left_text(state.pos(), state.eta())).unwrap_or_default()
    };
    Some(ProgressStyle::with_template(template).ok()?.with_key("rate", rate).with_key("left", left))
}

fn rate_text(per_second: f64) -> String {
    let whole = per_second.round() as u64;
    if whole == 0 { String::new() } else { format!("  {}/s", count(whole)) }
}

fn left_text(done: u64, left: Duration) -> String {
    // Before anything is done, nobody knows; indicatif says zero then.
    if done == 0 || left.is_zero() { String::new() } else { format!("  ETA {:#}", HumanDuration(left)) }
}

/// How fast runs went, in words.
#[must_use]
pub fn pace(pace: &Pace) -> String {
    let efficiency = pace.efficiency().map(|share| format!(", parallel efficiency {}", percent(share)));
    format!(
        "{} in {} on {}{}",
        plural(pace.runs as u64, "run"),
        duration(pace.wall.as_secs_f64()),
        plural(pace.threads as u64, "thread"),
        efficiency.unwrap_or_default()
    )
}

impl Progress for Bar {
    fn reached(&mut self, jobs_done: u64, now: Time) {
        if self.bar.is_hidden() {
            if !stderr().is_terminal() || self.bar.elapsed() < Duration::from_secs(1) {
                return;
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(jobs_done);
        self.bar.set_message(duration(Span::from_micros(now.micros()).as_seconds()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the longest numbers that a run is likely to have, room is left for a bar on 80 columns.
    #[test]
    fn the_line_is_short_and_says_what_is_known() {
        assert_eq!((rate_text(0.0), left_text(0, Duration::from_secs(9))), (String::new(), String::new()));
        assert_eq!(left_text(7, Duration::ZERO), "");
        let (rate, left) = (rate_text(102_606.376_4), left_text(1, Duration::from_millis(28_400)));
        assert_eq!((rate.as_str(), left.as_str()), ("  102,606/s", "  ETA 28s"));
        let line = format!(" 10,103,336/30,000,000 jobs  simulated 1000d 10h{rate}{left}");
        assert!(line.len() <= 70, "{line}");
        assert!(style("{wide_bar} {rate}{left}").is_some());
    }
}
