//! The plain fluid simulation: at every event all rates are worked out anew by water filling, in floating point.

/// A job that reads.
#[derive(Debug, Clone, Copy)]
pub struct FluidJob {
    /// When it starts, in seconds.
    pub start: f64,
    /// Seconds that it takes at full speed.
    pub work: f64,
    /// Bytes per second that it reads then.
    pub need: f64,
    /// The most that it can read.
    pub cap: f64,
    /// Its share is in proportion to this.
    pub weight: f64,
}

/// Rates by water filling: whoever asks for less than an even share of what is left gets it; the rest share evenly.
pub fn water_filling(jobs: &[(f64, f64)], capacity: f64) -> Vec<f64> {
    let mut rates = vec![0.0; jobs.len()];
    let mut open: Vec<usize> = (0..jobs.len()).collect();
    let mut left = capacity;
    loop {
        let weights: f64 = open.iter().map(|&i| jobs[i].1).sum();
        let level = left / weights;
        let (content, thirsty): (Vec<usize>, Vec<usize>) = open.iter().partition(|&&i| jobs[i].0 <= jobs[i].1 * level);
        for &i in &content {
            rates[i] = jobs[i].0;
            left -= jobs[i].0;
        }
        if content.is_empty() || thirsty.is_empty() {
            for &i in &thirsty {
                rates[i] = jobs[i].1 * level;
            }
            return rates;
        }
        open = thirsty;
    }
}

/// When each job ends.
pub fn fluid_ends(jobs: &[FluidJob], capacity: f64) -> Vec<f64> {
    let mut left: Vec<f64> = jobs.iter().map(|job| job.work).collect();
    let mut ends = vec![f64::NAN; jobs.len()];
    let mut now = 0.0;
    while ends.iter().any(|end| end.is_nan()) {
        let running: Vec<usize> = (0..jobs.len()).filter(|&i| ends[i].is_nan() && jobs[i].start <= now).collect();
        let asks: Vec<(f64, f64)> = running.iter().map(|&i| (jobs[i].cap, jobs[i].weight)).collect();
        let rates = water_filling(&asks, capacity);
        let speed = |k: usize| if jobs[running[k]].need > 0.0 { rates[k] / jobs[running[k]].need } else { 1.0 };
        let starts = jobs.iter().map(|job| job.start).filter(|&start| start > now);
        let next_end = (0..running.len()).map(|k| now + left[running[k]] / speed(k));
        let next = starts.chain(next_end).fold(f64::INFINITY, f64::min);
        for (k, &i) in running.iter().enumerate() {
            left[i] -= (next - now) * speed(k);
            if left[i] <= 1e-9 {
                ends[i] = next;
            }
        }
        now = next;
    }
    ends
}
