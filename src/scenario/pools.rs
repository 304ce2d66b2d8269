//! `[cluster.pools.NAME]`: nodes, islands, racks, prices.

use super::gpus::GpuTypes;
use super::rent;
use super::section::Section;
use super::storage;
use super::tables::{OWNED, POOL};
use super::tree::{Entry, Node};
use super::types::PriceSource;
use crate::cluster::catalog;
use crate::cluster::owned::{ELECTRICITY, Owned};
use crate::cluster::{ClusterSpec, GpuType, Island, Network, NodeGpus, NodeIo, PoolSpec, Spares};
use crate::input::Problems;
use crate::units::UsdPerGpuHour;

/// Islands of more than one GPU that a node can have.
const MOST_ISLANDS: u32 = 16;

/// Keys that make sense only where there are GPUs.
const GPU_KEYS: [&str; 4] = ["gpus_per_node", "island", "price", "owned"];

/// The cluster with the source of each pool's price.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The hardware.
    pub spec: ClusterSpec,
    /// The scenario's own GPU types that no pool has.
    pub spare_types: Vec<GpuType>,
    /// By pool.
    pub prices: Vec<PriceSource>,
    /// Prices taken by default.
    pub notices: Vec<String>,
}

/// Reads `[cluster]`.
pub fn read(root: &Node, problems: &mut Problems) -> Cluster {
    let mut cluster = Cluster::default();
    let Some(section) = root.entry("cluster") else {
        problems.push(root.place.problem("the scenario has no pool; it needs at least one [cluster.pools.NAME]"));
        return cluster;
    };
    let types = GpuTypes::read(&section.node, problems);
    cluster.spec.storage = storage::read(&section.node, problems);
    let pools = section.node.entry("pools");
    let entries = pools.and_then(|pools| pools.node.table()).unwrap_or_default();
    let is_table = pools.map_or(&section.node, |pools| &pools.node).table().is_some();
    if entries.is_empty() && is_table {
        let place = pools.map_or(&section.place, |pools| &pools.place);
        problems.push(place.problem("the cluster has no pool; it needs at least one [cluster.pools.NAME]"));
    }
    for entry in entries {
        read_pool(entry, &types, &mut cluster, problems);
    }
    cluster.spare_types = types.others(&cluster.spec.gpu_types);
    cluster.notices = price_notices(&cluster);
    cluster
}

fn read_pool(entry: &Entry, types: &GpuTypes, cluster: &mut Cluster, problems: &mut Problems) {
    let name = &entry.key;
    if name.is_empty() {
        problems.push(entry.place.problem("a pool needs a name"));
    }
    let title = format!("cluster.pools.{name}");
    let keys = Section::read(&entry.node, &entry.place, POOL.keys, POOL.required, &title, problems);
    let gpu_type = read_gpu_type(&keys, types, cluster, problems);
    let gpus = gpu_type.and_then(|at| read_node_gpus(at, &keys, &title, problems));
    check_without_gpus(&keys, problems);
    let nodes = read_nodes(gpus, &keys, problems);
    let io = storage::read_io(entry, &keys, &cluster.spec.storage, problems);
    let (price, source) = read_price(entry, &keys, gpu_type.map(|at| &cluster.spec.gpu_types[at]), types, problems);
    cluster.prices.push(source);
    cluster.spec.pools.push(PoolSpec {
        name: name.clone(),
        nodes,
        gpus,
        nodes_per_rack: keys.count32("nodes_per_rack"),
        spares: Spares::default(),
        cpu_milli: keys.count("cpus_per_node").map(|cores| cores * 1000),
        mem_bytes: read_memory(&keys, problems),
        io: NodeIo { network: read_network(&keys, problems), ..io },
        tenure: rent::read(entry, &keys, problems),
        price,
        queues: read_queues(&keys, problems),
    });
}

/// The pool's GPU type as an index into the cluster's list.
fn read_gpu_type(
    keys: &Section<'_>,
    types: &GpuTypes,
    cluster: &mut Cluster,
    problems: &mut Problems,
) -> Option<usize> {
    let id = keys.text("gpu")?;
    let Some(gpu_type) = types.find(id) else {
        problems.push(keys.place("gpu").problem(types.unknown(id)));
        return None;
    };
    let used = &mut cluster.spec.gpu_types;
    Some(used.iter().position(|known| known.id == id).unwrap_or_else(|| {
        used.push(gpu_type);
        used.len() - 1
    }))
}

