//! What a job asks for, from the totals that datasets give.

use std::num::NonZeroU32;

use crate::trace::JobSpec;

/// GPUs and cores in total on a number of nodes: a task for each node where the GPUs divide evenly among them and none
/// takes more than `per_node`; otherwise GPUs that may lie anywhere. A dataset's count of nodes is what the job got or
/// asked for; 0 where it is not known.
#[must_use]
pub fn on_nodes(gpus: u32, cpu_milli: u64, nodes: u32, per_node: u32) -> JobSpec {
    let even = |tasks: &NonZeroU32| gpus % *tasks == 0 && gpus / *tasks <= per_node;
    let tasks = NonZeroU32::new(nodes).filter(even);
    let cpu_milli = cpu_milli.div_ceil(tasks.map_or(1, |tasks| u64::from(tasks.get())));
    JobSpec { gpus, tasks, cpu_milli, ..JobSpec::default() }
}
