//! EASY backfilling (Lifka 1995): the head of a line reserves, others start if they do not delay it.

use super::classes::{Class, LineId};
use super::ends::{Expected, ExpectedEnds};
use super::list::{find_place, fits_any, serve_heads, start_if_fits};
use super::order::Order;
use super::pass::{Fault, Pass};
use super::registry::{PLACEMENT, PolicyEntry};
use super::search::serve_passing_over;
use super::{HeldBack, Holder, Scheduler, Verdict, World};
use crate::cluster::share::Cut;
use crate::cluster::{Allocation, Placer, Take};
use crate::trace::JobId;
use crate::units::Time;

/// How reservations are made in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reserving {
    /// So many GPUs, wherever.
    ByCount,
    /// Named nodes.
    ByNodes,
}

/// The registry's line.
pub const ENTRY: PolicyEntry = PolicyEntry {
    name: "easy-backfill",
    summary: "The head of a line gets a reservation; others pass it where they do not delay it.",
    keys: &[PLACEMENT],
    uses_estimates: true,
    backfills: true,
    build: |_, placer| Box::new(Easy::new(Order::ARRIVAL, placer)),
};

/// The EASY policy.
#[derive(Debug)]
pub struct Easy {
    order: Order,
    placer: Placer,
    ends: ExpectedEnds,
    reserving: Option<Reserving>,
    heads: Vec<(JobId, LineId)>,
    /// The heads that reserved in the last pass, and from when.
    reserved: Vec<(JobId, Time)>,
}

/// What is free on a reserved node from the reservation's start on, beside the head itself.
#[derive(Debug, Clone, Copy)]
struct LeftOver {
    pool: u16,
    node: u32,
    free: Take,
}

/// The reservation of a blocked head.
#[derive(Debug)]
struct NodeReservation {
    start: Time,
    left_over: Vec<LeftOver>,
}

impl Easy {
    /// EASY over lines in `order`.
    #[must_use]
    pub fn new(order: Order, placer: Placer) -> Self {
        Easy {
            order: order.searched(),
            placer,
            ends: ExpectedEnds::default(),
            reserving: None,
            heads: Vec::new(),
            reserved: Vec::new(),
        }
    }

    fn reserving(&mut self, world: &World<'_>) -> Reserving {
        *self.reserving.get_or_insert_with(|| {
            if world.classes.all_may_use_any_gpu(world.spec) { Reserving::ByCount } else { Reserving::ByNodes }
        })
    }

    /// Starts a job if it fits, and notes when it is expected to end.
    fn start_if_fits(&mut self, pass: &mut Pass<'_, '_>, job: JobId) -> Result<bool, Fault> {
        let started = start_if_fits(pass, &mut self.placer, job)?;
        if started {
            self.ends.insert(expected(pass, job));
        }
        Ok(started)
    }

    /// Starts whatever fits: the head cannot be delayed, since it waits for nodes that are down.
    fn fill(&mut self, pass: &mut Pass<'_, '_>, line: LineId) -> Result<(), Fault> {
        serve_passing_over(
            pass,
            line,
            |world, class| fits_any(world, &class.pools, &class.request).then_some(u64::MAX),
            |pass, job| self.start_if_fits(pass, job),
        )
    }

    /// Backfills behind `head` by counts: `extra` GPUs are left over when the head starts.
    fn backfill_by_count(&mut self, pass: &mut Pass<'_, '_>, line: LineId, head: JobId) -> Result<(), Fault> {
        let needed = pass.class(head).request.total_gpus();
        let free: u64 = pass.pools.iter().map(crate::cluster::PoolState::free_gpus).sum();
        let Some((shadow, freed)) = self.ends.freed(needed.saturating_sub(free), pass.now) else {
            return self.fill(pass, line);
        };
        self.reserved.push((head, shadow));
        let extra = std::cell::Cell::new(free + freed - needed);
        let until_shadow = shadow.since(pass.now).micros();
        serve_passing_over(
            pass,
            line,
            |world, class| {
                let gpus = class.request.total_gpus();
                let fits = fits_any(world, &class.pools, &class.request);
                fits.then_some(if gpus <= extra.get() { u64::MAX } else { until_shadow })
            },
            |pass, job| {
                let started = self.start_if_fits(pass, job)?;
                if started && pass.estimate(job).micros() > until_shadow {
                    extra.set(extra.get() - pass.class(job).request.total_gpus());
                }
                Ok(started)
            },
        )
    }

