//! Who claims the free GPUs: the walk over waiting shapes after each pass.
//!
//! (a) In policy order, each waiting job that could be placed now, alone, and that asks for no more than is unclaimed
//! there, claims its GPUs under the rule that stops it. (b) In policy order, each other one claims what it can get:
//! `capacity_wait` where no pool of its has enough unclaimed, else `stranded` or `fragmentation`; what it still lacks
//! it claims in pools that are closed to it. (c) The rest is `no_demand`. Jobs of one shape claim together at the
//! place of the first of them, so this walks shapes, not jobs, and stops as soon as nothing is unclaimed.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Payer;
use super::leaf::Leaf;
use super::standing::Standing;
use crate::cluster::{Placement, Placer, PoolState, placement};
use crate::sched::classes::{Bar, Class, ClassId, LineId, ShapeId};
use crate::sched::waiting::Rank;
use crate::sched::{HeldBack, World};
use crate::trace::JobId;
use crate::units::rng::Stream;

/// Free GPUs claimed by somebody, for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose job claims them.
    pub payer: Payer,
    /// Where they are.
    pub pool: u16,
    /// Why they are idle.
    pub leaf: Leaf,
    /// How many thousandths.
    pub milli: u64,
}

/// Works out the claims.
#[derive(Debug)]
pub struct Charger {
    standing: Standing,
    /// Jobs of each shape that have claimed in step (a) of the walk under way.
    claimed: Vec<u64>,
    /// The shapes of which any have.
    served: Vec<ShapeId>,
    /// The shapes of which every job claimed all that it asks for in the last walk: one more of them would claim too.
    sated: Vec<ShapeId>,
    fitting: Fitting,
    /// The shapes that ask for no more GPUs than are free, where they are few, in policy order.
    few: Vec<(Option<JobId>, LineId, Option<usize>, ShapeId)>,
    /// What is left of the free GPUs in the walk under way, by pool.
    unclaimed: Vec<u64>,
    heads: Vec<(JobId, LineId)>,
}

/// Where the classes fit in the walk under way, as far as it has asked.
#[derive(Debug, Default)]
struct Fitting {
    /// Counts the walks.
    walk: u64,
    /// By class: the walk that asked last, and which of `pools` it found.
    found: Vec<(u64, u32, u32)>,
    pools: Vec<u16>,
}

/// With no more candidates than this they are sorted; with more, the walk goes along the lines and soon finds takers.
const FEW: usize = 64;

/// Waiting jobs that claim together.
#[derive(Debug, Clone, Copy)]
struct Claimant<'a> {
    class: &'a Class,
    payer: Payer,
    /// How many jobs.
    jobs: u64,
    /// Units that each of them lacks.
    units: u32,
    /// The fewest units with which one of them would start, or go on growing.
    least: u32,
    /// The job, where it holds a part already.
    partial: Option<JobId>,
}

/// What is unclaimed, and the claims so far.
struct Walk<'w, 'a> {
    world: &'w World<'a>,
    unclaimed: Vec<u64>,
    claims: &'w mut Vec<Claim>,
}

impl Charger {
    /// For the shapes and lines of a run; nobody waits yet.
    #[must_use]
    pub fn new(world: &World<'_>) -> Self {
        Charger {
            standing: Standing::new(world),
            claimed: vec![0; world.classes.shapes().len()],
            served: Vec::new(),
            sated: Vec::new(),
            fitting: Fitting::default(),
            few: Vec::new(),
            unclaimed: Vec::new(),
            heads: Vec::new(),
        }
    }

    /// Whether the claims of the last walk still stand where nothing has happened since but that jobs came to wait, and
    /// no job holds a part: those that came are behind others of their shapes, who did not get all that they asked for.
    pub fn stands(&mut self, world: &mut World<'_>) -> bool {
        let moved = self.standing.follow(world);
        !moved && !self.standing.changed().iter().any(|shape| self.sated.contains(shape))
    }

