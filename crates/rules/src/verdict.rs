//! What a round finds: how every backend stands, what counts as the head, what changed and why.

use std::fmt;

use chain::head::Head;

use crate::health::Link;
use crate::moment::Moment;
use crate::table::Standing;

/// How one backend stands after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it may do.
    pub standing: Standing,
    /// Whether it answers its probes; `Unknown` before the first verdict.
    pub link: Link,
    /// Its newest head; `None` when it has none or has not shown one for long.
    pub head: Option<Head>,
    /// Blocks behind the reference; `None` without a head or a reference.
    pub lag_blocks: Option<u64>,
    /// Seconds its head is older than the reference's; `None` without a head or a reference.
    pub lag_seconds: Option<u64>,
    /// When it came back after having been out.
    pub returned: Option<Moment>,
}

/// Whose head the others are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The leader's, at this index among the specs.
    Leader(usize),
    /// The heads voted; this backend's won.
    Vote(usize),
}

/// The head that the others are measured against in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its number.
    pub number: u64,
    /// Its timestamp, in seconds.
    pub timestamp: u64,
    /// Whose it is.
    pub source: Source,
}

/// Why somebody's word does not count, or nobody's does: what an operator should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The leader's last polls failed.
    LeaderSilent,
    /// The leader says another chain id than the fleet.
    LeaderOnAnotherChain,
    /// The leader's block differs from the majority's at this height.
    LeaderForked(u64),
    /// The leader says block 0.
    LeaderAtZero,
    /// The leader's head is so many seconds ahead of the wall clock.
    LeaderAheadOfClock(u64),
    /// The leader is so many blocks behind a head that others confirm.
    LeaderBehind(u64),
    /// By the leader's word a whole pool is at least so many blocks behind; it has not proved it.
    LeaderUnproved(u64),
    /// Chain ids contradict each other and no side is more.
    ChainIdsTied,
    /// Hashes at this height contradict each other and no side is more.
    HashesTied(u64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaderSilent => f.write_str("the leader does not answer"),
            Self::LeaderOnAnotherChain => f.write_str("the leader is on another chain"),
            Self::LeaderForked(height) => {
                write!(f, "the leader's block {height} is not the majority's")
            }
            Self::LeaderAtZero => f.write_str("the leader says block 0"),
            Self::LeaderAheadOfClock(seconds) => {
                write!(f, "the leader's head is {seconds} s ahead of the clock")
            }
            Self::LeaderBehind(blocks) => {
                write!(f, "the leader is {blocks} blocks behind the others")
            }
            Self::LeaderUnproved(blocks) => write!(
                f,
                "by the leader's word a whole pool is {blocks} blocks behind, which it has not proved"
            ),
            Self::ChainIdsTied => f.write_str("chain ids differ and no side is a majority"),
            Self::HashesTied(height) => {
                write!(f, "blocks at {height} differ and no side is a majority")
            }
        }
    }
}

/// Why a backend's standing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// So many probes in a row failed.
    Failed(u32),
    /// So many probes in a row were answered.
    Answered(u32),
    /// It is too far behind.
    Behind {
        /// Blocks behind the reference.
        blocks: u64,
        /// Seconds its head is older.
        seconds: u64,
    },
    /// It is no longer too far behind, but so many blocks.
    CaughtUp(u64),
    /// It says another chain id.
    AnotherChain {
        /// What it says.
        said: u64,
        /// What the fleet is on.
        expected: u64,
    },
    /// Nothing says any more that it is on another chain.
    SameChain,
    /// Its block at this height is not the majority's.
    Forked(u64),
    /// Its blocks are the majority's again.
    Rejoined,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(probes) => write!(f, "{probes} probes in a row failed"),
            Self::Answered(probes) => write!(f, "{probes} probes in a row were answered"),
            Self::Behind { blocks, seconds } => {
                write!(f, "{blocks} blocks behind, {seconds} s older")
            }
            Self::CaughtUp(blocks) => write!(f, "caught up, {blocks} blocks behind"),
            Self::AnotherChain { said, expected } => {
                write!(f, "on chain {said}, expected {expected}")
            }
            Self::SameChain => f.write_str("on the same chain again"),
            Self::Forked(height) => write!(f, "its block {height} is not the majority's"),
            Self::Rejoined => f.write_str("its blocks are the majority's again"),
        }
    }
}

/// One backend's change of standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The backend's index among the specs.
    pub at: usize,
    /// How it stood.
    pub from: Standing,
    /// How it stands.
    pub to: Standing,
    /// Why.
    pub why: Why,
}

/// What one round found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// By index of the specs.
    pub verdicts: Vec<Verdict>,
    /// The head that counts; `None` while nobody has shown one.
    pub reference: Option<Reference>,
    /// The leader may serve when a pool has nobody.
    pub leader_usable: bool,
    /// The pools' heads are too old by the wall clock and the leader's is not: it goes first.
    pub leader_first: bool,
    /// The newest head of the pools is older than the configured age.
    pub head_too_old: bool,
    /// Nobody's head moves: the chain stands still, and nobody is put out for it.
    pub halted: bool,
    /// What makes this round's findings less certain; empty in a sound fleet.
    pub doubts: Vec<Doubt>,
    /// Whose standing changed.
    pub changes: Vec<Change>,
}

impl Judgement {
    /// Whether an operator should look.
    #[must_use]
    pub const fn is_degraded(&self) -> bool {
        !self.doubts.is_empty() || self.halted || self.head_too_old
    }
}

#[cfg(test)]
mod tests;
