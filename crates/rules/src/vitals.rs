//! What is learned about a backend faster than tables are built; it survives every table.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use crate::ejection::Ejection;
use crate::lacks::Lacks;
use crate::load::Load;
use crate::sending::Sending;

/// One backend's live figures, shared by all workers.
#[derive(Debug, Default)]
pub struct Vitals {
    /// In flight and latency.
    pub load: Load,
    /// Passive ejection.
    pub ejection: Ejection,
    /// Methods it does not have.
    pub lacks: Lacks,
    /// Whether it takes transactions.
    pub sending: Sending,
    dropped: AtomicU32,
    singles: AtomicU32,
}

impl Vitals {
    /// A client's call was refused or reset: the prober hears of it. Returns how many that makes
    /// since it last listened.
    pub fn connection_dropped(&self) -> u32 {
        self.dropped.fetch_add(1, Relaxed).saturating_add(1)
    }

    /// Refused and reset connections since the last time this was asked.
    #[must_use]
    pub fn take_dropped(&self) -> u32 {
        if self.dropped.load(Relaxed) == 0 {
            0
        } else {
            self.dropped.swap(0, Relaxed)
        }
    }

    /// The backend was down and has come back by its probes: what clients met before is history.
    pub fn returned(&self) {
        self.load.forget();
        self.ejection.forgive();
        self.lacks.forget();
        self.sending.forget();
    }

    /// The backend refused a JSON-RPC batch: from now on it gets single calls.
    pub fn refuses_batches(&self) {
        self.singles.store(1, Relaxed);
    }

    /// Whether batches must be taken apart into single calls for this backend.
    #[must_use]
    pub fn wants_singles(&self) -> bool {
        self.singles.load(Relaxed) != 0
    }

    /// Counts a try in; it is counted out when the guard goes.
    #[must_use]
    pub fn seat(self: &Arc<Self>) -> InFlight {
        self.load.enter();
        InFlight(Arc::clone(self))
    }
}

/// A try under way; dropping it counts the try out.
#[derive(Debug)]
pub struct InFlight(Arc<Vitals>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.load.leave();
    }
}

#[cfg(test)]
mod tests;
