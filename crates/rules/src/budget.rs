//! Retries may be at most a share of the calls: a token bucket the workers share.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Fractions of a token are counted in thousandths.
const MILLI: u64 = 1000;

/// A bucket that each call fills by a share and each retry empties by one.
#[derive(Debug)]
pub struct Budget {
    milli: AtomicU64,
    milli_max: u64,
    share_milli: u64,
    refused: AtomicU64,
}

impl Budget {
    /// A full bucket of `tokens_max`, filled by `share_percent` of a token per call.
    #[must_use]
    pub const fn new(tokens_max: u32, share_percent: u32) -> Self {
        let milli_max = tokens_max as u64 * MILLI;
        Self {
            milli: AtomicU64::new(milli_max),
            milli_max,
            share_milli: share_percent as u64 * MILLI / 100,
            refused: AtomicU64::new(0),
        }
    }

    /// A call came: the bucket fills by the share.
    pub fn deposit(&self) {
        // A full bucket is the usual case, and a plain read does not take the cache line away.
        let milli = self.milli.load(Relaxed);
        if milli < self.milli_max {
            // Two workers may both lose a thousandth here; a budget need not be exact.
            let filled = milli.saturating_add(self.share_milli).min(self.milli_max);
            let _lost = self.milli.compare_exchange(milli, filled, Relaxed, Relaxed);
        }
    }

    /// Takes a token for a retry; false when there is none.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        let taken = self
            .milli
            .try_update(Relaxed, Relaxed, |milli| milli.checked_sub(MILLI));
        if taken.is_err() {
            self.refused.fetch_add(1, Relaxed);
        }
        taken.is_ok()
    }

    /// How often there was no token.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Whole tokens left.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.milli.load(Relaxed) / MILLI
    }
}

#[cfg(test)]
mod tests;
