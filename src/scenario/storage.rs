//! `[cluster.storage.NAME]` and what pools say of their data: storage systems, network cards, caches.

use super::section::Section;
use super::tables::{CACHE, STORAGE};
use super::tree::{Entry, Node};
use crate::cluster::storage::{Cache, CachePolicy, NodeIo, Share, StorageSpec};
use crate::input::Problems;
use crate::units::suggest;

/// What one unit (drive, appliance, server) of a kind of storage system gives, in bytes per second.
///
/// From published results: MLPerf Storage v1.0 for `lustre` (99-100 GB/s by a DDN AI400X2T) and `weka` (31-35 GB/s from
/// one client); Clyso's 1 TiB/s report for `ceph-nvme` (1.7 GB/s an OSD, three copies of what is written). The rest
/// are assumptions of that order.
struct Preset {
    word: &'static str,
    read: Option<u64>,
    write: Option<u64>,
    client: Option<u64>,
}

const MB: u64 = 1_000_000;

const PRESETS: [Preset; 6] = [
    Preset { word: "nfs", read: Some(5000 * MB), write: Some(2500 * MB), client: Some(1200 * MB) },
    Preset { word: "ceph-hdd", read: Some(60 * MB), write: Some(20 * MB), client: None },
    Preset { word: "ceph-nvme", read: Some(1500 * MB), write: Some(400 * MB), client: Some(5000 * MB) },
    Preset { word: "lustre", read: Some(100_000 * MB), write: Some(50_000 * MB), client: Some(12_000 * MB) },
    Preset { word: "weka", read: Some(5000 * MB), write: Some(2500 * MB), client: Some(30_000 * MB) },
    Preset { word: "object", read: None, write: None, client: Some(5000 * MB) },
];

/// The words of the kinds.
pub const KINDS: &[&str] = &["nfs", "ceph-hdd", "ceph-nvme", "lustre", "weka", "object"];

/// The kind as which a storage system without limits is written.
pub const UNLIMITED: &str = "object";

/// Reads `[cluster.storage]`.
pub fn read(cluster: &Node, problems: &mut Problems) -> Vec<StorageSpec> {
    let systems = cluster.entry("storage").and_then(|storage| storage.node.table()).unwrap_or_default();
    systems.iter().map(|entry| read_system(entry, problems)).collect()
}

fn read_system(entry: &Entry, problems: &mut Problems) -> StorageSpec {
    let title = format!("cluster.storage.{}", entry.key);
    let keys = Section::read(&entry.node, &entry.place, STORAGE.keys, STORAGE.required, &title, problems);
    let preset = keys.text("kind").and_then(|kind| PRESETS.iter().find(|preset| preset.word == kind));
    if keys.is_table() && keys.misses("kind") && keys.misses("read") {
        problems.push(entry.place.problem(format!("[{title}] lacks `read`, which is required without `kind`")));
    }
    if keys.has("units") && keys.misses("kind") {
        problems.push(keys.place("units").problem("`units`: units of what? `kind` says what one of them gives"));
    }
    for key in ["read", "write", "client"] {
        check_above_zero(&keys, key, problems);
    }
    let units = keys.count("units").unwrap_or(1);
    let of_units = |rate: Option<u64>| rate.map(|rate| rate.saturating_mul(units));
    let read = keys.bytes("read").or_else(|| of_units(preset?.read));
    let write = keys.bytes("write").or_else(|| match preset {
        Some(preset) if keys.bytes("read").is_none() => of_units(preset.write),
        _ => read.map(|read| (read / 2).max(1)),
    });
    StorageSpec {
        name: entry.key.clone(),
        read: [read, by_operations(&keys, problems)].into_iter().flatten().min(),
        write,
        client: keys.bytes("client").or_else(|| preset?.client),
        share: if keys.text("share") == Some("job") { Share::Job } else { Share::Node },
    }
}

/// What so many operations a second read, where each reads so much.
fn by_operations(keys: &Section<'_>, problems: &mut Problems) -> Option<u64> {
    for (key, other) in [("iops", "file"), ("file", "iops")] {
        if keys.has(key) && keys.misses(other) {
            problems.push(keys.place(key).problem(format!("`{key}`: says nothing without `{other}`")));
        }
    }
    if keys.bytes("file") == Some(0) {
        problems.push(keys.place("file").problem("`file`: expected a size above 0"));
    }
    Some(keys.count("iops")?.saturating_mul(keys.bytes("file")?).max(1))
}

/// Reports a bandwidth of nothing.
pub(super) fn check_above_zero(keys: &Section<'_>, key: &str, problems: &mut Problems) {
    if keys.bytes(key) == Some(0) {
        problems
            .push(keys.place(key).problem(format!("`{key}`: expected a bandwidth above 0; leave it out for no limit")));
    }
}

/// Reads what a pool says of its data.
pub fn read_io(pool: &Entry, keys: &Section<'_>, systems: &[StorageSpec], problems: &mut Problems) -> NodeIo {
    check_above_zero(keys, "nic", problems);
    let name = keys.text("storage");
    let storage = name.and_then(|name| systems.iter().position(|system| system.name == name));
    if let (Some(name), None) = (name, storage) {
        let names: Vec<&str> = systems.iter().map(|system| system.name.as_str()).collect();
        let hint = suggest::hint(name, &names);
        let message = format!("`storage`: there is no storage system `{name}` under [cluster.storage.NAME]{hint}");
        problems.push(keys.place("storage").problem(message));
    }
    let cache = pool.node.entry("cache");
    if let (Some(cache), true) = (cache, keys.misses("storage")) {
        problems.push(cache.place.problem("`cache`: the pool names no `storage` from which anything could be cached"));
    }
    NodeIo {
        storage: storage.map(|number| number as u16),
        nic: keys.bytes("nic"),
        cache: cache.and_then(|cache| read_cache(cache, &pool.key, problems)),
        ..NodeIo::default()
    }
}

fn read_cache(entry: &Entry, pool: &str, problems: &mut Problems) -> Option<Cache> {
    let title = format!("cluster.pools.{pool}.cache");
    let keys = Section::read(&entry.node, &entry.place, CACHE.keys, CACHE.required, &title, problems);
    let word = keys.text("policy");
    let policy = CachePolicy::WORDS.into_iter().find(|(known, _)| Some(*known) == word);
    Some(Cache {
        bytes: keys.bytes("size")?,
        policy: policy.map_or(CachePolicy::default(), |(_, policy)| policy),
        shared: keys.values().bool_or("shared", false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_preset() {
        assert!(KINDS.iter().copied().eq(PRESETS.iter().map(|preset| preset.word)));
        assert!(PRESETS.iter().all(|preset| (preset.word == UNLIMITED) == preset.read.is_none()));
    }
}
