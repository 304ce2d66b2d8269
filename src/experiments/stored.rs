//! Comparisons and sweeps read back from their folders, for charts and reports.

use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use super::bootstrap::Period;
use super::compare_files::{SCHEMA, drawn_from};
use super::design::Design;
use super::interval::{Draws, Interval};
use super::run::Cell;
use super::store::Store;
use crate::input::{Problem, Problems};
use crate::results::stored::csv_file::CsvFile;
use crate::results::{Figures, StoredRun};

/// One of those compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    /// Its name.
    pub name: String,
    /// Its policy's.
    pub policy: String,
    /// The figures of replicate 0.
    pub figures: Figures,
    /// The figures of all replicates, 0 first.
    pub replicates: Vec<Figures>,
    /// Queue times in seconds, ascending: of all jobs, or at equal steps of the share of jobs.
    pub waits: Vec<f64>,
}

/// Runs side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredComparison {
    /// The scenario's name, or what several runs are together.
    pub name: String,
    /// What is compared, the one that the others are held against first; at least one.
    pub contenders: Vec<Contender>,
    /// What the replicates are to each other.
    pub draws: Draws,
}

#[derive(serde::Deserialize)]
struct File<'j> {
    schema: String,
    name: String,
    #[serde(borrow)]
    variants: Vec<Variant<'j>>,
}

#[derive(serde::Deserialize)]
struct Variant<'j> {
    name: String,
    policy: String,
    #[serde(borrow)]
    figures: &'j RawValue,
    #[serde(default)]
    differences: Value,
}

impl Variant<'_> {
    fn draws(&self) -> Draws {
        let are = self.differences.get("replicates_are").and_then(Value::as_str);
        let Some(of) = [Period::Days, Period::Weeks].into_iter().find(|&of| are == Some(&*drawn_from(of))) else {
            return Draws::Independent;
        };
        let blocks = self.differences.get("blocks").and_then(Value::as_u64).unwrap_or(0);
        Draws::Bootstrap { of, blocks: u32::try_from(blocks).unwrap_or(u32::MAX) }
    }
}

impl StoredComparison {
    /// Whether a folder is one of `compare`.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join("compare.json").exists()
    }

    /// Reads the folder of a comparison.
    ///
    /// # Errors
    /// When a file is missing, or is not what `compare` writes.
    pub fn read(folder: &Path) -> Result<Self, Problems> {
        let path = folder.join("compare.json");
        let text =
            std::fs::read_to_string(&path).map_err(|e| Problem::of_file(&path, format!("cannot be read: {e}")))?;
        let damaged = |why: String| Problem::of_file(&path, format!("is damaged: {why}"));
        let file: File<'_> = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        if file.schema != SCHEMA {
            return Err(damaged(format!("expected \"{SCHEMA}\", found \"{}\"", file.schema)).into());
        }
        if file.variants.is_empty() {
            return Err(damaged("nothing was compared".to_owned()).into());
        }
        let draws = file.variants.iter().fold(Draws::Independent, |draws, variant| draws.and(variant.draws()));
        let contender = |v: Variant<'_>| Contender {
            name: v.name,
            policy: v.policy,
            figures: Figures::of_summary(v.figures.get()),
            replicates: Vec::new(),
            waits: Vec::new(),
        };
        let mut contenders: Vec<Contender> = file.variants.into_iter().map(contender).collect();
        read_replicates(&folder.join("compare.csv"), &mut contenders)?;
        read_waits(&folder.join("waits.csv"), &mut contenders)?;
        Ok(StoredComparison { name: file.name, contenders, draws })
    }

    /// Puts runs side by side, by the names of their folders.
    ///
    /// # Errors
    /// When a file of a run is missing or damaged.
    pub fn of_runs(folders: &[std::path::PathBuf]) -> Result<Self, Problems> {
        let mut contenders = Vec::new();
        for folder in folders {
            let run = StoredRun::read(folder)?;
            let path = folder.join("summary.json");
            let text =
                std::fs::read_to_string(&path).map_err(|e| Problem::of_file(&path, format!("cannot be read: {e}")))?;
            let figures = Figures::of_summary(&text);
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            let sizes = 0..run.jobs.waits.len();
            contenders.push(Contender {
                name: name.unwrap_or_else(|| run.summary.name.clone()),
                policy: run.summary.policy.clone(),
                replicates: vec![figures.clone()],
                figures,
                waits: run.jobs.waits_of(sizes),
            });
        }
        // Folders of the same name are told apart by their number.
        for at in 1..contenders.len() {
            let (before, own) = contenders.split_at_mut(at);
            if before.iter().any(|earlier| earlier.name == own[0].name) {
                own[0].name = format!("{} ({})", own[0].name, at + 1);
            }
        }
        let name = format!("{} runs side by side", contenders.len());
        Ok(StoredComparison { name, contenders, draws: Draws::Independent })
    }

    /// A figure of a contender: the trace's own where replicates are drawn from one, else the mean over them.
    #[must_use]
    pub fn value(&self, contender: usize, figure: &str) -> Option<f64> {
        Interval::centre(&numbers(&self.contenders[contender].replicates, figure)?, self.draws)
    }

    /// How the figure differs from the first one's, where replicates are enough to say.
    #[must_use]
    pub fn difference(&self, contender: usize, figure: &str) -> Option<Interval> {
        let own = numbers(&self.contenders[contender].replicates, figure)?;
        let first = numbers(&self.contenders[0].replicates, figure)?;
        let differences: Vec<f64> = own.iter().zip(&first).map(|(own, first)| own - first).collect();
        (contender > 0).then(|| Interval::of_figure(figure, &differences, self.draws)).flatten()
    }

    /// How many replicates each has.
    #[must_use]
    pub fn replicates(&self) -> usize {
        self.contenders[0].replicates.len()
    }
}

