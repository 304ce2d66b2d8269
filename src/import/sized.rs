//! A cluster for a trace that comes without one.

use std::collections::BTreeSet;

use super::site::{Site, SitePool};
use crate::trace::spec::Level;
use crate::trace::{JobSpec, JobTable};
use crate::units::keys::Params;
use crate::units::{Span, Time};

/// The offered load that the assumed cluster is made for: queues form, and do not grow without end.
const LOAD: f64 = 0.8;

/// Work comes in waves; what comes in so long a time the cluster can do in as long, so that nobody waits much longer than
/// this for a wave to pass.
const WAVE: Span = Span::from_seconds(7 * 24 * 3600);

/// The GPU type where nothing is said.
const DEFAULT_GPU: &str = "h100-sxm";

/// What the jobs of a GPU type need.
#[derive(Debug, Default)]
struct Need {
    gpu_micros: u128,
    /// When how many GPUs more or fewer would be in use if nobody had to wait, with their numbers.
    changes: Vec<(Time, i64)>,
    /// Each kind of job: how many units, and the GPUs of one, which lie on one node.
    units: BTreeSet<(u32, u32)>,
}

/// A pool for each GPU type that jobs ask for, and one for those that ask for none: as many nodes as bring the offered
/// load to [`LOAD`], and to no more than 1 in the busiest [`WAVE`], and no fewer than the largest job needs; GPU type, GPUs per node and nodes as the options say.
pub fn site(jobs: &JobTable, options: &Params) -> Site {
    let count = |key| options.count(key).map(|n| n as u32);
    let gpu = options.text_or("gpu", DEFAULT_GPU);
    // Until the last job would end if none had to wait: jobs that come all at once are work for that long too.
    let span = jobs.ids().map(|job| jobs.submit(job).after(jobs.duration(job)).micros()).max().unwrap_or(0).max(1);
    let mut pools: Vec<SitePool> = Vec::new();
    for (name, need) in needs(jobs, gpu) {
        let gpus_per_node = count("gpus_per_node").unwrap_or_else(|| need.largest_unit().max(8));
        let nodes = count("nodes").unwrap_or_else(|| need.nodes(span, gpus_per_node));
        let pool_name = if name == gpu { "main".to_owned() } else { name.clone() };
        pools.push(SitePool { name: pool_name, gpu: Some(name), nodes, gpus_per_node, ..SitePool::default() });
    }
    let why = match count("nodes") {
        Some(_) => "as many nodes as --option nodes asked for".to_owned(),
        None => {
            format!(
                "enough nodes for the largest job, an offered load of {LOAD}, and no more than 1 in the busiest week"
            )
        }
    };
    Site::new(format!("The dataset does not say what it ran on. Assumed: {why}."), pools)
}

/// What is needed by GPU type, in order of appearance; jobs that may take any count towards `default`.
fn needs(jobs: &JobTable, default: &str) -> Vec<(String, Need)> {
    let mut needs: Vec<(String, Need)> = Vec::new();
    let mut place_of = |spec: &JobSpec| {
        let gpu = spec.gpu_types.first().map_or(default, String::as_str);
        needs.iter().position(|(known, _)| known == gpu).unwrap_or_else(|| {
            needs.push((gpu.to_owned(), Need::default()));
            needs.len() - 1
        })
    };
    let places: Vec<usize> = jobs.specs().iter().map(&mut place_of).collect();
    for job in jobs.ids() {
        let spec = jobs.spec(job);
        let need = &mut needs[places[jobs.spec_id(job).index()]].1;
        need.gpu_micros += u128::from(spec.gpus) * u128::from(jobs.duration(job).micros());
        let (from, gpus) = (jobs.submit(job), i64::from(spec.gpus));
        need.changes.extend([(from, gpus), (from.after(jobs.duration(job)), -gpus)]);
        need.units.insert(units(spec));
    }
    needs
}

/// How many pieces that lie on one node each a job has, and the GPUs of a piece.
fn units(spec: &JobSpec) -> (u32, u32) {
    match spec.tasks {
        _ if !spec.topology.preferred && matches!(spec.topology.level, Level::Node | Level::Island) => (1, spec.gpus),
        Some(tasks) => (tasks.get(), spec.gpus / tasks),
        None => (spec.gpus, 1),
    }
}

impl Need {
    fn largest_unit(&self) -> u32 {
        self.units.iter().map(|&(_, gpus)| gpus).max().unwrap_or(1)
    }

