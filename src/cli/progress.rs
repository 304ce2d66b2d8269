//! A progress bar for long runs, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::format::{duration, percent, plural};
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
        let template = "{bar:30} {human_pos}/{human_len} jobs  simulated {msg}  {per_sec}  ETA {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
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
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} runs  ETA {eta}") {
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
        self.bar.set_message(duration(Span::from_micros(now.micros()).as_seconds()));
        self.bar.set_position(jobs_done);
    }
}