fn read_node_gpus(gpu_type: usize, keys: &Section<'_>, title: &str, problems: &mut Problems) -> Option<NodeGpus> {
    if keys.misses("gpus_per_node") {
        problems.push(keys.place("gpu").problem(format!("[{title}] lacks `gpus_per_node`, which `gpu` requires")));
    }
    let per_node = keys.count32("gpus_per_node")?;
    let island = match (keys.text("island"), keys.count32("island")) {
        (Some(_), _) => Island::Rack,
        (None, Some(size)) => Island::Gpus(size),
        (None, None) => Island::Gpus(per_node),
    };
    if let Island::Gpus(size) = island {
        check_island(size, per_node, keys, problems);
    }
    Some(NodeGpus { gpu_type, per_node, island, sharing: None })
}

fn check_island(size: u32, per_node: u32, keys: &Section<'_>, problems: &mut Problems) {
    let place = keys.place("island");
    if size > per_node {
        problems.push(place.problem(format!(
            "`island`: {size} GPUs are more than the {per_node} of a node; a domain across nodes is island = \"rack\""
        )));
    } else if !per_node.is_multiple_of(size) {
        let fitting: Vec<String> =
            (1..=per_node.min(64)).filter(|&n| per_node.is_multiple_of(n)).map(|n| n.to_string()).collect();
        problems.push(place.problem(format!(
            "`island`: the {per_node} GPUs of a node do not divide into islands of {size}; expected one of {}",
            fitting.join(", ")
        )));
    } else if size > 1 && per_node / size > MOST_ISLANDS {
        problems.push(place.problem(format!(
            "`island`: {} islands of {size} GPUs to a node; at most {MOST_ISLANDS} are supported (or islands of 1)",
            per_node / size
        )));
    }
}

fn check_without_gpus(keys: &Section<'_>, problems: &mut Problems) {
    if !keys.misses("gpu") {
        return;
    }
    for key in GPU_KEYS {
        if keys.has(key) {
            problems
                .push(keys.place(key).problem(format!("`{key}`: the pool has no `gpu`, so its nodes have CPUs only")));
        }
    }
}

/// The nodes of the pool; a wrong number is read as one, so that no later sum overflows.
fn read_nodes(gpus: Option<NodeGpus>, keys: &Section<'_>, problems: &mut Problems) -> u32 {
    let nodes = keys.count32("nodes").unwrap_or(1);
    let per_node = gpus.map_or(0, |gpus| gpus.per_node);
    if nodes.checked_mul(per_node).is_some() {
        return nodes;
    }
    problems.push(keys.place("nodes").problem(format!(
        "`nodes`: {nodes} nodes of {per_node} GPUs are more than the {} GPUs that a pool can have",
        u32::MAX
    )));
    1
}

fn read_memory(keys: &Section<'_>, problems: &mut Problems) -> Option<u64> {
    let bytes = keys.bytes("mem_per_node")?;
    if bytes == 0 {
        problems.push(keys.place("mem_per_node").problem("`mem_per_node`: no memory; leave the key out for unlimited"));
    }
    Some(bytes)
}

fn read_queues(keys: &Section<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let queues = keys.texts("queues")?;
    if queues.is_empty() {
        problems.push(keys.place("queues").problem("`queues`: an empty list; leave the key out to let every line in"));
    }
    Some(queues.to_vec())
}

fn read_network(keys: &Section<'_>, problems: &mut Problems) -> Network {
    storage::check_above_zero(keys, "bridge", problems);
    storage::check_above_zero(keys, "fabric", problems);
    let standard = Network::default();
    Network {
        bridge: keys.bytes("bridge"),
        fabric: keys.bytes("fabric"),
        cards: keys.count32("fabric_cards").unwrap_or(standard.cards),
        latency: keys.span("fabric_latency").unwrap_or(standard.latency),
        oversubscription: keys.number("oversubscription").unwrap_or(standard.oversubscription),
    }
}

