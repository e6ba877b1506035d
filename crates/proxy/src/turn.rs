//! Whose turn it is on a client's connection: to ask, or to answer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// What the two ends of one connection's work know of each other: who moves its bytes, and who makes
/// requests and answers of them. A copy tells the same.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Odd while a request is served.
    count: AtomicU32,
    broken: AtomicBool,
    deaf: AtomicBool,
}

impl Turn {
    /// A request's head is there.
    pub fn begin(&self) {
        self.shared.count.fetch_add(1, Relaxed);
    }

    /// Its answer has been handed over, or nobody waits for it any more.
    pub fn end(&self) {
        self.shared.count.fetch_add(1, Relaxed);
    }

    /// Another number for every change of turns; 0 before the first request.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.shared.count.load(Relaxed)
    }

    /// Whether the client is to ask, by a number of [`Turn::count`].
    #[must_use]
    pub const fn is_clients(count: u32) -> bool {
        count.is_multiple_of(2)
    }

    /// The answer broke off: the client must not take what it got for all of it.
    pub fn break_off(&self) {
        self.shared.broken.store(true, Relaxed);
    }

    /// Whether the answer broke off.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.shared.broken.load(Relaxed)
    }

    /// A request was refused before it was whole, and nobody reads what still comes of it.
    pub fn turn_deaf(&self) {
        self.shared.deaf.store(true, Relaxed);
    }

    /// Whether something may come that nobody reads.
    #[must_use]
    pub fn is_deaf(&self) -> bool {
        self.shared.deaf.load(Relaxed)
    }
}
