//! `[physics]` in full.

use super::plain::{Plain, Table, bandwidth, duration};
use crate::cluster::{Network, PoolSpec, ShareMode, Sharing};
use crate::physics::{
    Cause, Checkpoints, Class, Communication, FULL_SPEED, FailureModel, Gait, Interference, Interval, OutageWindow,
    Physics, Preemption, Prices, Speed, StartUp, Stragglers,
};
use crate::scenario::types::Scenario;
use crate::units::quantity::bytes_text;
use crate::units::{Span, UsdPerGpuHour};

pub(super) fn physics(physics: &Physics) -> Table {
    let mut table = Table::default();
    let preemption = Preemption::WORDS.into_iter().find(|&(_, known)| known == physics.preemption);
    table.add_some("preemption", preemption.map(|(word, _)| word));
    if let Some(grace) = physics.grace {
        let mut keys = Table::default();
        keys.add_some("time", grace.time.map(duration));
        keys.add("checkpoint", grace.checkpoint);
        table.add("grace", keys);
    }
    table.add("startup", start_up(&physics.start_up));
    if !physics.classes.is_empty() {
        let mut classes = Table::default();
        for (name, one) in &physics.classes {
            classes.add(name, class(one));
        }
        table.add("classes", classes);
    }
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
    for (name, class) in &physics.communication {
        communication.add(name, class_of(class));
    }
    table.add("communication", communication);
    if !physics.stragglers.is_empty() {
        let mut all = Table::default();
        for (pool, one) in &physics.stragglers {
            all.add(pool, stragglers(one));
        }
        table.add("stragglers", all);
    }
    let mut failures = Table::default();
    for (pool, parts) in &physics.failures {
        let mut table = parts.node.as_ref().map(failure).unwrap_or_default();
        for (part, model) in [("gpu", &parts.gpu), ("rack", &parts.rack)] {
            table.add_some(part, model.as_ref().map(failure));
        }
        failures.add(pool, table);
    }
    table.add("failures", failures);
    if !physics.job_failures.is_empty() {
        let mut classes = Table::default();
        for (class, model) in &physics.job_failures {
            let mut keys = Table::default();
            keys.add("share", model.share);
            keys.add("at", model.at);
            keys.add("retries", model.retries);
            classes.add(class, keys);
        }
        table.add("job_failures", classes);
    }
    let mut outages = Table::default();
    for (name, window) in &physics.outages {
        outages.add(name, outage(window));
    }
    table.add("outages", outages);
    if !physics.prices.is_empty() {
        let mut all = Table::default();
        for (pool, one) in &physics.prices {
            all.add(pool, prices(one));
        }
        table.add("prices", all);
    }
    table
}

fn start_up(start_up: &StartUp) -> Table {
    let mut table = Table::default();
    table.add("time", duration(start_up.time));
    table.add("restart", duration(start_up.restart));
    table.add_some("per_gpu", Some(start_up.per_gpu).filter(|&it| it > Span::ZERO).map(duration));
    table.add_some("sigma", Some(start_up.sigma_ppm).filter(|&it| it > 0).map(of_ppm));
    table
}

fn class(class: &Class) -> Table {
    let mut table = Table::default();
    table.add_some("startup", class.start_up.as_ref().map(start_up));
    table.add_some("mfu", class.mfu_ppm.map(of_ppm));
    table.add_some("activity", class.activity_ppm.map(of_ppm));
    table.add_some("in_step", (class.gait == Gait::OnTheirOwn).then_some(false));
    table
}

fn stragglers(stragglers: &Stragglers) -> Table {
    let mut table = Table::default();
    table.add("share", of_ppm(stragglers.share_ppm));
    table.add("speed", stragglers.speed.billionths() as f64 / FULL_SPEED as f64);
    table.add("jitter", of_ppm(stragglers.jitter_ppm));
    table
}