/// The price of a pool's GPU-hour: given, owned, its type's, the catalog's, or nothing, in this order.
fn read_price(
    entry: &Entry,
    keys: &Section<'_>,
    gpu_type: Option<&GpuType>,
    types: &GpuTypes,
    problems: &mut Problems,
) -> (UsdPerGpuHour, PriceSource) {
    let owned = entry.node.entry("owned").map(|owned| (owned, read_owned(owned, &entry.key, problems)));
    if let (true, Some((at, _))) = (keys.has("price"), &owned) {
        let message = format!(
            "both `price` ({}) and [cluster.pools.{}.owned] are given; a pool takes one of them",
            keys.place("price").brief(),
            entry.key
        );
        problems.push(at.place.problem(message));
    }
    let Some(gpu_type) = gpu_type else { return (UsdPerGpuHour::default(), PriceSource::NoGpus) };
    let rental = catalog::find(&gpu_type.id).and_then(|gpu| gpu.rental);
    match (keys.price("price"), owned, gpu_type.price) {
        (Some(price), _, _) => (price, PriceSource::Given),
        (None, Some((_, owned)), _) => (owned.cost().price(), PriceSource::Owned(owned)),
        (None, None, Some(price)) => match rental {
            Some(rental) if !types.prices_itself(&gpu_type.id) => (price, PriceSource::Catalog(rental.source)),
            _ => (price, PriceSource::Given),
        },
        (None, None, None) => (UsdPerGpuHour::default(), PriceSource::Unknown),
    }
}

fn read_owned(entry: &Entry, pool: &str, problems: &mut Problems) -> Owned {
    let title = format!("cluster.pools.{pool}.owned");
    let keys = Section::read(&entry.node, &entry.place, OWNED.keys, OWNED.required, &title, problems);
    let standard = Owned::default();
    let space = keys.number("space").unwrap_or(standard.space);
    Owned {
        capex: keys.number("capex").unwrap_or(standard.capex),
        years: keys.number("years").unwrap_or(standard.years),
        resale: keys.number("resale").unwrap_or(standard.resale),
        power_kw: keys.number("power_kw").unwrap_or(standard.power_kw),
        load: keys.number("load").unwrap_or(standard.load),
        pue: keys.number("pue").unwrap_or(standard.pue),
        electricity: keys.number("electricity").unwrap_or(if space > 0.0 { 0.0 } else { ELECTRICITY }),
        opex: keys.number("opex").unwrap_or(standard.opex),
        space,
        interest: keys.number("interest").unwrap_or(standard.interest),
    }
}

/// What is assumed about pools without a price: a notice for each GPU type.
fn price_notices(cluster: &Cluster) -> Vec<String> {
    let mut groups: Vec<(usize, &PriceSource, Vec<&PoolSpec>)> = Vec::new();
    for (pool, source) in cluster.spec.pools.iter().zip(&cluster.prices) {
        let (PriceSource::Catalog(_) | PriceSource::Unknown, Some(gpus)) = (source, &pool.gpus) else { continue };
        match groups.iter_mut().find(|(gpu_type, ..)| *gpu_type == gpus.gpu_type) {
            Some((.., pools)) => pools.push(pool),
            None => groups.push((gpus.gpu_type, source, vec![pool])),
        }
    }
    groups
        .iter()
        .map(|(gpu_type, source, pools)| price_notice(&cluster.spec.gpu_types[*gpu_type].id, source, pools))
        .collect()
}

fn price_notice(id: &str, source: &PriceSource, pools: &[&PoolSpec]) -> String {
    const MOST_NAMED: usize = 4;
    let (have, their) = if let [_] = pools { ("has", "its") } else { ("have", "their") };
    let named = pools.iter().take(MOST_NAMED).map(|pool| format!("`{}`", pool.name)).collect::<Vec<_>>().join(", ");
    let more = pools.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let who = format!("pool{} {named}{more} {have} no price", if pools.len() == 1 { "" } else { "s" });
    match (source, pools) {
        (PriceSource::Catalog(from), [first, ..]) => {
            format!("{who}; taking the rental price of {id}, {} ({from})", first.price)
        }
        _ => format!("{who} and the catalog none for {id}; {their} GPU-hours count as $0"),
    }
}
