//! The page: the answer first, then charts, tables, and what it takes to run it again.

use super::{remedies, shell, tables};
use crate::chart::markup::Markup;
use crate::chart::palette::Ink;
use crate::chart::{Drawn, words};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{count, dollars, duration, percent, plural};

/// How many causes the answer names.
const CAUSES: usize = 3;

/// The whole page, which needs nothing from anywhere else.
#[must_use]
pub fn page(run: &StoredRun, drawn: &[Drawn]) -> Markup {
    let mut out = Markup::new();
    answer(&mut out, run);
    shell::charts(&mut out, drawn);
    let all = [tables::leaves(run), tables::pools(run), tables::sizes(run), tables::tenants(run), tables::jobs(run)];
    shell::tables(&mut out, all.iter().chain(tables::rejected(run).as_ref()));
    again(&mut out, run);
    shell::page(&run.summary.name, &about(run), &out)
}

fn about(run: &StoredRun) -> String {
    let summary = &run.summary;
    let jobs = summary.jobs;
    let mut about = format!(
        "{} on {}, {}, {} simulated, seed {}",
        summary.policy,
        run.gpus_text(),
        plural(summary.jobs.submitted, "job"),
        duration(summary.horizon_s),
        summary.seed
    );
    for (count_of, what) in [(jobs.unfinished, "unfinished"), (jobs.rejected, "rejected")] {
        if count_of > 0 {
            about.push_str(&format!("; {} {what}", plural(count_of, "job")));
        }
    }
    if summary.window_s < summary.horizon_s {
        about.push_str(&format!("; measured: {} of it", duration(summary.window_s)));
    }
    about
}

fn answer(out: &mut Markup, run: &StoredRun) {
    out.raw("<section aria-label=\"The answer\">\n<p class=\"answer\">").text(sentence(run)).raw("</p>\n");
    if let Some(deadlock) = &run.summary.deadlock {
        let told = format!(
            "Deadlock at {} of the trace: {} hold {} and can never start; it costs {} an hour.",
            duration(deadlock.at_s),
            plural(deadlock.holders, "job"),
            plural(deadlock.held_gpus, "GPU"),
            dollars(deadlock.usd_per_hour)
        );
        out.raw("<p class=\"alarm\" role=\"alert\">").text(told).raw("</p>\n");
    }
    tiles(out, run);
    causes(out, run);
    out.raw("</section>\n");
}

fn sentence(run: &StoredRun) -> String {
    let u = run.summary.utilization;
    if run.summary.capacity_gpu_s <= 0.0 {
        return without_capacity(run);
    }
    let held = format!("Jobs held {} of {}", percent(u.allocated), run.gpus_text());
    let kept = format!("{} made progress that was kept", percent(u.productive));
    let idle = run.leaves_in_order(|l| l.group() == LeafGroup::Idle);
    let cost = match run.is_priced() {
        true => {
            let partly = run.partly_priced().map_or_else(String::new, |partly| format!(" ({partly})"));
            format!("idle GPUs cost {} a year{partly}", dollars(run.summary.cost.idle_usd_per_year))
        }
        false => format!("{} were idle", percent(idle.iter().map(|&leaf| run.share(leaf)).sum())),
    };
    let mut sentence = match idle.first() {
        Some(&first) => format!("{held}, {kept}; {cost}, above all because {}", because(first)),
        None => format!("{held}, {kept}; none was idle"),
    };
    if let Some(&largest) = run.losses().first().filter(|loss| loss.group() != LeafGroup::Idle) {
        let at = largest as usize;
        let cost = words::yearly(run, run.leaves.usd[at], run.leaves.gpu_seconds[at]);
        sentence.push_str(&format!("; the largest loss is {}, {cost}", words::leaf(largest)));
    }
    sentence + "."
}

/// The answer where no GPU was there for any time.
fn without_capacity(run: &StoredRun) -> String {
    let (jobs, wait) = (run.summary.jobs, run.summary.wait_s.mean);
    let of = format!("{} of {} finished", count(jobs.finished), plural(jobs.submitted, "job"));
    match wait {
        Some(wait) if jobs.finished > 0 && run.gpus() == 0 => {
            format!("The cluster has no GPUs: {of}, which waited {} on average.", duration(wait))
        }
        _ if jobs.submitted > 0 && jobs.rejected == jobs.submitted => {
            "Nothing ran: every job asks for what the cluster does not have.".to_owned()
        }
        _ => format!("Nothing that takes time ran on GPUs: {of}."),
    }
}

