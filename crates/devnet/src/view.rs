//! The chain as one node sees it at one moment; every answer is taken from a single view.

use std::sync::Arc;

use crate::block;
use crate::block::Block;
use crate::block::Origin;
use crate::block::Place;
use crate::bloom::Bloom;
use crate::condition::Condition;
use crate::fault::Fault;
use crate::hash::Hash;
use crate::hash::position;
use crate::ledger::Ledger;
use crate::ledger::Tip;

#[derive(Debug)]
pub(crate) struct View {
    ledger: Arc<Ledger>,
    origin: Origin,
    tip: Tip,
    /// The highest block that can have been made by now; a mad head lies above it.
    newest: u64,
    empty_logs: bool,
}

/// Where a block is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockRef {
    Latest,
    Safe,
    Finalized,
    Number(u64),
    Hash(Hash),
}

/// How far the `safe` and the `finalized` block are below the head.
const SAFE_DEPTH: u64 = 6;
const FINALIZED_DEPTH: u64 = 12;

impl View {
    pub(crate) fn new(ledger: &Arc<Ledger>, condition: &Condition) -> Self {
        let mut origin = ledger.genesis().origin;
        origin.chain_id = condition.chain_id(origin.chain_id);
        let mut tip = condition.tip(ledger);
        let newest = tip.number;
        tip.number = tip.number.saturating_sub(condition.lag());
        if let Some(mad) = condition.mad() {
            let first = tip.number.saturating_add(1);
            tip.lineage = tip.lineage.forked(first, mad.branch);
            tip.number = tip.number.saturating_add(mad.blocks);
        }
        Self {
            ledger: Arc::clone(ledger),
            origin,
            tip,
            newest,
            empty_logs: condition.has(Fault::EmptyLogs),
        }
    }

    pub(crate) fn head(&self) -> u64 {
        self.tip.number
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn bloom(&self) -> Bloom {
        self.ledger.genesis().bloom
    }

    /// In seconds since the Unix epoch; the blocks of a mad head claim to be made just now.
    pub(crate) fn timestamp(&self, number: u64) -> u64 {
        self.ledger.timestamp(number.min(self.newest))
    }

    /// The hash of a block number, whether or not the node has that block.
    pub(crate) fn hash(&self, number: u64) -> Hash {
        block::hash_at(self.origin, self.place(number))
    }

    /// The block the node has at a reference.
    pub(crate) fn number(&self, at: BlockRef) -> Option<u64> {
        let number = match at {
            BlockRef::Latest => self.head(),
            BlockRef::Safe => self.head().saturating_sub(SAFE_DEPTH),
            BlockRef::Finalized => self.head().saturating_sub(FINALIZED_DEPTH),
            BlockRef::Number(number) => number,
            BlockRef::Hash(hash) => {
                let number = position(&hash);
                (number <= self.head() && self.hash(number) == hash).then_some(number)?
            }
        };
        (number <= self.head()).then_some(number)
    }

    /// `number` must come from [`View::number`] or be at most the head.
    pub(crate) fn block(&self, number: u64) -> Block {
        let place = self.place(number);
        // What this network's miners took is on this network's chain alone.
        let foreign = self.origin.chain_id != self.ledger.genesis().origin.chain_id;
        let sent = match foreign {
            true => Vec::new(),
            false => self.ledger.sent_in(place),
        };
        block::make(self.origin, place, &sent)
    }

    /// The block that holds a transaction, and its index in there.
    pub(crate) fn transaction(&self, hash: &Hash) -> Option<(Block, usize)> {
        let sent = self.ledger.places_of(hash);
        let sent = sent.into_iter().find(|place| {
            place.number <= self.head() && self.place(place.number).branch == place.branch
        });
        let number = sent.map_or(position(hash) >> 8, |place| place.number);
        if number > self.head() {
            return None;
        }
        let block = self.block(number);
        let mut hashes = block.transactions.iter().map(|one| one.hash);
        let index = hashes.position(|one| one == *hash)?;
        Some((block, index))
    }

    /// Whether `eth_getLogs` already knows the logs of a block.
    pub(crate) fn shows_logs(&self, number: u64) -> bool {
        !(self.empty_logs && number == self.head())
    }

    fn place(&self, number: u64) -> Place {
        Place {
            number,
            branch: self.tip.lineage.branch(number),
        }
    }
}
