//! Whether a miner takes transactions, as its answers to the last ones show.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::moment::Moment;

/// So many answers in a row that are the miner's own trouble make it not ready.
pub const TROUBLES_IN_A_ROW: u32 = 3;
/// For so long others are asked first; then one more answer of that kind is enough.
pub const REST: Duration = Duration::from_secs(30);

/// What the answers to transactions say about one miner.
#[derive(Debug, Default)]
pub struct Sending {
    in_a_row: AtomicU32,
    until_micros: AtomicU64,
}

impl Sending {
    /// The miner took a transaction, or refused it for a fault of its sender.
    pub fn answered(&self) {
        if self.in_a_row.load(Relaxed) != 0 {
            self.forget();
        }
    }

    /// The miner answered with an error of its own, or with neither result nor error. True when that
    /// makes it not ready.
    pub fn troubled(&self, now: Moment) -> bool {
        let in_a_row = self.in_a_row.fetch_add(1, Relaxed).saturating_add(1);
        if in_a_row < TROUBLES_IN_A_ROW {
            return false;
        }
        let was_ready = self.is_ready(now);
        self.until_micros
            .store(now.after(REST).as_micros(), Relaxed);
        was_ready
    }

    /// Whether it is not passed over at this moment.
    #[must_use]
    pub fn is_ready(&self, now: Moment) -> bool {
        self.until_micros.load(Relaxed) <= now.as_micros()
    }

    /// What was before is history.
    pub fn forget(&self) {
        self.in_a_row.store(0, Relaxed);
        self.until_micros.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests;
