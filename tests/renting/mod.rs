//! Rented nodes once more, as plainly as can be: at every instant everything is looked at. Jobs take whole nodes; own nodes
//! come before rented ones, low numbers before high ones.

use fleetsim::units::rng::{Stream, stream};
use rand::RngExt;

/// What is simulated; times in microseconds.
#[derive(Debug, Clone)]
pub struct Case {
    pub seed: u64,
    /// Nodes that are there all the time, and those that can be rented.
    pub own: usize,
    pub cloud: usize,
    pub after: u64,
    pub delay: u64,
    pub refusal_ppm: u32,
    pub retry: u64,
    pub keep: u64,
    pub reclaim: Option<u64>,
    /// Whether the first job that does not fit holds up all others.
    pub head_blocks: bool,
    /// Submission, duration, nodes; sorted by submission.
    pub jobs: Vec<(u64, u64, usize)>,
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub start: u64,
    pub end: u64,
    pub in_cloud: bool,
    pub stops: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Future,
    Waits { since: u64 },
    Runs { end: u64, in_cloud: bool },
    Done,
}

#[derive(Debug, Clone, Copy)]
enum Node {
    Absent,
    Coming { at: u64, request: u64 },
    There { since: u64, idle_since: Option<u64>, taken_at: u64 },
}

/// The jobs' fates, and node-microseconds that were rented until the last job ended.
pub fn simulate(case: &Case) -> (Vec<Fate>, u64) {
    let mut run = Run {
        case,
        now: 0,
        states: vec![State::Future; case.jobs.len()],
        fates: vec![Fate { start: u64::MAX, end: 0, in_cloud: false, stops: 0 }; case.jobs.len()],
        own: vec![None; case.own],
        held: vec![None; case.cloud],
        nodes: vec![Node::Absent; case.cloud],
        refusals: stream(case.seed, "refusals/cloud"),
        stays: stream(case.seed, "reclaims/cloud"),
        closed_until: 0,
        requests: 0,
        rented: 0,
    };
    while run.states.iter().any(|state| *state != State::Done) {
        run.instant();
        let Some(next) = run.next() else { break };
        run.now = next;
    }
    let end = run.fates.iter().map(|fate| fate.end).max().unwrap_or(0);
    for node in &run.nodes {
        if let Node::There { since, .. } = node {
            run.rented += end - since;
        }
    }
    (run.fates, run.rented)
}

struct Run<'a> {
    case: &'a Case,
    now: u64,
    states: Vec<State>,
    fates: Vec<Fate>,
    /// Who has each node.
    own: Vec<Option<usize>>,
    held: Vec<Option<usize>>,
    nodes: Vec<Node>,
    refusals: Stream,
    stays: Stream,
    closed_until: u64,
    requests: u64,
    rented: u64,
}

