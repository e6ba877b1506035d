//! How much one client may ask for: a token bucket for each, in a table that never grows.

use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;

use crate::moment::Moment;

/// Clients that are told apart at once; their buckets take 1 MiB.
pub const CLIENTS_MAX: usize = SETS * WAYS;

/// A client's number tells in which of the sets its bucket is;
const SETS: usize = 1 << SET_BITS;
const SET_BITS: u32 = 13;
/// within the set it may be anywhere.
const WAYS: usize = 8;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    token: Duration,
    burst: u32,
}

impl Rate {
    /// So many tokens a second, at most `burst` of them saved up.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self {
            token: Duration::from_secs(1) / per_second.max(1),
            burst: burst.max(1),
        }
    }
}

/// A client's bucket, told as the moment at which it will be full. One that is full is as good as
/// none, so nobody has to throw idle clients out.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    client: u64,
    full_at: Moment,
}

impl Bucket {
    /// Takes tokens, or tells how long it will be until there are so many.
    fn take(&mut self, tokens: u32, rate: &Rate, now: Moment) -> Result<(), Duration> {
        // What weighs more than the bucket holds would never pass.
        let tokens = tokens.min(rate.burst);
        let whole = rate.token * rate.burst;
        // No bucket is emptier than empty, whatever the rate was when its tokens were taken.
        self.full_at = self.full_at.clamp(now, now.after(whole));
        let full_at = self.full_at.after(rate.token * tokens);
        let missing = full_at.since(now).saturating_sub(whole);
        if !missing.is_zero() {
            return Err(missing);
        }
        self.full_at = full_at;
        Ok(())
    }
}

/// The buckets of all clients. Nothing is allocated before the first call is counted.
#[derive(Debug, Default)]
pub struct Clients {
    sets: OnceLock<Box<[Mutex<[Bucket; WAYS]>]>>,
}

impl Clients {
    /// Takes tokens from a client's bucket. A client that is not known begins with a full one, in the
    /// place of whoever has the fullest: the table may forget, and never refuses anybody for want of
    /// room.
    ///
    /// # Errors
    /// How long it will be until there are so many tokens; none was taken.
    pub fn take(&self, client: u64, tokens: u32, rate: &Rate, now: Moment) -> Result<(), Duration> {
        let sets = self
            .sets
            .get_or_init(|| (0..SETS).map(|_| Mutex::default()).collect());
        // Multiplied by the golden ratio, the upper bits depend on all bits below (Knuth).
        let spread = client.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SET_BITS);
        let Some(set) = usize::try_from(spread).ok().and_then(|at| sets.get(at)) else {
            return Ok(());
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let known = set.iter().position(|bucket| bucket.client == client);
        let fullest = || (0..WAYS).min_by_key(|at| set.get(*at).map(|bucket| bucket.full_at));
        let Some(bucket) = known.or_else(fullest).and_then(|at| set.get_mut(at)) else {
            return Ok(());
        };
        if known.is_none() {
            *bucket = Bucket {
                client,
                full_at: Moment::ZERO,
            };
        }
        bucket.take(tokens, rate, now)
    }
}

#[cfg(test)]
mod tests;
