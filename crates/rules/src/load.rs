//! How busy and how quick a backend is, kept in atomics that all workers share.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::moment::Moment;
use crate::moment::micros;

/// How fast an old peak is forgotten: after this long about a third of it is left.
const DECAY: Duration = Duration::from_secs(10);

/// An estimate younger than this is taken as it is.
const FRESH: Duration = Duration::from_millis(100);

/// Failures alone raise an estimate up to so many microseconds.
const FAILING_MAX: u32 = 1_000_000;

/// Calls in flight and a latency estimate (peak-EWMA: rises at once, falls slowly).
#[derive(Debug, Default)]
pub struct Load {
    in_flight: AtomicU32,
    // High half: milliseconds of the last sample; low half: the estimate in microseconds, 0 = none.
    // One word, so that a reader never sees the stamp of one sample with the value of another.
    estimate: AtomicU64,
}

impl Load {
    /// A try begins.
    pub fn enter(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// A try has ended.
    pub fn leave(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Tries under way.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// The latency estimate in microseconds; `None` before the first answer.
    #[must_use]
    pub fn latency_micros(&self) -> Option<u32> {
        match unpack(self.estimate.load(Relaxed)) {
            (_, 0) => None,
            (_, value) => Some(value),
        }
    }

    /// What an answer should take by now. A peak fades even while nobody is sent there, or a backend
    /// that was slow once would never again be asked.
    #[must_use]
    pub fn expected_micros(&self, now: Moment) -> Option<u32> {
        let (stamp, value) = unpack(self.estimate.load(Relaxed));
        let idle = idle(stamp, now);
        match value {
            0 => None,
            _ if idle < FRESH => Some(value),
            _ => Some(blend(value, 1, kept(idle))),
        }
    }

    /// Forgets the estimate: the backend has been away, and what it took then says nothing of now.
    pub fn forget(&self) {
        self.estimate.store(0, Relaxed);
    }

    /// An answer took `took`.
    pub fn answered(&self, took: Duration, now: Moment) {
        let sample = clamp(took);
        let (stamp, value) = unpack(self.estimate.load(Relaxed));
        let stamp_now = millis(now);
        let next = if sample >= value {
            sample
        } else {
            // At least a small step down, or a burst of answers within one millisecond never moves it.
            let keep = kept(idle(stamp, now)).min(0.99);
            blend(value, sample, keep)
        };
        self.estimate.store(pack(stamp_now, next), Relaxed);
    }

    /// A try failed after `took`: the estimate doubles, or a backend that fails fast would go on to
    /// get its share of the calls, and spend the retries of all.
    pub fn failed(&self, took: Duration, now: Moment) {
        // Without an estimate it stays the pool's median: a first try that fails says nothing of speed.
        let Some(value) = self.expected_micros(now) else {
            return;
        };
        let doubled = value.saturating_mul(2).min(FAILING_MAX);
        let next = doubled.max(value).max(clamp(took));
        self.estimate.store(pack(millis(now), next), Relaxed);
    }
}

fn blend(value: u32, sample: u32, keep: f64) -> u32 {
    let mixed = f64::from(value).mul_add(keep, f64::from(sample) * (1.0 - keep));
    // Between two u32 values by construction; `as` saturates.
    (mixed as u32).max(1)
}

/// The share of an old value that is left after so long.
fn kept(idle: Duration) -> f64 {
    (-idle.as_secs_f64() / DECAY.as_secs_f64()).exp()
}

fn idle(stamp: u32, now: Moment) -> Duration {
    // Another worker may have stamped a millisecond that this one has not reached: that is no idle
    // time, while the plain difference would be 49 days.
    let ahead = millis(now).wrapping_sub(stamp).cast_signed();
    Duration::from_millis(u64::try_from(ahead).unwrap_or(0))
}

fn clamp(took: Duration) -> u32 {
    u32::try_from(micros(took)).unwrap_or(u32::MAX).max(1)
}

fn millis(now: Moment) -> u32 {
    // Wraps after 49 days; only differences are used.
    (now.as_micros() / 1000) as u32
}

const fn pack(stamp: u32, value: u32) -> u64 {
    ((stamp as u64) << 32) | value as u64
}

const fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests;
