//! `plan.csv`, a row a run, and `plan.json`: the answer, how sure it is, the frontier.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::target::Reading;
use super::{Plan, Planned};
use crate::experiments::interval::{CONFIDENCE, Interval};
use crate::experiments::table::{Columns, Table};
use crate::input::Problem;
use crate::output::write_text;

/// The version of `plan.json`'s shape.
pub const SCHEMA: &str = "fleetsim.plan/1";

/// Writes both files into `folder`, which is there.
///
/// # Errors
/// When one cannot be written.
pub fn write(folder: &Path, planned: &Planned) -> Result<(), Problem> {
    write_runs(&folder.join("plan.csv"), planned)?;
    write_text(&folder.join("plan.json"), &json_text(planned))
}

/// The settings that were tried, the cheapest first.
fn write_runs(to: &Path, planned: &Planned) -> Result<(), Problem> {
    let Planned { plan, found, trials, .. } = planned;
    let mut columns = Columns::default();
    trials.values().flatten().for_each(|cell| columns.join(&cell.figures));
    let keys = plan.knobs.iter().map(|knob| knob.axis.key.as_str());
    let lead: Vec<&str> = keys.chain(["gpus", "usd_per_hour", "meets", "frontier", "replicate", "seed"]).collect();
    let mut table = Table::create(to, &lead, &columns)?;
    let frontier = planned.frontier();
    for (number, cells) in trials {
        let setting = &plan.settings[*number];
        for (replicate, cell) in cells.iter().enumerate() {
            let mut lead = setting.values.clone();
            lead.extend([
                setting.gpus.to_string(),
                setting.per_hour.to_string(),
                found.tried[number].meets().to_string(),
                frontier.iter().any(|(on, _)| on == number).to_string(),
                replicate.to_string(),
                cell.seed.to_string(),
            ]);
            table.row(&lead, &cell.figures)?;
        }
    }
    table.finish()
}

fn json_text(planned: &Planned) -> String {
    let Planned { plan, found, .. } = planned;
    let shown = |number: usize| setting(planned, number);
    let knobs = plan.knobs.iter().map(|knob| json!({"key": knob.axis.key, "values": knob.axis.values}));
    let frontier = planned.frontier().into_iter().map(|(number, wait)| {
        let mut point = place(plan, number);
        point.insert(planned.frontier_figure().to_owned(), json!(wait));
        Value::Object(point)
    });
    let exceptions = found.exceptions.iter().map(|(cheaper, dearer)| {
        json!({"meets": plan.name(&plan.settings[*cheaper]), "fails": plan.name(&plan.settings[*dearer])})
    });
    let value = json!({
        "schema": SCHEMA,
        "fleetsim": env!("CARGO_PKG_VERSION"),
        "scenario": plan.settings.first().map(|setting| setting.scenario.name.clone()),
        "vary": knobs.collect::<Vec<_>>(),
        "targets": plan.targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "replicates": plan.replicates,
        "confidence": CONFIDENCE,
        "best": found.best.map(shown),
        "next_smaller": found.best.and_then(|best| planned.next_smaller(best)).map(shown),
        "nearest": if found.best.is_none() { planned.nearest().map(shown) } else { None },
        "search": {
            "settings": plan.settings.len(),
            "budget": plan.budget,
            "tried": found.tried.len(),
            "cheaper": found.cheaper,
            "cheaper_untried": found.cheaper_untried,
            "undecided": found.undecided,
            "exceptions": exceptions.collect::<Vec<_>>(),
        },
        "frontier": frontier.collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&value).expect("a plan is JSON");
    text.push('\n');
    text
}

/// The values of a setting and what it costs.
fn place(plan: &Plan, number: usize) -> Map<String, Value> {
    let setting = &plan.settings[number];
    let values = plan.knobs.iter().zip(&setting.values).map(|(knob, value)| (knob.axis.key.clone(), json!(value)));
    let mut fields = Map::new();
    fields.insert("set".to_owned(), Value::Object(values.collect()));
    fields.insert("gpus".to_owned(), json!(setting.gpus));
    fields.insert("usd_per_hour".to_owned(), json!(setting.per_hour.as_dollars()));
    fields
}

/// A setting with its targets and the ledger of its first replicate, in GPU-seconds.
fn setting(planned: &Planned, number: usize) -> Value {
    let mut fields = place(&planned.plan, number);
    let readings = planned.readings(number);
    let targets = planned.plan.targets.iter().zip(&readings);
    let targets: Vec<Value> = targets.map(|(target, reading)| told(&target.to_string(), reading)).collect();
    fields.insert("targets".to_owned(), Value::Array(targets));
    let figures = planned.trials.get(&number).and_then(|cells| cells.first()).map(|cell| &cell.figures);
    let ledger = figures
        .into_iter()
        .flat_map(|figures| figures.iter())
        .filter_map(|(name, text)| Some((name.strip_prefix("ledger.")?.to_owned(), json!(text.parse::<f64>().ok()?))));
    fields.insert("ledger".to_owned(), Value::Object(ledger.collect()));
    Value::Object(fields)
}

fn told(target: &str, reading: &Reading) -> Value {
    json!({
        "target": target,
        "value": reading.value,
        "margin": reading.interval.and_then(Interval::margin),
        "low": reading.interval.map(Interval::low),
        "high": reading.interval.map(Interval::high),
        "method": reading.interval.map(|interval| interval.method.name()),
        "meets": reading.meets,
        "sure": reading.is_sure,
        "missed_in": reading.missed_in,
    })
}
