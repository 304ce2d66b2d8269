//! `[measure]`: which part of the run counts.

use super::section::Section;
use super::tables::MEASURE;
use super::tree::Node;
use super::types::Measure;
use crate::input::Problems;
use crate::units::{Span, Time};

/// Reads `[measure]`.
pub fn read(root: &Node, problems: &mut Problems) -> Measure {
    let Some(entry) = root.entry("measure") else { return Measure::default() };
    let keys = Section::read(&entry.node, &entry.place, MEASURE.keys, MEASURE.required, "measure", problems);
    let until = keys.span("until");
    let warmup = keys.span("warmup").unwrap_or_default();
    let cooldown = keys.span("cooldown").unwrap_or_default();
    if until == Some(Span::ZERO) {
        problems.push(keys.place("until").wrong("until", "the run would end before it begins"));
    } else if let Some(until) = until {
        let cut = Time::ZERO.after(warmup).after(cooldown);
        if cut >= Time::ZERO.after(until) {
            let place = keys.place(if keys.has("warmup") { "warmup" } else { "cooldown" });
            problems.push(place.problem(format!(
                "nothing is left to measure: warmup {warmup} s and cooldown {cooldown} s cut all of until {until} s"
            )));
        }
    }
    Measure { until: until.map(|span| Time::ZERO.after(span)), warmup, cooldown }
}
