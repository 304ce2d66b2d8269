//! The resolved scenario as the manifest holds it: every default filled in, in the shape of a scenario file.
//!
//! Read back ([`Node`] can be deserialized, and [`super::of_tree`] reads it), it is the same simulation again. It
//! holds no path of an output, and prices as what they came to, so that a newer catalog changes nothing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::storage::UNLIMITED;
use super::tree::{Data, Entry, Node, Place};
use super::types::{PriceSource, Scenario, Source, Workload};
use super::workload::generator_gpus;
use super::{tables, value};
use crate::cluster::owned::Owned;
use crate::cluster::storage::{Cache, CachePolicy, Share, StorageSpec};
use crate::cluster::{GpuType, Island, PoolSpec, ShareMode, Sharing};
use crate::physics::{Checkpoints, FULL_SPEED, Interference, Interval, Physics, Preemption};
use crate::trace::generate::Generator;
use crate::units::Span;
use crate::units::keys::{Key, Kind, Params, Value};
use crate::units::quantity::bytes_text;

/// A plain value; tables keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Plain>),
    /// A table in order.
    Table(Table),
}

/// A table under construction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table(Vec<(String, Plain)>);

impl Table {
    fn add(&mut self, key: &str, value: impl Into<Plain>) {
        self.0.push((key.to_owned(), value.into()));
    }

    fn add_some(&mut self, key: &str, value: Option<impl Into<Plain>>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }
}

impl From<bool> for Plain {
    fn from(value: bool) -> Self {
        Plain::Bool(value)
    }
}

impl From<u64> for Plain {
    fn from(value: u64) -> Self {
        Plain::Count(value)
    }
}

impl From<u32> for Plain {
    fn from(value: u32) -> Self {
        Plain::Count(u64::from(value))
    }
}

impl From<f64> for Plain {
    fn from(value: f64) -> Self {
        Plain::Number(value)
    }
}

impl From<&str> for Plain {
    fn from(value: &str) -> Self {
        Plain::Text(value.to_owned())
    }
}

impl From<String> for Plain {
    fn from(value: String) -> Self {
        Plain::Text(value)
    }
}

impl From<Table> for Plain {
    fn from(value: Table) -> Self {
        Plain::Table(value)
    }
}

impl FromIterator<String> for Plain {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        Plain::List(texts.into_iter().map(Plain::Text).collect())
    }
}

