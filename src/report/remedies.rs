//! Remedies in the report: beside each of the largest causes, and all that were tried.

use super::table::{Cell, table as sortable};
use crate::chart::markup::Markup;
use crate::ledger::Leaf;
use crate::results::format::{count, dollars, duration, plural};
use crate::results::remedies::{Advice, Remedies, Remedy};

/// What helps against a leaf, in a sentence; nothing where it is none of the causes that remedies were held against.
#[must_use]
pub fn answer(remedies: &Remedies, leaf: Leaf) -> Option<String> {
    let at = remedies.cause(leaf)?;
    let Some(advice) = remedies.advice(at) else {
        return Some("Nothing that was tried makes much of a difference to it.".to_owned());
    };
    let remedy = advice.remedy();
    let wait = match (remedies.run.wait_s_mean, remedy.effect.wait_s_mean) {
        (Some(now), Some(then)) if then > now => {
            format!(", but the mean queue time is {} instead of {}", duration(then), duration(now))
        }
        (Some(now), Some(then)) => format!("; mean queue time {} instead of {}", duration(then), duration(now)),
        _ => String::new(),
    };
    let (name, here) = (format!("{} ({})", remedy.name, remedy.label), saving(remedies, remedy, Some(at)).1);
    Some(match advice {
        Advice::Do(_) => {
            let all = saving(remedies, remedy, None).1;
            format!("Remedy: {name} cuts it by {here} a year; all in all it saves {all} a year{wait}.")
        }
        Advice::Weigh(_) => format!("{name} would cut it by {here} a year, but saves nothing all in all{wait}."),
    })
}

/// What a remedy saves a year, in all or of a cause: dollars, or GPU-hours where nothing has a price.
fn saving(remedies: &Remedies, remedy: &Remedy, cause: Option<usize>) -> (f64, String) {
    let value = match (remedies.is_priced(), cause) {
        (true, None) => remedy.saving_usd_per_year,
        (true, Some(at)) => remedy.by_cause_usd_per_year[at],
        (false, None) => remedy.saving_gpu_hours_per_year,
        (false, Some(at)) => remedy.by_cause_gpu_hours_per_year[at],
    };
    let size = match remedies.is_priced() {
        true => dollars(value.abs()),
        false => format!("{} GPU-hours", count(value.abs().round() as u64)),
    };
    (value, if value < 0.0 { format!("-{size}") } else { size })
}

/// All that were tried.
#[must_use]
pub fn table(remedies: &Remedies) -> Markup {
    let mut columns = vec![("remedy", false), ("saves a year", true)];
    let names: Vec<String> =
        remedies.causes.iter().map(|cause| format!("of {}", cause.leaf.replace('_', " "))).collect();
    columns.extend(names.iter().map(|name| (name.as_str(), true)));
    columns.extend([("mean queue time", true), ("jobs undone", true), ("what it is", false)]);
    let row = |remedy: &Remedy| {
        let number = |(value, text): (f64, String)| Cell::number(value, text);
        let mut cells = vec![Cell::text(remedy.name.as_str()), number(saving(remedies, remedy, None))];
        cells.extend((0..remedies.causes.len()).map(|at| number(saving(remedies, remedy, Some(at)))));
        let undone = remedy.effect.rejected + remedy.effect.unfinished;
        cells.extend([
            Cell::maybe(remedy.effect.wait_s_mean, duration),
            Cell::number(undone as f64, count(undone)),
            Cell::text(remedy.label.as_str()),
        ]);
        cells
    };
    let rows: Vec<_> = remedies.remedies.iter().map(row).collect();
    let caption = format!(
        "{} tried, each simulated by itself on the same jobs; a saving is what the cluster costs less, and GPU-time that \
         is no longer idle while jobs wait, or held in vain; beside it, how much less the largest causes cost",
        plural(rows.len() as u64, "remedy").replace("remedys", "remedies")
    );
    sortable(&caption, &columns, &rows)
}

/// The arguments that make the same runs on the command line.
#[must_use]
pub fn arguments(remedies: &Remedies) -> Markup {
    let mut out = Markup::new();
    out.raw("<details><summary>The same runs on the command line</summary><pre tabindex=\"0\">");
    for remedy in &remedies.remedies {
        let unset = remedy.unset.iter().map(|key| format!(" --unset {key}"));
        let set = remedy.set.iter().map(|pair| format!(" --set {pair}"));
        out.text(format!("{}:{}\n", remedy.name, unset.chain(set).collect::<String>()));
    }
    out.raw("</pre></details>\n");
    out
}