    /// Backfills behind `head`, which reserves named nodes.
    fn backfill_by_nodes(&mut self, pass: &mut Pass<'_, '_>, line: LineId, head: JobId) -> Result<(), Fault> {
        let (ends, placer) = (&self.ends, &mut self.placer);
        let Some(reservation) = pass.imagine(|world| reserve(world, ends, placer, head)) else {
            return self.fill(pass, line);
        };
        self.reserved.push((head, reservation.start));
        let until_start = reservation.start.since(pass.now).micros();
        let reservation = std::cell::RefCell::new(reservation);
        serve_passing_over(
            pass,
            line,
            |pass, class| {
                if !fits_any(pass, &class.pools, &class.request) {
                    return None;
                }
                if reservation.borrow().beside(pass, |world| fits(world, class)) {
                    return Some(u64::MAX);
                }
                (!leaves_traces(pass, class)).then_some(until_start)
            },
            |pass, job| {
                let lasting = pass.estimate(job).micros() > until_start || leaves_traces(pass, pass.class(job));
                let request = pass.class(job).request;
                let place = if lasting {
                    reservation.borrow().beside(pass, |world| find_place(world, &mut self.placer, job, &request))
                } else {
                    find_place(pass, &mut self.placer, job, &request)
                };
                let Some(place) = place else { return Ok(false) };
                if lasting {
                    reservation.borrow_mut().spend(pass, job, &place);
                }
                pass.start(job, place)?;
                self.ends.insert(expected(pass, job));
                Ok(true)
            },
        )
    }
}

fn fits(world: &World<'_>, class: &Class) -> bool {
    fits_any(world, &class.pools, &class.request)
}

/// Whether GPUs may be other than before when jobs of a class have ended: the MIG instances made for them stay.
fn leaves_traces(world: &World<'_>, class: &Class) -> bool {
    let makes_instances = |&pool: &u16| {
        let cut = world.pools[pool as usize].cut(&class.request);
        cut.is_some_and(|cut| matches!(cut, Cut::Instance { .. }))
    };
    class.pools.iter().any(makes_instances)
}

/// The entry of a job that started now.
fn expected(world: &World<'_>, job: JobId) -> Expected {
    Expected { end: world.expected_end(job), job, gpus: world.class(job).request.total_gpus() }
}

/// Releases running jobs in the order of their expected ends until the head has a place, and reserves that place.
fn reserve(world: &mut World<'_>, ends: &ExpectedEnds, placer: &mut Placer, head: JobId) -> Option<NodeReservation> {
    let request = world.class(head).request;
    let mut released: Vec<(JobId, Allocation)> = Vec::new();
    let mut reservation = None;
    let mut entries = ends.iter().peekable();
    while let Some(entry) = entries.next() {
        if let Some(holder) = world.holders.of(entry.job) {
            let held = holder.held.clone();
            world.give(entry.job, &held);
            released.push((entry.job, held));
        }
        let when = entry.end.max(world.now);
        if entries.peek().is_some_and(|next| next.end.max(world.now) == when) {
            continue;
        }
        if let Some(place) = find_place(world, placer, head, &request) {
            reservation = Some(NodeReservation::new(world, when, &place, head));
            break;
        }
    }
    for (job, held) in &released {
        world.take(*job, held);
    }
    reservation
}

impl NodeReservation {
    /// What `place` leaves of its nodes in the world as it will be.
    fn new(world: &World<'_>, start: Time, place: &Allocation, head: JobId) -> Self {
        let request = world.class(head).request;
        let pool = &world.pools[place.pool as usize];
        let left_over = pool
            .footprint(place, &request)
            .into_iter()
            .map(|(node, take)| LeftOver {
                pool: place.pool,
                node,
                free: less(&pool.node_resources(node as usize), &take),
            })
            .collect();
        NodeReservation { start, left_over }
    }