    /// The claims on all GPUs that are free now, into `claims`.
    pub fn claims(
        &mut self,
        world: &mut World<'_>,
        held_back: Option<HeldBack>,
        incomplete: (&BTreeSet<JobId>, bool),
        claims: &mut Vec<Claim>,
    ) {
        claims.clear();
        self.sated.clear();
        self.standing.follow(world);
        let world = &*world;
        let mut unclaimed = std::mem::take(&mut self.unclaimed);
        unclaimed.clear();
        unclaimed.extend(world.pools.iter().map(PoolState::free_milli));
        let mut walk = Walk { world, unclaimed, claims };
        if !walk.is_done() && (!world.waiting.is_empty() || !incomplete.0.is_empty()) {
            let mut heads = std::mem::take(&mut self.heads);
            world.waiting.lines_by_head(&mut heads);
            if let Some(rule) = held_back {
                self.claim_fitting(&mut walk, &heads, rule);
                let all_claimed = |s: &&ShapeId| self.claimed[s.index()] == world.waiting.shape_len(**s) as u64;
                self.sated.extend(self.served.iter().filter(all_claimed));
            }
            if incomplete.0.is_empty() {
                self.claim_others(&mut walk, &heads);
            } else {
                self.claim_with_partial(&mut walk, &heads, incomplete);
            }
            for shape in self.served.drain(..) {
                self.claimed[shape.index()] = 0;
            }
            self.heads = heads;
        }
        walk.leave_rest();
        self.unclaimed = walk.unclaimed;
    }

    /// Step (a).
    fn claim_fitting(&mut self, walk: &mut Walk<'_, '_>, heads: &[(JobId, LineId)], rule: HeldBack) {
        let leaf = match rule {
            HeldBack::HeadOfLine => Leaf::HeadOfLine,
            HeldBack::Reserved => Leaf::Reserved,
        };
        self.fitting.begin(walk.world.classes.classes().len());
        let free = walk.world.most_free_gpus();
        let (world, standing) = (walk.world, &self.standing);
        // Few among many are picked out and sorted; otherwise the walk along the lines soon finds takers.
        let few = FEW.min(standing.len() / 16);
        if standing.asking_at_most(free).nth(few).is_some() {
            for &(_, line) in heads {
                let shapes = standing.of_line(world, line);
                claim_in_order(walk, shapes, leaf, &mut self.fitting, &mut self.claimed, &mut self.served);
                if walk.is_done() {
                    return;
                }
            }
            return;
        }
        self.few.clear();
        self.few.extend(standing.asking_at_most(free).map(|shape| {
            let line = world.waiting.line_of(shape);
            (world.waiting.head(line), line, standing.place(shape), shape)
        }));
        self.few.sort_unstable();
        let shapes = self.few.iter().map(|&(.., shape)| shape);
        claim_in_order(walk, shapes, leaf, &mut self.fitting, &mut self.claimed, &mut self.served);
    }

    /// Step (b).
    fn claim_others(&mut self, walk: &mut Walk<'_, '_>, heads: &[(JobId, LineId)]) {
        for &(_, line) in heads {
            for shape in self.standing.of_line(walk.world, line) {
                if walk.is_done() {
                    return;
                }
                let jobs = walk.world.waiting.shape_len(shape) as u64 - self.claimed[shape.index()];
                if walk.claim(&shape_claimant(walk.world, shape, jobs)) == 0 {
                    self.sated.push(shape);
                }
            }
        }
    }

