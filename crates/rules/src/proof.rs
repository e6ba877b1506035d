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
/// Blocks that are asked for on either side: of the common history, and out of the others' reach.
const HEIGHTS: u64 = 3;

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
    /// Whether the head went from block to block of late.
    pub(crate) steady: bool,
    /// When it was heard.
    pub(crate) heard: Moment,
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
    /// Heights that everybody has.
    common: Vec<u64>,
    /// Heights that only the claimant can have.
    beyond: Vec<u64>,
    roll: Roll,
}

impl Trial {
    fn open(claim: &Claim, max_lag: u64, now: Moment) -> Self {
        let claimant = claim.claimant.at;
        let common = downwards(claim.lowest().saturating_sub(DEPTH), 0);
        // A little below the claimant's head, where a reorganisation does not reach, but above all
        // that the others could have in time.
        let out_of_reach = claim.highest().saturating_add(max_lag).saturating_add(1);
        let top = claim.claimant.number.saturating_sub(DEPTH);
        let beyond = downwards(top.max(out_of_reach), out_of_reach);
        let everybody = || claim.members().map(|voice| voice.at).chain([claimant]);
        let shared = common.iter().flat_map(|height| {
            everybody().map(|at| Question {
                at,
                height: *height,
            })
        });
        let above = beyond.iter().map(|height| Question {
            at: claimant,
            height: *height,
        });
        let roll = Roll::open(shared.chain(above), now);
        let seats = |group: &Vec<Voice>| group.iter().map(|voice| voice.at).collect();
        Self {
            claimant,
            groups: claim.groups.iter().map(seats).collect(),
            common,
            beyond,
            roll,
        }
    }

    /// The claimant shares the history of more than half of every group, and really has blocks that
    /// are out of their reach.
    fn holds(&self) -> bool {
        let mut beyond = self.beyond.iter();
        self.common.iter().all(|height| self.is_shared(*height))
            && beyond.all(|height| self.roll.hash(self.claimant, *height).is_some())
    }

    fn is_shared(&self, height: u64) -> bool {
        let Some(hash) = self.roll.hash(self.claimant, height) else {
            return false;
        };
        let shared = |at: &&usize| self.roll.hash(**at, height) == Some(hash);
        let convinced = |group: &Vec<usize>| 2 * group.iter().filter(shared).count() > group.len();
        self.groups.iter().all(convinced)
    }

    /// The same trial after backends came and went; none without its claimant or without anybody
    /// to convince.
    fn moved(mut self, to: &impl Fn(usize) -> Option<usize>) -> Option<Self> {
        self.claimant = to(self.claimant)?;
        self.groups = self.groups.iter().map(|group| moved(group, to)).collect();
        self.groups.retain(|group| !group.is_empty());
        self.roll.moved(to);
        (!self.groups.is_empty()).then_some(self)
    }

    /// The lowest block that was out of the others' reach.
    fn out_of_reach(&self) -> u64 {
        self.beyond.iter().copied().min().unwrap_or(u64::MAX)
    }
}

/// The members that are still there, where they stand now.
fn moved(members: &[usize], to: &impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    members.iter().filter_map(|at| to(*at)).collect()
}

/// A few heights from the top down, none below `least`. Two chains that take turns behind one address
/// are asked so often that they rarely give the right answers by chance.
fn downwards(top: u64, least: u64) -> Vec<u64> {
    let steps = HEIGHTS.min(top.saturating_sub(least).saturating_add(1));
    (0..steps).map(|step| top - step).collect()
}

#[derive(Clone, Debug)]
struct Proved {
    claimant: usize,
    members: Vec<usize>,
    beyond: u64,
    at: Moment,
}

impl Proved {
    /// Whether the claimant, heard again after the trial, is still the one who stood it: one whose
    /// head jumped or fell below the block it showed is not.
    const fn stands_with(&self, claimant: Voice) -> bool {
        claimant.steady && claimant.number >= self.beyond
    }

    /// The same proof after backends came and went; whoever is new was not there when it was given.
    fn moved(self, to: &impl Fn(usize) -> Option<usize>) -> Option<Self> {
        Some(Self {
            claimant: to(self.claimant)?,
            members: moved(&self.members, to),
            ..self
        })
    }

