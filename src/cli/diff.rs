//! `diff`: two runs of the same jobs, by their folders.

use std::path::Path;

use super::Output;
use super::failure::Failure;
use super::format::{count, plural};
use super::table::{finished, plain, right};
use crate::experiments::check::reports::fate_words;
use crate::experiments::divergence::{Divergence, Parting};
use crate::experiments::explain::Explained;
use crate::experiments::stop::Stop;
use crate::experiments::why::Why;
use crate::input::Problem;
use crate::ledger::Leaf;
use crate::results::StoredRun;

/// Runs the command.
///
/// # Errors
/// When a folder is no run's.
pub fn run(one: &Path, other: &Path, output: &mut Output) -> Result<(), Failure> {
    let (first, second) = (StoredRun::read(one)?, StoredRun::read(other)?);
    let divergence = Divergence::of(one, other)?;
    if divergence.jobs == 0 && divergence.other_jobs_from.is_some() {
        let message = format!("is of other jobs than {}: their schedules cannot be compared", one.display());
        return Err(Problem::of_file(other, message).into());
    }
    output.text(&schedules(&divergence));
    if let Some(parting) = &divergence.first {
        output.text(&why([one, other], parting));
    }
    output.text(&format!("\n{}", ledgers(&first, &second)));
    Ok(())
}

fn schedules(divergence: &Divergence) -> String {
    let mut text = match &divergence.first {
        None => format!("{}: the same schedule\n", plural(divergence.jobs, "job")),
        Some(parting) => format!(
            "{}: {} went otherwise\n{}",
            plural(divergence.jobs, "job"),
            count(divergence.differing),
            parted(parting)
        ),
    };
    if let Some(row) = divergence.other_jobs_from {
        text.push_str(&format!("from row {} of jobs.csv on the runs have other jobs\n", count(row)));
    }
    text
}

fn parted(parting: &Parting) -> String {
    let Parting { at, job, submit, one, other, .. } = parting;
    let gpus = plural(parting.gpus.parse().unwrap_or_default(), "GPU");
    format!(
        "the schedules part at {at} s of the trace: job `{job}` ({gpus}, submitted at {submit} s){}\n  A: {}\n  B: {}\n",
        parting.elsewhere(),
        fate_words(one),
        fate_words(other)
    )
}

/// Why the job waited where it did, from a simulation of that run.
fn why(folders: [&Path; 2], parting: &Parting) -> String {
    let waits = parting.waits();
    let (name, folder) = match waits {
        (true, _) => ("A", folders[0]),
        (_, true) => ("B", folders[1]),
        _ => return String::new(),
    };
    match again(folder, parting) {
        Ok(Some(why)) => format!("  under {name} it waited then {}\n", why.words()),
        Ok(None) => String::new(),
        // The schedules are told all the same.
        Err(stop) => format!("  why it waited under {name} cannot be told: {}\n", Failure::from(stop)),
    }
}

fn again(folder: &Path, parting: &Parting) -> Result<Option<Why>, Stop> {
    let explained = Explained::of(folder, &parting.job, &[])?;
    Ok(Why::told(&explained, parting.at))
}

/// The leaves that differ, in GPU-hours and dollars.
fn ledgers(one: &StoredRun, other: &StoredRun) -> String {
    let mut table = plain(&["ledger, GPU-hours", "A", "B", "B - A", "cost B - A"]);
    let mut any = false;
    for leaf in Leaf::ALL {
        let of = |run: &StoredRun| (run.leaves.gpu_seconds[leaf as usize] / 3600.0, run.leaves.usd[leaf as usize]);
        let ((a, usd_a), (b, usd_b)) = (of(one), of(other));
        if a.to_bits() == b.to_bits() {
            continue;
        }
        any = true;
        let usd = format!("{:+.2}", usd_b - usd_a);
        table.add_row([leaf.name().to_owned(), format!("{a:.2}"), format!("{b:.2}"), format!("{:+.2}", b - a), usd]);
    }
    right(&mut table, &[1, 2, 3, 4]);
    if any { finished(&table) } else { "the same ledger\n".to_owned() }
}
