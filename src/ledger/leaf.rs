//! The leaves of the ledger: every GPU-second is in exactly one.

/// What became of GPU-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// The job made progress that was kept.
    Useful,
    /// Image pull, framework start, data-loader warm-up.
    Startup,
    /// The job stood still to write a checkpoint.
    Checkpoint,
    /// Restoring after preemption, failure, migration or resize.
    Restart,
    /// Progress later thrown away.
    LostWork,
    /// Progress of a job whose recorded state is failed, or cancelled by option.
    Discarded,
    /// Waiting for data.
    InputStall,
    /// Slowed by where the job was placed.
    Communication,
    /// Slowed by a neighbour on a shared GPU.
    Interference,
    /// Held by a job that does not use it.
    Inactive,
    /// Held by a job whose other members have no place.
    GangHold,
    /// Allocated with the job but not asked for.
    SliceWaste,
    /// Nobody queued wanted it.
    NoDemand,
    /// A waiting job would fit; the policy does not let it pass the job ahead.
    HeadOfLine,
    /// A waiting job would fit, but would delay a reservation.
    Reserved,
    /// A waiting job would fit, but its queue may not use it.
    Quota,
    /// Enough is free for the waiting job, in a shape that it cannot use.
    Fragmentation,
    /// It would fit if CPU and memory were unlimited.
    Stranded,
    /// Fewer GPUs are free than the waiting job needs.
    CapacityWait,
    /// Free, but of a type or in a pool that the waiting job may not use.
    WrongType,
    /// The node is down or being repaired.
    Failed,
    /// The node is drained.
    Maintenance,
}

/// The groups of leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafGroup {
    /// Kept progress.
    Productive,
    /// Held by a job, without progress.
    Unproductive,
    /// Held by nobody.
    Idle,
    /// Not to be had.
    Unavailable,
}

/// How many leaves there are.
pub const LEAVES: usize = 22;

impl Leaf {
    /// All leaves, in the order of every table.
    pub const ALL: [Leaf; LEAVES] = [
        Leaf::Useful,
        Leaf::Startup,
        Leaf::Checkpoint,
        Leaf::Restart,
        Leaf::LostWork,
        Leaf::Discarded,
        Leaf::InputStall,
        Leaf::Communication,
        Leaf::Interference,
        Leaf::Inactive,
        Leaf::GangHold,
        Leaf::SliceWaste,
        Leaf::NoDemand,
        Leaf::HeadOfLine,
        Leaf::Reserved,
        Leaf::Quota,
        Leaf::Fragmentation,
        Leaf::Stranded,
        Leaf::CapacityWait,
        Leaf::WrongType,
        Leaf::Failed,
        Leaf::Maintenance,
    ];

    /// As files call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Leaf::Useful => "useful",
            Leaf::Startup => "startup",
            Leaf::Checkpoint => "checkpoint",
            Leaf::Restart => "restart",
            Leaf::LostWork => "lost_work",
            Leaf::Discarded => "discarded",
            Leaf::InputStall => "input_stall",
            Leaf::Communication => "communication",
            Leaf::Interference => "interference",
            Leaf::Inactive => "inactive",
            Leaf::GangHold => "gang_hold",
            Leaf::SliceWaste => "slice_waste",
            Leaf::NoDemand => "no_demand",
            Leaf::HeadOfLine => "head_of_line",
            Leaf::Reserved => "reserved",
            Leaf::Quota => "quota",
            Leaf::Fragmentation => "fragmentation",
            Leaf::Stranded => "stranded",
            Leaf::CapacityWait => "capacity_wait",
            Leaf::WrongType => "wrong_type",
            Leaf::Failed => "failed",
            Leaf::Maintenance => "maintenance",
        }
    }

    /// What it means, in a few words for a table.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Leaf::Useful => "progress that was kept",
            Leaf::Startup => "starting up before the first step",
            Leaf::Checkpoint => "standing still to write a checkpoint",
            Leaf::Restart => "restoring after a stop",
            Leaf::LostWork => "progress thrown away",
            Leaf::Discarded => "work of jobs that failed",
            Leaf::InputStall => "waiting for data",
            Leaf::Communication => "slowed by placement",
            Leaf::Interference => "slowed by a neighbour",
            Leaf::Inactive => "held but not used",
            Leaf::GangHold => "held while other members have no place",
            Leaf::SliceWaste => "allocated beyond the request",
            Leaf::NoDemand => "nobody was waiting",
            Leaf::HeadOfLine => "a job would fit, but may not pass the one ahead",
            Leaf::Reserved => "a job would fit, but would delay a reservation",
            Leaf::Quota => "a job would fit, but its queue may not use it",
            Leaf::Fragmentation => "enough free GPUs, in the wrong shape",
            Leaf::Stranded => "free GPUs without free CPU or memory",
            Leaf::CapacityWait => "too few free GPUs for the job that waits",
            Leaf::WrongType => "free, but of a type or pool the job may not use",
            Leaf::Failed => "node down",
            Leaf::Maintenance => "node drained",
        }
    }

    /// Its group.
    #[must_use]
    pub fn group(self) -> LeafGroup {
        match self {
            Leaf::Useful => LeafGroup::Productive,
            Leaf::Failed | Leaf::Maintenance => LeafGroup::Unavailable,
            leaf if leaf >= Leaf::NoDemand => LeafGroup::Idle,
            _ => LeafGroup::Unproductive,
        }
    }

    /// Whether a job holds the GPU.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self.group(), LeafGroup::Productive | LeafGroup::Unproductive)
    }

    /// Whether a job runs a step on the GPU, kept or not. Waiting for a collective or beside a neighbour is part of a
    /// step, as monitoring shows it; waiting for data is not.
    #[must_use]
    pub fn is_step(self) -> bool {
        matches!(self, Leaf::Useful | Leaf::LostWork | Leaf::Discarded | Leaf::Communication | Leaf::Interference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_stand_in_their_order_and_have_distinct_names() {
        assert!(Leaf::ALL.iter().enumerate().all(|(i, &leaf)| leaf as usize == i));
        let names: std::collections::BTreeSet<_> = Leaf::ALL.iter().map(|l| l.name()).collect();
        assert_eq!(names.len(), LEAVES);
        assert_eq!(Leaf::ALL.iter().filter(|l| l.group() == LeafGroup::Idle).count(), 8);
    }
}
