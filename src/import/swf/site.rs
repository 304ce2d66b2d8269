//! The machine behind a log: its header comments, or a list of CERIT-SC's clusters.

use std::num::NonZeroU32;
use std::path::Path;

use super::super::lines::{Line, Lines};
use super::super::site::{Site, SitePool};
use super::Processors;
use crate::input::Problem;
use crate::trace::JobSpec;

/// The name of the GPU type that stands for processors.
const PROCESSOR: &str = "processor";

/// What the header comments say of the machine.
#[derive(Debug, Default)]
pub struct Headers {
    computer: String,
    nodes: Option<u32>,
    processors: Option<u32>,
}

impl Headers {
    /// Reads a comment: `MaxNodes: 100`. What is no number is no statement.
    pub fn read(&mut self, comment: &str) {
        let Some((name, value)) = comment.split_once(':') else { return };
        let number = || value.split_whitespace().next().and_then(|word| word.parse().ok()).filter(|&n: &u32| n > 0);
        match name.trim() {
            "Computer" if self.computer.is_empty() => value.trim().clone_into(&mut self.computer),
            "MaxNodes" => self.nodes = number().or(self.nodes),
            "MaxProcs" => self.processors = number().or(self.processors),
            _ => {}
        }
    }

    /// The machine, where its size is known.
    pub fn site(&self, processors: Processors) -> Option<Site> {
        let nodes = self.nodes.or(self.processors)?;
        let per_node = self.processors.map_or(1, |all| all.div_ceil(nodes).max(1));
        let about = format!(
            "{}: {nodes} nodes and {} processors by MaxNodes and MaxProcs of the log's header.{}",
            if self.computer.is_empty() { "The machine" } else { &self.computer },
            self.processors.unwrap_or(nodes),
            processors.meaning(),
        );
        Some(Site::new(about, vec![processors.pool("main", PROCESSOR, nodes, per_node)]))
    }
}

/// CERIT-SC's clusters: id, name, nodes, cores of a node, speed, memory in KB.
#[derive(Debug)]
pub struct Machines {
    file: String,
    clusters: Vec<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    name: String,
    nodes: u32,
    cores: u32,
    mem_bytes: Option<u64>,
}

/// The beginning of a node specification: `2:ppn=8` is two nodes with eight cores each.
#[derive(Debug, Clone, Copy)]
pub struct NodeSpec {
    nodes: Option<NonZeroU32>,
    per_node: Option<NonZeroU32>,
}

impl NodeSpec {
    /// Reads what a job asks of one kind of node; nothing is known where it asks for several.
    pub fn read(asked: &str) -> NodeSpec {
        if asked.contains('+') {
            return NodeSpec { nodes: None, per_node: None };
        }
        let mut parts = asked.split(['#', ':']);
        let nodes = parts.next().and_then(|nodes| nodes.parse().ok());
        let per_node = parts.find_map(|part| part.strip_prefix("ppn=")?.parse().ok());
        NodeSpec { nodes, per_node }
    }

    /// The cores of each node, where a job has so many processors in all; without `ppn` it is one.
    pub fn cores_of(self, processors: u32) -> Option<u64> {
        let per_node = self.per_node.unwrap_or(NonZeroU32::MIN);
        let adds_up = self.nodes?.checked_mul(per_node).map(NonZeroU32::get) == Some(processors);
        adds_up.then_some(u64::from(per_node.get()))
    }
}

