//! What the engine's policies promise, watched pass by pass: a reservation is never moved back and always kept.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use fleetsim::engine::{Setup, Silent, simulate, simulate_with};
use fleetsim::sched::{Elasticity, Fault, Grain, HeldBack, Holder, Order, Pass, Scheduler, Stage, Verdict, World};
use fleetsim::trace::JobId;
use fleetsim::units::Time;
use fleetsim::units::keys::Value;

use super::adapter::{cluster_spec, options, policy};
use super::convert::job_table;
use super::properties::nobody_outlives;
use super::random::{Scenario, for_all};
use super::types::RefPolicy;

/// The latest promise to each job, and the first that was moved back.
#[derive(Debug, Default)]
struct Promises {
    to: BTreeMap<JobId, Time>,
    broken: Option<String>,
    made: usize,
}

/// A policy under watch.
struct Watched {
    inner: Box<dyn Scheduler>,
    promises: Rc<RefCell<Promises>>,
}

impl Watched {
    fn watch(&self, world: &World<'_>) {
        let mut promises = self.promises.borrow_mut();
        for job in world.jobs.ids().filter(|job| world.stages[job.index()] == Stage::Waiting) {
            let Some(now) = self.inner.promised(job) else { continue };
            promises.made += 1;
            if let Some(before) = promises.to.insert(job, now)
                && before < now
            {
                promises.broken = Some(format!("{job:?} was promised {before:?} and then {now:?}"));
            }
        }
    }
}

impl Scheduler for Watched {
    fn order(&self) -> Order {
        self.inner.order()
    }
    fn elasticity(&self) -> Elasticity {
        self.inner.elasticity()
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
    fn incomplete(&self) -> (&BTreeSet<JobId>, bool) {
        self.inner.incomplete()
    }
    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        let verdict = self.inner.pass(pass)?;
        self.watch(pass);
        Ok(verdict)
    }
}

/// Runs the engine under watch; how many promises there were, unless one was broken.
fn promises_kept(scenario: &Scenario) -> Result<usize, String> {
    let (cluster, jobs) = (cluster_spec(&scenario.cluster), job_table(&scenario.jobs));
    let (options, policy) = (options(scenario.run), policy(scenario.run));
    let setup = Setup { cluster: &cluster, jobs: &jobs, policy: &policy, options: &options };
    let promises = Rc::new(RefCell::new(Promises::default()));
    let watched = Watched { inner: policy.build(0), promises: Rc::clone(&promises) };
    let outcome = simulate_with(setup, Box::new(watched), &mut Silent).map_err(|e| e.to_string())?;
    let promises = promises.take();
    if let Some(broken) = promises.broken {
        return Err(broken);
    }
    for (&job, &promise) in &promises.to {
        let late = match outcome.fates.start(job) {
            Some(start) => start > promise,
            None => outcome.end > promise,
        };
        if late {
            return Err(format!("{} was promised {promise:?}, started {:?}", jobs.name(job), outcome.fates.start(job)));
        }
    }
    Ok(promises.made)
}

/// The guarantees hold where nobody outlives the estimate. EASY gives its own to the first head of a single line,
/// conservative gives it to every job, and holds it also where jobs end before their estimates.
#[test]
fn no_reservation_is_delayed() {
    let made = RefCell::new(BTreeMap::new());
    let early = RefCell::new(0);
    for_all(0..1_500, |scenario| {
        let one_line = scenario.jobs.iter().all(|job| job.queue == scenario.jobs[0].queue);
        let guaranteed = match scenario.run.policy {
            RefPolicy::Easy => one_line,
            RefPolicy::Conservative { replan } => !replan,
            _ => false,
        };
        if !guaranteed || !nobody_outlives(scenario) {
            return Ok(());
        }
        let count = promises_kept(scenario)?;
        *made.borrow_mut().entry(format!("{:?}", scenario.run.policy)).or_insert(0) += count;
        let ends_early = |walltime| walltime > 0;
        *early.borrow_mut() += scenario
            .jobs
            .iter()
            .filter(|j| j.walltime.is_some_and(|w| ends_early(w.saturating_sub(j.duration))))
            .count();
        Ok(())
    });
    let made = made.into_inner();
    assert!(made.len() == 2 && made.values().all(|&count| count > 1_000), "{made:?} promises were watched");
    assert!(early.into_inner() > 1_000, "hardly any job ends early");
}

/// `random` has no reference to agree with: the engine's own checks (places, conservation, Little's law) must pass, and
/// every job that other placements run to its end must end.
#[test]
fn random_placement_breaks_no_rule() {
    for_all(0..300, |scenario| {
        let (cluster, jobs) = (cluster_spec(&scenario.cluster), job_table(&scenario.jobs));
        let (options, mut policy) = (options(scenario.run), policy(scenario.run));
        policy.params.set("placement", Value::Text("random".to_owned()));
        let setup = Setup { cluster: &cluster, jobs: &jobs, policy: &policy, options: &options };
        let outcome = simulate(setup, &mut Silent).map_err(|e| e.to_string())?;
        let open = |job: &JobId| matches!(outcome.fates.stage(*job), Stage::Future | Stage::Waiting | Stage::Running);
        match jobs.ids().find(open) {
            Some(job) if scenario.run.until.is_none() && outcome.deadlock.is_none() => {
                Err(format!("{} never ended", jobs.name(job)))
            }
            _ => Ok(()),
        }
    });
}
