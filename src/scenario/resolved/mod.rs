//! The resolved scenario as the manifest holds it: every default filled in, in the shape of a scenario file.
//!
//! Read back ([`super::tree::Node`] can be deserialized, and [`super::of_tree`] reads it), it is the same simulation again. It
//! holds no path of an output, and prices as what they came to, so that a newer catalog changes nothing.

mod manifest;
mod physics;
mod plain;

pub use plain::Plain;
use plain::{Table, bandwidth, duration, plain};

use super::storage::UNLIMITED;
use super::types::{PriceSource, Scenario, Source, Workload};
use super::workload::generator_gpus;
use super::{tables, value};
use crate::cluster::owned::Owned;
use crate::cluster::storage::{Cache, CachePolicy, Share, StorageSpec};
use crate::cluster::{GpuType, Island, PoolSpec, Rent, Tenure};
use crate::sched::PPM;
use crate::trace::generate::Generator;
use crate::units::Span;
use crate::units::keys::{Key, Params};
use crate::units::quantity::bytes_text;

/// The scenario in full, without its variants.
#[must_use]
pub fn resolved(scenario: &Scenario) -> Plain {
    let mut gpus = Table::default();
    for gpu_type in scenario.cluster.gpu_types.iter().chain(&scenario.spare_types) {
        gpus.add(&gpu_type.id, gpu(gpu_type));
    }
    let mut pools = Table::default();
    for (spec, price) in scenario.cluster.pools.iter().zip(&scenario.prices) {
        let mut table = pool(spec, scenario.cluster.gpu_id(spec), price);
        let system = spec.io.storage.map(|number| &scenario.cluster.storage[usize::from(number)]);
        table.add_some("storage", system.map(|system| system.name.as_str()));
        table.add_some("nic", spec.io.nic.map(bandwidth));
        physics::network(&mut table, &spec.io.network);
        table.add_some("cache", spec.io.cache.as_ref().map(cache));
        pools.add(&spec.name, table);
    }
    let mut cluster = Table::default();
    cluster.add("gpus", gpus);
    cluster.add("pools", pools);
    if !scenario.cluster.storage.is_empty() {
        let mut systems = Table::default();
        for spec in &scenario.cluster.storage {
            systems.add(&spec.name, storage(spec));
        }
        cluster.add("storage", systems);
    }
    let mut measure = Table::default();
    measure.add_some("until", scenario.measure.until.map(|until| format!("{until}s")));
    measure.add("warmup", duration(scenario.measure.warmup));
    measure.add("cooldown", duration(scenario.measure.cooldown));
    let mut policy = Table::default();
    policy.add(scenario.policy.entry.name, with_defaults(scenario.policy.entry.keys, &scenario.policy.params));

    let mut root = Table::default();
    root.add("name", scenario.name.as_str());
    root.add("seed", scenario.seed);
    root.add("cluster", cluster);
    root.add("workload", workload(&scenario.workload, scenario.cluster.gpu_count()));
    root.add("measure", measure);
    let shares = |pool: &PoolSpec| pool.gpus.is_some_and(|gpus| gpus.sharing.is_some());
    let books = !scenario.physics.prices.is_empty() || !scenario.physics.classes.is_empty();
    let spares = physics::spares(&scenario.cluster.pools);
    if scenario.physics.is_on() || books || spares.is_some() || scenario.cluster.pools.iter().any(shares) {
        let mut table = physics::physics(&scenario.physics);
        if scenario.cluster.pools.iter().any(shares) {
            table.add("sharing", physics::sharing(scenario));
        }
        table.add_some("spares", spares);
        root.add("physics", table);
    }
    root.add("policy", policy);
    root.into()
}

fn storage(spec: &StorageSpec) -> Table {
    let mut table = Table::default();
    if spec.read.is_none() || spec.write.is_none() {
        table.add("kind", UNLIMITED);
    }
    for (key, rate) in [("read", spec.read), ("write", spec.write), ("client", spec.client)] {
        table.add_some(key, rate.map(bandwidth));
    }
    table.add("share", if spec.share == Share::Job { "job" } else { "node" });
    table
}

fn cache(cache: &Cache) -> Table {
    let mut table = Table::default();
    table.add("size", bytes_text(cache.bytes));
    let policy = CachePolicy::WORDS.into_iter().find(|&(_, policy)| policy == cache.policy);
    table.add_some("policy", policy.map(|(word, _)| word));
    table.add("shared", cache.shared);
    table
}

fn gpu(gpu_type: &GpuType) -> Table {
    let mut table = Table::default();
    table.add_some("arch", gpu_type.arch.as_deref());
    table.add_some("memory", gpu_type.memory_bytes.map(bytes_text));
    table.add_some("bandwidth", gpu_type.bandwidth.map(bandwidth));
    table.add_some("tflops", gpu_type.tflops);
    table.add_some("fp8_tflops", gpu_type.fp8_tflops);
    table.add_some("power_w", gpu_type.power_w);
    table.add("mig_instances", u32::from(gpu_type.mig_instances));
    table.add_some("link", gpu_type.link.map(bandwidth));
    table.add_some("price", gpu_type.price.map(|price| price.to_string()));
    table
}