fn numbers(replicates: &[Figures], figure: &str) -> Option<Vec<f64>> {
    replicates.iter().map(|figures| figures.number(figure)).collect()
}

fn contender<'c>(contenders: &'c mut [Contender], file: &CsvFile, column: usize) -> Result<&'c mut Contender, Problem> {
    let of = |c: &&mut Contender| c.name.as_bytes() == file.bytes(column);
    contenders.iter_mut().find(of).ok_or_else(|| file.problem("is damaged: compare.json has no such variant"))
}

fn read_replicates(path: &Path, contenders: &mut [Contender]) -> Result<(), Problem> {
    let mut file = CsvFile::open(path)?;
    let variant = file.column("variant")?;
    let names = file.header();
    // What comes after the seed are figures.
    let first = file.column("seed")? + 1;
    while file.next()? {
        let figures = names.iter().enumerate().skip(first).map(|(at, name)| (name.clone(), file.text(at))).collect();
        contender(contenders, &file, variant)?.replicates.push(figures);
    }
    match contenders.iter().find(|c| c.replicates.is_empty()) {
        Some(without) => Err(file.problem(&format!("is damaged: `{}` has no row", without.name))),
        None => Ok(()),
    }
}

fn read_waits(path: &Path, contenders: &mut [Contender]) -> Result<(), Problem> {
    let mut file = CsvFile::open(path)?;
    let (variant, wait) = (file.column("variant")?, file.column("wait_s")?);
    while file.next()? {
        let seconds = file.number(wait)?;
        contender(contenders, &file, variant)?.waits.push(seconds);
    }
    Ok(())
}

/// A sweep read back.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSweep {
    /// The scenario's name.
    pub name: String,
    /// Its points.
    pub design: Design,
    /// By point, in their order: its replicates that are done.
    pub points: Vec<Vec<Cell>>,
    /// What the replicates are to each other.
    pub draws: Draws,
    /// How many replicates each point is to have.
    pub replicates: u32,
}

impl StoredSweep {
    /// Reads the folder of a sweep; `None` where it is none.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, Problem> {
        let Some(store) = Store::look(folder)? else { return Ok(None) };
        let manifest = store.manifest();
        let design = manifest.design();
        let mut points = vec![Vec::new(); design.points().unwrap_or(0) as usize];
        for run in store.runs() {
            points[run.point as usize].extend(store.get(run));
        }
        let name = manifest.scenario.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Some(StoredSweep { name, design, points, draws: manifest.draws(), replicates: manifest.replicates }))
    }

    /// The values of the keys at a point.
    #[must_use]
    pub fn settings(&self, point: usize) -> Vec<String> {
        self.design.point(point as u64)
    }

    /// A figure at a point, and its interval where replicates are enough.
    #[must_use]
    pub fn value(&self, point: usize, figure: &str) -> Option<(f64, Option<Interval>)> {
        let values: Option<Vec<f64>> = self.points[point].iter().map(|cell| cell.figures.number(figure)).collect();
        let values = values?;
        Some((Interval::centre(&values, self.draws)?, Interval::of_figure(figure, &values, self.draws)))
    }
}
