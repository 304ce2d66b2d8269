//! Sizes of Helios' clusters and of their virtual clusters.

use std::path::Path;

use super::super::Request;
use super::super::sheet::Sheet;
use super::super::site::{Site, SitePool};
use super::PER_NODE;
use crate::input::Problems;

/// The clusters.
pub const NAMES: &[&str] = &["venus", "earth", "saturn", "uranus"];

/// Nodes and GPU generation of a cluster (SC'21, table 1); Saturn has two generations in numbers not published.
fn table(name: &str) -> Option<(u32, &'static str)> {
    Some(match name {
        "venus" => (133, "v100"),
        "earth" => (143, "v100"),
        "saturn" => (262, "pascal-or-volta"),
        "uranus" => (264, "pascal"),
        _ => return None,
    })
}

/// The cluster that the request names, or the folder that the log lies in (`data/Venus/cluster_log.csv`).
pub fn named(request: &Request<'_>, log: &Path) -> Option<Site> {
    let folder = log.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    published(request.options.text_or("cluster", &folder.unwrap_or_default()))
}

/// A cluster by its name.
pub fn published(name: &str) -> Option<Site> {
    let (nodes, gpu) = table(name)?;
    let about = format!(
        "{nodes} nodes of {PER_NODE} GPUs: the size of {name} in SC'21, table 1, as one pool.\n\
         The virtual clusters, which share no nodes, need cluster_gpu_number.csv."
    );
    let pool = SitePool { gpu: Some(gpu.to_owned()), queues: None, ..pool(name, nodes) };
    Some(Site::new(about, vec![pool]))
}

/// The sizes of a virtual cluster over the days.
#[derive(Default, Clone)]
struct Days {
    largest: u64,
    last: u64,
    sum: u64,
}

/// What holds for all virtual clusters.
const SHARED: &str = "They share no nodes; a node has 8 GPUs, here of Venus' type.";

/// Why there are no virtual clusters.
const UNDIVIDED: &str = "One pool, since the list does not say which job belongs to which.";

/// A pool for each virtual cluster, by its daily numbers of GPUs.
pub fn of_sizes(mut sheet: Sheet, which: &str) -> Result<Site, Problems> {
    let is_vc = |name: &&String| !["date", "total"].contains(&name.as_str());
    let vcs: Vec<String> = sheet.names().iter().filter(is_vc).cloned().collect();
    let nodes = daily(&mut sheet, &vcs, which)?;
    let pools = vcs.iter().zip(nodes).map(|(vc, nodes)| pool(vc, nodes)).collect();
    Ok(Site::new(format!("{}\n{SHARED}", about_days(&sheet, which)), pools))
}

/// All virtual clusters as one pool, by the daily totals.
pub fn of_totals(mut sheet: Sheet, which: &str) -> Result<Site, Problems> {
    let nodes = daily(&mut sheet, &["total".to_owned()], which)?;
    let pools = nodes.iter().map(|&nodes| SitePool { queues: None, ..pool("main", nodes) }).collect();
    Ok(Site::new(format!("{}\n{UNDIVIDED}", about_days(&sheet, which)), pools))
}

fn about_days(sheet: &Sheet, which: &str) -> String {
    format!("The virtual clusters of {} with their {which} sizes over {} days.", sheet.file_name(), sheet.rows())
}

/// Nodes of each column, rounded up.
fn daily(sheet: &mut Sheet, names: &[String], which: &str) -> Result<Vec<u32>, Problems> {
    let columns = names.iter().map(|name| sheet.column(name)).collect::<Result<Vec<_>, _>>()?;
    let mut days = vec![Days::default(); names.len()];
    while let Some(row) = sheet.next_row()? {
        for (vc, &column) in days.iter_mut().zip(&columns) {
            let gpus = u64::from(row.count(column)?);
            *vc = Days { largest: vc.largest.max(gpus), last: gpus, sum: vc.sum + gpus };
        }
    }
    let gpus = |days: &Days| match which {
        "mean" => days.sum.div_ceil(sheet.rows().max(1)),
        "last" => days.last,
        _ => days.largest,
    };
    Ok(days.iter().map(|days| gpus(days).div_ceil(u64::from(PER_NODE)) as u32).collect())
}

/// A pool for each virtual cluster, or one for all, by their numbers of nodes.
pub fn of_nodes(mut sheet: Sheet, divided: bool) -> Result<Site, Problems> {
    let [vc, nodes] = sheet.columns(["", "num"])?;
    let mut pools = Vec::new();
    while let Some(row) = sheet.next_row()? {
        pools.push(pool(row.text(vc), row.count(nodes)?));
    }
    let mut about = format!("The virtual clusters of {}. {SHARED}", sheet.file_name());
    if !divided {
        let nodes = pools.iter().map(|pool| pool.nodes).sum();
        pools = vec![SitePool { queues: None, ..pool("main", nodes) }];
        about = format!("{about}\n{UNDIVIDED}");
    }
    Ok(Site::new(about, pools))
}

fn pool(vc: &str, nodes: u32) -> SitePool {
    SitePool {
        name: vc.to_owned(),
        gpu: Some("v100".to_owned()),
        nodes,
        gpus_per_node: PER_NODE,
        queues: Some(vec![vc.to_owned()]),
        ..SitePool::default()
    }
}
