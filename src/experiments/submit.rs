//! A sweep as a job array: the script or manifest under which Slurm or Kubernetes makes it as it is.

use serde_json::json;

use crate::units::hash::Fingerprint;

/// What is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The scenario's name.
    pub name: String,
    /// `fleetsim sweep ...`, word by word.
    pub command: Vec<String>,
    /// The `--out` in it.
    pub out: String,
    /// Tasks of the array, at least 1.
    pub tasks: u64,
    /// CPU cores of a task.
    pub cpus: u32,
}

/// The script for `sbatch`. A task that is killed and requeued goes on where it ended.
#[must_use]
pub fn slurm(job: &Job) -> String {
    let Job { tasks, cpus, .. } = job;
    let name = dns_name(&job.name);
    let command: Vec<String> = job.command.iter().map(|word| quoted(word)).collect();
    let out = quoted(&job.out);
    format!(
        "#!/bin/sh\n\
         #SBATCH --job-name={name}\n\
         #SBATCH --array=1-{tasks}\n\
         #SBATCH --ntasks=1\n\
         #SBATCH --cpus-per-task={cpus}\n\
         #SBATCH --requeue\n\
         #SBATCH --open-mode=append\n\
         #SBATCH --output={name}-%A_%a.log\n\
         # Each task finds its shard in SLURM_ARRAY_TASK_ID. When all have ended:\n\
         #   fleetsim sweep merge {out} --out {out}\n\
         # So that sbatch --array=3 makes the third of them alone:\n\
         export SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT={tasks}\n\
         export RAYON_NUM_THREADS=\"${{SLURM_CPUS_PER_TASK:-{cpus}}}\"\n\
         exec {}\n",
        command.join(" ")
    )
}

/// The manifest of an Indexed Job for `kubectl apply -f -`, with `image` to run in and the volume of `claim` at `/data`,
/// where it works.
///
/// # Panics
/// Never: a manifest is JSON, and all JSON is YAML.
#[must_use]
pub fn kubernetes(job: &Job, image: &str, claim: &str) -> String {
    let cpus = job.cpus.to_string();
    let environment = json!([
        {"name": "JOB_COMPLETIONS", "value": job.tasks.to_string()},
        {"name": "RAYON_NUM_THREADS", "value": cpus},
    ]);
    let container = json!({
        "name": "fleetsim",
        "image": image,
        "command": job.command,
        "workingDir": "/data",
        "env": environment,
        "resources": {"requests": {"cpu": cpus}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    });
    let pod = json!({
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
    });
    let spec = json!({
        "completionMode": "Indexed",
        "completions": job.tasks,
        "parallelism": job.tasks,
        // A pod that is evicted or whose node dies is made again and goes on where it ended.
        "backoffLimitPerIndex": 6,
        "template": {"spec": pod},
    });
    // What a Job does cannot be changed, so another sweep of the same scenario is a Job of another name.
    let name =
        format!("{}-{:08x}", dns_name(&job.name), Fingerprint::of(0, spec.to_string().as_bytes()).value() as u32);
    let manifest = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec});
    let out = quoted(&job.out);
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest is JSON");
    format!(
        "# For Kubernetes 1.29 or later, which has backoffLimitPerIndex.\n\
         # Each pod finds its shard in JOB_COMPLETION_INDEX. When all have ended, in /data:\n\
         #   fleetsim sweep merge {out} --out {out}\n{text}\n"
    )
}

/// A name that Kubernetes takes (RFC 1123 label) and Slurm too: `fleetsim-` and lower-case letters, digits and dashes. A
/// label has 63 bytes; the hash of a manifest and the index of a pod come behind it.
fn dns_name(name: &str) -> String {
    const LONGEST: usize = 63 - "-01234567".len() - "-99999".len();
    let fold = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let folded: String = name.chars().map(fold).take(LONGEST - "fleetsim-".len()).collect();
    format!("fleetsim-{folded}").trim_end_matches('-').to_owned()
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=,:+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quoted("--axis"), "--axis");
        assert_eq!(quoted("price=$2, it's"), r"'price=$2, it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn jobs_have_names_that_kubernetes_takes_another_for_another_sweep() {
        let manifest = |name: &str, out: &str| {
            let command = ["fleetsim", "sweep", "a.toml", "--out", out].map(str::to_owned).to_vec();
            let job = Job { name: name.to_owned(), command, out: out.to_owned(), tasks: 100_000, cpus: 4 };
            kubernetes(&job, "fleetsim:latest", "fleetsim")
        };
        let name_of = |manifest: &str| {
            let json: String = manifest.lines().filter(|line| !line.starts_with('#')).collect();
            let tree: serde_json::Value = serde_json::from_str(&json).unwrap();
            tree["metadata"]["name"].as_str().unwrap().to_owned()
        };
        assert!(name_of(&manifest("My Cluster (v2)", "a")).starts_with("fleetsim-my-cluster--v2-"));
        let long = "a long name, forty bytes of which remain - then no more of it";
        for name in ["", "-", "É", "日本", "UPPER", "x.y_z", "ends-", long, &long[..39], &"9".repeat(300)] {
            let name = name_of(&manifest(name, "a"));
            let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(is_inner) && !name.ends_with('-') && name.starts_with("fleetsim-"), "{name}");
            assert!(format!("{name}-99999").len() <= 63, "{name}");
        }
        assert_eq!(manifest("a", "one"), manifest("a", "one"));
        assert_ne!(name_of(&manifest("a", "one")), name_of(&manifest("a", "two")));
    }
}
