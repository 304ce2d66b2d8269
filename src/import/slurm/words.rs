//! Slurm's way of writing limits, resources and states.

use crate::trace::RecordedState;
use crate::units::decimal::scaled;
use crate::units::{Span, suggest};

/// GPUs and memory of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// GPUs in total.
    pub gpus: u32,
    /// The type, where one was named.
    pub gpu: Option<String>,
    /// Cores in total.
    pub cpus: Option<u64>,
    /// Bytes in total.
    pub mem_bytes: Option<u64>,
}

/// Reads trackable resources in total: `billing=8,cpu=64,gres/gpu=8,gres/gpu:h100=8,mem=512G,node=1`. Typed and untyped
/// GPUs may both stand and are the same ones.
pub fn tres(text: &str) -> Result<Resources, String> {
    let mut found = Resources::default();
    let (mut untyped, mut typed) = (None, 0u32);
    for (name, value) in text.split(',').filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "cpu" => found.cpus = Some(number(value)?),
            "mem" => found.mem_bytes = Some(memory(value)?),
            "gres/gpu" => untyped = Some(count(value)?),
            gres => {
                if let Some(kind) = gres.strip_prefix("gres/gpu:") {
                    typed = typed.saturating_add(count(value)?);
                    found.gpu = Some(kind.to_owned());
                }
            }
        }
    }
    found.gpus = untyped.unwrap_or(typed);
    Ok(found)
}

/// Reads generic resources of a node: `gpu:2`, `gpu:a100:4`, `gres:gpu:2`, `gpu:a100:4(S:0-1)`; GPUs of a node.
pub fn gres(text: &str) -> Result<Resources, String> {
    let mut found = Resources::default();
    for part in text.split(',') {
        let part = part.split('(').next().unwrap_or_default().trim();
        let part = part.strip_prefix("gres:").or_else(|| part.strip_prefix("gres/")).unwrap_or(part);
        let Some(rest) = part.strip_prefix("gpu") else { continue };
        let (kind, amount) = match rest.trim_start_matches(':').split_once([':', '=']) {
            Some((kind, amount)) => (Some(kind), amount),
            None => (None, rest.trim_start_matches([':', '='])),
        };
        let (kind, amount) = if amount.is_empty() { (kind, "1") } else { (kind, amount) };
        match count(amount) {
            Ok(gpus) => found.gpus = found.gpus.saturating_add(gpus),
            // A type without a number is one GPU.
            Err(_) if kind.is_none() && amount.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                found.gpus = found.gpus.saturating_add(1);
                found.gpu = Some(amount.to_owned());
            }
            Err(expected) => return Err(expected),
        }
        found.gpu = kind.filter(|kind| !kind.is_empty()).map(str::to_owned).or(found.gpu);
    }
    Ok(found)
}

/// Reads minutes, or a word for no limit.
pub fn limit_minutes(text: &str) -> Result<Option<Span>, String> {
    if is_no_limit(text) {
        return Ok(None);
    }
    let minutes = scaled(text.as_bytes(), 0).ok().and_then(|minutes| minutes.checked_mul(60_000_000));
    minutes.map(Span::from_micros).map(Some).ok_or_else(|| "expected minutes, UNLIMITED or Partition_Limit".to_owned())
}

/// Reads `[days-]hours:minutes:seconds`, or a word for no limit.
pub fn limit_clock(text: &str) -> Result<Option<Span>, String> {
    if is_no_limit(text) { Ok(None) } else { clock(text).map(Some) }
}

fn is_no_limit(text: &str) -> bool {
    ["unlimited", "partition_limit", "infinite", "invalid", "not_set", "unknown", "none", ""]
        .contains(&text.to_ascii_lowercase().as_str())
}

/// Reads `[days-]hours:minutes:seconds` or `minutes:seconds`.
pub fn clock(text: &str) -> Result<Span, String> {
    let expected = || "expected [days-]hours:minutes:seconds".to_owned();
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let micros = |text: &str, places| scaled(text.as_bytes(), places).map_err(|_| expected());
    let mut total = micros(days, 0)?.checked_mul(86_400_000_000);
    for (part, unit) in rest.rsplit(':').zip([1u64, 60, 3600]) {
        let part = micros(part, 6)?.checked_mul(unit);
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
    }
    if !rest.contains(':') || rest.matches(':').count() > 2 {
        return Err(expected());
    }
    total.map(Span::from_micros).ok_or_else(expected)
}

