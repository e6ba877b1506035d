//! What every exchange of one worker thread needs at hand.

use std::sync::Arc;

use crate::clock::Clock;
use crate::dial::Dial;
use crate::live::Live;
use crate::live::Snapshot;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::tasks::Tasks;

/// One worker; everything but its number is shared with the others.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its place in the connection pools.
    pub index: usize,
    /// The time.
    pub clock: Clock,
    /// The table.
    pub live: Arc<Live>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What is written down.
    pub logs: Logs,
    /// The allowance for held bodies.
    pub memory: Memory,
    /// How backends are reached.
    pub dial: Arc<Dial>,
    /// What shutdown waits for.
    pub tasks: Tasks,
}

impl Worker {
    /// More is served already than may be. Who asks for health is answered all the same.
    #[must_use]
    pub fn is_overfull(&self, snapshot: &Snapshot) -> bool {
        let served = usize::try_from(self.metrics.front.in_flight.get()).unwrap_or(0);
        served > snapshot.settings.config.limits.in_flight
    }
}