fn of_ppm(ppm: u32) -> f64 {
    f64::from(ppm) / 1e6
}

fn prices(prices: &Prices) -> Table {
    let mut table = Table::default();
    match prices {
        Prices::Decline(share) => table.add("decline", *share),
        Prices::Changes(changes) => {
            let text = |&(from, price): &(Span, UsdPerGpuHour)| format!("{}: {price}", duration(from));
            table.add("changes", changes.iter().map(text).collect::<Plain>());
        }
    }
    table
}

fn failure(model: &FailureModel) -> Table {
    let mut table = Table::default();
    table.add("mtbf", duration(model.mtbf));
    table.add("shape", model.shape);
    table.add("repair", duration(model.repair.median));
    table.add("repair_sigma", model.repair.sigma);
    table
}

fn outage(window: &OutageWindow) -> Table {
    let mut table = Table::default();
    table.add("pool", window.pool.as_str());
    table.add("node", window.nodes.start);
    table.add("nodes", window.nodes.end - window.nodes.start);
    table.add("from", duration(window.from));
    table.add("lasts", duration(window.lasts));
    table.add("kind", if window.cause == Cause::Maintenance { "maintenance" } else { "failed" });
    table.add_some("drain", Some(window.drain).filter(|&drain| drain > Span::ZERO).map(duration));
    table
}

fn class_of(class: &Communication) -> Table {
    let mut table = Table::default();
    match class {
        Communication::Relative(slowdown) => {
            for (key, speed) in [("node", slowdown.node), ("rack", slowdown.rack), ("racks", slowdown.racks)] {
                table.add(key, speed.billionths() as f64 / FULL_SPEED as f64);
            }
        }
        Communication::AllReduce(reduce) => {
            table.add("gradients", bytes_text(reduce.gradients));
            table.add("step", duration(reduce.step));
            table.add("overlap", reduce.overlap);
        }
    }
    table
}

/// What a pool says of its network, where that is not the default.
pub(super) fn network(table: &mut Table, network: &Network) {
    let standard = Network::default();
    table.add_some("fabric", network.fabric.map(bandwidth));
    table.add_some("fabric_cards", Some(network.cards).filter(|&cards| cards != standard.cards));
    table.add_some("fabric_latency", Some(network.latency).filter(|&it| it != standard.latency).map(duration));
    let oversubscription = Some(network.oversubscription).filter(|&it| it > standard.oversubscription);
    table.add_some("oversubscription", oversubscription);
    table.add_some("bridge", network.bridge.map(bandwidth));
}

pub(super) fn sharing(scenario: &Scenario) -> Table {
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
        if let Some(Interference { one, two, more, pairs }) = scenario.physics.interference.get(&pool.name) {
            for (key, speed) in [("beside_one", one), ("beside_two", two), ("beside_more", more)] {
                keys.add(key, speed.billionths() as f64 / FULL_SPEED as f64);
            }
            let text = |class: &str, other: &str, speed: Speed| {
                format!("{class} beside {other}: {}", speed.billionths() as f64 / FULL_SPEED as f64)
            };
            let pairs =
                pairs.iter().flat_map(|(class, row)| row.iter().map(move |(other, &speed)| text(class, other, speed)));
            let pairs: Vec<String> = pairs.collect();
            if !pairs.is_empty() {
                keys.add("pairs", pairs.into_iter().collect::<Plain>());
            }
        }
        table.add(&pool.name, keys);
    }
    table
}

/// The spares of all pools, where any has some.
pub(super) fn spares(pools: &[PoolSpec]) -> Option<Table> {
    let mut table = Table::default();
    for pool in pools.iter().filter(|pool| pool.spares.nodes > 0) {
        let mut keys = Table::default();
        keys.add("nodes", pool.spares.nodes);
        keys.add("swap", duration(pool.spares.swap));
        table.add(&pool.name, keys);
    }
    (!table.is_empty()).then_some(table)
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
