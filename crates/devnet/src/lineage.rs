//! Which branch each block number of a chain belongs to.

use std::sync::Arc;

/// Names one branch; blocks of one number on two branches have different hashes.
pub(crate) type Branch = u64;

/// A chain through the tree of branches: from each fork point on, the branch that holds.
#[derive(Clone, Debug)]
pub(crate) struct Lineage {
    /// (first number, branch), ascending; the first entry starts at block 0.
    forks: Vec<(u64, Branch)>,
}

/// Fork points remembered. Older ones are forgotten, so blocks that deep change their hash.
const FORKS_MAX: usize = 4096;

impl Lineage {
    pub(crate) fn new(trunk: Branch) -> Self {
        Self {
            forks: vec![(0, trunk)],
        }
    }

    /// The branch of a block number.
    pub(crate) fn branch(&self, number: u64) -> Branch {
        let above = self.forks.partition_point(|(first, _)| *first <= number);
        let fork = above.checked_sub(1).and_then(|last| self.forks.get(last));
        fork.map_or(0, |(_, branch)| *branch)
    }

    /// The same chain below `first`, another one from there on.
    pub(crate) fn forked(&self, first: u64, branch: Branch) -> Arc<Self> {
        let kept = self.forks.iter().filter(|(number, _)| *number < first);
        let mut forks: Vec<_> = kept.copied().collect();
        forks.push((first, branch));
        let surplus = forks.len().saturating_sub(FORKS_MAX);
        forks.drain(..surplus);
        Arc::new(Self { forks })
    }
}