impl Run<'_> {
    fn next(&self) -> Option<u64> {
        let mut all = vec![self.closed_until];
        for (state, job) in self.states.iter().zip(&self.case.jobs) {
            match state {
                State::Future => all.push(job.0),
                State::Waits { since } => all.push(since + self.case.after),
                State::Runs { end, .. } => all.push(*end),
                State::Done => {}
            }
        }
        for node in &self.nodes {
            match node {
                Node::Absent => {}
                Node::Coming { at, .. } => all.push(*at),
                Node::There { idle_since, taken_at, .. } => {
                    all.push(*taken_at);
                    all.extend(idle_since.map(|since| since + self.case.keep));
                }
            }
        }
        all.into_iter().filter(|&at| at > self.now && at < u64::MAX).min()
    }

    fn instant(&mut self) {
        loop {
            self.end_jobs();
            self.let_nodes_come();
            self.take_nodes_back();
            self.submit();
            self.pass();
            self.give_nodes_back();
            self.ask_for_nodes();
            let ends = |state: &State| matches!(state, State::Runs { end, .. } if *end == self.now);
            let comes = |node: &Node| matches!(node, Node::Coming { at, .. } if *at == self.now);
            if !self.states.iter().any(ends) && !self.nodes.iter().any(comes) {
                return;
            }
        }
    }

    fn free(&mut self, job: usize) {
        for holder in self.own.iter_mut().filter(|holder| **holder == Some(job)) {
            *holder = None;
        }
        for (node, holder) in self.held.iter_mut().enumerate().filter(|(_, holder)| **holder == Some(job)) {
            *holder = None;
            if let Node::There { idle_since, .. } = &mut self.nodes[node] {
                *idle_since = Some(self.now);
            }
        }
    }

    fn end_jobs(&mut self) {
        for job in 0..self.states.len() {
            if matches!(self.states[job], State::Runs { end, .. } if end == self.now) {
                self.states[job] = State::Done;
                self.fates[job].end = self.now;
                self.free(job);
            }
        }
    }

    fn let_nodes_come(&mut self) {
        let coming = |node: usize| match self.nodes[node] {
            Node::Coming { at, request } if at <= self.now => Some((request, node)),
            _ => None,
        };
        let mut order: Vec<(u64, usize)> = (0..self.nodes.len()).filter_map(coming).collect();
        order.sort_unstable();
        for (_, node) in order {
            let taken_at = match self.case.reclaim {
                None => u64::MAX,
                Some(mean) => {
                    let uniform: f64 = self.stays.random();
                    self.now + (mean as f64 * -libm::log(1.0 - uniform)).round().max(1.0) as u64
                }
            };
            self.nodes[node] = Node::There { since: self.now, idle_since: Some(self.now), taken_at };
        }
    }

    fn goes(&mut self, node: usize) {
        if let Node::There { since, .. } = self.nodes[node] {
            self.rented += self.now - since;
        }
        self.nodes[node] = Node::Absent;
    }

    fn take_nodes_back(&mut self) {
        for node in 0..self.nodes.len() {
            if matches!(self.nodes[node], Node::There { taken_at, .. } if taken_at <= self.now) {
                self.goes(node);
                if let Some(job) = self.held[node] {
                    self.states[job] = State::Waits { since: self.now };
                    self.fates[job].stops += 1;
                    self.free(job);
                }
            }
        }
    }

    fn submit(&mut self) {
        for (state, job) in self.states.iter_mut().zip(&self.case.jobs) {
            if *state == State::Future && job.0 == self.now {
                *state = State::Waits { since: self.now };
            }
        }
    }

    fn pass(&mut self) {
        for job in 0..self.states.len() {
            if !matches!(self.states[job], State::Waits { .. }) {
                continue;
            }
            let needed = self.case.jobs[job].2;
            let own: Vec<usize> = (0..self.own.len()).filter(|&node| self.own[node].is_none()).take(needed).collect();
            let there = |node: &usize| self.held[*node].is_none() && matches!(self.nodes[*node], Node::There { .. });
            let cloud: Vec<usize> = (0..self.nodes.len()).filter(there).take(needed).collect();
            let in_cloud = own.len() < needed;
            if in_cloud && cloud.len() < needed {
                if self.case.head_blocks {
                    return;
                }
                continue;
            }
            if in_cloud {
                for node in cloud {
                    self.held[node] = Some(job);
                    if let Node::There { idle_since, .. } = &mut self.nodes[node] {
                        *idle_since = None;
                    }
                }
            } else {
                own.into_iter().for_each(|node| self.own[node] = Some(job));
            }
            self.states[job] = State::Runs { end: self.now + self.case.jobs[job].1, in_cloud };
            let fate = &mut self.fates[job];
            fate.start = fate.start.min(self.now);
            fate.in_cloud = in_cloud;
        }
    }

    /// Nodes for which jobs have waited long enough; those that need more than there are want nothing.
    fn wanted(&self) -> usize {
        let wants = |(state, job): (&State, &(u64, u64, usize))| match state {
            State::Waits { since } if since + self.case.after <= self.now && job.2 <= self.case.cloud => job.2,
            _ => 0,
        };
        self.states.iter().zip(&self.case.jobs).map(wants).sum()
    }

    fn idle(&self) -> Vec<(u64, usize)> {
        let since = |node: usize| match self.nodes[node] {
            Node::There { idle_since: Some(since), .. } => Some((since, node)),
            _ => None,
        };
        let mut idle: Vec<(u64, usize)> = (0..self.nodes.len()).filter_map(since).collect();
        idle.sort_unstable();
        idle
    }

    fn give_nodes_back(&mut self) {
        loop {
            let idle = self.idle();
            match idle.first() {
                Some(&(since, node)) if idle.len() > self.wanted() && since + self.case.keep <= self.now => {
                    self.goes(node)
                }
                _ => return,
            }
        }
    }

    fn ask_for_nodes(&mut self) {
        let coming = self.nodes.iter().filter(|node| matches!(node, Node::Coming { .. })).count();
        let absent: Vec<usize> =
            (0..self.nodes.len()).filter(|&node| matches!(self.nodes[node], Node::Absent)).collect();
        let lacking = self.wanted().saturating_sub(self.idle().len() + coming).min(absent.len());
        if lacking == 0 || self.now < self.closed_until {
            return;
        }
        if self.case.refusal_ppm > 0 && self.refusals.random_range(0..1_000_000) < self.case.refusal_ppm {
            self.closed_until = self.now + self.case.retry;
            return;
        }
        self.requests += 1;
        for &node in &absent[..lacking] {
            self.nodes[node] = Node::Coming { at: self.now + self.case.delay, request: self.requests };
        }
    }
}
