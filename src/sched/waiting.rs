//! The waiting jobs, kept so that heads, the next job that could fit, and claims are found without scanning them.

use super::classes::{ClassId, Classes, LineId, ShapeId};
use super::order::Order;
use crate::collections::{BitTree, MinTree, min_tree::ABSENT};
use crate::trace::{JobId, JobTable};
use crate::units::Span;

/// The number of a [`Group`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// A place in the policy's order over all jobs.
pub type Rank = u32;

/// Jobs that share something, in the policy's order, and which of them wait.
#[derive(Debug, Clone, Default)]
struct Roster {
    /// All jobs that will ever be in here, in the policy's order.
    jobs: Vec<JobId>,
}

/// The jobs of one class in one line, searched by a bound on a value of theirs: their estimate, or the fewest units
/// with which they start.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their class.
    pub class: ClassId,
    roster: Roster,
    values: MinTree,
    waiting: u32,
}

#[derive(Debug, Clone)]
struct Line {
    roster: Roster,
    members: BitTree,
    head: Option<JobId>,
    /// Those that need the fewest GPUs first.
    groups: Vec<GroupId>,
}

#[derive(Debug, Clone)]
struct ShapeMembers {
    roster: Roster,
    members: BitTree,
}

/// All waiting jobs.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Rank of each job; empty where rank is the job's own number.
    ranks: Vec<Rank>,
    lines: Vec<Line>,
    /// The heads of the lines in which anybody waits, by (submit, row).
    heads: Vec<(JobId, LineId)>,
    groups: Vec<Group>,
    shapes: Vec<ShapeMembers>,
    line_of_shape: Vec<u32>,
    group_of_shape: Vec<u32>,
    in_line: Vec<u32>,
    in_group: Vec<u32>,
    in_shape: Vec<u32>,
    len: usize,
    /// Shapes whose first job or number changed since they were last asked for.
    changed: Vec<ShapeId>,
}

impl Waiting {
    /// Prepares the lines for all jobs of a run; nobody waits yet.
    #[must_use]
    pub fn new(jobs: &JobTable, classes: &Classes, order: Order, estimate: impl Fn(JobId) -> Span) -> Self {
        let ranked = order.ranked(jobs, estimate);
        let mut ranks = Vec::new();
        if let Some(ranked) = &ranked {
            ranks = vec![0; jobs.len()];
            for (rank, job) in ranked.iter().enumerate() {
                ranks[job.index()] = rank as Rank;
            }
        }
        let mut layout = Layout::new(classes, order);
        for rank in 0..jobs.len() as u32 {
            let job = ranked.as_ref().map_or(JobId(rank), |r| r[rank as usize]);
            layout.count(classes.shape_id(jobs, job));
        }
        layout.reserve();
        let mut in_line = vec![0; jobs.len()];
        let mut in_group = if order.by_class { vec![0; jobs.len()] } else { Vec::new() };
        let mut in_shape = vec![0; jobs.len()];
        for rank in 0..jobs.len() as u32 {
            let job = ranked.as_ref().map_or(JobId(rank), |r| r[rank as usize]);
            let shape = classes.shape_id(jobs, job).index();
            in_line[job.index()] = layout.lines[layout.line_of_shape[shape] as usize].add(job);
            if order.by_class {
                in_group[job.index()] = layout.groups[layout.group_of_shape[shape] as usize].add(job);
            }
            in_shape[job.index()] = layout.shapes[shape].add(job);
        }
        layout.finish(ranks, in_line, in_group, in_shape)
    }

    /// How many jobs wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The job's place in the policy's order.
    #[must_use]
    pub fn rank(&self, job: JobId) -> Rank {
        self.ranks.get(job.index()).copied().unwrap_or(job.0)
    }

    /// How many jobs each line will ever have.
    pub fn line_lengths(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().map(|line| line.roster.jobs.len())
    }

    /// The job's place in its line, in the policy's order.
    #[must_use]
    pub fn position(&self, job: JobId) -> usize {
        self.in_line[job.index()] as usize
    }

    /// The job with a place in a line.
    #[must_use]
    pub fn job_at(&self, line: LineId, position: usize) -> JobId {
        self.lines[line.index()].roster.jobs[position]
    }