/// Why GPUs of an idle leaf were idle, as the end of a sentence about them.
fn because(leaf: Leaf) -> &'static str {
    match leaf {
        Leaf::NoDemand => "nobody was waiting for them",
        Leaf::HeadOfLine => "jobs that would fit may not pass the one ahead",
        Leaf::Reserved => "jobs that would fit would delay a reservation",
        Leaf::Quota => "the queues that wait may not use them",
        Leaf::Fragmentation => "they are free in the wrong shape for the jobs that wait",
        Leaf::Stranded => "no CPU or memory is free beside them",
        Leaf::CapacityWait => "they are too few for the jobs that wait",
        Leaf::WrongType => "they are not of a type that the waiting jobs may use",
        other => other.meaning(),
    }
}

fn tiles(out: &mut Markup, run: &StoredRun) {
    let u = run.summary.utilization;
    let mfu = u.mfu.map_or_else(|| "n/a".to_owned(), percent);
    let why_not = if u.mfu.is_some() { "of the peak FLOPs, put to use" } else { "no MFU is known of any job" };
    out.raw("<dl class=\"tiles\">\n");
    tile(out, "allocated", &percent(u.allocated), "held by a job");
    tile(out, "occupied", &percent(u.occupied), "running a step");
    tile(out, "productive", &percent(u.productive), "making progress that was kept");
    tile(out, "MFU", &mfu, why_not);
    if run.is_priced() {
        let of = format!("of {} for everything", dollars(run.per_year(run.summary.cost.total_usd)));
        tile(out, "idle GPUs cost a year", &dollars(run.summary.cost.idle_usd_per_year), &of);
    }
    let wait = run.summary.wait_s;
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), duration);
    tile(out, "mean queue time", &known(wait.mean), &format!("nine in ten jobs within {}", known(wait.p90)));
    out.raw("</dl>\n");
}

fn tile(out: &mut Markup, name: &'static str, number: &str, why: &str) {
    out.raw("<div class=\"tile\"><dt>").raw(name).raw("</dt><dd class=\"number\">").text(number);
    out.raw("</dd><dd class=\"why\">").text(why).raw("</dd></div>\n");
}

fn causes(out: &mut Markup, run: &StoredRun) {
    let losses = run.losses();
    if losses.is_empty() {
        return;
    }
    out.raw("<h2>The largest causes</h2>\n<ol class=\"causes\">\n");
    for leaf in losses.into_iter().take(CAUSES) {
        let at = leaf as usize;
        let cost = words::yearly(run, run.leaves.usd[at], run.leaves.gpu_seconds[at]);
        out.raw("<li><span class=\"swatch\"");
        out.attribute("style", format!("background:var(--{})", Ink::Leaf(leaf).name()));
        out.raw("></span><strong>").text(words::leaf(leaf)).raw("</strong><span>");
        out.text(format!("{cost}, {}", percent(run.share(leaf)))).raw("</span><span>").text(leaf.meaning());
        if let Some(answer) = run.remedies.as_ref().and_then(|remedies| remedies::answer(remedies, leaf)) {
            out.raw("<br><b>").text(answer).raw("</b>");
        }
        out.raw("</span></li>\n");
    }
    out.raw("</ol>\n");
    if let Some(remedies) = &run.remedies {
        out.raw("<h2>Remedies</h2>\n<section>").add(&remedies::table(remedies)).raw("</section>\n");
        out.add(&remedies::arguments(remedies));
    }
}

fn again(out: &mut Markup, run: &StoredRun) {
    out.raw("<h2>The same again</h2>\n<p>The manifest has the scenario with every default filled in, the seed, and ");
    out.raw("fingerprints of the files that were read. The same inputs give the same bytes.</p>\n");
    out.raw("<details><summary>manifest.json</summary><pre tabindex=\"0\">").text(&run.manifest);
    out.raw("</pre></details>\n");
}
