//! Which shapes have waiting jobs, in policy order and by size: what the idle walk goes over.

use crate::collections::BitTree;
use crate::sched::World;
use crate::sched::classes::{LineId, Shape, ShapeId};

/// The shapes of which any job waits.
#[derive(Debug)]
pub(super) struct Standing {
    /// By line: the positions of jobs that are the first waiting ones of their shapes.
    firsts: Vec<BitTree>,
    /// Where the first waiting job of each shape stands in its line.
    place: Vec<Option<usize>>,
    /// All shapes by the GPUs without which a job of theirs has no place, class by class.
    by_size: Vec<(u64, ShapeId)>,
    /// Where each shape stands in `by_size`.
    size_place: Vec<usize>,
    /// The places in `by_size` of the shapes of which any job waits.
    active: BitTree,
    changed: Vec<ShapeId>,
}

impl Standing {
    /// For the shapes and lines of a run; nobody waits yet.
    pub(super) fn new(world: &World<'_>) -> Self {
        let shapes = world.classes.shapes();
        let size = |shape: &Shape| world.classes.classes()[shape.class.index()].request.least_gpus();
        let numbers = (0..).map(ShapeId);
        let mut by_size: Vec<(u64, ShapeId)> = shapes.iter().map(size).zip(numbers).collect();
        by_size.sort_unstable_by_key(|&(gpus, shape)| (gpus, shapes[shape.index()].class, shape));
        let mut size_place = vec![0; shapes.len()];
        for (place, &(_, shape)) in by_size.iter().enumerate() {
            size_place[shape.index()] = place;
        }
        Standing {
            firsts: world.waiting.line_lengths().map(BitTree::new).collect(),
            place: vec![None; shapes.len()],
            active: BitTree::new(by_size.len()),
            by_size,
            size_place,
            changed: Vec::new(),
        }
    }

    /// Takes in who came to wait and who left; says whether the order of the shapes is another.
    pub(super) fn follow(&mut self, world: &mut World<'_>) -> bool {
        let mut moved = false;
        let mut changed = std::mem::take(&mut self.changed);
        world.waiting.take_changed(&mut changed);
        for &shape in &changed {
            let first = world.waiting.shape_first(shape).map(|job| world.waiting.position(job));
            let before = std::mem::replace(&mut self.place[shape.index()], first);
            if before == first {
                continue;
            }
            moved = true;
            let firsts = &mut self.firsts[world.waiting.line_of(shape).index()];
            if let Some(position) = before {
                firsts.remove(position);
            }
            if let Some(position) = first {
                firsts.insert(position);
            }
            let size_place = self.size_place[shape.index()];
            match (before, first) {
                (None, Some(_)) => self.active.insert(size_place),
                (Some(_), None) => self.active.remove(size_place),
                _ => {}
            }
        }
        self.changed = changed;
        moved
    }

    /// The shapes in which somebody came or went before the last call of [`Standing::follow`].
    pub(super) fn changed(&self) -> &[ShapeId] {
        &self.changed
    }

    /// How many shapes have waiting jobs.
    pub(super) fn len(&self) -> usize {
        self.active.len()
    }

    /// Where the first waiting job of a shape stands in its line; `None` where none waits.
    pub(super) fn place(&self, shape: ShapeId) -> Option<usize> {
        self.place[shape.index()]
    }

    /// The standing shapes of a line in the order of their first jobs.
    pub(super) fn of_line<'s>(&'s self, world: &'s World<'_>, line: LineId) -> impl Iterator<Item = ShapeId> + 's {
        let positions = self.firsts[line.index()].range(0..usize::MAX);
        positions.map(move |position| world.classes.shape_id(world.jobs, world.waiting.job_at(line, position)))
    }

    /// The standing shapes whose jobs ask for GPUs, but may have a place on `free` of them.
    pub(super) fn asking_at_most(&self, free: u64) -> impl Iterator<Item = ShapeId> {
        let from = self.by_size.partition_point(|&(gpus, _)| gpus == 0);
        let to = self.by_size.partition_point(|&(gpus, _)| gpus <= free);
        self.active.range(from..to).map(|place| self.by_size[place].1)
    }
}
