//! Who is on a minority fork: hashes below the head are compared every few seconds.

use std::time::Duration;

use chain::head::BlockHash;

use crate::moment::Moment;
use crate::roll::Question;
use crate::roll::Roll;

/// Hashes are compared this often while they agree.
const COMPARE_EVERY: Duration = Duration::from_secs(10);
/// An external leader takes part in one of so many.
const EXTERNAL_EVERY: u32 = 6;
/// Comparisons in a row that put a backend out, so that a reorganisation under way puts out nobody.
const DISAGREEMENTS: u32 = 2;

/// Who takes part in a comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Witness {
    /// The backend's index among the specs.
    pub(crate) at: usize,
    /// Whether its head moved of late.
    pub(crate) moved: bool,
    /// Whether it is the leader.
    pub(crate) leader: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    against: u32,
    /// The height at which it was found on another fork.
    found: Option<u64>,
}

/// The comparisons of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct Forks {
    records: Vec<Record>,
    roll: Option<(u64, Roll)>,
    compared: Option<Moment>,
    comparisons: u32,
    split: bool,
    tied: Option<u64>,
}

impl Forks {
    /// Nobody was compared yet.
    pub(crate) fn new(backends: usize) -> Self {
        Self {
            records: vec![Record::default(); backends],
            roll: None,
            compared: None,
            comparisons: 0,
            split: false,
            tied: None,
        }
    }

    /// Backends stand elsewhere now: `kept` says where each of them stood before.
    pub(crate) fn moved(&mut self, kept: &[Option<usize>], to: &impl Fn(usize) -> Option<usize>) {
        let record = |old: &Option<usize>| old.and_then(|old| self.records.get(old).copied());
        self.records = kept
            .iter()
            .map(|old| record(old).unwrap_or_default())
            .collect();
        if let Some((_, roll)) = &mut self.roll {
            roll.moved(to);
        }
    }

    /// The height at which a backend was found on a minority fork.
    pub(crate) fn forked(&self, at: usize) -> Option<u64> {
        self.records.get(at).and_then(|record| record.found)
    }

    /// Whether an external leader takes part in the next comparison. Its calls may cost money, so
    /// it does only now and then, and while the others differ.
    pub(crate) const fn asks_external(&self) -> bool {
        self.split || self.comparisons.is_multiple_of(EXTERNAL_EVERY)
    }

    /// The height at which the last comparison found different hashes and no majority.
    pub(crate) const fn tied(&self) -> Option<u64> {
        self.tied
    }

    /// Whether a comparison of these backends is due. `pace` is how often while hashes differ, or
    /// while one of them was found on a fork: it may have come back.
    pub(crate) fn is_due(&self, asked: &[usize], pace: Duration, now: Moment) -> bool {
        let accused = || asked.iter().any(|at| self.forked(*at).is_some());
        let every = if self.split || accused() {
            pace
        } else {
            COMPARE_EVERY
        };
        self.roll.is_none() && self.compared.is_none_or(|then| now.since(then) >= every)
    }

    /// Opens a comparison at a height and returns its questions.
    pub(crate) fn open(&mut self, height: u64, asked: &[usize], now: Moment) -> Vec<Question> {
        let questions = asked.iter().map(|at| Question { at: *at, height });
        let roll = Roll::open(questions, now);
        let questions = roll.questions().collect();
        self.compared = Some(roll.opened());
        self.comparisons = self.comparisons.wrapping_add(1);
        self.roll = Some((height, roll));
        questions
    }

    /// Takes an answer, if it belongs to the comparison.
    pub(crate) fn answered(&mut self, question: Question, hash: Option<BlockHash>) {
        if let Some((_, roll)) = &mut self.roll {
            roll.answered(question, hash);
        }
    }

    /// Judges the comparison once it is settled; `witnesses` are those whose word counts now.
    pub(crate) fn settle(&mut self, witnesses: &[Witness], now: Moment) {
        let Some((height, roll)) = self.roll.take_if(|(_, roll)| roll.is_settled(now)) else {
            return;
        };
        let shown: Vec<(usize, BlockHash)> = roll.hashes().collect();
        let right = majority(&shown, witnesses);
        self.split = shown
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.1 != b.1));
        self.tied = (self.split && right.is_none()).then_some(height);
        match right {
            Some(right) => self.judge(&shown, right, height),
            None => self.absolve(&shown),
        }
    }

    fn judge(&mut self, shown: &[(usize, BlockHash)], right: BlockHash, height: u64) {
        for (at, hash) in shown {
            let Some(record) = self.records.get_mut(*at) else {
                continue;
            };
            if *hash == right {
                record.against = 0;
                // Below the height of the fork both branches are one, so agreeing there says nothing.
                record.found = record.found.filter(|found| height < *found);
            } else {
                record.against = record.against.saturating_add(1);
                if record.against >= DISAGREEMENTS {
                    record.found = Some(record.found.map_or(height, |found| found.max(height)));
                }
            }
        }
    }

    /// Without a majority nobody is newly accused, and the accused go free when nobody who is not
    /// accused contradicts them: the last backend standing is not kept out by those that are gone.
    fn absolve(&mut self, shown: &[(usize, BlockHash)]) {
        let free = |at: &usize| self.forked(*at).is_none();
        let contradicted =
            |hash: &BlockHash| shown.iter().any(|(at, other)| free(at) && other != hash);
        let absolved: Vec<usize> = shown
            .iter()
            .filter(|(_, hash)| !contradicted(hash))
            .map(|(at, _)| *at)
            .collect();
        for at in absolved {
            if let Some(record) = self.records.get_mut(at) {
                *record = Record::default();
            }
        }
    }
}

/// The hash that most witnesses share, at least two of them. Only backends whose head moves are
/// witnesses, unless none moves: a pair frozen on one dead source does not outvote a living node,
/// and a single living one does not condemn a pair. The leader breaks a tie.
fn majority(shown: &[(usize, BlockHash)], witnesses: &[Witness]) -> Option<BlockHash> {
    let witness = |at: usize| witnesses.iter().find(|witness| witness.at == at);
    let known = || {
        shown
            .iter()
            .filter_map(|(at, hash)| Some((witness(*at)?, *hash)))
    };
    let any_moved = known().any(|(witness, _)| witness.moved);
    let counted = || known().filter(|(witness, _)| witness.moved || !any_moved);
    let votes = |hash: BlockHash| {
        let side = counted().filter(|(_, other)| *other == hash);
        side.fold((0_usize, false), |(votes, leader), (witness, _)| {
            (votes + 1, leader || witness.leader)
        })
    };
    let best = counted()
        .map(|(_, hash)| hash)
        .max_by_key(|hash| votes(*hash))?;
    let rivals = || counted().filter(|(_, hash)| *hash != best);
    let beaten = rivals().all(|(_, hash)| votes(hash) < votes(best));
    (votes(best).0 >= 2 && beaten).then_some(best)
}

#[cfg(test)]
mod tests;
