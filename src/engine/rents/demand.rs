//! Who waits for rented nodes, and how many nodes these jobs would fill.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use crate::trace::JobId;
use crate::units::{Span, Time};

/// Parts of a node in which demand is counted, so that small jobs that fill a node together want one.
///
/// A job's want is rounded down to such parts and the sum of all up to whole nodes, which is exact for any one job whose
/// units go less than a million to a node.
pub(super) const NODE: u64 = 1 << 20;

/// The jobs that wait and could run in a pool.
#[derive(Debug)]
pub(super) struct Demand {
    after: Span,
    /// Since when each waits.
    since: FxHashMap<JobId, Time>,
    /// Those that have not waited long enough, the first that will have first; some wait no more.
    patient: VecDeque<(Time, JobId)>,
    /// The others, and what each would fill.
    wanting: BTreeMap<JobId, u64>,
    sum: u64,
}

impl Demand {
    /// Nobody waits; who does is heard after so long.
    pub fn new(after: Span) -> Self {
        let (since, patient) = (FxHashMap::default(), VecDeque::new());
        Demand { after, since, patient, wanting: BTreeMap::new(), sum: 0 }
    }

    /// A job begins to wait.
    pub fn waits(&mut self, job: JobId, now: Time) {
        self.since.insert(job, now);
        self.patient.push_back((now, job));
    }

    /// A job waits no more.
    pub fn waits_no_more(&mut self, job: JobId) {
        self.since.remove(&job);
        self.sum -= self.wanting.remove(&job).unwrap_or(0);
        self.forget();
    }

    /// Forgets first ones that wait no more, or anew.
    fn forget(&mut self) {
        while self.patient.front().is_some_and(|(since, job)| self.since.get(job) != Some(since)) {
            self.patient.pop_front();
        }
    }

    /// When the next job has waited long enough.
    pub fn next(&self) -> Option<Time> {
        self.patient.front().map(|(since, _)| since.after(self.after))
    }

    /// When a job that waits will have waited long enough, where it has not.
    pub fn patient_until(&self, job: JobId) -> Option<Time> {
        self.since.get(&job).filter(|_| !self.wants(job)).map(|since| since.after(self.after))
    }

    /// Whether a job has waited long enough.
    pub fn wants(&self, job: JobId) -> bool {
        self.wanting.contains_key(&job)
    }

    /// The next job that has waited long enough by now and was not heard; from then on it wants something.
    pub fn hear(&mut self, now: Time) -> Option<JobId> {
        self.forget();
        let &(since, job) = self.patient.front()?;
        if since.after(self.after) > now {
            return None;
        }
        self.patient.pop_front();
        self.wanting.insert(job, 0);
        self.forget();
        Some(job)
    }

    /// A job that has waited long enough wants so many parts of a node.
    pub fn set(&mut self, job: JobId, parts: u64) {
        if let Some(known) = self.wanting.get_mut(&job) {
            self.sum = self.sum - *known + parts;
            *known = parts;
        }
    }

    /// A job that has waited long enough wants so many nodes more.
    pub fn add_nodes(&mut self, job: JobId, nodes: u64) {
        let known = self.wanting.get(&job).copied().unwrap_or(0);
        self.set(job, known + nodes * NODE);
    }

    /// The nodes that all who have waited long enough would fill.
    pub fn nodes(&self) -> u64 {
        self.sum.div_ceil(NODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn jobs_are_heard_when_they_have_waited_long_enough() {
        let mut demand = Demand::new(Span::from_seconds(10));
        for job in 0..4 {
            demand.waits(JobId(job), at(u64::from(job)));
        }
        demand.waits_no_more(JobId(0));
        assert_eq!(demand.next(), Some(at(11)));
        demand.waits_no_more(JobId(2));
        demand.waits(JobId(2), at(5));
        assert_eq!(demand.patient_until(JobId(2)), Some(at(15)));
        assert_eq!([demand.hear(at(10)), demand.hear(at(11)), demand.hear(at(11))], [None, Some(JobId(1)), None]);
        assert_eq!(
            [demand.hear(at(20)), demand.hear(at(20)), demand.hear(at(20))],
            [Some(JobId(3)), Some(JobId(2)), None]
        );
        assert_eq!((demand.next(), demand.patient_until(JobId(2))), (None, None));
    }

    /// Three thirds of a node are one node, and four are two.
    #[test]
    fn parts_of_nodes_add_up() {
        let mut demand = Demand::new(Span::ZERO);
        for (job, nodes) in [(0, 1), (1, 1), (2, 1), (3, 2)] {
            demand.waits(JobId(job), at(0));
            let _ = demand.hear(at(0));
            demand.set(JobId(job), NODE / 3);
            assert_eq!(demand.nodes(), nodes);
        }
        demand.add_nodes(JobId(1), 1);
        assert_eq!(demand.nodes(), 3);
        (0..4).for_each(|job| demand.waits_no_more(JobId(job)));
        assert_eq!(demand.nodes(), 0);
    }
}
