//! The faults a node has now, and what had to be noted when they began.

use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::ledger::Tip;
use crate::lineage::Branch;
use crate::lineage::Lineage;

#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    faults: Vec<Fault>,
    frozen: Option<Tip>,
    forked: Option<Arc<Lineage>>,
    mad: Option<Mad>,
}

/// How far above the head a mad node claims to be, and the branch of its invented blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mad {
    pub(crate) blocks: u64,
    pub(crate) branch: Branch,
}

/// How a node answers once it has read a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Right,
    Status(u16),
    Html(u16),
    Rubbish,
}

impl Condition {
    /// Adds a fault; it replaces one of the same kind.
    pub(crate) fn add(&mut self, fault: Fault, ledger: &Ledger) {
        let kind = discriminant(&fault);
        self.faults.retain(|other| discriminant(other) != kind);
        self.faults.push(fault);
        if fault == Fault::Freeze {
            // Freezing twice does not thaw in between.
            self.frozen.get_or_insert_with(|| ledger.tip());
        }
        if let Fault::Fork(depth) = fault {
            let tip = ledger.tip();
            let first = tip.number.saturating_add(1).saturating_sub(depth).max(1);
            self.forked = Some(tip.lineage.forked(first, ledger.new_branch()));
        }
        if let Fault::MadHead(blocks) = fault {
            let branch = ledger.new_branch();
            self.mad = Some(Mad { blocks, branch });
        }
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Where the chain stands for this node before lag and madness.
    pub(crate) fn tip(&self, ledger: &Ledger) -> Tip {
        let mut tip = self.frozen.clone().unwrap_or_else(|| ledger.tip());
        if let Some(forked) = &self.forked {
            tip.lineage = Arc::clone(forked);
        }
        tip
    }

    pub(crate) fn mad(&self) -> Option<Mad> {
        self.mad
    }

    /// In blocks.
    pub(crate) fn lag(&self) -> u64 {
        self.faults.iter().fold(0, |lag, fault| {
            if let Fault::Lag(blocks) = fault {
                *blocks
            } else {
                lag
            }
        })
    }

    pub(crate) fn chain_id(&self, own: u64) -> u64 {
        self.faults.iter().fold(own, |chain_id, fault| {
            if let Fault::WrongChain(id) = fault {
                *id
            } else {
                chain_id
            }
        })
    }

    pub(crate) fn wait(&self) -> Duration {
        self.faults.iter().fold(Duration::ZERO, |wait, fault| {
            if let Fault::Slow(longer) = fault {
                *longer
            } else {
                wait
            }
        })
    }

    pub(crate) fn manner(&self) -> Manner {
        let status = self.faults.iter().fold(None, |status, fault| {
            if let Fault::Status(code) = fault {
                Some(*code)
            } else {
                status
            }
        });
        if self.has(Fault::Html) {
            return Manner::Html(status.unwrap_or(200));
        }
        match status {
            Some(code) => Manner::Status(code),
            None if self.has(Fault::Rubbish) => Manner::Rubbish,
            None => Manner::Right,
        }
    }
}