    /// Step (b) where some jobs hold a part already: they claim for what they lack.
    fn claim_with_partial(
        &self,
        walk: &mut Walk<'_, '_>,
        heads: &[(JobId, LineId)],
        (incomplete, first): (&BTreeSet<JobId>, bool),
    ) {
        let world = walk.world;
        let mut partial_of: BTreeMap<ShapeId, u64> = BTreeMap::new();
        let mut together: BTreeMap<(ShapeId, u32), JobId> = BTreeMap::new();
        let mut queue: Vec<((usize, Rank, JobId), Claimant<'_>)> = Vec::new();
        for &job in incomplete {
            let shape = world.classes.shape_id(world.jobs, job);
            let Some(holder) = world.holders.of(job) else { continue };
            if holder.start.is_none() {
                *partial_of.entry(shape).or_insert(0) += 1;
            }
            let units = world.missing_units(job);
            let leader = *together.entry((shape, units)).or_insert(job);
            let rank = if first { (0, leader.0, job) } else { (1, world.waiting.rank(leader), job) };
            let least = world.least_units(job).saturating_sub(holder.units).max(1);
            let claimant = Claimant { units, least, partial: Some(job), ..shape_claimant(world, shape, 1) };
            queue.push((rank, claimant));
        }
        for (at, &(_, line)) in heads.iter().enumerate() {
            for shape in self.standing.of_line(world, line) {
                let partial = partial_of.get(&shape).copied().unwrap_or(0);
                let jobs = world.waiting.shape_len(shape) as u64 - self.claimed[shape.index()] - partial;
                let whole = world.waiting.shape_jobs(shape).find(|job| world.holders.of(*job).is_none());
                if let Some(job) = whole {
                    queue.push(((1 + at, world.waiting.rank(job), job), shape_claimant(world, shape, jobs)));
                }
            }
        }
        queue.sort_by_key(|(rank, _)| *rank);
        for (_, claimant) in queue {
            walk.claim(&claimant);
        }
    }
}

/// Lets the jobs of each shape claim where they fit; notes in `claimed` how many did, and their shapes in `served`.
fn claim_in_order(
    walk: &mut Walk<'_, '_>,
    shapes: impl Iterator<Item = ShapeId>,
    leaf: Leaf,
    fitting: &mut Fitting,
    claimed: &mut [u64],
    served: &mut Vec<ShapeId>,
) {
    let world = walk.world;
    for shape in shapes {
        if walk.is_done() {
            return;
        }
        let of = world.classes.shapes()[shape.index()];
        let pools = fitting.pools_of(world, of.class);
        if pools.is_empty() {
            continue;
        }
        let jobs = world.waiting.shape_len(shape) as u64;
        let request = &world.classes.classes()[of.class.index()].request;
        let each = u64::from(request.units) * request.unit_milli();
        let whole = walk.claim_whole(pools, jobs, each, Payer::tenant(of.tenant), leaf);
        if whole > 0 {
            claimed[shape.index()] = whole;
            served.push(shape);
        }
    }
}

impl Fitting {
    fn begin(&mut self, classes: usize) {
        self.walk += 1;
        self.found.resize(classes, (0, 0, 0));
        self.pools.clear();
    }

    /// The pools in which a job of the class would fit now; none for a class without GPUs.
    fn pools_of(&mut self, world: &World<'_>, class: ClassId) -> &[u16] {
        let found = &mut self.found[class.index()];
        if found.0 != self.walk {
            let kind = &world.classes.classes()[class.index()];
            let fits =
                |pool: &&u16| kind.request.gpus > 0 && placement::fits(&world.pools[**pool as usize], &kind.request);
            let first = self.pools.len() as u32;
            self.pools.extend(kind.pools.iter().filter(fits));
            *found = (self.walk, first, self.pools.len() as u32);
        }
        &self.pools[found.1 as usize..found.2 as usize]
    }
}

/// All jobs of a shape that hold nothing.
fn shape_claimant<'a>(world: &World<'a>, shape: ShapeId, jobs: u64) -> Claimant<'a> {
    let of = world.classes.shapes()[shape.index()];
    let class = &world.classes.classes()[of.class.index()];
    let least = world.waiting.shape_first(shape).map_or(class.request.units, |job| world.least_units(job));
    Claimant { class, payer: Payer::tenant(of.tenant), jobs, units: class.request.units, least, partial: None }
}

impl Walk<'_, '_> {
    fn is_done(&self) -> bool {
        self.unclaimed.iter().all(|&u| u == 0)
    }

    fn take(&mut self, pool: u16, milli: u64, payer: Payer, leaf: Leaf) {
        if milli > 0 {
            self.unclaimed[pool as usize] -= milli;
            self.claims.push(Claim { payer, pool, leaf, milli });
        }
    }

