//! "Did you mean": the nearest valid name.

/// The candidate nearest to `found`, when it is near enough to be a slip of the hand.
#[must_use]
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase();
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &name.to_lowercase()), name))
        .filter(|&(distance, name)| distance <= 1 + found.len().min(name.len()) / 3)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `; did you mean `X`?`, or the list of valid names where none is near.
#[must_use]
pub fn hint(found: &str, candidates: &[&str]) -> String {
    match nearest(found, candidates.iter().copied()) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if candidates.is_empty() => String::new(),
        None => format!("; expected one of {}", listed(candidates)),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_gets_the_list() {
        let keys = ["gpus_per_node", "nodes", "gpu"];
        assert_eq!(hint("gpu_per_node", &keys), "; did you mean `gpus_per_node`?");
        assert_eq!(hint("colour", &keys), "; expected one of `gpus_per_node`, `nodes`, `gpu`");
    }
}