    /// Void for good as soon as the group has the block that was out of its reach, whatever made it
    /// look so low at the time.
    fn covers(&self, claim: &Claim, now: Moment) -> bool {
        now.since(self.at) <= HOLDS
            && self.claimant == claim.claimant.at
            && claim.highest() < self.beyond
            && claim
                .members()
                .all(|voice| self.members.contains(&voice.at))
    }

    /// Whether it should be renewed before it gets void.
    fn is_ageing(&self, claim: &Claim, max_lag: u64, now: Moment) -> bool {
        now.since(self.at) >= RENEW_EVERY
            || claim.highest().saturating_add(max_lag / 2) >= self.beyond
    }
}

/// The court of one claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs {
    claim: Option<Claim>,
    trial: Option<Trial>,
    /// A trial that was passed, until the claimant is heard again.
    passed: Option<Proved>,
    proved: Option<Proved>,
    tried: Option<Moment>,
}

impl Proofs {
    /// Whether the claim is proved: by hashes shown not long ago, and in seconds now. A claim that is
    /// not, or not for long, is put on trial by the next questions.
    pub(crate) fn examine(
        &mut self,
        claim: Option<Claim>,
        (max_lag, block_time): &(u64, Duration),
        now: Moment,
    ) -> bool {
        let Some(claim) = claim else {
            self.claim = None;
            self.passed = None;
            self.proved = None;
            return false;
        };
        let claimant = claim.claimant;
        if let Some(passed) = self.passed.take_if(|passed| claimant.heard > passed.at) {
            self.proved = passed.stands_with(claimant).then_some(passed);
        }
        self.proved.take_if(|proved| !proved.covers(&claim, now));
        let covered = self.proved.as_ref();
        // An address behind which two chains take turns may pass a trial by chance, but it jumps.
        let plausible = claimant.steady && claim.holds_in_seconds(*max_lag, *block_time);
        let holds = covered.is_some() && plausible;
        let sound = covered.is_some_and(|proved| !proved.is_ageing(&claim, *max_lag, now));
        self.claim = (!sound).then_some(claim);
        holds
    }

    /// Opens a trial if one is due and returns its questions. `pace` is how often the claimant may be
    /// asked.
    pub(crate) fn questions(&mut self, max_lag: u64, pace: Duration, now: Moment) -> Vec<Question> {
        let rested = self.tried.is_none_or(|tried| now.since(tried) >= pace);
        let Some(claim) = self
            .claim
            .as_ref()
            .filter(|_| rested && self.trial.is_none() && self.passed.is_none())
        else {
            return Vec::new();
        };
        let trial = Trial::open(claim, max_lag, now);
        let questions = trial.roll.questions().collect();
        self.trial = Some(trial);
        self.tried = Some(now);
        questions
    }

    /// Backends stand elsewhere now, or are gone. What was claimed is claimed again.
    pub(crate) fn moved(&mut self, to: &impl Fn(usize) -> Option<usize>) {
        self.claim = None;
        self.trial = self.trial.take().and_then(|trial| trial.moved(to));
        self.passed = self.passed.take().and_then(|passed| passed.moved(to));
        self.proved = self.proved.take().and_then(|proved| proved.moved(to));
    }

    /// Takes an answer, if it belongs to the trial.
    pub(crate) fn answered(&mut self, question: Question, hash: Option<BlockHash>) {
        if let Some(trial) = &mut self.trial {
            trial.roll.answered(question, hash);
        }
    }

    /// Judges the trial once it is settled. A trial that fails takes an older proof away; one that is
    /// passed counts once the claimant has been heard again, because whoever stood it by chance
    /// gives itself away by its next head.
    pub(crate) fn settle(&mut self, now: Moment) {
        if let Some(trial) = self.trial.take_if(|trial| trial.roll.is_settled(now)) {
            self.passed = trial.holds().then(|| Proved {
                claimant: trial.claimant,
                members: trial.groups.concat(),
                beyond: trial.out_of_reach(),
                at: now,
            });
            if self.passed.is_none() {
                self.proved = None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
