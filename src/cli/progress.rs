//! A progress bar for long runs, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::format::duration;
use crate::engine::Progress;
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
