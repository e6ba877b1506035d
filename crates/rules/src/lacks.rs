//! Methods that a backend said it does not have: for a while others are asked for them first.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::method::Label;
use crate::moment::Moment;

/// For so long; the backend may have been replaced by then.
pub const REMEMBERED: Duration = Duration::from_secs(600);

/// So many methods are remembered of one backend; a further one takes the place of the oldest.
pub const METHODS_MAX: usize = 32;

/// The methods one backend lacks.
#[derive(Debug, Default)]
pub struct Lacks {
    // High half: the method; low half: the second until which it is remembered.
    methods: [AtomicU64; METHODS_MAX],
    // No method is remembered longer; mostly it is past, and nothing else is looked at.
    until: AtomicU32,
}

impl Lacks {
    /// The backend said that it does not have a method. Only known ones are remembered, so that
    /// clients cannot fill the table with names of their own.
    pub fn note(&self, method: Label, now: Moment) {
        if method == Label::OTHER {
            return;
        }
        let until = seconds(now.after(REMEMBERED));
        let words = || self.methods.iter().map(|slot| (slot, slot.load(Relaxed)));
        let same = words().find(|(_, word)| unpack(*word).0 == method.mark());
        let slot = same.or_else(|| words().min_by_key(|(_, word)| unpack(*word).1));
        if let Some((slot, _)) = slot {
            slot.store(pack(method.mark(), until), Relaxed);
            self.until.fetch_max(until, Relaxed);
        }
    }

    /// Whether it said so lately.
    #[must_use]
    pub fn has(&self, method: Label, now: Moment) -> bool {
        let now = seconds(now);
        self.until.load(Relaxed) > now
            && method != Label::OTHER
            && self.methods.iter().any(|slot| {
                let (mark, until) = unpack(slot.load(Relaxed));
                mark == method.mark() && until > now
            })
    }

    /// The backend comes back after having been away: it may be another program.
    pub fn forget(&self) {
        for slot in &self.methods {
            slot.store(0, Relaxed);
        }
        self.until.store(0, Relaxed);
    }
}

fn seconds(moment: Moment) -> u32 {
    u32::try_from(moment.as_micros() / 1_000_000).unwrap_or(u32::MAX)
}

const fn pack(mark: u32, until: u32) -> u64 {
    ((mark as u64) << 32) | until as u64
}

const fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests;
