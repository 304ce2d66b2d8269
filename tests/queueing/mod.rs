//! M/M/c: Poisson arrivals of one-GPU jobs of exponential length, c GPUs, first come first served.
//!
//! What is known of its waits (Erlang 1917; Gross & Harris, chapter 2), draws of its jobs, and the plainest simulator.

use fleetsim::trace::{JobRow, JobSpec};
use fleetsim::units::{Span, Time};

/// A queue with `servers` GPUs.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    /// GPUs.
    pub servers: u32,
    /// Mean seconds between two arrivals.
    pub between: f64,
    /// Mean seconds of a job.
    pub length: f64,
}

impl Queue {
    /// Offered load in GPUs.
    pub fn load(self) -> f64 {
        self.length / self.between
    }

    /// Erlang C, the share of the jobs that wait, from Erlang B by its recursion over the number of servers.
    pub fn share_that_waits(self) -> f64 {
        let load = self.load();
        let blocked = (1..=self.servers).fold(1.0, |b, k| load * b / (f64::from(k) + load * b));
        blocked / (1.0 - load / f64::from(self.servers) * (1.0 - blocked))
    }

    /// Mean wait in seconds.
    pub fn mean_wait(self) -> f64 {
        self.share_that_waits() * self.length / (f64::from(self.servers) - self.load())
    }

    /// What a share of the waits does not exceed, in seconds: they are longer than t with probability C exp(-t (c mu -
    /// lambda)).
    pub fn wait_quantile(self, share: f64) -> f64 {
        let longer = (1.0 - share) / self.share_that_waits();
        let rate = (f64::from(self.servers) - self.load()) / self.length;
        (-longer.ln() / rate).max(0.0)
    }

    /// The first `count` jobs of one draw.
    pub fn jobs(self, count: usize, seed: u64) -> Vec<JobRow> {
        let mut state = seed;
        let mut at = 0.0;
        (0..count)
            .map(|n| {
                at += exponential(&mut state, self.between);
                JobRow {
                    job_id: format!("j{n}"),
                    submit: Time::from_micros((at * 1e6).round() as u64),
                    duration: Span::from_micros((exponential(&mut state, self.length) * 1e6).round() as u64),
                    spec: JobSpec { gpus: 1, ..JobSpec::default() },
                    ..JobRow::default()
                }
            })
            .collect()
    }
}

/// SplitMix64 by inversion.
fn exponential(state: &mut u64, mean: f64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    // 53 bits, in (0, 1].
    let uniform = ((z >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    -mean * uniform.ln()
}

/// Waits in seconds where each job takes the server that is free first.
pub fn plain_waits(jobs: &[JobRow], servers: u32) -> Vec<f64> {
    let mut free_from = vec![0_u64; servers as usize];
    jobs.iter()
        .map(|job| {
            let server = free_from.iter_mut().min().expect("there is a server");
            let start = job.submit.micros().max(*server);
            *server = start + job.duration.micros();
            (start - job.submit.micros()) as f64 / 1e6
        })
        .collect()
}
