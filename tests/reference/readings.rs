//! Where the documents can be read in two ways: what reference and engine do, and the alternative.
//!
//! Requests and life of a job
//! * Rejection (`world::World::new`): under `gang` and `pods` a job "can never fit" when not even `min_tasks` units
//!   fit; under the others when all its units do not. Alternative: all units under every policy.
//! * A pass is run at every instant at which anything happens but the submission of a job that is rejected, and again at
//!   the same instant only after a completion.
//! * Estimates are `walltime x factor` rounded down to the microsecond (`world::new_job`); the test workloads make it
//!   exact. Enforced walltimes do not know the factor. Who is done exactly at the walltime is finished, not killed.
//! * `until`: everything at that very instant still happens (completions, arrivals, the pass). What is submitted later
//!   is unfinished, even if it could never fit.
//! * Horizon (`simulate`): starts with the first submission that is not rejected. With unfinished jobs and no `until`
//!   it ends at the last event, a rejected submission being one.
//! * `pods` ends when nothing can happen any more; jobs on other nodes play on beside deadlocked ones. Alternative: the
//!   run ends at the instant at which `elastic::deadlocked` first holds.
//!
//! `gang` and `pods`
//! * `gang` starts with the most tasks that have a place anywhere; among places for so many, pools in file order and
//!   closer before wider as ever (`world::World::place`). Alternative: the first pool, and the closest level of a
//!   preferred topology, that holds `min_tasks`, with as many as fit there.
//! * Missing members come by (submit, row) of their jobs over all lines, as many of a job as fit in one placement.
//! * Members that come later lie in the pool of the others, and in their rack, node or island where that is required;
//!   where it is preferred, in that of the others if all of them lie in one and there is room, else wider.
//! * `pods`: a pod's topology is that of its job, and the first pod chooses the domain on its own account (it is the
//!   "whole request" when it is placed). A job that started with `min_tasks` goes on placing its other pods, but runs
//!   for its recorded duration whatever their number (only `gang` is excepted from that).
//! * A task of no GPU makes progress as any other.
//!
//! EASY and conservative
//! * By count (`world::any_free_gpu_will_do`): CPU and memory limits count in the pools that a job may use; a CPU job
//!   does not spoil it, unless its line may not use the GPU pool or it has a required topology.
//! * EASY wakes up for nothing but submissions and completions; its reservations are remade at each pass. Conservative
//!   wakes up at reserved starts, with `replan` too.
//! * EASY by nodes: a candidate that outlasts the reservation's start may use what is free now, as far as it is also free
//!   then beside the reservation; GPUs that running jobs return serve the reservation first. Alternative: what is free now
//!   less what the reservation needs then, node by node.
//! * EASY by nodes, several expected ends at one instant: they are released together. Alternative: one after the other, by
//!   (submit, row), and the head takes the first place that it finds.
//! * Conservative, several due reservations: in queue order. Alternative: the one with the earliest start first.
//! * Conservative by nodes, a walk that finds the same start again: the place stays. Alternative: it is chosen anew.
//! * Conservative, a job with an estimate of 0 holds its place in the plan for a microsecond. With none, as "[start, start +
//!   estimate)" has it word by word, another job may be promised the same place at the same instant and start there first,
//!   and the promise to the job of no length is broken. With one the other is promised the next microsecond, and comes
//!   forward when the job of no length has ended. `replan` promises nothing and goes word by word: with 1 it would wake up
//!   every microsecond while a job of no length waits for one that outlived its estimate.
//! * Conservative has one profile for all lines; the walk is line after line. Arrivals come last over all lines, line
//!   after line among themselves. Alternative: by (submit, row).
//! * Due reservations are tried before the walk, on the nodes that they name; a walk may then find them others. In the
//!   walk a job may get a later start than it had only where somebody outlived the estimate.
//! * `replan` knows no turns: a job that should have started is placed in queue order like any other.
//!
//! Preemption
//! * Urgency is what it was when the pass began, also of those that it stops. Alternative: under `requeue` a stopped job has
//!   its whole estimate to do at once, and its turn comes later in the pass.
//! * All that were stopped beyond need are given back in the order in which they were taken, least urgent first.
//!   Alternative: the most urgent first, so that the least urgent are the ones that stay stopped.
//! * The very place that a job had, found again in the same pass, is no stop. The same node will do where the GPUs of an
//!   island are alike. Alternative: a stop and a start.
//! * `min_runtime` and an enforced walltime count from the latest start. Alternative for `suspend`: the walltime counts
//!   all that the job has run.
//! * Where a stop is an end, a stopped job may only keep the very place that it had. Alternative: it may be moved at once,
//!   as a stop and a start.
//! * With a time of grace a notice is never taken back, though the job that it was given for may start elsewhere. In its first
//!   pass who is told may keep the very place that it had, and get no other.
//! * Who has a place that others are leaving holds back those behind, whom it would be in the way: `reserved`, or
//!   `head_of_line` where the head blocks.
//! * The ledger's walk keeps stopped jobs in their old place of the line: by their whole estimates under `srtf`.
//!   Alternative: by what remains of them, as a pass does.
//! * Who is not preemptible is not stopped, but may stop others.
//!
//! Placement
//! * To a job of no GPU an island is no closer than its node, but with `island = "rack"` its rack.
//! * `island-pack` chooses racks, and nodes for a `node` need, like `pack`, and looks for an island within these.
//! * `spread`: "with tasks" means that the job has the column, not that it has more than one unit.
//!
//! Ledger
//! * A request is in whole GPUs, also of a share: that is what is taken. The rest of a share is `slice_waste` from the
//!   moment the GPU is held, before the start under `pods` too.
//! * `discarded` goes by the recorded state alone: also of a job that is killed or unfinished in the simulation.
//! * Rule (a): the first pool in which the job fits and in which its request is unclaimed. A barred pool is no such pool,
//!   so `quota` arises only in rule (b).
//! * Rule (b): the leaf is decided from what is unclaimed in the pools of the job before it claims. "Would fit with
//!   unlimited CPU and memory" looks at what is free, not at what is unclaimed, in any pool of the job. Alternative: only
//!   in those with enough unclaimed. An elastic job "fits" when it could start, or go on growing.
//! * A pool barred both by GPU type and by line counts as `quota`. Alternative: `wrong_type`.
//! * A shape keeps the place of its first waiting job in both rules, also if that job claimed under (a). The shape
//!   counts units without a place, so a job with some units placed has another shape.
//! * Under `gang` missing members claim before the lines, by (submit, row). Under `pods` a job with pods missing stands in
//!   its line, started or not, and may be its head. The pools of a job that holds units remain all that it may use.