/// Reads `COMPLETED`, `CANCELLED by 1000`, `NODE_FAIL`, ...
pub fn state(text: &str) -> Result<RecordedState, String> {
    let word = text.split([' ', '+']).next().unwrap_or_default();
    match word.to_ascii_uppercase().as_str() {
        // The attempt ended and another followed.
        "REQUEUED" | "REVOKED" => Ok(RecordedState::Cancelled),
        "SUSPENDED" | "RESIZING" | "COMPLETING" | "CONFIGURING" => Ok(RecordedState::Unfinished),
        word => RecordedState::parse(word).ok_or_else(|| {
            let words =
                ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "RUNNING"];
            format!("no known state{}", suggest::hint(word, &words))
        }),
    }
}

/// Reads `512G`, `2800M`, `4000K`, `1.5T`; without a letter, MiB.
pub fn memory(text: &str) -> Result<u64, String> {
    let expected = || "expected memory such as 512G".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].chars().next() {
        Some('K' | 'k') => 10,
        Some('G' | 'g') => 30,
        Some('T' | 't') => 40,
        None | Some('M' | 'm') => 20,
        Some(_) => return Err(expected()),
    };
    let milli = scaled(digits.as_bytes(), 3).map_err(|_| expected())?;
    u64::try_from((u128::from(milli) << shift) / 1000).map_err(|_| expected())
}

fn number(text: &str) -> Result<u64, String> {
    // Large counts are written as 1.5K.
    let (digits, factor) = match text.trim().strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1000),
        None => (text.trim(), 1),
    };
    let milli = scaled(digits.as_bytes(), 3).map_err(|_| "expected counts such as gres/gpu=8".to_owned())?;
    milli.checked_mul(factor).map(|milli| milli / 1000).ok_or_else(|| "expected a smaller count".to_owned())
}

fn count(text: &str) -> Result<u32, String> {
    u32::try_from(number(text)?).map_err(|_| "expected a smaller count".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_and_untyped_gpus_count_once() {
        let found = tres("billing=8,cpu=64,gres/gpu=8,gres/gpu:h100=8,mem=512G,node=1").unwrap();
        assert_eq!((found.gpus, found.gpu.as_deref(), found.cpus), (8, Some("h100"), Some(64)));
        assert_eq!(found.mem_bytes, Some(512 << 30));
        assert_eq!(tres("cpu=4,gres/gpu:a100=2,gres/gpu:v100=1").unwrap().gpus, 3);
        assert_eq!(tres("").unwrap(), Resources::default());
        assert!(tres("gres/gpu=two").is_err());
    }

    #[test]
    fn generic_resources_are_those_of_a_node() {
        for (text, gpus, kind) in [
            ("gpu:2", 2, None),
            ("gpu:a100:4(S:0-1)", 4, Some("a100")),
            ("gres:gpu:1", 1, None),
            ("gpu", 1, None),
            ("gpu:h100", 1, Some("h100")),
            ("nvme:1", 0, None),
            ("", 0, None),
        ] {
            let found = gres(text).unwrap();
            assert_eq!((found.gpus, found.gpu.as_deref()), (gpus, kind), "{text}");
        }
    }

    #[test]
    fn limits_and_clocks() {
        assert_eq!(limit_minutes("90"), Ok(Some(Span::from_seconds(5400))));
        assert_eq!(limit_minutes("Partition_Limit"), Ok(None));
        assert_eq!(limit_clock("UNLIMITED"), Ok(None));
        assert_eq!(clock("1-02:03:04"), Ok(Span::from_seconds(93_784)));
        assert_eq!(clock("02:03"), Ok(Span::from_seconds(123)));
        assert!(clock("7").is_err() && clock("1:2:3:4").is_err() && limit_minutes("soon").is_err());
        assert_eq!(state("CANCELLED by 1000"), Ok(RecordedState::Cancelled));
        assert!(state("COMPLETE").unwrap_err().contains("COMPLETED"));
        assert_eq!(memory("2800M"), Ok(2800 << 20));
    }
}
