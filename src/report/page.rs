//! The page: the answer first, then charts, tables, and what it takes to run it again.

use super::{remedies, tables};
use crate::chart::markup::Markup;
use crate::chart::palette::{Ink, Theme};
use crate::chart::scene::Scene;
use crate::chart::svg::{self, Target};
use crate::chart::{Chart, words};
use crate::ledger::{Leaf, LeafGroup};
use crate::results::StoredRun;
use crate::results::format::{dollars, duration, percent, plural};

/// How many causes the answer names.
const CAUSES: usize = 3;

/// The whole page, which needs nothing from anywhere else.
#[must_use]
pub fn page(run: &StoredRun, scenes: &[(Chart, Scene)]) -> Markup {
    let mut out = Markup::new();
    head(&mut out, run);
    out.raw("<body>\n");
    title(&mut out, run);
    out.raw("<main>\n");
    answer(&mut out, run);
    out.raw("<h2>Charts</h2>\n<div class=\"charts\">\n");
    for (_, scene) in scenes {
        out.raw("<figure>").add(&svg::svg(scene, Target::Page)).raw("</figure>\n");
    }
    out.raw("</div>\n<h2>Tables</h2>\n<p class=\"note\">Press a heading to sort by it.</p>\n");
    let all = [tables::leaves(run), tables::pools(run), tables::sizes(run), tables::tenants(run), tables::jobs(run)];
    for table in all.iter().chain(tables::rejected(run).as_ref()) {
        out.raw("<section>").add(table).raw("</section><br>\n");
    }
    again(&mut out, run);
    out.raw("</main>\n<footer>Written by fleetsim ").raw(env!("CARGO_PKG_VERSION"));
    out.raw(". This file asks nothing of the network.</footer>\n<div id=\"tip\" hidden></div>\n<script>\n");
    out.raw(include_str!("script.js")).raw("</script>\n</body>\n</html>\n");
    out
}

fn head(out: &mut Markup, run: &StoredRun) {
    out.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Nothing can be fetched, whatever a name in a trace might try.
    out.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    out.raw("style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n");
    out.raw("<link rel=\"icon\" href=\"data:,\">\n<title>")
        .text(&run.summary.name)
        .raw(": fleetsim</title>\n<style>\n");
    let (light, dark) = (Theme::Light.css(), Theme::Dark.css());
    out.raw(":root{color-scheme:light dark;").text(&light).raw("}\n@media(prefers-color-scheme:dark){:root{");
    out.text(&dark).raw("}}\n:root[data-theme=light]{color-scheme:light;").text(&light);
    out.raw("}\n:root[data-theme=dark]{color-scheme:dark;").text(&dark).raw("}\n");
    out.raw(include_str!("style.css")).raw("</style>\n</head>\n");
}

fn title(out: &mut Markup, run: &StoredRun) {
    let summary = &run.summary;
    let about = format!(
        "{} on {}, {}, {} simulated, seed {}",
        summary.policy,
        plural(run.gpus(), "GPU"),
        plural(summary.jobs.submitted, "job"),
        duration(summary.horizon_s),
        summary.seed
    );
    out.raw("<header><div><h1>").text(&summary.name).raw("</h1><p class=\"meta\">").text(about);
    if summary.window_s < summary.horizon_s {
        let measured = format!("; measured: {} of it", duration(summary.window_s));
        out.text(measured);
    }
    out.raw("</p></div><button id=\"theme\" type=\"button\" hidden>Dark colours</button></header>\n");
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
        return "Nothing ran: the simulation had no time or no GPUs.".to_owned();
    }
    let held = format!("Jobs held {} of {}", percent(u.allocated), plural(run.gpus(), "GPU"));
    let kept = format!("{} made progress that was kept", percent(u.productive));
    let idle = run.leaves_in_order(|l| l.group() == LeafGroup::Idle);
    let cost = match run.is_priced() {
        true => format!("idle GPUs cost {} a year", dollars(run.summary.cost.idle_usd_per_year)),
        false => format!("{} were idle", percent(1.0 - u.allocated)),
    };
    match idle.first() {
        Some(&first) => format!("{held}, {kept}; {cost}, above all because {}.", because(first)),
        None => format!("{held}, {kept}; none was idle."),
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
