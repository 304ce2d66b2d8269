//! Philly's machines; the sources disagree on them, so each says which it is.

use super::super::inventory::{Inventory, Shape};
use super::super::sheet::Sheet;
use super::super::site::{Site, SitePool};
use crate::input::Problems;

/// The GPU type; the dataset gives its memory at most.
const GPU: &str = "philly-gpu";

/// The cluster by whichever list was given: virtual clusters, else machines, else the totals of the original list.
pub fn of(machines: Option<Sheet>, vcs: Option<Sheet>) -> Result<Site, Problems> {
    match (vcs, machines) {
        (Some(vcs), _) => of_vcs(vcs),
        (None, Some(machines)) => of_machines(machines),
        (None, None) => {
            let mut inventory = Inventory::default();
            for (gpus, nodes) in [(8, 231), (2, 321)] {
                inventory.add(Shape { gpus, gpu: GPU.to_owned(), ..Shape::default() }, nodes);
            }
            Ok(large_first(inventory.site(
                "The 552 machines of the original cluster_machine_list: 231 with 8 GPUs and 321 with 2.\n\
                 Every virtual cluster may use all of them; philly_vc.csv divides them.",
            )))
        }
    }
}

fn of_machines(mut sheet: Sheet) -> Result<Site, Problems> {
    let gpus = sheet.column("number of GPUs")?;
    let memory = sheet.find("single GPU mem");
    let mut inventory = Inventory::default();
    while let Some(row) = sheet.next_row()? {
        let count = row.count(gpus)?;
        let memory = memory.and_then(|column| row.known(column)).map(|memory| memory.replace(' ', ""));
        let gpu = memory.map_or_else(|| GPU.to_owned(), |memory| format!("{GPU}-{memory}"));
        let gpu = if count > 0 { gpu } else { String::new() };
        inventory.add(Shape { gpus: count, gpu, ..Shape::default() }, 1);
    }
    let file = sheet.file_name();
    let about = format!("The machines of {file}, a pool for each size; every virtual cluster may use all of them.");
    Ok(large_first(inventory.site(about)))
}

/// The same with the largest nodes first: Philly keeps the GPUs of a job together before all else.
fn large_first(mut site: Site) -> Site {
    site.pools.reverse();
    site
}

fn of_vcs(mut sheet: Sheet) -> Result<Site, Problems> {
    let [vc, nodes] = sheet.columns(["vc", "node num"])?;
    let mut pools = Vec::new();
    while let Some(row) = sheet.next_row()? {
        let name = row.text(vc).to_owned();
        pools.push(SitePool {
            queues: Some(vec![name.clone()]),
            name,
            gpu: Some(GPU.to_owned()),
            nodes: row.count(nodes)?,
            gpus_per_node: 8,
            ..SitePool::default()
        });
    }
    let file = sheet.file_name();
    let about = format!(
        "The nodes that {file} gives each virtual cluster, 8 GPUs each, as simulated in SC'21.\n\
         A job of any other virtual cluster is rejected."
    );
    Ok(Site::new(about, pools))
}