    /// Nodes for the load over `span` microseconds and for each of the jobs.
    fn nodes(&self, span: u64, gpus_per_node: u32) -> u32 {
        let nodes_of = |gpus: f64| (gpus / f64::from(gpus_per_node)).ceil();
        let for_load = nodes_of(self.gpu_micros as f64 / span as f64 / LOAD);
        let for_waves = nodes_of(self.most_in_a_wave() as f64 / WAVE.micros() as f64);
        // Of twelve GPUs a node gives eight to a task of eight, and the rest to none.
        let for_job = |&(units, gpus): &(u32, u32)| units.div_ceil((gpus_per_node / gpus.max(1)).max(1));
        let for_jobs = self.units.iter().map(for_job).max().unwrap_or(0);
        (for_load.max(for_waves).min(f64::from(u32::MAX)) as u32).max(for_jobs).max(1)
    }

    /// The most GPU-microseconds in any stretch as long as a wave, if nobody had to wait.
    fn most_in_a_wave(&self) -> u128 {
        let mut changes = self.changes.clone();
        changes.sort_unstable();
        let (mut in_use, mut done, mut before) = (0, 0, Time::ZERO);
        // What is done by each instant at which that changes, and at what rate it goes on.
        let mut curve: Vec<(Time, u128, u128)> = Vec::new();
        for of_instant in changes.chunk_by(|a, b| a.0 == b.0) {
            let at = of_instant[0].0;
            done += in_use as u128 * u128::from(at.since(before).micros());
            in_use += of_instant.iter().map(|(_, gpus)| gpus).sum::<i64>();
            curve.push((at, done, in_use as u128));
            before = at;
        }
        // The sum over a moving stretch is greatest where either of its ends is such an instant; where its beginning is none,
        // it may as well end there.
        let by = |at: Time, from: &mut usize| {
            while curve.get(*from + 1).is_some_and(|&(next, ..)| next <= at) {
                *from += 1;
            }
            let (known, done, rate) = curve[*from];
            done + rate * u128::from(at.since_or_zero(known).micros())
        };
        let (mut of_end, mut of_start) = (0, 0);
        let beginning = |&(at, done, _): &(Time, u128, u128)| (at, done);
        let from_here = curve.iter().map(beginning).map(|(at, done)| by(at.after(WAVE), &mut of_end) - done).max();
        let until_here = curve.iter().map(beginning).map(|(at, done)| {
            let start = Time::from_micros(at.micros().saturating_sub(WAVE.micros()));
            let first = curve[0].0;
            done - if start <= first { 0 } else { by(start, &mut of_start) }
        });
        from_here.max(until_here.max()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::JobRow;

    const DAY: u64 = 24 * 3600;

    fn site_of(jobs: &[(u64, u64, u32)]) -> Site {
        let row = |&(submit, days, gpus): &(u64, u64, u32)| JobRow {
            submit: Time::from_micros(submit * DAY * 1_000_000),
            duration: Span::from_seconds(days * DAY),
            spec: JobSpec { gpus, ..JobSpec::default() },
            ..JobRow::default()
        };
        site(&jobs.iter().map(row).collect(), &Params::default())
    }

    /// The nodes of the only pool, by jobs of (day of submission, days, GPUs).
    fn nodes(jobs: &[(u64, u64, u32)]) -> u32 {
        site_of(jobs).pools[0].nodes
    }

    #[test]
    fn an_even_load_is_four_fifths_of_the_cluster() {
        // 64 GPUs all the time.
        assert_eq!(nodes(&[(0, 100, 64)]), 10);
    }

    #[test]
    fn the_busiest_week_is_done_in_a_week() {
        // 1 GPU for 98 days, and in one week ten jobs of 8 GPUs for 7 days each: 81 GPUs in that week, 6.7 on average.
        let wave: Vec<_> = std::iter::once((0, 98, 1)).chain((0..10).map(|_| (50, 7, 8))).collect();
        assert_eq!(nodes(&wave), 11);
        // In half a week: half as much.
        let short: Vec<_> = std::iter::once((0, 98, 1)).chain((0..10).flat_map(|_| [(50, 3, 8), (54, 1, 8)])).collect();
        // 80 GPUs x 4 days of 7, and the one: 46.7 GPUs.
        assert_eq!(nodes(&short), 6);
        // At the very end and at the very beginning.
        assert_eq!(nodes(&[(0, 98, 1), (91, 7, 80)]), 11);
        assert_eq!(nodes(&[(0, 98, 1), (0, 7, 80)]), 11);
    }

    #[test]
    fn less_than_a_week_is_as_long_as_it_is() {
        // 8 GPUs for a day: 10 GPUs for the load, and of the week that it is not, a seventh.
        assert_eq!(nodes(&[(0, 1, 8)]), 2);
        assert_eq!(nodes(&[(3, 0, 8)]), 1);
    }
}
