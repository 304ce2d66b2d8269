//! PAI's machines.

use std::path::Path;

use super::super::alibaba::gpu_id;
use super::super::inventory::{Inventory, Shape};
use super::super::sheet::{Header, Sheet};
use super::super::site::Site;
use crate::input::Problems;

const COLUMNS: &[&str] = &["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"];

const GIB: u64 = 1 << 30;

/// The published machines: type, GPUs of a node, cores, GiB, nodes.
const MACHINES: [(&str, u32, u64, u64, u32); 7] = [
    ("CPU", 0, 96, 512, 83),
    ("MISC", 8, 96, 512, 280),
    ("P100", 2, 64, 512, 798),
    ("T4", 2, 96, 512, 497),
    ("V100", 8, 96, 384, 45),
    ("V100", 8, 96, 512, 59),
    ("V100M32", 8, 96, 384, 135),
];

/// The cluster as the dataset's machine table has it.
pub fn published() -> Site {
    let mut inventory = Inventory::default();
    for (model, gpus, cores, gib, nodes) in MACHINES {
        inventory.add(shape(model, gpus, cores * 1000, gib), nodes);
    }
    inventory.site(
        "The 1,897 machines of the published pai_machine_spec, which was not given, a pool for each model and size.\n\
         MISC hides several older types.",
    )
}

/// The cluster of a table of machines.
pub fn of_machines(path: &Path) -> Result<Site, Problems> {
    let mut sheet = Sheet::open_as(path, b',', Header::Named(COLUMNS))?;
    let [model, cpus, memory, gpus] = sheet.columns(["gpu_type", "cap_cpu", "cap_mem", "cap_gpu"])?;
    let mut inventory = Inventory::default();
    while let Some(row) = sheet.next_row()? {
        let shape = shape(row.text(model), row.count(gpus)?, row.milli(cpus)?, u64::from(row.count(memory)?));
        inventory.add(shape, 1);
    }
    let file = sheet.file_name();
    Ok(inventory
        .site(format!("The machines of {file}, a pool for each model and size. MISC hides several older types.")))
}

fn shape(model: &str, gpus: u32, cpu_milli: u64, gib: u64) -> Shape {
    let gpu = if gpus > 0 { gpu_id(model).to_owned() } else { String::new() };
    Shape { gpus, gpu, cpu_milli, mem_bytes: gib * GIB }
}