    /// Looks at the world as a job sees it that would outlast the reservation's start.
    fn beside<'a, T>(&self, pass: &mut Pass<'_, 'a>, look: impl FnOnce(&World<'a>) -> T) -> T {
        pass.imagine(|world| {
            let kept: Vec<(u16, usize, Take)> = self
                .left_over
                .iter()
                .map(|left| {
                    let now = world.pools[left.pool as usize].node_resources(left.node as usize);
                    (left.pool, left.node as usize, less(&now, &least(&now, &left.free)))
                })
                .collect();
            for (pool, node, take) in &kept {
                world.pools[*pool as usize].take(*node, take);
                // Whoever joins those on a shared GPU may keep it from being free or having room in time.
                world.pools[*pool as usize].freeze(*node as u32, true);
            }
            let seen = look(world);
            for (pool, node, take) in &kept {
                let stays = world.is_draining(*pool, *node as u32);
                world.pools[*pool as usize].give(*node, take);
                world.pools[*pool as usize].freeze(*node as u32, stays);
            }
            seen
        })
    }

    /// A job that outlasts the start is placed: that much less is left over.
    fn spend(&mut self, world: &World<'_>, job: JobId, place: &Allocation) {
        let request = world.class(job).request;
        for (node, take) in world.pools[place.pool as usize].footprint(place, &request) {
            let reserved = self.left_over.iter_mut().find(|l| l.pool == place.pool && l.node == node);
            if let Some(left) = reserved {
                left.free = less(&left.free, &take);
            }
        }
    }
}

/// `from` without `take`; unlimited stays unlimited.
fn less(from: &Take, take: &Take) -> Take {
    let mut lanes = from.lanes;
    for (lane, &l) in lanes.iter_mut().zip(&take.lanes) {
        *lane -= l;
    }
    let minus = |a: u64, b: u64| if a == u64::MAX && b != u64::MAX { a } else { a - b };
    Take { gpus: from.gpus - take.gpus, lanes, cpu: minus(from.cpu, take.cpu), mem: minus(from.mem, take.mem) }
}

/// The smaller of each resource.
fn least(a: &Take, b: &Take) -> Take {
    let mut lanes = a.lanes;
    for (lane, &l) in lanes.iter_mut().zip(&b.lanes) {
        *lane = (*lane).min(l);
    }
    // Where islands are told apart, a node's GPUs are those of its islands.
    let by_lane = |take: &Take| take.lanes.iter().map(|&l| u32::from(l)).sum::<u32>();
    let gpus = if by_lane(a) == a.gpus && by_lane(b) == b.gpus {
        lanes.iter().map(|&l| u32::from(l)).sum()
    } else {
        a.gpus.min(b.gpus)
    };
    Take { gpus, lanes, cpu: a.cpu.min(b.cpu), mem: a.mem.min(b.mem) }
}

impl Scheduler for Easy {
    fn order(&self) -> Order {
        self.order
    }

    fn held_back(&self) -> Option<HeldBack> {
        Some(HeldBack::Reserved)
    }

    fn ended(&mut self, world: &World<'_>, holder: &Holder) {
        let Some(start) = holder.start else { return };
        let end = start.after(world.estimate(holder.job));
        self.ends.remove(Expected { end, job: holder.job, gpus: world.class(holder.job).request.total_gpus() });
    }

    fn promised(&self, job: JobId) -> Option<Time> {
        self.reserved.iter().find(|(head, _)| *head == job).map(|&(_, start)| start)
    }

    fn pass(&mut self, pass: &mut Pass<'_, '_>) -> Result<Verdict, Fault> {
        self.reserved.clear();
        let reserving = self.reserving(pass);
        let mut heads = std::mem::take(&mut self.heads);
        pass.waiting.lines_by_head(&mut heads);
        for &(_, line) in &heads {
            let (ends, placer) = (&mut self.ends, &mut self.placer);
            let blocked = serve_heads(pass, placer, line, |world, job| ends.insert(expected(world, job)))?;
            match (blocked, reserving) {
                (None, _) => {}
                (Some(head), Reserving::ByCount) => self.backfill_by_count(pass, line, head)?,
                (Some(head), Reserving::ByNodes) => self.backfill_by_nodes(pass, line, head)?,
            }
        }
        self.heads = heads;
        Ok(Verdict::default())
    }
}
