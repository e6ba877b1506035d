//! Transactions of which nobody knew whether they had arrived: what a miner says to them later is judged by that.

use std::collections::VecDeque;
use std::time::Duration;

use crate::moment::Moment;

/// A client that sends again does so within this time.
pub const REMEMBERED: Duration = Duration::from_secs(600);

/// So many are remembered; a further one takes the place of the oldest.
pub const HASHES_MAX: usize = 1024;

/// The hashes of such transactions, the oldest first.
#[derive(Debug, Default)]
pub struct Unclear {
    hashes: VecDeque<(String, Moment)>,
}

impl Unclear {
    /// A transaction was sent, and no answer came.
    pub fn note(&mut self, hash: &str, now: Moment) {
        self.hashes.retain(|(known, _)| known != hash);
        if self.hashes.len() >= HASHES_MAX {
            self.hashes.pop_front();
        }
        self.hashes.push_back((hash.to_owned(), now));
    }

    /// Whether that happened lately.
    #[must_use]
    pub fn holds(&self, hash: &str, now: Moment) -> bool {
        self.hashes
            .iter()
            .any(|(known, noted)| known == hash && now.since(*noted) < REMEMBERED)
    }
}

#[cfg(test)]
mod tests;
