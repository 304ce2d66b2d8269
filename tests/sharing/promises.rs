//! A head's reservation is kept, also where GPUs are shared.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use fleetsim::engine::{Setup, Silent, simulate_with};
use fleetsim::sched::{Fault, Grain, HeldBack, Holder, Order, Pass, PolicyChoice, Scheduler, Stage, Verdict, World};
use fleetsim::trace::{JobId, JobRow};
use fleetsim::units::{Span, Time, rng};
use rand::RngExt;

use super::{options, random_row, scenario_with, table};

/// A policy under watch: the latest promise to each job, and how many there were.
struct Watched {
    inner: Box<dyn Scheduler>,
    promises: Rc<RefCell<(BTreeMap<JobId, Time>, usize)>>,
}

impl Scheduler for Watched {
    fn order(&self) -> Order {
        self.inner.order()
    }
    fn grain(&self) -> Grain {
        self.inner.grain()
    }
    fn held_back(&self) -> Option<HeldBack> {
        self.inner.held_back()
    }
    fn submitted(&mut self, world: &World<'_>, job: JobId) {
        self.inner.submitted(world, job);
    }
    fn ended(&mut self, world: &World<'_>, holder: &Holder) {
        self.inner.ended(world, holder);
    }
    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        let verdict = self.inner.pass(pass)?;
        let mut promises = self.promises.borrow_mut();
        for job in pass.jobs.ids().filter(|job| pass.stages[job.index()] == Stage::Waiting) {
            let Some(start) = self.inner.promised(job) else { continue };
            promises.1 += 1;
            if let Some(before) = promises.0.insert(job, start) {
                assert!(start <= before, "{job:?} was promised {before:?} and then {start:?}");
            }
        }
        Ok(verdict)
    }
}

/// Random jobs that end at or before their estimates: nobody starts later than promised, by EASY to the heads, by
/// conservative to all.
#[test]
fn no_reservation_is_delayed_by_sharing() {
    let mut random = rng::stream(21, "promises");
    let mut counts = BTreeMap::new();
    for round in 0..240 {
        let mode = ["mps", "mig"][round % 2];
        let policy = ["easy-backfill", "conservative-backfill"][usize::from(round % 6 > 3)];
        let side_by_side = if mode == "mig" { "" } else { "beside_one = 1.0" };
        let sharing = format!("[physics.sharing.p]\nmode = \"{mode}\"\n{side_by_side}");
        let island = [1, 2, 4][random.random_range(0..3)];
        let scenario = scenario_with(2, 4, &format!("island = {island}\ncpus_per_node = 9"), &sharing);
        let jobs = table((0..50).map(|_| {
            let row = random_row(&mut random);
            let walltime = Span::from_seconds(row.duration.micros() / 1_000_000 + random.random_range(0..150));
            let submit = Time::from_micros(row.submit.micros() / 3);
            JobRow { submit, walltime: Some(walltime), ..row }
        }));
        let policy = PolicyChoice::named(policy).unwrap();
        let options = options(&scenario);
        let promises = Rc::default();
        let watched = Watched { inner: policy.build(0), promises: Rc::clone(&promises) };
        let setup = Setup { cluster: &scenario.cluster, jobs: &jobs, policy: &policy, options: &options };
        let outcome = simulate_with(setup, Box::new(watched), &mut Silent).unwrap_or_else(|e| panic!("{e}"));
        let (promised, count) = promises.take();
        for (job, promise) in promised {
            let start = outcome.fates.start(job).unwrap();
            assert!(start <= promise, "round {round}, {job:?}: promised {promise:?}, started {start:?}");
        }
        *counts.entry((policy.entry.name, mode)).or_insert(0) += count;
    }
    assert!(counts.len() == 4 && counts.values().all(|&count| count > 500), "{counts:?} promises were watched");
}
