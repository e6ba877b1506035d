//! The one chain all nodes follow: its head, its branches, and what miners have put into it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use crate::block::Origin;
use crate::block::Place;
use crate::bloom::Bloom;
use crate::clock::unix_ms;
use crate::hash::Hash;
use crate::hash::keccak;
use crate::lineage::Branch;
use crate::lineage::Lineage;

/// Transactions waiting for the next block.
const PENDING_MAX: usize = 4096;
/// Transactions remembered in blocks; the oldest blocks forget theirs first.
const MINED_MAX: usize = 65_536;

/// The fixed part of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Genesis {
    pub(crate) origin: Origin,
    pub(crate) bloom: Bloom,
    pub(crate) block_time: Duration,
    /// Blocks that exist at the start.
    pub(crate) history: u64,
}

/// A height on a chain.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub(crate) number: u64,
    pub(crate) lineage: Arc<Lineage>,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    genesis: Genesis,
    /// When block 0 was made, in milliseconds since the Unix epoch.
    start_ms: u64,
    growth: Mutex<Growth>,
}

#[derive(Debug)]
struct Growth {
    tip: Tip,
    branches: Branch,
    pending: Vec<Hash>,
    /// By number first, so that the oldest are forgotten first.
    mined: BTreeMap<(u64, Branch), Vec<Hash>>,
    mined_count: usize,
    /// Where a sent transaction stands; nowhere while it is pending.
    places: HashMap<Hash, Vec<Place>>,
}

/// Why a transaction was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    Known,
    Full,
}

impl Genesis {
    fn block_ms(&self) -> u64 {
        u64::try_from(self.block_time.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Ledger {
    pub(crate) fn new(genesis: Genesis) -> Self {
        let age_ms = genesis.block_ms().saturating_mul(genesis.history);
        Self {
            genesis,
            start_ms: unix_ms().saturating_sub(age_ms),
            growth: Mutex::new(Growth {
                tip: Tip {
                    number: genesis.history,
                    lineage: Arc::new(Lineage::new(0)),
                },
                branches: 0,
                pending: Vec::new(),
                mined: BTreeMap::new(),
                mined_count: 0,
                places: HashMap::new(),
            }),
        }
    }

    pub(crate) fn genesis(&self) -> Genesis {
        self.genesis
    }

    pub(crate) fn tip(&self) -> Tip {
        self.growth().tip.clone()
    }

    /// The time of a block in seconds since the Unix epoch.
    pub(crate) fn timestamp(&self, number: u64) -> u64 {
        let age_ms = self.genesis.block_ms().saturating_mul(number);
        self.start_ms.saturating_add(age_ms) / 1000
    }

    /// A branch nobody is on yet.
    pub(crate) fn new_branch(&self) -> Branch {
        self.growth().new_branch()
    }

    /// Adds blocks; the first takes all pending transactions.
    pub(crate) fn mine(&self, blocks: u64) {
        let mut growth = self.growth();
        for _ in 0..blocks {
            growth.mine();
        }
    }

    /// Takes a raw transaction for the next block and returns its hash.
    pub(crate) fn submit(&self, raw: &[u8]) -> Result<Hash, NotTaken> {
        let hash = keccak(&[raw]);
        let mut growth = self.growth();
        if growth.places.contains_key(&hash) {
            return Err(NotTaken::Known);
        }
        if growth.pending.len() >= PENDING_MAX {
            return Err(NotTaken::Full);
        }
        growth.pending.push(hash);
        growth.places.insert(hash, Vec::new());
        Ok(hash)
    }

    /// Replaces the last `depth` blocks; what miners had put into them waits for the next block.
    pub(crate) fn reorg(&self, depth: u64) {
        let mut growth = self.growth();
        let head = growth.tip.number;
        let depth = depth.min(head);
        if depth == 0 {
            return;
        }
        let first = head - depth + 1;
        let old = Arc::clone(&growth.tip.lineage);
        let branch = growth.new_branch();
        growth.tip.lineage = old.forked(first, branch);
        let lost = growth.mined.range((first, 0)..);
        let lost = lost.filter(|((number, branch), _)| old.branch(*number) == *branch);
        let lost: Vec<Hash> = lost.flat_map(|(_, hashes)| hashes).copied().collect();
        growth.pending.extend(lost);
    }

    /// The transactions sent to miners that stand in a block.
    pub(crate) fn sent_in(&self, place: Place) -> Vec<Hash> {
        let growth = self.growth();
        let sent = growth.mined.get(&(place.number, place.branch));
        sent.cloned().unwrap_or_default()
    }

    /// Every block, on whatever branch, in which a sent transaction stands.
    pub(crate) fn places_of(&self, hash: &Hash) -> Vec<Place> {
        self.growth().places.get(hash).cloned().unwrap_or_default()
    }

    fn growth(&self) -> MutexGuard<'_, Growth> {
        self.growth.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Growth {
    fn new_branch(&mut self) -> Branch {
        self.branches += 1;
        self.branches
    }

    fn mine(&mut self) {
        self.tip.number += 1;
        let number = self.tip.number;
        let branch = self.tip.lineage.branch(number);
        let taken = std::mem::take(&mut self.pending);
        if taken.is_empty() {
            return;
        }
        for hash in &taken {
            let places = self.places.entry(*hash).or_default();
            places.push(Place { number, branch });
        }
        self.mined_count += taken.len();
        self.mined.insert((number, branch), taken);
        while self.mined_count > MINED_MAX && self.mined.len() > 1 {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(((number, branch), hashes)) = self.mined.pop_first() else {
            return;
        };
        self.mined_count = self.mined_count.saturating_sub(hashes.len());
        for hash in hashes {
            let Some(places) = self.places.get_mut(&hash) else {
                continue;
            };
            places.retain(|place| (place.number, place.branch) != (number, branch));
            if places.is_empty() {
                self.places.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests;
