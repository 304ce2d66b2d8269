//! The nodes of a `slurm.conf`.

use std::path::Path;

use super::super::inventory::{Inventory, Shape};
use super::super::lines::{Line, Lines};
use super::super::site::Site;
use super::words;
use crate::input::Problem;

/// The GPU type of nodes whose `Gres` names none.
const UNNAMED: &str = "slurm-gpu";

/// Properties of nodes, as far as they matter here.
#[derive(Debug, Clone, Default)]
struct Node {
    cpus: u64,
    memory: u64,
    gpus: u32,
    gpu: Option<String>,
}

/// The cluster of the `NodeName=` lines. Which partition has which node is left out: partitions overlap, pools do not.
pub fn site(path: &Path) -> Result<Site, Problem> {
    let mut lines = Lines::open(path)?;
    let mut inventory = Inventory::default();
    let mut default = Node::default();
    let mut nodes = 0u32;
    while let Some(line) = lines.next_line()? {
        let text = line.text.split('#').next().unwrap_or_default().trim_start();
        let Some(name) = text.split_ascii_whitespace().next().and_then(|word| value(word, "NodeName")) else {
            continue;
        };
        let node = default.clone().with(text, &line)?;
        if name.eq_ignore_ascii_case("DEFAULT") {
            default = node;
            continue;
        }
        let count = hosts(name).ok_or_else(|| line.wrong(text, "the line", "expected NodeName=name[1-8]"))?;
        nodes = nodes.saturating_add(count);
        inventory.add(node.shape(), count);
    }
    if nodes == 0 {
        return Err(Problem::of_file(path, "has no NodeName= line"));
    }
    Ok(inventory
        .site(format!("The {nodes} nodes of slurm.conf, a pool for each shape; every partition may use all of them.")))
}

fn value<'a>(word: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = word.split_once('=')?;
    name.eq_ignore_ascii_case(key).then_some(value)
}

impl Node {
    fn with(mut self, text: &str, line: &Line<'_>) -> Result<Node, Problem> {
        for word in text.split_ascii_whitespace() {
            let number = |value: &str| {
                value.parse::<u32>().map_err(|_| line.problem(format!("{word:?}: expected a whole number")))
            };
            if let Some(cpus) = value(word, "CPUs").or_else(|| value(word, "Procs")) {
                self.cpus = u64::from(number(cpus)?);
            } else if let Some(memory) = value(word, "RealMemory") {
                self.memory = u64::from(number(memory)?) << 20;
            } else if let Some(gres) = value(word, "Gres") {
                let found = words::gres(gres).map_err(|expected| line.problem(format!("{word:?}: {expected}")))?;
                (self.gpus, self.gpu) = (found.gpus, found.gpu);
            }
        }
        Ok(self)
    }

    fn shape(self) -> Shape {
        let gpu = if self.gpus > 0 { self.gpu.unwrap_or_else(|| UNNAMED.to_owned()) } else { String::new() };
        Shape { gpus: self.gpus, gpu, cpu_milli: self.cpus * 1000, mem_bytes: self.memory }
    }
}

/// How many hosts a list such as `n[1-4,7],g1` names.
fn hosts(list: &str) -> Option<u32> {
    let mut total = 0u32;
    let mut rest = list;
    while !rest.is_empty() {
        let end = rest.find(['[', ',']).unwrap_or(rest.len());
        let (count, after) = match rest[end..].strip_prefix('[') {
            Some(ranges) => {
                let (ranges, after) = ranges.split_once(']')?;
                (ranges.split(',').map(range).sum::<Option<u32>>()?, after)
            }
            None => (1, &rest[end..]),
        };
        total = total.checked_add(count)?;
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(total)
}

fn range(text: &str) -> Option<u32> {
    let Some((first, last)) = text.split_once('-') else { return text.parse::<u32>().ok().map(|_| 1) };
    last.parse::<u32>().ok()?.checked_sub(first.parse().ok()?)?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_lists_are_counted() {
        for (list, count) in [("g1", 1), ("n[1-4]", 4), ("n[1-4,7],g1", 6), ("n[001-010]", 10), ("a,b,c", 3)] {
            assert_eq!(hosts(list), Some(count), "{list}");
        }
        assert_eq!(hosts("n[4-1]"), None);
        assert_eq!(hosts("n[1-"), None);
    }
}
