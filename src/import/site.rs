//! The cluster behind a dataset, as far as it is known.

use crate::cluster::catalog;
use crate::trace::JobTable;
use crate::units::decimal::Unscaled;
use crate::units::quantity::bytes_text;

/// A cluster as a scenario describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// Where the numbers come from, and what is assumed: the comment above the pools.
    pub about: String,
    /// The pools, in the order in which jobs try them.
    pub pools: Vec<SitePool>,
    /// GPU types that the catalog does not have, each with a comment.
    pub own_gpus: Vec<(String, String)>,
}

/// A pool of identical nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SitePool {
    /// Its name.
    pub name: String,
    /// The GPU type, of the catalog or the site's own; `None` for nodes without GPUs.
    pub gpu: Option<String>,
    /// Nodes.
    pub nodes: u32,
    /// GPUs of a node.
    pub gpus_per_node: u32,
    /// GPUs of an NVLink island, where it is not the node.
    pub island: Option<u32>,
    /// Nodes of a rack, where there is more than one.
    pub nodes_per_rack: Option<u32>,
    /// Thousandths of a core of a node; unlimited without.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory of a node; unlimited without.
    pub mem_bytes: Option<u64>,
    /// The only lines that may use it.
    pub queues: Option<Vec<String>>,
}

impl Site {
    /// A cluster whose pools may have GPU types that the catalog does not know; pools without nodes are left out, and
    /// one with the name of another is told apart.
    #[must_use]
    pub fn new(about: impl Into<String>, mut pools: Vec<SitePool>) -> Site {
        pools.retain(|pool| pool.nodes > 0);
        for at in 1..pools.len() {
            let (before, pool) = pools.split_at_mut(at);
            let name = pool[0].name.clone();
            let mut number = 1;
            while before.iter().any(|other| other.name == pool[0].name) {
                number += 1;
                pool[0].name = format!("{name}-{number}");
            }
        }
        let mut own_gpus: Vec<(String, String)> = Vec::new();
        for gpu in pools.iter().filter_map(|pool| pool.gpu.as_ref()) {
            if catalog::find(gpu).is_none() && !own_gpus.iter().any(|(own, _)| own == gpu) {
                own_gpus.push((gpu.clone(), "a type of the dataset's that the catalog does not have".to_owned()));
            }
        }
        Site { about: about.into(), pools, own_gpus }
    }

    /// With the GPU types that jobs name beside those of the pools, so that a scenario of the site knows them all.
    #[must_use]
    pub fn knowing(mut self, jobs: &JobTable) -> Site {
        for name in jobs.specs().iter().flat_map(|spec| &spec.gpu_types) {
            if catalog::find(name).is_none() && !self.own_gpus.iter().any(|(own, _)| own == name) {
                self.own_gpus.push((name.clone(), "a type that jobs name and no pool has".to_owned()));
            }
        }
        self
    }

    /// The `[cluster]` section of a scenario.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for line in self.about.lines() {
            put(&mut text, format_args!("# {line}"));
        }
        for pool in &self.pools {
            pool.put_toml(&mut text);
        }
        for (id, about) in &self.own_gpus {
            put(&mut text, format_args!("[cluster.gpus.{}]        # {about}\n", key(id)));
        }
        text
    }

    /// GPUs of all pools.
    #[must_use]
    pub fn gpu_count(&self) -> u64 {
        self.pools.iter().map(|pool| u64::from(pool.nodes) * u64::from(pool.gpus_per_node)).sum()
    }
}

impl SitePool {
    fn put_toml(&self, text: &mut String) {
        put(text, format_args!("[cluster.pools.{}]", key(&self.name)));
        if let Some(gpu) = &self.gpu {
            put(text, format_args!("gpu = {}", quoted(gpu)));
        }
        put(text, format_args!("nodes = {}", self.nodes));
        if self.gpu.is_some() {
            put(text, format_args!("gpus_per_node = {}", self.gpus_per_node));
        }
        if let Some(island) = self.island {
            put(text, format_args!("island = {island}"));
        }
        if let Some(nodes) = self.nodes_per_rack {
            put(text, format_args!("nodes_per_rack = {nodes}"));
        }
        if let Some(milli) = self.cpu_milli {
            put(text, format_args!("cpus_per_node = {}", Unscaled(milli, 3)));
        }
        if let Some(bytes) = self.mem_bytes {
            put(text, format_args!("mem_per_node = {}", quoted(&bytes_text(bytes))));
        }
        if let Some(queues) = &self.queues {
            let queues: Vec<String> = queues.iter().map(|queue| quoted(queue)).collect();
            put(text, format_args!("queues = [{}]", queues.join(", ")));
        }
        text.push('\n');
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&line.to_string());
    text.push('\n');
}

/// A key as TOML takes it: bare where it may be.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