    /// Lets a job wait; `value` is what searches of its group bound.
    pub fn insert(&mut self, job: JobId, shape: ShapeId, value: u64) {
        self.len += 1;
        let at = shape.index();
        let position = self.in_line[job.index()] as usize;
        let line = LineId(self.line_of_shape[at]);
        let entry = &mut self.lines[line.index()];
        entry.members.insert(position);
        if entry.head.is_none_or(|head| position < self.in_line[head.index()] as usize) {
            self.find_head(line);
        }
        if let Some(&position) = self.in_group.get(job.index()) {
            let group = &mut self.groups[self.group_of_shape[at] as usize];
            group.values.set(position as usize, value.min(ABSENT - 1));
            group.waiting += 1;
        }
        self.shapes[at].members.insert(self.in_shape[job.index()] as usize);
        self.changed.push(shape);
    }

    /// Takes a job out: it started.
    pub fn remove(&mut self, job: JobId, shape: ShapeId) {
        self.len -= 1;
        let at = shape.index();
        let position = self.in_line[job.index()] as usize;
        let line = LineId(self.line_of_shape[at]);
        let entry = &mut self.lines[line.index()];
        entry.members.remove(position);
        if entry.head == Some(job) {
            self.find_head(line);
        }
        if let Some(&position) = self.in_group.get(job.index()) {
            let group = &mut self.groups[self.group_of_shape[at] as usize];
            group.values.set(position as usize, ABSENT);
            group.waiting -= 1;
        }
        self.shapes[at].members.remove(self.in_shape[job.index()] as usize);
        self.changed.push(shape);
    }

    /// Keeps the list of heads in step with a line in which somebody came or went.
    fn find_head(&mut self, number: LineId) {
        let line = &mut self.lines[number.index()];
        let head = line.members.first().map(|position| line.roster.jobs[position]);
        let before = std::mem::replace(&mut line.head, head);
        if before == head {
            return;
        }
        if let Some(at) = before.and_then(|job| self.heads.binary_search(&(job, number)).ok()) {
            self.heads.remove(at);
        }
        if let Some(job) = head {
            let at = self.heads.partition_point(|&other| other < (job, number));
            self.heads.insert(at, (job, number));
        }
    }

    /// The head of a line.
    #[must_use]
    pub fn head(&self, line: LineId) -> Option<JobId> {
        self.lines[line.index()].head
    }

    /// The jobs of a line in the policy's order.
    pub fn line(&self, line: LineId) -> impl Iterator<Item = JobId> + '_ {
        let line = &self.lines[line.index()];
        line.members.range(0..line.roster.jobs.len()).map(|position| line.roster.jobs[position])
    }

    /// The lines in which anybody waits, by the (submit, row) of their heads, into `heads`.
    pub fn lines_by_head(&self, heads: &mut Vec<(JobId, LineId)>) {
        heads.clear();
        heads.extend_from_slice(&self.heads);
    }

    /// The line of a shape, as the policy keeps lines.
    #[must_use]
    pub fn line_of(&self, shape: ShapeId) -> LineId {
        LineId(self.line_of_shape[shape.index()])
    }

    /// The groups of a line.
    #[must_use]
    pub fn groups(&self, line: LineId) -> &[GroupId] {
        &self.lines[line.index()].groups
    }

    /// A group.
    #[must_use]
    pub fn group(&self, group: GroupId) -> &Group {
        &self.groups[group.0 as usize]
    }

    /// How many jobs of a shape wait.
    #[must_use]
    pub fn shape_len(&self, shape: ShapeId) -> usize {
        self.shapes[shape.index()].members.len()
    }

    /// The first waiting job of a shape.
    #[must_use]
    pub fn shape_first(&self, shape: ShapeId) -> Option<JobId> {
        let shape = &self.shapes[shape.index()];
        shape.members.first().map(|position| shape.roster.jobs[position])
    }

    /// The waiting jobs of a shape in the policy's order.
    pub fn shape_jobs(&self, shape: ShapeId) -> impl Iterator<Item = JobId> + '_ {
        let shape = &self.shapes[shape.index()];
        shape.members.range(0..shape.roster.jobs.len()).map(|position| shape.roster.jobs[position])
    }

    /// Puts the shapes in which somebody came or went since the last call into `changed`; one may stand in it several
    /// times.
    pub fn take_changed(&mut self, changed: &mut Vec<ShapeId>) {
        changed.clear();
        std::mem::swap(changed, &mut self.changed);
    }
}

