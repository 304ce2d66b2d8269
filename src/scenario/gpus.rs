//! `[cluster.gpus.NAME]`: GPU types of the scenario's own, and other properties for those of the catalog.

use super::section::Section;
use super::tables::GPU;
use super::tree::{Entry, Node};
use crate::cluster::{GpuType, catalog};
use crate::input::Problems;
use crate::units::suggest;

/// The GPU types that pools can name.
#[derive(Debug)]
pub struct GpuTypes {
    own: Vec<OwnType>,
}

#[derive(Debug)]
struct OwnType {
    gpu_type: GpuType,
    priced: bool,
}

impl GpuTypes {
    /// Reads the types of a `[cluster]`.
    pub fn read(cluster: &Node, problems: &mut Problems) -> Self {
        let entries = cluster.entry("gpus").and_then(|gpus| gpus.node.table()).unwrap_or_default();
        GpuTypes { own: entries.iter().map(|entry| read_type(entry, problems)).collect() }
    }

    /// The type with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<GpuType> {
        let own = self.own.iter().map(|own| &own.gpu_type).find(|gpu_type| gpu_type.id == id);
        own.cloned().or_else(|| catalog::find(id).map(catalog::CatalogGpu::gpu_type))
    }

    /// Whether the scenario gives the type a price of its own.
    #[must_use]
    pub fn prices_itself(&self, id: &str) -> bool {
        self.own.iter().any(|own| own.gpu_type.id == id && own.priced)
    }

    /// The scenario's own types that are not among these, in file order.
    #[must_use]
    pub fn others(&self, used: &[GpuType]) -> Vec<GpuType> {
        let others = self.own.iter().map(|own| &own.gpu_type).filter(|own| !used.iter().any(|used| used.id == own.id));
        others.cloned().collect()
    }

    /// What is wrong with an id that no type has.
    #[must_use]
    pub fn unknown(&self, id: &str) -> String {
        unknown_type(id, self.own.iter().map(|own| own.gpu_type.id.as_str()))
    }
}

/// What is wrong with an id of a GPU type that is neither the catalog's nor one of the scenario's own.
#[must_use]
pub fn unknown_type<'a>(id: &str, own: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<&str> = own.chain(catalog::gpus().iter().map(|gpu| gpu.id)).collect();
    let start = id.to_lowercase();
    let family: Vec<String> =
        ids.iter().filter(|known| known.starts_with(&start)).map(|known| format!("`{known}`")).collect();
    let hint = match family.as_slice() {
        [] => suggest::hint(id, &ids),
        [one] => format!("; did you mean {one}?"),
        [most @ .., last] => format!("; did you mean {} or {last}?", most.join(", ")),
    };
    format!("unknown GPU type `{id}`{hint} (or define [cluster.gpus.{id}])")
}

fn read_type(entry: &Entry, problems: &mut Problems) -> OwnType {
    let id = &entry.key;
    let title = format!("cluster.gpus.{id}");
    let keys = Section::read(&entry.node, &entry.place, GPU.keys, GPU.required, &title, problems);
    let base = catalog::find(id).map_or_else(
        || GpuType { id: id.clone(), mig_instances: 1, ..GpuType::default() },
        catalog::CatalogGpu::gpu_type,
    );
    let mig_instances = keys.count("mig_instances").and_then(|n| u8::try_from(n).ok()).unwrap_or(base.mig_instances);
    let gpu_type = GpuType {
        arch: keys.text("arch").map(str::to_owned).or(base.arch),
        memory_bytes: keys.bytes("memory").or(base.memory_bytes),
        bandwidth: keys.bytes("bandwidth").or(base.bandwidth),
        tflops: keys.number("tflops").or(base.tflops),
        fp8_tflops: keys.number("fp8_tflops").or(base.fp8_tflops),
        power_w: keys.count32("power_w").or(base.power_w),
        mig_instances,
        mig: base.mig.filter(|_| mig_instances > 1),
        link: keys.bytes("link").or(base.link),
        price: keys.price("price").or(base.price),
        id: base.id,
    };
    OwnType { gpu_type, priced: keys.price("price").is_some() }
}
