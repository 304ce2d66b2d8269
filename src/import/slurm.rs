//! Slurm's own records: `sacct --parsable2`, and the lines of `jobcomp/filetxt`.

mod conf;
mod jobcomp;
mod sacct;
mod words;

use super::assembly::Assembly;
use super::lines::Lines;
use super::site::Site;
use super::{Dataset, Format, Request};
use crate::input::{Problem, Problems};
use crate::units::keys::{Key, Kind};

/// The format.
pub static FORMAT: Format = Format {
    name: "slurm",
    summary: "Slurm: the accounting of sacct --parsable2, or a job completion log",
    files: "the output of sacct --parsable2 --format=JobID,User,Account,Partition,Submit,Start,End,State,ElapsedRaw,\
            TimelimitRaw,AllocTRES,ReqTRES,NNodes (or a jobcomp.log); slurm.conf for the cluster",
    options: OPTIONS,
    read,
};

const OPTIONS: &[Key] = &[
    Key { name: "tenant", kind: Kind::Choice(&["account", "user"]), default: "account", doc: "Who pays for a job." },
    Key {
        name: "partitions",
        kind: Kind::Bool,
        default: "true",
        doc: "Whether each partition is a waiting line of its own.",
    },
];

/// How records are read.
#[derive(Debug, Clone, Copy)]
struct Reading<'a> {
    by_user: bool,
    partitions: bool,
    /// The cluster of slurm.conf.
    site: Option<&'a Site>,
}

impl Reading<'_> {
    /// The GPU types of a job that asked for one by name; any where the cluster does not tell them apart.
    fn gpu_types(self, named: Option<String>) -> Vec<String> {
        let has = |gpu: &String| self.site.is_none_or(|site| site.pools.iter().any(|p| p.gpu.as_ref() == Some(gpu)));
        named.into_iter().filter(has).collect()
    }
}

fn read(request: &Request<'_>) -> Result<Dataset, Problems> {
    let (confs, records) = request.split(|name| name.ends_with(".conf"));
    let site = match confs.as_slice() {
        [] => None,
        [conf] => Some(conf::site(conf)?),
        [_, second, ..] => return Err(Problem::of_file(second, "is a second slurm.conf; the format takes one").into()),
    };
    if records.is_empty() {
        return Err(Problem::of_file(request.first(), "holds no jobs; expected the output of sacct as well").into());
    }
    let reading = Reading {
        by_user: request.options.text_or("tenant", "account") == "user",
        partitions: request.options.bool_or("partitions", true),
        site: site.as_ref(),
    };
    let mut jobs = Assembly::default();
    let mut rows = 0;
    for path in records {
        let first = Lines::open(path)?.next_line()?.map(|line| line.text.to_owned()).unwrap_or_default();
        rows += if first.starts_with("JobId=") {
            jobs.notice("a completion log tells neither the memory nor the features of jobs: they ask for none");
            jobcomp::read(path, reading, &mut jobs)?
        } else {
            sacct::read(path, reading, &mut jobs)?
        };
    }
    jobs.notice(
        "times are local without an offset: where a clock was set back, an hour repeats, and jobs submitted in it are \
         ordered by what the clock showed",
    );
    Ok(jobs.finish(rows, site))
}