fn pool(spec: &PoolSpec, gpu_id: Option<&str>, price: &PriceSource) -> Table {
    let mut table = Table::default();
    table.add_some("gpu", gpu_id);
    table.add("nodes", spec.nodes);
    if let Some(gpus) = spec.gpus {
        table.add("gpus_per_node", gpus.per_node);
        match gpus.island {
            Island::Gpus(size) => table.add("island", size),
            Island::Rack => table.add("island", "rack"),
        }
    }
    table.add("nodes_per_rack", spec.nodes_per_rack.unwrap_or(spec.nodes));
    table.add_some("cpus_per_node", spec.cpu_milli.map(|milli| milli / 1000));
    table.add_some("mem_per_node", spec.mem_bytes.map(bytes_text));
    match price {
        PriceSource::Owned(owned) => table.add("owned", owned_table(owned)),
        PriceSource::NoGpus => {}
        PriceSource::Given | PriceSource::Catalog(_) | PriceSource::Unknown => {
            table.add("price", spec.price.to_string());
        }
    }
    let said_by_price = spec.tenure == Tenure::Owned && matches!(price, PriceSource::Owned(_));
    if spec.tenure != Tenure::Reserved && !said_by_price {
        table.add("kind", spec.tenure.word());
        table.add_some("rent", spec.tenure.rent().map(|rent| rent_table(&rent, spec.tenure.reclaim())));
    }
    table.add_some("queues", spec.queues.as_ref().map(|queues| queues.iter().cloned().collect::<Plain>()));
    table
}

fn rent_table(rent: &Rent, reclaim: Option<Span>) -> Table {
    let mut table = Table::default();
    table.add("after", duration(rent.after));
    table.add("delay", duration(rent.delay));
    table.add("refusal", f64::from(rent.refusal_ppm) / 1e6);
    table.add("retry_after", duration(rent.retry));
    table.add("keep", duration(rent.keep));
    table.add_some("reclaim", reclaim.map(duration));
    table
}

fn owned_table(owned: &Owned) -> Table {
    let mut table = Table::default();
    for (key, value) in [
        ("capex", owned.capex),
        ("power_kw", owned.power_kw),
        ("years", owned.years),
        ("resale", owned.resale),
        ("load", owned.load),
        ("pue", owned.pue),
        ("electricity", owned.electricity),
        ("opex", owned.opex),
        ("space", owned.space),
        ("interest", owned.interest),
    ] {
        table.add(key, value);
    }
    table
}

fn workload(workload: &Workload, cluster_gpus: u64) -> Table {
    let mut table = Table::default();
    match &workload.source {
        Source::Trace(trace) => table.add("trace", trace.display().to_string()),
        Source::Generate { generator, params } => table.add("generate", generate(generator, params, cluster_gpus)),
    }
    table.add("scale", workload.scale);
    table.add("enforce_walltime", workload.enforce_walltime);
    table.add("estimate_factor", f64::from(workload.estimate_ppm) / f64::from(PPM));
    table.add("discard", workload.discard.iter().map(|state| state.word().to_owned()).collect::<Plain>());
    table.add_some("mfu", workload.mfu_ppm.map(|ppm| f64::from(ppm) / f64::from(PPM)));
    table.add("recorded", workload.recorded);
    table
}

/// The keys of a generator with its defaults, but for those that mean nothing beside the others.
fn generate(generator: &Generator, given: &Params, cluster_gpus: u64) -> Table {
    let mut params = given.clone();
    for key in tables::GENERATE.keys {
        if let (None, Some(default)) = (given.value(key.name), value::default_of(key)) {
            let mut fuller = params.clone();
            fuller.set(key.name, default);
            if Generator::from_params(&fuller, generator_gpus(cluster_gpus)).as_ref() == Ok(generator) {
                params = fuller;
            }
        }
    }
    let given = tables::GENERATE.keys.iter().filter_map(|key| Some((key, params.value(key.name)?)));
    given.map(|(key, value)| (key.name.to_owned(), plain(value, key.kind))).collect()
}

/// The given values, and the defaults of the other keys where a default is a value.
fn with_defaults(keys: &[Key], params: &Params) -> Table {
    let mut table = Table::default();
    for key in keys {
        let value = params.value(key.name).cloned().or_else(|| value::default_of(key));
        table.add_some(key.name, value.map(|value| plain(&value, key.kind)));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tree::Node;
    use super::super::{Overrides, load, of_tree};
    use super::*;

    fn scenario(name: &str) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        load(&path, &Overrides::default()).unwrap()
    }

    #[test]
    fn a_resolved_scenario_reads_back_as_itself() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let name = path.display();
            let first = load(&path, &Overrides::default()).unwrap();
            let json = serde_json::to_string_pretty(&resolved(&first)).unwrap();
            let tree: Node = serde_json::from_str(&json).unwrap();
            let again = of_tree(tree, Path::new(""), &Overrides::default()).unwrap();
            assert_eq!(serde_json::to_string_pretty(&resolved(&again)).unwrap(), json, "{name}");
            let price = |s: &Scenario| s.cluster.pools.iter().map(|p| p.price).collect::<Vec<_>>();
            assert_eq!(price(&again), price(&first), "{name}");
            match (&again.workload.source, &first.workload.source) {
                (Source::Generate { generator: a, .. }, Source::Generate { generator: b, .. }) => assert_eq!(a, b),
                (a, b) => assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn defaults_are_filled_in() {
        let mut quickstart = scenario("quickstart.toml");
        quickstart.policy.params = Params::default();
        if let Source::Trace(trace) = &mut quickstart.workload.source {
            trace.path = "traces/quickstart.csv".into();
        }
        insta::assert_snapshot!(serde_json::to_string_pretty(&resolved(&quickstart)).unwrap());
    }
}
