//! A sweep divided among tasks that know nothing of each other.

use std::fmt;
use std::str::FromStr;

use crate::input::Problem;

/// Every `of`-th run, from the `number`-th on: shards so have like shares of slow and quick settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// The whole sweep.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// The `number`-th of `of` shards, counted from 1; `None` where there is none such.
    #[must_use]
    pub fn new(number: u64, of: u64) -> Option<Self> {
        (1..=of).contains(&number).then_some(Shard { number, of })
    }

    /// Whether the run of this number, counted from 0 in grid order, is its to make.
    #[must_use]
    pub fn has(self, run: u64) -> bool {
        run % self.of == self.number - 1
    }

    /// Its folder in that of a sweep whose tasks are all told the same.
    #[must_use]
    pub fn folder(self) -> String {
        format!("{FOLDER_PREFIX}{}-of-{}", self.number, self.of)
    }

    /// The shard whose folder has this name.
    #[must_use]
    pub fn of_folder(name: &str) -> Option<Self> {
        let (number, of) = name.strip_prefix(FOLDER_PREFIX)?.split_once("-of-")?;
        Shard::new(number.parse().ok()?, of.parse().ok()?)
    }

    /// How many shards there are.
    #[must_use]
    pub fn all(self) -> u64 {
        self.of
    }

    /// The shard of the task that the environment describes; `None` outside of job arrays.
    ///
    /// - Slurm job arrays: `SLURM_ARRAY_TASK_ID`, counted from `SLURM_ARRAY_TASK_MIN` in steps of
    ///   `SLURM_ARRAY_TASK_STEP` (1 where it is not set), of `SLURM_ARRAY_TASK_COUNT`.
    /// - Kubernetes Indexed Jobs: `JOB_COMPLETION_INDEX`, counted from 0, of `JOB_COMPLETIONS`, which Kubernetes does not
    ///   set by itself; the manifest of `sweep submit` does.
    ///
    /// # Errors
    /// When the index is there and the others are missing or make no sense.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Problem> {
        let number = |name: &str| -> Result<u64, Problem> {
            let wrong = |message: String| Problem { source: name.to_owned(), at: None, message };
            let text = variable(name).ok_or_else(|| wrong(format!("is not set; {ADVICE}")))?;
            text.trim().parse().map_err(|_| wrong(format!("expected a whole number, found \"{text}\"; {ADVICE}")))
        };
        let (source, index, of) = if variable(SLURM).is_some() {
            let step = if variable(STEP).is_some() { number(STEP)? } else { 1 };
            if step == 0 {
                let message = format!("expected a step of at least 1, found 0; {ADVICE}");
                return Err(Problem { source: STEP.to_owned(), at: None, message });
            }
            let from_first = number(SLURM)?.checked_sub(number("SLURM_ARRAY_TASK_MIN")?);
            // An index between two steps is none of the array's.
            let index = from_first.filter(|index| index.checked_rem(step) == Some(0)).map(|index| index / step);
            (SLURM, index, number("SLURM_ARRAY_TASK_COUNT")?)
        } else if variable(KUBERNETES).is_some() {
            (KUBERNETES, Some(number(KUBERNETES)?), number("JOB_COMPLETIONS")?)
        } else {
            return Ok(None);
        };
        let shard = index.and_then(|index| Shard::new(index.saturating_add(1), of));
        let message = || format!("is out of the range of its job array; {ADVICE}");
        shard.map(Some).ok_or_else(|| Problem { source: source.to_owned(), at: None, message: message() })
    }
}

/// What the names of [`Shard::folder`] begin with.
pub const FOLDER_PREFIX: &str = "shard-";
const SLURM: &str = "SLURM_ARRAY_TASK_ID";
const STEP: &str = "SLURM_ARRAY_TASK_STEP";
const KUBERNETES: &str = "JOB_COMPLETION_INDEX";
const ADVICE: &str = "--shard I/N says it without the environment (1/1: all runs)";

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        parts
            .and_then(|(number, of)| Shard::new(number, of))
            .ok_or_else(|| "expected I/N with I from 1 to N, such as 3/8".to_owned())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Shard>, String> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Shard::of_environment(find).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_run_is_in_one_shard() {
        for count in [1, 2, 3, 7] {
            for run in 0..50 {
                assert_eq!((1..=count).filter(|&n| Shard::new(n, count).unwrap().has(run)).count(), 1);
            }
        }
        assert_eq!("2/3".parse(), Ok(Shard { number: 2, of: 3 }));
        assert_eq!(Shard::of_folder(&Shard { number: 2, of: 3 }.folder()), Some(Shard { number: 2, of: 3 }));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn job_arrays_are_recognized() {
        assert_eq!(of(&[]), Ok(None));
        let slurm = |id| [(SLURM, id), ("SLURM_ARRAY_TASK_MIN", "10"), ("SLURM_ARRAY_TASK_COUNT", "3")];
        assert_eq!(of(&slurm("12")), Ok(Shard::new(3, 3)));
        let mut by_tens = slurm("30").to_vec();
        by_tens.push((STEP, "10"));
        assert_eq!(of(&by_tens), Ok(Shard::new(3, 3)));
        assert_eq!(of(&[(KUBERNETES, "0"), ("JOB_COMPLETIONS", "4")]), Ok(Shard::new(1, 4)));
        let mut between = slurm("15").to_vec();
        between.push((STEP, "10"));
        assert!(of(&between).is_err());
        between[3].1 = "0";
        assert!(of(&between).unwrap_err().starts_with(STEP));
        for wrong in [&slurm("13")[..], &slurm("9"), &slurm("x"), &[(KUBERNETES, "0")], &[(SLURM, "1")]] {
            assert!(of(wrong).unwrap_err().contains("--shard I/N"), "{wrong:?}");
        }
    }
}
