//! How many threads make runs and draw charts.

use super::args::Command;
use super::failure::Failure;
use crate::input::Problem;

/// The variable that the thread pool itself goes by; job arrays set it to the cores of a task.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// The most that can be asked for.
pub const MOST: u32 = 1024;

/// Sees to it that a command has as many threads as `--threads` asks for, else the environment; by default as many as
/// there are cores, of those that its container or its job may use. Outputs are the same with any number.
///
/// # Errors
/// When the environment asks for no number, or so many threads cannot be had.
pub fn set(option: Option<u32>, command: &Command) -> Result<(), Failure> {
    if !uses_threads(command) {
        return Ok(());
    }
    let Some((asked_by, threads)) = asked(option, std::env::var(VARIABLE).ok())? else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build_global();
    pool.map_err(|error| problem(asked_by, format!("{threads} threads cannot be had: {error}")).into())
}

fn uses_threads(command: &Command) -> bool {
    matches!(
        command,
        Command::Run(_)
            | Command::Compare(_)
            | Command::Sweep(_)
            | Command::Plan(_)
            | Command::Check(_)
            | Command::Explain(_)
            | Command::Report(_)
    )
}

/// How many are asked for and by what, if any are.
fn asked(option: Option<u32>, variable: Option<String>) -> Result<Option<(&'static str, u32)>, Problem> {
    if let Some(threads) = option {
        return Ok(Some(("--threads", threads)));
    }
    let Some(text) = variable.filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.parse() {
        Ok(threads) if (1..=MOST).contains(&threads) => Ok(Some((VARIABLE, threads))),
        _ => Err(problem(VARIABLE, format!("expected a number of threads, 1 to {MOST}, found `{text}`"))),
    }
}

fn problem(source: &str, message: String) -> Problem {
    Problem { source: source.to_owned(), at: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_comes_before_the_environment_which_must_be_a_number() {
        let asked = |option, variable: Option<&str>| asked(option, variable.map(str::to_owned));
        assert_eq!(asked(None, None), Ok(None));
        assert_eq!(asked(None, Some("")), Ok(None));
        assert_eq!(asked(None, Some("3")), Ok(Some((VARIABLE, 3))));
        assert_eq!(asked(Some(2), Some("abc")), Ok(Some(("--threads", 2))));
        for wrong in ["0", "abc", "-1", "2.5", "1025"] {
            assert!(asked(None, Some(wrong)).is_err(), "{wrong}");
        }
    }
}