impl Group {
    /// How many of its jobs wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting as usize
    }

    /// The first waiting job at or behind `position` whose value is at most `highest`, with its position.
    #[must_use]
    pub fn next(&self, position: usize, highest: u64) -> Option<(usize, JobId)> {
        let position = self.values.next_within(position, highest)?;
        Some((position, self.roster.jobs[position]))
    }
}

impl Roster {
    fn add(&mut self, job: JobId) -> u32 {
        self.jobs.push(job);
        self.jobs.len() as u32 - 1
    }
}

/// Lines, groups and shapes while they are filled.
struct Layout {
    lines: Vec<Roster>,
    line_groups: Vec<Vec<GroupId>>,
    groups: Vec<Roster>,
    group_class: Vec<ClassId>,
    shapes: Vec<Roster>,
    line_of_shape: Vec<u32>,
    group_of_shape: Vec<u32>,
    counts: Vec<usize>,
    by_class: bool,
}

impl Layout {
    fn new(classes: &Classes, order: Order) -> Self {
        let line_count = if order.one_line { 1 } else { classes.lines().len() };
        let mut line_groups: Vec<Vec<GroupId>> = vec![Vec::new(); line_count];
        let mut group_class = Vec::new();
        let mut group_numbers = std::collections::BTreeMap::new();
        let mut line_of_shape = Vec::new();
        let mut group_of_shape = Vec::new();
        for shape in classes.shapes() {
            let line = if order.one_line { 0 } else { shape.line.0 };
            let group = *group_numbers.entry((line, shape.class)).or_insert_with(|| {
                let number = group_class.len() as u32;
                group_class.push(shape.class);
                line_groups[line as usize].push(GroupId(number));
                number
            });
            line_of_shape.push(line);
            group_of_shape.push(group);
        }
        for groups in &mut line_groups {
            groups.sort_by_key(|group| classes.classes()[group_class[group.0 as usize].index()].fewest_gpus);
        }
        let rosters = |count: usize| vec![Roster::default(); count];
        Layout {
            lines: rosters(line_count),
            line_groups,
            groups: rosters(group_class.len()),
            group_class,
            shapes: rosters(classes.shapes().len()),
            line_of_shape,
            group_of_shape,
            counts: vec![0; classes.shapes().len()],
            by_class: order.by_class,
        }
    }

    fn count(&mut self, shape: ShapeId) {
        self.counts[shape.index()] += 1;
    }

    /// Makes room for exactly what will come, so that large tables are not copied while they grow.
    fn reserve(&mut self) {
        let mut lines = vec![0; self.lines.len()];
        let mut groups = vec![0; self.groups.len()];
        for (shape, &count) in self.counts.iter().enumerate() {
            lines[self.line_of_shape[shape] as usize] += count;
            groups[self.group_of_shape[shape] as usize] += count;
            self.shapes[shape].jobs.reserve_exact(count);
        }
        for (roster, count) in self.lines.iter_mut().zip(lines) {
            roster.jobs.reserve_exact(count);
        }
        if self.by_class {
            for (roster, count) in self.groups.iter_mut().zip(groups) {
                roster.jobs.reserve_exact(count);
            }
        }
    }

    fn finish(self, ranks: Vec<Rank>, in_line: Vec<u32>, in_group: Vec<u32>, in_shape: Vec<u32>) -> Waiting {
        let lines = self
            .lines
            .into_iter()
            .zip(self.line_groups)
            .map(|(roster, groups)| Line { members: BitTree::new(roster.jobs.len()), head: None, roster, groups })
            .collect();
        let groups = self
            .groups
            .into_iter()
            .zip(self.group_class)
            .map(|(roster, class)| Group { class, values: MinTree::new(roster.jobs.len()), roster, waiting: 0 })
            .collect();
        let shapes = self
            .shapes
            .into_iter()
            .map(|roster| ShapeMembers { members: BitTree::new(roster.jobs.len()), roster })
            .collect();
        Waiting {
            ranks,
            lines,
            heads: Vec::new(),
            groups,
            shapes,
            line_of_shape: self.line_of_shape,
            group_of_shape: self.group_of_shape,
            in_line,
            in_group,
            in_shape,
            len: 0,
            changed: Vec::new(),
        }
    }
}
