//! Classes of job sizes, the rows of every table by size: 0, 1, 2, 3-4, 5-8, 9-16, ... GPUs.

/// How many classes there are: none, one, and a class to every power of two of 32 bits.
pub const SIZE_CLASSES: usize = 34;

/// The class of a job of so many GPUs.
#[must_use]
pub fn class(gpus: u32) -> usize {
    match gpus {
        0 => 0,
        n => 1 + (u32::BITS - (n - 1).leading_zeros()) as usize,
    }
}

/// What the class is called: `1`, `3-4`; CPU jobs are `0 (CPU)`.
#[must_use]
pub fn name(class: usize) -> String {
    match class {
        0 => "0 (CPU)".to_owned(),
        1 | 2 => class.to_string(),
        _ => format!("{}-{}", (1u64 << (class - 2)) + 1, 1u64 << (class - 1)),
    }
}

/// The same in words, by the class's [`name`]: `1 GPU`, `3-4 GPUs`, `0 GPUs (CPU job)`.
#[must_use]
pub fn words(name: &str) -> String {
    match name {
        "0 (CPU)" => "0 GPUs (CPU job)".to_owned(),
        "1" => "1 GPU".to_owned(),
        _ => format!("{name} GPUs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_are_powers_of_two() {
        for (gpus, expected) in [
            (0, "0 (CPU)"),
            (1, "1"),
            (2, "2"),
            (3, "3-4"),
            (4, "3-4"),
            (5, "5-8"),
            (8, "5-8"),
            (9, "9-16"),
            (1025, "1025-2048"),
        ] {
            assert_eq!(name(class(gpus)), expected, "{gpus}");
        }
    }
}