impl Machines {
    /// Reads a list.
    pub fn read(path: &Path) -> Result<Machines, Problem> {
        let mut lines = Lines::open(path)?;
        let mut clusters = Vec::new();
        while let Some(line) = lines.next_line()? {
            if !line.text.is_empty() {
                clusters.push(Cluster::read(&line)?);
            }
        }
        if clusters.is_empty() {
            return Err(Problem::of_file(path, "is empty; expected lines of id, name, nodes, cores of a node"));
        }
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Machines { file, clusters })
    }

    /// The clusters as pools.
    pub fn site(&self, processors: Processors) -> Site {
        let mem_bytes = |cluster: &Cluster| cluster.mem_bytes.filter(|_| processors.are_cores);
        let pool =
            |c: &Cluster| SitePool { mem_bytes: mem_bytes(c), ..processors.pool(&c.name, &c.name, c.nodes, c.cores) };
        let pools = self.clusters.iter().map(pool).collect();
        let about = format!("The clusters of {}; a job runs within one of them.{}", self.file, processors.meaning());
        Site::new(about, pools)
    }

    /// Whether a property of a node specification is the name of one of the clusters.
    pub fn are_named(&self, property: &str) -> bool {
        self.clusters.iter().any(|cluster| cluster.is_named(property))
    }

    /// Makes a job ask for what its node specification says, as far as it is of one kind of node:
    /// `2:ppn=8:cl_zewura` is two nodes with eight cores each, of the cluster zewura.
    pub fn constrain(&self, asked: &str, processors: u32, unit: Processors, spec: &mut JobSpec) {
        if unit.are_cores || asked.contains('+') {
            return;
        }
        let NodeSpec { nodes, per_node } = NodeSpec::read(asked);
        if let (Some(nodes), Some(per_node)) = (nodes, per_node)
            && nodes.checked_mul(per_node).map(NonZeroU32::get) == Some(processors)
        {
            spec.tasks = Some(nodes);
            spec.gpus = unit.gpus(per_node.get()).saturating_mul(nodes.get());
        }
        let named = |cluster: &&Cluster| asked.split(['#', ':']).any(|part| cluster.is_named(part));
        spec.gpu_types = self.clusters.iter().filter(named).map(|cluster| cluster.name.clone()).collect();
    }
}

impl Cluster {
    fn read(line: &Line<'_>) -> Result<Cluster, Problem> {
        let texts: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let [_, name, nodes, cores, ..] = texts.as_slice() else {
            return Err(line.problem(format!("the row has {} fields, expected 6", texts.len())));
        };
        let count = |text: &&str, what: &str| {
            text.parse::<u32>().ok().filter(|&n| n > 0).ok_or_else(|| line.wrong(text, what, "expected a number >= 1"))
        };
        // The sixth field is the memory of a node in KB.
        let kilobytes = texts.get(5).and_then(|text| text.parse::<u64>().ok()).filter(|&kilobytes| kilobytes > 0);
        Ok(Cluster {
            name: (*name).to_owned(),
            nodes: count(nodes, "nodes")?,
            cores: count(cores, "cores")?,
            mem_bytes: kilobytes.and_then(|kilobytes| kilobytes.checked_mul(1024)),
        })
    }

    fn is_named(&self, property: &str) -> bool {
        property.strip_prefix("cl_") == Some(&self.name)
    }
}

impl Processors {
    fn pool(self, name: &str, gpu: &str, nodes: u32, per_node: u32) -> SitePool {
        let pool = SitePool { name: name.to_owned(), nodes, ..SitePool::default() };
        if self.are_cores {
            return SitePool { cpu_milli: Some(u64::from(per_node) * 1000), ..pool };
        }
        // Whole GPUs: a node with fewer processors than a GPU has is a part of one.
        let gpus = u64::from(nodes) * u64::from(per_node) / u64::from(self.per_gpu);
        let gpus_per_node = (per_node / self.per_gpu).max(1);
        let nodes = (gpus / u64::from(gpus_per_node)).clamp(1, u64::from(u32::MAX)) as u32;
        SitePool { gpu: Some(gpu.to_owned()), nodes, gpus_per_node, ..pool }
    }

    fn meaning(self) -> String {
        match (self.are_cores, self.per_gpu) {
            (true, _) => " Processors are cores.".to_owned(),
            (false, 1) => "\nEach processor stands for a GPU.".to_owned(),
            (false, per_gpu) => format!("\n{per_gpu} processors stand for a GPU."),
        }
    }
}