/// The scenario in full, without its variants.
#[must_use]
pub fn resolved(scenario: &Scenario) -> Plain {
    let mut gpus = Table::default();
    for gpu_type in &scenario.cluster.gpu_types {
        gpus.add(&gpu_type.id, gpu(gpu_type));
    }
    let mut pools = Table::default();
    for (spec, price) in scenario.cluster.pools.iter().zip(&scenario.prices) {
        let mut table = pool(spec, scenario.cluster.gpu_id(spec), price);
        let system = spec.io.storage.map(|number| &scenario.cluster.storage[usize::from(number)]);
        table.add_some("storage", system.map(|system| system.name.as_str()));
        table.add_some("nic", spec.io.nic.map(bandwidth));
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
    if scenario.physics.is_on() || scenario.cluster.pools.iter().any(shares) {
        let mut physics = physics(&scenario.physics);
        if scenario.cluster.pools.iter().any(shares) {
            physics.add("sharing", sharing(scenario));
        }
        root.add("physics", physics);
    }
    root.add("policy", policy);
    root.into()
}

fn physics(physics: &Physics) -> Table {
    let mut table = Table::default();
    table.add("preemption", if physics.preemption == Preemption::Requeue { "requeue" } else { "suspend" });
    let mut startup = Table::default();
    startup.add("time", duration(physics.pauses.startup));
    startup.add("restart", duration(physics.pauses.restart));
    table.add("startup", startup);
    if physics.input {
        table.add("input", true);
    }
    if let Some(checkpoints) = &physics.checkpoints {
        table.add("checkpoint", checkpoint(checkpoints));
    }
    if !physics.preparation.is_empty() {
        let mut preparation = Table::default();
        for (class, &rate) in &physics.preparation {
            let mut one = Table::default();
            one.add("per_core", bandwidth(rate));
            preparation.add(class, one);
        }
        table.add("preparation", preparation);
    }
    let mut communication = Table::default();
    for (class, slowdown) in &physics.slowdowns {
        let mut speeds = Table::default();
        for (key, speed) in [("node", slowdown.node), ("rack", slowdown.rack), ("racks", slowdown.racks)] {
            speeds.add(key, speed.billionths() as f64 / FULL_SPEED as f64);
        }
        communication.add(class, speeds);
    }
    table.add("communication", communication);
    let mut failures = Table::default();
    for (pool, model) in &physics.failures {
        let mut failure = Table::default();
        failure.add("mtbf", duration(model.mtbf));
        failure.add("shape", model.shape);
        failure.add("repair", duration(model.repair.median));
        failure.add("repair_sigma", model.repair.sigma);
        failures.add(pool, failure);
    }
    table.add("failures", failures);
    table
}

fn sharing(scenario: &Scenario) -> Table {
    let mut table = Table::default();
    for pool in &scenario.cluster.pools {
        let Some(sharing) = pool.gpus.and_then(|gpus| gpus.sharing) else { continue };
        let mut keys = Table::default();
        match sharing {
            Sharing::Mig(_) => keys.add("mode", "mig"),
            Sharing::Shares { mode, most, .. } => {
                keys.add("mode", if mode == ShareMode::Mps { "mps" } else { "time-slicing" });
                keys.add("max_per_gpu", u32::from(most));
            }
        }
        if let Some(Interference { one, two, more }) = scenario.physics.interference.get(&pool.name) {
            for (key, speed) in [("beside_one", one), ("beside_two", two), ("beside_more", more)] {
                keys.add(key, speed.billionths() as f64 / FULL_SPEED as f64);
            }
        }
        table.add(&pool.name, keys);
    }
    table
}

fn checkpoint(checkpoints: &Checkpoints) -> Table {
    let mut table = Table::default();
    table.add_some("every", Some(checkpoints.every).filter(|&every| every > Span::ZERO).map(duration));
    let interval = Interval::WORDS.into_iter().find(|&(_, known)| known == checkpoints.interval);
    table.add_some("interval", interval.map(|(word, _)| word).filter(|_| checkpoints.interval != Interval::Given));
    table.add("cost", duration(checkpoints.cost));
    if let Some(size) = checkpoints.size {
        table.add("params_per_gpu", size.params_per_gpu);
        table.add("bytes_per_param", size.bytes_per_param);
    }
    table
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
    table.add_some("queues", spec.queues.as_ref().map(|queues| queues.iter().cloned().collect::<Plain>()));
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
        Source::Trace(path) => table.add("trace", path.display().to_string()),
        Source::Generate { generator, params } => table.add("generate", generate(generator, params, cluster_gpus)),
    }
    table.add("scale", workload.scale);
    table.add("enforce_walltime", workload.enforce_walltime);
    table.add("estimate_factor", workload.estimate_factor);
    table.add("discard", workload.discard.iter().map(|state| state.word().to_owned()).collect::<Plain>());
    table.add_some("mfu", workload.mfu_ppm.map(|ppm| f64::from(ppm) / 1e6));
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
    Table(given.map(|(key, value)| (key.name.to_owned(), plain(value, key.kind))).collect())
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

fn plain(value: &Value, kind: Kind) -> Plain {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Count(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Texts(values) => values.iter().cloned().collect(),
        Value::Duration(span) => duration(*span).into(),
        Value::Bytes(bytes) if kind == Kind::Bandwidth => bandwidth(*bytes).into(),
        Value::Bytes(bytes) => bytes_text(*bytes).into(),
        Value::Price(price) => price.to_string().into(),
    }
}

fn duration(span: Span) -> String {
    format!("{span}s")
}

fn bandwidth(bytes: u64) -> String {
    format!("{}/s", bytes_text(bytes))
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Plain::Bool(value) => serializer.serialize_bool(*value),
            Plain::Count(value) => serializer.serialize_u64(*value),
            Plain::Number(value) => serializer.serialize_f64(*value),
            Plain::Text(value) => serializer.serialize_str(value),
            Plain::List(values) => values.serialize(serializer),
            Plain::Table(table) => {
                let mut map = serializer.serialize_map(Some(table.0.len()))?;
                for (key, value) in &table.0 {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads what [`Plain`] wrote; all places are the manifest as a whole.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let data = deserializer.deserialize_any(DataVisitor)?;
        Ok(Node { data, place: manifest() })
    }
}

fn manifest() -> Place {
    Place::whole("the manifest's scenario")
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a scenario")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Integer { text: value.to_string(), value: Some(value) })
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Integer { text: value.to_string(), value: u64::try_from(value).ok() })
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Float(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Data, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Data::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry()? {
            entries.push(Entry { key, place: manifest(), node });
        }
        Ok(Data::Table(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Overrides, load, of_tree};
    use super::*;

    fn scenario(name: &str) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        load(&path, &Overrides::default()).unwrap()
    }

    #[test]
    fn a_resolved_scenario_reads_back_as_itself() {
        for name in [
            "quickstart.toml",
            "pools-and-queues.toml",
            "nvl72.toml",
            "owned.toml",
            "generated.toml",
            "failures.toml",
            "sharing.toml",
            "storage.toml",
        ] {
            let first = scenario(name);
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
        if let Source::Trace(path) = &mut quickstart.workload.source {
            *path = "traces/quickstart.csv".into();
        }
        insta::assert_snapshot!(serde_json::to_string_pretty(&resolved(&quickstart)).unwrap());
    }
}
