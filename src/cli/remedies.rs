//! What remedies save, on the terminal.

use super::format::{count, dollars, duration};
use super::table::{finished, plain, right};
use crate::results::remedies::{Advice, Remedies, Remedy};

/// The table of what was tried, and which of it helps against each cause.
#[must_use]
pub fn text(remedies: &Remedies) -> String {
    if remedies.remedies.is_empty() {
        return "no remedy is known for this scenario\n".to_owned();
    }
    let of: Vec<String> = remedies.causes.iter().map(|cause| format!("of {}", cause.leaf)).collect();
    let mut header = vec!["remedy", "saves a year"];
    header.extend(of.iter().map(String::as_str));
    header.extend(["mean wait", "undone", "which is"]);
    let mut table = plain(&header);
    for remedy in &remedies.remedies {
        table.add_row(row(remedies, remedy));
    }
    right(&mut table, &(1..header.len() - 1).collect::<Vec<_>>());
    let now = remedies.run.wait_s_mean.map_or_else(|| "-".to_owned(), duration);
    let heading = format!(
        "remedies, each simulated by itself; the mean wait is {now} now\n\
         a saving is what the cluster costs less, and GPU-time that is no longer idle while jobs wait, or held in vain"
    );
    let causes: String = (0..remedies.causes.len()).map(|at| answer(remedies, at)).collect();
    format!("{heading}\n{}{causes}", finished(&table))
}

fn row(remedies: &Remedies, remedy: &Remedy) -> Vec<String> {
    let mut cells = vec![remedy.name.clone(), saved(remedies, remedy, None)];
    cells.extend((0..remedies.causes.len()).map(|at| saved(remedies, remedy, Some(at))));
    cells.push(remedy.effect.wait_s_mean.map_or_else(|| "-".to_owned(), duration));
    cells.push(match remedy.undone(&remedies.run) {
        0 => String::new(),
        more => format!("+{} jobs", count(more)),
    });
    cells.push(remedy.label.clone());
    cells
}

/// What a remedy saves a year, in all or of one cause: dollars, or GPU-hours where nothing has a price.
fn saved(remedies: &Remedies, remedy: &Remedy, cause: Option<usize>) -> String {
    if remedies.is_priced() {
        let usd = cause.map_or(remedy.saving_usd_per_year, |at| remedy.by_cause_usd_per_year[at]);
        return signed(usd, dollars);
    }
    let hours = cause.map_or(remedy.saving_gpu_hours_per_year, |at| remedy.by_cause_gpu_hours_per_year[at]);
    signed(hours, |hours| format!("{} GPU-hours", count(hours.round() as u64)))
}

fn signed(value: f64, show: impl Fn(f64) -> String) -> String {
    if value < 0.0 { format!("-{}", show(-value)) } else { show(value) }
}

/// A sentence on one of the causes.
fn answer(remedies: &Remedies, at: usize) -> String {
    let cause = &remedies.causes[at];
    let Some(advice) = remedies.advice(at) else {
        return format!("against {}: nothing that was tried makes much of a difference\n", cause.leaf);
    };
    let remedy = advice.remedy();
    let wait = match (remedies.run.wait_s_mean, remedy.effect.wait_s_mean) {
        (Some(now), Some(then)) if then > now => {
            format!(", but jobs wait {} instead of {}", duration(then), duration(now))
        }
        (Some(now), Some(then)) => format!("; jobs wait {} instead of {}", duration(then), duration(now)),
        _ => String::new(),
    };
    let here = saved(remedies, remedy, Some(at));
    match advice {
        Advice::Do(_) => {
            let all = saved(remedies, remedy, None);
            format!(
                "against {}: {} cuts it by {here} a year and saves {all} all in all{wait}\n",
                cause.leaf, remedy.name
            )
        }
        Advice::Weigh(_) => {
            format!(
                "against {}: {} would cut it by {here} a year, but saves nothing all in all{wait}\n",
                cause.leaf, remedy.name
            )
        }
    }
}
