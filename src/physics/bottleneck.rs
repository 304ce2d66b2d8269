//! What holds a job's input back: of all that its data pass through, the slowest.

/// What sets the pace of a job's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bottleneck {
    /// The cores that prepare its data.
    Cores,
    /// What the storage system lets one node read.
    Client,
    /// The network cards of its nodes.
    Nic,
    /// The bandwidth of the storage system, which it shares with other jobs.
    Storage,
}

impl Bottleneck {
    /// All of them.
    pub const ALL: [Bottleneck; 4] = [Bottleneck::Cores, Bottleneck::Client, Bottleneck::Nic, Bottleneck::Storage];

    /// As files say it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Bottleneck::Cores => "cores",
            Bottleneck::Client => "client",
            Bottleneck::Nic => "nic",
            Bottleneck::Storage => "storage",
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Bottleneck::Cores => "its cores prepare data too slowly",
            Bottleneck::Client => "the storage system lets a node read no faster",
            Bottleneck::Nic => "the network cards of its nodes are no faster",
            Bottleneck::Storage => "the storage system is shared with other readers",
        }
    }
}

/// How long a job waited for data, by what held it back: units x microseconds x billionths of the full speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stalls([u128; Bottleneck::ALL.len()]);

impl Stalls {
    /// So much more.
    pub fn add(&mut self, by: Bottleneck, amount: u128) {
        self.0[by as usize] += amount;
    }

    /// What another run of the job adds.
    pub fn extend(&mut self, more: &Stalls) {
        for (sum, more) in self.0.iter_mut().zip(more.0) {
            *sum += more;
        }
    }

    /// How long it was held back by one.
    #[must_use]
    pub fn by(&self, by: Bottleneck) -> u128 {
        self.0[by as usize]
    }

    /// By all together.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.0.iter().sum()
    }

    /// What held it back for the largest part, the first of equals; nothing where it never waited.
    #[must_use]
    pub fn binding(&self) -> Option<Bottleneck> {
        let longest = Bottleneck::ALL.into_iter().rev().max_by_key(|&by| self.by(by))?;
        Some(longest).filter(|&by| self.by(by) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_binds() {
        let mut stalls = Stalls::default();
        assert_eq!(stalls.binding(), None);
        stalls.add(Bottleneck::Nic, 5);
        assert_eq!(stalls.binding(), Some(Bottleneck::Nic));
        let mut more = Stalls::default();
        more.add(Bottleneck::Client, 5);
        stalls.extend(&more);
        assert_eq!((stalls.binding(), stalls.total()), (Some(Bottleneck::Client), 10));
        stalls.extend(&more);
        assert_eq!((stalls.binding(), stalls.by(Bottleneck::Client)), (Some(Bottleneck::Client), 10));
    }
}
