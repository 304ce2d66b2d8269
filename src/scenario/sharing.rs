//! `[physics.sharing.POOL]`: shares and MIG instances.

use std::collections::BTreeMap;

use super::physics::check_pool;
use super::section::Section;
use super::tables::SHARING;
use super::tree::Entry;
use crate::cluster::{ClusterSpec, GpuType, ShareMode, Sharing};
use crate::input::Problems;
use crate::physics::{Interference, Speed};

/// The most clients of one MPS server on a GPU without MIG (NVIDIA Multi-Process Service documentation).
const MPS_CLIENTS: u16 = 48;

/// Turns have no such bound; the finest share is a thousandth.
const MOST_TURNS: u16 = 1000;

/// Keys that say how shares run side by side, which MIG instances do not.
const SIDE_BY_SIDE: [&str; 5] = ["max_per_gpu", "beside_one", "beside_two", "beside_more", "pairs"];

/// Notes in the pools how they are shared; gives how their shares slow each other down.
pub fn read(entry: &Entry, cluster: &mut ClusterSpec, problems: &mut Problems) -> BTreeMap<String, Interference> {
    let mut interference = BTreeMap::new();
    for pool in entry.node.table().unwrap_or_default() {
        let title = format!("physics.sharing.{}", pool.key);
        let keys = Section::read(&pool.node, &pool.place, SHARING.keys, SHARING.required, &title, problems);
        check_pool(pool, cluster, problems);
        let ClusterSpec { pools, gpu_types, .. } = &mut *cluster;
        let Some(spec) = pools.iter_mut().find(|spec| spec.name == pool.key) else { continue };
        let Some(gpus) = &mut spec.gpus else {
            problems.push(pool.place.problem(format!("pool `{}` has no GPUs to share", pool.key)));
            continue;
        };
        let gpu_type = &gpu_types[gpus.gpu_type];
        match keys.text("mode") {
            Some("mig") => gpus.sharing = instances(gpu_type, &keys, problems),
            Some("mps") => gpus.sharing = Some(shares(ShareMode::Mps, MPS_CLIENTS, gpu_type, &keys)),
            Some("time-slicing") => gpus.sharing = Some(shares(ShareMode::TimeSlicing, MOST_TURNS, gpu_type, &keys)),
            _ => {}
        }
        if let Some(Sharing::Shares { mode, .. }) = gpus.sharing {
            let pairs = pairs(&keys, problems);
            interference.insert(pool.key.clone(), Interference { pairs, ..speeds(mode, &keys) });
        }
    }
    interference
}

fn shares(mode: ShareMode, most: u16, gpu_type: &GpuType, keys: &Section<'_>) -> Sharing {
    let most = keys.count("max_per_gpu").and_then(|most| u16::try_from(most).ok()).unwrap_or(most);
    let memory_mb = gpu_type.memory_bytes.map(|bytes| u32::try_from(bytes / 1_000_000).unwrap_or(u32::MAX));
    Sharing::Shares { mode, most, memory_mb }
}

fn instances(gpu_type: &GpuType, keys: &Section<'_>, problems: &mut Problems) -> Option<Sharing> {
    for key in SIDE_BY_SIDE.into_iter().filter(|key| keys.has(key)) {
        let message =
            format!("`{key}`: MIG instances are as many as their profiles allow and do not disturb each other");
        problems.push(keys.place(key).problem(message));
    }
    if gpu_type.mig.is_none() {
        let message =
            format!("`mode`: {} has no MIG profiles in the catalog; expected mps or time-slicing", gpu_type.id);
        problems.push(keys.place("mode").problem(message));
    }
    gpu_type.mig.map(Sharing::Mig)
}

/// Given speeds; each stands for the more crowded ones that are not given.
fn speeds(mode: ShareMode, keys: &Section<'_>) -> Interference {
    let defaults = Interference::defaults(mode);
    let mut given = None;
    let mut speed = |key: &str, default: f64| {
        given = keys.number(key).or(given);
        Speed::of_share(given.unwrap_or(default))
    };
    Interference {
        one: speed("beside_one", defaults[0]),
        two: speed("beside_two", defaults[1]),
        more: speed("beside_more", defaults[2]),
        pairs: BTreeMap::new(),
    }
}

/// Speeds by class and class of the other.
type Pairs = BTreeMap<String, BTreeMap<String, Speed>>;

fn pairs(keys: &Section<'_>, problems: &mut Problems) -> Pairs {
    let mut pairs = Pairs::new();
    for text in keys.texts("pairs").unwrap_or_default() {
        let mut wrong = |message: String| problems.push(keys.place("pairs").problem(format!("`pairs`: {message}")));
        match pair(text) {
            None => wrong(format!(
                "expected two classes and a speed from 0.000001 to 1 as \"vision beside llm: 0.75\", found \"{text}\""
            )),
            Some((class, other, speed)) => {
                if pairs.entry(class.to_owned()).or_default().insert(other.to_owned(), speed).is_some() {
                    wrong(format!("{class} beside {other} stands in the list twice"));
                }
            }
        }
    }
    pairs
}

/// A class, that of its neighbour, and its speed: `vision beside llm: 0.75`.
fn pair(text: &str) -> Option<(&str, &str, Speed)> {
    let (classes, speed) = text.rsplit_once(':')?;
    let (class, other) = classes.split_once(" beside ")?;
    let (class, other) = (class.trim(), other.trim());
    let speed: f64 = speed.trim().parse().ok()?;
    let is_known = !class.is_empty() && !other.is_empty() && (0.000_001..=1.0).contains(&speed);
    is_known.then(|| (class, other, Speed::of_share(speed)))
}
