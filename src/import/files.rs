//! Telling the files of a dataset apart by their columns, whatever they are called.

use std::path::{Path, PathBuf};

use super::sheet::Sheet;
use crate::input::{Problem, Problems};

/// A kind of file that a format takes.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What it is, with its article: `a list of nodes`.
    pub what: &'static str,
    /// Columns that together no other kind has.
    pub columns: &'static [&'static str],
}

/// Files sorted by kind: as many lists as there are kinds, in the same order.
pub type Sorted<const N: usize> = [Vec<Sheet>; N];

/// Opens the files and sorts them by kind.
///
/// # Errors
/// A file cannot be read or is of no kind.
pub fn sort_out<const N: usize>(files: &[PathBuf], kinds: &[Kind; N]) -> Result<Sorted<N>, Problems> {
    let mut sorted = [const { Vec::new() }; N];
    let mut problems = Problems::new();
    for file in files {
        match Sheet::open(file).and_then(|sheet| Ok((kind_of(&sheet, kinds)?, sheet))) {
            Ok((kind, sheet)) => sorted[kind].push(sheet),
            Err(problem) => problems.push(problem),
        }
    }
    problems.or(sorted)
}

/// The only sheet of a kind, if there is one.
///
/// # Errors
/// There are more.
pub fn at_most_one(mut sheets: Vec<Sheet>, kind: &Kind) -> Result<Option<Sheet>, Problem> {
    match sheets.get(1) {
        Some(second) => {
            Err(Problem::of_file(second.path(), format!("is {} too; the format takes only one", kind.what)))
        }
        None => Ok(sheets.pop()),
    }
}

/// The only file with jobs among those of several kinds, and the number of its kind.
///
/// # Errors
/// There is none, or there are more; `first` is the first file of the request.
pub fn only_jobs<const N: usize>(
    lists: [Vec<Sheet>; N],
    kinds: &[Kind; N],
    first: &Path,
) -> Result<(usize, Sheet), Problem> {
    let mut sheets = lists.into_iter().enumerate().flat_map(|(kind, list)| list.into_iter().map(move |s| (kind, s)));
    match (sheets.next(), sheets.next()) {
        (Some(only), None) => Ok(only),
        (Some((_, first)), Some((kind, second))) => Err(Problem::of_file(
            second.path(),
            format!("is {} besides {}; expected one file with jobs", kinds[kind].what, first.file_name()),
        )),
        (None, _) => Err(no_jobs(first, kinds)),
    }
}

/// The problem of a request none of whose files has jobs.
#[must_use]
pub fn no_jobs(first: &Path, kinds: &[Kind]) -> Problem {
    Problem::of_file(first, format!("holds no jobs; expected {} as well", listed(kinds)))
}

fn kind_of(sheet: &Sheet, kinds: &[Kind]) -> Result<usize, Problem> {
    let has_all = |kind: &Kind| kind.columns.iter().all(|column| sheet.has(column));
    match kinds.iter().position(has_all) {
        Some(kind) => Ok(kind),
        None => Err(stranger(sheet, kinds)),
    }
}

/// What is wrong with a file that is of no kind: what the most similar one lacks.
fn stranger(sheet: &Sheet, kinds: &[Kind]) -> Problem {
    let common = |kind: &&Kind| kind.columns.iter().filter(|column| sheet.has(column)).count();
    let nearest = kinds.iter().rev().max_by_key(common).filter(|kind| common(kind) > 0);
    let lacking = nearest.and_then(|kind| {
        let problem = kind.columns.iter().find_map(|column| sheet.column(column).err())?;
        Some(Problem { message: format!("{} (taken for {})", problem.message, kind.what), ..problem })
    });
    lacking.unwrap_or_else(|| {
        let found = sheet.names().join(",");
        let short: String = found.chars().take(80).collect();
        Problem::at(sheet.path(), 1, 1, format!("the columns are {short:?}; expected {}", listed(kinds)))
    })
}

/// `a list of pods (name,num_gpu) or a list of nodes (sn,model)`.
fn listed(kinds: &[Kind]) -> String {
    let kinds = kinds.iter().map(|kind| format!("{} ({})", kind.what, kind.columns.join(",")));
    kinds.collect::<Vec<_>>().join(" or ")
}
