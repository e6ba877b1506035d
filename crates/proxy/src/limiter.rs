//! The token buckets of all clients, and when it was last told that one was empty.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rules::moment::Moment;
use rules::rate::Clients;

/// One line in so long is enough for all clients: whoever floods must not flood the log as well, and the
/// metric counts.
const QUIET: Duration = Duration::from_secs(60);

/// What is remembered of clients, over all workers and configurations.
#[derive(Debug, Default)]
pub struct Limiter {
    /// Their buckets.
    pub clients: Clients,
    /// Microseconds; 0 before the first line.
    told: AtomicU64,
}

impl Limiter {
    /// Whether a line may be written now. Who may is the only one for a while.
    #[must_use]
    pub fn may_tell(&self, now: Moment) -> bool {
        let told = self.told.load(Relaxed);
        let quiet = now.since(Moment::from_micros(told)) >= QUIET;
        let next = now.as_micros().max(1);
        (told == 0 || quiet)
            && self
                .told
                .compare_exchange(told, next, Relaxed, Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests;
