//! A roll call: many backends are asked for their hash at one height, and the answers gathered.

use std::time::Duration;

use chain::head::BlockHash;

use crate::moment::Moment;

/// A roll call is settled after this long even if somebody has not answered.
pub(crate) const WAIT: Duration = Duration::from_secs(3);
/// So many blocks below a head hashes are compared: short reorganisations do not reach there.
pub(crate) const DEPTH: u64 = 8;

/// Ask this backend for the hash of its block at this height (`eth_getBlockByNumber`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The backend's index among the specs.
    pub at: usize,
    /// The block's number.
    pub height: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Awaited,
    Nothing,
    Hash(BlockHash),
}

/// One roll call.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    opened: Moment,
    answers: Vec<(Question, Answer)>,
}

impl Roll {
    /// Puts the questions.
    pub(crate) fn open(questions: impl Iterator<Item = Question>, now: Moment) -> Self {
        Self {
            opened: now,
            answers: questions
                .map(|question| (question, Answer::Awaited))
                .collect(),
        }
    }

    /// The questions that were put.
    pub(crate) fn questions(&self) -> impl Iterator<Item = Question> + '_ {
        self.answers.iter().map(|(question, _)| *question)
    }

    /// Takes an answer, if it was asked for here; `None` when the backend did not show the block.
    pub(crate) fn answered(&mut self, question: Question, hash: Option<BlockHash>) {
        for (asked, answer) in &mut self.answers {
            if *asked == question {
                *answer = hash.map_or(Answer::Nothing, Answer::Hash);
            }
        }
    }

    /// Backends stand elsewhere now: what was asked of those that are gone is not waited for.
    pub(crate) fn moved(&mut self, to: &impl Fn(usize) -> Option<usize>) {
        let answers = std::mem::take(&mut self.answers).into_iter();
        let moved = answers.filter_map(|(asked, answer)| {
            let at = to(asked.at)?;
            Some((Question { at, ..asked }, answer))
        });
        self.answers = moved.collect();
    }

    /// Whether nothing more is to be waited for.
    pub(crate) fn is_settled(&self, now: Moment) -> bool {
        now.since(self.opened) >= WAIT
            || self
                .answers
                .iter()
                .all(|(_, answer)| *answer != Answer::Awaited)
    }

    /// The hash somebody showed at a height.
    pub(crate) fn hash(&self, at: usize, height: u64) -> Option<BlockHash> {
        let question = Question { at, height };
        let (_, answer) = self.answers.iter().find(|(asked, _)| *asked == question)?;
        match answer {
            Answer::Hash(hash) => Some(*hash),
            Answer::Awaited | Answer::Nothing => None,
        }
    }

    /// All hashes that were shown, with who showed them.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = (usize, BlockHash)> + '_ {
        self.answers
            .iter()
            .filter_map(|(asked, answer)| match answer {
                Answer::Hash(hash) => Some((asked.at, *hash)),
                Answer::Awaited | Answer::Nothing => None,
            })
    }

    /// When it was opened.
    pub(crate) const fn opened(&self) -> Moment {
        self.opened
    }
}

#[cfg(test)]
mod tests;
