//! `remedies.json`: what counterfactual runs say against the largest causes of loss.
//!
//! A saving is a difference between two simulated runs of the same jobs, per year; nothing in here is an estimate.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::input::Problem;
use crate::ledger::Leaf;
use crate::output::write_text;

/// Its name in the run folder.
pub const FILE: &str = "remedies.json";

/// The version of its shape.
pub const SCHEMA: &str = "fleetsim.remedies/1";

/// The file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedies {
    /// The version of the file's shape.
    pub schema: String,
    /// What all GPUs of the run cost a year.
    pub usd_per_year: f64,
    /// The run itself.
    pub run: Effect,
    /// The largest causes of loss in it, the largest first.
    pub causes: Vec<Cause>,
    /// What was tried, each by itself.
    pub remedies: Vec<Remedy>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Mean queue time in seconds; nothing where no job started.
    pub wait_s_mean: Option<f64>,
    /// Jobs that can never fit.
    pub rejected: u64,
    /// Jobs that had not ended when the run did.
    pub unfinished: u64,
}

/// A leaf of the ledger that is among the largest losses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The leaf's name.
    pub leaf: String,
    /// What it costs a year.
    pub usd_per_year: f64,
    /// The same in GPU-hours.
    pub gpu_hours_per_year: f64,
    /// The remedy that [`Remedies::choose`] names; nothing where none helps.
    pub remedy: Option<String>,
}

/// What to do against a cause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Advice<'a> {
    /// This saves all in all.
    Do(&'a Remedy),
    /// This cuts the cause, and costs as much or more elsewhere.
    Weigh(&'a Remedy),
}

/// The part of a cause from which on a remedy is one against it: less is the noise of another schedule.
const MATERIAL: f64 = 0.1;

/// A change and what it saves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// Its name.
    pub name: String,
    /// What it is, in a few words.
    pub label: String,
    /// What `--set` must be given for the same run.
    pub set: Vec<String>,
    /// What `--unset` must be given for it.
    pub unset: Vec<String>,
    /// What came of it.
    pub effect: Effect,
    /// What the cluster costs less a year, and what its GPUs cost that stand idle no longer while jobs wait, or are held no
    /// longer without progress that is kept; negative where it costs more.
    pub saving_usd_per_year: f64,
    /// The same in GPU-hours.
    pub saving_gpu_hours_per_year: f64,
    /// How much less each of the causes costs a year, in their order.
    pub by_cause_usd_per_year: Vec<f64>,
    /// The same in GPU-hours.
    pub by_cause_gpu_hours_per_year: Vec<f64>,
}

impl Remedies {
    /// Writes it into a run folder.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// # Panics
    /// Never: it is JSON.
    pub fn write(&self, folder: &Path) -> Result<(), Problem> {
        let mut text = serde_json::to_string_pretty(self).expect("remedies are JSON");
        text.push('\n');
        write_text(&folder.join(FILE), &text)
    }

    /// Reads it from a run folder; `None` where there is none.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, Problem> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::of_file(&path, format!("cannot be read: {error}"))),
        };
        let damaged = |why: String| Problem::of_file(&path, format!("is damaged: {why}"));
        let remedies: Remedies = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if remedies.schema != SCHEMA {
            return Err(damaged(format!("it has the schema `{}`; `{SCHEMA}` is expected", remedies.schema)));
        }
        let causes = remedies.causes.len();
        let has_all = |remedy: &Remedy| {
            remedy.by_cause_usd_per_year.len() == causes && remedy.by_cause_gpu_hours_per_year.len() == causes
        };
        if !remedies.remedies.iter().all(has_all) {
            return Err(damaged("a remedy does not have a figure for each cause".to_owned()));
        }
        Ok(Some(remedies))
    }

    /// Whether anything has a price.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.usd_per_year > 0.0
    }

    /// The remedy of that name.
    #[must_use]
    pub fn remedy(&self, name: &str) -> Option<&Remedy> {
        self.remedies.iter().find(|remedy| remedy.name == name)
    }

    /// The number of a leaf among the causes.
    #[must_use]
    pub fn cause(&self, leaf: Leaf) -> Option<usize> {
        self.causes.iter().position(|cause| cause.leaf == leaf.name())
    }

    /// Names for each cause the remedy that cuts it the most, among those that cut it by a tenth at least, save anything all
    /// in all and leave no more jobs undone. Longer queues are a remedy against idle GPUs that nobody wanted, and against
    /// nothing else.
    pub fn choose(&mut self) {
        for at in 0..self.causes.len() {
            let best = self.strongest(at, |remedy| self.saving(remedy) > 0.0);
            self.causes[at].remedy = best.map(|remedy| remedy.name.clone());
        }
    }

    /// What to do against a cause: the remedy that was chosen, or else the one that cuts it the most, which costs at least as
    /// much elsewhere.
    #[must_use]
    pub fn advice(&self, at: usize) -> Option<Advice<'_>> {
        match self.causes[at].remedy.as_deref() {
            Some(name) => self.remedy(name).map(Advice::Do),
            None => self.strongest(at, |_| true).map(Advice::Weigh),
        }
    }

    /// Of the remedies of a kind the one that cuts a cause the most, the first that was tried of equals.
    fn strongest(&self, at: usize, kind: impl Fn(&Remedy) -> bool) -> Option<&Remedy> {
        let (cause, priced) = (&self.causes[at], self.is_priced());
        let size = if priced { cause.usd_per_year } else { cause.gpu_hours_per_year };
        let cut = |r: &Remedy| if priced { r.by_cause_usd_per_year[at] } else { r.by_cause_gpu_hours_per_year[at] };
        let may_wait = cause.leaf == Leaf::NoDemand.name();
        let helps = |remedy: &&Remedy| {
            let waits = may_wait || remedy.effect.wait_s_mean <= self.run.wait_s_mean;
            cut(remedy) >= MATERIAL * size
                && cut(remedy) > 0.0
                && remedy.undone(&self.run) == 0
                && waits
                && kind(remedy)
        };
        self.remedies.iter().rev().filter(helps).max_by(|a, b| cut(a).total_cmp(&cut(b)))
    }

    fn saving(&self, remedy: &Remedy) -> f64 {
        if self.is_priced() { remedy.saving_usd_per_year } else { remedy.saving_gpu_hours_per_year }
    }
}

impl<'a> Advice<'a> {
    /// The remedy that it is about.
    #[must_use]
    pub fn remedy(self) -> &'a Remedy {
        match self {
            Advice::Do(remedy) | Advice::Weigh(remedy) => remedy,
        }
    }
}

impl Remedy {
    /// How many more jobs than in the run itself never end.
    #[must_use]
    pub fn undone(&self, run: &Effect) -> u64 {
        let undone = |effect: &Effect| effect.rejected + effect.unfinished;
        undone(&self.effect).saturating_sub(undone(run))
    }
}
