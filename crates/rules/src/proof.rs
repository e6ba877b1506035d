//! Proof that one voice is really ahead: without it, it puts nobody out.

use std::time::Duration;

use chain::head::BlockHash;

use crate::moment::Moment;
use crate::moment::micros;
use crate::roll::DEPTH;
use crate::roll::Question;
use crate::roll::Roll;

/// A proof that is still needed is renewed after this long,
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// and holds this long if it cannot be.
const HOLDS: Duration = Duration::from_secs(30);

/// A head as it takes part in proofs and votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voice {
    /// The backend's index among the specs.
    pub(crate) at: usize,
    /// Its head's number.
    pub(crate) number: u64,
    /// Its head's timestamp, in seconds.
    pub(crate) timestamp: u64,
    /// Whether the head moved of late.
    pub(crate) moved: bool,
}

/// Somebody says that everybody in these groups is too far behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Who says so.
    pub(crate) claimant: Voice,
    /// Those it would put out. Each group is convinced by itself, none is outvoted by another.
    pub(crate) groups: Vec<Vec<Voice>>,
}

impl Claim {
    /// Blocks by which the claimant says it is ahead of all of them.
    pub(crate) fn ahead(&self) -> u64 {
        self.claimant.number.saturating_sub(self.highest())
    }

    fn members(&self) -> impl Iterator<Item = &Voice> {
        self.groups.iter().flatten()
    }

    fn lowest(&self) -> u64 {
        self.members().map(|voice| voice.number).min().unwrap_or(0)
    }

    fn highest(&self) -> u64 {
        self.members().map(|voice| voice.number).max().unwrap_or(0)
    }

    /// A claim in numbers is only believed when it also holds in seconds: a node that answers for
    /// another chain, or counts wrongly, shows a far higher number of the same age. Half the time
    /// leaves room for a chain that is quicker than configured.
    fn holds_in_seconds(&self, max_lag: u64, block_time: Duration) -> bool {
        let newest = self
            .members()
            .map(|voice| voice.timestamp)
            .max()
            .unwrap_or(0);
        let younger = self.claimant.timestamp.saturating_sub(newest);
        let needed = micros(block_time).saturating_mul(max_lag) / 2;
        younger.saturating_mul(1_000_000) >= needed
    }
}

/// A claim being examined.
#[derive(Clone, Debug)]
struct Trial {
    claimant: usize,
    groups: Vec<Vec<usize>>,
    height: u64,
    beyond: u64,
    roll: Roll,
}

impl Trial {
    fn open(claim: &Claim, max_lag: u64, now: Moment) -> Self {
        let height = claim.lowest().saturating_sub(DEPTH);
        let claimant = claim.claimant.at;
        let beyond = claim.highest().saturating_add(max_lag).saturating_add(1);
        let members = claim.members().map(|voice| voice.at);
        let same = members.chain([claimant]).map(|at| Question { at, height });
        let above = Question {
            at: claimant,
            height: beyond,
        };
        Self {
            claimant,
            groups: claim
                .groups
                .iter()
                .map(|group| group.iter().map(|voice| voice.at).collect())
                .collect(),
            height,
            beyond,
            roll: Roll::open(same.chain([above]), now),
        }
    }

    /// The claimant shares the history of more than half of every group, and really has a block that
    /// is out of their reach.
    fn holds(&self) -> bool {
        let Some(hash) = self.roll.hash(self.claimant, self.height) else {
            return false;
        };
        let shared = |at: &&usize| self.roll.hash(**at, self.height) == Some(hash);
        let convinced = |group: &Vec<usize>| 2 * group.iter().filter(shared).count() > group.len();
        self.roll.hash(self.claimant, self.beyond).is_some() && self.groups.iter().all(convinced)
    }
}

#[derive(Clone, Debug)]
struct Proved {
    claimant: usize,
    members: Vec<usize>,
    at: Moment,
}

/// The court: one claim at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs {
    wanted: Option<Claim>,
    trial: Option<Trial>,
    proved: Option<Proved>,
    retry: Option<Moment>,
}

impl Proofs {
    /// Whether a claim is proved: by hashes shown within [`HOLDS`], and in seconds now.
    pub(crate) fn holds(
        &self,
        claim: &Claim,
        (max_lag, block_time): &(u64, Duration),
        now: Moment,
    ) -> bool {
        let Some(proved) = &self.proved else {
            return false;
        };
        now.since(proved.at) <= HOLDS
            && proved.claimant == claim.claimant.at
            && claim
                .members()
                .all(|voice| proved.members.contains(&voice.at))
            && claim.holds_in_seconds(*max_lag, *block_time)
    }

    /// The claim to be examined next, if any.
    pub(crate) fn want(&mut self, claim: Option<Claim>) {
        let of = |claim: &Option<Claim>| claim.as_ref().map(|claim| claim.claimant.at);
        if of(&self.wanted) != of(&claim) {
            self.retry = None;
        }
        self.wanted = claim;
    }

    /// Opens a trial if one is due and returns its questions. `pace` is how often the claimant may be
    /// asked while it has not proved anything.
    pub(crate) fn questions(&mut self, max_lag: u64, pace: Duration, now: Moment) -> Vec<Question> {
        let Some(claim) = &self.wanted else {
            return Vec::new();
        };
        if self.trial.is_some() || self.retry.is_some_and(|retry| now < retry) {
            return Vec::new();
        }
        let trial = Trial::open(claim, max_lag, now);
        let questions = trial.roll.questions().collect();
        self.trial = Some(trial);
        self.retry = Some(now.after(pace));
        questions
    }

    /// Takes an answer, if it belongs to the trial.
    pub(crate) fn answered(&mut self, question: Question, hash: Option<BlockHash>) {
        if let Some(trial) = &mut self.trial {
            trial.roll.answered(question, hash);
        }
    }

    /// Judges the trial once it is settled. A trial that fails takes an older proof away.
    pub(crate) fn settle(&mut self, now: Moment) {
        let Some(trial) = self.trial.take_if(|trial| trial.roll.is_settled(now)) else {
            return;
        };
        self.proved = trial.holds().then(|| {
            self.retry = Some(now.after(RENEW_EVERY));
            Proved {
                claimant: trial.claimant,
                members: trial.groups.concat(),
                at: now,
            }
        });
    }
}

#[cfg(test)]
mod tests;