    /// Lets as many of `jobs` as can claim `each` in full in one of `pools`; gives how many did.
    fn claim_whole(&mut self, pools: &[u16], jobs: u64, each: u64, payer: Payer, leaf: Leaf) -> u64 {
        let mut left = jobs;
        for &pool in pools {
            let here = left.min(self.unclaimed[pool as usize] / each);
            self.take(pool, here * each, payer, leaf);
            left -= here;
        }
        jobs - left
    }

    /// Lets the jobs claim what they can get; gives what they still lack together.
    fn claim(&mut self, claimant: &Claimant<'_>) -> u64 {
        let each = u64::from(claimant.units) * claimant.class.request.unit_milli();
        if each == 0 || claimant.jobs == 0 {
            return 0;
        }
        let mut lacking = self.claim_open(claimant, &claimant.class.pools, each);
        for &(pool, bar) in &claimant.class.barred {
            let leaf = match bar {
                Bar::Type => Leaf::WrongType,
                Bar::Queue => Leaf::Quota,
            };
            let milli = lacking.min(self.unclaimed[pool as usize]);
            self.take(pool, milli, claimant.payer, leaf);
            lacking -= milli;
        }
        lacking
    }

    /// Claims in the pools that are open to the jobs, job by job as far as that makes a difference; gives what they
    /// still lack together.
    fn claim_open(&mut self, claimant: &Claimant<'_>, pools: &[u16], each: u64) -> u64 {
        let mut jobs = claimant.jobs;
        let mut lacking = 0;
        let mut shape_leaf = None;
        while jobs > 0 {
            let Some(&pool) = pools.iter().find(|&&p| self.unclaimed[p as usize] > 0) else {
                return lacking + jobs * each;
            };
            let enough = pools.iter().any(|&p| self.unclaimed[p as usize] >= each);
            if !enough {
                let mut wanted = jobs * each;
                for &pool in pools {
                    let milli = wanted.min(self.unclaimed[pool as usize]);
                    self.take(pool, milli, claimant.payer, Leaf::CapacityWait);
                    wanted -= milli;
                }
                return lacking + wanted;
            }
            let leaf = *shape_leaf.get_or_insert_with(|| self.wrong_shape(claimant, pools));
            let whole = jobs.min(self.unclaimed[pool as usize] / each);
            if whole > 0 {
                self.take(pool, whole * each, claimant.payer, leaf);
                jobs -= whole;
                continue;
            }
            let mut wanted = each;
            for &pool in pools {
                let milli = wanted.min(self.unclaimed[pool as usize]);
                self.take(pool, milli, claimant.payer, leaf);
                wanted -= milli;
            }
            lacking += wanted;
            jobs -= 1;
        }
        lacking
    }

    /// Why enough free GPUs do not do: cores and memory, or the shape.
    fn wrong_shape(&self, claimant: &Claimant<'_>, pools: &[u16]) -> Leaf {
        let request = claimant.class.request.with_units(claimant.least).gpus_only();
        let world = self.world;
        let would_fit = match claimant.partial.and_then(|job| world.holders.of(job)) {
            Some(holder) => {
                let pool = &world.pools[holder.held.pool as usize];
                let mut placer = Placer::new(Placement::FirstFit, Stream::new(0));
                placer.place_beside(pool, &request, &holder.held).is_some()
            }
            None => pools.iter().any(|&p| placement::fits(&world.pools[p as usize], &request)),
        };
        if would_fit { Leaf::Stranded } else { Leaf::Fragmentation }
    }

    /// Step (c).
    fn leave_rest(&mut self) {
        for pool in 0..self.unclaimed.len() as u16 {
            let rest = self.unclaimed[pool as usize];
            self.take(pool, rest, Payer::NOBODY, Leaf::NoDemand);
            // What no job can get beside those that hold the rest of a GPU.
            let milli = self.world.pools[pool as usize].lost_milli();
            if milli > 0 {
                self.claims.push(Claim { payer: Payer::NOBODY, pool, leaf: Leaf::SliceWaste, milli });
            }
        }
    }
}
