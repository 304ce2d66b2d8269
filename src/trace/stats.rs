//! A trace in numbers: how much work it is, of which jobs, and when.

use std::collections::BTreeMap;

use super::size;
use super::{JobId, JobTable, RecordedState};
use crate::units::{Distribution, GpuTime, MilliGpu, Span};

/// Jobs that have something in common, and how much of the work they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// What they have in common: a size, a tenant, a state.
    pub name: String,
    /// How many.
    pub jobs: u64,
    /// Whole GPUs x duration.
    pub gpu_time: GpuTime,
    /// Durations in seconds.
    pub duration: Distribution,
    /// Recorded queue times in seconds; none where the trace has no starts.
    pub wait: Distribution,
}

/// The figures of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceStats {
    /// All jobs together.
    pub all: Group,
    /// From the first submission to the last.
    pub span: Span,
    /// Seconds between two submissions.
    pub gap: Distribution,
    /// Standard deviation of these over their mean: 1 for Poisson arrivals, more for bursts.
    pub gap_cv: f64,
    /// Duration over requested run time, of the jobs that have one.
    pub used_of_request: Distribution,
    /// By size, smallest first.
    pub by_size: Vec<Group>,
    /// By tenant, most GPU-time first.
    pub by_tenant: Vec<Group>,
    /// By queue, likewise.
    pub by_queue: Vec<Group>,
    /// By recorded state; empty where the trace has none.
    pub by_state: Vec<Group>,
}

impl TraceStats {
    /// Works out the figures.
    #[must_use]
    pub fn of(jobs: &JobTable) -> Self {
        let submits: Vec<u64> = jobs.ids().map(|job| jobs.submit(job).micros()).collect();
        let gaps: Vec<u64> = submits.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let requests = jobs.ids().filter_map(|job| used_of_request(jobs, job)).collect();
        TraceStats {
            all: groups(jobs, |_| (), |()| "all".to_owned()).pop().unwrap_or_default(),
            span: Span::from_micros(submits.last().unwrap_or(&0) - submits.first().unwrap_or(&0)),
            gap_cv: variation(&gaps),
            gap: Distribution::of_micros(gaps),
            used_of_request: Distribution::of_micros(requests),
            by_size: groups(jobs, |job| size::class(jobs.spec(job).gpus), |&class| size::name(class)),
            by_tenant: named(jobs, |job| &jobs.spec(job).tenant),
            by_queue: named(jobs, |job| &jobs.spec(job).queue),
            by_state: states(jobs),
        }
    }

    /// The work as a share of what `gpus` can do between the first submission and the last; `None` where either is 0.
    #[must_use]
    pub fn offered_load(&self, gpus: u64) -> Option<f64> {
        let capacity = u128::from(MilliGpu::whole(gpus).milli()) * u128::from(self.span.micros());
        (capacity > 0).then(|| self.all.gpu_time.share_of(GpuTime::from_raw(capacity)))
    }
}

/// In millionths; `None` without a request.
fn used_of_request(jobs: &JobTable, job: JobId) -> Option<u64> {
    let request = jobs.walltime(job).filter(|request| *request > Span::ZERO)?;
    let used = u128::from(jobs.duration(job).micros()) * 1_000_000 / u128::from(request.micros());
    Some(u64::try_from(used).unwrap_or(u64::MAX))
}

/// Standard deviation over mean; 0 where the mean is.
fn variation(values: &[u64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| v as f64).sum::<f64>() / count;
    let variance = values.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / count;
    if mean > 0.0 { variance.sqrt() / mean } else { 0.0 }
}

fn states(jobs: &JobTable) -> Vec<Group> {
    if jobs.specs().iter().all(|spec| spec.state.is_none()) {
        return Vec::new();
    }
    named(jobs, |job| jobs.spec(job).state.map_or("unknown", RecordedState::word))
}

/// Jobs by a name, most GPU-time first.
fn named<'a>(jobs: &'a JobTable, name: impl Fn(JobId) -> &'a str) -> Vec<Group> {
    let mut groups = groups(jobs, name, |name| (*name).to_owned());
    groups.sort_by(|a, b| b.gpu_time.cmp(&a.gpu_time).then_with(|| a.name.cmp(&b.name)));
    groups
}

/// What is gathered of the jobs of a group.
#[derive(Default)]
struct Gathered {
    gpu_time: u128,
    durations: Vec<u64>,
    waits: Vec<u64>,
}

/// Jobs by what `key` says of them, in the order of the keys.
fn groups<K: Ord>(jobs: &JobTable, key: impl Fn(JobId) -> K, name: impl Fn(&K) -> String) -> Vec<Group> {
    let mut gathered: BTreeMap<K, Gathered> = BTreeMap::new();
    for job in jobs.ids() {
        let group = gathered.entry(key(job)).or_default();
        let duration = jobs.duration(job).micros();
        group.gpu_time += u128::from(MilliGpu::whole(jobs.spec(job).gpus.into()).milli()) * u128::from(duration);
        group.durations.push(duration);
        group.waits.extend(jobs.recorded_start(job).map(|start| start.since_or_zero(jobs.submit(job)).micros()));
    }
    let group = |(key, gathered): (K, Gathered)| Group {
        name: name(&key),
        jobs: gathered.durations.len() as u64,
        gpu_time: GpuTime::from_raw(gathered.gpu_time),
        duration: Distribution::of_micros(gathered.durations),
        wait: Distribution::of_micros(gathered.waits),
    };
    gathered.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{JobRow, JobSpec};
    use crate::units::Time;

    fn row(submit: u64, duration: u64, gpus: u32, tenant: &str) -> JobRow {
        JobRow {
            job_id: format!("{submit}"),
            submit: Time::from_micros(submit * 1_000_000),
            duration: Span::from_seconds(duration),
            walltime: Some(Span::from_seconds(2 * duration)),
            recorded_start: Some(Time::from_micros((submit + 5) * 1_000_000)),
            spec: JobSpec { gpus, tenant: tenant.to_owned(), ..JobSpec::default() },
            ..JobRow::default()
        }
    }

    /// 10 s x 1 + 20 s x 4 + 30 s x 4 = 210 GPU-s in 100 s: 0.525 of four GPUs.
    #[test]
    fn a_small_trace_adds_up() {
        let jobs: JobTable = [row(0, 10, 1, "b"), row(50, 20, 4, "a"), row(100, 30, 4, "a")].into_iter().collect();
        let stats = TraceStats::of(&jobs);
        assert_eq!((stats.all.jobs, stats.all.gpu_time.to_string().as_str()), (3, "210"));
        assert_eq!(stats.offered_load(4), Some(0.525));
        assert_eq!(stats.offered_load(0), None);
        assert!(stats.gap_cv.abs() < 1e-12);
        assert_eq!((stats.used_of_request.p50, stats.all.wait.mean), (0.5, 5.0));
        let names = |groups: &[Group]| groups.iter().map(|g| g.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&stats.by_size), names(&stats.by_tenant)),
            (vec!["1".into(), "3-4".into()], vec!["a".into(), "b".into()])
        );
        assert!(stats.by_state.is_empty());
    }
}
